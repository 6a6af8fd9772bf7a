"""A wallet's balance, and what every event does to it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from florin.events import (
    Authorized,
    Captured,
    CreditBalancePaid,
    Escrowed,
    Event,
    Refunded,
    RefundReversed,
    Repaid,
    ShareReceived,
    ToppedUp,
    TransferReceived,
    Voided,
    WithdrawalRequested,
    WithdrawalReturned,
)


class Wallet(msgspec.Struct, frozen=True, kw_only=True):
    """A person's wallet; `id` is the person's. balance: minor units, never below zero. withdrawn: all that was taken out to a
    bank in the person's life, and has not come back.
    """

    id: int
    lane: int
    balance_minor: int = 0
    withdrawn_minor: int = 0


def change_minor(event: Event) -> int:
    """By how much an event changes the wallet of its person; negative takes money out."""
    match event:
        case ToppedUp() | CreditBalancePaid() | TransferReceived() | ShareReceived(to_person=True):
            return event.amount_minor
        case WithdrawalRequested():
            return -event.amount_minor - event.fee_minor
        case WithdrawalReturned():
            return event.amount_minor + event.fee_minor
        case Authorized():
            return -event.wallet_minor
        case Escrowed() | Captured():
            return event.held_wallet_minor - event.wallet_minor
        case Voided() | Refunded():
            return event.wallet_minor
        case RefundReversed():
            return -event.wallet_minor
        case Repaid(source="wallet"):
            return -event.amount_minor
    return 0


def evolve(wallet: Wallet, event: Event) -> Wallet:
    """The wallet after the event."""
    withdrawn = wallet.withdrawn_minor
    match event:
        case WithdrawalRequested():
            withdrawn += event.amount_minor
        case WithdrawalReturned():
            withdrawn -= event.amount_minor
    return replace(wallet, balance_minor=wallet.balance_minor + change_minor(event), withdrawn_minor=withdrawn)
