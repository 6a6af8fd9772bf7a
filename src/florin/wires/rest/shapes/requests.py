"""Refund requests, disputes, parcels."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.events import FeeKeeper, RequestSort
from florin.wires.rest.fields import AmountMinor, Name
from florin.wires.rest.shapes.base import Taken
from florin.wires.rest.shapes.items import ItemCounts, Items

RequestStateName = Literal[
    "asked", "returning", "sent", "refused", "disputed", "refunded", "withdrawn", "lapsed", "decided"
]
Said = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]*$")]


class NewShipment(Taken, frozen=True, kw_only=True):
    """A parcel that you have sent. items: of the order's lines; left out, all of it."""

    carrier: Name
    tracking_no: Name
    items: ItemCounts = ()


class NewAnswer(Taken, frozen=True, kw_only=True):
    """agree: to the request; of goods that were sent back, that they have come. fee_minor: what is kept of the amount, where
    the buyer's reason allows it, by you or by the platform.
    """

    agree: bool
    note: Said = ""
    fee_minor: Annotated[int, Meta(ge=0, le=10**10)] = 0
    fee_to: FeeKeeper = "seller"


class NewFile(Taken, frozen=True, kw_only=True):
    """A file, base64. What it is, is read from what is in it; how large it may be, the terms of escrow say."""

    name: Name
    content: Annotated[bytes, Meta(min_length=1)]


class NewEvidence(Taken, frozen=True, kw_only=True):
    """What you say to a dispute, what you show, or both; more files are shown by more of these."""

    note: Said = ""
    file: NewFile | None = None


class NewRefundRequest(Taken, frozen=True, kw_only=True):
    """What the buyer asks, in her name. reason: one of the terms of escrow: `changed_mind`, `defective`, `not_as_described`,
    `not_received`, `other` and what the owner adds. sort: `return` sends goods back first. items: then the amount is what they
    come to.
    """

    amount_minor: AmountMinor
    reason: Name
    sort: RequestSort = "refund"
    note: Said = ""
    items: ItemCounts = ()


class NewDecision(Taken, frozen=True, kw_only=True):
    """refund_minor: what the buyer gets, from nothing to all that she has asked."""

    refund_minor: Annotated[int, Meta(ge=0, le=10**10)]
    note: Said = ""


class RequestQuery(Taken, frozen=True, kw_only=True):
    """state: `open` for those that are not over."""

    state: Literal["", "open"] = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A file that one side has shown. digest: SHA-256, in hexadecimal."""

    name: str
    type: str
    size: int
    digest: str


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was shown. content: base64."""

    name: str
    type: str
    size: int
    digest: str
    content: bytes


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    by: Literal["buyer", "seller"]
    given_on: date
    note: str
    files: tuple[Shown, ...]


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """waits_for: whose turn it is, until the end of due_on; what silence means is in `docs/how-to/escrow.md`.
    held_minor: of what you were paid, until the dispute is decided. refunded_minor: what was given back by it.
    """

    id: str
    payment_id: str
    order_number: str
    subject: str
    state: RequestStateName
    waits_for: Literal["seller", "buyer", "operator", "nobody"]
    due_on: date
    sort: RequestSort
    amount_minor: int
    reason: str
    note: str
    asked_on: date
    items: tuple[Items, ...]
    answer: str
    fee_minor: int
    fee_to: FeeKeeper
    carrier: str
    tracking_no: str
    evidence_by: date | None
    evidence: tuple[Evidence, ...]
    held_minor: int
    decision: str
    refunded_minor: int


class RefundRequests(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[RefundRequest, ...]
