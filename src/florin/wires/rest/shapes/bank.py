"""Where the bank and the books differ, and money whose owner nobody knows yet."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.queries.safeguarding import SafeguardingDay
from florin.wires.rest.fields import Id, Name
from florin.wires.rest.shapes.base import Taken

Words = Annotated[str, Meta(min_length=1, max_length=1_000)]


class BreakAssignment(Taken, frozen=True, kw_only=True):
    """to: who looks into it from now on. note: what is known, added to what was noted."""

    to: Name
    note: Annotated[str, Meta(max_length=1_000)] = ""


class BreakResolution(Taken, frozen=True, kw_only=True):
    """by: who says so. reason: why the two sides differ, or differed."""

    by: Name
    reason: Words


class BankBreak(msgspec.Struct, frozen=True, kw_only=True):
    """A difference. expected_minor, found_minor: what we ordered and what the statement shows, with the account's sign; 0 is
    nothing. age: business days since the older of the two, until it was resolved.
    """

    id: str
    account: str
    what: Literal["missing-at-bank", "missing-with-us", "amount-differs", "duplicate"]
    reference: str
    entry_ref: str
    expected_minor: int
    found_minor: int
    since_on: date
    age: int
    state: Literal["open", "resolved"]
    owner: str
    note: str
    resolved_on: date | None
    resolved_by: str
    reason: str


class BankBreaks(msgspec.Struct, frozen=True, kw_only=True):
    """Open ones, the oldest first."""

    items: tuple[BankBreak, ...]


class Allocation(Taken, frozen=True, kw_only=True):
    """Whose the money is: `person_id` tops up a wallet, `line_id` repays a line from the day on which the bank had it."""

    by: Name
    reason: Words
    person_id: Id | None = None
    line_id: Id | None = None


class UnallocatedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """Money that fits nothing. party: whom it came from, as the bank says. age: business days since it came."""

    id: str
    amount_minor: int
    bank_reference: str
    booked_on: date
    age: int
    party: str
    party_account: str
    text: str
    state: Literal["open", "allocated", "sending-back", "sent-back"]


class SafeguardingQuery(Taken, frozen=True, kw_only=True):
    """The days [from_on, until_on): the last thirty when they are left out. At most 400, the newest."""

    from_on: date | None = None
    until_on: date | None = None


class Safeguarding(msgspec.Struct, frozen=True, kw_only=True):
    """The days that were proven, the newest first."""

    items: tuple[SafeguardingDay, ...]


class UnallocatedReceipts(msgspec.Struct, frozen=True, kw_only=True):
    """Open ones and those on their way back, the oldest first."""

    items: tuple[UnallocatedReceipt, ...]
