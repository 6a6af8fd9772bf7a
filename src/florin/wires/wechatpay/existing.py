"""What is done with an order that exists: query by the shop's number or ours, and close."""

from __future__ import annotations

from typing import Final

from florin.engine import ClaimKind
from florin.payments.close import Close
from florin.payments.payment import PaymentState
from florin.wires.desk.trades import Standing, claimed, find_trade
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import DONE, Answered
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.words import trade_type, transaction_fields

# The number of the refund that a reverse makes; a shop cannot send one with a slash, so it cannot be anybody else's.
REVERSED: Final = "reverse/"


async def query(desk: Desk, request: shapes.Caller, out_trade_no: str) -> Answered:
    return await _told(desk, await found(desk, out_trade_no=out_trade_no))


async def query_by_id(desk: Desk, request: shapes.Caller, transaction_id: str) -> Answered:
    return await _told(desk, await found(desk, transaction_id=transaction_id))


async def close(desk: Desk, request: shapes.Close, out_trade_no: str) -> Answered:
    """An unpaid order can no longer be paid. Closed twice is closed."""
    standing = await found(desk, out_trade_no=out_trade_no)
    outcome = await desk.execute(Close(trade_id=standing.trade.id))
    if outcome.refusal is not None and outcome.refusal.name != "TradeNotOpen":
        raise problem_of(outcome.refusal, "close")
    return DONE


async def found(desk: Desk, *, out_trade_no: str | None = None, transaction_id: str | None = None) -> Standing:
    """The seller's order of this number, ours first. Another's is as absent as one that does not exist. Raises Problem."""
    standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=transaction_id, out_trade_no=out_trade_no)
    if standing is None:
        number = (transaction_id or out_trade_no or "")[:64]
        raise business("ORDER_NOT_EXIST", f"订单不存在：this merchant has no order {number}")
    return standing


async def _told(desk: Desk, standing: Standing) -> Answered:
    fields = transaction_fields(standing.trade, standing.payment, standing.paid_at, desk.at)
    if await _was_reversed(desk, standing):
        fields |= {"trade_state": "REVOKED", "trade_state_desc": "订单已撤销"}
    return Answered(document=fields)


async def _was_reversed(desk: Desk, standing: Standing) -> bool:
    """Whether a till took it back after it was paid."""
    trade, payment = standing.trade, standing.payment
    is_back = trade_type(trade) == "MICROPAY" and payment is not None and payment.state is PaymentState.REFUNDED
    return is_back and await desk.ask(claimed, ClaimKind.REFUND, trade.id, REVERSED) is not None
