"""Sweep: what merchants sold in a window that is over becomes available to them, less the reserve that their terms keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import structlog
from psycopg import Connection

from florin.engine.close_step import CloseUnfinished, drain, execute, of_open_days, rows_of
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.submission import Busy, Submission, job
from florin.payments.reserve import HoldReserve, ReleaseReserve
from florin.payments.settle import Sweep

log = structlog.get_logger(__name__)

# Windows of one merchant lie in up to as many lanes as there are, and change one balance.
SWEEPS_TOGETHER = 500

# A window's payable is all that moved on it that day but its own sweep. Windows of closed days alone, each once; and those
# that were parked on an earlier day.
_WINDOWS = """
    SELECT w.lane, w.merchant_id, w.window_on, w.amount_minor
      FROM (SELECT p.lane, p.owner_id AS merchant_id, p.posted_on AS window_on, sum(p.signed_minor)::bigint AS amount_minor
              FROM posting_line p
             WHERE p.name = 'MERCHANT_PAYABLE' AND p.kind <> 60
               AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
          GROUP BY 1, 2, 3
             UNION
            SELECT lane, merchant_id, window_on, amount_minor FROM parked_window) w
     WHERE w.amount_minor <> 0
       AND NOT EXISTS (SELECT FROM sweep s
                        WHERE s.lane = w.lane AND s.merchant_id = w.merchant_id AND s.window_on = w.window_on)
  ORDER BY w.merchant_id, w.lane, w.window_on      -- so that a batch holds the balances of few merchants
"""
_PARK_WINDOW = """
    INSERT INTO parked_window (lane, merchant_id, window_on, amount_minor, reason, parked_at)
    SELECT %(lane)s, %(merchant_id)s, %(window_on)s, %(amount_minor)s, %(reason)s, now() + offset_s * interval '1 second'
      FROM clock
        ON CONFLICT (lane, merchant_id, window_on) DO UPDATE SET reason = excluded.reason
"""
_UNPARK_SWEPT = """
    DELETE FROM parked_window p USING sweep s
     WHERE s.lane = p.lane AND s.merchant_id = p.merchant_id AND s.window_on = p.window_on
"""
_BROUGHT = """
    SELECT merchant_id, sum(amount_minor)::bigint AS brought_minor
      FROM sweep
     WHERE swept_on = %(on)s AND merchant_id = ANY (%(merchant_ids)s)
  GROUP BY merchant_id
    HAVING sum(amount_minor) > 0
  ORDER BY merchant_id
"""
_RESERVES_OVER = """
    SELECT id, merchant_id FROM reserve_hold
     WHERE release_on <= %(on)s AND released_on IS NULL
  ORDER BY release_on, lane, id
     LIMIT %(chunk)s
"""


def sweep_windows(engine: Engine, connection: Connection, through: date) -> tuple[int, int]:
    """(swept, parked). A window that somebody holds stops the close; one that is refused waits for the next, parked."""
    rows = of_open_days(connection, _WINDOWS, through + timedelta(days=1))
    # A refusal is no answer for good: the window is tried again by every close until it is swept.
    outcomes = execute(engine, [_sweep(row) for row in rows], chunk=SWEEPS_TOGETHER)
    refused = [(row, outcome.refusal) for row, outcome in zip(rows, outcomes, strict=True) if outcome.refusal]
    parked = [(row, refusal) for row, refusal in refused if not isinstance(refusal, Busy)]
    for row, refusal in parked:
        reason = f"{refusal.name} {refusal.numbers()}"
        connection.execute(_PARK_WINDOW, {**row._asdict(), "reason": reason})
        log.warning("window parked", merchant_id=row.merchant_id, window_on=str(row.window_on), reason=reason)
    connection.execute(_UNPARK_SWEPT)
    connection.commit()
    if len(refused) > len(parked):
        raise CloseUnfinished(f"{len(refused) - len(parked)} of {len(rows)} windows were not swept: Busy")
    return len(rows) - len(parked), len(parked)


def _sweep(row: Any) -> Submission:
    command = Sweep(merchant_id=row.merchant_id, lane=row.lane, window_on=row.window_on, amount_minor=row.amount_minor)
    return job(f"sweep/{row.lane}/{row.merchant_id}/{row.window_on}", command, keeps_refusal=False)


def keep_reserves(engine: Engine, connection: Connection, on: date) -> None:
    """Keep the share of what each merchant was swept today that his terms say, and give free what was kept long enough."""
    merchant_ids = [m.id for m in engine.reference.merchants.values() if m.settlement_on(on).reserve_ppm]
    if merchant_ids:
        holds = [
            job(
                f"reserve/{row.merchant_id}/{on}",
                HoldReserve(
                    hold_id=engine.new_id(lane_of(row.merchant_id)),
                    merchant_id=row.merchant_id,
                    brought_minor=row.brought_minor,
                ),
                keeps_refusal=False,
            )
            for row in rows_of(connection, _BROUGHT, on=on, merchant_ids=merchant_ids)
        ]
        execute(engine, holds)
    drain(
        engine,
        connection,
        _RESERVES_OVER,
        lambda row: job(
            f"reserve-over/{row.id}",
            ReleaseReserve(hold_id=row.id, merchant_id=row.merchant_id),
            keeps_refusal=False,
        ),
        on=on,
    )
