"""The live book for a what-if: every open line with its account brought to the business date, and a year of how it was used.

All of it is read in one read-only snapshot; nothing is written, held or locked. A line's account is its stored items, the
events that the hot path has recorded since, and the clock up to the business date, folded in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from psycopg import Connection
from psycopg.rows import tuple_row

from florin.credit.account import catch_up, summary
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.program import load_program
from florin.credit.terms import Program
from florin.engine import clock
from florin.engine.lanes import LANES
from florin.engine.reference import fee_assignments, know_programs
from florin.engine.tables.acceptance import load_ecosystems
from florin.engine.tables.account import account_from
from florin.engine.tables.event import event_from
from florin.engine.tables.line import LINE, line_of
from florin.events import Event, Place
from florin.lab.arrays import Minor, Whole
from florin.lab.whatif.live import (
    HISTORY_DAYS,
    History,
    LiveBook,
    Portfolio,
    Shop,
    left_out,
    pack,
    program_unfit,
    why_unfit,
)
from florin.market import Acceptance
from florin.payments.fee_plan import FeeAssignment, version_of
from florin.payments.trade import OF_TILLS

_DAYS_A_MONTH = 30.4375
_CHUNK = 20_000

_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_COUNT = "SELECT count(*) FROM line WHERE state <> 3"
_LINES = f"""
    SELECT {", ".join(f"l.{column.name}" for column in LINE.columns)}, a.account::text
      FROM line l JOIN line_account a ON a.lane = l.lane AND a.line_id = l.id
     WHERE l.state <> 3                                                          -- closed
  ORDER BY l.lane, l.id                                                          -- as they lie: nothing is sorted
"""  # noqa: S608 - our own list of columns
_PENDING = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), coalesce(e.line_id, 0),
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body
      FROM line l JOIN line_account a ON a.lane = l.lane AND a.line_id = l.id AND a.sequence < l.sequence
           JOIN event e ON e.lane = l.lane AND e.line_id = l.id AND e.sequence > a.sequence
     WHERE l.state <> 3
  ORDER BY e.line_id, e.sequence
"""
_PURCHASES = """
    SELECT e.line_id, e.sequence, coalesce(e.merchant_id, t.merchant_id),
           coalesce(t.detail->>'channel', '') = 'offline' OR coalesce(t.detail->>'product', '') = ANY(%(tills)s),
           (e.body->>'credit_minor')::bigint, coalesce((e.body->'plan'->>'count')::int, 0),
           coalesce(e.body->'plan'->>'fee_payer' = 'merchant', false)
      FROM event e LEFT JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(e.trade_id >> 40) + 1] AND t.id = e.trade_id
     WHERE e.kind IN (44, 45) AND e.line_id IS NOT NULL AND e.posted_on > %(since)s
       AND (e.body->>'credit_minor')::bigint > 0
"""
_BILLS = """
    SELECT e.line_id, count(*) FILTER (WHERE e.kind = 27),
           count(*) FILTER (WHERE e.kind = 27 AND coalesce((e.body->>'earlier_minor')::bigint, 0) > 0),
           count(*) FILTER (WHERE e.kind = 28),
           coalesce(sum((e.body->>'amount_minor')::bigint) FILTER (WHERE e.kind = 25), 0)::bigint
      FROM event e
     WHERE e.kind IN (25, 27, 28) AND e.line_id IS NOT NULL AND e.posted_on > %(since)s
  GROUP BY e.line_id
"""
_MERCHANTS = "SELECT id, market, category FROM merchant ORDER BY id LIMIT 1000000"


class BookTooLarge(Exception):
    """More lines than may be lived at once."""

    def __init__(self, lines: int, most: int) -> None:
        super().__init__(f"The book has {lines} lines; {most} can be taken at once.")
        self.lines, self.most = lines, most


def live_book(connection: Connection[Any], *, lines_max: int | None = None) -> LiveBook:
    """The book as it stands. Raises BookTooLarge above `lines_max` lines."""
    with connection.transaction():
        connection.execute(_SNAPSHOT)
        if lines_max is not None:
            row = connection.execute(_COUNT).fetchone()
            assert row is not None
            if row[0] > lines_max:
                raise BookTooLarge(row[0], lines_max)
        on = clock.read(connection).on
        know_programs(connection)
        found = _Found(on)
        for line, account in _accounts(connection, on):
            found.take(line, account)
        found.sort()
        history = _Histories(connection, on)
        ecosystems, revision = load_ecosystems(connection)
    return LiveBook(
        on=on,
        portfolios=tuple(
            Portfolio(
                program=load_program(name),
                lines=tuple(lines),
                accounts=tuple(found.accounts[name]),
                history=history.of(lines),
            )
            for name, lines in sorted(found.lines.items())
        ),
        acceptance=Acceptance(ecosystems, (), revision),
        shops=history.shops,
        left_out=left_out(found.left_out),
    )


class _Found:
    """Lines that can be lived on, by program in the order of their ids; and the others."""

    def __init__(self, on: date) -> None:
        self._on = on
        self._unfit: dict[str, str | None] = {}
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.accounts: dict[str, list[bytes]] = defaultdict(list)
        self.left_out: list[tuple[str, str, int]] = []

    def take(self, line: Line, account: Account) -> None:
        name, program = line.program, load_program(line.program)
        if name not in self._unfit:
            self._unfit[name] = program_unfit(program, self._on)
        why = self._unfit[name] or why_unfit(line, account, self._on, program)
        if why is not None:
            self.left_out.append((name, why, line.principal_minor))
            return
        self.lines[name].append(line)
        self.accounts[name].append(pack(account))

    def sort(self) -> None:
        """In the order of ids."""
        for name, lines in self.lines.items():
            order = sorted(range(len(lines)), key=[line.id for line in lines].__getitem__)
            self.lines[name] = [lines[place] for place in order]
            self.accounts[name] = [self.accounts[name][place] for place in order]


def _accounts(connection: Connection[Any], on: date) -> Iterator[tuple[Line, Account]]:
    """Each line as of the business date with its account."""
    pending: dict[int, list[Event]] = defaultdict(list)
    with connection.cursor("pending", binary=True, row_factory=tuple_row) as cursor:
        cursor.itersize = _CHUNK
        for row in cursor.execute(_PENDING):
            pending[row[4]].append(event_from(row))
    programs: dict[str, Program] = {}
    with connection.cursor("lines", binary=True, row_factory=tuple_row) as cursor:
        cursor.itersize = _CHUNK
        for row in cursor.execute(_LINES):
            line = line_of(row[:-1])
            program = programs.setdefault(line.program, load_program(line.program))
            account, _ = catch_up(account_from(row[-1]), pending.get(line.id, ()), on, program)
            yield summary(account, line, program), account


class _Histories:
    """A year of purchases, bills and repayments, and the shops where the purchases were made."""

    def __init__(self, connection: Connection[Any], on: date) -> None:
        self._on = on
        since = on - timedelta(days=HISTORY_DAYS)
        self._bills: dict[int, tuple[int, int, int, int]] = {}
        with connection.cursor("bills", binary=True, row_factory=tuple_row) as cursor:
            cursor.itersize = _CHUNK
            for line_id, *counts in cursor.execute(_BILLS, {"since": since}):
                self._bills[line_id] = tuple(counts)
        self._purchases, doors = _purchases(connection, since)
        self.shops = _shops(connection, doors, on)

    def of(self, lines: Sequence[Line]) -> History:
        """That of these lines, in the order of their ids."""
        ids = np.array([line.id for line in lines], np.int64)
        first = self._on - timedelta(days=HISTORY_DAYS)
        opened = np.array([max(line.opened_on, first).toordinal() for line in lines], np.int64)
        bills = np.array([self._bills.get(line.id, (0, 0, 0, 0)) for line in lines], np.int64)
        bought, amounts, shops, counts, free = self._purchases
        place = np.searchsorted(ids, bought)
        mine = ids[np.minimum(place, ids.size - 1)] == bought
        return History(
            months=np.maximum((self._on.toordinal() - opened) / _DAYS_A_MONTH, 1.0),
            bills=bills[:, 0],
            carried=bills[:, 1],
            missed=bills[:, 2],
            repaid_minor=bills[:, 3],
            starts=np.searchsorted(place[mine], np.arange(ids.size + 1)),
            amount_minor=amounts[mine],
            shop=shops[mine],
            count=counts[mine],
            free=free[mine],
        )


_Purchases = tuple[Whole, Minor, Any, Any, Any]
_Door = tuple[int, bool]


def _purchases(connection: Connection[Any], since: date) -> tuple[_Purchases, list[_Door]]:
    """(line, amount, shop, installments, free of a fee) of each, by line; and (merchant, offline) of each shop."""
    doors: dict[_Door, int] = {}
    chunks = []
    with connection.cursor("purchases", binary=True, row_factory=tuple_row) as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(_PURCHASES, {"since": since, "lanes": list(LANES), "tills": sorted(OF_TILLS)})
        while rows := cursor.fetchmany(_CHUNK):
            numbers = [
                (line, sequence, doors.setdefault((merchant or 0, offline), len(doors)), minor, count, free)
                for line, sequence, merchant, offline, minor, count, free in rows
            ]
            chunks.append(np.array(numbers, np.int64))
    found = np.concatenate(chunks) if chunks else np.zeros((0, 6), np.int64)
    # Shops are numbered by merchant, not as they happened to be met: the same book has the same digest.
    ordered = sorted(doors)
    numbered = np.argsort(sorted(range(len(doors)), key=list(doors).__getitem__))
    line, _, shop, minor, count, free = found[np.lexsort((found[:, 1], found[:, 0]))].T
    shop = numbered[shop] if numbered.size else shop
    return (line, minor, shop.astype(np.int32), count.astype(np.int8), free.astype(np.bool_)), ordered


def _shops(connection: Connection[Any], doors: Sequence[_Door], on: date) -> tuple[Shop, ...]:
    """Each with what its merchant pays a lender of a sale on credit."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        places = {row[0]: row[1:] for row in cursor.execute(_MERCHANTS).fetchall()}
    assigned = fee_assignments(connection)
    shops = []
    for merchant_id, offline in doors:
        market, category = places.get(merchant_id, ("", "general"))
        place = Place(market=market, category=category, channel="offline" if offline else "online")
        shops.append(Shop(place=place, credit_fee_ppm=_credit_fee_ppm(assigned.get(merchant_id, ()), place, on)))
    return tuple(shops)


def _credit_fee_ppm(assigned: Sequence[FeeAssignment], place: Place, on: date) -> int:
    """The first credit fee of his plan that fits such a sale, as it is charged."""
    version = version_of(assigned, on)
    fits = (
        fee.rate_ppm
        for fee in (version.fees if version else ())
        if fee.fee == "credit_fee"
        and fee.holds(on, market=place.market, category=place.category, channel=place.channel)
        and fee.takes("credit", 0)
    )
    return next(fits, 0)
