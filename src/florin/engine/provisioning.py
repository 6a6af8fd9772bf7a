"""The month's provision: what each lane owes by days past due, and the allowance that it has, as commands of the day close.

Runs on the first business date of a month, after a proof that holds, whose sums it reads.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.credit.provision import Overdue, Provision
from florin.engine.reference import Reference
from florin.engine.submission import Submission, job

_OVERDUE = """
    WITH owing AS (
        SELECT l.lane, l.id, l.program, greatest(0, %(on)s::date - l.past_due_on) AS days,
               l.principal_minor + l.fee_minor + l.interest_minor + l.penalty_minor + l.cost_minor AS owed_minor,
               CASE WHEN l.state = 4 THEN coalesce((
                   SELECT sum((c->>'amount_minor')::bigint)
                     FROM line_account a, jsonb_array_elements(a.account->'written_off'->'claims') c
                    WHERE a.lane = l.lane AND a.line_id = l.id), 0)::bigint ELSE 0 END AS claimed_minor
          FROM line l
         WHERE l.principal_minor + l.fee_minor + l.interest_minor + l.penalty_minor + l.cost_minor > 0)
    SELECT o.lane, o.program, coalesce(o.days, 0) AS days, count(*) AS lines,
           sum(o.owed_minor - o.claimed_minor - coalesce(j.on_books, 0))::bigint AS owed_minor,
           sum(o.claimed_minor - coalesce(j.charged_off, 0))::bigint AS claimed_minor
      FROM owing o
           LEFT JOIN LATERAL (           -- what partner banks bear themselves
               SELECT sum(partner_minor - charged_off_minor) AS on_books, sum(charged_off_minor) AS charged_off
                 FROM joint_loan j WHERE j.lane = o.lane AND j.line_id = o.id) j ON true
  GROUP BY 1, 2, 3
  ORDER BY 1, 2, 3
     LIMIT 1000000
"""
_ALLOWANCES = """
    SELECT b.lane, sum(b.amount_minor)::bigint AS allowance_minor
      FROM proven_balance b JOIN account a USING (code)
     WHERE a.name = 'ALLOWANCE'
  GROUP BY b.lane
  ORDER BY b.lane
     LIMIT 1000
"""


def overdue_by_lane(connection: Connection, on: date) -> dict[int, tuple[Overdue, ...]]:
    """What lines owe the house itself by lane, program and days past due, as their rows say it."""
    found: dict[int, list[Overdue]] = {}
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows: list[Any] = cursor.execute(_OVERDUE, {"on": on}).fetchall()
        for row in rows:
            found.setdefault(row.lane, []).append(
                Overdue(
                    program=row.program,
                    days=row.days,
                    lines=row.lines,
                    owed_minor=row.owed_minor,
                    claimed_minor=row.claimed_minor,
                )
            )
    connection.commit()
    return {lane: tuple(overdue) for lane, overdue in found.items()}


def provisions(connection: Connection, on: date) -> list[Submission]:
    """The lanes' runs of a month that begins on `on`; none on another day, or where nothing is to be provided for."""
    if on.day != 1:
        return []
    overdue = overdue_by_lane(connection, on)
    allowances: dict[int, int] = dict(connection.execute(_ALLOWANCES).fetchall())
    connection.commit()
    return [
        job(
            f"provision/{lane}/{on}",
            Provision(lane=lane, overdue=overdue.get(lane, ()), allowance_minor=allowances.get(lane, 0)),
        )
        for lane in sorted(overdue.keys() | allowances.keys())
        if allowances.get(lane) or any(Reference.terms(o.program, on).provision_rates for o in overdue.get(lane, ()))
    ]
