"""Reminders: each step once a statement, silence while collection is paused or a promise is open."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.explain.stories import answer
from credit.play import Play, at, day, program_with
from credit.test_collect import Case
from credit.test_properties import (
    HAPPENINGS,
    a_fold_of_all_events_is_the_live_state,
    every_stage_is_in_the_book,
    play_out,
    the_line_is_the_book_and_will_be_the_account,
    without_charge_off,
)
from florin.credit.account import advance, evolve
from florin.credit.collect import CollectionIsPaused
from florin.credit.correction import fold
from florin.credit.explain import tell
from florin.credit.freeze import LineIsClosed
from florin.credit.line import LineState
from florin.credit.pause import NotPaused, PauseCollection, PauseOutOfRange, ResumeCollection, decide, paused_on
from florin.credit.terms import DunningStep, LateCharge, Program
from florin.events import CaseOpened, ChargedOff, LateCharged, LineClosed, Reminded
from florin.events.refusals import Refusal

STEPS = (
    DunningStep(days_past_due=-3, text="due_soon"),
    DunningStep(days_past_due=0, text="due_today"),
    DunningStep(days_past_due=5, text="past_due"),
    DunningStep(days_past_due=20, text="urgent", channel="letter"),
    DunningStep(days_past_due=60, text="final", channel="letter"),
)
PROGRAM = program_with(dunning=STEPS)


def owing(program: Program = PROGRAM) -> Play:
    """1,000.00 of 5 March, billed on 1 April, due on the 10th, at least 100.00."""
    alice = Play(program)
    alice.buy("03-05", "1000.00", 11)
    return alice


def told(play: Play) -> list[tuple[date, str]]:
    return [(event.value_on, event.text) for event in play.events if isinstance(event, Reminded)]


def paused(play: Play, on: str, until: str) -> Refusal | None:
    play.until(on)
    command = PauseCollection(line_id=1, until_on=day(until), reason="lost her job")
    return play._decided(decide(play.line, play.account, command, at(on), program=play.program))


def resumed(play: Play, on: str) -> Refusal | None:
    play.until(on)
    command = ResumeCollection(line_id=1, reason="works again")
    return play._decided(decide(play.line, play.account, command, at(on), program=play.program))


# ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_steps_before_the_due_day_are_for_every_bill_and_later_ones_for_the_oldest_that_is_past_due():
    alice = owing()
    alice.until("06-20")

    assert told(alice) == [
        (day("04-07"), "due_soon"),
        (day("04-10"), "due_today"),
        (day("04-15"), "past_due"),
        (day("04-30"), "urgent"),
        (day("05-07"), "due_soon"),
        (day("05-10"), "due_today"),
        (day("06-07"), "due_soon"),
        (day("06-09"), "final"),
        (day("06-10"), "due_today"),
    ]


def test_a_reminder_says_what_is_due_and_how_it_is_sent():
    alice = owing()
    alice.repay("04-12", "20.00")
    alice.until("04-30")

    (first, *_, last) = [event for event in alice.events if isinstance(event, Reminded)]
    assert (first.closes_on, first.due_on, first.days_past_due, first.due_minor) == (
        day("04-01"),
        day("04-10"),
        -3,
        1000_00,
    )
    assert (last.channel, last.days_past_due, last.due_minor) == ("letter", 20, 980_00)


def test_who_has_paid_hears_nothing_and_the_clock_has_nothing_to_do():
    alice = owing()
    alice.repay("04-05", "1000.00")
    alice.until("07-01")

    assert told(alice) == []
    assert alice.line.next_action_on == date.max


def test_who_paid_the_minimum_is_not_late():
    alice = owing()
    alice.repay("04-08", "100.00")
    alice.until("04-30")

    assert told(alice) == [(day("04-07"), "due_soon"), (day("04-10"), "due_today")]


def test_when_the_oldest_is_cured_the_next_one_speaks_and_says_only_the_newest_step():
    alice = owing(program_with(dunning=STEPS, interest_daily_rate=Decimal(0)))
    alice.buy("04-05", "1000.00", 12)
    alice.until("06-05")
    before = len(told(alice))

    alice.repay("06-05", "100.00")
    alice.until("06-06")

    assert told(alice)[before:] == [(day("06-06"), "urgent")]
    assert alice.events[-1].closes_on == day("05-01")


def test_a_step_earlier_than_the_bill_comes_with_the_bill():
    alice = owing(program_with(dunning=(DunningStep(days_past_due=-30, text="due_soon"),)))
    alice.until("04-02")

    assert told(alice) == [(day("04-01"), "due_soon")]


def test_a_reminder_of_a_history_that_turned_out_otherwise_says_nothing_to_the_account():
    alice = owing()
    alice.until("04-20")
    reminded = next(event for event in alice.events if isinstance(event, Reminded))

    account, entries = evolve(Play(PROGRAM).account, reminded, PROGRAM)

    assert (account.statements, entries) == ((), ())


def test_a_repayment_found_later_leaves_reminders_as_they_were_and_none_is_said_again():
    alice = owing()
    alice.until("04-20")
    alice.backdate_repayment("04-20", "04-09", "100.00")
    before = told(alice)

    alice.until("05-06")

    assert told(alice) == before
    assert fold(alice.events, PROGRAM).account == alice.account


# ── a promise, a pause ────────────────────────────────────────────────────────────────────────────────────────────


def test_while_a_promise_is_open_nobody_is_reminded_and_afterwards_only_the_newest_step_is_said():
    alice = Case()
    alice.until("04-18")
    before = len(told(alice))
    assert alice.promise("04-18", "50.00", "05-14") is None

    alice.until("05-20")

    assert told(alice)[before:] == [(day("05-15"), "final")]


def test_while_collection_is_paused_nobody_is_reminded_charged_for_being_late_or_charged_off():
    program = program_with(
        dunning=STEPS,
        late_charges=(LateCharge(days_past_due=5, amount_minor=10_00),),
        collection_days=7,
        charge_off_days=30,
        interest_daily_rate=Decimal("0.0005"),
    )
    alice = owing(program)
    assert paused(alice, "04-12", "06-01") is None
    alice.until("06-01")
    assert told(alice) == [(day("04-07"), "due_soon"), (day("04-10"), "due_today")]
    assert not [event for event in alice.events if isinstance(event, LateCharged | CaseOpened | ChargedOff)]
    # Interest runs on: 52 days of 0.50.
    assert alice.line.interest_minor == 26_00

    alice.until("06-02")

    kinds = [type(event) for event in alice.events if event.value_on == day("06-02")]
    assert LateCharged in kinds
    assert ChargedOff in kinds


def test_after_a_pause_the_newest_step_is_said_and_none_before_it():
    alice = owing()
    assert paused(alice, "04-12", "05-05") is None
    alice.until("05-06")

    assert told(alice)[2:] == [(day("05-06"), "urgent")]


def test_a_pause_ends_early_by_command():
    alice = owing()
    assert paused(alice, "04-12", "06-01") is None
    alice.until("04-20")
    assert resumed(alice, "04-20") is None
    assert not paused_on(alice.account, day("04-20"))
    alice.until("04-21")

    assert told(alice)[2:] == [(day("04-21"), "past_due")]
    assert isinstance(resumed(alice, "04-21"), NotPaused)


def test_a_daily_penalty_is_not_borne_in_a_pause_where_the_terms_say_so():
    terms = {"penalty_daily_rate": Decimal("0.0005"), "interest_daily_rate": Decimal(0), "penalty_on": "principal"}
    stops, runs_on = owing(program_with(pause_stops=("penalty",), **terms)), owing(program_with(**terms))
    for alice in (stops, runs_on):
        assert paused(alice, "04-15", "04-24") is None
        assert paused(alice, "04-28", "04-29") is None
        alice.until("05-01")

    # 0.50 a day from 10 April: 21 days, of which twelve in a pause.
    assert runs_on.line.penalty_minor == 10_50
    assert stops.line.penalty_minor == 4_50


def test_a_pause_has_an_end_within_the_terms_and_needs_a_line_that_may_be_late():
    alice = owing()
    refused = paused(alice, "04-12", "07-12")
    assert isinstance(refused, PauseOutOfRange)
    assert (refused.first_on, refused.last_on) == (day("04-12"), day("07-11"))
    assert isinstance(paused(alice, "04-12", "04-11"), PauseOutOfRange)
    assert isinstance(resumed(alice, "04-12"), NotPaused)
    assert "2026年7月11日" in refused.sentence("zh")

    closed = Play(PROGRAM)
    closed._hot(LineClosed(value_on=day("03-05"), line_id=1, person_id=7, reason="asked"))
    assert closed.line.state is LineState.CLOSED
    assert isinstance(paused(closed, "03-06", "03-07"), LineIsClosed)


def test_nobody_is_contacted_while_collection_is_paused():
    alice = Case()
    alice.until("04-18")
    assert paused(alice, "04-18", "04-30") is None

    refused = alice.call("04-20")

    assert isinstance(refused, CollectionIsPaused)
    assert refused.next_on == day("05-01")
    assert alice.call("05-01") is None


# ── laws ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_PROGRAMS = [
    without_charge_off(program_with(dunning=STEPS)),
    without_charge_off(program_with(dunning=STEPS, credit_balance_to_wallet=False, grace_days=4)),
]


@pytest.mark.parametrize("program", _PROGRAMS)
@settings(max_examples=40, deadline=None)
@given(
    happenings=st.lists(HAPPENINGS, min_size=2, max_size=10),
    pause_days=st.integers(0, 80),
    days=st.integers(0, 200),
    between=st.integers(0, 200),
)
def test_no_step_is_taken_twice_and_it_does_not_matter_when_the_account_was_looked_at(
    program, happenings, pause_days, days, between
):
    play = play_out(program, happenings, the_line_is_the_book_and_will_be_the_account).play
    assert paused(play, play.today.isoformat(), (play.today + timedelta(days=pause_days)).isoformat()) is None
    b, c = (play.today + timedelta(days=n) for n in sorted((between, days)))

    at_once, steps = advance(play.account, c, program)
    first, first_steps = advance(play.account, b, program)
    second, second_steps = advance(first, c, program)

    assert (second, (*first_steps, *second_steps)) == (at_once, steps)
    play.until(c)
    taken = [(event.closes_on, event.days_past_due) for event in play.events if isinstance(event, Reminded)]
    assert len(taken) == len(set(taken))
    every_stage_is_in_the_book(play)
    a_fold_of_all_events_is_the_live_state(play)


def test_a_reminder_and_a_pause_are_explained_in_both_languages():
    alice = owing()
    assert paused(alice, "04-11", "04-13") is None
    alice.until("04-16")
    numbers = {type(event).__name__: number for number, (event, _) in enumerate(alice.log, start=1)}

    said = {
        (name, language): tell(answer(alice, "04-16", f"event={numbers[name]}"), language).text
        for name in ("Reminded", "CollectionPaused")
        for language in ("en", "zh")
    }

    assert said["Reminded", "en"] == "15 April 2026: reminded of ¥1,000.00, due since 10 April 2026, 5 days before"
    assert said["Reminded", "zh"] == "2026年4月15日：提醒还款 ¥1,000.00，已于 5 天前（2026年4月10日）到期"
    assert "paused through 13 April 2026 (lost her job)" in said["CollectionPaused", "en"]
    assert "暂停催收至2026年4月13日" in said["CollectionPaused", "zh"]
