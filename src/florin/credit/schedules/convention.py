"""Conventions: how days are counted, amounts rounded, and who carries the remainder. All of it is a parameter.

`day_count` is written days/year. Before the slash: `30`, a period of N whole months counts 30 N days, a part of it its
share of the actual days, and weeks and days count as they are; `30E`, the Eurobond difference of two dates, day 31
taken as 30 (ISDA 2006, 4.16 (g)); `actual`, the days of the calendar. After it: 360, 364, 365, or `actual`, the length
of the calendar year in which the days lie, 365 or 366 (ISDA 2006, 4.16 (b)).
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    localcontext,
)
from fractions import Fraction
from typing import Literal, get_args

import msgspec

from florin.credit.schedules.invalid import ConventionUnknown, is_whole

DayCount = Literal[
    "30/360",
    "30/364",
    "30/365",
    "30/actual",
    "30E/360",
    "actual/360",
    "actual/364",
    "actual/365",
    "actual/actual",
]
Rounding = Literal["HALF_EVEN", "HALF_UP", "HALF_DOWN", "UP", "DOWN", "CEILING", "FLOOR"]

_MODES: dict[str, str] = {
    "HALF_EVEN": ROUND_HALF_EVEN,
    "HALF_UP": ROUND_HALF_UP,
    "HALF_DOWN": ROUND_HALF_DOWN,
    "UP": ROUND_UP,
    "DOWN": ROUND_DOWN,
    "CEILING": ROUND_CEILING,
    "FLOOR": ROUND_FLOOR,
}


class Convention(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule counts and rounds. day_count and rounding have no default: say which.

    rounding: of each period's interest, once a period. installment_rounding: of the level installment and of the equal
    principal part; None is as `rounding`. installment_multiple_minor: the installment is rounded to a multiple of so
    many minor units; where that would be zero it is not. The last installment carries what rounding leaves.

    level_adjustment: `none`, the last installment simply carries the rest; `spread`, when it differs from the one
    before by more minor units than half the number of installments, the difference is spread over all of them, at most
    three times and only while that helps (as Apache Fineract does); `lower_last`, the smallest installment for which
    the last one is not above it.

    year_boundary and leap_year only matter with a year of `actual`. year_boundary: the day on which the new year's
    length begins to count; `january_1` counts each day from its own start (half-open, ISDA), `december_31` counts it at
    its end, one day earlier. leap_year: `calendar`, every day of a leap year is a 366th; `february_29_in_period`, only
    the periods (from, due] that hold a 29 February.
    """

    day_count: DayCount
    rounding: Rounding
    installment_rounding: Rounding | None = None
    installment_multiple_minor: int = 1
    level_adjustment: Literal["none", "spread", "lower_last"] = "none"
    year_boundary: Literal["january_1", "december_31"] = "january_1"
    leap_year: Literal["calendar", "february_29_in_period"] = "calendar"

    def __post_init__(self) -> None:
        known = {
            "day_count": get_args(DayCount),
            "rounding": tuple(_MODES),
            "installment_rounding": (None, *_MODES),
            "level_adjustment": ("none", "spread", "lower_last"),
            "year_boundary": ("january_1", "december_31"),
            "leap_year": ("calendar", "february_29_in_period"),
        }
        for name, allowed in known.items():
            if getattr(self, name) not in allowed:
                names = ", ".join(str(value) for value in allowed)
                raise ConventionUnknown(f"{name} is {getattr(self, name)!r}: choose one of {names}")
        if not is_whole(self.installment_multiple_minor) or self.installment_multiple_minor < 1:
            raise ConventionUnknown(
                f"installment_multiple_minor is {self.installment_multiple_minor!r}: give 1 or more"
            )

    def rounded(self, exact: Fraction | int) -> int:
        """An amount of interest in whole minor units."""
        return rounded(exact, self.rounding)

    def rounded_installment(self, exact: Fraction | int) -> int:
        """An installment, rounded and, where that leaves something, to its multiple."""
        rounding = self.installment_rounding or self.rounding
        multiple = self.installment_multiple_minor
        return rounded(Fraction(exact) / multiple, rounding) * multiple or rounded(exact, rounding)


def rounded(exact: Fraction | int, rounding: Rounding) -> int:
    """The whole number that `rounding` gives; exact, so that a half is a half. UP is away from zero, DOWN towards it."""
    fraction = Fraction(exact)
    whole = fraction.__floor__()
    rest = fraction - whole
    # Decimal knows all the modes: the place between two whole numbers, told apart as below, at or above the half.
    place = Decimal(0) if rest == 0 else Decimal(5) + (rest > Fraction(1, 2)) - (rest < Fraction(1, 2))
    with localcontext(prec=len(str(abs(whole))) + 5):
        return int((whole + place / 10).quantize(Decimal(1), rounding=_MODES[rounding]))
