"""The statement of a payout: from what the merchant sold to what his bank was sent, to the fen, from the books.

A payout is a *round*: everything that moved his available balance since the payout before it. What a window brought is told by
the sales, refunds and fees of that window and lane, each with its trade; what was drawn for a refund of an older sale by that
refund; reserves, money that came back and what he paid back stand as they are. The sums are asserted: the statement either is
what the accounts say, or there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.engine import lane_of
from florin.engine.lanes import LANES
from florin.events import (
    DisputeFunded,
    MerchantPaidBack,
    PaidOut,
    PayoutReturned,
    Refunded,
    RefundFunded,
    ReserveHeld,
    ReserveReleased,
    ShareReceived,
    ShareTakenBack,
    TransferFunded,
    WindowReceived,
)
from florin.ledger import POSTINGS, Account, Rule
from florin.payments.earned import Earned, earned
from florin.queries import is_id

MoveType = Literal[
    "window",
    "refund",
    "reserve-held",
    "reserve-released",
    "payout-returned",
    "paid-back",
    "disputed",
    "transfer",
    "shared",
]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One movement of the available balance. amount_minor: above zero it rose. on: the day that it is about."""

    type: MoveType
    event_id: int
    on: date
    amount_minor: int
    lane: int = 0


class StatementTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A sale, or what was given back of one, of which the payout pays the net."""

    event_id: int
    on: date
    trade_id: int
    order_number: str
    refund_number: str
    earned: Earned


class PayoutStatement(msgspec.Struct, frozen=True, kw_only=True):
    """carried_in, carried_out: what the payout before and this one left; below zero, he owed it.

    round: counted from 0. left_out: trades beyond the limit that was asked for; the sums count them.
    """

    payout_id: int
    merchant_id: int
    round: int
    paid_on: date
    amount_minor: int
    carried_in_minor: int
    carried_out_minor: int
    gross_minor: int
    refunds_minor: int
    fees: dict[str, int]
    moves: list[Move]
    trades: list[StatementTrade]
    left_out: int = 0

    def moved_minor(self, *types: MoveType) -> int:
        return sum(move.amount_minor for move in self.moves if move.type in types)


def read_payout_statement(
    connection: Connection[Any], *, payout_id: int, limit: int = 1_000_000
) -> PayoutStatement | None:
    """None when there is no such payout of a merchant. limit: of the trades that are listed."""
    if not is_id(payout_id):
        return None
    payout = _one(connection, _PAYOUT, lane=lane_of(payout_id), id=payout_id)
    if payout is None:
        return None
    before = _one(
        connection, _BEFORE, merchant_id=payout.merchant_id, posted_on=payout.posted_on, round=payout.round - 1
    )
    rows = _rows(
        connection,
        _MOVES,
        merchant_id=payout.merchant_id,
        since_on=before.posted_on if before else date.min,
        posted_on=payout.posted_on,
        round=payout.round,
    )
    moves = [_move(row) for row in rows]
    trades = _trades(connection, payout.merchant_id, rows)
    carried_in = before.left_minor if before else 0
    _assert_sums(payout, carried_in, moves, trades)
    fees: dict[str, int] = {}
    for trade in trades:
        for kind, minor in trade.earned.fees.items():
            fees[kind] = fees.get(kind, 0) + minor
    received = [trade.earned.received_minor for trade in trades]
    return PayoutStatement(
        payout_id=payout_id, merchant_id=payout.merchant_id, round=payout.round, paid_on=payout.posted_on,
        amount_minor=payout.amount_minor, carried_in_minor=carried_in, carried_out_minor=payout.left_minor,
        gross_minor=sum(minor for minor in received if minor > 0),
        refunds_minor=-sum(minor for minor in received if minor < 0), fees=fees, moves=moves, trades=trades[:limit],
        left_out=max(0, len(trades) - limit),
    )  # fmt: skip


def _assert_sums(payout: Any, carried_in: int, moves: Sequence[Move], trades: Sequence[StatementTrade]) -> None:
    moved = sum(move.amount_minor for move in moves)
    assert carried_in + moved == payout.amount_minor + payout.left_minor, f"payout {payout.id} is not what moved"
    of_trades = sum(move.amount_minor for move in moves if move.type in ("window", "refund"))
    told = sum(trade.earned.net_minor for trade in trades)
    assert of_trades == told, f"payout {payout.id}: its trades come to {told}, its windows to {of_trades}"


_PAYOUT = """
    SELECT e.id, e.merchant_id, e.posted_on, (e.body->>'amount_minor')::bigint AS amount_minor,
           coalesce((e.body->>'left_minor')::bigint, 0) AS left_minor, coalesce((e.body->>'round')::integer, 0) AS round
      FROM event e WHERE e.lane = %(lane)s AND e.id = %(id)s AND e.kind = 63
"""
_BEFORE = """
    SELECT e.posted_on, coalesce((e.body->>'left_minor')::bigint, 0) AS left_minor
      FROM event e
     WHERE e.merchant_id = %(merchant_id)s AND e.kind = 63 AND e.posted_on <= %(posted_on)s
       AND coalesce((e.body->>'round')::integer, 0) = %(round)s
  ORDER BY e.posted_on DESC LIMIT 1
"""
_MOVES = """
    SELECT e.lane, e.id, e.kind, e.posted_on, e.payment_id, e.writer, e.batch,
           (e.body->>'amount_minor')::bigint AS amount_minor,
           coalesce((e.body->>'window_on')::date, e.posted_on) AS on_day, (e.body->>'from_lane')::smallint AS from_lane,
           coalesce((e.body->>'window_from')::smallint, 0) AS window_from,
           coalesce((e.body->>'window_until')::smallint, 1440) AS window_until,
           coalesce((e.body->>'negative')::boolean, false) AS negative
      FROM event e
     WHERE e.merchant_id = %(merchant_id)s AND e.kind IN (61, 62, 65, 238, 245, 246, 250, 271, 273, 281)
       AND e.posted_on BETWEEN %(since_on)s AND %(posted_on)s AND coalesce((e.body->>'round')::integer, 0) = %(round)s
  ORDER BY e.posted_on, e.recorded_at, e.id
"""
# What moved the payable of a window, but what passed through it for a refund of a swept sale; and these refunds.
_OF_WINDOWS = """
    SELECT e.id, e.lane, e.posted_on, e.recorded_at, e.trade_id, e.rules, e.amounts, e.body->>'request_no' AS refund_number,
           coalesce(t.out_trade_no, '') AS order_number
      FROM unnest(%(lanes)s::smallint[], %(days)s::date[], %(froms)s::smallint[], %(untils)s::smallint[])
               AS w(lane, posted_on, window_from, window_until)
           JOIN event e ON e.lane = w.lane AND e.posted_on = w.posted_on AND e.cut >= w.window_from AND e.cut < w.window_until
           LEFT JOIN trade t ON t.lane = (%(all_lanes)s::smallint[])[(e.trade_id >> 40)::integer + 1] AND t.id = e.trade_id
     WHERE e.merchant_id = %(merchant_id)s AND e.rules && %(payable)s::smallint[] AND NOT e.rules && %(sweeps)s::smallint[]
       AND e.posted_on BETWEEN %(first_on)s AND %(last_on)s
  ORDER BY e.posted_on, e.recorded_at, e.id
"""
_OF_REFUNDS = """
    SELECT DISTINCT e.id, e.lane, e.posted_on, e.recorded_at, e.trade_id, e.rules, e.amounts,
           e.body->>'request_no' AS refund_number, coalesce(t.out_trade_no, '') AS order_number
      FROM unnest(%(lanes)s::smallint[], %(payments)s::bigint[], %(writers)s::integer[], %(batches)s::bigint[])
               AS r(lane, payment_id, writer, batch)
           JOIN event e ON e.lane = r.lane AND e.payment_id = r.payment_id AND e.kind = 47
                       AND e.writer = r.writer AND e.batch = r.batch
           LEFT JOIN trade t ON t.lane = (%(all_lanes)s::smallint[])[(e.trade_id >> 40)::integer + 1] AND t.id = e.trade_id
     WHERE e.rules && %(sweeps)s::smallint[]
  ORDER BY e.posted_on, e.recorded_at, e.id
"""
_SWEEPS: Final = [int(Rule.SWEEP_OUT), -int(Rule.SWEEP_OUT)]
_PAYABLE: Final = [
    sign * int(rule)
    for rule, legs in POSTINGS.items()
    for sign in (1, -1)
    if rule is not Rule.SWEEP_OUT and any(Account.MERCHANT_PAYABLE in leg for leg in legs)
]
_TYPES: Final[dict[int, tuple[MoveType, int]]] = {
    WindowReceived.kind: ("window", 1),
    RefundFunded.kind: ("refund", -1),
    PayoutReturned.kind: ("payout-returned", 1),
    ReserveHeld.kind: ("reserve-held", -1),
    ReserveReleased.kind: ("reserve-released", 1),
    MerchantPaidBack.kind: ("paid-back", 1),
    DisputeFunded.kind: ("disputed", -1),
    TransferFunded.kind: ("transfer", -1),
    ShareReceived.kind: ("shared", 1),
    ShareTakenBack.kind: ("shared", -1),
}
assert PaidOut.kind == 63
assert Refunded.kind == 47


def _move(row: Any) -> Move:
    of_type, sign = _TYPES[row.kind]
    amount = -row.amount_minor if row.negative else sign * row.amount_minor
    return Move(type=of_type, event_id=row.id, on=row.on_day, amount_minor=amount, lane=row.from_lane or row.lane)


def _trades(connection: Connection[Any], merchant_id: int, moves: Sequence[Any]) -> list[StatementTrade]:
    windows = [move for move in moves if move.kind == WindowReceived.kind]
    drawn = [move for move in moves if move.kind == RefundFunded.kind]
    fixed = {"all_lanes": list(LANES), "sweeps": _SWEEPS, "merchant_id": merchant_id}
    rows: list[Any] = []
    if windows:
        days = [window.on_day for window in windows]
        rows += _rows(
            connection, _OF_WINDOWS, lanes=[window.from_lane for window in windows], days=days,
            froms=[window.window_from for window in windows], untils=[window.window_until for window in windows],
            first_on=min(days), last_on=max(days), payable=_PAYABLE, **fixed,
        )  # fmt: skip
    if drawn:
        rows += _rows(
            connection, _OF_REFUNDS, lanes=[lane_of(move.payment_id) for move in drawn],
            payments=[move.payment_id for move in drawn], writers=[move.writer for move in drawn],
            batches=[move.batch for move in drawn], **fixed,
        )  # fmt: skip
    return [
        StatementTrade(
            event_id=row.id, on=row.posted_on, trade_id=row.trade_id or 0, order_number=row.order_number,
            refund_number=row.refund_number or "", earned=earned(zip(row.rules, row.amounts, strict=True)),
        )
        for row in rows
    ]  # fmt: skip


def _rows(connection: Connection[Any], statement: str, **parameters: Any) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def _one(connection: Connection[Any], statement: str, **parameters: Any) -> Any:
    found = _rows(connection, statement, **parameters)
    return found[0] if found else None
