"""Receipt put off, refunds asked for, disputes: what happens between a payment and its end beside the money itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from florin.events.base import Event
from florin.events.parts import EvidenceFile, ItemCount

RequestSort = Literal["refund", "return"]
FeeKeeper = Literal["seller", "platform"]


class ReceiptExtended(Event, frozen=True, kw_only=True):
    """The buyer has put off the day on which the clock confirms receipt."""

    kind = 232
    days: int
    confirm_on: date


class RefundRequested(Event, frozen=True, kw_only=True):
    """The buyer asks for money back; with `return` she sends the goods back first. The clock stands still from now on.

    days_left: until the clock would have confirmed receipt; None after receipt. answer_by: the seller's last day.
    """

    kind = 233
    request_id: int
    sort: RequestSort
    amount_minor: int
    reason: str
    answer_by: date
    note: str = ""
    items: tuple[ItemCount, ...] = ()
    days_left: int | None = None


class RequestAnswered(Event, frozen=True, kw_only=True):
    """The seller has agreed or refused; or his time has passed, which is agreeing (`clock`).

    due_on: the buyer's last day to send the goods, or to dispute; None where the refund follows at once.
    fee: what is kept of the amount, and by whom.
    """

    kind = 234
    request_id: int
    agreed: bool
    by: Literal["seller", "clock"] = "seller"
    note: str = ""
    due_on: date | None = None
    fee_minor: int = 0
    fee_to: FeeKeeper = "seller"


class GoodsSentBack(Event, frozen=True, kw_only=True):
    """The buyer has sent the goods back. due_on: the day after which they count as arrived."""

    kind = 235
    request_id: int
    carrier: str
    tracking_no: str
    due_on: date


class RequestClosed(Event, frozen=True, kw_only=True):
    """A request is over. confirm_on: when the clock confirms receipt now, with the days that were left.

    released: of the money held for a dispute, what goes back to the seller. fee: what the platform keeps of a return, paid
    by him. refunded: what was given back by it.
    """

    kind = 236
    request_id: int
    how: Literal["withdrawn", "lapsed", "refunded", "decided"]
    confirm_on: date | None = None
    released_minor: int = 0
    fee_minor: int = 0
    refunded_minor: int = 0


class DisputeOpened(Event, frozen=True, kw_only=True):
    """The buyer disputes what the seller has refused. evidence_by, due_on: last days of both sides, and of the operator.

    held: what is taken from the seller until it is decided; swept: the part of it that came from his available balance.
    """

    kind = 237
    request_id: int
    evidence_by: date
    due_on: date
    note: str = ""
    held_minor: int = 0
    swept_minor: int = 0


class DisputeFunded(Event, frozen=True, kw_only=True):
    """The seller's side of money held for a dispute, out of his available balance, in his own lane."""

    kind = 238
    amount_minor: int
    to_lane: int
    round: int = 0


class EvidenceGiven(Event, frozen=True, kw_only=True):
    """What one side shows. Files are kept in the data folder under their digest."""

    kind = 239
    request_id: int
    by: Literal["buyer", "seller"]
    note: str = ""
    files: tuple[EvidenceFile, ...] = ()


class DisputeDecided(Event, frozen=True, kw_only=True):
    """What the operator, or his silence (`clock`), gives back to the buyer; the rest of the amount stays with the sale."""

    kind = 240
    request_id: int
    refund_minor: int
    by: Literal["operator", "clock"] = "operator"
    note: str = ""


class AuthorizationExtended(Event, frozen=True, kw_only=True):
    """An authorization holds longer."""

    kind = 241
    expires_at: datetime


class Shipped(Event, frozen=True, kw_only=True):
    """The seller has sent something, all of it or the items that are named.

    confirm_on: the day on which the clock that it has started confirms receipt; days_left: how long that clock runs once the
    refund request is over that stops it. Neither, where it starts none.
    """

    kind = 242
    carrier: str
    tracking_no: str
    items: tuple[ItemCount, ...] = ()
    confirm_on: date | None = None
    days_left: int | None = None
