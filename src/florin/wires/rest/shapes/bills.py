"""Bills: the canonical JSON form. It is a file that a merchant keeps, so its amounts are text, in yuan."""

from __future__ import annotations

from datetime import date

import msgspec

from florin.documents.bills import Form
from florin.wires.rest.shapes.base import Taken


class BillQuery(Taken, frozen=True, kw_only=True):
    """form: in which the bill is given out."""

    form: Form = "json"


class BillSums(msgspec.Struct, frozen=True, kw_only=True):
    """Of one type of lines, or of all: amounts in yuan."""

    type: str
    count: int
    amount: str
    fees: str
    net: str


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's day. opening, closing: what he is owed. lines: by columns, as docs/reference/bills.md names them."""

    merchant_id: str
    merchant: str
    from_on: date
    before_on: date
    opening: str
    lines: list[dict[str, str | dict[str, str]]]
    sums: list[BillSums]
    closing: str
