"""Ask: a merchant asks to be paid; whoever is shown the trade may pay it until it expires."""

from __future__ import annotations

from datetime import datetime

import msgspec

from florin.events import TradeAsked
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.items import refuse_lines
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.trade import NO_DETAIL, Flow, TradeDetail

AMOUNT_MINOR_MAX = 10_000_000_000


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One order. trade_id: made by the caller in the lane of (app, out_trade_no). amount_minor: 1 to 100,000,000.00.

    installments: the merchant's choice of 3, 6 or 12 …, or 0 for the shopper's. expires_at: None waits for ever.
    """

    trade_id: int
    app_id: int
    merchant_id: int
    out_trade_no: str
    amount_minor: int
    subject: str
    flow: Flow
    installments: int = 0
    expires_at: datetime | None = None
    detail: TradeDetail = NO_DETAIL


class AmountOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "The amount must be from ¥0.01 to {maximum_minor}; it was {amount_minor}."
    zh = "金额须在¥0.01到{maximum_minor}之间，收到的是{amount_minor}。"

    amount_minor: int
    maximum_minor: int = AMOUNT_MINOR_MAX


class ExpiryPassed(Refusal, frozen=True, kw_only=True):
    en = "The order would have expired at {expires_at}, before it was made. Give a later time."
    zh = "订单失效时间{expires_at}早于当前时间，请设置更晚的时间。"

    expires_at: str


def decide(merchant: Merchant, command: Ask, at: At) -> tuple[TradeAsked] | Refusal:
    if not 0 < command.amount_minor <= AMOUNT_MINOR_MAX:
        return AmountOutOfRange(amount_minor=command.amount_minor)
    if refusal := refuse_merchant(merchant) or refuse_lines(command.detail.lines, command.amount_minor):
        return refusal
    if command.expires_at is not None and command.expires_at <= at.instant:
        return ExpiryPassed(expires_at=command.expires_at.isoformat(timespec="seconds"))
    return (
        TradeAsked(
            value_on=at.on,
            trade_id=command.trade_id,
            merchant_id=command.merchant_id,
            amount_minor=command.amount_minor,
        ),
    )
