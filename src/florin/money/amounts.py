"""Amounts: integers of minor units, split and rounded so that no fen is lost or made.

Accruals stay exact until they are posted; each function names the one rounding it does and who carries the remainder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

MILLION = 1_000_000

_YUAN = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?", re.ASCII)


class AmountTextInvalid(ValueError):
    """A text that should be an amount in yuan is none; `text` is what stood there."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no amount: write yuan with at most two decimals, as in 199.00")
        self.text = text


def split_minor(total_minor: int, parts: int) -> list[int]:
    """Near-equal parts; the earliest carry the remainder, so the sum is exact."""
    base, extra = divmod(total_minor, parts)
    return [base + (i < extra) for i in range(parts)]


def share_out(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to `weights` (none negative, not all zero); the earliest carry the remainder, so the sum is
    exact.

    A weight of zero gets nothing. With total <= sum(weights) no part exceeds its weight.
    """
    whole = sum(weights)
    parts = [total_minor * weight // whole for weight in weights]
    remainder = total_minor - sum(parts)
    for index, weight in enumerate(weights):
        if remainder == 0:
            break
        if weight > 0:
            parts[index] += 1
            remainder -= 1
    return parts


def round_half_up(exact: Fraction | Decimal | int) -> int:
    """The nearest whole minor unit; a half goes up (199.5 becomes 200). exact: zero or more."""
    return (Fraction(exact) + Fraction(1, 2)).__floor__()


def round_half_even(exact: Fraction | Decimal | int) -> int:
    """The nearest whole minor unit; a half goes to the even one (199.5 becomes 200, 198.5 becomes 198)."""
    return round(Fraction(exact))


def round_up(exact: Fraction | Decimal | int) -> int:
    """The next whole minor unit at or above."""
    return Fraction(exact).__ceil__()


def share_minor(amount_minor: int, ppm: int) -> int:
    """`ppm` parts per million of an amount, rounded half up: 0.60 % of 199.00 is share_minor(19_900, 6_000) = 119."""
    return (amount_minor * ppm * 2 + MILLION) // (2 * MILLION)


def parse_yuan(text: str) -> int:
    """Minor units of a text such as "199.00", "199.9" or "199". Raises AmountTextInvalid for anything else.

    No sign, no spaces, no thousands separator, no leading zeros, ASCII digits only: a wire that is lenient here charges
    somebody a wrong amount one day.
    """
    match = _YUAN.fullmatch(text)
    if match is None:
        raise AmountTextInvalid(text)
    whole, fen = match.groups()
    return int(whole) * 100 + int((fen or "").ljust(2, "0"))


def yuan_text(amount_minor: int) -> str:
    """Plain text for wires and files, as "199.00": two decimals, a minus sign below zero, no separators."""
    sign = "-" if amount_minor < 0 else ""
    whole, fen = divmod(abs(amount_minor), 100)
    return f"{sign}{whole}.{fen:02d}"
