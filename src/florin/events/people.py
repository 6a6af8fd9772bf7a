"""People join; money comes into their wallets and leaves them."""

from __future__ import annotations

from florin.events.base import Event


class PersonJoined(Event, frozen=True, kw_only=True):
    """A shopper has an account here: a wallet with nothing in it."""

    kind = 1
    name: str


class ToppedUp(Event, frozen=True, kw_only=True):
    """Money from the person's bank reached the wallet."""

    kind = 2
    amount_minor: int
    bank_reference: str


class WithdrawalRequested(Event, frozen=True, kw_only=True):
    """The wallet was debited; the money is on its way to the person's bank. fee_minor: beside it, for taking it out."""

    kind = 3
    amount_minor: int
    fee_minor: int = 0


class WithdrawalSettled(Event, frozen=True, kw_only=True):
    """The bank has paid a withdrawal out."""

    kind = 4
    amount_minor: int
    withdrawal_id: int
    bank_reference: str


class WithdrawalReturned(Event, frozen=True, kw_only=True):
    """The bank could not pay a withdrawal out; it is in the wallet again, with what it cost. reason_code, late: as of
    PayoutReturned.
    """

    kind = 5
    amount_minor: int
    withdrawal_id: int
    bank_reference: str
    reason: str
    reason_code: str = ""
    late: bool = False
    fee_minor: int = 0
