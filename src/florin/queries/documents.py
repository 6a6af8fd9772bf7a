"""A statement as a document: all that a person, or her lawyer, should read on it; for page, PDF and programs alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import msgspec
from psycopg import Connection

from florin.credit.explain import Item, Trace, funding_of
from florin.credit.explain.trace import Step
from florin.credit.statement import StatementShown, show
from florin.engine.ids import lane_of
from florin.events import Refunded, Repaid, StatementIssued, StatementLine
from florin.money.at import At
from florin.queries.explain import items, line_trace, partner_names
from florin.queries.partners import JointLender

_DAYS_A_YEAR = 365


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the image. item: what was bought and where; bought_on: the day from which it was owed. lent_with: the partner
    bank, where one lent its share of it beside the house.
    """

    line: StatementLine
    item: Item | None
    bought_on: date | None
    lent_with: JointLender | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Money that came in: in the cycle, or for this statement since. counted: what of it went to this statement."""

    on: date
    what: Literal["repaid", "refunded"]
    amount_minor: int
    counted_minor: int
    item: Item | None = None


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A statement and what has become of it by `as_of`. received: payments and refunds of its cycle; since: those that came
    after it was made and lowered it. Rates are shares: 0.0005 is 0.05 % a day; yearly: the whole price of a year, as the law
    has it shown.
    """

    line_id: int
    person: str
    program: str
    title_en: str
    title_zh: str
    currency: str
    as_of: date
    shown: StatementShown
    lines: tuple[DocumentLine, ...]
    received: tuple[Change, ...]
    since: tuple[Change, ...]
    daily_rate: Decimal
    yearly_rate: Decimal
    penalty_daily_rate: Decimal

    @property
    def partners(self) -> tuple[str, ...]:
        """The partner banks that lent a share of what is on it, each once."""
        return tuple(dict.fromkeys(one.lent_with.partner for one in self.lines if one.lent_with))


def statement_document(
    connection: Connection[Any], *, line_id: int, closes_on: date, at: At, person_id: int | None = None
) -> StatementDocument | None:
    """The statement that closed on a day, as it stands now; None when there is none, or when it is another person's."""
    found = line_trace(connection, line_id=line_id, at=at)
    if found is None:
        return None
    line, program, trace = found
    step = trace.statements.get(closes_on)
    if step is None or person_id not in (None, line.person_id):
        return None
    issued = step.event
    assert isinstance(issued, StatementIssued)
    received, since = list(_received(trace, issued)), list(_since(trace, step, issued))
    ids = {one.item_id for one in issued.lines} | {identifier for _, identifier in (*received, *since)}
    names = items(connection, ids - {0})
    fundings = {one.item_id: funding_of(trace, one.item_id) for one in issued.lines if one.item_id}
    partners = partner_names(connection, {funding.agreement_id for funding in fundings.values() if funding})
    lent_with = {
        item_id: JointLender(partner=partners[funding.agreement_id], share_ppm=funding.share_ppm)
        for item_id, funding in fundings.items()
        if funding is not None
    }
    daily_rate = Fraction(program.interest_daily_rate(_version(trace, closes_on)))
    return StatementDocument(
        line_id=line_id,
        person=_name(connection, line.person_id),
        program=program.name,
        title_en=program.title_en,
        title_zh=program.title_zh,
        currency=program.currency,
        as_of=at.on,
        shown=show(issued, trace.account),
        lines=tuple(_line(one, names, trace, lent_with.get(one.item_id)) for one in issued.lines),
        received=tuple(_named(change, names.get(identifier)) for change, identifier in received),
        since=tuple(_named(change, names.get(identifier)) for change, identifier in since),
        daily_rate=_decimal(daily_rate),
        yearly_rate=_decimal(daily_rate * _DAYS_A_YEAR),
        penalty_daily_rate=_decimal(Fraction(program.penalty_daily_rate(_version(trace, closes_on)))),
    )


def _line(one: StatementLine, names: dict[int, Item], trace: Trace, lent_with: JointLender | None) -> DocumentLine:
    bought = trace.bought.get(one.item_id)
    bought_on = one.posted_on or (bought.event.value_on if bought is not None else None)
    return DocumentLine(line=one, item=names.get(one.item_id), bought_on=bought_on, lent_with=lent_with)


def _received(trace: Trace, issued: StatementIssued) -> Iterator[tuple[Change, int]]:
    """What came in while the cycle ran: it went to what was owed then."""
    for step in trace.steps:
        if issued.opens_on <= step.event.value_on < issued.closes_on and (amount_minor := _money(step)):
            what: Any = "repaid" if isinstance(step.event, Repaid) else "refunded"
            yield (
                Change(on=step.event.value_on, what=what, amount_minor=amount_minor, counted_minor=0),
                step.event.payment_id,
            )


def _since(trace: Trace, issuing: Step, issued: StatementIssued) -> Iterator[tuple[Change, int]]:
    for step in trace.steps[trace.place(issuing) + 1 :]:
        amount_minor = _money(step)
        left_minor = [
            sum(one.remaining_minor for one in account.statements if one.closes_on == issued.closes_on)
            for account in (step.before, step.after)
        ]
        if amount_minor and left_minor[0] != left_minor[1]:
            what: Any = "repaid" if isinstance(step.event, Repaid) else "refunded"
            counted_minor = left_minor[0] - left_minor[1]
            change = Change(on=step.event.value_on, what=what, amount_minor=amount_minor, counted_minor=counted_minor)
            yield change, step.event.payment_id


def _money(step: Step) -> int:
    match step.event:
        case Repaid(amount_minor=minor):
            return minor
        case Refunded(before_receipt=False, credit_minor=minor):
            return minor
    return 0


def _named(change: Change, item: Item | None) -> Change:
    return msgspec.structs.replace(change, item=item)


def _version(trace: Trace, on: date) -> int:
    """The version whose rate the statement bears on its first day."""
    from_on = max(on, trace.on)
    spans = trace.program.interest_spans(on, from_on, date.fromordinal(from_on.toordinal() + 1))
    return spans[0][0]


def _decimal(share: Fraction) -> Decimal:
    return Decimal(share.numerator) / Decimal(share.denominator)


def _name(connection: Connection[Any], person_id: int) -> str:
    row = connection.execute(_PERSON, {"lane": lane_of(person_id), "id": person_id}).fetchone()
    return "" if row is None else str(row[0])


_PERSON = "SELECT name FROM person WHERE lane = %(lane)s AND id = %(id)s"
