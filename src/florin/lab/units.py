"""Rates that carry their unit: of what, and over which time.

Loss rates alone come as a share of balance, of volume, of loans and of orders; with a product that turns its book over ten
times a year, mixing two of them is wrong by ten. So each is a type of its own, an integer of parts per million, and what
turns one into another is a function that asks for what it takes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal, NamedTuple, overload

import numpy as np

from florin.lab.arrays import Minor

MILLION = 1_000_000
MONTHS_A_YEAR = 12

Per = Literal["year", "month"]


class RateInvalid(ValueError):
    """A rate that cannot be read, or that cannot be: says which, and how one is written."""


class OfVolume(NamedTuple):
    """A share of what is bought, once a purchase: fees, take, losses of pay-later firms."""

    ppm: int


class OfOrders(NamedTuple):
    """A share of the orders, by number."""

    ppm: int


class OfLoans(NamedTuple):
    """A share of the loans made, by number or amount, once a loan."""

    ppm: int


class OfBalance(NamedTuple):
    """A share of what is owed, over a time: interest, funding, charge-off of cards."""

    ppm: int
    per: Per

    def yearly_ppm(self) -> int:
        return self.ppm if self.per == "year" else self.ppm * MONTHS_A_YEAR


Rate = OfVolume | OfOrders | OfLoans | OfBalance

_WRITTEN = re.compile(
    r"^(?P<number>-?\d+(\.\d+)?) ?% of (?P<base>volume|orders|loans|balance)( a (?P<per>year|month))?$"
)
_EXAMPLE = 'Write for example "0.6 % of volume" or "3.0 % of balance a year".'


def read_rate(text: str, what: str) -> Rate:
    """A rate as text, such as `3.0 % of balance a year`.

    Raises RateInvalid: no unit, a time missing or too many, below 0 or above 1, finer than a millionth.
    """
    found = _WRITTEN.match(text.strip())
    if found is None:
        raise RateInvalid(f"{what} = {text!r} has no unit, or not one that is known. {_EXAMPLE}")
    ppm = Decimal(found["number"]) * 10_000
    if ppm != ppm.to_integral_value():
        raise RateInvalid(f"{what} = {text!r} is finer than a millionth. Round it to 0.0001 %.")
    if not 0 <= ppm <= MILLION:
        raise RateInvalid(f"{what} = {text!r} is not between 0 % and 100 %.")
    if found["base"] == "balance":
        if found["per"] is None:
            raise RateInvalid(f"{what} = {text!r} says not over which time. {_EXAMPLE}")
        return OfBalance(int(ppm), "year" if found["per"] == "year" else "month")
    if found["per"] is not None:
        raise RateInvalid(
            f"{what} = {text!r}: a share of {found['base']} is had once, not a {found['per']}. {_EXAMPLE}"
        )
    once: dict[str, type[OfVolume] | type[OfOrders] | type[OfLoans]]
    once = {"volume": OfVolume, "orders": OfOrders, "loans": OfLoans}
    return once[found["base"]](int(ppm))


def volume_of_balance(rate: OfBalance, *, turns_a_year: float) -> OfVolume:
    """What a yearly share of balance is of volume, for a book that turns over so many times a year (365 / days outstanding)."""
    if turns_a_year <= 0:
        raise RateInvalid(f"A book turns over more than {turns_a_year:g} times a year.")
    return OfVolume(round(rate.yearly_ppm() / turns_a_year))


@overload
def share_minor(amount_minor: int, rate: OfVolume) -> int: ...
@overload
def share_minor(amount_minor: Minor, rate: OfVolume) -> Minor: ...
def share_minor(amount_minor: int | Minor, rate: OfVolume) -> int | Minor:
    """A share of an amount, above zero or not, to the fen, a half away from zero, as the engine charges fees."""
    return parts_minor(amount_minor, rate.ppm)


@overload
def parts_minor(amount_minor: int, ppm: int) -> int: ...
@overload
def parts_minor(amount_minor: Minor, ppm: int | Minor) -> Minor: ...
def parts_minor(amount_minor: int | Minor, ppm: int | Minor) -> int | Minor:
    """`share_minor` with a plain number of millionths, or one for each amount."""
    if isinstance(amount_minor, np.ndarray):
        shares_minor = (np.abs(amount_minor) * ppm + MILLION // 2) // MILLION
        return np.where(amount_minor < 0, -shares_minor, shares_minor)
    assert not isinstance(ppm, np.ndarray), "an array of rates takes an array of amounts"
    whole = (abs(amount_minor) * ppm + MILLION // 2) // MILLION
    return whole if amount_minor >= 0 else -whole
