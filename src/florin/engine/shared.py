"""Guards of shared limits: held by every batch that touches a line whose program is of a group.

They are loaded with the lines, and like these not waited for in a shared batch: a command whose guard somebody else holds goes
to the next round, and its line is left as it is. Of lines of other programs only the name of the program is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import Connection

from florin.credit.line import Line
from florin.engine.ids import is_id, lane_of
from florin.engine.jobs import Job, Missing
from florin.engine.room import Room
from florin.engine.tables.small import SHARED_EXPOSURE, shared_of
from florin.engine.tables.table import READ, Lock


def load_shared(connection: Connection, room: Room, jobs: Sequence[Job], turn: int, lock: Lock) -> set[int]:
    """Load the guards of the jobs' lines, and those of persons that they name; note on each job those it did not get.

    Gives the lines whose guard somebody else holds.
    """
    needed = [(job, (*job.needs[turn].lines, *job.needs[turn].accounts)) for job in jobs]
    busy = hold(connection, room, (room.lines[i] for _, ids in needed for i in ids if i in room.lines), lock)
    for job, ids in needed if busy else ():
        for line_id in busy.keys() & set(ids):
            job.missing.append(Missing(SHARED_EXPOSURE.name, busy[line_id], True, room.shared))
    for job in jobs:
        for person_id in filter(is_id, job.needs[turn].shared):
            job.missing += _hold_all_of(connection, room, person_id, lock)
    return set(busy)


def hold(connection: Connection, room: Room, lines: Iterable[Line], lock: Lock) -> dict[int, tuple[int, str]]:
    """Load the guards of these lines. Gives the lines whose guard somebody else holds, with its key."""
    group_of = room.reference.group_of
    keys = {line.id: (line.person_id, group) for line in lines if (group := group_of(line.program))}
    if persons := {key[0] for key in keys.values() if key not in room.shared}:
        _shelve(connection, room, persons, lock)
    return {line_id: key for line_id, key in keys.items() if key not in room.shared}


def _hold_all_of(connection: Connection, room: Room, person_id: int, lock: Lock) -> list[Missing]:
    """Load all guards of a person, and name those that are there and were not given."""
    _shelve(connection, room, {person_id}, lock)
    there = [shared_of(row) for row in SHARED_EXPOSURE.load(connection, [(lane_of(person_id), person_id)], READ)]
    keys = [(guard.person_id, guard.group) for guard in there]
    return [Missing(SHARED_EXPOSURE.name, key, True, room.shared) for key in keys if key not in room.shared]


def _shelve(connection: Connection, room: Room, persons: set[int], lock: Lock) -> None:
    """What this batch has changed already stays as it is."""
    for row in SHARED_EXPOSURE.load(connection, [(lane_of(person_id), person_id) for person_id in persons], lock):
        guard = shared_of(row)
        room.shared.setdefault((guard.person_id, guard.group), guard)
