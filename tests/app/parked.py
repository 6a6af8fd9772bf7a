"""A small world in which the day close has parked Alice's line, because her account's snapshot was damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
from psycopg.types.json import Jsonb

from conftest import FreshDatabase
from florin.engine.close_day import DayClosed, close_through
from world import World

_WRITE = "UPDATE line_account SET account = %s, sequence = %s WHERE line_id = %s"


class ParkedWorld(World):
    def park(self, owner_dsn: str) -> None:
        self._owner_dsn = owner_dsn
        self.person("alice", limit_minor=1_000_000)
        self.buy("alice", 10_000)
        self.until(date(2026, 3, 31))
        self._sound = self.connection.execute(
            "SELECT account FROM line_account WHERE line_id = %s", [self.line_ids["alice"]]
        ).fetchone()[0]
        self.connection.commit()
        self._store({**self._sound, "sequence": self._sound["sequence"] + 5})
        self.close(date(2026, 4, 1))

    def close(self, on: date) -> DayClosed:
        """The last of the days that were closed, parked lines or not."""
        return close_through(self.engine, self.connection, on, bank=self.bank)[-1]

    def mend(self) -> None:
        self._store(self._sound)

    def _store(self, account: dict) -> None:
        with psycopg.connect(self._owner_dsn) as owner:
            owner.execute(_WRITE, (Jsonb(account), account["sequence"], self.line_ids["alice"]))


@contextmanager
def parked_world(database: FreshDatabase) -> Iterator[ParkedWorld]:
    with ParkedWorld(database.engine) as world:
        world.park(database.owner)
        yield world
