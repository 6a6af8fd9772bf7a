"""What closed days owe: merchants are swept and paid, books settle with each other."""

from __future__ import annotations

from datetime import date

from florin.events.base import Event


class WindowSwept(Event, frozen=True, kw_only=True):
    """One merchant's payable of one window left this lane for his home lane; below zero it came back.

    window_from, window_until: minutes after midnight, of a part of the day between two cut-offs.
    """

    kind = 60
    window_on: date
    amount_minor: int
    negative: bool = False
    window_from: int = 0
    window_until: int = 1440


class WindowReceived(Event, frozen=True, kw_only=True):
    """The home lane's side of a sweep: the merchant's available balance rose (or, negative, fell)."""

    kind = 61
    window_on: date
    from_lane: int
    amount_minor: int
    negative: bool = False
    round: int = 0
    window_from: int = 0
    window_until: int = 1440


class RefundFunded(Event, frozen=True, kw_only=True):
    """A refund of a swept sale was drawn from the merchant's available balance, for the payer's lane."""

    kind = 62
    amount_minor: int
    to_lane: int
    round: int = 0


class TransferReceived(Event, frozen=True, kw_only=True):
    """A merchant gave a person money: it is in her wallet. request_no: the merchant's number of it; title: what she reads.

    batch_name, batch_remark: of several given together, on the first of them.
    """

    kind = 280
    amount_minor: int
    request_no: str
    title: str = ""
    batch_name: str = ""
    batch_remark: str = ""


class TransferFunded(Event, frozen=True, kw_only=True):
    """What a merchant gave was drawn from his available balance, for the person's lane. round: of his payouts."""

    kind = 281
    amount_minor: int
    to_person_id: int
    round: int = 0


class PaidOut(Event, frozen=True, kw_only=True):
    """The merchant's available balance is on its way to his bank; `left_minor` of it stays, by his terms.

    round: which payout of his it is, counted from 0. Everything that moved his available balance since the one before names the
    same round: so a payout is told back to the sales that it pays.
    """

    kind = 63
    amount_minor: int
    left_minor: int = 0
    round: int = 0


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
    round: int = 0


class ReserveHeld(Event, frozen=True, kw_only=True):
    """A share of what a day brought the merchant is kept until `release_on`."""

    kind = 245
    amount_minor: int
    release_on: date
    round: int = 0


class ReserveReleased(Event, frozen=True, kw_only=True):
    """What was kept is available. hold_id: the event that kept it."""

    kind = 246
    amount_minor: int
    hold_id: int
    round: int = 0


class PayoutsHeld(Event, frozen=True, kw_only=True):
    """Nothing more leaves for the merchant's bank. by: who decided; "bank" where a payout came back."""

    kind = 247
    reason: str
    by: str


class PayoutsReleased(Event, frozen=True, kw_only=True):
    """Payouts go on."""

    kind = 248
    reason: str
    by: str


class MerchantInvoiced(Event, frozen=True, kw_only=True):
    """A merchant whose balance is below zero was asked to pay it back by `due_on`."""

    kind = 249
    amount_minor: int
    due_on: date


class MerchantPaidBack(Event, frozen=True, kw_only=True):
    """He paid some of it, through his bank."""

    kind = 250
    amount_minor: int
    bank_reference: str
    round: int = 0


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
