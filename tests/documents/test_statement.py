"""A statement on paper: all that the law wants, in both languages, and the same PDF on any machine."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import msgspec

from florin.credit.explain import Item
from florin.credit.statement import StatementShown
from florin.documents import Lender, sheet_of, statement_pdf
from florin.documents.pdf import _printable
from florin.events import StatementLine
from florin.queries.documents import Change, DocumentLine, StatementDocument
from florin.queries.partners import JointLender

TEA = Item(subject="Tea set", merchant_en="Longjing Tea House", merchant_zh="龙井茶馆")
PHONE = Item(subject="Phone", merchant_en="Lotus Mall", merchant_zh="莲花商城")
LENDER = Lender(name="Lotus Consumer Finance", hotline="400-000-0000")


def april(*, lines: int = 1) -> StatementDocument:
    billed = (
        StatementLine(what="purchase", amount_minor=19_900, item_id=1, posted_on=date(2026, 3, 6)),
        StatementLine(what="installment", amount_minor=50_000, item_id=2, number=1, count=12),
        StatementLine(what="interest", amount_minor=200, statement_closes_on=date(2026, 3, 1)),
    )
    shown = StatementShown(
        opens_on=date(2026, 3, 1),
        closes_on=date(2026, 4, 1),
        due_on=date(2026, 4, 10),
        image_minor=70_100,
        earlier_minor=0,
        minimum_minor=52_190,
        lines=billed,
        remaining_minor=40_100,
        minimum_left_minor=22_190,
        past_due=True,
    )
    return StatementDocument(
        line_id=7,
        person="Alice",
        program="huabei",
        title_en="Pay later",
        title_zh="花呗",
        currency="CNY",
        as_of=date(2026, 4, 12),
        shown=shown,
        lines=(
            DocumentLine(line=billed[0], item=TEA, bought_on=date(2026, 3, 6)),
            DocumentLine(line=billed[1], item=PHONE, bought_on=date(2026, 3, 5)),
            DocumentLine(line=billed[2], item=None, bought_on=None),
        )
        * lines,
        received=(),
        since=(Change(on=date(2026, 4, 10), what="repaid", amount_minor=35_000, counted_minor=30_000),),
        daily_rate=Decimal("0.0005"),
        yearly_rate=Decimal("0.1825"),
        penalty_daily_rate=Decimal("0.0002"),
    )


def test_the_sheet_says_in_english_what_the_law_wants():
    sheet = sheet_of(april(), LENDER, "en")

    assert (sheet.remaining, sheet.image) == (
        ("Remaining to pay", "¥401.00"),
        ("Amount of the statement", "¥701.00"),
    )
    assert sheet.rate[1] == "18.25%"
    assert ("Daily rate", "0.0500%") in sheet.facts
    assert ("Minimum still to pay", "¥221.90") in sheet.facts
    assert [(row.title, row.note, row.amount) for row in sheet.lines] == [
        ("Tea set · Longjing Tea House", "6 March 2026", "¥199.00"),
        ("Phone · Lotus Mall", "installment 1 of 12 · 5 March 2026", "¥500.00"),
        ("Interest", "for the statement of 1 March 2026", "¥2.00"),
    ]
    assert [(row.note, row.amount) for row in sheet.since] == [("10 April 2026 · of ¥350.00 in all", "-¥300.00")]
    assert sheet.lender == (("Lender", "Lotus Consumer Finance"), ("Questions and complaints", "400-000-0000"))


def test_the_sheet_speaks_chinese():
    sheet = sheet_of(april(), LENDER, "zh")

    assert sheet.title == "2026年4月1日账单"
    assert sheet.lines[1].title == "Phone · 莲花商城"
    assert sheet.lines[1].note == "第 1/12 期 · 2026年3月5日"
    assert sheet_of(april(), Lender(), "zh").lender == ()


def test_what_was_lent_jointly_names_both_lenders_in_both_languages():
    document = april()
    harbor = JointLender(partner="Harbor Bank", share_ppm=700_000)
    shared = msgspec.structs.replace(document.lines[0], lent_with=harbor)
    document = msgspec.structs.replace(document, lines=(shared, *document.lines[1:]))

    english, chinese = sheet_of(document, LENDER, "en"), sheet_of(document, LENDER, "zh")

    assert english.lines[0].note == "6 March 2026 · lent jointly with Harbor Bank, 70 %"
    assert english.lender[:2] == (
        ("Lender", "Lotus Consumer Finance"),
        ("Lent its share of the purchases marked with it", "Harbor Bank"),
    )
    assert chinese.lines[0].note == "2026年3月6日 · 与Harbor Bank共同出借，其出资 70 %"
    assert ("共同出借人（所标明的消费）", "Harbor Bank") in chinese.lender
    assert all(_printable(text) == text for row in chinese.lender for text in row)
    assert _printable(chinese.lines[0].note) == chinese.lines[0].note


def test_the_pdf_carries_its_font_and_is_the_same_each_time():
    sheet = sheet_of(april(), LENDER, "zh")

    drawn = statement_pdf(sheet)

    assert drawn == statement_pdf(sheet)
    assert drawn.startswith(b"%PDF-")
    assert b"FontFile2" in drawn
    assert b"NotoSansCJKsc" in drawn
    assert len(drawn) < 60_000


def test_a_long_statement_goes_on_to_more_pages():
    assert pages(statement_pdf(sheet_of(april(), LENDER, "en"))) == 1
    assert pages(statement_pdf(sheet_of(april(lines=30), LENDER, "en"))) == 5


def test_a_character_that_the_font_lacks_has_a_stand_in():
    document = april()
    rare = Item(subject="\U00020000", merchant_en="")
    strange = DocumentLine(line=document.lines[0].line, item=rare, bought_on=None)
    known = DocumentLine(line=document.lines[0].line, item=Item(subject="〓", merchant_en=""), bought_on=None)

    def drawn(line: DocumentLine) -> bytes:
        return statement_pdf(sheet_of(msgspec.structs.replace(document, lines=(line,)), LENDER, "en"))

    assert drawn(strange) == drawn(known)


def pages(drawn: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b(?!s)", drawn))
