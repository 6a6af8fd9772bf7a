"""Dates of cycles and installments: half-open periods, days clamped to the month's end.

A cycle [opens_on, closes_on) closes at the very start of `closes_on`: what counts on that day belongs to the next one.
Nothing here knows what today is.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction
from functools import lru_cache


# The days of a month are asked for again and again while an account is folded.
@lru_cache(maxsize=4096)
def on_day(year: int, month: int, day: int) -> date:
    """That day of the month, or the month's last when it has no such day: day 31 of February 2026 is the 28th."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def months_after(start: date, months: int, day: int | None = None) -> date:
    """`months` later, on `day` (default: the start's own), clamped to the month's end but not for ever: 31 January,
    28 February, 31 March. months may be negative.
    """
    years, month = divmod(start.month - 1 + months, 12)
    return on_day(start.year + years, month + 1, start.day if day is None else day)


@lru_cache(maxsize=4096)
def next_close_on(cycle_day: int, on: date) -> date:
    """The first cycle close strictly after `on`: a purchase of the 1st belongs to the cycle that opens on that 1st."""
    here = on_day(on.year, on.month, cycle_day)
    return here if here > on else months_after(on, 1, cycle_day)


@lru_cache(maxsize=4096)
def last_close_on(cycle_day: int, on: date) -> date:
    """The last cycle close on or before `on`: the day on which the cycle of `on` opened."""
    here = on_day(on.year, on.month, cycle_day)
    return here if here <= on else months_after(on, -1, cycle_day)


def due_on_after(closes_on: date, due_day: int) -> date:
    """The first `due_day` strictly after a cycle close: closed on 1 April with due day 10, due on 10 April."""
    return next_close_on(due_day, closes_on)


def remaining_share(opens_on: date, closes_on: date, on: date) -> Fraction:
    """What remains of a period on a day, exactly: 1 on its first day or before, 0 from its close on."""
    left = (closes_on - max(on, opens_on)).days
    return Fraction(max(left, 0), (closes_on - opens_on).days)
