"""Moving the cycle day: the running cycle goes on to the new day, and nothing is billed twice or never."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from credit.play import HUABEI, Play, at, day, preset_with
from florin.credit.freeze import LineIsClosed
from florin.credit.line import LineState
from florin.credit.move_cycle import (
    CycleDayOutOfRange,
    CycleDayUnchanged,
    CycleMovedAlready,
    CycleMoveWhilePastDue,
    MoveCycle,
    NoCycleToMove,
    decide,
    moved_due_day,
)
from florin.events.refusals import Refusal

TEA_SET, PHONE, LAMP = 11, 12, 14


def move(alice: Play, on: str, cycle_day: int) -> Refusal | None:
    alice.until(on)
    command = MoveCycle(line_id=1, cycle_day=cycle_day)
    decided = decide(alice.line, alice.account, command, at(on), program=alice.program)
    if isinstance(decided, Refusal):
        return decided
    alice._load(decided[0])
    return None


def cycles(alice: Play) -> list[tuple[str, str, str]]:
    return [(f"{s.opens_on:%m-%d}", f"{s.closes_on:%m-%d}", f"{s.due_on:%m-%d}") for s in alice.statements]


def test_moved_to_a_later_day_the_running_cycle_closes_sooner_and_the_next_a_month_on():
    alice = Play()
    alice.buy("04-03", "100.00", TEA_SET)
    assert move(alice, "04-05", 20) is None
    alice.buy("04-25", "50.00", LAMP)
    alice.until("06-01")

    assert cycles(alice) == [("04-01", "04-20", "04-29"), ("04-20", "05-20", "05-29")]
    assert alice.images == {"04-20": "100.00", "05-20": "51.05"}  # and 21 days of interest


def test_moved_when_the_new_day_is_past_the_running_cycle_goes_on_to_next_month():
    alice = Play()
    alice.buy("04-03", "100.00", TEA_SET)
    assert move(alice, "04-25", 20) is None
    alice.buy("04-26", "50.00", LAMP)
    alice.until("06-21")

    assert cycles(alice)[0] == ("04-01", "05-20", "05-29")
    assert alice.images["05-20"] == "150.00"


def test_the_hot_path_knows_the_new_close_day():
    alice = Play()
    assert move(alice, "04-05", 20) is None

    assert alice.line.cycle_day == 20
    alice.buy("04-06", "10.00", TEA_SET)
    assert alice.program.first_bill_on(day("04-06"), alice.line.cycle_day) == day("04-20")


def test_what_is_billed_already_keeps_its_due_day():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)
    assert move(alice, "04-02", 20) is None
    alice.until("04-11")

    assert alice.line.past_due_on == day("04-10")


def test_each_installment_is_billed_once_at_the_first_close_of_its_day_or_after():
    alice = Play()
    alice.buy("03-05", "300.00", PHONE, installments=3)
    alice.until("04-02")
    assert move(alice, "04-05", 20) is None
    alice.until("09-01")

    billed = [
        (f"{statement.closes_on:%m-%d}", line.number)
        for statement in alice.statements
        for line in statement.lines
        if line.what == "installment"
    ]
    assert billed == [("04-01", 1), ("05-20", 2), ("06-20", 3)]


@pytest.mark.parametrize(("cycle_day", "due_day"), [(20, 29), (22, 31), (25, 3), (31, 9), (2, 11)])
def test_the_due_day_keeps_its_distance(cycle_day, due_day):
    assert moved_due_day(HUABEI.versions[0].terms, cycle_day) == due_day


def test_where_the_terms_count_days_from_the_close_they_go_on_to():
    alice = Play(preset_with("baitiao-bill"))
    alice.buy("04-03", "100.00", TEA_SET)
    assert move(alice, "04-05", 31) is None
    alice.until("05-01")

    assert cycles(alice) == [("04-01", "04-30", "05-09")]


@pytest.mark.parametrize("cycle_day", [0, 32, -1])
def test_a_day_that_no_month_has_is_refused(cycle_day):
    assert move(Play(), "04-05", cycle_day) == CycleDayOutOfRange(cycle_day=cycle_day)


def test_the_day_it_has_already_is_refused():
    alice = Play()
    assert move(alice, "04-05", 1) == CycleDayUnchanged(cycle_day=1, line_id=1)


def test_it_moves_once_a_cycle_and_says_when_it_can_again():
    alice = Play()
    assert move(alice, "04-05", 20) is None

    again = move(alice, "04-19", 15)
    assert again == CycleMovedAlready(moved_on=day("04-05"), again_on=day("04-20"), line_id=1)
    assert again.sentence() == (
        "You moved your bill day on 5 April 2026. It can be moved again from 20 April 2026, after your next bill."
    )
    assert move(alice, "04-20", 15) is None


def test_it_does_not_move_while_past_due():
    alice = Play()
    alice.buy("03-05", "1000.00", TEA_SET)

    assert move(alice, "04-11", 20) == CycleMoveWhilePastDue(due_on=day("04-10"), line_id=1)
    alice.repay("04-12", "100.00")
    assert move(alice, "04-12", 20) is None


def test_a_line_without_bills_and_a_closed_one_have_no_cycle_to_move():
    orders, closed = Play(preset_with("pay-in-4")), Play()
    closed.line = replace(closed.line, state=LineState.CLOSED)

    assert move(orders, "04-05", 20) == NoCycleToMove(line_id=1)
    command = MoveCycle(line_id=1, cycle_day=20)
    assert decide(closed.line, closed.account, command, at("04-05"), program=HUABEI) == LineIsClosed(line_id=1)


def test_a_bill_of_today_is_made_on_the_old_day_first():
    alice = Play()
    alice.buy("03-05", "100.00", TEA_SET)
    assert move(alice, "04-01", 20) is None
    alice.until("04-30")

    assert cycles(alice) == [("03-01", "04-01", "04-10"), ("04-01", "04-20", "04-29")]
    assert alice.images == {"04-01": "100.00", "04-20": "0.50"}  # ten days from 10 April on 100.00


def test_interest_of_a_card_runs_on_through_a_long_cycle():
    alice = Play(preset_with("fenfu"), opened="04-01")
    alice.buy("04-01", "1000.00", TEA_SET)
    assert move(alice, "04-25", 20) is None
    alice.until("05-20")

    assert alice.statements[0].lines[-1].amount_minor == 19_60  # 49 days at 0.04 %
