"""A payment: arrears first, oldest first, then the rule for early money; the rest belongs to the borrower.

Each installment takes its parts in the rules' order, as they stand on that day: interest accrued so far, and what the
level leaves for principal. So an installment paid early holds less interest and more principal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from msgspec.structs import replace

from florin.credit.schedules.events import Entry
from florin.credit.schedules.level import leveled
from florin.credit.schedules.projection import Row, project
from florin.credit.schedules.state import EarlyMoney, Move, Part, Slot, State
from florin.money.amounts import split_minor

Cause = Literal["down_payment", "payment", "refund", "interest_refund"]


def pay(state: State, on: date, amount_minor: int, mode: EarlyMoney, cause: Cause) -> tuple[State, Entry]:
    """The state after the money, and what it paid. amount_minor: positive."""
    rows = [row for row in project(state, on, until=on) if row.slot.is_open]
    arrears = [row for row in rows if row.due_on <= on]
    ahead = [row for row in rows if row.due_on > on]
    if mode == "last_installment":
        ahead = _from_the_last(state, ahead)
    taking = _Taking(state, on, amount_minor)
    taking.take(arrears)
    principal_ahead_minor = sum(row.unpaid("principal") for row in ahead)
    if mode.startswith("reduce") and 0 < taking.left_minor < principal_ahead_minor:
        taking.prepay()
    elif mode == "spread":
        taking.take_equally(ahead)
    else:
        taking.take(ahead)
    paid = taking.state_after([*arrears, *ahead])
    if mode == "reduce_installment" and taking.prepaid_minor:
        paid = leveled(paid, on, after=on)
    return paid, taking.entry(cause)


def payoff_minor(state: State, on: date) -> int:
    """What settles the loan on that day: all that is unpaid, with interest accrued to its start."""
    return sum(row.unpaid_minor for row in project(state, on, until=on))


def _from_the_last(state: State, ahead: Sequence[Row]) -> list[Row]:
    """The rows from the last backwards, each as full as its level lets it be; the first one keeps what is left over.

    Interest that is still to come would fill the early ones, so seen from today the last ones are emptier than agreed.
    """
    if state.is_scheduled:
        return list(reversed(ahead))
    left_minor = sum(row.unpaid("principal") for row in ahead)
    rows = []
    for index in reversed(range(len(ahead))):
        row, slot = ahead[index], ahead[index].slot
        wanted_minor = slot.level_minor - row.interest_minor if slot.principal_minor is None else slot.principal_minor
        unpaid_minor = left_minor if index == 0 else min(max(wanted_minor - slot.paid_principal_minor, 0), left_minor)
        left_minor -= unpaid_minor
        rows.append(replace(row, principal_minor=slot.paid_principal_minor + unpaid_minor))
    return rows


class _Taking:
    """Money on its way into slots; the one place here that changes as it goes."""

    def __init__(self, state: State, on: date, amount_minor: int) -> None:
        self.state = state
        self.on = on
        self.left_minor = amount_minor
        self.prepaid_minor = 0
        self.taken: dict[int, dict[Part, int]] = {}

    def take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._take_from(row, self.left_minor)

    def take_equally(self, rows: Sequence[Row]) -> None:
        open_rows = list(rows)
        while self.left_minor and open_rows:
            shares = split_minor(self.left_minor, len(open_rows))
            for row, share_minor in zip(open_rows, shares, strict=True):
                self._take_from(row, share_minor)
            open_rows = [row for row in open_rows if self._unpaid(row)]

    def prepay(self) -> None:
        self.prepaid_minor, self.left_minor = self.left_minor, 0

    def state_after(self, rows: Sequence[Row]) -> State:
        all_paid = not self.prepaid_minor and not any(self._unpaid(row) for row in rows)
        due_on = {row.slot.number: row.due_on for row in rows}
        unpaid = {row.slot.number: self._unpaid(row) for row in rows}
        moves = [
            Move(self.on, due_on[number], -parts["principal"])
            for number, parts in self.taken.items()
            if parts.get("principal")
        ]
        if self.prepaid_minor:
            moves.append(Move(self.on, self.on, -self.prepaid_minor))

        def after(slot: Slot) -> Slot:
            if slot.number not in due_on:
                return slot
            parts = self.taken.get(slot.number, {})
            paid = replace(
                slot,
                paid_principal_minor=slot.paid_principal_minor + parts.get("principal", 0),
                paid_interest_minor=slot.paid_interest_minor + parts.get("interest", 0),
                paid_fee_minor=slot.paid_fee_minor + parts.get("fee", 0),
            )
            is_full = paid.is_full or self.state.is_scheduled
            done = not unpaid[slot.number] and (due_on[slot.number] <= self.on or (bool(parts) and is_full))
            return replace(paid, settled_on=self.on) if all_paid or done else paid

        return replace(
            self.state,
            slots=tuple(after(slot) for slot in self.state.slots),
            moves=(*self.state.moves, *moves),
            prepaid_minor=self.state.prepaid_minor + self.prepaid_minor,
            overpaid_minor=self.state.overpaid_minor + self.left_minor,
        )

    def entry(self, cause: Cause) -> Entry:
        def total(part: Part) -> int:
            return sum(parts.get(part, 0) for parts in self.taken.values())

        return Entry(
            on=self.on,
            cause=cause,
            principal_minor=total("principal") + self.prepaid_minor,
            interest_minor=total("interest"),
            fee_minor=total("fee"),
            excess_minor=self.left_minor,
        )

    def _take_from(self, row: Row, limit_minor: int) -> None:
        parts = self.taken.setdefault(row.slot.number, {})
        for part in self.state.rules.order:
            amount_minor = min(limit_minor, row.unpaid(part) - parts.get(part, 0))
            if amount_minor > 0:
                parts[part] = parts.get(part, 0) + amount_minor
                limit_minor -= amount_minor
                self.left_minor -= amount_minor

    def _unpaid(self, row: Row) -> int:
        return row.unpaid_minor - sum(self.taken.get(row.slot.number, {}).values())
