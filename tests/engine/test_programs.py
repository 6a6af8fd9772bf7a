"""Every program lives in the engine: bought, billed, late, repaid, with the books proved at each day's close."""

from __future__ import annotations

from datetime import date, timedelta

from florin.credit.move_cycle import CycleMovedAlready, CycleMoveWhilePastDue, MoveCycle
from florin.credit.open import OpenLine
from florin.engine import lane_of
from florin.presets import preset_names
from world import World


def opened(world: World, name: str, program: str) -> None:
    person_id = world.person(name)
    line_id = world.line_ids[name] = world.engine.new_id(lane_of(person_id))
    command = OpenLine(person_id=person_id, line_id=line_id, program=program, limit_minor=200_000)
    assert world.do(command).refusal is None


def test_a_line_of_each_program_is_late_for_four_months_and_then_paid_off(world: World):
    for program in preset_names():
        opened(world, program, program)
        assert world.buy(program, 100_000).refusal is None

    world.until(world.today + timedelta(days=125))
    late = [world.line(program) for program in preset_names()]
    for program in preset_names():
        assert world.repay(program, 200_000, "bank").refusal is None
    world.until(world.today + timedelta(days=35))

    for before, program in zip(late, preset_names(), strict=True):
        line = world.line(program)
        assert before.past_due_on is not None, program
        assert before.due_minor >= 100_000
        assert (line.principal_minor, line.interest_minor, line.penalty_minor, line.due_minor) == (0, 0, 0, 0), program
        assert line.past_due_on is None


def test_a_moved_cycle_closes_on_its_new_day(world: World):
    opened(world, "bob", "huabei")
    assert world.buy("bob", 10_000).refusal is None
    moved = world.do(MoveCycle(line_id=world.line_ids["bob"], cycle_day=20))

    assert moved.refusal is None
    assert (moved.event.cycle_day, moved.event.due_day) == (20, 29)
    assert world.line("bob").cycle_day == 20
    world.until(date(2026, 3, 25))
    assert world.buy("bob", 5_000).refusal is None
    world.until(date(2026, 4, 21))
    bills = [(closes_on, due_on, image) for closes_on, due_on, image, *_ in world.statements("bob")]
    assert bills[0] == (date(2026, 3, 20), date(2026, 3, 29), 10_000)
    assert [closes_on for closes_on, *_ in bills] == [date(2026, 3, 20), date(2026, 4, 20)]


def test_the_engine_refuses_to_move_a_cycle_twice_or_while_past_due(world: World):
    opened(world, "bob", "huabei")
    world.buy("bob", 10_000)
    line_id = world.line_ids["bob"]
    assert world.do(MoveCycle(line_id=line_id, cycle_day=20)).refusal is None

    again = world.do(MoveCycle(line_id=line_id, cycle_day=15))
    world.until(date(2026, 3, 31))
    late = world.do(MoveCycle(line_id=line_id, cycle_day=15))

    assert isinstance(again.refusal, CycleMovedAlready)
    assert late.refusal == CycleMoveWhilePastDue(due_on=date(2026, 3, 29), line_id=line_id)
