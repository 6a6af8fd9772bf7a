"""What is asked of the store: which trade a shop means, how it stands, and what was refunded of it.

An order is found by its claim, which stands in the lane of (app, number) and names the event that answers it;
everything else is found by id. A handful of keyed reads, each in its own lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import ClaimKind, claim, lane_of
from florin.engine.tables.arrays import numbers
from florin.engine.tables.event import load_events
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.table import READ
from florin.engine.tables.trade import TRADE, trade_of
from florin.events import CampaignPart, Refunded
from florin.payments.payment import Payment
from florin.payments.trade import Trade


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    logon: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as it stands: with its payment, when that was made, and by whom; None where nobody has paid."""

    trade: Trade
    payment: Payment | None = None
    paid_at: datetime | None = None
    buyer: Buyer | None = None


class RefundSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One refund. amount_minor: of it alone; refunded_at: business time. card: its credit part is a bank's card."""

    credit_minor: int
    wallet_minor: int
    reason: str
    refunded_at: datetime
    coupon: CampaignPart | None = None
    card: bool = False

    @property
    def amount_minor(self) -> int:
        return self.credit_minor + self.wallet_minor + (self.coupon.amount_minor if self.coupon else 0)


class PaymentCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a shopper shows at a till. line_id: the line it pays with, 0 for her wallet. expires_at: business time."""

    code: str
    buyer: Buyer
    line_id: int
    expires_at: datetime

    @property
    def person_id(self) -> int:
        return self.buyer.id


_CLAIMED = """
    SELECT event_id FROM claim
     WHERE lane = %(lane)s AND digest = %(digest)s
"""
_OWNERS = "SELECT trade_id, recorded_at FROM event WHERE lane = %(lane)s AND id = %(id)s"
_BUYER = "SELECT id, logon FROM person WHERE lane = %(lane)s AND id = %(id)s"
_BUYER_BY_LOGON = "SELECT id, logon FROM person WHERE logon = %(logon)s ORDER BY id LIMIT 1"
_CODES = """
    SELECT c.code, c.person_id, c.line_id, c.expires_at FROM unnest(%s::text[]) AS k(code) JOIN payment_code c USING (code)
"""
_BUYERS = """
    SELECT p.id, p.logon FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, id) JOIN person p USING (lane, id)
"""


def find_trade(
    connection: Connection[Any], *, app_id: int, trade_no: str | None, out_trade_no: str | None
) -> Standing | None:
    """The app's trade of that number, ours first when both come; None for one that it never made.

    Another app's trade is as absent as one that does not exist.
    """
    trade_id = _id_of(trade_no) if trade_no else _ordered(connection, app_id, out_trade_no or "")
    if trade_id is None:
        return None
    standing = standing_of(connection, trade_id)
    return standing if standing is not None and standing.trade.app_id == app_id else None


def standing_of(connection: Connection[Any], trade_id: int) -> Standing | None:
    """The trade with its payment; None when there is no such trade."""
    rows = TRADE.load(connection, [(lane_of(trade_id), trade_id)], READ)
    if not rows:
        return None
    trade = trade_of(rows[0])
    if not trade.payment_id:
        return Standing(trade=trade)
    payment_rows = PAYMENT.load(connection, [(lane_of(trade.payment_id), trade.payment_id)], READ)
    assert payment_rows, f"trade {trade.id} names a payment that is not there"
    payment = payment_of(payment_rows[0])
    # A payment's first event has the payment's own id.
    return Standing(
        trade=trade,
        payment=payment,
        paid_at=recorded(connection, payment.id)[1],
        buyer=find_buyer(connection, payment.person_id),
    )


def find_refund(connection: Connection[Any], *, trade_id: int, request_no: str) -> RefundSeen | None:
    """The refund that the shop made under its own number; None when there is none."""
    event_id = claimed(connection, ClaimKind.REFUND, trade_id, request_no)
    return None if event_id is None else refund_of(connection, event_id)


def refund_of(connection: Connection[Any], event_id: int) -> RefundSeen | None:
    event = load_events(connection, [event_id]).get(event_id)
    if not isinstance(event, Refunded):
        return None
    payments = PAYMENT.load(connection, [(lane_of(event.payment_id), event.payment_id)], READ)
    return RefundSeen(
        card=any(payment_of(row).particulars.card for row in payments),
        credit_minor=event.credit_minor,
        wallet_minor=event.wallet_minor,
        coupon=event.coupon,
        reason=event.reason,
        refunded_at=recorded(connection, event_id)[1],
    )


def find_buyer(connection: Connection[Any], person_id: int) -> Buyer | None:
    lane = _lane_of(person_id)
    if lane is None:
        return None
    with connection.cursor(row_factory=class_row(Buyer)) as cursor:
        return cursor.execute(_BUYER, {"lane": lane, "id": person_id}).fetchone()


def find_buyer_by_logon(connection: Connection[Any], logon: str) -> Buyer | None:
    with connection.cursor(row_factory=class_row(Buyer)) as cursor:
        return cursor.execute(_BUYER_BY_LOGON, {"logon": logon}).fetchone()


def find_codes(connection: Connection[Any], codes: Sequence[str]) -> list[PaymentCode | None]:
    """What each of these codes stands for, in order, expired ones too; None for one that is unknown."""
    digits = [code for code in codes if code.isascii() and code.isdigit()]
    rows = connection.execute(_CODES, (digits,), prepare=True).fetchall()
    buyers = _buyers(connection, {person_id for _, person_id, _, _ in rows})
    found = {
        code: PaymentCode(code=code, buyer=buyers[person_id], line_id=line_id, expires_at=expires_at)
        for code, person_id, line_id, expires_at in rows
    }
    return [found.get(code) for code in codes]


def _buyers(connection: Connection[Any], persons: set[int]) -> dict[int, Buyer]:
    if not persons:
        return {}
    ordered = sorted(persons)
    parameters = (numbers([lane_of(identifier) for identifier in ordered]), numbers(ordered))
    rows = connection.execute(_BUYERS, parameters, prepare=True)
    return {identifier: Buyer(id=identifier, logon=logon) for identifier, logon in rows}


def claimed(connection: Connection[Any], kind: ClaimKind, scope: int, key: str) -> int | None:
    """The event that answers this claim; None for a key that was never used."""
    wanted = claim(kind, scope, key)
    row = connection.execute(_CLAIMED, {"lane": wanted.lane, "digest": wanted.digest}).fetchone()
    return None if row is None else row[0]


def recorded(connection: Connection[Any], event_id: int) -> tuple[int, datetime]:
    """(trade, business time) of an event."""
    row = connection.execute(_OWNERS, {"lane": lane_of(event_id), "id": event_id}).fetchone()
    assert row is not None, f"event {event_id} is named and not there"
    trade_id, recorded_at = row
    return trade_id, recorded_at


def _ordered(connection: Connection[Any], app_id: int, out_trade_no: str) -> int | None:
    """The trade that this order number was used for. Its claim names what answered it: the asking, or a charge."""
    event_id = claimed(connection, ClaimKind.ORDER, app_id, out_trade_no)
    if event_id is None:
        return None
    trade_id, _ = recorded(connection, event_id)
    return trade_id


def _id_of(trade_no: str) -> int | None:
    """The id that a client's text is; None for one that cannot be an id of ours."""
    if not (trade_no.isascii() and trade_no.isdigit() and len(trade_no) < 19):
        return None
    return int(trade_no) if _lane_of(int(trade_no)) is not None else None


def _lane_of(identifier: int) -> int | None:
    try:
        return lane_of(identifier) if identifier > 0 else None
    except IndexError:
        return None
