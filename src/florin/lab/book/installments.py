"""Installments to come of many people: rows by the day that bills them, in the order in which they were agreed.

Most are billed on their day, all of a day at once. What is paid before its time walks them one person at a time, the next to be
billed first, as `florin.credit.allocation` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from florin.credit.terms import InstallmentTerms, Terms
from florin.lab.arrays import Flags, Index, Minor, Whole

_PERSON, _PRINCIPAL, _FEE, _INCOME, _SCALED = range(5)


class Parts(NamedTuple):
    """A plan, by installment: principal, the shopper's fee, and what becomes income when it is billed. Shape (number, plan)."""

    principal: Minor
    fee: Minor
    income: Minor


class ToCome(NamedTuple):
    """Sums of each person's installments: principal, the shopper's fee, and what is not income yet."""

    principal: Minor
    fee: Minor
    income: Minor


class Installments:
    """Rows (person, principal, the shopper's fee, income to come, whether that follows the principal) by their day."""

    def __init__(self, people: int) -> None:
        self.count = people
        self._days: dict[int, list[Whole]] = {}

    def add(self, days: Sequence[int], people: Index, parts: Parts, *, scaled: bool) -> None:
        """Plans with an installment on each of these days. scaled: its income falls as its principal is paid ahead."""
        rows = np.empty((len(days), 5, people.size), np.int64)
        rows[:, _PERSON] = people
        rows[:, _PRINCIPAL], rows[:, _FEE], rows[:, _INCOME] = parts
        rows[:, _SCALED] = scaled
        for on, of_day in zip(days, rows, strict=True):
            self.add_rows(on, of_day)

    def add_rows(self, on: int, rows: Whole) -> None:
        """Installments of that day, with a column each: person, principal, fee, income, whether it is scaled."""
        self._days.setdefault(on, []).append(rows)

    def bill(self, people: Index, on: int) -> ToCome:
        """Take out what is billed by that day."""
        days = [day for day in self._days if day <= on]
        return self._take(people, sorted(days))

    def remove(self, people: Index) -> ToCome:
        """Take out all that is to come."""
        return self._take(people, sorted(self._days))

    def pay_ahead(self, people: Index, amounts: Minor, *, fee_first: Flags) -> ToCome:
        """Clear what is to come, the next to be billed first; `amounts` keeps what is left over.

        fee_first: whether the waterfall of each person has fees before principal. Returns what was taken of principal and
        fees, and what became income by it.
        """
        place = np.full(self.count, -1, np.int64)
        place[people] = np.arange(people.size)
        days = sorted(self._days)
        rows = [self._rows(day) for day in days]
        found = [np.flatnonzero(place[of_day[_PERSON]] >= 0) for of_day in rows]
        taken = ToCome(*(np.zeros(people.size, np.int64) for _ in range(3)))
        if not any(index.size for index in found):
            return taken
        of_people = np.concatenate([of_day[:, index] for of_day, index in zip(rows, found, strict=True)], axis=1)
        order = np.argsort(of_people[_PERSON], kind="stable")
        cells = of_people[:, order]
        who = place[cells[_PERSON]]
        first = np.where(fee_first[who], cells[_FEE], cells[_PRINCIPAL])
        second = np.where(fee_first[who], cells[_PRINCIPAL], cells[_FEE])
        parts = _walk(np.repeat(who, 2), np.stack([first, second], axis=1).ravel(), amounts).reshape(-1, 2)
        fee = np.where(fee_first[who], parts[:, 0], parts[:, 1])
        principal = np.where(fee_first[who], parts[:, 1], parts[:, 0])
        income = _income_left(cells, principal, fee)
        for into, minor in zip(taken, (principal, fee, cells[_INCOME] - income), strict=True):
            np.add.at(into, who, minor)
        cells[_PRINCIPAL] -= principal
        cells[_FEE] -= fee
        cells[_INCOME] = income
        of_people[:, order] = cells
        amounts -= taken.principal + taken.fee
        self._put_back(days, rows, found, of_people)
        return taken

    def _put_back(self, days: list[int], rows: list[Whole], found: list[Index], cells: Whole) -> None:
        begin = 0
        for day, of_day, index in zip(days, rows, found, strict=True):
            of_day[:, index] = cells[:, begin : begin + index.size]
            begin += index.size
            self._keep(day, of_day[:, (of_day[_PRINCIPAL] > 0) | (of_day[_FEE] > 0)])

    def _take(self, people: Index, days: list[int]) -> ToCome:
        sums = ToCome(*(np.zeros(self.count, np.int64) for _ in range(3)))
        if not days:
            return ToCome(*(each[people] for each in sums))
        member = np.zeros(self.count, np.bool_)
        member[people] = True
        for day in days:
            rows = self._rows(day)
            meant = member[rows[_PERSON]]
            for into, field in zip(sums, (_PRINCIPAL, _FEE, _INCOME), strict=True):
                np.add.at(into, rows[_PERSON, meant], rows[field, meant])
            self._keep(day, rows[:, ~meant])
        return ToCome(*(each[people] for each in sums))

    def _rows(self, day: int) -> Whole:
        chunks = self._days[day]
        if len(chunks) > 1:
            self._days[day] = chunks = [np.concatenate(chunks, axis=1)]
        return chunks[0]

    def _keep(self, day: int, rows: Whole) -> None:
        if rows.shape[1]:
            self._days[day] = [rows]
        else:
            del self._days[day]


def fee_minor(principal: Minor, offer: InstallmentTerms) -> Minor:
    """The fee of a whole plan, whoever bears it, rounded half up."""
    numerator, denominator = offer.fee_rate.as_integer_ratio()
    return (2 * principal * numerator + denominator) // (2 * denominator)


def parts_of(principal: Minor, fee: Minor, offer: InstallmentTerms, terms: Terms, *, by_merchant: bool) -> Parts:
    """What each installment of a plan bills, as `florin.credit.plans` splits it. fee: of the whole plan."""
    principals, fees = _split(principal, offer.count), _split(fee, offer.count)
    if by_merchant:
        return Parts(principals, np.zeros_like(fees), fees)
    if offer.fee_timing == "upfront":
        upfront = np.zeros_like(fees)
        upfront[0] = fee
        left = principal - np.cumsum(principals, axis=0)
        still = (2 * fee * left + principal) // (2 * principal)
        return Parts(principals, upfront, -np.diff(still, axis=0, prepend=fee[None]))
    if terms.installment_split == "equal_total":
        principals = _split(principal + fee, offer.count) - fees
    return Parts(principals, fees, fees)


def _split(total: Minor, count: int) -> Minor:
    base, extra = np.divmod(total, count)
    parts: Minor = base + (np.arange(count)[:, None] < extra)
    return parts


def _walk(who: Index, owed: Minor, amounts: Minor) -> Minor:
    """What each debt gets, where the debts of one person stand together in the order of clearing."""
    before = np.cumsum(owed) - owed
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    before -= np.repeat(before[begins], np.diff(begins, append=who.size))
    return np.clip(amounts[who] - before, 0, owed)


def _income_left(cells: Whole, principal: Minor, fee: Minor) -> Minor:
    """What is left to earn: the fee that is left; or where it follows the principal, its share of what is left of that."""
    whole = np.maximum(cells[_PRINCIPAL], 1)
    share = (2 * cells[_INCOME] * (cells[_PRINCIPAL] - principal) + whole) // (2 * whole)
    followed = np.where(principal > 0, share, cells[_INCOME])
    gone = (cells[_PRINCIPAL] == principal) & (cells[_FEE] == fee)
    return np.where(gone, 0, np.where(cells[_SCALED] != 0, followed, cells[_INCOME] - fee))
