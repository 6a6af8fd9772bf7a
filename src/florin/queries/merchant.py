"""What a merchant's pages ask: his trades, what is settled to him, his programs' calls, and wrong signatures among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row, kwargs_row, scalar_row

from florin.engine.lanes import LANES
from florin.payments.payment import PaymentState
from florin.payments.trade import Flow, TradeState
from florin.queries.payments import Place

ROWS_MAX = 100
TRADES_A_PAGE = 50


class TradeSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as its merchant sees it. Amounts in minor units; those of the payment are zero while there is none.

    store_id, terminal_id: where it was sold, in his own numbers; store, store_zh: the name, where that store is registered.
    """

    id: int
    out_trade_no: str
    subject: str
    flow: Flow
    state: TradeState
    asked_at: datetime
    expires_at: datetime | None
    amount_minor: int
    payment_state: PaymentState | None
    refunded_minor: int
    fees_minor: int
    plan_count: int
    merchant_fee_minor: int
    received_minor: int
    store_id: str
    terminal_id: str
    store: str
    store_zh: str


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A day's sales, or those up to a cut-off, net of fees and refunds, made available. Below zero: refunds outweighed them.

    window_until: minutes after midnight, 1440 where it ended with the day.
    """

    window_on: date
    window_until: int
    amount_minor: int


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """Money on its way to the merchant's bank, or there. state: sent, settled or returned."""

    id: int
    amount_minor: int
    state: str
    requested_on: date
    settled_on: date | None
    bank_reference: str


class SignatureFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A request that was refused for its signature: what it said, what should have been signed, and why it did not fit."""

    id: int
    app_id: int
    received_at: datetime
    request_line: str
    expected_text: str
    finding: str


class WireCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a program. received_at: wall time. asked: method or path. answered: the wire's own code."""

    app_id: int
    received_at: datetime
    wire: str
    asked: str
    answered: str
    took_us: int


class TradePage(msgspec.Struct, frozen=True, kw_only=True):
    """Trades, the newest first. after: where the next, older page begins; None when there is none."""

    trades: list[TradeSeen]
    after: Place | None


# The payment is found through the trade, in the lane that its own id names. Only the bounds that are set: a bound that may
# be NULL would keep the planner from the block ranges of `asked_at`.
_TRADES = """
    SELECT t.id, t.out_trade_no, t.subject, t.flow, t.state, t.asked_at, t.expires_at, t.amount_minor,
           p.state AS payment_state, coalesce(p.credit_refunded_minor + p.wallet_refunded_minor
           + coalesce(p.coupon_refunded_minor, 0), 0) AS refunded_minor,
           coalesce(p.mdr_minor - p.mdr_back_minor, 0)
               + coalesce((SELECT sum(coalesce((f ->> 'amount_minor')::bigint, 0) - coalesce((f ->> 'back_minor')::bigint, 0))
                             FROM jsonb_array_elements(p.fees) AS f
                            WHERE f ->> 'fee' IN ('credit_fee', 'commission', 'software_fee')), 0)::bigint
               AS fees_minor, coalesce(p.plan_count, 0) AS plan_count,
           CASE WHEN p.plan_fee_payer = 2 THEN p.plan_fee_minor - p.merchant_fee_back_minor
                WHEN p.plan_priced -> 'subsidy' ->> 'sponsor' = 'merchant'
                THEN (p.plan_priced -> 'subsidy' ->> 'amount_minor')::bigint - p.merchant_fee_back_minor
                ELSE 0 END
               AS merchant_fee_minor,
           coalesce(p.received_minor, 0) AS received_minor,
           coalesce(t.detail ->> 'store_id', '') AS store_id, coalesce(t.detail ->> 'terminal_id', '') AS terminal_id,
           coalesce(s.name, '') AS store, coalesce(s.name_zh, '') AS store_zh
      FROM trade t
           LEFT JOIN store s ON s.merchant_id = t.merchant_id AND s.code = t.detail ->> 'store_id'
           LEFT JOIN payment p ON p.lane = (%(lanes)s::smallint[])[(t.payment_id >> 40)::integer + 1]
                              AND p.id = t.payment_id AND t.payment_id <> 0
     WHERE t.merchant_id = %(merchant_id)s{bounds}
  ORDER BY t.asked_at DESC, t.id DESC
     LIMIT %(limit)s
"""
_SINCE = " AND t.asked_at >= %(since)s"
_OLDER = " AND t.asked_at <= %(after_at)s AND (t.asked_at, t.id) < (%(after_at)s, %(after_id)s)"
# An older page looks back this far before it looks through everything.
_REACH = timedelta(days=170)


def read_trades(
    connection: Connection[Any], *, merchant_id: int, since: datetime, limit: int = TRADES_A_PAGE
) -> TradePage:
    """The merchant's newest trades, of those asked from `since` on; older ones always have a page of their own to look at."""
    found = _trades(connection, _SINCE, merchant_id=merchant_id, since=since, limit=limit + 1)
    last = _place(found[limit - 1]) if len(found) > limit else Place(since, 0)
    return TradePage(trades=found[:limit], after=last)


def read_older_trades(
    connection: Connection[Any], *, merchant_id: int, after: Place, limit: int = TRADES_A_PAGE
) -> TradePage:
    """Those before the place where another page ended, however long ago: what was there then comes exactly once."""
    bounds = {"merchant_id": merchant_id, "after_at": after.asked_at, "after_id": after.trade_id, "limit": limit + 1}
    found = _trades(connection, _OLDER + _SINCE, since=after.asked_at - _REACH, **bounds)
    if len(found) <= limit:
        found = _trades(connection, _OLDER, **bounds)
    return TradePage(trades=found[:limit], after=_place(found[limit - 1]) if len(found) > limit else None)


def _trades(connection: Connection[Any], bounds: str, **parameters: Any) -> list[TradeSeen]:
    with connection.cursor(row_factory=kwargs_row(_trade)) as cursor:
        statement = _TRADES.format(bounds=bounds)
        return cursor.execute(statement, {"lanes": list(LANES), **parameters}).fetchall()


def _place(trade: TradeSeen) -> Place:
    return Place(trade.asked_at, trade.id)


def _trade(*, flow: int, state: int, payment_state: int | None, **columns: Any) -> TradeSeen:
    return TradeSeen(
        **columns,
        flow=Flow(flow),
        state=TradeState(state),
        payment_state=None if payment_state is None else PaymentState(payment_state),
    )


_AVAILABLE = "SELECT available_minor FROM merchant_balance WHERE lane = %(lane)s AND id = %(merchant_id)s"


def read_available(connection: Connection[Any], *, lane: int, merchant_id: int) -> int:
    """What has been swept and not paid out. lane: the merchant's own."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        available = cursor.execute(_AVAILABLE, {"lane": lane, "merchant_id": merchant_id}).fetchone()
    return 0 if available is None else int(available)


_WINDOWS = """
    SELECT window_on, window_until, sum(amount_minor)::bigint AS amount_minor
      FROM sweep
     WHERE merchant_id = %(merchant_id)s AND window_on >= %(since)s
  GROUP BY window_on, window_until
  ORDER BY window_on DESC, window_until DESC
     LIMIT %(limit)s
"""


def read_windows(connection: Connection[Any], *, merchant_id: int, since: date, limit: int = ROWS_MAX) -> list[Window]:
    """What each window's sales came to, over all lanes, the newest first."""
    with connection.cursor(row_factory=class_row(Window)) as cursor:
        parameters = {"merchant_id": merchant_id, "since": since, "limit": limit}
        return cursor.execute(_WINDOWS, parameters).fetchall()


_PAYOUTS = """
    SELECT id, amount_minor, state, requested_on, settled_on, bank_reference
      FROM payout
     WHERE lane = %(lane)s AND merchant_id = %(merchant_id)s
  ORDER BY requested_on DESC, id DESC
     LIMIT %(limit)s
"""


def read_payouts(connection: Connection[Any], *, lane: int, merchant_id: int, limit: int = ROWS_MAX) -> list[Payout]:
    """The merchant's payouts, the newest first. lane: the merchant's own."""
    with connection.cursor(row_factory=class_row(Payout)) as cursor:
        return cursor.execute(_PAYOUTS, {"lane": lane, "merchant_id": merchant_id, "limit": limit}).fetchall()


_FAILURES = """
    SELECT id, app_id, received_at, request_line, expected_text, finding
      FROM signature_failure
     WHERE app_id = ANY(%(app_ids)s)
  ORDER BY id DESC
     LIMIT %(limit)s
"""
_FAILURE = """
    SELECT id, app_id, received_at, request_line, expected_text, finding
      FROM signature_failure
     WHERE id = %(id)s AND app_id = ANY(%(app_ids)s)
"""


def read_signature_failures(
    connection: Connection[Any], *, app_ids: Sequence[int], limit: int = ROWS_MAX
) -> list[SignatureFailure]:
    """Refused requests of these apps, the newest first."""
    with connection.cursor(row_factory=class_row(SignatureFailure)) as cursor:
        return cursor.execute(_FAILURES, {"app_ids": list(app_ids), "limit": limit}).fetchall()


def read_signature_failure(
    connection: Connection[Any], failure_id: int, *, app_ids: Sequence[int]
) -> SignatureFailure | None:
    """One of them, if it is of these apps."""
    with connection.cursor(row_factory=class_row(SignatureFailure)) as cursor:
        return cursor.execute(_FAILURE, {"id": failure_id, "app_ids": list(app_ids)}).fetchone()


_CALLS = """
    SELECT app_id, received_at, wire, asked, answered, took_us
      FROM wire_call
     WHERE app_id = ANY(%(app_ids)s)
  ORDER BY received_at DESC, id DESC
     LIMIT %(limit)s
"""


def read_wire_calls(
    connection: Connection[Any], *, app_ids: Sequence[int], limit: int = 2 * ROWS_MAX
) -> list[WireCall]:
    """The last calls of these apps, the newest first; of each app the newest few hundred are kept."""
    with connection.cursor(row_factory=class_row(WireCall)) as cursor:
        return cursor.execute(_CALLS, {"app_ids": list(app_ids), "limit": limit}).fetchall()
