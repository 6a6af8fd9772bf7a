"""Lines at the day close: the clock acts on each that has something due; what has cleared of credit balances is paid out."""

from __future__ import annotations

from datetime import date

from psycopg import Connection

from florin.credit.program import load_program, program_names
from florin.credit.repayment_hold import PayCreditBalance
from florin.credit.terms import Program
from florin.engine.actions import AdvanceLine
from florin.engine.close_step import CHUNK, drain, rows_of
from florin.engine.closers import close_lanes
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.submission import Busy, Submission

_DUE_LINES = """
    SELECT l.id FROM line l
     WHERE l.next_action_on <= %(on)s AND l.id <> ALL (%(left)s::bigint[])
       AND NOT EXISTS (SELECT FROM parked_line p WHERE p.lane = l.lane AND p.line_id = l.id)
  ORDER BY l.next_action_on, l.lane, l.id
     LIMIT %(chunk)s
"""
_PARK = """
    INSERT INTO parked_line (lane, line_id, reason, parked_at)
    SELECT %(lane)s, %(line_id)s, %(reason)s, now() + offset_s * interval '1 second' FROM clock
        ON CONFLICT DO NOTHING
"""


def advance_lines(engine: Engine, connection: Connection, on: date) -> tuple[int, int]:
    """(advanced, parked). Closers do what goes smoothly; the engine does the rest chunk by chunk, and names what fails.

    A line that somebody holds all the while is left for the next close; its own actions bring it up to date meanwhile.
    """
    closed = close_lanes(engine.dsn, connection, on)
    advanced, parked = _advance_left(engine, connection, on)
    return closed + advanced, parked


def _advance_left(engine: Engine, connection: Connection, on: date) -> tuple[int, int]:
    advanced = parked = 0
    before: set[int] = set()
    left: list[int] = []
    while due := {row.id for row in rows_of(connection, _DUE_LINES, on=on, chunk=CHUNK, left=left)}:
        outcomes = dict(
            zip(due, engine.execute([Submission(command=AdvanceLine(line_id=i)) for i in due]), strict=True)
        )
        for line_id, outcome in outcomes.items():
            if isinstance(outcome.refusal, Busy):
                left.append(line_id)
            elif outcome.refusal is not None or line_id in before:
                reason = (
                    "stays due" if outcome.refusal is None else f"{outcome.refusal.name} {outcome.refusal.numbers()}"
                )
                connection.execute(_PARK, {"lane": lane_of(line_id), "line_id": line_id, "reason": reason})
                connection.commit()
                parked += 1
            else:
                advanced += 1
        before = due
    return advanced, parked


# ── credit balances ───────────────────────────────────────────────────────────────────────────────────────────────

# What has cleared of it; money that came otherwise went to the wallet when it came.
_CLEARED_BALANCES = """
    SELECT l.id FROM line l
     WHERE l.program = ANY (%(programs)s)
       AND l.credit_balance_minor > coalesce((SELECT sum((u ->> 'balance_minor')::bigint)
                                                FROM jsonb_array_elements(l.particulars -> 'uncleared') u), 0)
  ORDER BY l.lane, l.id LIMIT %(chunk)s
"""


def pay_cleared_balances(engine: Engine, connection: Connection, on: date) -> None:
    """Pay to wallets what was held until it cleared. Only lines of programs that hold repayments are looked at."""
    programs = [name for name in program_names() if _holds_repayments(load_program(name), on)]
    if programs:
        drain(
            engine,
            connection,
            _CLEARED_BALANCES,
            lambda row: Submission(command=PayCreditBalance(line_id=row.id)),
            programs=programs,
        )


def _holds_repayments(program: Program, on: date) -> bool:
    held = any(version.terms.repayment_hold_days for version in program.versions)
    return held and program.terms_on(on).credit_balance_to_wallet
