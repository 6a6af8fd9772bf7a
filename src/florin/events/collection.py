"""Being late for long: reminders, cases, promises, charge-off, and what becomes of the claims."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from florin.events.base import Event
from florin.events.parts import ReminderChannel, ReminderText


class ChargedOff(Event, frozen=True, kw_only=True):
    """The clock booked a line's debt as a loss, so many days past due; it is owed all the same.

    mode: what was charged off. bears_interest: whether the claim goes on bearing interest.
    """

    kind = 80
    mode: Literal["whole_line", "past_due", "principal"]
    bears_interest: bool
    days_past_due: int


class ChargedOffByOwner(Event, frozen=True, kw_only=True):
    """The owner booked a line's debt as a loss; it is owed all the same. code: why (`credit.adverse`)."""

    kind = 81
    mode: Literal["whole_line", "past_due", "principal"]
    bears_interest: bool
    reason: str
    code: str = ""


class ProvisionBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Debt of one program, so long past due. owed: on the books; claimed: charged off; allowance: what `owed` should have."""

    program: str
    bucket: str
    lines: int
    owed_minor: int
    claimed_minor: int
    allowance_minor: int


class Provisioned(Event, frozen=True, kw_only=True):
    """The allowance of one lane is what these buckets ask for; before_minor: what it was, below zero after charge-offs."""

    kind = 82
    before_minor: int
    buckets: tuple[ProvisionBucket, ...]

    @property
    def amount_minor(self) -> int:
        """What was missing; below zero, what there was too much."""
        return sum(bucket.allowance_minor for bucket in self.buckets) - self.before_minor


class CaseOpened(Event, frozen=True, kw_only=True):
    """The line has been past due for so many days: somebody is to look after it."""

    kind = 83
    days_past_due: int


class CaseClosed(Event, frozen=True, kw_only=True):
    """Nothing is past due any more. promise_kept: the promise that was open, if there was one."""

    kind = 84
    promise_kept: bool


class PromiseJudged(Event, frozen=True, kw_only=True):
    """The day of a promise is over: so much was paid since it was made."""

    kind = 85
    kept: bool
    promised_minor: int
    paid_minor: int


class CaseAssigned(Event, frozen=True, kw_only=True):
    kind = 86
    assignee: str


class CaseNoted(Event, frozen=True, kw_only=True):
    kind = 87
    note: str
    by: str


class Promised(Event, frozen=True, kw_only=True):
    """The customer promised to pay so much by the end of a day; a new promise takes the place of an open one."""

    kind = 88
    amount_minor: int
    pay_by: date
    by: str


class Contacted(Event, frozen=True, kw_only=True):
    """The customer was contacted, within the hours and as often as the terms allow."""

    kind = 89
    channel: Literal["call", "message", "letter", "visit"]
    by: str
    at: datetime


class Reminded(Event, frozen=True, kw_only=True):
    """The customer was reminded of the statement closed on `closes_on`, by the step of the terms' `dunning` for this many days
    past due (below zero: before its due day). due: what remained of all statements then.
    """

    kind = 160
    closes_on: date
    due_on: date
    days_past_due: int
    channel: ReminderChannel
    text: ReminderText
    due_minor: int


class CollectionPaused(Event, frozen=True, kw_only=True):
    """Through `until_on` nobody is reminded, and what the terms name stands still; interest runs on."""

    kind = 161
    until_on: date
    reason: str


class CollectionResumed(Event, frozen=True, kw_only=True):
    """A pause ended before its last day."""

    kind = 162
    reason: str


class ClaimsSold(Event, frozen=True, kw_only=True):
    """All claims of a charged-off line belong to a buyer from now on, who pays the price. sold: what was claimed then.

    contact: where the customer pays him. reference: of the sale, the same for all lines of one.
    """

    kind = 163
    buyer: str
    contact: str
    reference: str
    price_minor: int
    sold_minor: int


class ClaimBuyerPaid(Event, frozen=True, kw_only=True):
    """A buyer of claims has paid the lender, through the bank: a price, or what was taken back of what he had been passed."""

    kind = 190
    buyer: str
    amount_minor: int
    bank_reference: str


class ClaimBuyerSettled(Event, frozen=True, kw_only=True):
    """What a day passed on to a buyer of claims in this lane was paid to him; or he owes what was taken back of it."""

    kind = 191
    buyer: str
    paid_minor: int
    taken_back_minor: int


class CreditDeclined(Event, frozen=True, kw_only=True):
    """The owner said no to somebody who asked for a line, or, where a line is named, for more of it. asked: how much, if she
    said; code: why (`credit.adverse`).
    """

    kind = 165
    program: str
    code: str
    reason: str = ""
    asked_minor: int = 0
