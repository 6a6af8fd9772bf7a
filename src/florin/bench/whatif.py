"""How long a what-if takes on a large live book: read from PostgreSQL, lived twice, told.

The house is the one whose day close is measured (`close_book.py`): accounts in the middle of their lives, stamped out from some
that lived through the engine.
"""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import psycopg

from florin.bench.close_book import load_book
from florin.bench.house import Say, own_store
from florin.bench.processes import ended_children_cpu_s
from florin.lab.whatif import read_change, what_if
from florin.queries.live_book import live_book
from florin.store.migrate import migrate

# Dearer, sooner due, and half the limit for who uses most of it: everything that a what-if has to answer.
_CHANGE = """
    [[terms]]
    program = "huabei"
    due_day = 8
    interest_daily_rate = 0.00055

    [[limits]]
    program = "huabei"
    scale = 0.5
    where = { utilization_from = 0.5 }
"""


class WhatIfMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """seconds: from the first question to the database to the outcome; of these read_s for the book. cpu_s: of this process and
    those it started, without the database's. lives: in each world.
    """

    accounts: int
    months: int
    lives: int
    seconds: float
    read_s: float
    cpu_s: float


def measure_whatif(accounts: int, months: int, *, parent: Path | None = None) -> float:
    """Seconds of a what-if on so many accounts."""
    return measure(accounts, months, parent=parent).seconds


def measure(accounts: int, months: int, *, parent: Path | None = None, say: Say = lambda text: None) -> WhatIfMeasured:
    """On a house of its own. parent: where its data is put, else the usual temporary place."""
    with own_store(parent) as (store, _):
        migrate(store.addresses.owner)
        load_book(store.addresses.owner, store.addresses.engine, accounts, store.folder.path, say)
        say("what if")
        began, cpu_began = time.monotonic(), time.process_time() + ended_children_cpu_s()
        with psycopg.connect(store.addresses.pages) as connection:
            book = live_book(connection)
        read_s = time.monotonic() - began
        outcome = what_if(book, read_change(_CHANGE, book, source="change"), months=months)
        return WhatIfMeasured(
            accounts=book.count,
            months=months,
            lives=outcome.lives,
            seconds=time.monotonic() - began,
            read_s=read_s,
            cpu_s=time.process_time() + ended_children_cpu_s() - cpu_began,
        )
