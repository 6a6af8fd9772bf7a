"""What closed days owe: merchants are swept and paid, books settle with each other."""

from __future__ import annotations

from datetime import date

from florin.events.base import Event


class WindowSwept(Event, frozen=True, kw_only=True):
    """One merchant's payable of one window left this lane for his home lane; below zero it came back."""

    kind = 60
    window_on: date
    amount_minor: int
    negative: bool = False


class WindowReceived(Event, frozen=True, kw_only=True):
    """The home lane's side of a sweep: the merchant's available balance rose (or, negative, fell)."""

    kind = 61
    window_on: date
    from_lane: int
    amount_minor: int
    negative: bool = False


class RefundFunded(Event, frozen=True, kw_only=True):
    """A refund of a swept sale was drawn from the merchant's available balance, for the payer's lane."""

    kind = 62
    amount_minor: int
    to_lane: int


class PaidOut(Event, frozen=True, kw_only=True):
    """The merchant's available balance is on its way to his bank."""

    kind = 63
    amount_minor: int


class PayoutSettled(Event, frozen=True, kw_only=True):
    """The bank has paid the merchant."""

    kind = 64
    amount_minor: int
    payout_id: int
    bank_reference: str


class PayoutReturned(Event, frozen=True, kw_only=True):
    """The bank could not pay the merchant; the amount is available again.

    reason_code: of ISO 20022, as in AC04, where the bank gives one. late: it had been paid, and came back days later.
    """

    kind = 65
    amount_minor: int
    payout_id: int
    bank_reference: str
    reason: str
    reason_code: str = ""
    late: bool = False


class BooksSettled(Event, frozen=True, kw_only=True):
    """Lender and payment institution netted this lane's pair and settled the rest through the bank.

    net_minor: cleared against each other. Of the rest at most one of the two sides is above zero; one below zero was
    settled the other way.
    """

    kind = 66
    net_minor: int
    lender_pays_minor: int
    institution_pays_minor: int


class FeesSwept(Event, frozen=True, kw_only=True):
    """The payment institution took its own fees out of the safeguarded account; negative: brought some back."""

    kind = 67
    amount_minor: int
    negative: bool = False


class NetworkSettled(Event, frozen=True, kw_only=True):
    """Institution and lender paid this lane's share of their halves of a card network's fee; below zero it came back."""

    kind = 220
    institution_minor: int
    lender_minor: int
