"""The load on the engine: sales in batches of one size, from a process that has nothing else to do.

The submissions are built beforehand (what that takes is told beside) and handed to `Engine.execute` in calls of the batch's
size; the engine may not gather more than one call, so the batch is as large as it says. Two callers a connection keep it
busy, as the queue of a serving process would.
"""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from florin.bench.house import LISTENING, MERCHANTS, Population, Shopper, sale
from florin.bench.load import Sample, run_load
from florin.engine import Engine, Submission

_CALLERS = 2
_WARM_UP_CALLS = 12
_AMOUNT_MINOR_MAX = 5_000


class EngineTask(msgspec.Struct, frozen=True, kw_only=True):
    """batch: submissions of a call. connections: committing ones. listened_to: every sale has a listener, otherwise none."""

    population_file: str
    payments: int
    batch: int
    connections: int
    listened_to: bool = False
    seed: int


def get_ready(task: EngineTask) -> Callable[[], Sample]:
    population = msgspec.json.decode(Path(task.population_file).read_bytes(), type=Population)
    engine = Engine(population.engine_url, connections=task.connections, batch_max=task.batch, name="bench")
    warm_up = _WARM_UP_CALLS * task.connections
    began = time.process_time()
    calls = _calls(engine, population, task, warm_up + max(1, task.payments // task.batch))
    prepared_s = time.process_time() - began
    callers = _CALLERS * task.connections
    _execute(engine, calls[:warm_up], callers)
    # As in the API's process. The collector would walk all the submissions made beforehand, 90 ms for 40,000, at any turn.
    gc.collect()
    gc.freeze()
    measured = calls[warm_up:]
    payments = sum(len(call) for call in measured)
    prepared_us = prepared_s / (payments + warm_up * task.batch) * 1e6

    def work() -> Sample:
        cpu_began, began = time.process_time(), time.monotonic()
        latencies = _execute(engine, measured, callers)
        ended, cpu_ended = time.monotonic(), time.process_time()
        return Sample(
            payments=payments,
            began_s=began,
            ended_s=ended,
            latencies_us=sorted(latencies),
            cpu_s=cpu_ended - cpu_began,
            lanes=sum(_lanes(call) for call in measured) / len(measured),
            prepared_us=prepared_us,
        )

    return work


def _calls(engine: Engine, population: Population, task: EngineTask, count: int) -> list[list[Submission]]:
    """Sales drawn uniformly over all lines; half of them at the big merchant."""
    draw = random.Random(task.seed)  # noqa: S311 - a draw of shoppers, not a secret
    silent = 0 if not task.listened_to else LISTENING

    def one() -> Submission:
        shopper: Shopper = draw.choice(population.shoppers)
        app_id = silent + (1 if draw.random() < 0.5 else draw.randint(2, MERCHANTS))
        return sale(
            engine,
            shopper,
            app_id=app_id,
            merchant_id=population.merchants[app_id],
            key=f"{draw.getrandbits(128):032x}",
            amount_minor=draw.randint(100, _AMOUNT_MINOR_MAX),
        )

    return [[one() for _ in range(task.batch)] for _ in range(count)]


def _execute(engine: Engine, calls: Sequence[Sequence[Submission]], callers: int) -> list[int]:
    """Execute all calls from so many threads; returns how long each took, in microseconds. Raises on any refusal."""
    latencies: list[int] = []
    failures: list[BaseException] = []

    def caller(own: Sequence[Sequence[Submission]]) -> None:
        try:
            for call in own:
                began = time.perf_counter_ns()
                outcomes = engine.execute(call)
                latencies.append((time.perf_counter_ns() - began) // 1_000)
                refused = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
                assert not refused, f"a sale was refused: {refused[0]}"
        except BaseException as failure:  # noqa: BLE001 - told by the thread that waits for us
            failures.append(failure)

    threads = [threading.Thread(target=caller, args=(calls[number::callers],)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return latencies


def _lanes(call: Sequence[Submission]) -> int:
    """How many lanes a batch touches: of its payers, its orders and its keys."""
    return len({identifier >> 40 for one in call for identifier in (one.command.trade_id, one.command.payment_id)})


if __name__ == "__main__":
    run_load(EngineTask, get_ready)
