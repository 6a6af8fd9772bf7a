"""Sweep: what merchants sold in a window that is over becomes available to them, less the reserve that their terms keep.

Most windows are days, and are swept by the day close. Those between two cut-offs (T+0) are swept once the clock has passed the
cut-off; one that could not be is swept by the day close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import structlog
from psycopg import Connection

from florin.engine.close_step import CloseUnfinished, OpenDays, drain, execute, of_open_days, rows_of
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.submission import Busy, Submission, job
from florin.payments.merchant import Merchant
from florin.payments.reserve import HoldReserve, ReleaseReserve
from florin.payments.settle import Sweep
from florin.payments.settlement_terms import USUAL

log = structlog.get_logger(__name__)

# Windows of one merchant lie in up to as many lanes as there are, and change one balance.
SWEEPS_TOGETHER = 500

# What became payable, by the day and by the cut-off before it: all that moved but the sweeps themselves.
_PAYABLE = """
    SELECT p.lane, p.owner_id AS merchant_id, p.posted_on AS window_on, p.cut, sum(p.signed_minor)::bigint AS amount_minor
      FROM posting_line p
     WHERE p.name = 'MERCHANT_PAYABLE' AND p.kind <> 60 AND p.posted_on > %(since_on)s AND p.posted_on < %(on)s
  GROUP BY 1, 2, 3, 4
"""
_PAYABLE_TODAY = """
    SELECT p.lane, p.owner_id AS merchant_id, p.posted_on AS window_on, p.cut, sum(p.signed_minor)::bigint AS amount_minor
      FROM posting_line p
     WHERE p.name = 'MERCHANT_PAYABLE' AND p.kind <> 60 AND p.posted_on = %(on)s AND p.owner_id = ANY (%(merchant_ids)s)
  GROUP BY 1, 2, 3, 4
"""
_PARKED = """
    SELECT lane, merchant_id, window_on, window_from, window_until, amount_minor FROM parked_window
  ORDER BY lane, merchant_id, window_on, window_from
     LIMIT 1000000
"""
_SWEPT = """
    SELECT s.lane, s.merchant_id, s.window_on, s.window_from, s.window_until
      FROM unnest(%(lanes)s::smallint[], %(merchant_ids)s::bigint[], %(days)s::date[], %(froms)s::smallint[])
               AS w(lane, merchant_id, window_on, window_from)
           JOIN sweep s USING (lane, merchant_id, window_on, window_from)
"""
_PARK_WINDOW = """
    INSERT INTO parked_window (lane, merchant_id, window_on, window_from, window_until, amount_minor, reason, parked_at)
    SELECT %(lane)s, %(merchant_id)s, %(window_on)s, %(window_from)s, %(window_until)s, %(amount_minor)s, %(reason)s,
           now() + offset_s * interval '1 second'
      FROM clock
        ON CONFLICT (lane, merchant_id, window_on, window_from) DO UPDATE SET reason = excluded.reason
"""
_UNPARK_SWEPT = """
    DELETE FROM parked_window p USING sweep s
     WHERE s.lane = p.lane AND s.merchant_id = p.merchant_id AND s.window_on = p.window_on AND s.window_from = p.window_from
"""
_BROUGHT = """
    SELECT merchant_id, sum(amount_minor)::bigint AS brought_minor
      FROM sweep
     WHERE swept_on = %(on)s AND window_on < %(on)s AND merchant_id = ANY (%(merchant_ids)s)
  GROUP BY merchant_id
    HAVING sum(amount_minor) > 0
  ORDER BY merchant_id
"""
_BROUGHT_TODAY = """
    SELECT merchant_id, window_from, sum(amount_minor)::bigint AS brought_minor
      FROM sweep
     WHERE swept_on = %(on)s AND window_on = %(on)s AND merchant_id = ANY (%(merchant_ids)s)
  GROUP BY merchant_id, window_from
    HAVING sum(amount_minor) > 0
  ORDER BY merchant_id, window_from
"""
_RESERVES_OVER = """
    SELECT id, merchant_id FROM reserve_hold
     WHERE release_on <= %(on)s AND released_on IS NULL
  ORDER BY release_on, lane, id
     LIMIT %(chunk)s
"""


class Window(NamedTuple):
    """A merchant's day in a lane, or the part of it between two of his cut-offs, in minutes after midnight."""

    merchant_id: int
    lane: int
    on: date
    begins: int
    ends: int


def sweep_windows(engine: Engine, connection: Connection, days: OpenDays) -> tuple[int, int]:
    """(swept, parked). Windows of the days that are not closed, each once, and those that were parked before. A window that
    somebody holds stops the close; one that is refused waits for the next, parked.
    """
    payable = windows_of(of_open_days(connection, _PAYABLE, days), engine.reference.merchants)
    parked = {
        Window(row.merchant_id, row.lane, row.window_on, row.window_from, row.window_until): row.amount_minor
        for row in rows_of(connection, _PARKED)
        if row.window_on < days.on
    }
    return _sweep(engine, connection, parked | payable)


def sweep_windows_of_today(engine: Engine, connection: Connection, on: date, cut: int) -> tuple[int, int]:
    """(swept, parked) of the windows of merchants with cut-offs that have ended by a cut-off of the day, in minutes."""
    merchants = engine.reference.merchants
    merchant_ids = [m.id for m in merchants.values() if m.settlement_on(on).window_from(cut)]
    if not merchant_ids:
        return 0, 0
    rows = rows_of(connection, _PAYABLE_TODAY, on=on, merchant_ids=merchant_ids)
    ended = {window: minor for window, minor in windows_of(rows, merchants).items() if window.ends <= cut}
    return _sweep(engine, connection, ended)


def windows_of(rows: Sequence[Any], merchants: Mapping[int, Merchant]) -> dict[Window, int]:
    """What became payable in each window, by the terms of each merchant's day. One whom nobody knows has whole days."""
    windows: dict[Window, int] = {}
    for row in rows:
        merchant = merchants.get(row.merchant_id)
        terms = USUAL if merchant is None else merchant.settlement_on(row.window_on)
        begins, ends = terms.window_from(row.cut), terms.window_until(row.cut)
        window = Window(row.merchant_id, row.lane, row.window_on, begins, ends)
        windows[window] = windows.get(window, 0) + row.amount_minor
    return windows


def _sweep(engine: Engine, connection: Connection, payable: Mapping[Window, int]) -> tuple[int, int]:
    # Sorted, so that a batch holds the balances of few merchants.
    windows = sorted(window for window, amount_minor in payable.items() if amount_minor)
    done = _swept(connection, windows)
    windows = [window for window in windows if window not in done]
    # A refusal is no answer for good: the window is tried again by every close until it is swept.
    steps = [_sweeping(window, payable[window]) for window in windows]
    outcomes = execute(engine, steps, chunk=SWEEPS_TOGETHER)
    refused = [(window, outcome.refusal) for window, outcome in zip(windows, outcomes, strict=True) if outcome.refusal]
    parked = [(window, refusal) for window, refusal in refused if not isinstance(refusal, Busy)]
    for window, refusal in parked:
        reason = f"{refusal.name} {refusal.numbers()}"
        row = {
            "lane": window.lane,
            "merchant_id": window.merchant_id,
            "window_on": window.on,
            "window_from": window.begins,
            "window_until": window.ends,
        }
        connection.execute(_PARK_WINDOW, {**row, "amount_minor": payable[window], "reason": reason})
        log.warning("window parked", merchant_id=window.merchant_id, window_on=str(window.on), reason=reason)
    connection.execute(_UNPARK_SWEPT)
    connection.commit()
    if len(refused) > len(parked):
        raise CloseUnfinished(f"{len(refused) - len(parked)} of {len(windows)} windows were not swept: Busy")
    return len(windows) - len(parked), len(parked)


def _swept(connection: Connection, windows: Sequence[Window]) -> set[Window]:
    """Those that were swept before."""
    rows = rows_of(
        connection,
        _SWEPT,
        lanes=[window.lane for window in windows],
        merchant_ids=[window.merchant_id for window in windows],
        days=[window.on for window in windows],
        froms=[window.begins for window in windows],
    )
    return {Window(row.merchant_id, row.lane, row.window_on, row.window_from, row.window_until) for row in rows}


def _sweeping(window: Window, amount_minor: int) -> Submission:
    command = Sweep(
        merchant_id=window.merchant_id,
        lane=window.lane,
        window_on=window.on,
        window_from=window.begins,
        window_until=window.ends,
        amount_minor=amount_minor,
    )
    part = f"/{window.begins}" if window.begins else ""
    return job(f"sweep/{window.lane}/{window.merchant_id}/{window.on}{part}", command, keeps_refusal=False)


def keep_reserves(engine: Engine, connection: Connection, on: date) -> None:
    """Keep the share of what each merchant's days over brought that his terms say, and give free what was kept long enough."""
    rows = rows_of(connection, _BROUGHT, on=on, merchant_ids=_reserving(engine, on))
    execute(engine, [_holding(engine, row, f"reserve/{row.merchant_id}/{on}") for row in rows])
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


def keep_reserves_of_today(engine: Engine, connection: Connection, on: date) -> None:
    """Keep that share of what windows between cut-offs have brought."""
    rows = rows_of(connection, _BROUGHT_TODAY, on=on, merchant_ids=_reserving(engine, on))
    execute(engine, [_holding(engine, row, f"reserve/{row.merchant_id}/{on}/{row.window_from}") for row in rows])


def _reserving(engine: Engine, on: date) -> list[int]:
    return [merchant.id for merchant in engine.reference.merchants.values() if merchant.settlement_on(on).reserve_ppm]


def _holding(engine: Engine, row: Any, key: str) -> Submission:
    command = HoldReserve(
        hold_id=engine.new_id(lane_of(row.merchant_id)), merchant_id=row.merchant_id, brought_minor=row.brought_minor
    )
    return job(key, command, keeps_refusal=False)
