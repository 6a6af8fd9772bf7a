"""Particulars: what a line has of its own beside its sums. Most lines have nothing, and their row keeps nothing for it."""

from __future__ import annotations

from datetime import date

import msgspec

from florin.events import MonthCounted, Place, RepaymentSource


class Uplift(msgspec.Struct, frozen=True, kw_only=True):
    """So much above the line's limit, through `until_on`."""

    amount_minor: int
    until_on: date


class Uncleared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A repayment through the bank that may still come back: it lowered the debt at once, its limit returns on `clears_on`.

    amount, reference: the bank's own; repaid_on: the day on which it counts. debt: the part that lowered principal;
    balance: the part that stands in the credit balance.
    """

    amount_minor: int
    reference: str
    repaid_on: date
    clears_on: date
    debt_minor: int = 0
    balance_minor: int = 0

    @property
    def held_minor(self) -> int:
        """What it keeps from the limit until it has cleared."""
        return self.debt_minor + self.balance_minor


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A debit that the bank was asked for on a day, under our reference, and has not answered."""

    amount_minor: int
    reference: str
    on: date


class Outstanding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What purchases at one place keep of the limit: reserved (held, or paid into escrow) and owed principal."""

    place: Place
    reserved_minor: int = 0
    owed_minor: int = 0

    @property
    def amount_minor(self) -> int:
        return self.reserved_minor + self.owed_minor


class MonthUsed(msgspec.Struct, frozen=True, kw_only=True):
    """What purchases of one month have taken of one rule's cap of a month."""

    counted: MonthCounted
    amount_minor: int


class Particulars(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """uplifts: in the order in which they were given; one counts while its last day has not passed, recorded or not.
    autopay: her own order of sources, none when she has turned it off; None: as the terms say. closing: the line
    takes no purchases and closes by itself once nothing is left of it. uncleared: repayments that may still come back, in
    the order in which they clear. hardship: a hardship plan runs, so it takes no purchases either. sold_to: who bought what
    was charged off; sold_contact: where he is paid. outstanding: by place, in the order of places, where the terms have
    sub-limits. asked: debits of autopay that the bank has not answered, in the order in which it was asked. month_used: of the
    last month in which a purchase was of a rule with a cap of a month, rule by rule.
    """

    uplifts: tuple[Uplift, ...] = ()
    autopay: tuple[RepaymentSource, ...] | None = None
    closing: bool = False
    uncleared: tuple[Uncleared, ...] = ()
    hardship: bool = False
    sold_to: str = ""
    sold_contact: str = ""
    outstanding: tuple[Outstanding, ...] = ()
    asked: tuple[Asked, ...] = ()
    month_used: tuple[MonthUsed, ...] = ()

    def uplift_minor_on(self, on: date) -> int:
        """What the uplifts of a day come to."""
        return sum(uplift.amount_minor for uplift in self.uplifts if on <= uplift.until_on)


ORDINARY = Particulars()
