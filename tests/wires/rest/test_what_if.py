"""A change tried on the live book over REST: what it would bring, and what is refused."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import psycopg

from florin.queries import what_if
from florin.queries.what_if import _TAKE_TURN, _TURN
from florin.wires.rest.serve import CALLER_GONE, Answer, _while_waited_for
from florin.wires.rest.what_if import _running, end_what_ifs
from wires.rest.house import RestHouse

PATH = "/v1/owner/what-ifs"
NOTHING_SOLD = '[[limits]]\nprogram = "huabei"\nscale = 0\nwhere = { utilization_below = 2 }\n'


def test_a_change_is_tried_in_a_process_of_its_own_and_nothing_is_changed(house: RestHouse):
    world = house.world
    for name in ("iris", "june"):
        world.person(name, limit_minor=200_000)
        world.buy(name, 50_000)
    world.until(date(2026, 3, 6))
    asked = {"toml": NOTHING_SOLD, "months": 2, "draws": 2}

    answered = house.owner.post(PATH, asked)
    wrong = house.owner.post(PATH, asked | {"toml": NOTHING_SOLD.replace("huabei", "huabey")})
    many = house.owner.post(PATH, asked | {"draws": 999})
    others = house.shop.post(PATH, asked)

    found = answered.json()
    totals = {each["name"]: each for each in found["totals"]}
    assert answered.status_code == 200, answered.text
    assert (found["book"]["lines"], found["months_count"], found["draws"]) == (len(world.line_ids), 2, 2)
    assert totals["sales"]["today"]["low"] > 0 == totals["sales"]["changed"]["high"]
    assert found["change"]["limits"][0]["where"] == {"utilization_below": "2"}
    assert wrong.json()["errors"][0]["field"] == "toml:2"
    assert (wrong.status_code, many.json()["errors"][0]["field"], others.status_code) == (422, "draws", 403)
    assert world.line("iris").limit_minor == 200_000


def test_one_runs_at_a_time(house: RestHouse):
    with psycopg.connect(house.world.dsn) as other:
        other.execute(_TAKE_TURN, {"turn": _TURN})

        refused = house.owner.post(PATH, {"toml": NOTHING_SOLD})

    assert (refused.status_code, refused.json()["code"]) == (503, "WhatIfRuns")
    assert refused.headers["retry-after"]


def test_without_its_database_it_says_so():
    asked = what_if.Asked(dsn="postgresql://127.0.0.1:9/none", change="", months=1, draws=1, seed=1, lines_max=9)

    assert what_if.answer(asked) == what_if.Away()


def test_it_ends_with_whoever_asked_and_when_the_server_stops(house: RestHouse):
    async def ended_by(end: Callable[[asyncio.subprocess.Process], None]) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", what_if.__name__, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(asked) + b"\n")
        async with asyncio.timeout(30):
            end(process)
            return await process.wait()

    def leave(process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()

    def stop(process: asyncio.subprocess.Process) -> None:
        _running.add(process)
        end_what_ifs()
        _running.discard(process)

    with psycopg.connect(house.world.dsn) as other:
        other.execute(
            "LOCK TABLE line IN ACCESS EXCLUSIVE MODE"
        )  # what is asked would wait for it, and for nobody's end
        asked = what_if.Asked(dsn=house.world.dsn, change=NOTHING_SOLD, months=1, draws=1, seed=1, lines_max=9)

        assert asyncio.run(ended_by(leave)) == 1
        assert asyncio.run(ended_by(stop)) == -signal.SIGKILL


def test_what_takes_long_is_ended_when_its_caller_goes_away_and_answered_when_he_stays():
    ended = []

    async def work(seconds: float) -> Answer:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            ended.append("ended")
            raise
        return Answer("done")

    async def receive_then(seconds: float) -> Any:
        await asyncio.sleep(seconds)
        return {"type": "http.disconnect"}

    async def both() -> tuple[Answer, Answer]:
        left = await _while_waited_for(work(60), lambda: receive_then(0))
        assert ended == ["ended"]
        return left, await _while_waited_for(work(0), lambda: receive_then(60))

    left, stayed = asyncio.run(both())

    assert (left.status, stayed.body, ended) == (CALLER_GONE, "done", ["ended"])
