"""What is done with an order that exists: query by the shop's number or ours, and close."""

from __future__ import annotations

from florin.payments.close import Close
from florin.wires.desk.trades import Standing, find_trade
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import DONE, Answered
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.words import transaction_fields


def query(desk: Desk, request: shapes.Caller, out_trade_no: str) -> Answered:
    return _told(desk, found(desk, out_trade_no=out_trade_no))


def query_by_id(desk: Desk, request: shapes.Caller, transaction_id: str) -> Answered:
    return _told(desk, found(desk, transaction_id=transaction_id))


def close(desk: Desk, request: shapes.Close, out_trade_no: str) -> Answered:
    """An unpaid order can no longer be paid. Closed twice is closed."""
    standing = found(desk, out_trade_no=out_trade_no)
    outcome = desk.execute(Close(trade_id=standing.trade.id))
    if outcome.refusal is not None and outcome.refusal.name != "TradeNotOpen":
        raise problem_of(outcome.refusal, "close")
    return DONE


def found(desk: Desk, *, out_trade_no: str | None = None, transaction_id: str | None = None) -> Standing:
    """The seller's order of this number, ours first. Another's is as absent as one that does not exist. Raises Problem."""
    standing = desk.ask(find_trade, app_id=desk.app.id, trade_no=transaction_id, out_trade_no=out_trade_no)
    if standing is None:
        number = (transaction_id or out_trade_no or "")[:64]
        raise business("ORDER_NOT_EXIST", f"订单不存在：this merchant has no order {number}")
    return standing


def _told(desk: Desk, standing: Standing) -> Answered:
    return Answered(document=transaction_fields(standing.trade, standing.payment, standing.paid_at, desk.at))
