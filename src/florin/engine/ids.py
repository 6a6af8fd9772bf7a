"""Lanes and ids: where an owner lives, and numbers that say so.

An owner's lane is one of 128 fixed numbers, chosen so that Citus spreads them evenly (one in each of 128 equal ranges of
PostgreSQL's hash of a smallint); it is stored, and never computed again. An id is the lane's place in that list and a
number from a block that this process claimed on the lane's row: no time is inside, so moving the clock cannot repeat one,
and whoever holds an id knows where its row lives.
"""

from __future__ import annotations

import threading
from hashlib import blake2b

from psycopg import Connection

from florin.engine.lanes import LANES
from florin.engine.side import Side

_NUMBER_BITS = 40
_NUMBER_MASK = (1 << _NUMBER_BITS) - 1
_LANE_INDEX = {lane: index for index, lane in enumerate(LANES)}
_BLOCK = 1_000
_FIRST_BLOCK = 100


def lane_of(identifier: int) -> int:
    """The lane in which the row of this id lives. Raises IndexError for a number that is no id of ours."""
    return LANES[identifier >> _NUMBER_BITS]


def is_id(identifier: int) -> bool:
    """Whether the number could be an id of ours."""
    return 0 < identifier < len(LANES) << _NUMBER_BITS


def lane_for(owner: str) -> int:
    """The lane of a new owner, by a stable hash of a name that is his alone."""
    digest = blake2b(owner.encode(), digest_size=8).digest()
    return LANES[int.from_bytes(digest, "big") % len(LANES)]


class IdBlocks:
    """Hands out ids, lane by lane, from blocks claimed in transactions of their own. Safe for threads."""

    def __init__(self, connection: Connection | Side) -> None:
        """connection: in autocommit."""
        self._connection = connection
        self._free: dict[int, list[int]] = {}
        self._lock = threading.Lock()

    def reserve(self, wanted: dict[int, int]) -> None:
        """Make sure that each lane has at least that many numbers left: one statement, however many lanes are short.

        Lanes that are half empty are filled up too: all are used alike, so they would run out one after the other,
        each waiting for a transaction of its own. A lane that was not used yet begins with a few.
        """
        with self._lock:
            short = {lane: count for lane, count in wanted.items() if len(self._free.get(lane, ())) < count}
            if not short:
                return
            half_empty = {
                lane: _BLOCK if lane in self._free else _FIRST_BLOCK
                for lane in LANES
                if len(self._free.get(lane, ())) < _BLOCK // 2
            }
            sizes = half_empty | {lane: max(_BLOCK, count) for lane, count in short.items()}
            parameters = {"lanes": list(sizes), "sizes": list(sizes.values())}
            rows = self._connection.execute(_CLAIM_BLOCKS, parameters, prepare=True).fetchall()
            for lane, end, size in rows:
                base = _LANE_INDEX[lane] << _NUMBER_BITS
                assert end <= _NUMBER_MASK, f"lane {lane} has no numbers left"
                # Kept in falling order, so that taking the next one is a pop from the end.
                self._free[lane] = [base | n for n in range(end - 1, end - size - 1, -1)] + self._free.get(lane, [])

    def take(self, lane: int) -> int:
        """The next id of a lane. Ids of one process rise within a lane."""
        with self._lock:
            free = self._free.get(lane)
            if free:
                return free.pop()
        self.reserve({lane: 1})
        return self.take(lane)


_CLAIM_BLOCKS = """
    UPDATE lane
       SET next_number = next_number + wanted.size
      FROM (SELECT * FROM unnest(%(lanes)s::smallint[], %(sizes)s::int[]) AS w(lane, size) ORDER BY lane) AS wanted
     WHERE lane.lane = wanted.lane
 RETURNING lane.lane, lane.next_number, wanted.size
"""
