"""The payment PIN: six digits, asked for whenever money moves, locked after five wrong tries.

A try is counted before the PIN is looked at, in one guarded UPDATE, so of a hundred guesses sent at the same instant
five are looked at. The right PIN clears the count. The lock runs on wall time, not on the platform's clock, which tests
and demonstrations move.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import connection

TRIES = 5
LOCK = timedelta(minutes=30)
DIGITS = 6


@dataclass(frozen=True, slots=True)
class PinRight:
    pass


@dataclass(frozen=True, slots=True)
class PinWrong:
    tries_left: int


@dataclass(frozen=True, slots=True)
class PinLocked:
    until: datetime


@dataclass(frozen=True, slots=True)
class PinUnreadable:
    """Not six digits: a slip of the finger, which costs no try."""


Verdict = PinRight | PinWrong | PinLocked | PinUnreadable

# A lock that has run out starts a new count.
_SPEND_TRY = """
    UPDATE pages_shopper
       SET pin_failures = CASE WHEN pin_locked_until IS NULL THEN pin_failures + 1 ELSE 1 END,
           pin_locked_until = CASE WHEN pin_locked_until IS NULL AND pin_failures + 1 >= %(tries)s
                                   THEN %(until)s::timestamptz END
     WHERE id = %(shopper_id)s AND (pin_locked_until IS NULL OR pin_locked_until <= %(now)s)
 RETURNING pin_hash, pin_failures, pin_locked_until
"""
_LOCKED_UNTIL = "SELECT pin_locked_until FROM pages_shopper WHERE id = %(shopper_id)s"
_FORGET_TRIES = "UPDATE pages_shopper SET pin_failures = 0, pin_locked_until = NULL WHERE id = %(shopper_id)s"


def check_pin(shopper_id: int, pin: str, *, now: datetime) -> Verdict:
    """Whether this is the shopper's PIN. now: wall time, aware."""
    if not (len(pin) == DIGITS and pin.isascii() and pin.isdigit()):
        return PinUnreadable()
    parameters: dict[str, Any] = {"shopper_id": shopper_id, "tries": TRIES, "now": now, "until": now + LOCK}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND_TRY, parameters)
        spent = cursor.fetchone()
        if spent is None:
            cursor.execute(_LOCKED_UNTIL, parameters)
            (locked_until,) = cursor.fetchone()
            return PinLocked(locked_until)
        pin_hash, failures, locked_until = spent
        if check_password(pin, pin_hash):
            cursor.execute(_FORGET_TRIES, parameters)
            return PinRight()
    return PinLocked(locked_until) if locked_until is not None else PinWrong(TRIES - failures)
