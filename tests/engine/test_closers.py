"""Closers side by side: nothing twice, nothing forgotten, whoever dies or stands in the way."""

from __future__ import annotations

import subprocess
import threading
from datetime import date
from typing import Any

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine import clock, closers
from florin.engine.close_day import close_day
from florin.engine.closer import Closer
from florin.engine.closers import close_lanes
from world import World

MARCH_31, APRIL_1 = date(2026, 3, 31), date(2026, 4, 1)
SHOPPERS = 24


@pytest.fixture
def midnight(world: World) -> World:
    """Everybody has bought something, the date is rolled, and no cycle is closed yet."""
    for n in range(SHOPPERS):
        world.person(f"shopper-{n}", limit_minor=1_000_000)
        world.buy(f"shopper-{n}", 10_000 + n)
    world.until(MARCH_31)
    clock.roll(world.connection, MARCH_31)
    return world


def billed(world: World) -> list[list[int]]:
    return [[row[2] for row in world.statements(f"shopper-{n}")] for n in range(SHOPPERS)]


ONCE = [[10_000 + n] for n in range(SHOPPERS)]


def due_lanes(world: World) -> list[int]:
    rows = world.connection.execute("SELECT DISTINCT lane FROM line WHERE next_action_on <= %s", (APRIL_1,)).fetchall()
    world.connection.commit()
    return [lane for (lane,) in rows]


@pytest.mark.parametrize("few", [0, 1_000], ids=["in processes of their own", "in this process"])
def test_every_line_is_closed_once_and_a_second_close_finds_nothing(midnight: World, few: int):
    closed = close_lanes(midnight.dsn, midnight.connection, APRIL_1, few=few)
    events = midnight.one("SELECT count(*) FROM event")
    again = close_lanes(midnight.dsn, midnight.connection, APRIL_1, few=few)

    assert (closed, again) == (SHOPPERS, 0)
    assert billed(midnight) == ONCE
    assert midnight.one("SELECT count(*) FROM event") == events
    midnight.assert_books_hold()


def test_two_closers_on_the_same_lanes_share_the_lines(midnight: World):
    lanes, answers = due_lanes(midnight), []

    def close(order: list[int]) -> None:
        closer = Closer(midnight.dsn, name="closer")
        answers.extend(closer.close_lane(lane, APRIL_1) for lane in order)
        closer.close()

    threads = [threading.Thread(target=close, args=(order,)) for order in (lanes, lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(answer.closed for answer in answers) == SHOPPERS
    assert billed(midnight) == ONCE
    midnight.assert_books_hold()


def test_a_closer_that_is_killed_leaves_its_lanes_to_the_next(midnight: World, monkeypatch):
    started: list[subprocess.Popen[bytes]] = []

    class Killed(subprocess.Popen[bytes]):
        """The closers of the first round do not live to see their first lane."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)
            if len(started) <= cores:
                self.kill()

    cores = len(closers.os.sched_getaffinity(0))
    monkeypatch.setattr(closers.subprocess, "Popen", Killed)

    closed = close_lanes(midnight.dsn, midnight.connection, APRIL_1, few=0)

    assert len(started) > cores
    assert closed == SHOPPERS
    assert billed(midnight) == ONCE
    midnight.assert_books_hold()


def test_when_every_closer_dies_the_engine_closes_the_day_alone(midnight: World, monkeypatch):
    monkeypatch.setattr(closers.sys, "executable", "/bin/false")
    monkeypatch.setattr(closers, "FEW", 0)

    day = close_day(midnight.engine, midnight.connection, APRIL_1, bank=midnight.bank)

    assert (day.lines, day.parked) == (SHOPPERS, 0)
    assert billed(midnight) == ONCE


def test_a_line_that_the_database_refuses_is_parked_by_name_and_its_neighbours_are_closed(
    midnight: World, fresh_database: FreshDatabase
):
    """Somebody has put a statement there already: the chunk fails as a whole, the engine finds out whose fault it is."""
    culprit = midnight.line_ids["shopper-5"]
    with psycopg.connect(fresh_database.owner) as owner:
        owner.execute(
            "INSERT INTO statement (lane, line_id, event_id, image_minor, minimum_minor, remaining_minor, minimum_left_minor,"
            " opens_on, closes_on, due_on) SELECT lane, id, 1, 0, 0, 0, 0, '2026-03-01', '2026-04-01', '2026-04-10'"
            " FROM line WHERE id = %s",
            (culprit,),
        )

    day = close_day(midnight.engine, midnight.connection, APRIL_1, bank=midnight.bank)

    assert (day.lines, day.parked) == (SHOPPERS - 1, 1)
    ((line_id, reason),) = midnight.connection.execute("SELECT line_id, reason FROM parked_line").fetchall()
    midnight.connection.commit()
    assert line_id == culprit
    assert "statement_pkey" in reason


def test_a_closer_takes_what_nobody_holds_and_says_what_it_left(midnight: World):
    held = midnight.line_ids["shopper-7"]
    with psycopg.connect(midnight.dsn) as console:
        console.execute("SELECT FROM line WHERE id = %s FOR UPDATE", (held,))

        assert close_lanes(midnight.dsn, midnight.connection, APRIL_1) == SHOPPERS - 1

    assert midnight.statements("shopper-7") == []
    assert close_lanes(midnight.dsn, midnight.connection, APRIL_1) == 1
    assert billed(midnight) == ONCE
