"""Where the bank and the books differ, and money whose owner nobody knows yet."""

from __future__ import annotations

from datetime import date

from florin.events.base import Event


class ReceiptUnallocated(Event, frozen=True, kw_only=True):
    """Money came that fits nothing; it is safeguarded, and owed to whoever it turns out to be from."""

    kind = 260
    amount_minor: int
    bank_reference: str
    booked_on: date
    party: str = ""
    party_account: str = ""
    text: str = ""


class ReceiptAllocated(Event, frozen=True, kw_only=True):
    """It is known whose it is: the event beside this one books it as his, under the same reference."""

    kind = 261
    amount_minor: int
    receipt_id: int
    bank_reference: str
    by: str
    reason: str


class ReceiptSentBack(Event, frozen=True, kw_only=True):
    """It is on its way back to whom it came from."""

    kind = 262
    amount_minor: int
    receipt_id: int
    by: str
    reason: str


class SentBackAnswered(Event, frozen=True, kw_only=True):
    """The bank has sent it back; returned: it could not, so it is unallocated again."""

    kind = 263
    amount_minor: int
    receipt_id: int
    payout_id: int
    bank_reference: str
    returned: bool = False
    reason: str = ""


class BreakFound(Event, frozen=True, kw_only=True):
    """The bank's statement and our orders and receipts differ. Amounts as the account shows them, with their sign; 0: nothing.

    what: missing-at-bank, missing-with-us, amount-differs, duplicate.
    """

    kind = 264
    break_id: int
    account: str
    what: str
    reference: str
    entry_ref: str
    expected_minor: int
    found_minor: int
    since_on: date


class BreakAssigned(Event, frozen=True, kw_only=True):
    """Somebody looks into it. note: what is known of it."""

    kind = 265
    break_id: int
    to: str
    note: str = ""


class BreakResolved(Event, frozen=True, kw_only=True):
    """It is explained. by: a person, or `reconciliation` when the two sides agree again."""

    kind = 266
    break_id: int
    by: str
    reason: str


class BankCharged(Event, frozen=True, kw_only=True):
    """The bank took a charge from the safeguarded account; the institution makes it good from its own at once."""

    kind = 267
    amount_minor: int
    bank_reference: str
    by: str
    reason: str
