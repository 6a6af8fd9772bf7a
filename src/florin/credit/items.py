"""The items of an account: what a line's sums consist of.

Purchases and installments wait for their cycle close; statements hold what is left of what was billed. Everything here
is state that a fold has derived, small because what is settled is dropped, and round-trips through JSON.
"""

from __future__ import annotations

from datetime import date

import msgspec

from florin.events import FeePayer


class Purchase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A purchase (item_id: its payment) in this cycle, and what of it is still owed and unbilled."""

    item_id: int
    bought_on: date
    unbilled_minor: int


class Installment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An installment to come. fee_minor: owed by the shopper if she bears it; in any case income only when it is
    billed.
    """

    number: int
    bills_on: date
    principal_minor: int
    fee_minor: int


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A purchase in `count` installments: those that no statement has billed yet, in order."""

    item_id: int
    count: int
    fee_payer: FeePayer
    future: tuple[Installment, ...]

    @property
    def principal_minor(self) -> int:
        return sum(installment.principal_minor for installment in self.future)

    @property
    def deferred_fee_minor(self) -> int:
        """The fee that is not income yet, whoever bears it."""
        return sum(installment.fee_minor for installment in self.future)

    @property
    def fee_minor(self) -> int:
        """The part of it that the shopper still owes."""
        return self.deferred_fee_minor if self.fee_payer == "shopper" else 0


class Billed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is left of one purchase, or of installment `number` of `count`, on a statement."""

    item_id: int
    principal_minor: int
    fee_minor: int = 0
    number: int = 0
    count: int = 0


class Accrual(msgspec.Struct, frozen=True, kw_only=True):
    """Interest as an exact integer: minor units times days, under one version's rate."""

    version: int
    minor_days: int


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An issued statement and what is left of it.

    image, minimum: as issued, never changed. counted: payments and refunds that count toward the minimum. interest:
    billed on this statement and unpaid. past_due: its minimum was unmet when its due day had passed, and still is.
    in_full: paid in full in time, so it bears no interest. accruals: what it has borne through accrued_through_on;
    posted: the part that later statements have billed.
    """

    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    accrued_through_on: date
    counted_minor: int = 0
    items: tuple[Billed, ...] = ()
    interest_minor: int = 0
    past_due: bool = False
    in_full: bool = False
    accruals: tuple[Accrual, ...] = ()
    posted_minor: int = 0

    @property
    def principal_minor(self) -> int:
        return sum(item.principal_minor for item in self.items)

    @property
    def fee_minor(self) -> int:
        return sum(item.fee_minor for item in self.items)

    @property
    def remaining_minor(self) -> int:
        """What is left to pay of it: the remaining due, beside the image."""
        return self.principal_minor + self.fee_minor + self.interest_minor


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All items of a line. statements: oldest first. opens_on: of the cycle last seen. sequence: events folded."""

    line_id: int
    program: str
    opens_on: date
    sequence: int
    purchases: tuple[Purchase, ...] = ()
    plans: tuple[Plan, ...] = ()
    statements: tuple[Statement, ...] = ()
    credit_balance_minor: int = 0

    @property
    def unbilled_principal_minor(self) -> int:
        return sum(p.unbilled_minor for p in self.purchases) + sum(p.principal_minor for p in self.plans)

    @property
    def principal_minor(self) -> int:
        """Owed, in whatever stage."""
        return self.unbilled_principal_minor + sum(s.principal_minor for s in self.statements)

    @property
    def fee_minor(self) -> int:
        """Installment fees that the shopper owes, billed or not."""
        return sum(p.fee_minor for p in self.plans) + sum(s.fee_minor for s in self.statements)

    @property
    def interest_minor(self) -> int:
        """Posted and unpaid; what accrues beside it is posted at the cycle close."""
        return sum(s.interest_minor for s in self.statements)

    @property
    def due_minor(self) -> int:
        """What remains of all issued statements."""
        return sum(s.remaining_minor for s in self.statements)

    @property
    def owed_minor(self) -> int:
        """Principal, fees and posted interest together."""
        return self.principal_minor + self.fee_minor + self.interest_minor


def missed_minor(account: Account, closes_on: date) -> int:
    """How much of a statement's minimum is unmet: never more than what remains of it and of the older ones.

    A statement's minimum asks for what older ones left unmet too, and every payment counts toward both.
    """
    remaining = 0
    for statement in account.statements:
        remaining += 0 if statement.in_full else statement.remaining_minor
        if statement.closes_on == closes_on:
            return max(0, min(statement.minimum_minor - statement.counted_minor, remaining))
    return 0
