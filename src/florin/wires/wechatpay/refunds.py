"""Give back all or part of what was paid, and ask what became of it.

A refund's number belongs to the merchant, not to the order: it makes the refund happen once, and finds it again alone.
Money goes back within the call, so a refund that is answered is SUCCESS.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from florin.engine import ClaimKind, claim, lane_of
from florin.engine.tables.event import load_events
from florin.events import RefundReversed
from florin.payments.payment import Payment, PaymentState
from florin.payments.refund import Refund
from florin.wires.desk.trades import Standing, claimed, recorded, refund_of
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered, Problem, parameter_wrong
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.existing import found
from florin.wires.wechatpay.orders import check_notify_url
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.words import is_finished, refund_fields, trade_state


async def refund(desk: Desk, request: shapes.Refund) -> Answered:
    """The same number with the same order and amount again changes nothing and answers the same."""
    if not (request.transaction_id or request.out_trade_no):
        raise parameter_wrong("/out_trade_no", "与 transaction_id 二选一: one of the two is needed")
    if request.notify_url is not None:
        check_notify_url(desk, request.notify_url)
    standing = await found(desk, transaction_id=request.transaction_id, out_trade_no=request.out_trade_no)
    trade, payment = standing.trade, _refundable(desk, standing)
    if request.amount.total != trade.amount_minor:
        sentence = f"订单金额不一致: the order is of {trade.amount_minor} fen, not of {request.amount.total}"
        raise business("INVALID_REQUEST", sentence)
    command = Refund(
        payment_id=payment.id,
        amount_minor=request.amount.refund,
        request_no=request.out_refund_no,
        reason=request.reason or "",
        notify_url=request.notify_url or "",
    )
    content = {"trade": trade.id, "amount": request.amount.refund}
    outcome = await desk.execute(command, claim(ClaimKind.MERCHANT_REFUND, desk.app.id, request.out_refund_no, content))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "refund")
    return await _told(desk, request.out_refund_no, outcome.event_id, trade.id)


async def query(desk: Desk, request: shapes.Caller, out_refund_no: str) -> Answered:
    seen = await desk.ask(find_refund_by_number, app_id=desk.app.id, request_no=out_refund_no)
    if seen is None:
        raise business("RESOURCE_NOT_EXISTS", f"退款单不存在：this merchant has no refund {out_refund_no[:64]}")
    return await _told(desk, out_refund_no, *seen)


def find_refund_by_number(connection: Connection[Any], *, app_id: int, request_no: str) -> tuple[int, int] | None:
    """(event, trade) of the app's refund of that number; None for one that was never made."""
    event_id = claimed(connection, ClaimKind.MERCHANT_REFUND, app_id, request_no)
    return None if event_id is None else (event_id, recorded(connection, event_id)[0])


async def _told(desk: Desk, request_no: str, event_id: int, trade_id: int) -> Answered:
    standing, seen = await desk.standing(trade_id), await desk.ask(refund_of, event_id)
    assert standing.payment is not None and seen is not None, "a refund was recorded"
    fields = refund_fields(standing.trade, standing.payment, seen, request_no=request_no, refund_id=event_id)
    if await desk.ask(_was_taken_back, standing.payment.id, request_no):
        fields |= {"status": "CLOSED", "success_time": None}
    return Answered(document=fields)


def _was_taken_back(connection: Connection[Any], payment_id: int, request_no: str) -> bool:
    """Whether the refund was reversed: then what it gave back is owed again."""
    place = {"lane": lane_of(payment_id), "payment_id": payment_id, "kind": RefundReversed.kind}
    found = [event_id for (event_id,) in connection.execute(_REVERSALS, place)]
    reversals = load_events(connection, found).values()
    return any(isinstance(event, RefundReversed) and event.request_no == request_no for event in reversals)


_REVERSALS = """
    SELECT id FROM event WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind = %(kind)s ORDER BY id LIMIT 100
"""


def _refundable(desk: Desk, standing: Standing) -> Payment:
    """The payment of an order that was paid and may still be refunded. Raises Problem."""
    if standing.payment is None or standing.payment.state in (PaymentState.AUTHORIZED, PaymentState.VOIDED):
        raise _not_paid(desk, standing)
    if is_finished(standing, desk.at):
        raise business(
            "INVALID_REQUEST", "订单已超过可退款的最大期限：an order can be refunded for one year after it was paid"
        )
    return standing.payment


def _not_paid(desk: Desk, standing: Standing) -> Problem:
    state = trade_state(standing.trade, standing.payment, desk.at)
    return business("INVALID_REQUEST", f"订单未支付，不能退款：order {standing.trade.out_trade_no} is {state}")
