"""Lines of credit: the limit and what is left of it, the bill day, autopay, closing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Id, Name, Text
from florin.wires.rest.shapes.base import LimitMinor, Taken
from florin.wires.rest.shapes.lenders import Lender
from florin.wires.rest.shapes.people import SharedLimitUsed


class NewLine(Taken, frozen=True, kw_only=True):
    """program: whose terms it is under."""

    person_id: Id
    limit_minor: LimitMinor
    program: Name = "huabei"


class NewLimit(Taken, frozen=True, kw_only=True):
    """reason: for the record. code: of a cut, what the customer reads (docs/reference/adverse-actions.md)."""

    limit_minor: LimitMinor
    reason: Text
    code: Name = "other"


class NewFreeze(Taken, frozen=True, kw_only=True):
    """reason: for the record. code: what the customer reads (docs/reference/adverse-actions.md)."""

    reason: Text
    code: Name = "other"


class NewBillDay(Taken, frozen=True, kw_only=True):
    """cycle_day: the day of the month on which the cycle closes; 31 is its last day."""

    cycle_day: Annotated[int, Meta(ge=1, le=31, extra={"fix": "Send a day of the month from 1 to 31."})]


class NewUplift(Taken, frozen=True, kw_only=True):
    """amount_minor: so much above the limit. until_on: its last day. reason: for the record."""

    amount_minor: AmountMinor
    until_on: date
    reason: Text


class NewClosing(Taken, frozen=True, kw_only=True):
    """reason: for the record. when_paid: a line that still owes something sells nothing more and closes when all is paid. code:
    what the customer reads (docs/reference/adverse-actions.md).
    """

    reason: Text
    when_paid: bool = False
    code: Name = "other"


class NewAutopay(Taken, frozen=True, kw_only=True):
    """sources: in the order in which they are asked on the due day; an empty list turns it off."""

    sources: tuple[Literal["wallet", "bank"], ...]


class LineQuery(Taken, frozen=True, kw_only=True):
    """on: as of the end of that day, by the days on which things count. known_on: by what was known at the end of that day.
    Each is today when it is left out.
    """

    on: date | None = None
    known_on: date | None = None


class Uplift(msgspec.Struct, frozen=True, kw_only=True):
    """So much above the limit, through the day `until_on`."""

    amount_minor: int
    until_on: date


class SubLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the limit for a market, a kind of goods, a channel (of those that are named, all), what is reserved or
    owed of it, and what may be spent there.
    """

    market: str
    category: str
    channel: Literal["", "online", "offline"]
    limit_minor: int
    outstanding_minor: int
    available_minor: int


class UnclearedRepayment(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment through the bank that may still come back. held: what of the limit is free again from clears_on."""

    amount_minor: int
    bank_reference: str
    repaid_on: date
    clears_on: date
    held_minor: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as of `as_of`, by what was known on `known_on`. limit_in_force: the limit and its uplifts. held: reserved.
    committed: paid into escrow. owed: principal, fees and interest posted; payoff adds the interest that no statement has
    billed. due: what remains of issued statements. available: what may still be spent, the shared limit heeded; below zero
    after a cut. lender: who lends. shared_limit: of a line that shares one, as of today; null for an earlier day, of which it
    is not known. credit_balance: what the lender owes the person. uncleared: repayments that have not cleared, and the limit
    that they keep.
    """

    id: str
    person_id: str
    program: str
    currency: str
    lender: Lender
    state: Literal["open", "frozen", "closing", "hardship", "closed", "charged-off", "sold"]
    opened_on: date
    as_of: date
    known_on: date
    limit_minor: int
    limit_in_force_minor: int
    uplifts: tuple[Uplift, ...]
    sub_limits: tuple[SubLimit, ...]
    available_minor: int
    shared_limit: SharedLimitUsed | None
    held_minor: int
    committed_minor: int
    owed_minor: int
    principal_minor: int
    fee_minor: int
    interest_minor: int
    payoff_minor: int
    credit_balance_minor: int
    uncleared_minor: int
    uncleared: tuple[UnclearedRepayment, ...]
    due_minor: int
    due_on: date | None
    past_due_on: date | None
    days_past_due: int


class Autopay(msgspec.Struct, frozen=True, kw_only=True):
    """From which sources, in which order, what is due is taken on its due day; from none: it is off."""

    id: str
    line_id: str
    sources: tuple[Literal["wallet", "bank"], ...]
    value_on: date


class BillDay(msgspec.Struct, frozen=True, kw_only=True):
    """cycle_day, due_day: of the month, from the running cycle on; due_day 0: so many days after the close, by the terms."""

    id: str
    line_id: str
    cycle_day: int
    due_day: int
    value_on: date


class LimitChange(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: the limit that was set, or the uplift that was given or has ended. until_on: the uplift's last day."""

    id: str
    what: Literal["opened", "limit-set", "uplift-given", "uplift-ended"]
    value_on: date
    amount_minor: int
    until_on: date | None
    reason: str


class LimitHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first, at most a hundred."""

    items: tuple[LimitChange, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a line. what: opened, limit-set, frozen, unfrozen, closing, closed."""

    id: str
    line_id: str
    what: Literal["opened", "limit-set", "frozen", "unfrozen", "closing", "closed"]
    value_on: date
    limit_minor: int | None = None
    reason: str | None = None
