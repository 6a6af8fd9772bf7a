"""A credit line as its owner or lender reads it: limit, what is reserved and owed, what is due, as of today.

The row and the items lie as the engine left them; here they are caught up to the business date in memory, so a statement that
the day close has not yet written shows all the same. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from florin.credit.account import Account, Step, catch_up, summary
from florin.credit.line import Line
from florin.credit.payoff import PayoffQuote, payoff
from florin.credit.shared_limit import SharedExposure
from florin.credit.spendable import Spendable, spendable
from florin.credit.terms import Program
from florin.engine import lane_of
from florin.engine.reference import Reference
from florin.engine.tables.account import account_of
from florin.engine.tables.event import load_events_since
from florin.engine.tables.line import LINE, line_of
from florin.engine.tables.small import ACCOUNT
from florin.engine.tables.table import READ
from florin.money.at import At
from florin.queries import is_id
from florin.queries.shared_limits import shared_by


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line on a day. line: as of `at.on`. steps: what the clock has done since the row was written.

    payoff: what it takes today to owe nothing, interest that no statement has billed included. shared: what the line shares
    with others of hers, if it does.
    """

    line: Line
    account: Account
    program: Program
    steps: tuple[Step, ...]
    payoff: PayoffQuote
    at: At
    shared: SharedExposure | None = None

    @property
    def spendable(self) -> Spendable:
        """What may be spent on that day, and why it is not more."""
        return spendable(self.line, self.program.terms_on(self.at.on), self.at.on, self.shared)

    @property
    def available_minor(self) -> int:
        """What may be spent on that day."""
        return self.spendable.amount_minor

    @property
    def limit_minor(self) -> int:
        """The limit in force on that day, uplifts included."""
        return self.line.limit_minor_on(self.at.on)


def line_by_id(connection: Connection[Any], *, line_id: int, at: At) -> LineView | None:
    """The line with this id; None when there is none."""
    if not is_id(line_id):
        return None
    with one_view(connection):
        rows = LINE.load(connection, [(lane_of(line_id), line_id)], READ)
        return _view(connection, line_of(rows[0]), at) if rows else None


def line_of_person(
    connection: Connection[Any], *, person_id: int, at: At, program: str | None = None
) -> LineView | None:
    """A person's line, under a program or the latest of any that is not closed; None when there is none."""
    if not is_id(person_id):
        return None
    parameters = {"lane": lane_of(person_id), "person_id": person_id, "program": program}
    with one_view(connection):
        row = connection.execute(_OF_PERSON, parameters).fetchone()
        if row is None:
            return None
        rows = LINE.load(connection, [(lane_of(row[0]), row[0])], READ)
        return _view(connection, line_of(rows[0]), at)


@contextmanager
def one_view(connection: Connection[Any]) -> Iterator[None]:
    """Several statements that see the same instant: the line's row and its events must fit together."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _view(connection: Connection[Any], line: Line, at: At) -> LineView:
    program = Reference.program(line.program)
    ((_, _, _, document),) = ACCOUNT.load(connection, [(line.lane, line.id)], READ)
    snapshot = account_of(document)
    pending = load_events_since(connection, [(line.lane, line.id, snapshot.sequence)])[line.id]
    account, steps = catch_up(snapshot, pending, at.on, program)
    return LineView(
        line=summary(account, line, program),
        account=account,
        program=program,
        steps=steps,
        payoff=payoff(account, at.on, program),
        at=at,
        shared=shared_by(connection, line),
    )


_OF_PERSON = """
    SELECT id
      FROM line
     WHERE lane = %(lane)s AND person_id = %(person_id)s
       AND (program = %(program)s OR %(program)s::text IS NULL)
  ORDER BY (state = 3), opened_on DESC, id DESC          -- a closed one comes last
     LIMIT 1
"""
