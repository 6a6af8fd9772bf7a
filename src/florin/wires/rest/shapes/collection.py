"""What is late: reminders, cases, promises, pauses, charge-off, and claims sold."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Name, Text
from florin.wires.rest.shapes.base import Taken


class Reason(Taken, frozen=True, kw_only=True):
    """reason: for the record."""

    reason: Text


class NewChargeOff(Taken, frozen=True, kw_only=True):
    """mode: what is charged off; the program's own when it is left out. reason: for the record. code: what the customer reads
    (docs/reference/adverse-actions.md).
    """

    reason: Text
    mode: Literal["whole_line", "past_due", "principal"] | None = None
    code: Name = "past-due"


class NewCost(Taken, frozen=True, kw_only=True):
    """reason: what it was for; the customer reads it."""

    amount_minor: AmountMinor
    reason: Text


class NewAssignment(Taken, frozen=True, kw_only=True):
    assignee: Name


class NewNote(Taken, frozen=True, kw_only=True):
    """by: who wrote it."""

    note: Text
    by: Name


class NewContact(Taken, frozen=True, kw_only=True):
    """by: who contacts her."""

    channel: Literal["call", "message", "letter", "visit"]
    by: Name


class NewPromise(Taken, frozen=True, kw_only=True):
    """pay_by: the last day on which paying keeps it. by: who heard it."""

    amount_minor: AmountMinor
    pay_by: date
    by: Name


class NewPause(Taken, frozen=True, kw_only=True):
    """until_on: the last day of the pause. reason: for the record."""

    until_on: date
    reason: Text


class NewSale(Taken, frozen=True, kw_only=True):
    """price: of this line, zero or more. buyer: who owns the claims from now on; contact: where the customer pays him.
    reference: of the sale, the same for all its lines.
    """

    buyer: Name
    contact: Text
    price_minor: Annotated[int, Meta(ge=0, le=10**12)]
    reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class NewBuyerPayment(Taken, frozen=True, kw_only=True):
    """What a buyer of claims has paid to the lender's account. buyer: as in the sale."""

    buyer: Name
    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class CollectionStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done about a line that is late."""

    id: str
    line_id: str
    what: Literal["charged-off", "cost-charged", "assigned", "noted", "contacted", "promised", "paused", "resumed"]
    value_on: date


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the customer was told. Of a reminder: text: which, by channel; due_minor: what remained of her statements
    then. Of an adverse action: code and reason, in the language asked for; amount_minor: the new limit, or what she asked for.
    """

    id: str
    what: Literal["reminded", "limit-cut", "frozen", "closing", "closed", "charged-off", "uplift-declined"]
    value_on: date
    text: str | None = None
    channel: str | None = None
    closes_on: date | None = None
    due_on: date | None = None
    due_minor: int | None = None
    code: str | None = None
    reason: str | None = None
    amount_minor: int | None = None


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    """The newest first."""

    items: tuple[Notice, ...]


class ClaimSale(msgspec.Struct, frozen=True, kw_only=True):
    """sold: what was claimed when it was sold."""

    id: str
    line_id: str
    value_on: date
    buyer: str
    reference: str
    price_minor: int
    sold_minor: int


class ClaimBuyer(msgspec.Struct, frozen=True, kw_only=True):
    """Who bought claims. sold: of how much; price: for how much; paid: by him. passed_on: what still came in of it and was
    paid to him; taken_back: of that again. owes: price and what was taken back, less paid; below zero where he has paid ahead.
    """

    buyer: str
    lines: int
    sold_minor: int
    price_minor: int
    paid_minor: int
    passed_on_minor: int
    taken_back_minor: int
    owes_minor: int


class ClaimBuyers(msgspec.Struct, frozen=True, kw_only=True):
    """By name."""

    items: tuple[ClaimBuyer, ...]


class OwnerWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """url: null when nobody listens. Messages are always signed."""

    url: str | None
    topics: tuple[str, ...]


class CollectionPromise(msgspec.Struct, frozen=True, kw_only=True):
    """paid: since it was made."""

    amount_minor: int
    pay_by: date
    paid_minor: int


class CollectionCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case from its opening until nothing is past due. contacted_on: the days of contacts, of the last week."""

    line_id: str
    opened_on: date
    assignee: str
    past_due_on: date | None
    owed_minor: int
    promise: CollectionPromise | None
    promises_broken: int
    contacted_on: tuple[date, ...]
