"""Joint lending through the engine: funding is decided as a loan begins, and every close proves whose each part is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from conftest import FreshDatabase
from florin.credit import program as programs
from florin.credit.charge_off import ChargeOff
from florin.credit.funding import (
    CapNotPositive,
    CloseFunding,
    FundingDatesImpossible,
    FundingNotOpen,
    FundsNoProgram,
    OpenFunding,
    OwnShareTooSmall,
    PartnerHasAgreement,
    ShareOutOfRange,
)
from florin.credit.open import OpenLine
from florin.credit.program import add_program, load_program
from florin.credit.repay import Repay
from florin.credit.return_repayment import ReturnRepayment
from florin.engine import Engine, Outcome, Submission, lane_for, lane_of
from florin.engine.drift import drift_of_all
from florin.payments.reverse_refund import ReverseRefund
from world import DIRECT_APP, ESCROW_APP, START, World

MARCH_5 = date(2026, 3, 5)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, negative_limit_minor=1_000_000) as made:
        yield made
        made.assert_books_hold()
        assert list(drift_of_all(made.connection)) == []
    programs._ADDED.clear()


def agree(world: World, partner: str = "Harbor Bank", **changes: Any) -> Outcome:
    command = OpenFunding(
        agreement_id=world.engine.new_id(lane_for(f"partner/{partner}")),
        partner=partner,
        programs=("huabei",),
        share_ppm=700_000,
        servicing_ppm=100_000,
        cap_minor=1_000_000,
    )
    return world.do(replace(command, **changes))


def figures(world: World, *names: str) -> tuple[int, ...]:
    return tuple(world.balance(name) for name in names)


def outstanding(world: World, agreement_id: int) -> int:
    return int(world.one("SELECT outstanding_minor FROM funding_cap WHERE id = %s", agreement_id))


def test_the_story_of_a_joint_loan_with_every_figure(world: World) -> None:
    """Drawn, billed, repaid in part, refunded, charged off and recovered; settled with the partner each day."""
    world.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
    agreement_id = agree(world).event_id
    world.until(MARCH_5)

    bought = world.buy("alice", 100_001, app=DIRECT_APP)  # 70 % of 1,000.01 is 700.007

    assert bought.event is not None
    assert figures(world, "PRINCIPAL_UNBILLED", "PARTNER_SHARE", "PARTNER_LOANS") == (100_001, 70_000, 70_000)
    assert figures(world, "LENDER_DUE_FROM_PARTNER", "PARTNER_DUE_TO_LENDER") == (70_000, 70_000)
    assert outstanding(world, agreement_id) == 70_000
    world.assert_books_hold()
    world.until(date(2026, 3, 6))
    assert figures(world, "LENDER_DUE_FROM_PARTNER", "PARTNER_DUE_TO_LENDER") == (0, 0)
    # The partner's 700.00 came in, and the lender paid the institution 1,000.01.
    assert figures(world, "PARTNER_BANK", "LENDER_BANK") == (-70_000, 70_000 - 100_001)

    world.until(date(2026, 4, 8))
    world.repay("alice", 10_000)  # 900.01 is left: the partner's 630.007
    assert outstanding(world, agreement_id) == 63_000
    world.refund(bought.event_id, 40_001)  # 500.00 is left: 350.00
    assert figures(world, "PARTNER_SHARE", "LENDER_DUE_TO_PARTNER") == (35_000, 35_000)
    world.until(date(2026, 4, 9))
    assert figures(world, "LENDER_DUE_TO_PARTNER", "PARTNER_BANK") == (0, -35_000)

    # 0.25 a day from 10 April: 21 days billed on 1 May, 31 on 1 June; 9 days more are claimed.
    world.until(date(2026, 6, 10))
    world.do(ChargeOff(line_id=world.line_ids["alice"], reason="insolvent"))
    assert figures(world, "PARTNER_SHARE", "PARTNER_LOSSES", "MEMO_PARTNER_CLAIM") == (0, 35_000, 35_000)
    # The loss is the house's as far as it lent: 150.00 of principal, and the interest of 13.00 that was billed.
    assert figures(world, "ALLOWANCE", "MEMO_CLAIM_PRINCIPAL", "MEMO_CLAIM_INTEREST") == (
        -15_000 - 1_300,
        50_000,
        1_525,
    )
    assert outstanding(world, agreement_id) == 35_000
    world.assert_books_hold()

    world.until(date(2026, 7, 1))
    # Of April's claims the 2.25 of interest since June's bill, then 100.00 of principal: 400.00 is left, 280.00 the partner's.
    world.repay("alice", 10_225)
    assert figures(world, "RECOVERY_INCOME", "PARTNER_RECOVERY_INCOME") == (10_225 - 7_000, 7_000)
    # 70 % of 2.25 is 1.575; of the 1.57 passed on, a tenth is kept for the servicing.
    assert figures(world, "PARTNER_INCOME", "SERVICING_INCOME") == (157, 15)
    assert outstanding(world, agreement_id) == 28_000
    world.until(date(2026, 7, 3))
    assert figures(
        world,
        "PARTNER_BANK",
    ) == (-35_000 + 7_000 + 157 - 15,)
    assert figures(world, "LENDER_DUE_TO_PARTNER", "LENDER_DUE_FROM_PARTNER") == (0, 0)


def test_without_an_agreement_in_force_a_payment_stores_not_one_byte_more(world: World) -> None:
    world.person("alice", limit_minor=1_000_000)
    later = agree(world, from_on=date(2026, 3, 20))
    before = world.buy("alice", 10_000)

    assert later.refusal is None
    assert world.one("SELECT body::text FROM event WHERE id = %s", before.event_id) == (
        '{"credit_minor":10000,"mdr_minor":60,"wallet_minor":0}'
    )
    assert world.one("SELECT count(*) FROM joint_loan") == 0
    world.until(date(2026, 3, 20))
    assert world.buy("alice", 10_000).event.funding.partner_minor == 7_000  # type: ignore[union-attr]


def test_a_closed_agreement_funds_nothing_new_and_its_loans_stay_shared(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    agreement_id = agree(world).event_id
    world.buy("alice", 10_000)

    closed = world.do(CloseFunding(agreement_id=agreement_id, reason="no more funds"))
    again = world.do(CloseFunding(agreement_id=agreement_id, reason="no more funds"))
    alone = world.buy("alice", 10_000)

    assert closed.refusal is None
    assert isinstance(again.refusal, FundingNotOpen)
    assert alone.event.funding is None  # type: ignore[union-attr]
    assert outstanding(world, agreement_id) == 7_000
    world.repay("alice", 20_000)
    assert outstanding(world, agreement_id) == 0


def test_a_cap_that_is_reached_leaves_the_loan_to_the_house_and_never_refuses_a_payment(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    agreement_id = agree(world, cap_minor=14_000).event_id

    first, second, third = (world.buy("alice", minor) for minor in (10_000, 10_001, 10_000))

    assert [bought.event.funding is not None for bought in (first, second, third)] == [True, True, False]  # type: ignore[union-attr]
    assert outstanding(world, agreement_id) == 14_000
    world.repay("alice", 10_000)
    assert world.buy("alice", 10_000).event.funding is not None  # type: ignore[union-attr]


def test_a_returned_repayment_may_bring_a_partner_above_its_cap_and_nothing_new_is_lent(world: World) -> None:
    world.person("alice", limit_minor=1_000_000)
    agreement_id = agree(world, cap_minor=14_000).event_id
    world.buy("alice", 20_000)
    world.bank.book("safeguarded", 20_000, "r1", world.today)
    repay = Repay(line_id=world.line_ids["alice"], amount_minor=20_000, source="bank", reference="r1")
    assert world.do(repay).refusal is None
    world.buy("alice", 20_000)

    world.bank.book("safeguarded", -20_000, "r1-back", world.today)
    returned = world.do(
        ReturnRepayment(line_id=world.line_ids["alice"], amount_minor=20_000, reference="r1", reason="no cover")
    )

    assert returned.refusal is None
    assert outstanding(world, agreement_id) == 28_000
    assert world.buy("alice", 100).event.funding is None  # type: ignore[union-attr]


def test_a_refund_that_is_taken_back_brings_back_the_partners_part(world: World) -> None:
    world.person("alice", limit_minor=1_000_000)
    agreement_id = agree(world).event_id
    bought = world.buy("alice", 10_001).event_id
    world.refund(bought, 4_000, "r1")
    assert outstanding(world, agreement_id) == 4_200  # 60.01 is left: 42.007

    reversed_ = world.do(ReverseRefund(payment_id=bought, request_no="r1", reason="dispute won"))

    assert reversed_.refusal is None
    assert outstanding(world, agreement_id) == 7_000
    world.assert_books_hold()
    world.until(date(2026, 4, 2))


def test_what_waits_in_escrow_is_shared_from_receipt_or_from_payment_as_the_terms_say(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    agreement_id = agree(world).event_id

    bought = world.buy("alice", 10_000, app=ESCROW_APP)
    assert outstanding(world, agreement_id) == 0
    world.receive(bought.event_id)
    assert outstanding(world, agreement_id) == 7_000


def test_a_loan_that_begins_at_payment_is_shared_in_escrow_and_given_back_before_receipt(world: World) -> None:
    huabei = load_program("huabei")
    version = huabei.versions[0]
    terms = replace(version.terms, draws_on="payment")
    add_program(replace(huabei, name="store", versions=(replace(version, terms=terms),)))
    person_id = world.person("alice", wallet_minor=20_000)
    line_id = world.line_ids["alice"] = world.engine.new_id(lane_of(person_id))
    assert world.do(OpenLine(person_id=person_id, line_id=line_id, program="store", limit_minor=1_000_000)).event
    agreement_id = agree(world, programs=("store",)).event_id

    bought = world.buy("alice", 10_001, app=ESCROW_APP)
    assert figures(world, "LOANS_IN_ESCROW", "PARTNER_SHARE") == (10_001, 7_000)
    world.assert_books_hold()
    world.refund(bought.event_id, 3_000)  # 70.01 is left: 49.00
    assert outstanding(world, agreement_id) == 4_900
    world.assert_books_hold()
    world.until(date(2026, 3, 10))
    world.receive(bought.event_id)
    assert figures(world, "LOANS_IN_ESCROW", "PRINCIPAL_UNBILLED", "PARTNER_SHARE") == (0, 7_001, 4_900)
    world.assert_books_hold()
    world.repay("alice", 7_001)
    assert outstanding(world, agreement_id) == 0


def test_a_loan_captured_in_parts_is_the_houses_alone_and_one_captured_whole_is_shared(world: World) -> None:
    world.person("alice", limit_minor=1_000_000)
    agreement_id = agree(world).event_id
    parts = world.authorize("alice", 10_000).event_id
    whole = world.authorize("alice", 10_000).event_id

    world.capture(parts, 4_000)
    world.capture(parts)
    world.capture(whole)

    assert outstanding(world, agreement_id) == 7_000
    assert world.one("SELECT array_agg(id) FROM joint_loan") == [whole]


def test_two_partners_share_a_lines_loans_each_its_own_and_both_are_settled(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=200_000)
    harbor = agree(world, cap_minor=10_000).event_id
    lake = agree(world, "Lake Bank", share_ppm=500_000, servicing_ppm=0).event_id

    world.buy("alice", 10_000)
    world.buy("alice", 20_000)
    world.until(date(2026, 3, 4))

    assert (outstanding(world, harbor), outstanding(world, lake)) == (7_000, 10_000)
    settled = world.connection.execute(
        "SELECT (body->>'agreement_id')::bigint, (body->>'partner_pays_minor')::bigint FROM event WHERE kind = 182"
    ).fetchall()
    world.connection.commit()
    assert dict(settled) == {harbor: 7_000, lake: 10_000}
    world.repay("alice", 30_000)
    assert (outstanding(world, harbor), outstanding(world, lake)) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"share_ppm": 0}, ShareOutOfRange),
        ({"share_ppm": 1_000_000}, ShareOutOfRange),
        ({"servicing_ppm": -1}, ShareOutOfRange),
        ({"share_ppm": 700_001}, OwnShareTooSmall),
        ({"cap_minor": 0}, CapNotPositive),
        ({"programs": ()}, FundsNoProgram),
        ({"programs": ("huabei", "nonesuch")}, FundsNoProgram),
        ({"from_on": date(2026, 3, 1)}, FundingDatesImpossible),
        ({"until_on": START, "from_on": date(2026, 3, 9)}, FundingDatesImpossible),
    ],
)
def test_an_agreement_that_cannot_be_is_refused_by_name(world: World, changes: dict[str, Any], refusal: type) -> None:
    refused = agree(world, **changes).refusal

    assert isinstance(refused, refusal)
    assert "{" not in refused.sentence("en") + refused.sentence("zh")
    assert world.one("SELECT count(*) FROM funding_agreement") == 0


def test_a_partner_has_one_open_agreement_at_a_time(world: World) -> None:
    first = agree(world).event_id

    assert isinstance(agree(world).refusal, PartnerHasAgreement)
    world.do(CloseFunding(agreement_id=first, reason="renewed"))
    assert agree(world).refusal is None


def test_payments_side_by_side_never_lend_above_the_cap_and_none_is_refused(world: World) -> None:
    names = [f"shopper {number}" for number in range(12)]
    for name in names:
        world.person(name, limit_minor=1_000_000)
    agreement_id = agree(world, cap_minor=70_000).event_id  # room for 10 of 48 loans
    charges = [[world.charge_command(name, 10_000) for name in names[part::4]] for part in range(4)]
    outcomes: list[Outcome] = []

    def pay(engine: Engine, commands: list[Submission]) -> None:
        for command in commands:
            for _ in range(4):
                again = replace(
                    command.command,
                    trade_id=engine.new_id(lane_of(command.command.trade_id)),
                    payment_id=engine.new_id(lane_of(command.command.payment_id)),
                    out_trade_no=f"{command.command.out_trade_no}-{len(outcomes)}-{threading.get_ident()}",
                )
                outcomes.extend(engine.execute([Submission(command=again)]))

    engines = [Engine(world.dsn) for _ in charges]
    threads = [threading.Thread(target=pay, args=pair) for pair in zip(engines, charges, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for engine in engines:
        engine.close()

    assert [outcome.refusal for outcome in outcomes] == [None] * 48
    assert sum(outcome.event.funding is not None for outcome in outcomes) == 10  # type: ignore[union-attr]
    assert outstanding(world, agreement_id) == 70_000
