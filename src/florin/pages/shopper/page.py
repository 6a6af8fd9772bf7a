"""What a shopper's pages show: amounts in her words, and the two numbers of every bill side by side.

A bill's *image* is what it was when it was made and never changes; what *remains* of it falls with every refund and payment.
Both are always shown, so that neither can be taken for the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from florin.credit.adverse import REASONS, Adverse, code_of
from florin.credit.line import Line, LineState
from florin.credit.shared_limit import SharedExposure
from florin.credit.spendable import spendable
from florin.credit.terms import Program
from florin.events import (
    ChargedOff,
    ChargedOffByOwner,
    CreditDeclined,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    Reminded,
    StatementLine,
)
from florin.events.refusals import Language
from florin.money import yuan_text
from florin.money.at import At
from florin.pages.cashier.page import merchant_name, paid_with, program_title
from florin.pages.show import full_date, money, percent
from florin.pages.spendable import RoomShown, rooms_shown, shared_sentence
from florin.pages.texts import text
from florin.payments.merchant import Merchant
from florin.payments.payment import PaymentState
from florin.queries.notices import Notice
from florin.queries.shopper import Order, Purse, StatementSeen

_PER_MILLE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A line at a glance. used: how much of the limit, in thousandths, for the meter. shared: why less is available than the
    limit leaves, where it is. rooms: of sub-limits.
    """

    title: str
    available: str
    limit: str
    owed: str
    committed: str
    used: int
    notice: str
    uplifts: tuple[str, ...]
    uncleared: tuple[str, ...]
    shared: str
    rooms: tuple[RoomShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be paid next; empty amount when nothing is."""

    amount: str
    sentence: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeShown:
    """Something that she was told, and when."""

    sentence: str
    said_on: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    name: str
    balance: str
    credit: Credit | None
    due: Due | None
    notices: tuple[NoticeShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShown:
    payment_id: int
    merchant: str
    initial: str
    subject: str
    amount: str
    state: str
    tone: str
    paid_on: str
    paid_with: str
    refunded: str
    number: str
    note: str
    can_confirm: bool
    on_credit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    title: str
    note: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillShown:
    """One statement: as it was made, and what is left of it today. asks: how questions name it."""

    asks: str
    month: str
    period: str
    image: str
    remaining: str
    minimum: str
    minimum_left: str
    earlier: str
    due_on: str
    state: str
    tone: str
    lines: tuple[BillLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """What may be repaid from the wallet now. amounts are plain text for the form's field."""

    balance: str
    due: str
    due_text: str
    owed: str
    owed_text: str
    suggested_text: str
    rate: str


_NOTICES = {
    LineState.FROZEN: "credit.frozen",
    LineState.CLOSED: "credit.closed",
    LineState.CHARGED_OFF: "credit.charged_off",
}


def home_of(
    purse: Purse, program: Program | None, at: At, language: Language, *, notices: Sequence[Notice] = ()
) -> Home:
    """notices: what she was told lately, the newest first."""
    line = purse.line
    return Home(
        name=purse.name,
        balance=money(purse.wallet.balance_minor, language),
        credit=None if line is None else credit_of(line, program, at, language, purse.shared),
        due=None if line is None else due_of(line, at, language),
        notices=() if line is None else notices_shown(notices, line, language),
    )


def notices_shown(notices: Sequence[Notice], line: Line, language: Language) -> tuple[NoticeShown, ...]:
    """The newest reminder, while anything is due, with the amount of today; then what was decided against her, and why."""
    adverse = tuple(_adverse(notice, language) for notice in notices if _still_holds(notice, line))
    reminders = [notice.event for notice in notices if isinstance(notice.event, Reminded)]
    if not reminders or not line.due_minor:
        return adverse
    newest = reminders[0]
    sentence = text(
        language,
        f"reminder.{newest.text}",
        amount=money(line.due_minor, language),
        date=full_date(newest.due_on, language),
    )
    tone = "bad" if newest.days_past_due > 0 else "plain"
    return (NoticeShown(sentence=sentence, said_on=full_date(newest.value_on, language), tone=tone), *adverse)


def _still_holds(notice: Notice, line: Line) -> bool:
    """A freeze, a closing and a charge-off while they last, a cut while the limit is that one; a decline as long as it is shown
    at all.
    """
    event = notice.event
    if isinstance(event, LineFrozen):
        return line.state is LineState.FROZEN
    if isinstance(event, LimitSet):
        return line.limit_minor == event.limit_minor
    if isinstance(event, LineClosing):
        return line.particulars.closing and line.state is not LineState.CLOSED
    if isinstance(event, LineClosed):
        return line.state is LineState.CLOSED
    if isinstance(event, ChargedOff | ChargedOffByOwner):
        return line.state is LineState.CHARGED_OFF
    return isinstance(event, CreditDeclined)


def _adverse(notice: Notice, language: Language) -> NoticeShown:
    event = notice.event
    assert isinstance(event, Adverse)
    minor = event.limit_minor if isinstance(event, LimitSet) else 0
    said_on, reason = full_date(event.value_on, language), REASONS[code_of(event)].text(language)
    sentence = text(language, _ADVERSE[type(event)], amount=money(minor, language), date=said_on, reason=reason)
    return NoticeShown(sentence=sentence, said_on=said_on, tone="plain")


_ADVERSE: Mapping[type, str] = {
    LimitSet: "adverse.limit_cut",
    LineFrozen: "adverse.frozen",
    LineClosing: "adverse.closing",
    LineClosed: "adverse.closed",
    ChargedOff: "adverse.charged_off",
    ChargedOffByOwner: "adverse.charged_off",
    CreditDeclined: "adverse.declined",
}


def credit_of(
    line: Line, program: Program | None, at: At, language: Language, shared: SharedExposure | None = None
) -> Credit:
    """shared: what the line shares with others of hers, if it does."""
    own = "credit.hardship" if line.particulars.hardship else "credit.closing" if line.particulars.closing else ""
    notice = _NOTICES.get(line.state, own)
    if line.particulars.sold_to:
        notice = "credit.sold"
    limit_minor = line.limit_minor_on(at.on)
    left = None if program is None else spendable(line, program.terms_on(at.on), at.on, shared)
    used_minor = min(max(line.exposure_minor, 0), limit_minor)
    return Credit(
        title=program_title(program, language),
        available=money(line.available_minor_on(at.on) if left is None else left.amount_minor, language),
        limit=money(limit_minor, language),
        owed=money(owed_minor(line), language),
        committed=money(line.committed_minor, language) if line.committed_minor else "",
        used=used_minor * _PER_MILLE // limit_minor if limit_minor else 0,
        notice=_notice(notice, line, language),
        uplifts=tuple(
            text(
                language,
                "credit.uplift",
                amount=money(uplift.amount_minor, language),
                date=full_date(uplift.until_on, language),
            )
            for uplift in line.particulars.uplifts
            if at.on <= uplift.until_on
        ),
        uncleared=tuple(
            text(
                language,
                "credit.uncleared",
                amount=money(held.held_minor, language),
                date=full_date(max(held.clears_on, at.on), language),
            )
            for held in line.particulars.uncleared
        ),
        shared="" if left is None else shared_sentence(left, language),
        rooms=() if left is None else rooms_shown(left, language),
    )


def _notice(key: str, line: Line, language: Language) -> str:
    sold = {"buyer": line.particulars.sold_to, "contact": line.particulars.sold_contact}
    return text(language, key, **(sold if key == "credit.sold" else {})) if key else ""


def owed_minor(line: Line) -> int:
    """Principal, fees and posted interest; what has not been received yet is not owed."""
    return line.principal_minor + line.fee_minor + line.interest_minor


def due_of(line: Line, at: At, language: Language) -> Due:
    is_late = line.past_due_on is not None and line.past_due_on < at.on
    due_on = line.past_due_on if is_late else line.due_on
    if not line.due_minor or due_on is None:
        return Due(amount="", sentence=text(language, "due.nothing"), is_late=False)
    key = "due.late" if is_late else "due.by"
    sentence = text(language, key, date=full_date(due_on, language))
    return Due(amount=money(line.due_minor, language), sentence=sentence, is_late=is_late)


def order_of(
    order: Order, merchants: Mapping[int, Merchant], program: Program | None, language: Language
) -> OrderShown:
    name = merchant_name(merchants[order.merchant_id], language)
    waits = order.state is PaymentState.ESCROWED
    confirm_by = full_date(order.confirm_on, language) if order.confirm_on is not None else ""
    return OrderShown(
        payment_id=order.payment_id,
        merchant=name,
        initial=name[:1].upper(),
        subject=order.subject,
        amount=money(order.amount_minor, language),
        state=text(language, f"order.state.{order.state.name.lower()}"),
        tone=_TONES[order.state],
        paid_on=full_date(order.paid_on, language),
        paid_with=paid_with(order, program, language),
        refunded=money(order.refunded_minor, language) if order.refunded_minor else "",
        number=order.out_trade_no,
        note=text(language, "order.confirm_by", date=confirm_by) if waits and confirm_by else "",
        can_confirm=waits,
        on_credit=order.credit_minor > 0,
    )


def bill_of(statement: StatementSeen, orders: Mapping[int, Order], at: At, language: Language) -> BillShown:
    if statement.remaining_minor == 0:
        state, tone = "bill.state.paid", "good"
    elif statement.minimum_left_minor and statement.due_on < at.on:
        state, tone = "bill.state.late", "bad"
    elif statement.remaining_minor < statement.image_minor:
        state, tone = "bill.state.part", "plain"
    else:
        state, tone = "bill.state.open", "plain"
    return BillShown(
        asks=statement.closes_on.isoformat(),
        month=full_date(statement.closes_on, language),
        period=text(
            language,
            "bill.period",
            opens=full_date(statement.opens_on, language),
            closes=full_date(statement.closes_on, language),
        ),
        image=money(statement.image_minor, language),
        remaining=money(statement.remaining_minor, language),
        minimum=money(statement.minimum_minor, language),
        minimum_left=money(statement.minimum_left_minor, language),
        earlier=money(statement.earlier_minor, language) if statement.earlier_minor else "",
        due_on=full_date(statement.due_on, language),
        state=text(language, state),
        tone=tone,
        lines=tuple(_bill_line(line, orders, language) for line in statement.lines),
    )


def closed_on(text: str) -> date | None:
    """The day that an address names; None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def repayment_of(purse: Purse, line: Line, program: Program, at: At, language: Language) -> Repayment:
    owed = owed_minor(line)
    suggested = min(line.due_minor or owed, purse.wallet.balance_minor)
    return Repayment(
        balance=money(purse.wallet.balance_minor, language),
        due=money(line.due_minor, language) if line.due_minor else "",
        due_text=yuan_text(line.due_minor),
        owed=money(owed, language) if owed else "",
        owed_text=yuan_text(owed),
        suggested_text=yuan_text(suggested) if suggested else "",
        rate=percent(program.terms_on(at.on).interest_daily_rate * 365),
    )


def purchases_in(statements: Sequence[StatementSeen]) -> list[int]:
    """The payments that these statements list, each once."""
    return sorted({line.item_id for statement in statements for line in statement.lines if line.item_id})


_TONES = {
    PaymentState.AUTHORIZED: "plain",
    PaymentState.ESCROWED: "wait",
    PaymentState.CAPTURED: "good",
    PaymentState.VOIDED: "plain",
    PaymentState.REFUNDED: "plain",
}


def _bill_line(line: StatementLine, orders: Mapping[int, Order], language: Language) -> BillLine:
    order = orders.get(line.item_id)
    title = order.subject if order is not None else text(language, f"bill.line.{line.what}")
    if line.what in ("installment", "fee"):
        note = text(language, f"bill.line.{line.what}_of", number=line.number, count=line.count)
    elif line.posted_on is not None:
        note = full_date(line.posted_on, language)
    elif line.statement_closes_on is not None:
        note = text(language, "bill.line.of_bill", date=full_date(line.statement_closes_on, language))
    elif line.what == "rate" and order is not None:
        note = text(language, "bill.line.rate")
    else:
        note = ""
    return BillLine(title=title, note=note, amount=money(line.amount_minor, language))
