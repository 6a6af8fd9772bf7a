"""The load on the outbox: sales at a steady rate, through the engine alone, each told to a listener.

What is measured is not here: how long after its sale each message was heard stands in the outbox.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from florin.bench.house import Population, sale
from florin.bench.load import Sample, run_load
from florin.engine import Engine, Submission
from florin.payments.trade import TradeDetail

_BEATS_PER_S = 50


class ToldTask(msgspec.Struct, frozen=True, kw_only=True):
    """rate: sales a second, all of one app. notify_url: where each is told; empty: where the merchant's endpoint is."""

    population_file: str
    app_id: int
    merchant_id: int
    notify_url: str
    rate: int
    seconds: float
    run: str


def get_ready(task: ToldTask) -> Callable[[], Sample]:
    population = msgspec.json.decode(Path(task.population_file).read_bytes(), type=Population)
    engine = Engine(population.engine_url, connections=2, name="bench")
    draw = random.Random(task.run)  # noqa: S311 - a draw of shoppers, not a secret
    detail = TradeDetail(charset="utf-8", notify_url=task.notify_url)

    def one(number: int) -> Submission:
        submission = sale(
            engine,
            draw.choice(population.shoppers),
            app_id=task.app_id,
            merchant_id=task.merchant_id,
            key=f"{task.run}-{number}",
            amount_minor=draw.randint(100, 5_000),
        )
        return replace(submission, command=replace(submission.command, detail=detail))

    beat = max(1, task.rate // _BEATS_PER_S)
    total = int(task.rate * task.seconds)
    calls = [[one(number) for number in range(first, first + beat)] for first in range(0, total, beat)]

    def work() -> Sample:
        """A beat that comes too late follows at once: the rate is then what the machine could do."""
        latencies, cpu_began, began = [], time.process_time(), time.monotonic()
        for number, call in enumerate(calls):
            time.sleep(max(0.0, began + number * beat / task.rate - time.monotonic()))
            sent = time.perf_counter_ns()
            refused = [outcome.refusal for outcome in engine.execute(call) if outcome.refusal is not None]
            assert not refused, f"a sale was refused: {refused[0]}"
            latencies.append((time.perf_counter_ns() - sent) // 1_000)
        return Sample(
            payments=len(calls) * beat,
            began_s=began,
            ended_s=time.monotonic(),
            latencies_us=sorted(latencies),
            cpu_s=time.process_time() - cpu_began,
        )

    return work


if __name__ == "__main__":
    run_load(ToldTask, get_ready)
