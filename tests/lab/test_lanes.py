"""Lanes: what comes out does not depend on how many work, or where."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from florin.bench.lab import accounts_of, digest
from florin.lab.lanes import PoolMissing, lanes_of, run_lanes
from florin.lab.parameters import likeliest
from florin.lab.surplus import Accounts
from florin.lab.world import World, preset_world


@pytest.fixture(scope="module")
def world() -> World:
    return preset_world(likeliest(), months=2)


@pytest.fixture(scope="module")
def alone(world: World) -> Accounts:
    return accounts_of(world, lanes_of(90, 30), processes=1)


def test_three_processes_find_what_one_finds(world: World, alone: Accounts) -> None:
    together = accounts_of(world, lanes_of(90, 30), processes=3)

    assert digest(together) == digest(alone)
    assert list(together.lines) == list(alone.lines)


def test_lanes_of_another_size_add_up_to_the_same(world: World, alone: Accounts) -> None:
    assert accounts_of(world, lanes_of(90, 90), processes=1) == alone


def test_a_fen_elsewhere_is_another_digest(alone: Accounts) -> None:
    first = next(iter(alone.lines))

    assert digest(alone + Accounts(type(alone.lines)({first: 1}))) != digest(alone)


def test_results_come_back_in_the_order_of_the_lanes_and_each_is_told() -> None:
    told: list[tuple[int, int]] = []

    found = run_lanes(np.sum, lanes_of(10, 4), processes=1, progress=lambda done, of: told.append((done, of)))

    assert [int(each) for each in found] == [6, 22, 17]
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_workers_end_when_their_caller_is_killed_or_interrupted() -> None:
    for blow in (signal.SIGKILL, signal.SIGINT):
        caller = subprocess.Popen(
            [sys.executable, "-c", _SLEEPERS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert caller.stdout is not None
        workers = [int(pid) for pid in caller.stdout.readline().split()]

        caller.send_signal(blow)
        caller.communicate(timeout=20)

        assert len(workers) == 2
        until = time.monotonic() + 10
        while any(_lives(worker) for worker in workers):
            assert time.monotonic() < until, f"{workers} outlive {blow.name}"
            time.sleep(0.05)


# Two workers who say who they are and would then sleep for a minute.
_SLEEPERS = """
import signal, sys, threading, time
from multiprocessing import active_children
from florin.lab.lanes import run_lanes

def told():
    while len(active_children()) < 2:
        time.sleep(0.05)
    time.sleep(1)
    print(*(child.pid for child in active_children()), flush=True)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=told, daemon=True).start()
    run_lanes(time.sleep, [60, 60, 60, 60], processes=2)
"""


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_ray_is_asked_for_by_name_and_told_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(PoolMissing, match="pip install ray"):
        run_lanes(np.sum, lanes_of(4, 2), pool="ray")


def test_ray_gives_the_same_in_the_same_order_and_is_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = _Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)

    found = run_lanes(partial(np.multiply, 2), lanes_of(6, 2), processes=2, pool="ray")

    assert [each.tolist() for each in found] == [[0, 2], [4, 6], [8, 10]]
    assert ray.calls == ["init 2", "shutdown"]


class _Ray(SimpleNamespace):
    """As much of Ray as the lanes use: what is asked for is done when it is fetched, the last one first."""

    def __init__(self) -> None:
        super().__init__(calls=[])

    def init(self, *, num_cpus: int, **options: object) -> None:
        self.calls.append(f"init {num_cpus}")

    def shutdown(self) -> None:
        self.calls.append("shutdown")

    def remote(self, task):  # type: ignore[no-untyped-def]
        return SimpleNamespace(remote=lambda lane: partial(task, lane))

    def get(self, asked):  # type: ignore[no-untyped-def]
        return asked()
