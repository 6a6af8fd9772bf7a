"""Fees through the engine: a sale at each kind of shop, to the fen, who has which of it, and that every close proves it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from conftest import FreshDatabase
from florin.engine.admin import add_fee_plan, assign_fees, place_merchant
from florin.engine.reference import HOUSE
from florin.payments.fee_plan import fee_plan_of
from florin.payments.refund import Refund
from florin.payments.reverse_refund import ReverseRefund
from florin.queries.shares import shares_of_payment
from florin.wallet.withdraw import SettleWithdrawal, Withdraw
from world import DIRECT_APP, ESCROW_APP, SHOP, START, World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, negative_limit_minor=10**9) as made:
        made.person("alice", limit_minor=50_000_00, wallet_minor=50_000_00)
        yield made
        made.assert_books_hold()


def shop_is(world: World, plan: str, market: str = "", category: str = "general") -> None:
    place_merchant(world.connection, SHOP, market=market, category=category)
    assign_fees(world.connection, merchant_id=SHOP, plan=plan, from_on=START)
    world.connection.commit()


def own_plan(world: World, *fees: str) -> None:
    source = "name = 'own'\ntitle_en = 'Own'\ntitle_zh = '自有'\n[[versions]]\nfrom_on = 2026-01-01\nfees = [\n"
    source += "".join(f"{{ {fee} }},\n" for fee in fees) + "]\n"
    add_fee_plan(world.connection, fee_plan_of(source, source="own.toml"), source)
    shop_is(world, "own")


def parties(world: World, payment_id: int) -> dict[str, int]:
    found = shares_of_payment(world.connection, payment_id=payment_id)
    world.connection.commit()
    assert found is not None
    assert sum(share.amount_minor for share in found.shares) == 0
    return {share.party: share.amount_minor for share in found.shares if share.amount_minor}


def settled(world: World) -> dict[str, int]:
    """Each entity's bank account after the next close, which pays everybody but the merchant, and after that pays him."""
    world.until(date(2026, 3, 3))
    rows = world.connection.execute("SELECT account, sum(amount_minor)::bigint FROM bank_line GROUP BY 1").fetchall()
    world.connection.commit()
    return {account: minor for account, minor in rows if minor}


# ── a sale at each shop ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_taobao_sale_pays_no_commission_and_the_lender_its_credit_fee_at_receipt(world: World):
    shop_is(world, "ali", "taobao")
    sale = world.buy("alice", 800_00, 200_00, app=ESCROW_APP).event.payment_id
    assert parties(world, sale) == {"shopper": -200_00, "escrow": 200_00}

    world.receive(sale)

    # 0.6 % of the 800.00 on credit is the lender's, 0.6 % of all of it the mall's for its software.
    assert parties(world, sale) == {"shopper": -1_000_00, "shop": 989_20, "lender": 4_80, "mall": 6_00}
    assert settled(world) == {"safeguarded": 50_000_00 - 200_00 + 989_20, "lender": -795_20, "mall": 6_00}
    assert world.one("SELECT sum(amount_minor) FROM payout") == 989_20


def test_a_tmall_brand_bears_commission_software_fee_credit_fee_and_the_installments(world: World):
    shop_is(world, "ali", "tmall", "phones")

    sale = world.buy("alice", 6_000_00, installments=12, fee_payer="merchant").event.payment_id

    # Commission 2 % and software 0.6 % are the mall's, credit fee 0.6 % and the installment fee of 7.5 % the lender's.
    assert parties(world, sale) == {
        "shopper": -6_000_00, "shop": 6_000_00 - 120_00 - 36_00 - 36_00 - 450_00, "lender": 36_00 + 450_00,
        "mall": 120_00 + 36_00,
    }  # fmt: skip
    world.refund(sale, 6_000_00)
    assert parties(world, sale) == {}


def test_jd_sells_its_own_goods_and_pays_nobody(world: World):
    shop_is(world, "jd", "jd", "own")

    sale = world.buy("alice", 1_000_00, 500_00).event.payment_id

    assert parties(world, sale) == {"shopper": -1_500_00, "shop": 1_500_00}


def test_a_guest_in_the_street_pays_the_institution_and_the_lender(world: World):
    shop_is(world, "ali", "street", "food")

    sale = world.buy("alice", 0, 10_00, channel="offline").event.payment_id
    on_credit = world.buy("alice", 38_50, channel="offline").event.payment_id

    assert parties(world, sale) == {"shopper": -10_00, "shop": 9_96, "payment_institution": 4}
    assert parties(world, on_credit) == {"shopper": -38_50, "shop": 38_04, "payment_institution": 15, "lender": 31}


# ── a bank's card ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def card(world: World) -> World:
    world.person("bob", wallet_minor=100_00)
    world.open_line("bob", "bank-card", 50_000_00)
    return world


def test_a_card_of_1000_00_leaves_the_acquirer_1_17_the_issuer_4_18_the_network_65_fen(card: World):
    sale = card.buy("bob", 1_000_00).event.payment_id

    # The MDR of 0.60 % is 6.00: interchange of 4.50 goes to the issuer; each side owes the network half of 0.65, the odd fen is
    # the acquirer's.
    assert parties(card, sale) == {
        "shopper": -1_000_00, "shop": 994_00, "payment_institution": 1_17, "bank": 4_18, "network": 65,
    }  # fmt: skip
    before = 50_100_00
    assert settled(card) == {
        "safeguarded": before + 1_000_00 - 4_50 - 33 - 1_17, "own": 1_17, "lender": -1_000_00 + 4_50 - 32, "network": 65,
    }  # fmt: skip
    assert card.one("SELECT sum(amount_minor) FROM payout") == 994_00

    card.refund(sale, 400_00)
    assert parties(card, sale) == {
        "shopper": -600_00, "shop": 594_00, "payment_institution": 6_00 - 2_70 - 20, "bank": 2_70 - 19, "network": 39,
    }  # fmt: skip
    card.refund(sale, 600_00)
    assert parties(card, sale) == {"shop": -6_00, "payment_institution": 6_00}, "this merchant's MDR is kept"
    card.until(date(2026, 3, 5))


def test_a_card_captured_in_parts_pays_its_network_what_the_whole_would_and_a_correction_changes_nothing(card: World):
    held = card.authorize("bob", 1_000_00).event.payment_id
    for amount_minor in (333_33, 333_33, 1, 333_33):
        assert card.capture(held, amount_minor).event
    assert parties(card, held) == {
        "shopper": -1_000_00, "shop": 994_00, "payment_institution": 1_17, "bank": 4_18, "network": 65,
    }  # fmt: skip
    card.until(date(2026, 4, 10))

    # Goods that came back on the 1st of April and are booked on the 10th: the bill of that day is corrected.
    command = Refund(payment_id=held, amount_minor=1_000_00, request_no="late", value_on=date(2026, 3, 30))
    refunded = card.do(command)

    assert refunded.event is not None, refunded.refusal
    assert parties(card, held) == {"shop": -6_00, "payment_institution": 6_00}
    reversed_refund = card.do(ReverseRefund(payment_id=held, request_no="late", reason="the shop has won"))
    assert reversed_refund.event is not None, reversed_refund.refusal
    assert parties(card, held)["network"] == 65


# ── refunds, captures ─────────────────────────────────────────────────────────────────────────────────────────────

KEPT = ('fee = "mdr", rate = 0.006', 'fee = "commission", rate = 0.05', 'fee = "credit_fee", rate = 0.01')
GIVEN_BACK = tuple(f"{fee}, refunded = true" for fee in KEPT)


@pytest.mark.parametrize(
    ("fees", "after_a_third", "in_the_end"),
    [
        (
            KEPT,
            {"shopper": -200_00, "shop": 180_30, "payment_institution": 1_80, "lender": 2_90, "mall": 15_00},
            {"shop": -19_70, "payment_institution": 1_80, "lender": 2_90, "mall": 15_00},
        ),
        (
            GIVEN_BACK,
            {"shopper": -200_00, "shop": 186_90, "payment_institution": 1_20, "lender": 1_90, "mall": 10_00},
            {},
        ),
        (
            (*KEPT[:2], GIVEN_BACK[2]),
            {"shopper": -200_00, "shop": 181_30, "payment_institution": 1_80, "lender": 1_90, "mall": 15_00},
            {"shop": -16_80, "payment_institution": 1_80, "mall": 15_00},
        ),
    ],
    ids=["kept", "given back", "each by itself"],
)
@pytest.mark.parametrize("in_parts", [False, True])
def test_each_fee_is_given_back_or_kept_as_its_terms_say(world: World, fees, after_a_third, in_the_end, in_parts):
    own_plan(world, *fees)
    if in_parts:
        sale = world.authorize("alice", 290_00, 10_00).event.payment_id
        for amount_minor in (99_99, 0):
            assert world.capture(sale, amount_minor).event
    else:
        sale = world.buy("alice", 290_00, 10_00).event.payment_id

    assert world.refund(sale, 100_00).event
    assert parties(world, sale) == after_a_third
    world.until(date(2026, 3, 4))
    for amount_minor in (1, 99_99, 100_00):
        assert world.refund(sale, amount_minor).event

    assert parties(world, sale) == in_the_end


def test_a_plan_begins_on_its_day_and_a_payment_authorized_before_it_pays_as_it_was_agreed(world: World):
    assign_fees(world.connection, merchant_id=SHOP, plan="tencent", from_on=date(2026, 3, 4))
    world.connection.commit()
    held = world.authorize("alice", 0, 1_000_00).event.payment_id
    world.buy("alice", 0, 100_00, app=DIRECT_APP)
    world.until(date(2026, 3, 5))
    assign_fees(world.connection, merchant_id=SHOP, plan="bank", from_on=date(2026, 3, 5))
    world.connection.commit()

    assert world.capture(held).event.fees == (), "the merchant's own rate, of the day on which it was agreed"
    assert world.payment(held).mdr_minor == 6_00
    paid: Any = world.buy("alice", 0, 100_00).event
    assert [(part.fee, part.amount_minor, part.refunded) for part in paid.fees] == [("mdr", 60, False)]


# ── taking money out ──────────────────────────────────────────────────────────────────────────────────────────────


def test_taking_money_out_costs_what_is_above_the_allowance_of_a_life_and_comes_back_with_a_return(world: World):
    assign_fees(world.connection, merchant_id=HOUSE, plan="tencent", from_on=START)
    world.connection.commit()
    alice = world.people["alice"]

    def withdraw(amount_minor: int, **more: Any) -> Any:
        from florin.engine import lane_of

        identifier = world.engine.new_id(lane_of(alice))
        return identifier, world.do(
            Withdraw(withdrawal_id=identifier, person_id=alice, amount_minor=amount_minor, **more)
        )

    first, outcome = withdraw(800_00)
    assert outcome.event.fee_minor == 0
    second, outcome = withdraw(4_050_00, fee_minor=3_85)
    assert outcome.event.fee_minor == 3_85, "0.1 % of the 3,850.00 that the allowance does not cover"
    assert withdraw(1_00, fee_minor=0)[1].refusal.fee_minor == 10
    assert world.wallet_minor("alice") == 50_000_00 - 800_00 - 4_050_00 - 3_85
    world.assert_books_hold()

    told = {"person_id": alice, "bank_reference": "b1"}
    assert world.do(SettleWithdrawal(withdrawal_id=first, amount_minor=800_00, **told)).event
    world.bank.book("safeguarded", -800_00, "b1", world.today)
    back = world.do(
        SettleWithdrawal(withdrawal_id=second, amount_minor=4_050_00, returned=True, reason="closed", **told)
    )

    assert back.event.fee_minor == 3_85
    assert world.wallet_minor("alice") == 50_000_00 - 800_00
    assert world.balance("WITHDRAWAL_INCOME") == 0
    assert withdraw(300_00)[1].event.fee_minor == 10, (
        "100.00 above the allowance; the return has given back what it used"
    )
    world.until(date(2026, 3, 3))
    assert world.one("SELECT amount_minor FROM bank_line WHERE account = 'own'") == 10
