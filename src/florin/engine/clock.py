"""The clock: the platform's business time, and the only place that moves it.

Business time is wall time plus a stored offset; the business date is a column of its own, because a posting is dated by what
its transaction reads, not by what a watch shows. Both only go forward. `roll` commits the next date and then waits until no
batch that read the old one is still alive: only then may the day be summed.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg import Connection

from florin.money.at import At

ZONE = ZoneInfo("Asia/Shanghai")

_READ = "SELECT business_on, offset_s, now(), cut FROM clock"
_START = """
    INSERT INTO clock (business_on, closed_through, offset_s)
    VALUES (%(on)s, %(closed_through)s, %(offset_s)s)
        ON CONFLICT DO NOTHING
"""
_ROLL = """
    UPDATE clock SET business_on = %(to_on)s, cut = 0, swept_cut = 0 WHERE business_on = %(from_on)s
"""
_CUT = """
    UPDATE clock SET cut = %(cut)s WHERE business_on = %(on)s AND cut < %(cut)s
"""
_SHIFT = """
    UPDATE clock SET offset_s = offset_s + %(seconds)s
"""
_OLDER = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE '%%-engine' AND xact_start < %(since)s
"""


class ClockGoesForward(ValueError):
    """Business time never goes back: the day asked for lies before the platform's."""


class BatchHangs(TimeoutError):
    """A batch that began before the day was rolled has not ended: the day cannot be summed yet."""


def read(connection: Connection) -> At:
    """Business date and business time."""
    row = connection.execute(_READ).fetchone()
    if row is None:
        raise LookupError("the clock was never started: run `florin migrate`")
    return At(on=row[0], instant=row[2] + timedelta(seconds=row[1]), cut=row[3])


def start(connection: Connection, on: date | None = None) -> At:
    """Start the clock on a day (today in the platform's zone when None), unless it runs already."""
    wall = connection.execute("SELECT now()").fetchone()
    assert wall is not None
    local = wall[0].astimezone(ZONE)
    first = on or local.date()
    parameters = {
        "on": first,
        "closed_through": first - timedelta(days=1),
        "offset_s": (first - local.date()).days * 86_400,
    }
    connection.execute(_START, parameters)
    connection.commit()
    return read(connection)


def due_on(connection: Connection) -> date:
    """The date that business time has reached; later than the business date when a roll is due."""
    return business_day(read(connection).instant)


def business_day(instant: datetime) -> date:
    """The platform's date at an instant."""
    return instant.astimezone(ZONE).date()


def shift(connection: Connection, seconds: int) -> None:
    """Move business time ahead. Raises ClockGoesForward."""
    if seconds < 0:
        raise ClockGoesForward(f"the clock cannot go back by {-seconds} s")
    connection.execute(_SHIFT, {"seconds": seconds})
    connection.commit()


def roll(connection: Connection, from_on: date, *, timeout_s: float = 60) -> date:
    """Commit the day after `from_on`, then wait for every batch that may have read `from_on`. Gives the new date.

    Of two who roll from one day one rolls, and both wait. Raises BatchHangs after `timeout_s`.
    """
    tomorrow = from_on + timedelta(days=1)
    connection.execute(_ROLL, {"from_on": from_on, "to_on": tomorrow})
    connection.commit()
    await_older_batches(connection, timeout_s=timeout_s)
    return tomorrow


def cut(connection: Connection, on: date, minute: int, *, timeout_s: float = 60) -> None:
    """Commit a cut-off of the business day, then wait for every batch that may be of before it, as `roll` does.

    minute: after midnight. A day that is over, and a cut-off that the day has passed, stay as they are. Raises BatchHangs.
    """
    connection.execute(_CUT, {"on": on, "cut": minute})
    connection.commit()
    await_older_batches(connection, timeout_s=timeout_s)


def minute_of(instant: datetime) -> int:
    """Minutes after the platform's midnight, begun ones left out."""
    local = instant.astimezone(ZONE)
    return local.hour * 60 + local.minute


def await_older_batches(connection: Connection, *, timeout_s: float = 60) -> None:
    """Return once every batch that is under way now has ended. Raises BatchHangs after `timeout_s`."""
    since = connection.execute("SELECT clock_timestamp()").fetchone()
    connection.commit()
    assert since is not None
    deadline = time.monotonic() + timeout_s
    while True:
        older = connection.execute(_OLDER, {"since": since[0]}).fetchone()
        connection.commit()
        assert older is not None
        if older[0] == 0:
            return
        if time.monotonic() > deadline:
            raise BatchHangs(f"{older[0]} batches are still under way after {timeout_s:g} s")
        time.sleep(0.01)
