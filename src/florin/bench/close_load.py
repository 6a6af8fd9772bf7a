"""The load beside the day close: so many authorizations a second, whether or not the house keeps up.

Each is due at its own moment, and its latency counts from then: a house that stands still for a second shows it in the two
hundred payments that were due in it, not in one. Payers are drawn uniformly over all accounts.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from florin.bench.close_book import APP, read_population
from florin.bench.load import run_load
from florin.engine import ClaimKind, Engine, Submission, claim, lane_for, lane_of
from florin.payments.charge import Charge
from florin.payments.trade import Flow

_AMOUNT_MINOR_MAX = 5_000
_CONNECTIONS = 1


class LiveTask(msgspec.Struct, frozen=True, kw_only=True):
    """rate: authorizations a second."""

    engine_url: str
    population_file: str
    merchant_id: int
    rate: int
    seed: int


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """One authorization. due_s: on the machine's monotonic clock. refusal: its name, empty when there is none."""

    due_s: float
    latency_us: int
    refusal: str


class LiveSample(msgspec.Struct, frozen=True, kw_only=True):
    cpu_s: float
    answers: list[Answered]


def get_ready(task: LiveTask) -> Callable[[], LiveSample]:
    persons, lines = read_population(Path(task.population_file))
    engine = Engine(task.engine_url, connections=_CONNECTIONS, name="live")
    draw = random.Random(task.seed)  # noqa: S311 - a draw of payers, not a secret
    answers: list[Answered] = []
    stopped = threading.Event()

    def authorize() -> Submission:
        place = draw.randrange(len(lines))
        key = f"{draw.getrandbits(128):032x}"
        amount_minor = draw.randint(100, _AMOUNT_MINOR_MAX)
        command = Charge(
            trade_id=engine.new_id(lane_for(f"{APP}/{key}")), payment_id=engine.new_id(lane_of(lines[place])), app_id=APP,
            merchant_id=task.merchant_id, out_trade_no=key, amount_minor=amount_minor, subject="Tea", flow=Flow.MANUAL,
            person_id=persons[place], line_id=lines[place], credit_minor=amount_minor, capture=False,
        )  # fmt: skip
        return Submission(command=command, claims=(claim(ClaimKind.REQUEST, APP, key, amount_minor),))

    async def one(due_s: float) -> None:
        outcome = (await engine.execute_async([authorize()]))[0]
        latency_us = round((time.monotonic() - due_s) * 1e6)
        answers.append(Answered(due_s, latency_us, outcome.refusal.name if outcome.refusal else ""))

    async def all_of_them() -> None:
        running: set[asyncio.Task[None]] = set()
        due_s = time.monotonic()
        while not stopped.is_set():
            due_s += 1 / task.rate
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            running.add(asyncio.create_task(one(due_s)))
            running = {each for each in running if not each.done()}
        await asyncio.gather(*running)

    def stop_when_told() -> None:
        sys.stdin.buffer.readline()
        stopped.set()

    def work() -> LiveSample:
        threading.Thread(target=stop_when_told, daemon=True).start()
        cpu_began = time.process_time()
        asyncio.run(all_of_them())
        cpu_s = time.process_time() - cpu_began
        engine.close()
        return LiveSample(cpu_s=cpu_s, answers=answers)

    gc.collect()
    gc.freeze()
    return work


if __name__ == "__main__":
    run_load(LiveTask, get_ready)
