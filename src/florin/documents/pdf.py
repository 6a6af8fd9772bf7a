"""A statement on paper: A4, one font of our own, embedded as far as its characters are used.

Drawn by hand on reportlab's canvas: a title, two numbers, the rate that must be largest, three tables. A character that the
font does not have is printed as 〓, the printers' sign for a missing type.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from florin.documents.statement import Row, Sheet

_FONT: Final = "FlorinNotoSansSC"
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, _WIDTH - 56.0, _HEIGHT - 60.0, 64.0
_INK, _SOFT, _LINE, _DEEP = (0.09, 0.11, 0.17), (0.35, 0.38, 0.48), (0.88, 0.86, 0.80), (0.08, 0.15, 0.29)
_MISSING: Final = "〓"


def statement_pdf(sheet: Sheet) -> bytes:
    """The sheet as a PDF. The same sheet gives the same bytes."""
    _load_font()
    pages = _Pages(sheet, total=0)
    pages.draw()
    final = _Pages(sheet, total=pages.number)  # drawn twice: only now it is known how many there are
    final.draw()
    return final.bytes()


@cache
def _load_font() -> TTFont:
    path = files("florin.documents").joinpath("fonts", "NotoSansSC-subset.ttf")
    font = TTFont(_FONT, io.BytesIO(path.read_bytes()))
    pdfmetrics.registerFont(font)
    return font


def _printable(text: str) -> str:
    known = _load_font().face.charToGlyph
    return "".join(letter if ord(letter) in known else _MISSING for letter in text)


class _Pages:
    """A pen on paper: `y` is where it is; a row that does not fit begins a new page."""

    def __init__(self, sheet: Sheet, *, total: int) -> None:
        self._sheet = sheet
        self._total = total
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(sheet.title)
        self._canvas.setAuthor(sheet.lender[0][1] if sheet.lender else "Florin")
        self.number = 1
        self._y = _TOP

    def draw(self) -> None:
        sheet = self._sheet
        self._text(_LEFT, sheet.title, 20, _DEEP)
        self._down(18)
        self._text(_LEFT, sheet.subtitle, 9.5, _SOFT)
        self._down(14)
        self._text(_LEFT, sheet.period, 9.5, _SOFT)
        self._down(34)
        self._two_numbers()
        self._rate()
        for label, value in sheet.facts:
            self._fact(label, value)
        self._table(sheet.lines_title, sheet.lines, sheet.total)
        self._table(sheet.received_title, sheet.received)
        self._table(sheet.since_title, sheet.since)
        self._down(8)
        for label, value in sheet.lender:
            self._fact(label, value)
        self._foot()

    def bytes(self) -> bytes:
        self._canvas.save()
        return self._buffer.getvalue()

    def _two_numbers(self) -> None:
        middle = (_LEFT + _RIGHT) / 2
        for x, (label, value), size in ((_LEFT, self._sheet.remaining, 22), (middle, self._sheet.image, 16)):
            self._text(x, label, 9.5, _SOFT)
            self._text(x, value, size, _INK, below=26)
        self._down(44)
        self._text(_LEFT, self._sheet.image_note, 8.5, _SOFT)
        self._down(26)

    def _rate(self) -> None:
        """Larger than any other rate: the law wants it so."""
        label, value = self._sheet.rate
        self._text(_LEFT, label, 9.5, _SOFT)
        self._right(value, 15, _INK)
        self._down(12)
        self._rule()

    def _fact(self, label: str, value: str) -> None:
        self._room(20)
        self._down(12)
        self._text(_LEFT, label, 9.5, _SOFT)
        self._right(value, 9.5, _INK)
        self._down(6)
        self._rule()

    def _table(self, title: str, rows: tuple[Row, ...], total: str = "") -> None:
        if not rows:
            return
        self._room(80)
        self._down(32)
        self._text(_LEFT, title, 11, _DEEP)
        self._down(8)
        for row in rows:
            self._room(34)
            self._down(14)
            amount_width = pdfmetrics.stringWidth(row.amount, _FONT, 10)
            self._text(_LEFT, self._fitting(row.title, 10, _RIGHT - _LEFT - amount_width - 18), 10, _INK)
            self._right(row.amount, 10, _INK)
            if row.note:
                self._down(12)
                self._text(_LEFT, self._fitting(row.note, 8.5, _RIGHT - _LEFT), 8.5, _SOFT)
            self._down(7)
            self._rule()
        if total:
            self._down(15)
            self._right(total, 10.5, _INK)

    def _fitting(self, text: str, size: float, width: float) -> str:
        """The text, cut with … where it is longer than the line."""
        text = _printable(text)
        if pdfmetrics.stringWidth(text, _FONT, size) <= width:
            return text
        while text and pdfmetrics.stringWidth(f"{text}…", _FONT, size) > width:
            text = text[:-1]
        return f"{text}…"

    def _text(self, x: float, text: str, size: float, color: tuple[float, float, float], *, below: float = 0) -> None:
        self._canvas.setFont(_FONT, size)
        self._canvas.setFillColorRGB(*color)
        self._canvas.drawString(x, self._y - below, _printable(text))

    def _right(self, text: str, size: float, color: tuple[float, float, float]) -> None:
        self._canvas.setFont(_FONT, size)
        self._canvas.setFillColorRGB(*color)
        self._canvas.drawRightString(_RIGHT, self._y, _printable(text))

    def _rule(self) -> None:
        self._canvas.setStrokeColorRGB(*_LINE)
        self._canvas.setLineWidth(0.6)
        self._canvas.line(_LEFT, self._y, _RIGHT, self._y)

    def _down(self, by: float) -> None:
        self._y -= by

    def _room(self, needed: float) -> None:
        if self._y - needed < _BOTTOM:
            self._foot()
            self._canvas.showPage()
            self.number += 1
            self._y = _TOP

    def _foot(self) -> None:
        at, self._y = self._y, _BOTTOM - 28
        self._text(_LEFT, self._sheet.as_of, 8.5, _SOFT)
        self._right(self._sheet.page_of.format(page=self.number, pages=self._total or self.number), 8.5, _SOFT)
        self._y = at
