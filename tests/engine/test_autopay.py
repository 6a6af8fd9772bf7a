"""Autopay: what is still due is taken on its due day, from the shopper's own sources, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from florin.credit.autopay import SetAutopay, SourceRepeated
from florin.credit.repay import Repay
from florin.engine import ClaimKind, claim
from florin.engine.close_day import close_day
from florin.engine.drift import drift_of_all
from florin.events import KINDS, event_of
from florin.queries.as_of import line_as_of_day
from world import LivedOnce, World

DUE_ON, DAY_AFTER = date(2026, 4, 10), date(2026, 4, 11)
BILL = 300_00


@pytest.fixture(scope="module")
def until_the_bill_is_due(new_database: Any) -> Iterator[LivedOnce]:
    def live(world: World) -> None:
        world.person("alice", limit_minor=1_000_00, wallet_minor=500_00)
        world.buy("alice", BILL)
        world.until(date(2026, 4, 9))

    with LivedOnce(new_database, live) as lived:
        yield lived


@pytest.fixture
def alice(until_the_bill_is_due: LivedOnce) -> Iterator[World]:
    """She owes 300.00 on 10 April and has 500.00 in her wallet."""
    with until_the_bill_is_due.again() as world:
        yield world


def turn_on(world: World, *sources: Any) -> None:
    assert world.do(SetAutopay(line_id=world.line_ids["alice"], sources=sources)).event


def spend(world: World, amount_minor: int) -> None:
    assert world.buy("alice", wallet_minor=amount_minor).event


def happened(world: World, kind: int) -> list[Any]:
    rows = world.connection.execute(
        "SELECT value_on, body FROM event WHERE kind = %s ORDER BY sequence", (kind,)
    ).fetchall()
    world.connection.commit()
    return [event_of(kind, {"value_on": on}, body) for on, body in rows]


def tried(world: World) -> list[tuple[int, int, int, int]]:
    """(attempt, due, from the wallet, asked of the bank)"""
    return [(e.attempt, e.due_minor, e.wallet_minor, e.bank_minor) for e in happened(world, 110)]


def test_nobody_is_debited_who_has_not_said_so(alice: World):
    alice.until(DAY_AFTER)

    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (500_00, BILL)
    assert tried(alice) == []


def test_the_wallet_pays_the_bill_when_its_due_day_begins(alice: World):
    turn_on(alice, "wallet", "bank")

    alice.until(DUE_ON)

    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (200_00, 0)
    assert tried(alice) == [(1, BILL, BILL, 0)]
    alice.until(DAY_AFTER)
    assert tried(alice) == [(1, BILL, BILL, 0)], "nothing is left for the second attempt"
    assert alice.line("alice").past_due_on is None


def test_the_bank_is_asked_for_what_the_wallet_has_not(alice: World):
    spend(alice, 400_00)
    turn_on(alice, "wallet", "bank")

    alice.until(DUE_ON)

    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (0, 0)
    assert [(e.amount_minor, e.source) for e in happened(alice, 25)] == [(100_00, "wallet"), (200_00, "bank")]
    alice.assert_books_hold()


def test_her_own_order_leaves_the_wallet_alone_where_the_bank_comes_first(alice: World):
    turn_on(alice, "bank", "wallet")

    alice.until(DUE_ON)

    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (500_00, 0)


def test_who_has_paid_early_is_not_debited_again(alice: World):
    turn_on(alice, "wallet", "bank")
    alice.repay("alice", BILL - 40_00)

    alice.until(DAY_AFTER)

    assert tried(alice) == [(1, 40_00, 40_00, 0)]
    assert alice.wallet_minor("alice") == 500_00 - BILL


def test_who_has_paid_all_early_is_not_tried_at_all(alice: World):
    turn_on(alice, "wallet", "bank")
    alice.repay("alice", BILL)

    alice.until(DAY_AFTER)

    assert tried(alice) == []
    assert alice.wallet_minor("alice") == 500_00 - BILL


def test_the_second_attempt_takes_what_came_in_during_the_day(alice: World):
    spend(alice, 450_00)
    turn_on(alice, "wallet")
    alice.until(DUE_ON)
    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (0, 250_00)
    alice.top_up("alice", 300_00)

    alice.until(DAY_AFTER)

    assert tried(alice) == [(1, BILL, 50_00, 0), (2, 250_00, 250_00, 0)]
    assert (alice.wallet_minor("alice"), alice.line("alice").past_due_on) == (50_00, None)


def test_a_debit_that_the_bank_refuses_is_on_record_and_tried_once_more(alice: World):
    turn_on(alice, "bank")
    alice.bank.empty.add(str(alice.people["alice"]))
    alice.until(DUE_ON)
    assert [e.reason for e in happened(alice, 111)] == ["not enough money"]
    alice.bank.empty.clear()

    alice.until(DAY_AFTER)

    assert tried(alice) == [(1, BILL, 0, BILL), (2, BILL, 0, BILL)]
    assert [(e.amount_minor, e.reference[-2:]) for e in happened(alice, 25)] == [(BILL, "/2")]
    assert alice.line("alice").due_minor == 0


def test_never_more_than_two_attempts_and_never_from_credit(alice: World):
    turn_on(alice, "bank")
    alice.bank.empty.add(str(alice.people["alice"]))

    alice.until(date(2026, 4, 20))

    assert [attempt for attempt, *_ in tried(alice)] == [1, 2]
    line = alice.line("alice")
    assert (line.past_due_on, line.principal_minor, alice.wallet_minor("alice")) == (DUE_ON, BILL, 500_00)


def test_while_the_bank_has_not_answered_nothing_is_taken_a_second_time(alice: World):
    turn_on(alice, "bank", "wallet")
    alice.bank.silent.add(str(alice.people["alice"]))
    alice.until(DUE_ON)
    assert tried(alice) == [(1, BILL, 0, BILL)]
    alice.bank.silent.clear()

    alice.until(DAY_AFTER)

    assert tried(alice) == [(1, BILL, 0, BILL)]
    assert [e.reference[-2:] for e in happened(alice, 25)] == ["/1"]
    assert (alice.wallet_minor("alice"), alice.line("alice").due_minor) == (500_00, 0)


def silent_on_the_due_day(world: World) -> str:
    """The bank takes an order of 300.00 and says nothing through the due day; its reference."""
    turn_on(world, "bank")
    world.bank.silent.add(str(world.people["alice"]))
    world.until(DAY_AFTER)
    (asked,) = world.line("alice").particulars.asked
    assert (asked.amount_minor, asked.on) == (BILL, DUE_ON)
    return asked.reference


def test_an_answer_after_the_due_day_is_asked_for_and_counts_when_it_came(alice: World):
    silent_on_the_due_day(alice)
    assert alice.line("alice").past_due_on == DUE_ON
    alice.until(date(2026, 4, 14))
    alice.bank.silent.clear()

    alice.until(date(2026, 4, 15))

    line = alice.line("alice")
    assert (line.due_minor, line.past_due_on, line.particulars.asked) == (0, None, ())
    assert [e.value_on for e in happened(alice, 25)] == [date(2026, 4, 15)]
    alice.until(date(2026, 5, 2))
    assert alice.balance("INTEREST_INCOME") == 75  # 300.00 for five days
    alice.assert_books_hold()


def test_a_debit_that_was_taken_in_time_counts_in_time_however_late_the_bank_says_so(alice: World):
    reference = silent_on_the_due_day(alice)
    alice.bank.silent.clear()
    alice.bank.took[reference] = DUE_ON

    alice.until(date(2026, 4, 15))

    assert [(e.value_on, e.known_on) for e in happened(alice, 25)] == [(DUE_ON, date(2026, 4, 12))]
    assert (alice.line("alice").due_minor, alice.line("alice").past_due_on) == (0, None)
    alice.until(date(2026, 5, 2))
    assert alice.balance("INTEREST_INCOME") == 0
    assert list(drift_of_all(alice.connection)) == []


def test_a_late_no_is_on_record_and_the_bank_is_not_asked_again(alice: World):
    silent_on_the_due_day(alice)
    alice.bank.silent.clear()
    alice.bank.empty.add(str(alice.people["alice"]))

    alice.until(date(2026, 4, 15))

    assert [(e.value_on, e.reason) for e in happened(alice, 111)] == [(date(2026, 4, 12), "not enough money")]
    assert alice.line("alice").particulars.asked == ()
    assert alice.line("alice").past_due_on == DUE_ON


def test_what_the_bank_owes_an_answer_for_is_not_asked_for_by_the_next_bill(alice: World):
    silent_on_the_due_day(alice)
    assert alice.buy("alice", 100_00).refusal is not None, "she is past due"
    alice.until(date(2026, 5, 11))

    attempts = tried(alice)
    due_in_may = attempts[1][1]

    assert [attempt for attempt, *_ in attempts] == [1, 1]
    assert attempts[1] == (1, due_in_may, 0, due_in_may - BILL)
    assert due_in_may > BILL
    alice.bank.silent.clear()
    alice.until(date(2026, 5, 12))
    line = alice.line("alice")
    assert (line.due_minor, line.particulars.asked) == (0, ())
    assert [e.amount_minor for e in happened(alice, 25)] == [BILL, due_in_may - BILL]


def test_a_repayment_that_the_owner_books_under_the_debits_reference_is_its_answer(alice: World):
    reference = silent_on_the_due_day(alice)
    alice.bank.book("safeguarded", BILL, reference, alice.today)

    booked = Repay(line_id=alice.line_ids["alice"], amount_minor=BILL, source="bank", reference=reference)
    assert alice.do(booked, claim(ClaimKind.BANK, 0, reference, ("repay", alice.line_ids["alice"], BILL))).event
    alice.bank.silent.clear()
    alice.until(date(2026, 4, 15))

    assert len(happened(alice, 25)) == 1
    assert alice.line("alice").particulars.asked == ()


def test_the_line_as_of_a_day_knows_what_the_bank_had_not_answered_then(alice: World):
    silent_on_the_due_day(alice)
    alice.bank.silent.clear()
    alice.until(date(2026, 4, 15))
    today, line_id = alice.today, alice.line_ids["alice"]

    def asked(on: date) -> int:
        found = line_as_of_day(alice.connection, line_id=line_id, on=on, known_on=today, today=today)
        return sum(debit.amount_minor for debit in found.line.particulars.asked)

    assert [asked(on) for on in (date(2026, 4, 9), DUE_ON, DAY_AFTER, today)] == [0, BILL, BILL, 0]


def test_a_close_that_runs_twice_debits_once(alice: World):
    spend(alice, 400_00)
    turn_on(alice, "wallet", "bank")
    alice.until(DUE_ON)
    alice.top_up("alice", 900_00)

    close_day(alice.engine, alice.connection, DUE_ON, bank=alice.bank)

    assert len(tried(alice)) == 1
    assert alice.wallet_minor("alice") == 900_00
    alice.assert_books_hold()


@pytest.mark.parametrize("after", ["attempt", "bank"])
def test_a_close_that_was_cut_off_between_the_attempt_and_its_answer_goes_on_where_it_was(
    alice: World, monkeypatch, after: str
):
    """The bank may have moved the money already: the same reference is the same order."""

    class Cut(Exception):
        pass

    collect = alice.bank.collect

    def cut(debits: Any, *, on: date) -> Any:
        if after == "bank":
            collect(debits, on=on)
        raise Cut

    turn_on(alice, "bank")
    monkeypatch.setattr(alice.bank, "collect", cut)
    with pytest.raises(Cut):
        alice.until(DUE_ON)
    alice.connection.rollback()
    monkeypatch.undo()

    alice.until(DUE_ON)

    assert tried(alice) == [(1, BILL, 0, BILL)]
    assert [e.amount_minor for e in happened(alice, 25)] == [BILL]
    assert alice.one("SELECT count(*) FROM bank_line WHERE reference LIKE 'autopay/%%'") == 1
    alice.assert_books_hold()


def test_turned_off_again_nothing_is_taken(alice: World):
    turn_on(alice, "wallet")
    turn_on(alice)

    alice.until(DAY_AFTER)

    assert tried(alice) == []
    assert alice.wallet_minor("alice") == 500_00


def test_a_source_is_named_once(alice: World):
    line_id = alice.line_ids["alice"]

    assert alice.do(SetAutopay(line_id=line_id, sources=("bank", "bank"))).refusal == SourceRepeated(line_id=line_id)


def test_every_attempt_and_failure_is_an_event_of_its_own_kind():
    assert {KINDS[kind].__name__ for kind in (38, 110, 111)} == {"AutopaySet", "AutopayTried", "AutopayFailed"}
