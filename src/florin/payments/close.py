"""Close: an unpaid trade can no longer be paid, because the merchant says so or its time is over."""

from __future__ import annotations

from typing import Literal

import msgspec

from florin.events import TradeClosed
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.pay import TradeAlreadyPaid, TradeNotOpen
from florin.payments.trade import Trade, TradeState


class Close(msgspec.Struct, frozen=True, kw_only=True):
    trade_id: int
    reason: Literal["closed", "cancelled", "expired"] = "closed"


def decide(trade: Trade, command: Close, at: At) -> tuple[TradeClosed] | Refusal:
    if trade.state is TradeState.PAID:
        return TradeAlreadyPaid(trade_id=trade.id, payment_id=trade.payment_id)
    if trade.state is TradeState.CLOSED:
        return TradeNotOpen(trade_id=trade.id)
    return (TradeClosed(value_on=at.on, trade_id=trade.id, merchant_id=trade.merchant_id, reason=command.reason),)
