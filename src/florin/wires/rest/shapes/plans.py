"""Installments on a line: paying off early, and converting what is owed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Id
from florin.wires.rest.shapes.base import Taken
from florin.wires.rest.shapes.lenders import Lender
from florin.wires.rest.shapes.payments import Installments, Offer


class PayoffQuery(Taken, frozen=True, kw_only=True):
    """through_on: the last day that is quoted; today when it is left out."""

    through_on: date | None = None


class PlanQuery(Taken, frozen=True, kw_only=True):
    """payment_id: of the purchase whose plan is meant; or closes_on: of the bill that was put into installments."""

    payment_id: Id | None = None
    closes_on: date | None = None


class NewPlanPayoff(Taken, frozen=True, kw_only=True):
    """amount_minor: as the quote says. payment_id or closes_on: which plan. bank_reference: of money that has arrived."""

    amount_minor: AmountMinor
    source: Literal["wallet", "bank"]
    payment_id: Id | None = None
    closes_on: date | None = None
    bank_reference: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")] = ""


class ConversionQuery(Taken, frozen=True, kw_only=True):
    """A purchase by payment_id; or so much (amount_minor; left out, the most) of the bill closed on closes_on."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    payment_id: Id | None = None
    closes_on: date | None = None
    amount_minor: AmountMinor | None = None


class NewConversion(Taken, frozen=True, kw_only=True):
    """A purchase by payment_id; or so much (amount_minor) of the bill closed on closes_on."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    payment_id: Id | None = None
    closes_on: date | None = None
    amount_minor: AmountMinor | None = None


class PayoffDay(msgspec.Struct, frozen=True, kw_only=True):
    on: date
    total_minor: int


class Payoff(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to owe nothing: today's by kind, what has accrued included, and the total of each day asked for, if
    nothing happens until then. good_through_on: the last of these days on which today's total is right.
    """

    line_id: str
    as_of: date
    good_through_on: date
    principal_minor: int
    fee_minor: int
    interest_minor: int
    penalty_minor: int
    cost_minor: int
    total_minor: int
    days: tuple[PayoffDay, ...]


class PlanPayoff(msgspec.Struct, frozen=True, kw_only=True):
    """What settles the installments to come of one plan. fee: still owed; waived: need not be paid; charge: for paying early.
    billed: what is left of it on bills, beside this. good_through_on: the last day on which it is the same.
    """

    line_id: str
    payment_id: str | None
    closes_on: date | None
    as_of: date
    good_through_on: date
    installments: int
    principal_minor: int
    fee_minor: int
    waived_minor: int
    charge_minor: int
    total_minor: int
    billed_minor: int
    lender: Lender


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What putting it into installments comes to. payable_now: what stays to be paid of the bill, by due_on. least, most: the
    amounts that are possible. first_bill_on: the close that bills the first installment.
    """

    line_id: str
    amount_minor: int
    least_minor: int
    most_minor: int
    payable_now_minor: int
    due_on: date | None
    first_bill_on: date
    offer: Offer
    lender: Lender


class Converted(msgspec.Struct, frozen=True, kw_only=True):
    """What went into installments, for good."""

    id: str
    line_id: str
    payment_id: str | None
    closes_on: date | None
    amount_minor: int
    installments: Installments
    value_on: date
