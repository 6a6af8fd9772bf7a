"""A line as of a day, by what counts and by what was known; folded from its events, and nothing is written."""

from __future__ import annotations

from datetime import date

import pytest

from florin.credit.autopay import SetAutopay
from florin.credit.close import CloseLine
from florin.credit.freeze import FreezeLine
from florin.credit.limit import GiveUplift
from florin.credit.repay import Repay
from florin.queries import ReadPool
from florin.queries.as_of import DayOutOfRange, LineAsOf, line_as_of_day
from world import World

MARCH_2, MARCH_10, APRIL_8, APRIL_12, APRIL_20 = (
    date(2026, *day) for day in ((3, 2), (3, 10), (4, 8), (4, 12), (4, 20))
)


def seen(reads: ReadPool, world: World, on: date, known_on: date) -> LineAsOf:
    def question(connection):
        return line_as_of_day(connection, line_id=world.line_ids["alice"], on=on, known_on=known_on, today=world.today)

    view = reads.ask(question)
    assert view is not None
    return view


def test_today_by_all_that_is_known_is_the_row(reads: ReadPool, pages_reads: ReadPool, world: World):
    world.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
    world.authorize("alice", 3_000)
    kept = world.buy("alice", 20_000, app=1)
    world.buy("alice", 60_000, installments=3)
    world.until(MARCH_10)
    world.receive(kept.event_id)
    world.buy("alice", 5_000, app=1)
    world.do(FreezeLine(line_id=world.line_ids["alice"], reason="lost"))
    world.until(APRIL_12)
    world.repay("alice", 1_000)

    view = seen(reads, world, APRIL_12, APRIL_12)

    assert view.line == world.line("alice")
    assert seen(pages_reads, world, APRIL_12, APRIL_12) == view


def test_her_own_wishes_are_as_they_were(reads: ReadPool, world: World):
    world.person("alice", limit_minor=1_000_000)
    line_id = world.line_ids["alice"]
    world.buy("alice", 60_000, installments=3)
    world.do(GiveUplift(line_id=line_id, amount_minor=50_000, until_on=APRIL_8, reason="festival"))
    world.until(MARCH_10)
    world.do(SetAutopay(line_id=line_id, sources=("bank",)))
    world.do(CloseLine(line_id=line_id, reason="moved away", when_paid=True))
    world.until(APRIL_8)

    then, now = seen(reads, world, MARCH_2, APRIL_8), seen(reads, world, APRIL_8, APRIL_8)

    assert (then.line.particulars.autopay, then.line.particulars.closing) == (None, False)
    assert now.line == world.line("alice")
    assert (now.line.particulars.autopay, now.line.particulars.closing) == (("bank",), True)


def test_a_repayment_booked_late_counts_on_its_day_for_who_knows_of_it(reads: ReadPool, world: World):
    world.person("alice", limit_minor=1_000_000)
    world.buy("alice", 100_000)
    world.until(APRIL_20)
    command = Repay(
        line_id=world.line_ids["alice"], amount_minor=100_000, source="bank", reference="B", value_on=APRIL_8
    )
    assert world.do(command).refusal is None

    was, is_now, before = (
        seen(reads, world, *days) for days in ((APRIL_12, APRIL_12), (APRIL_12, APRIL_20), (MARCH_2, APRIL_20))
    )

    assert (was.line.past_due_on, was.payoff.total_minor) == (date(2026, 4, 10), 100_100)
    assert (is_now.line.past_due_on, is_now.payoff.total_minor) == (None, 0)
    assert (before.line.principal_minor, before.line.due_minor) == (100_000, 0)


@pytest.mark.parametrize(
    ("on", "known_on", "which"), [(date(2026, 3, 1), MARCH_10, "on"), (MARCH_2, APRIL_8, "known_on")]
)
def test_a_day_outside_of_the_lines_life_is_refused_by_name(reads: ReadPool, world: World, on, known_on, which):
    world.person("alice", limit_minor=1_000_000)
    world.until(MARCH_10)

    with pytest.raises(DayOutOfRange) as refused:
        seen(reads, world, on, known_on)

    assert (refused.value.which, refused.value.fix) == (
        which,
        "Choose a day from 2026-03-02, when it was opened, to 2026-03-10.",
    )


def test_a_line_that_is_not_there_is_none(reads: ReadPool, world: World):
    assert reads.ask(line_as_of_day, line_id=7, on=MARCH_2, known_on=MARCH_2, today=MARCH_2) is None
