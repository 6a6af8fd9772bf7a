"""What of a payment is frozen, given free, and given to others; and with whom a merchant may share."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from msgspec.structs import replace

from florin.events import Frozen, Refunded, ShareReturned, SharesGiven
from florin.money.at import At
from florin.payments.settlement_terms import SettlementTerms


class Given(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One receiver's part, under the merchant's number. app_id: 0 for a person. returned_minor: what of it has come back."""

    order_no: str
    receiver_id: int
    amount_minor: int
    app_id: int = 0
    returned_minor: int = 0

    @property
    def left_minor(self) -> int:
        return self.amount_minor - self.returned_minor


class Sharing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """frozen_minor: kept for others. given: in order. finished: nothing more is frozen or shared of this payment.

    free_minor: what was given free, or came back, in one window, and was not refunded since. free_on, free_cut: the window,
    as the day and its last cut-off then.
    """

    frozen_minor: int = 0
    given: tuple[Given, ...] = ()
    finished: bool = False
    free_minor: int = 0
    free_on: date | None = None
    free_cut: int = 0

    @property
    def given_minor(self) -> int:
        """What others have been given, less what they gave back."""
        return sum(each.left_minor for each in self.given)

    def free_minor_in(self, terms: SettlementTerms, at: At) -> int:
        """What a refund may take out of the window that is open. terms: that settle the merchant on the day."""
        is_open = self.free_on == at.on and terms.window_from(self.free_cut) == terms.window_from(at.cut)
        return self.free_minor if is_open else 0


NOTHING: Final = Sharing()


def frozen_by(sharing: Sharing | None, frozen: Frozen | None) -> Sharing | None:
    """After a capture or a receipt."""
    if frozen is None:
        return sharing
    before = sharing or NOTHING
    return replace(before, frozen_minor=before.frozen_minor + frozen.amount_minor)


def evolve(sharing: Sharing, event: SharesGiven | ShareReturned | Refunded, *, cut: int = 0) -> Sharing:
    """cut: the day's last cut-off when the event was recorded."""
    match event:
        case SharesGiven():
            given = tuple(
                Given(
                    order_no=event.order_no,
                    receiver_id=part.receiver_id,
                    app_id=part.app_id,
                    amount_minor=part.amount_minor,
                )
                for part in event.parts
            )
            after = replace(
                sharing,
                frozen_minor=sharing.frozen_minor - event.shared_minor - event.released_minor,
                given=(*sharing.given, *given),
                finished=sharing.finished or event.finished,
            )
            return _freed(after, event.released_minor, event.value_on, cut)
        case ShareReturned():
            given = tuple(
                replace(each, returned_minor=each.returned_minor + event.amount_minor)
                if is_of(each, event.order_no, app_id=event.from_app_id, receiver_id=event.from_merchant_id)
                else each
                for each in sharing.given
            )
            return _freed(replace(sharing, given=given), event.amount_minor, event.value_on, cut)
        case Refunded():
            return replace(
                sharing,
                frozen_minor=sharing.frozen_minor - event.from_frozen_minor,
                free_minor=sharing.free_minor - event.from_released_minor,
            )


def is_of(given: Given, order_no: str, *, app_id: int, receiver_id: int) -> bool:
    return (given.order_no, given.app_id, given.receiver_id) == (order_no, app_id, receiver_id)


def _freed(sharing: Sharing, amount_minor: int, on: date, cut: int) -> Sharing:
    """Counted on at the same cut-off; at a later one anew: of two that are one window to this merchant, the last counts."""
    before = sharing.free_minor if (sharing.free_on, sharing.free_cut) == (on, cut) else 0
    return replace(sharing, free_minor=before + amount_minor, free_on=on, free_cut=cut)


class Receiver(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """With whom a merchant may share: a merchant by his app, or, with app_id 0, a person. relation: in the wire's words."""

    receiver_id: int
    app_id: int = 0
    relation: str = ""


class Receivers(msgspec.Struct, frozen=True, kw_only=True):
    """All of one merchant's; `id` is his."""

    id: int
    lane: int
    receivers: tuple[Receiver, ...] = ()

    def find(self, *, app_id: int, receiver_id: int) -> Receiver | None:
        return next((r for r in self.receivers if (r.app_id, r.receiver_id) == (app_id, receiver_id)), None)
