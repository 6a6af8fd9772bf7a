"""Lanes: people in slices of a fixed size, simulated in any number of processes, and added up in the order of the slices.

`run_lanes` is the only door to a pool of processes, or to Ray where that is installed and asked for. What it gives never
depends on how many work: which people are a lane is said by the size of a lane alone, and results come back in the lanes'
order.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Literal, TypeVar

import numpy as np

from florin.lab.arrays import Bits

LANE_SIZE = 8_192
Pool = Literal["processes", "ray"]

_Lane = TypeVar("_Lane")
_Result = TypeVar("_Result")
Task = Callable[[_Lane], _Result]
Progress = Callable[[int, int], None]


class PoolMissing(RuntimeError):
    """A pool that is asked for and not installed."""


def lanes_of(people: int, size: int = LANE_SIZE) -> list[Bits]:
    """The numbers 0 to people, cut into lanes of `size`; the last one is shorter. Raises ValueError below one person."""
    if people < 1 or size < 1:
        raise ValueError(f"{people} people in lanes of {size} cannot be: both are at least 1.")
    return [np.arange(first, min(first + size, people), dtype=np.uint64) for first in range(0, people, size)]


def run_lanes(
    task: Task[_Lane, _Result],
    lanes: Sequence[_Lane],
    *,
    processes: int | None = None,
    pool: Pool = "processes",
    progress: Progress | None = None,
) -> list[_Result]:
    """What `task` makes of each lane, in the lanes' order. task, lanes: can be pickled; task draws by key alone.

    processes: 1 stays in this one; None: as many as there are cores, or lanes if fewer. progress: is told (done, of).
    """
    wanted = min(len(lanes), processes or os.cpu_count() or 1)
    if wanted < 1:
        return []
    found: list[_Result] = []
    for result in _results(task, lanes, wanted, pool):
        found.append(result)
        if progress is not None:
            progress(len(found), len(lanes))
    return found


def _results(task: Task[_Lane, _Result], lanes: Sequence[_Lane], processes: int, pool: Pool) -> Iterator[_Result]:
    if pool == "ray":
        yield from _by_ray(task, lanes, processes)
    elif processes == 1:
        yield from map(task, lanes)
    else:
        yield from _together(task, lanes, processes)


def _together(task: Task[_Lane, _Result], lanes: Sequence[_Lane], processes: int) -> Iterator[_Result]:
    """By processes that end with this one: at once when it is interrupted, killed, or loses its interest."""
    # A fresh interpreter each: the caller may have threads and connections, which a fork would copy.
    context = get_context("spawn")
    watched, held = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with, initargs=(watched,))
    try:
        # Ctrl-C goes to every process of a terminal; workers begin deaf to it, and the caller alone answers.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            results = executor.map(task, lanes)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield from results
    except BaseException:
        held.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        held.close()
        watched.close()


def _end_with(watched: Connection) -> None:
    """In a worker: end when the other end of the pipe is closed, by its holder or by its holder's death."""

    def watch() -> None:
        watched.poll(None)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _by_ray(task: Task[_Lane, _Result], lanes: Sequence[_Lane], processes: int) -> Iterator[_Result]:
    try:
        ray: Any = import_module("ray")
    except ImportError as error:
        raise PoolMissing(
            "Ray is not installed here: install it (pip install ray), or use the pool of processes."
        ) from error
    ray.init(num_cpus=processes, include_dashboard=False, ignore_reinit_error=True, logging_level="ERROR")
    try:
        remote = ray.remote(task)
        yield from (ray.get(each) for each in [remote.remote(lane) for lane in lanes])
    finally:
        ray.shutdown()
