"""Bills: all that a merchant earned, gave back, was charged and paid out on a day, as the events of that day say.

A bill is read from events alone, which never change, so it says the same whenever it is read. It is given out once its day is
published: closed, with books that hold. Its lines add up, to the fen: opening + net of every line = closing, and the closing
is what the merchant's accounts hold at the end of the day (`merchant_day`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace
from psycopg import Connection, Cursor
from psycopg.rows import tuple_row

from florin.engine.lanes import LANES
from florin.events import (
    Captured,
    MerchantPaidBack,
    PaidOut,
    PayoutReturned,
    Received,
    Refunded,
    RefundReversed,
    ShareReceived,
    ShareReturned,
    SharesGiven,
    ShareTakenBack,
    TransferReceived,
)
from florin.payments.earned import EFFECTS, Earned, earned

LineType = Literal[
    "sale", "refund", "refund-reversed", "payout", "payout-returned", "paid-back", "transfer", "share", "adjustment"
]


class BillLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event of a merchant. at: business time. Ids of what it is not about are 0, texts empty.

    order_minor: what the trade asked for. discount_minor: the part of it that the merchant's own coupon took off, or that goes
    back of it with a refund (below zero). balance_minor: what he is owed after this line. reference: the bank's, or the reason.
    """

    type: LineType
    event_id: int
    at: datetime
    on: date
    merchant_id: int
    trade_id: int
    payment_id: int
    person_id: int
    app_id: int
    order_number: str
    subject: str
    store_id: str
    asked_at: datetime | None
    order_minor: int
    refund_number: str
    reason: str
    plan_count: int
    mdr_ppm: int
    discount_minor: int
    earned: Earned
    balance_minor: int
    payout_id: int = 0
    reference: str = ""

    @property
    def amount_minor(self) -> int:
        """What was sold or given back, with what the merchant's own coupon took off."""
        return self.earned.received_minor + self.discount_minor


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's lines of the days [from_on, before_on), in order of time. opening, closing: what he is owed."""

    merchant_id: int
    name: str
    name_zh: str
    from_on: date
    before_on: date
    opening_minor: int
    lines: list[BillLine]

    @property
    def closing_minor(self) -> int:
        return self.lines[-1].balance_minor if self.lines else self.opening_minor

    def of_type(self, *types: LineType) -> list[BillLine]:
        return [line for line in self.lines if line.type in types]


class NotPublished(LookupError):
    """The days asked for are not all closed with books that hold; `through_on` is the last one that is."""

    def __init__(self, through_on: date | None) -> None:
        super().__init__(f"published through {through_on}")
        self.through_on = through_on


def published_through(connection: Connection[Any]) -> date | None:
    """The last day that is published; None while there is none. Each close proves the day that ended before it."""
    row = connection.execute(_PUBLISHED).fetchone()
    return None if row is None or row[0] is None else row[0] - timedelta(days=1)


def read_bill(connection: Connection[Any], *, merchant_id: int, from_on: date, before_on: date) -> Bill | None:
    """A merchant's bill of published days; None when there is no such merchant.

    Raises NotPublished when a day of them is not.
    """
    refuse_unpublished(connection, before_on)
    merchant = connection.execute(_MERCHANT, {"id": merchant_id}).fetchone()
    if merchant is None:
        return None
    bounds = {"merchant_id": merchant_id, "from_on": from_on, "before_on": before_on}
    opening = _opening(connection, from_on, merchant_id).get(merchant_id, 0)
    lines = list(_lines(connection, _OF_MERCHANT, {merchant_id: opening}, **bounds))
    return Bill(
        merchant_id=merchant_id, name=merchant[0], name_zh=merchant[1], from_on=from_on, before_on=before_on,
        opening_minor=opening, lines=lines,
    )  # fmt: skip


def days_with_bill(connection: Connection[Any], *, merchant_id: int, since: date, limit: int = 100) -> list[date]:
    """Published days from `since` on, on which something of the merchant's moved, the newest first."""
    through_on = published_through(connection)
    parameters = {"merchant_id": merchant_id, "since": since, "through_on": through_on, "limit": limit}
    return [row[0] for row in connection.execute(_DAYS, parameters)]


def read_bills(connection: Connection[Any], *, on: date, part: tuple[int, int] = (0, 1)) -> Iterator[Bill]:
    """The bills of a day of all merchants who have a line on it, by their ids. Raises NotPublished.

    part: (n, of): of several processes that share the work the n-th, from 0, takes every `of`-th merchant.
    """
    before_on = on + timedelta(days=1)
    refuse_unpublished(connection, before_on)
    openings = _opening(connection, on)
    names = {row[0]: row[1:] for row in connection.execute(_NAMES)}
    bounds = {"from_on": on, "before_on": before_on, "part": part[0], "parts": part[1]}
    lines = _lines(connection, _OF_PART if part[1] > 1 else "", dict(openings), **bounds)
    for merchant_id, of_merchant in groupby(lines, key=attrgetter("merchant_id")):
        name, name_zh = names[merchant_id]
        yield Bill(
            merchant_id=merchant_id, name=name, name_zh=name_zh, from_on=on, before_on=before_on,
            opening_minor=openings.get(merchant_id, 0), lines=list(of_merchant),
        )  # fmt: skip


def of_app(bill: Bill, app_id: int) -> Bill:
    """What one app of the merchant sold and gave back, counted from zero; payouts are of the merchant, not of an app."""
    balance_minor, lines = 0, []
    for line in bill.lines:
        if line.app_id == app_id:
            balance_minor += line.earned.net_minor
            lines.append(replace(line, balance_minor=balance_minor))
    return replace(bill, opening_minor=0, lines=lines)


def refuse_unpublished(connection: Connection[Any], before_on: date) -> None:
    through_on = published_through(connection)
    if through_on is None or before_on > through_on + timedelta(days=1):
        raise NotPublished(through_on)


_PUBLISHED = """
    SELECT least(p.proven_on, c.closed_through + 1)
      FROM clock c CROSS JOIN LATERAL (SELECT proven_on FROM proof WHERE holds ORDER BY proven_on DESC LIMIT 1) p
"""
_DAYS = """
    SELECT ended_on FROM merchant_day
     WHERE merchant_id = %(merchant_id)s AND ended_on BETWEEN %(since)s AND %(through_on)s
  ORDER BY ended_on DESC
     LIMIT %(limit)s
"""
_MERCHANT = "SELECT name, name_zh FROM merchant WHERE id = %(id)s"
_NAMES = "SELECT id, name, name_zh FROM merchant ORDER BY id LIMIT 1000000"
_OPENING = """
    SELECT DISTINCT ON (merchant_id) merchant_id, closing_minor
      FROM merchant_day
     WHERE ended_on < %(from_on)s{bounds}
  ORDER BY merchant_id, ended_on DESC
"""
# Found through the block ranges of `posted_on`; trades and payments through the lanes that their ids name.
_LINES = """
    SELECT e.kind, e.id, e.recorded_at, e.posted_on, e.merchant_id, coalesce(e.trade_id, 0) AS trade_id,
           coalesce(e.payment_id, 0) AS payment_id, coalesce(e.person_id, 0) AS person_id, e.rules, e.amounts,
           e.body::text AS body, coalesce(t.app_id, 0) AS app_id, coalesce(t.out_trade_no, '') AS order_number,
           coalesce(t.subject, '') AS subject, coalesce(t.detail->>'store_id', '') AS store_id, t.asked_at,
           coalesce(t.amount_minor, 0) AS order_minor, coalesce(p.plan_count, 0) AS plan_count,
           coalesce(p.mdr_ppm, 0) AS mdr_ppm
      FROM event e
           LEFT JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(e.trade_id >> 40)::integer + 1] AND t.id = e.trade_id
           LEFT JOIN payment p ON p.lane = (%(lanes)s::smallint[])[(e.payment_id >> 40)::integer + 1] AND p.id = e.payment_id
     WHERE e.posted_on >= %(from_on)s AND e.posted_on < %(before_on)s
       AND e.merchant_id IS NOT NULL AND e.rules && %(rules)s::smallint[]{bounds}
  ORDER BY e.merchant_id, e.recorded_at, e.id
"""
_OF_PART = " AND e.merchant_id %% %(parts)s = %(part)s"
_OF_MERCHANT = " AND e.merchant_id = %(merchant_id)s"
_RULES: Final = [*EFFECTS, *(-rule for rule in EFFECTS)]
_TYPES: Final[dict[int, LineType]] = {
    Captured.kind: "sale",
    Received.kind: "sale",
    Refunded.kind: "refund",
    RefundReversed.kind: "refund-reversed",
    PaidOut.kind: "payout",
    PayoutReturned.kind: "payout-returned",
    MerchantPaidBack.kind: "paid-back",
    TransferReceived.kind: "transfer",
    **dict.fromkeys((SharesGiven.kind, ShareReceived.kind, ShareReturned.kind, ShareTakenBack.kind), "share"),
}


class _Coupon(msgspec.Struct):
    amount_minor: int
    sponsor: str = "mall"


class _Body(msgspec.Struct):
    """What a line needs of an event's body."""

    request_no: str = ""
    reason: str = ""
    bank_reference: str = ""
    payout_id: int = 0
    coupon: _Coupon | None = None


_body = msgspec.json.Decoder(_Body).decode
_NO_BODY: Final = _Body()


def _opening(connection: Connection[Any], from_on: date, merchant_id: int | None = None) -> dict[int, int]:
    bounds = "" if merchant_id is None else " AND merchant_id = %(merchant_id)s"
    parameters = {"from_on": from_on, "merchant_id": merchant_id}
    return dict(connection.execute(_OPENING.format(bounds=bounds), parameters).fetchall())


def _lines(connection: Connection[Any], bounds: str, balances: dict[int, int], **parameters: Any) -> Iterator[BillLine]:
    """Lines by merchant and time; lines of merchants alone that move nothing of his are left out."""
    statement = _LINES.format(bounds=bounds)
    with Cursor(connection, row_factory=tuple_row) as cursor:  # the pages' connection would bind in the client
        cursor.execute(statement, {"lanes": list(LANES), "rules": _RULES, **parameters}, binary=True)
        while rows := cursor.fetchmany(10_000):
            yield from _lines_of(rows, balances)


def _lines_of(rows: Sequence[Any], balances: dict[int, int]) -> Iterator[BillLine]:
    for (
        kind, event_id, at, on, merchant_id, trade_id, payment_id, person_id, rules, amounts, body_text, app_id,
        order_number, subject, store_id, asked_at, order_minor, plan_count, mdr_ppm,
    ) in rows:  # fmt: skip
        of_event = earned(zip(rules, amounts, strict=True))
        line_type = _TYPES.get(kind, "adjustment")
        if not of_event.net_minor and line_type == "adjustment":
            continue
        body = _body(body_text) if body_text else _NO_BODY
        balances[merchant_id] = balances.get(merchant_id, 0) + of_event.net_minor
        yield BillLine(
            type=line_type, event_id=event_id, at=at, on=on, merchant_id=merchant_id, trade_id=trade_id,
            payment_id=payment_id, person_id=person_id, app_id=app_id, order_number=order_number, subject=subject,
            store_id=store_id, asked_at=asked_at, order_minor=order_minor, refund_number=body.request_no,
            reason=body.reason, plan_count=plan_count, mdr_ppm=mdr_ppm, discount_minor=_discount(line_type, body),
            earned=of_event, balance_minor=balances[merchant_id], reference=body.bank_reference,
            payout_id=event_id if line_type == "payout" else body.payout_id,
        )  # fmt: skip


def _discount(line_type: LineType, body: _Body) -> int:
    """What the merchant's own coupon took off; below zero with a refund."""
    if body.coupon is None or body.coupon.sponsor != "merchant":
        return 0
    return body.coupon.amount_minor if line_type == "sale" else -body.coupon.amount_minor
