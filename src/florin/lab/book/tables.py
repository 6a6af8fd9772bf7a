"""Tables: a program's terms and calendar, asked for many statements at once.

A day's rates are integers over one common denominator, summed up from the first day on, so that what an amount bears over any
days is one product of integers, exact under every version of the terms. Days are ordinal numbers (`date.toordinal`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from math import lcm
from typing import Any

import numpy as np

from florin.credit.terms import Program, Terms
from florin.lab.arrays import Flags, Whole

NEVER = date.max.toordinal()

_INT64_MAX = 2**63 - 1
_YEARS_AT_ONCE = 4
_YEARS_SAFE = 10
_CLOSES_LOOKED_AT = 60


class ProgramNotVectorized(ValueError):
    """The book has no arithmetic for what these terms say; it refuses rather than be inexact."""

    def __init__(self, program: Program, what: str) -> None:
        super().__init__(f"The program {program.name!r} cannot be computed for many people at once: {what}.")
        self.program, self.what = program.name, what


class AmountsTooLarge(ValueError):
    """An amount times days times a rate could exceed what 64 bits hold."""

    def __init__(self, most_minor: int) -> None:
        super().__init__(
            f"Amounts above {most_minor} fen do not fit with rates this fine: lower the limits, or round the rates."
        )
        self.most_minor = most_minor


class Tables:
    """A program's numbers. first_on: no amount of the book bears anything before it."""

    def __init__(self, program: Program, first_on: int) -> None:
        _refuse(program)
        self.program = program
        self._closes: dict[tuple[int, int], int] = {}
        self.first_on = first_on
        self.terms = [version.terms for version in program.versions]
        self._from_on = np.array([version.from_on.toordinal() for version in program.versions], np.int64)
        fractions = [rate for terms in self.terms for rate in terms.charged_daily_rates()]
        # Even, so that half of it is a whole number.
        self.scale = lcm(2, *(rate.denominator for rate in fractions))
        self._a_day = [
            (
                interest.numerator * (self.scale // interest.denominator),
                penalty.numerator * (self.scale // penalty.denominator),
            )
            for interest, penalty in (terms.charged_daily_rates() for terms in self.terms)
        ]
        self._interest, self._penalty = np.zeros((0, 0), np.int64), np.zeros((0, 0), np.int64)
        self._extend(first_on + 366 * _YEARS_AT_ONCE)
        self.from_posting = self.terms[0].interest_start == "posting"
        self.bears_penalty = any(terms.penalty_daily_rate for terms in self.terms)
        self.draws_at_payment = self.terms[0].draws_on == "payment"
        self.charges_late = any(terms.late_charges for terms in self.terms)
        self.loses_grace = any(terms.grace_lost_for for terms in self.terms)

    def daily(self, version: int) -> tuple[int, int]:
        """A day's interest and penalty as one version charges them, in `scale`ths."""
        return self._a_day[version]

    def most_minor(self) -> int:
        """The largest amount that ten years of the dearest rate leave within 64 bits."""
        dearest = max(max(self.daily(version)) for version in range(len(self.terms)))
        return _INT64_MAX // (8 * max(1, dearest) * 366 * _YEARS_SAFE)

    # ── the terms of a day ────────────────────────────────────────────────────────────────────────────────────────

    def terms_on(self, on: int) -> Terms:
        return self.program.terms_on(date.fromordinal(on))

    def version_on(self, days: Whole) -> Whole:
        """Which version is in force on each day."""
        return np.maximum(np.searchsorted(self._from_on, days, side="right") - 1, 0)

    def term(self, name: str, days: Whole) -> Whole | int:
        """A number of the terms in force on each day; one number where all versions say the same."""
        values = [int(getattr(terms, name)) for terms in self.terms]
        if len(set(values)) == 1:
            return values[0]
        return np.array(values, np.int64)[self.version_on(days)]

    def cases(self, name: str, days: Whole) -> Iterator[tuple[Any, Flags | bool]]:
        """Each value that versions give to a term, and on which of the days it is in force."""
        values = [getattr(terms, name) for terms in self.terms]
        if all(value == values[0] for value in values):
            yield values[0], True
            return
        version = self.version_on(days)
        for number, value in enumerate(values):
            yield value, version == number

    # ── the calendar ──────────────────────────────────────────────────────────────────────────────────────────────

    def next_close_on(self, on: int, cycle_day: int) -> int:
        found = self._closes.get((on, cycle_day))
        if found is None:
            found = self.program.next_close_on(date.fromordinal(on), cycle_day).toordinal()
            self._closes[on, cycle_day] = found
        return found

    def last_close_on(self, on: int, cycle_day: int) -> int:
        return self.program.last_close_on(date.fromordinal(on), cycle_day).toordinal()

    def due_on(self, closes_on: int, due_day: int) -> int:
        return self.program.due_on(date.fromordinal(closes_on), due_day).toordinal()

    def due_late(self, cycle_day: int, due_day: int) -> bool:
        """Whether a bill may be due on the day of the next close, or later; looked at are five years of each version."""
        begins = {self.first_on, *(max(self.first_on, int(on) - 62) for on in self._from_on)}
        for begin in begins:
            closes_on = begin
            for _ in range(_CLOSES_LOOKED_AT):
                closes_on = self.next_close_on(closes_on, cycle_day)
                if self.due_on(closes_on, due_day) >= self.next_close_on(closes_on, cycle_day):
                    return True
        return False

    # ── what an amount bears ──────────────────────────────────────────────────────────────────────────────────────

    def interest_over(self, closes: Whole, from_on: Whole, to_on: int) -> Whole:
        """The rates of the days in [from_on, to_on) for statements of those closes, summed, in `scale`ths."""
        return self._over(self._interest, closes, from_on, to_on)

    def penalty_over(self, closes: Whole, from_on: Whole, to_on: int) -> Whole:
        """As `interest_over`, of the daily penalty."""
        return self._over(self._penalty, closes, from_on, to_on)

    def interest_through(self, closes_on: int, on: int) -> int:
        """The rates from the first day to the beginning of `on`, for what the close `closes_on` bills."""
        self._extend(on)
        version = int(self.version_on(np.array([closes_on], np.int64))[0])
        return int(self._interest[version, on - self.first_on])

    def rounded(self, exact: Whole, closes: Whole) -> Whole:
        """Whole minor units of `scale`ths, none below zero, rounded as the terms of each close say."""
        whole = np.zeros_like(exact)
        for rounding, where in self.cases("rounding", closes):
            if rounding == "half_up":
                found = (exact + self.scale // 2) // self.scale
            else:
                found = exact // self.scale
                rest = exact - found * self.scale
                found += (rest > self.scale // 2) | ((rest == self.scale // 2) & (found % 2 == 1))
            whole = found if where is True else np.where(where, found, whole)
        return whole

    def _over(self, sums: Whole, closes: Whole, from_on: Whole, to_on: int) -> Whole:
        if len(self.terms) == 1:
            daily = sums[0, 1] - sums[0, 0]
            return np.asarray((to_on - from_on) * daily)
        self._extend(to_on)
        sums = self._interest if sums is self._interest else self._penalty
        version = self.version_on(closes)
        last = sums.shape[1] - 1
        return np.asarray(
            sums[version, to_on - self.first_on] - sums[version, np.clip(from_on - self.first_on, 0, last)]
        )

    def _extend(self, through_on: int) -> None:
        if through_on - self.first_on < self._interest.shape[1]:
            return
        until_on = through_on + 366 * _YEARS_AT_ONCE
        rows = [self._daily(version, until_on) for version in range(len(self.terms))]
        zero = np.zeros((len(rows), 1), np.int64)
        self._interest = np.hstack([zero, np.cumsum([interest for interest, _ in rows], axis=1, dtype=np.int64)])
        self._penalty = np.hstack([zero, np.cumsum([penalty for _, penalty in rows], axis=1, dtype=np.int64)])

    def _daily(self, version: int, until_on: int) -> tuple[list[int], list[int]]:
        """Each day's interest and penalty of a statement that closed under that version, in `scale`ths."""
        closes_on = self.program.versions[version].from_on
        spans = self.program.interest_spans(closes_on, date.fromordinal(self.first_on), date.fromordinal(until_on))
        interest: list[int] = []
        penalty: list[int] = []
        for bearing, days in spans:
            for rates, rate in zip((interest, penalty), self.daily(bearing), strict=True):
                rates += [rate] * days
        return interest, penalty


_Unfit = tuple[str, Callable[[Terms], bool]]

_UNFIT: tuple[_Unfit, ...] = (
    ('billing = "order" gives each order days of its own', lambda terms: terms.billing == "order"),
    ("a repayment's limit waits for `repayment_hold_days`", lambda terms: terms.repayment_hold_days > 0),
    ("`sub_limits` ask where a purchase is made", lambda terms: bool(terms.sub_limits)),
    ("`exposure_group` counts other programs' debts", lambda terms: bool(terms.exposure_group)),
    ('charge_off_interest = "memo" lets claims bear interest', lambda terms: terms.charge_off_interest == "memo"),
    (
        'installments by method "declining" are not flat',
        lambda terms: any(offer.method == "declining" for offer in terms.installments),
    ),
)


def _refuse(program: Program) -> None:
    for what, unfit in _UNFIT:
        if any(unfit(version.terms) for version in program.versions):
            raise ProgramNotVectorized(program, what)
