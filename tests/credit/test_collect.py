"""Collection: a case from its opening to its end, contact only when it is decent, promises judged by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import Play, at, day, program_with
from credit.test_charge_off import LATE, play_late
from florin.credit.account import advance
from florin.credit.collect import (
    AssignCase,
    ChargeCost,
    Contact,
    ContactedTooOften,
    CostRefused,
    NoOpenCase,
    NoteCase,
    OutsideContactHours,
    PromiseRefused,
    PromiseToPay,
    decide,
    decide_cost,
)
from florin.events import CaseClosed, CaseNoted, CaseOpened, PromiseJudged
from florin.events.refusals import Refusal
from florin.money import parse_yuan

SHANGHAI = ZoneInfo("Asia/Shanghai")
AFTER_7_DAYS = program_with(collection_days=7, charge_off_days=120)


class Case(Play):
    """A line of 1,000.00, due 10 April and unpaid; and what a collector does on it."""

    def __init__(self) -> None:
        super().__init__(AFTER_7_DAYS)
        self.buy("03-05", "1000.00", 11)

    def work(
        self, on: str, command: AssignCase | NoteCase | Contact | PromiseToPay, hour: str = "10:00"
    ) -> Refusal | None:
        self.until(on)
        local = datetime.fromisoformat(f"{day(on)}T{hour}:00").replace(tzinfo=SHANGHAI)
        decided = decide(self.line, self.account, command, at(on), local=local, program=self.program)
        if isinstance(decided, Refusal):
            return decided
        self._load(decided[0])
        return None

    def call(self, on: str, hour: str = "10:00") -> Refusal | None:
        return self.work(on, Contact(line_id=1, channel="call", by="chen"), hour)

    def promise(self, on: str, yuan: str, pay_by: str) -> Refusal | None:
        command = PromiseToPay(line_id=1, amount_minor=parse_yuan(yuan), pay_by=day(pay_by), by="chen")
        return self.work(on, command)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


def test_a_case_is_opened_by_the_clock_and_closed_when_nothing_is_past_due():
    alice = Case()
    assert isinstance(alice.call("04-16"), NoOpenCase)
    alice.until("04-17")
    assert [event.value_on for event in alice.of(CaseOpened)] == [day("04-17")]

    alice.repay("04-20", "1005.00")
    alice.until("05-30")

    assert [event.value_on for event in alice.of(CaseClosed)] == [day("04-21")]
    assert alice.account.case is None
    assert alice.line.next_action_on == date.max


def test_somebody_is_on_it_and_notes_are_events():
    alice = Case()

    assert alice.work("04-18", AssignCase(line_id=1, assignee="chen")) is None
    assert alice.work("04-18", NoteCase(line_id=1, note="moved house", by="chen")) is None

    assert alice.account.case.assignee == "chen"
    assert [event.note for event in alice.of(CaseNoted)] == ["moved house"]


@pytest.mark.parametrize(
    ("hour", "next_at"), [("07:59", "2026-04-18 08:00"), ("21:00", "2026-04-19 08:00"), ("23:30", "2026-04-19 08:00")]
)
def test_nobody_is_called_at_night_and_the_refusal_says_when(hour, next_at):
    refused = Case().call("04-18", hour)

    assert isinstance(refused, OutsideContactHours)
    assert refused.next_at == next_at
    assert hour in refused.sentence("zh")


def test_nobody_is_called_too_often():
    alice = Case()
    assert alice.call("04-18", "08:00") is None
    again = alice.call("04-18", "20:59")
    assert isinstance(again, ContactedTooOften)
    assert (again.made, again.allowed, again.next_on) == (1, 1, day("04-19"))
    assert alice.call("04-19") is None
    assert alice.call("04-20") is None

    fourth = alice.call("04-21")

    assert isinstance(fourth, ContactedTooOften)
    assert (fourth.made, fourth.allowed, fourth.next_on) == (3, 3, day("04-25"))
    assert alice.call("04-25") is None


def test_a_promise_is_judged_the_day_after_by_what_was_paid_since():
    alice, bob = Case(), Case()
    for person, paid in ((alice, "50.00"), (bob, "49.99")):
        assert person.promise("04-18", "50.00", "04-25") is None
        person.repay("04-25", paid)
        person.until("04-26")

    assert [(event.value_on, event.kept) for event in alice.of(PromiseJudged)] == [(day("04-26"), True)]
    assert (alice.account.case.promise, alice.account.case.promises_broken) == (None, 0)
    (judged,) = bob.of(PromiseJudged)
    assert (judged.value_on, judged.kept, judged.promised_minor, judged.paid_minor) == (
        day("04-26"), False, 50_00, 49_99,
    )  # fmt: skip
    assert bob.account.case.promises_broken == 1


@pytest.mark.parametrize(
    ("yuan", "pay_by"), [("0.00", "04-25"), ("1000.01", "04-25"), ("10.00", "04-17"), ("10.00", "05-19")]
)
def test_a_promise_that_cannot_be_is_refused_with_its_bounds(yuan, pay_by):
    refused = Case().promise("04-18", yuan, pay_by)

    assert isinstance(refused, PromiseRefused)
    assert (refused.owed_minor, refused.first_on, refused.last_on) == (1000_00, day("04-18"), day("05-18"))


def charge(play: Play, on: str, yuan: str) -> Refusal | None:
    play.until(on)
    command = ChargeCost(line_id=1, amount_minor=parse_yuan(yuan), reason="registered letter")
    decided = decide_cost(play.line, play.account, command, at(on))
    if isinstance(decided, Refusal):
        return decided
    play._load(decided[0])
    return None


def test_a_cost_of_collection_is_owed_with_the_arrears_and_after_charge_off_a_claim():
    alice = Case()
    assert isinstance(charge(alice, "04-09", "20.00"), CostRefused)

    assert charge(alice, "04-20", "20.00") is None
    assert alice.line.cost_minor == 20_00
    alice.until("08-10")
    assert charge(alice, "08-10", "15.00") is None

    assert alice.account.claim_minor("cost") == 35_00
    assert alice.last_entries() == {"CLAIM_COST": "15.00"}


def test_a_cost_is_not_owed_where_a_repayment_found_late_shows_that_nothing_was():
    alice = Case()
    charge(alice, "04-20", "20.00")

    alice.backdate_repayment("04-21", "04-09", "1000.00")

    assert alice.account.owed_minor == 0
    assert alice.line.cost_minor == 0
    alice.until("05-30")
    assert alice.account.case is None


CASES = program_with(collection_days=5, charge_off_days=45)


@settings(max_examples=60, deadline=None)
@given(happenings=st.lists(LATE, max_size=10), days=st.integers(0, 400), between=st.integers(0, 400))
def test_advancing_a_line_with_cases_at_once_or_in_two_steps_is_the_same(happenings, days, between):
    play = play_late(CASES, happenings).play
    b, c = (play.today + timedelta(days=n) for n in sorted((between, days)))

    at_once, steps = advance(play.account, c, CASES)
    first, first_steps = advance(play.account, b, CASES)
    second, second_steps = advance(first, c, CASES)

    assert second == at_once
    assert (*first_steps, *second_steps) == steps
    assert [step.event.value_on for step in steps] == sorted(step.event.value_on for step in steps)
    assert (at_once.case is None) == (at_once.past_due_on() is None and at_once.claimed_minor == 0) or days < 60
