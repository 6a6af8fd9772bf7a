"""Statements, and why an amount is what it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.shapes.base import Taken
from florin.wires.rest.shapes.lenders import JointLender


class ExplainQuery(Taken, frozen=True, kw_only=True):
    """what: the question: `owed`, `payoff`, `available`, `minimum`, `interest`, `penalty`, `credit-balance`, `statement` or
    `refusal`; of one kind `statement=2026-04`, `minimum=2026-04`, `interest=2026-04`, `line=2026-04/2`,
    `purchase=PAYMENT` (the id within the payer's lane, as in `item_id`), `event=ID`,
    `refusal=ID`. on: as of the end of that day.
    """

    what: Annotated[str, Meta(min_length=1, max_length=64)] = "owed"
    on: date | None = None


class StatementQuery(Taken, frozen=True, kw_only=True):
    """closes_before: only statements that closed before that day."""

    limit: Annotated[int, Meta(ge=1, le=60)] = 12
    closes_before: date | None = None


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the image. payment_id: of a purchase or installment, as the merchant knows it is not told here."""

    what: str
    amount_minor: int
    number: int | None
    count: int | None
    posted_on: date | None


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """image, minimum: as issued, for ever. remaining, minimum_left: what is left of them today."""

    line_id: str
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    remaining_minor: int
    minimum_left_minor: int
    past_due: bool
    lines: tuple[StatementLine, ...]


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the image. payment_id, subject, merchant, bought_on: of a purchase or installment; number, count: k of n.
    statement_closes_on: of interest, a late charge or a correction, the statement that it is for. lent_with: the partner bank
    that lent its share of the purchase.
    """

    what: str
    amount_minor: int
    payment_id: str | None
    subject: str | None
    merchant: str | None
    bought_on: date | None
    number: int | None
    count: int | None
    statement_closes_on: date | None
    lent_with: JointLender | None


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came in. counted_minor: what of it went to this statement; in its own cycle none, it went to what was owed
    then.
    """

    on: date
    what: Literal["repaid", "refunded"]
    amount_minor: int
    counted_minor: int
    subject: str | None


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with all that the law wants on it. image, minimum, earlier: as issued, for ever; remaining, minimum_left:
    as of `as_of`. Rates in percent, as text: annualized_rate is simple, on what is unpaid after its due day. partners: banks
    that lent a share of what is on it.
    """

    line_id: str
    person: str
    program: str
    title: str
    currency: str
    as_of: date
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    earlier_minor: int
    remaining_minor: int
    minimum_left_minor: int
    past_due: bool
    annualized_rate_percent: str
    daily_rate_percent: str
    penalty_daily_rate_percent: str
    lines: tuple[DocumentLine, ...]
    received: tuple[Received, ...]
    received_since: tuple[Received, ...]
    lender: str | None
    partners: tuple[str, ...]
    hotline: str | None


class StatementList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. next_closes_before: for the next, older page; null on the last one."""

    items: tuple[StatementShown, ...]
    next_closes_before: date | None
