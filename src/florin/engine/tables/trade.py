"""Trades to rows and back."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.engine.tables.table import Table, bigint, instant, json, same, smallint, text
from florin.payments.trade import NO_DETAIL, Flow, Trade, TradeDetail, TradeState

TRADE = Table(
    "trade",
    [
        smallint("lane"), smallint("flow"), smallint("state"), smallint("installments", 0), bigint("id"),
        bigint("app_id"), bigint("merchant_id"), bigint("amount_minor"), bigint("payment_id", 0),
        same(instant("asked_at")), instant("expires_at", None), text("out_trade_no"), text("subject"),
        json("detail", None),
    ],
    changing=("state", "payment_id"),
)  # fmt: skip

_encode = msgspec.json.Encoder().encode


def row_of(trade: Trade) -> tuple[Any, ...]:
    return (
        trade.lane, int(trade.flow), int(trade.state), trade.installments, trade.id, trade.app_id, trade.merchant_id,
        trade.amount_minor, trade.payment_id, trade.asked_at, trade.expires_at, trade.out_trade_no, trade.subject,
        None if trade.detail is NO_DETAIL else _encode(trade.detail).decode(),
    )  # fmt: skip


def trade_of(row: tuple[Any, ...]) -> Trade:
    (lane, flow, state, installments, identifier, app_id, merchant_id, amount, payment_id, asked_at, expires_at,
     out_trade_no, subject, detail) = row  # fmt: skip
    return Trade(
        id=identifier,
        lane=lane,
        app_id=app_id,
        merchant_id=merchant_id,
        flow=Flow(flow),
        amount_minor=amount,
        out_trade_no=out_trade_no,
        subject=subject,
        asked_at=asked_at,
        state=TradeState(state),
        installments=installments,
        payment_id=payment_id,
        expires_at=expires_at,
        detail=NO_DETAIL if detail is None else msgspec.convert(detail, TradeDetail),
    )
