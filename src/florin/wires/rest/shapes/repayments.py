"""Money that pays a line back, comes back from the bank, or is confirmed by it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Note
from florin.wires.rest.shapes.base import Taken


class NewRepayment(Taken, frozen=True, kw_only=True):
    """source: `wallet` takes it from the person's wallet; `bank` is money that has arrived, by the bank's reference. value_on:
    the day on which it arrived, when that is over; the bank's only.
    """

    amount_minor: AmountMinor
    source: Literal["wallet", "bank"]
    bank_reference: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] = ""
    value_on: date | None = None


class ReturnedRepayment(Taken, frozen=True, kw_only=True):
    """A repayment that the bank took back, by its amount and the bank's reference. reason: the bank's, in words."""

    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
    reason: Note = ""


class ConfirmedRepayment(Taken, frozen=True, kw_only=True):
    """A repayment that the bank says will not come back, by its amount and the bank's reference."""

    amount_minor: AmountMinor
    bank_reference: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]


class Repayment(msgspec.Struct, frozen=True, kw_only=True):
    """value_on: the day on which it counts. known_on: the business date on which it was booked."""

    id: str
    line_id: str
    amount_minor: int
    source: Literal["wallet", "bank"]
    bank_reference: str
    value_on: date
    known_on: date


class RepaymentReturn(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment that counts as never made. value_on: its own day. known_on: the business date of its return."""

    id: str
    line_id: str
    amount_minor: int
    bank_reference: str
    reason: str
    value_on: date
    known_on: date


class RepaymentConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A repayment that has cleared before its days had passed. repaid_on: its own day."""

    id: str
    line_id: str
    amount_minor: int
    bank_reference: str
    repaid_on: date
    value_on: date
