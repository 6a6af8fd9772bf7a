"""The main story at the engine's level, to the cent: five purchases, two bills, two repayments."""

from datetime import date

from florin.credit.authorize import CreditLimitExceeded
from florin.payments.payment import PaymentState
from world import DIRECT_APP, ESCROW_APP, SHOP, World


def test_a_month_of_pay_later_comes_out_to_the_cent(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=50_000)

    world.until(date(2026, 3, 5))
    tea = world.buy("alice", 19_900, app=ESCROW_APP)
    assert tea.event is not None
    assert (world.line("alice").committed_minor, world.line("alice").principal_minor) == (19_900, 0)

    world.until(date(2026, 3, 6))
    phone = world.buy("alice", 600_000, app=DIRECT_APP, installments=12, fee_payer="merchant")
    assert phone.event is not None
    assert world.line("alice").principal_minor == 600_000
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 551_400

    world.until(date(2026, 3, 7))
    coat = world.buy("alice", 38_000, app=ESCROW_APP)
    assert coat.event is not None
    assert world.refund(coat.event.payment_id, 38_000).event is not None
    assert world.line("alice").committed_minor == 19_900
    assert world.payment(coat.event.payment_id).state is PaymentState.REFUNDED

    world.until(date(2026, 3, 8))
    assert world.receive(tea.event.payment_id).event is not None
    assert (world.line("alice").committed_minor, world.line("alice").principal_minor) == (0, 619_900)

    world.until(date(2026, 3, 9))
    camera = world.buy("alice", 500_000, app=ESCROW_APP)
    assert isinstance(camera.refusal, CreditLimitExceeded)
    assert camera.refusal.over_minor == 119_900
    assert "¥1,199.00" in camera.refusal.sentence("en")

    world.until(date(2026, 4, 1))
    assert world.statements("alice") == [
        (date(2026, 4, 1), date(2026, 4, 10), 69_900, 51_990, 69_900, 51_990),
    ]

    world.until(date(2026, 4, 10))
    assert world.repay("alice", 30_000).event is not None
    assert world.statements("alice")[0][4:] == (39_900, 21_990)
    assert world.wallet_minor("alice") == 20_000

    world.until(date(2026, 4, 11))
    assert world.line("alice").past_due_on == date(2026, 4, 10)
    assert world.balance("PRINCIPAL_PAST_DUE", world.line_ids["alice"]) == 39_900

    world.until(date(2026, 4, 20))
    assert world.repay("alice", 39_900, "bank").event is not None
    assert world.statements("alice")[0][4:] == (0, 0)
    assert world.line("alice").past_due_on is None

    world.until(date(2026, 5, 1))
    assert world.statements("alice")[1] == (date(2026, 5, 1), date(2026, 5, 10), 50_200, 50_200, 50_200, 50_200)
    assert world.balance("INTEREST_INCOME") == 200
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 0
    assert world.balance("PAYOUT_IN_TRANSIT") == 19_781 + 551_400
    world.assert_books_hold()


def test_after_a_partial_refund_in_escrow_the_plan_is_priced_on_what_is_left(world: World) -> None:
    world.person("alice", limit_minor=1_000_000)
    bought = world.buy("alice", 120_000, app=ESCROW_APP, installments=12, fee_payer="shopper")
    assert bought.event is not None
    assert world.payment(bought.event.payment_id).plan.fee_minor == 9_000

    assert world.refund(bought.event.payment_id, 60_000).event is not None
    assert world.receive(bought.event.payment_id).event is not None

    assert world.payment(bought.event.payment_id).plan.fee_minor == 4_500
    assert (world.line("alice").principal_minor, world.line("alice").fee_minor) == (60_000, 4_500)
    world.assert_books_hold()
