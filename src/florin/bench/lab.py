"""The lab's speed: a world of all four lenders, simulated and accounted for, against the same model as agents in Mesa.

What comes out must not depend on how many processes worked: a digest of the accounts says so. Only the what-if, which is
measured last, needs a database.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

import florin
from florin.bench import machine, processes
from florin.bench.lab_agents import AgentsTask, AgentsTold, rows_of
from florin.bench.lab_agents import digest as digest_of_needs
from florin.bench.scale import LabScale
from florin.bench.whatif import measure_whatif
from florin.lab.arrays import Bits
from florin.lab.lanes import lanes_of, run_lanes
from florin.lab.parameters import likeliest
from florin.lab.simulate import simulate_lane
from florin.lab.surplus import Accounts, account, total
from florin.lab.world import World, preset_world

Say = Callable[[str], None]
_Found = TypeVar("_Found")

_SEED = 1
_LOOK_S = 0.1
_ROOT = Path(florin.__file__).parents[2]


class Mesa(msgspec.Struct, frozen=True, kw_only=True):
    """The same people as agents. agents_us, lanes_us: CPU a person and month, of Mesa and of the lab in one process.

    same: whether every need was met by the same purchase, to the fen. book_share: of the agents' CPU, what the
    clock and the bills of their lines took.
    """

    people: int
    months: int
    mesa: str
    agents_us: float
    lanes_us: float
    book_share: float
    same: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """seconds: from the first person to the sum of all accounts. rss_gb: of all processes together, at most, in 10^9 bytes.

    cpu_us: CPU a person and month, of all processes. digest: of the accounts; same_digests: of a smaller run, by the number
    of its processes. mesa_ratio: person-months a second of the lab to those of Mesa, one process each, in CPU time; None where
    Mesa is not, and `lacks` says how to get it. whatif_s: of a what-if on a live book.
    """

    seconds: float
    rss_gb: float
    person_months_per_s: float
    mesa_ratio: float | None
    whatif_s: float
    cpu_us: float
    people: int
    months: int
    lenders: int
    lane: int
    whatif_accounts: int
    processes: int
    digest: str
    same_digests: dict[str, str]
    mesa: Mesa | None
    lacks: tuple[str, ...]
    machine: dict[str, object]
    load_average: dict[str, list[float]]

    @property
    def holds(self) -> bool:
        """Whether the same came out of any number of processes, and of Mesa's agents."""
        return len(set(self.same_digests.values())) == 1 and (self.mesa is None or self.mesa.same)


class Missing(RuntimeError):
    """What a measurement needs is not here; its words say what, and how to get it."""


def measure(scale: LabScale, *, say: Say = lambda text: None) -> Report:
    """Raises NoProc where CPU and memory cannot be read."""
    processes.require_proc()
    before, used = machine.load_average(), min(2, os.cpu_count() or 1)
    same = {str(count): _same(scale, count, say) for count in (1, 2)}
    say(f"{scale.people:,} people, {scale.months} months, {used} processes")
    lanes = lanes_of(scale.people, scale.lane)
    cpu_began, began = _cpu_s(), time.perf_counter()
    with _watched_memory() as most:
        accounts = accounts_of(preset_world(likeliest(), months=scale.months), lanes, processes=used, say=say)
    seconds, cpu_s = time.perf_counter() - began, _cpu_s() - cpu_began
    person_months = scale.people * scale.months
    lacks: list[str] = []
    mesa = _if_there(partial(_mesa, scale, say), lacks)
    return Report(
        seconds=seconds,
        rss_gb=most[0] / 1e9,
        person_months_per_s=person_months / seconds,
        mesa_ratio=None if mesa is None else mesa.agents_us / mesa.lanes_us,
        whatif_s=_whatif(scale, say),
        cpu_us=cpu_s / person_months * 1e6,
        people=scale.people,
        months=scale.months,
        lenders=len(preset_world(likeliest(), months=1).lenders),
        lane=scale.lane,
        whatif_accounts=scale.whatif_accounts,
        processes=used,
        digest=digest(accounts),
        same_digests=same,
        mesa=mesa,
        lacks=tuple(lacks),
        machine=machine.host(),
        load_average={"before": before, "after": machine.load_average()},
    )


def accounts_of(
    world: World, lanes: Sequence[Bits], *, processes: int, say: Say = lambda text: None, seed: int = _SEED
) -> Accounts:
    """The accounts of these people, lane by lane, added up in the lanes' order."""

    def progress(done: int, of: int) -> None:
        if done * 8 // of > (done - 1) * 8 // of:
            say(f"{done} of {of} lanes")

    return total(run_lanes(partial(_accounts, world, seed), lanes, processes=processes, progress=progress))


def digest(accounts: Accounts) -> str:
    """Sixteen hexadecimal places that differ wherever a line of the accounts does."""
    told = msgspec.json.encode([sorted((*line, minor) for line, minor in accounts.lines.items()), accounts.whole_minor])
    return hashlib.sha256(told).hexdigest()[:16]


def _accounts(world: World, seed: int, ids: Bits) -> Accounts:
    return account(simulate_lane(world, ids, seed))


def _same(scale: LabScale, count: int, say: Say) -> str:
    say(f"{scale.same_people:,} people in {count} process{'es' if count > 1 else ''}")
    lanes = lanes_of(scale.same_people, scale.same_people // 4)
    return digest(accounts_of(preset_world(likeliest(), months=3), lanes, processes=count))


def _if_there(measured: Callable[[], _Found], lacks: list[str]) -> _Found | None:
    try:
        return measured()
    except Missing as missing:
        lacks.append(str(missing))
        return None


def _mesa(scale: LabScale, say: Say) -> Mesa:
    """Raises Missing where Mesa's environment is not."""
    python = _ROOT / ".venvs" / "mesa" / "bin" / "python"
    if not python.exists():
        raise Missing("Mesa is not here: python3 requirements/environment.py mesa")
    say(f"{scale.mesa_people:,} people, {scale.mesa_months} months, as agents in Mesa")
    task = AgentsTask(people=scale.mesa_people, months=scale.mesa_months, seed=_SEED)
    run = subprocess.run(
        [python, "-m", "florin.bench.lab_agents"],
        input=msgspec.json.encode(task),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_ROOT / "src")},
        check=True,
    )
    agents = msgspec.json.decode(run.stdout, type=AgentsTold)
    person_months = scale.mesa_people * scale.mesa_months
    [ids] = lanes_of(scale.mesa_people, scale.mesa_people)
    began = time.process_time()
    lane = simulate_lane(preset_world(likeliest(), months=scale.mesa_months), ids, _SEED)
    cpu_s = time.process_time() - began
    return Mesa(
        people=scale.mesa_people,
        months=scale.mesa_months,
        mesa=agents.mesa,
        agents_us=agents.cpu_s / person_months * 1e6,
        lanes_us=cpu_s / person_months * 1e6,
        book_share=agents.book_cpu_s / agents.cpu_s,
        same=digest_of_needs(rows_of(lane)) == agents.digest,
    )


def _whatif(scale: LabScale, say: Say) -> float:
    say(f"what if: {scale.whatif_accounts:,} accounts, {scale.whatif_months} months")
    return measure_whatif(scale.whatif_accounts, scale.whatif_months)


def _cpu_s() -> float:
    return time.process_time() + processes.ended_children_cpu_s()


@contextmanager
def _watched_memory() -> Iterator[list[int]]:
    """While inside: the most bytes that this process and its children have had in memory at one moment, as the only item."""
    most, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(_LOOK_S):
            here = processes.memory(os.getpid()).resident
            most[0] = max(most[0], here + sum(memory.resident for _, memory in processes.family(os.getpid())))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()
