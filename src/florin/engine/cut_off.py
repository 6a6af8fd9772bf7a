"""Cut-offs: between two closes, what merchants on T+0 terms have sold becomes available, and is paid out if their terms say so.

As at midnight, the clock is cut first: every batch from then on posts into the windows that begin, and once those under way
have ended the windows that are over are summed. The cut is for the whole house; whose windows end with it, his terms say. A
round that was cut off runs again, with the same keys; what it leaves undone the day close does.
"""

from __future__ import annotations

from typing import NamedTuple

import structlog
from psycopg import Connection

from florin.engine import clock
from florin.engine.engine import Engine
from florin.engine.pay_merchants import pay_out_today
from florin.engine.sweep import keep_reserves_of_today, sweep_windows_of_today
from florin.money.at import At

log = structlog.get_logger(__name__)

_SWEPT_CUT = "SELECT swept_cut FROM clock"
_SWEPT = "UPDATE clock SET swept_cut = %(cut)s WHERE business_on = %(on)s AND cut = %(cut)s"


class CutOff(NamedTuple):
    """What was done at a cut-off. minute: after midnight."""

    minute: int
    swept: int
    windows_parked: int
    paid_out: int


def settle_cut_off(engine: Engine, connection: Connection) -> CutOff | None:
    """Settle the windows that the day's last cut-off has ended; None when there was none since, or all is done.

    connection: as in `close_day`. Raises clock.BatchHangs, CloseUnfinished.
    """
    at, reference = engine.look()
    minute = max(at.cut, _due(at, [m.settlement_on(at.on).cut_minutes for m in reference.merchants.values()]))
    row = connection.execute(_SWEPT_CUT).fetchone()
    connection.commit()
    assert row is not None, "the clock has its row since the first migration"
    if minute <= row[0]:
        return None
    clock.cut(connection, at.on, minute)
    swept, parked = sweep_windows_of_today(engine, connection, at.on, minute)
    keep_reserves_of_today(engine, connection, at.on)
    done = CutOff(minute, swept, parked, pay_out_today(engine, connection, at.on, minute))
    connection.execute(_SWEPT, {"cut": minute, "on": at.on})
    connection.commit()
    log.info("cut-off settled", on=str(at.on), **done._asdict())
    return done


def _due(at: At, cut_minutes: list[tuple[int, ...]]) -> int:
    """The last cut-off that the day has reached, 0 for none; on a day that business time has left none is due any more."""
    if clock.business_day(at.instant) != at.on:
        return 0
    now = clock.minute_of(at.instant)
    return max((minute for minutes in cut_minutes for minute in minutes if minute <= now), default=0)
