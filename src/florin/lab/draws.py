"""Draws that are keyed, not taken in turn: by seed, purpose, person and moment.

What a person meets on a day is the same in every world, however many people run beside him and whatever happened before; so
two worlds differ by their cause alone, and any number of processes gives the same result. A draw is the finalizer of
splitmix64 (Steele, Lea and Flood 2014) over an odd combination of its key.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from florin.lab.arrays import Bits, Real, Whole


class Purpose(IntEnum):
    """What a draw is for. A new purpose gets a new number; numbers are never used again."""

    INCOME = 1
    PAY_DAY = 2
    PRESENT_BIAS = 3
    SCORE = 4
    REACH = 5
    CARD = 6
    TASTE = 7
    REVOLVING = 8
    APPROVAL = 9
    LIMIT = 10
    PRUDENCE = 11
    STARTING_CASH = 12
    NEEDS = 20
    NEED_DAY = 21
    NEED_KIND = 22
    NEED_PRICE = 23
    NEED_VALUE = 24
    NEED_WAIT = 25
    OUTLET = 30
    TENDER = 40
    MERCHANT = 50
    SHOCK = 60
    SHOCK_MONTHS = 61
    DISTRESS = 62
    REVOLVES = 63
    WALLET = 64
    ARM = 70
    PARAMETER = 80
    CREDIT_SHARE = 90
    SPELL = 91
    SPELL_MONTHS = 92
    GOES_FOR_GOOD = 93
    BUFFER = 94
    HABIT_NEEDS = 95
    HABIT_NEED = 96


_PERSON = np.uint64(0x9E3779B97F4A7C15)
_MOMENT = np.uint64(0xD1B54A32D192ED03)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_MASK = (1 << 64) - 1
_STEP = 2.0**-53


def key(seed: int, purpose: Purpose) -> np.uint64:
    """The key of all draws for a purpose."""
    return np.uint64(_mixed_int(_mixed_int(seed & _MASK) + int(purpose) * int(_PERSON)))


def bits(of: np.uint64, people: Bits, moment: Bits | Whole | int = 0) -> Bits:
    """64 even bits for each person at a moment (a day, the number of a need, ...)."""
    at = np.asarray(moment).astype(np.uint64)
    return mixed(people * _PERSON + at * _MOMENT + of)


def further(drawn: Bits, step: int | Whole) -> Bits:
    """Other bits from bits: the draw with the number `step` of the same person at the same moment, or each with its own."""
    if isinstance(step, int):
        return mixed(drawn + np.uint64((step * int(_PERSON)) & _MASK))
    return mixed(drawn + step.astype(np.uint64) * _PERSON)


def uniform(drawn: Bits) -> Real:
    """Between 0 and 1, neither included."""
    found = (drawn >> _11).astype(np.float64)
    found += 0.5
    found *= _STEP
    return found


def gumbel(drawn: Bits) -> Real:
    """Gumbel, of scale 1, less its mean: what makes the best of several a logit."""
    found = np.log(uniform(drawn))
    np.negative(found, out=found)
    np.log(found, out=found)
    np.negative(found, out=found)
    found -= np.euler_gamma
    return found


def normal(drawn: Bits) -> Real:
    """Normal, of mean 0 and deviation 1, by Box and Muller."""
    radius = np.sqrt(-2.0 * np.log(uniform(drawn)))
    return radius * np.cos(2.0 * np.pi * uniform(further(drawn, 1)))


def mixed(drawn: Bits) -> Bits:
    """The finalizer of splitmix64. Takes its argument to pieces: pass what nobody needs any more."""
    drawn ^= drawn >> _30
    drawn *= _FIRST
    drawn ^= drawn >> _27
    drawn *= _SECOND
    drawn ^= drawn >> _31
    return drawn


def _mixed_int(number: int) -> int:
    number = (number + int(_PERSON)) & _MASK
    number = ((number ^ (number >> 30)) * int(_FIRST)) & _MASK
    number = ((number ^ (number >> 27)) * int(_SECOND)) & _MASK
    return number ^ (number >> 31)
