"""Profit sharing: a merchant who was paid gives parts of a sale to others, out of what is frozen for it."""

from __future__ import annotations

from florin.events.base import Event
from florin.events.parts import SharePart


class SharesGiven(Event, frozen=True, kw_only=True):
    """Parts of a payment went to others. released_minor: what was frozen beyond them and is the merchant's own again.

    order_no: the merchant's number. shared_minor: of all parts. finished: nothing more of this payment is frozen or shared.
    """

    kind = 270
    order_no: str
    parts: tuple[SharePart, ...] = ()
    shared_minor: int = 0
    released_minor: int = 0
    finished: bool = False
    by_clock: bool = False


class ShareReceived(Event, frozen=True, kw_only=True):
    """One receiver's part: a merchant's available balance rose, or, to_person, a wallet. app_id: the receiver's app, if any.

    from_app_id: of the merchant who shared. round: of the receiving merchant's payouts.
    """

    kind = 271
    order_no: str
    amount_minor: int
    to_person: bool = False
    app_id: int = 0
    from_app_id: int = 0
    title: str = ""
    round: int = 0


class ShareReturned(Event, frozen=True, kw_only=True):
    """A receiver's part, or some of it, came back to the merchant who had shared: it is payable to him from today."""

    kind = 272
    order_no: str
    return_no: str
    amount_minor: int
    from_app_id: int = 0
    from_merchant_id: int = 0
    title: str = ""


class ShareTakenBack(Event, frozen=True, kw_only=True):
    """What came back was drawn from the receiving merchant's available balance, for the payment's lane."""

    kind = 273
    amount_minor: int
    to_lane: int
    round: int = 0


class ReceiverAdded(Event, frozen=True, kw_only=True):
    """From now on the merchant may share with this receiver: a merchant by his app, or a person."""

    kind = 274
    app_id: int = 0
    receiver_id: int
    relation: str


class ReceiverRemoved(Event, frozen=True, kw_only=True):
    """The merchant no longer shares with this receiver."""

    kind = 275
    app_id: int = 0
    receiver_id: int
