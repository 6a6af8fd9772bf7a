"""Relief: bringing a line current by agreement, and hardship plans."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import Note
from florin.wires.rest.shapes.base import Taken


class HardshipQuery(Taken, frozen=True, kw_only=True):
    """waive_penalty: as if penalties were owed no more."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    waive_penalty: bool = False


class NewHardship(Taken, frozen=True, kw_only=True):
    """All that is owed in so many installments. waive_penalty: penalties are owed no more. reason: for the record, in words."""

    installments: Annotated[int, Meta(ge=2, le=60)]
    reason: Note
    waive_penalty: bool = False


class NewHardshipEnd(Taken, frozen=True, kw_only=True):
    """rest: what becomes of the installments to come; null: as the terms say of a broken plan. reason: for the record."""

    reason: Note
    rest: Literal["due_at_once", "continue"] | None = None


class ReAge(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing a line current would do today. arrears: what least payments lack since past_due_on; bills: the closes of
    those that are past due. paid, needed: least payments made, and what the terms ask for. next_minimum_before, next_minimum:
    what the next bill asks for at least without it, and with it.
    """

    line_id: str
    as_of: date
    past_due_on: date
    days_past_due: int
    arrears_minor: int
    bills: tuple[date, ...]
    paid_minor: int
    needed_minor: int
    next_closes_on: date | None
    next_minimum_before_minor: int
    next_minimum_minor: int


class ReAged(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is current again by agreement. arrears: left to later bills."""

    id: str
    line_id: str
    arrears_minor: int
    past_due_on: date
    value_on: date
    reason: str


class HardshipPart(msgspec.Struct, frozen=True, kw_only=True):
    """One installment. interest: of the plan; charges: of what was owed beside principal."""

    number: int
    bills_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    charges_minor: int
    total_minor: int


class HardshipPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a hardship plan would come to today. Rates in percent a year, as text: before, interest and penalty of what is late;
    and what principal bears while the plan runs. waived: owed no more.
    """

    line_id: str
    as_of: date
    principal_minor: int
    charges_minor: int
    interest_minor: int
    total_minor: int
    waived_penalty_minor: int
    waived_fee_minor: int
    yearly_rate_before_percent: str
    yearly_rate_percent: str
    installments: tuple[HardshipPart, ...]


class Hardship(msgspec.Struct, frozen=True, kw_only=True):
    """A hardship plan as agreed."""

    id: str
    line_id: str
    installments: int
    principal_minor: int
    charges_minor: int
    interest_minor: int
    penalty_waived: bool
    value_on: date
    reason: str


class HardshipEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A hardship plan that ended by agreement. rest_minor: what was to come of it, its interest included."""

    id: str
    line_id: str
    rest: Literal["due_at_once", "continue"]
    rest_minor: int
    value_on: date
    reason: str
