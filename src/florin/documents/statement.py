"""A statement in a person's language, as plain data: what the page and the PDF both print."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from florin.credit.explain import Item
from florin.credit.funding import percent as share_text
from florin.documents.lender import Lender
from florin.events.refusals import Language, full_date, yuan
from florin.queries.documents import Change, DocumentLine, StatementDocument


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a table. asks: how questions name the amount; empty where there is nothing to ask."""

    title: str
    note: str
    amount: str
    asks: str = ""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A statement, ready to print. rate: the yearly price, to be shown larger than any other rate. facts, lender: label and
    value.
    """

    title: str
    subtitle: str
    period: str
    remaining: tuple[str, str]
    image: tuple[str, str]
    image_note: str
    rate: tuple[str, str]
    facts: tuple[tuple[str, str], ...]
    lines_title: str
    lines: tuple[Row, ...]
    total: str
    received_title: str
    received: tuple[Row, ...]
    since_title: str
    since: tuple[Row, ...]
    lender: tuple[tuple[str, str], ...]
    as_of: str
    page_of: str


def sheet_of(document: StatementDocument, lender: Lender, language: Language) -> Sheet:
    say, shown = TEXTS[language], document.shown
    program = document.title_zh if language == "zh" else document.title_en
    close = f"{shown.closes_on:%Y-%m-%d}"
    return Sheet(
        title=say["title"].format(date=full_date(shown.closes_on, language)),
        subtitle=say["subtitle"].format(person=document.person, program=program, line=document.line_id),
        period=say["period"].format(
            opens=full_date(shown.opens_on, language), closes=full_date(shown.closes_on, language)
        ),
        remaining=(say["remaining"], yuan(shown.remaining_minor)),
        image=(say["image"], yuan(shown.image_minor)),
        image_note=say["image_note"],
        rate=(say["rate"], percent(document.yearly_rate)),
        facts=tuple(_facts(document, language)),
        lines_title=say["lines"],
        lines=tuple(_line(one, f"line={close}/{n}", language) for n, one in enumerate(document.lines, start=1)),
        total=say["total"].format(amount=yuan(shown.image_minor)),
        received_title=say["received"],
        received=tuple(_change(one, one.amount_minor, language) for one in document.received),
        since_title=say["since"],
        since=tuple(_change(one, one.counted_minor, language) for one in document.since),
        lender=tuple(_lender(lender, document.partners, language)),
        as_of=say["as_of"].format(date=full_date(document.as_of, language)),
        page_of=say["page_of"],
    )


def percent(share: Decimal, places: str = "0.01") -> str:
    """0.1825 is 18.25%"""
    return f"{(share * 100).quantize(Decimal(places), rounding=ROUND_HALF_UP)}%"


def _facts(document: StatementDocument, language: Language) -> Iterator[tuple[str, str]]:
    say, shown = TEXTS[language], document.shown
    yield say["due_on"], full_date(shown.due_on, language)
    yield say["minimum"], yuan(shown.minimum_minor)
    yield say["minimum_left"], yuan(shown.minimum_left_minor)
    if shown.earlier_minor:
        yield say["earlier"], yuan(shown.earlier_minor)
    yield say["daily"], percent(document.daily_rate, "0.0001")
    if document.penalty_daily_rate:
        yield say["penalty_daily"], percent(document.penalty_daily_rate, "0.0001")
    if shown.past_due:
        yield say["state"], say["past_due"]


def _lender(lender: Lender, partners: tuple[str, ...], language: Language) -> Iterator[tuple[str, str]]:
    say = TEXTS[language]
    if lender.name:
        yield say["lender"], lender.name
    if partners:
        yield say["partners"], say["and"].join(partners)
    if lender.hotline:
        yield say["hotline"], lender.hotline


def _line(one: DocumentLine, asks: str, language: Language) -> Row:
    say, line = TEXTS[language], one.line
    title = _named(one.item, language) or say[f"line.{line.what}"]
    notes = []
    if line.number:
        notes.append(
            say["fee_of" if line.what == "fee" else "installment_of"].format(number=line.number, count=line.count)
        )
    if line.what == "rate" and one.item is not None:
        notes.append(say["line.rate"])
    elif one.bought_on is not None:
        notes.append(full_date(one.bought_on, language))
    if one.lent_with is not None:
        notes.append(say["lent_with"].format(partner=one.lent_with.partner, share=share_text(one.lent_with.share_ppm)))
    if line.statement_closes_on is not None:
        notes.append(say["of_bill"].format(date=full_date(line.statement_closes_on, language)))
    return Row(title=title, note=" · ".join(notes), amount=yuan(line.amount_minor), asks=asks)


def _change(one: Change, amount_minor: int, language: Language) -> Row:
    say = TEXTS[language]
    title = say["repaid"] if one.what == "repaid" else say["refunded"].format(item=_named(one.item, language))
    note = full_date(one.on, language)
    if amount_minor != one.amount_minor:
        note = f"{note} · {say['of_whole'].format(amount=yuan(one.amount_minor))}"
    return Row(title=title, note=note, amount=yuan(-amount_minor))


def _named(item: Item | None, language: Language) -> str:
    if item is None:
        return ""
    merchant = item.merchant_zh or item.merchant_en if language == "zh" else item.merchant_en
    return f"{item.subject} · {merchant}" if merchant else item.subject


TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "title": "Statement of {date}",
        "subtitle": "{person} · {program} · line {line}",
        "period": "For {opens} until the start of {closes}",
        "remaining": "Remaining to pay",
        "image": "Amount of the statement",
        "image_note": "The amount of the statement never changes. What remains falls with every payment and refund.",
        "rate": "Annualized rate on what is unpaid after its due day (simple)",
        "due_on": "Due date",
        "minimum": "Minimum payment",
        "minimum_left": "Minimum still to pay",
        "earlier": "Left of earlier statements then, not in this amount",
        "daily": "Daily rate",
        "penalty_daily": "Daily charge while past due",
        "state": "State",
        "past_due": "Past due: the minimum was not paid in time",
        "lines": "What is on this statement",
        "total": "Together {amount}",
        "received": "Received in this period (it went to what was owed then)",
        "since": "Received since, for this statement",
        "repaid": "Repayment",
        "refunded": "Refund: {item}",
        "of_whole": "of {amount} in all",
        "installment_of": "installment {number} of {count}",
        "fee_of": "fee, installment {number} of {count}",
        "of_bill": "for the statement of {date}",
        "line.purchase": "Purchase",
        "line.installment": "Installment",
        "line.fee": "Installment fee",
        "line.interest": "Interest",
        "line.penalty": "Late charge",
        "line.adjustment": "Correction",
        "line.rate": "Another yearly rate from this bill on; interest to come",
        "lender": "Lender",
        "partners": "Lent its share of the purchases marked with it",
        "and": " and ",
        "lent_with": "lent jointly with {partner}, {share}",
        "hotline": "Questions and complaints",
        "as_of": "As it stands on {date}",
        "page_of": "page {page} of {pages}",
    },
    "zh": {
        "title": "{date}账单",
        "subtitle": "{person} · {program} · 账户号 {line}",
        "period": "账期：{opens}至{closes}零时",
        "remaining": "剩余应还",
        "image": "账单金额",
        "image_note": "账单金额出账后不再变动；剩余应还随每一笔还款和退款减少。",
        "rate": "逾期未还部分的年化利率（单利）",
        "due_on": "最后还款日",
        "minimum": "最低还款额",
        "minimum_left": "最低还款额还差",
        "earlier": "出账时以前账单的剩余（不含在本期金额内）",
        "daily": "日利率",
        "penalty_daily": "逾期日费率",
        "state": "状态",
        "past_due": "已逾期：最低还款额未按时还清",
        "lines": "账单明细",
        "total": "合计 {amount}",
        "received": "本账期内收到的款项（已用于当时的欠款）",
        "since": "出账后收到、用于本期账单的款项",
        "repaid": "还款",
        "refunded": "退款：{item}",
        "of_whole": "总额 {amount}",
        "installment_of": "第 {number}/{count} 期",
        "fee_of": "第 {number}/{count} 期手续费",
        "of_bill": "{date}账单产生",
        "line.purchase": "消费",
        "line.installment": "分期",
        "line.fee": "分期手续费",
        "line.interest": "利息",
        "line.penalty": "逾期费用",
        "line.adjustment": "更正",
        "line.rate": "自本期起执行新的年利率，未到期利息变动",
        "lender": "贷款机构",
        "partners": "共同出借人（所标明的消费）",
        "and": "、",
        "lent_with": "与{partner}共同出借，其出资 {share}",
        "hotline": "咨询与投诉",
        "as_of": "截至{date}",
        "page_of": "第 {page} 页，共 {pages} 页",
    },
}
