"""Refunds of late, lost and closed lines, and refunds that are taken back: the debt is owed again, and the books hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from conftest import FreshDatabase
from florin.credit.charge_off import ChargeOff
from florin.credit.close import CloseLine
from florin.credit.line import LineState
from florin.credit.open import OpenLine
from florin.credit.sell_claims import SellClaims
from florin.engine import Outcome, lane_of
from florin.events import RefundReversed
from florin.payments.payment import PaymentState
from florin.payments.reverse_refund import (
    NoSuchRefund,
    RefundNotReversible,
    RefundReversedAlready,
    ReversalDateImpossible,
    ReverseRefund,
)
from florin.wallet.withdraw import WalletTooLow, Withdraw
from world import DIRECT_APP, ESCROW_APP, LivedOnce, World

HOUSE = {"negative_limit_minor": 10_000_000, "mdr_refunded": True}


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, **HOUSE) as made:
        made.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
        yield made


@pytest.fixture(scope="module")
def until_june(new_database: Any) -> Iterator[LivedOnce]:
    def live(made: World) -> None:
        made.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
        bought(made)
        made.until(date(2026, 6, 1))

    with LivedOnce(new_database, live, **HOUSE) as lived:
        yield lived


@pytest.fixture
def june(until_june: LivedOnce) -> Iterator[World]:
    """Nothing of the first day's 1,000.00 was paid by 1 June."""
    with until_june.again() as made:
        yield made


def reverse(world: World, payment_id: int, number: str, value_on: date | None = None) -> Outcome:
    command = ReverseRefund(payment_id=payment_id, request_no=number, reason="dispute won", value_on=value_on)
    return world.do(command)


def bought(world: World, minor: int = 100_000, wallet_minor: int = 0) -> int:
    return int(world.buy("alice", minor, wallet_minor, app=DIRECT_APP).event.payment_id)


def sale_of(world: World) -> int:
    return int(world.one("SELECT id FROM payment"))


# ── refunds of every stage ────────────────────────────────────────────────────────────────────────────────────────


def test_a_refund_on_a_past_due_line_clears_the_arrears_and_cures_it(world: World) -> None:
    sale = bought(world)
    world.until(date(2026, 4, 20))
    assert world.line("alice").past_due_on == date(2026, 4, 10)

    assert world.refund(sale, 20_000).event

    assert world.line("alice").past_due_on is None
    assert world.balance("PRINCIPAL_PAST_DUE") == 0
    assert world.line("alice").principal_minor == 80_000
    world.assert_books_hold()


def test_a_refund_on_a_charged_off_line_lowers_the_claim_and_is_recovery(june: World) -> None:
    sale = sale_of(june)
    june.do(ChargeOff(line_id=june.line_ids["alice"], reason="insolvent"))

    assert june.refund(sale, 30_000).event

    assert june.balance("RECOVERY_INCOME") == 30_000
    assert june.balance("MEMO_CLAIM_PRINCIPAL") == 70_000
    june.assert_books_hold()


@pytest.mark.parametrize("program", ["huabei", "bank-card"])
def test_a_refund_on_a_closed_line_goes_to_the_wallet_whatever_the_terms_keep(world: World, program: str) -> None:
    person_id = world.person("bob", wallet_minor=200_000)
    line_id = world.line_ids["bob"] = world.engine.new_id(lane_of(person_id))
    world.do(OpenLine(person_id=person_id, line_id=line_id, program=program, limit_minor=500_000))
    sale = world.buy("bob", 100_000, app=DIRECT_APP).event.payment_id
    assert world.repay("bob", 100_000).event
    assert world.do(CloseLine(line_id=line_id, reason="asked")).event
    assert world.line("bob").state is LineState.CLOSED

    refunded = world.refund(sale, 40_000)

    assert refunded.event, refunded.refusal
    assert world.line("bob").credit_balance_minor == 0
    assert world.wallet_minor("bob") == 140_000
    world.assert_books_hold()


# ── taken back ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refund_taken_back_is_owed_again_and_payable_to_the_merchant(world: World) -> None:
    sale = bought(world)
    world.refund(sale, 40_000, "r1")
    payable = world.balance("MERCHANT_PAYABLE")

    reversed_ = reverse(world, sale, "r1")

    assert isinstance(reversed_.event, RefundReversed)
    assert world.line("alice").principal_minor == 100_000
    assert world.payment(sale).credit_refunded_minor == 0
    assert world.payment(sale).mdr_back_minor == 0
    assert world.balance("MERCHANT_PAYABLE") == payable + 40_000 - 240
    world.assert_books_hold()
    world.until(date(2026, 4, 2))
    assert world.line("alice").due_minor == 100_000
    world.assert_books_hold()


def test_what_was_refunded_whole_may_be_refunded_again_after_it_was_taken_back(world: World) -> None:
    sale = bought(world)
    world.refund(sale, 100_000, "r1")
    assert world.payment(sale).state is PaymentState.REFUNDED

    assert reverse(world, sale, "r1").event
    assert world.payment(sale).state is PaymentState.CAPTURED
    assert world.refund(sale, 100_000, "r2").event

    assert world.line("alice").principal_minor == 0
    world.assert_books_hold()


def test_after_the_bill_it_stands_on_the_next_one_and_the_image_stays(world: World) -> None:
    sale = bought(world)
    world.until(date(2026, 4, 3))
    world.refund(sale, 40_000, "r1")
    assert world.line("alice").due_minor == 60_000

    assert reverse(world, sale, "r1").event

    assert world.line("alice").due_minor == 60_000
    assert world.line("alice").principal_minor == 100_000
    assert world.one("SELECT image_minor FROM statement") == 100_000
    world.until(date(2026, 5, 1))
    assert world.balance("PRINCIPAL_UNBILLED") == 0
    world.assert_books_hold()


def test_a_reversal_that_counts_on_a_day_that_is_over_bears_interest_from_that_day_on(world: World) -> None:
    sale = bought(world)
    world.until(date(2026, 3, 30))
    world.refund(sale, 100_000, "r1")
    world.until(date(2026, 4, 30))
    assert world.line("alice").principal_minor == 0
    early = reverse(world, sale, "r1", date(2026, 3, 29))
    assert isinstance(early.refusal, ReversalDateImpossible)
    assert early.refusal.first_on == date(2026, 3, 30)

    assert reverse(world, sale, "r1", date(2026, 3, 31)).event

    assert world.line("alice").principal_minor == 100_000
    world.assert_books_hold()
    world.until(date(2026, 6, 1))
    world.assert_books_hold()


def test_on_a_charged_off_line_it_is_claimed_again_and_no_recovery(june: World) -> None:
    sale = sale_of(june)
    june.do(ChargeOff(line_id=june.line_ids["alice"], reason="insolvent"))
    june.refund(sale, 30_000, "r1")

    assert reverse(june, sale, "r1").event

    assert june.balance("RECOVERY_INCOME") == 0
    assert june.balance("MEMO_CLAIM_PRINCIPAL") == 100_000
    june.assert_books_hold()


def test_on_a_sold_claim_it_is_the_buyers_again(june: World) -> None:
    sale = sale_of(june)
    line_id = june.line_ids["alice"]
    june.do(ChargeOff(line_id=line_id, reason="insolvent"))
    june.do(SellClaims(line_id=line_id, buyer="Blue River", contact="tel 400", price_minor=5_000, reference="1"))
    june.refund(sale, 30_000, "r1")
    assert june.balance("DUE_TO_CLAIM_BUYERS") == 30_000

    assert reverse(june, sale, "r1").event

    assert june.balance("DUE_TO_CLAIM_BUYERS") == 0
    assert june.line("alice").principal_minor == 0
    june.assert_books_hold()


def test_the_part_that_went_to_the_wallet_is_taken_back_from_it_or_the_reversal_is_refused(world: World) -> None:
    sale = bought(world, 20_000, 10_000)
    world.refund(sale, 30_000, "r1")
    assert world.wallet_minor("alice") == 50_000
    person_id = world.people["alice"]
    withdrawal_id = world.engine.new_id(lane_of(person_id))
    assert world.do(Withdraw(withdrawal_id=withdrawal_id, person_id=person_id, amount_minor=45_000)).event
    short = reverse(world, sale, "r1")
    assert isinstance(short.refusal, WalletTooLow)
    assert short.refusal.short_minor == 5_000
    world.top_up("alice", 5_000)

    assert reverse(world, sale, "r1").event

    assert world.wallet_minor("alice") == 0
    assert world.line("alice").principal_minor == 20_000
    world.assert_books_hold()


def test_what_cannot_be_taken_back_is_refused_by_name(world: World) -> None:
    sale = bought(world)
    unknown = reverse(world, sale, "r9")
    assert isinstance(unknown.refusal, NoSuchRefund)
    world.refund(sale, 10_000, "r1")
    assert reverse(world, sale, "r1").event
    again = reverse(world, sale, "r1")
    assert isinstance(again.refusal, RefundReversedAlready)
    assert "2026年3月2日" in again.refusal.sentence("zh")

    waiting = world.buy("alice", 10_000, app=ESCROW_APP).event.payment_id
    world.refund(waiting, 5_000, "r2")
    before = reverse(world, waiting, "r2")
    assert isinstance(before.refusal, RefundNotReversible)
    world.assert_books_hold()
