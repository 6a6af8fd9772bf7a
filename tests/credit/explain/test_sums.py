"""Whatever happens to a line, an explanation adds up: each part is the sum of its parts, and the whole is the amount."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import Play
from credit.test_properties import ALL_HAPPENINGS, PROGRAMS, play_out
from credit.test_repayment_hold import holding
from florin.credit.explain import Part, Question, Record, Told, Trace, explain, question_of, tell, trace
from florin.credit.explain.trace import all_debts
from florin.credit.explain.words import CATALOGS
from florin.credit.items import Account, missed_minor
from florin.credit.payoff import payoff
from florin.events import LateCharged, Refunded, Repaid

ALONE = ("owed", "payoff", "available", "interest", "penalty", "credit-balance")


def traced(play: Play, on=None) -> Trace:
    records = [Record(number, event, entries) for number, (event, entries) in enumerate(play.log, start=1)]
    return trace(records, play.program, on or play.today)


def every_part(part: Part) -> Iterator[Part]:
    yield part
    for one in (*part.parts, *part.notes):
        yield from every_part(one)


def adds_up(part: Part) -> None:
    for one in every_part(part):
        if one.parts:
            assert one.amount_minor == sum(below.amount_minor for below in one.parts), one.what
        if one.spans:
            for span in one.spans:
                assert (span.to_on - span.from_on).days == span.days > 0


def can_be_told(part: Part) -> None:
    for language in CATALOGS:
        told = tell(part, language)
        assert "{" not in told.text
        assert msgspec.json.decode(msgspec.json.encode(told), type=Told) == told


def answers(found: Trace) -> Iterator[tuple[Question, Part]]:
    """Every question that can be asked of a line, with its answer."""
    texts = list(ALONE)
    for closes_on, step in found.statements.items():
        close = closes_on.isoformat()
        texts += [f"{what}={close}" for what in ("statement", "minimum", "interest")]
        texts += [f"line={close}/{number}" for number in range(1, len(step.event.lines) + 1)]
    texts += [f"purchase={item}" for item in sorted({step.event.payment_id for step in found.steps} - {0})]
    texts += [f"event={step.id}" for step in found.steps if step.id]
    for text in texts:
        question = question_of(text)
        assert question.text() == text
        yield question, explain(found, question)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14), days=st.integers(0, 90))
def test_every_amount_is_the_sum_of_its_explanation(program, happenings, days):
    play = play_out(program, happenings, lambda history: None).play
    found = traced(play, play.today + timedelta(days=days))
    account: Account = found.account

    for question, answer in answers(found):
        adds_up(answer)
        can_be_told(answer)
        amount_minor = expected(question, found, account)
        assert amount_minor is None or answer.amount_minor == amount_minor, question.text()


def expected(question: Question, found: Trace, account: Account) -> int | None:
    """The amount by another way: the rules' own sums."""
    quote = payoff(account, found.on, found.program)
    step = found.step_of(question.id)
    closed = next((one for one in found.statements if (one.year, one.month, one.day) == _day(question)), None)
    match question.what:
        case "owed":
            return account.owed_minor
        case "payoff":
            return quote.total_minor
        case "interest" if question.month is None:
            return quote.accrued_minor
        case "penalty":
            return quote.accrued_penalty_minor
        case "credit-balance":
            return account.credit_balance_minor
        case "statement":
            return sum(one.remaining_minor for one in account.statements if one.closes_on == closed)
        case "minimum":
            return found.statements[closed].event.minimum_minor
        case "line":
            return found.statements[closed].event.lines[question.number - 1].amount_minor
        case "purchase":
            return sum(minor for debt, minor in all_debts(account) if debt.item_id == question.id)
        case "event" if isinstance(step.event, Repaid | LateCharged):
            return step.event.amount_minor
        case "event" if isinstance(step.event, Refunded):
            return step.event.credit_minor
    return None


def _day(question: Question) -> tuple[int, int, int] | None:
    return (question.month.year, question.month.month, question.day) if question.month else None


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14))
def test_what_is_available_is_what_the_till_would_say(program, happenings):
    play = play_out(program, happenings, lambda history: None).play
    play.until(play.today)

    answer = explain(traced(play), question_of("available"), line=play.line)

    adds_up(answer)
    assert answer.amount_minor == play.available_minor
    assert all(part.what != "available.uncleared" for part in answer.parts)


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14), days=st.integers(1, 60))
def test_what_is_available_names_every_repayment_that_has_not_cleared(program, happenings, days):
    play = play_out(holding(program, days), happenings, lambda history: None).play
    play.until(play.today)

    answer = explain(traced(play), question_of("available"), line=play.line)

    adds_up(answer)
    assert answer.amount_minor == play.available_minor
    uncleared = [part for part in answer.parts if part.what == "available.uncleared"]
    assert sum(part.amount_minor for part in uncleared) == -play.line.uncleared_minor
    told = [part.values["clears_on"] for each in uncleared for part in each.parts]
    assert told == [held.clears_on for held in play.line.particulars.uncleared]


@pytest.mark.parametrize("program", PROGRAMS)
@settings(max_examples=15, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=4, max_size=14))
def test_the_days_of_interest_give_the_exact_amount_that_is_rounded(program, happenings):
    play = play_out(program, happenings, lambda history: None).play
    found = traced(play, play.today + timedelta(days=45))

    for _, answer in answers(found):
        for part in every_part(answer):
            if part.spans:
                exact_minor = sum(Fraction(span.exact) * 100 for span in part.spans)
                assert abs(exact_minor - part.amount_minor) <= Fraction(1, 2) + Fraction(1, 10**9), part.what


@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(ALL_HAPPENINGS, min_size=3, max_size=14))
def test_a_fold_of_what_is_written_is_the_account(happenings):
    play = play_out(PROGRAMS[0], happenings, lambda history: None).play

    found = traced(play)

    assert found.account == play.account
    assert [missed_minor(found.account, one) for one in found.statements] == [
        missed_minor(play.account, one) for one in found.statements
    ]


def test_both_catalogs_say_the_same_things():
    english, chinese = CATALOGS["en"], CATALOGS["zh"]

    assert english.keys() == chinese.keys()
