"""What is done with a trade that exists: query, refund, refund query, close, cancel."""

from __future__ import annotations

from typing import Final

from florin.engine import Outcome
from florin.money import yuan_text
from florin.payments.close import Close
from florin.payments.payment import Payment, PaymentState
from florin.payments.refund import Refund
from florin.payments.trade import TradeState
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Leaf, Problem, business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.refusals import problem_of, unknown_result
from florin.wires.alipay.shapes import china_text
from florin.wires.alipay.words import (
    buyer_fields,
    is_finished,
    numbers_of,
    query_fields,
    refund_bills_of,
    trade_status,
)
from florin.wires.desk import refund_claim
from florin.wires.desk.trades import Standing, find_refund, find_trade, refund_of, standing_of

_CANCEL_TRIES: Final = 3
# The request number of a cancel's refund; a shop cannot send one with a slash, so it cannot be anybody else's.
_CANCEL_REQUEST: Final = "cancel/"


def query(desk: Desk, call: Call, request: shapes.Query) -> Answered:
    return success(**query_fields(_found(desk, request), desk.at))


def refund(desk: Desk, call: Call, request: shapes.Refund) -> Answered:
    """Give back all or part. The same number with the same amount again changes nothing and says so (`fund_change` N)."""
    standing = _found(desk, request)
    payment = _refundable(desk, standing)
    request_no = _request_no(standing, request)
    command = Refund(
        payment_id=payment.id,
        amount_minor=int(request.refund_amount),
        request_no=request_no,
        reason=request.refund_reason or "",
    )
    claim = refund_claim(standing.trade.id, request_no, amount_minor=int(request.refund_amount))
    outcome = desk.execute(command, claim)
    if outcome.refusal is not None:
        raise _refused_refund(desk, standing, outcome)
    return success(**_refund_fields(desk, standing, outcome, request))


def refund_query(desk: Desk, call: Call, request: shapes.RefundQuery) -> Answered:
    """A refund by its number; of one that was never made, only that the question was understood (opendocs open/02ekft)."""
    standing = _found(desk, request)
    seen = desk.ask(find_refund, trade_id=standing.trade.id, request_no=request.out_request_no)
    if seen is None:
        return success()
    return success(
        **numbers_of(standing.trade),
        out_request_no=request.out_request_no,
        refund_status="REFUND_SUCCESS",
        refund_amount=yuan_text(seen.amount_minor),
        total_amount=yuan_text(standing.trade.amount_minor),
        refund_reason=seen.reason or None,
        gmt_refund_pay=china_text(seen.refunded_at),
        send_back_fee=yuan_text(seen.amount_minor),
        refund_detail_item_list=refund_bills_of(seen),
    )


def close(desk: Desk, call: Call, request: shapes.Close) -> Answered:
    """An unpaid trade can no longer be paid."""
    standing = _found(desk, request)
    outcome = desk.execute(Close(trade_id=standing.trade.id))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "close")
    return success(**numbers_of(standing.trade))


def cancel(desk: Desk, call: Call, request: shapes.Cancel) -> Answered:
    """Whatever became of it, undo it: close what is unpaid, refund what is paid; what does not exist needs nothing.

    A till sends this when it does not know whether it was paid, so it must come to an end whatever the state: a trade
    that is paid while we close it is looked at again.
    """
    for _ in range(_CANCEL_TRIES):
        standing = desk.ask(
            find_trade, app_id=desk.app.id, trade_no=request.trade_no, out_trade_no=request.out_trade_no
        )
        if standing is None:
            return success(trade_no=request.trade_no, out_trade_no=request.out_trade_no, retry_flag="N")
        action = _undone(desk, standing)
        if action is not None:
            return success(**numbers_of(standing.trade), retry_flag="N", action=action)
    raise unknown_result()


def _undone(desk: Desk, standing: Standing) -> str | None:
    """`close` or `refund`, once it is undone; None when it changed under our hands. Raises Problem when it cannot be."""
    trade, payment = standing.trade, standing.payment
    if trade.state is TradeState.CLOSED:
        return "close"
    if payment is None:
        outcome = desk.execute(Close(trade_id=trade.id, reason="cancelled"))
        if outcome.refusal is None:
            return "close"
        if outcome.refusal.name in ("TradeAlreadyPaid", "TradeNotOpen"):
            return None
        raise problem_of(outcome.refusal, "close")
    if payment.state in (PaymentState.REFUNDED, PaymentState.VOIDED):
        return "refund"
    if is_finished(standing, desk.at):
        raise _finished()
    command = Refund(payment_id=payment.id, amount_minor=payment.refundable_minor, request_no=_CANCEL_REQUEST)
    claim = refund_claim(trade.id, _CANCEL_REQUEST, amount_minor=payment.refundable_minor)
    outcome = desk.execute(command, claim)
    if outcome.refusal is None:
        return "refund"
    if outcome.refusal.name in ("RefundExceedsPayment", "KeyConflict"):
        return None
    raise problem_of(outcome.refusal, "refund")


def _found(desk: Desk, request: shapes.Named) -> Standing:
    standing = desk.ask(find_trade, app_id=desk.app.id, trade_no=request.trade_no, out_trade_no=request.out_trade_no)
    if standing is None:
        number = request.trade_no or request.out_trade_no
        raise business("TRADE_NOT_EXIST", f"交易不存在: this app has no trade {number}")
    return standing


def _refundable(desk: Desk, standing: Standing) -> Payment:
    """The payment of a trade that was paid and may still be refunded. Raises Problem."""
    if standing.payment is None or standing.payment.state is PaymentState.AUTHORIZED:
        status = trade_status(standing, desk.at)
        code = "TRADE_HAS_CLOSE" if status == "TRADE_CLOSED" else "TRADE_STATUS_ERROR"
        raise business(code, f"交易未支付，不能退款: trade {standing.trade.id} is {status}, nothing was paid")
    if is_finished(standing, desk.at):
        raise _finished()
    return standing.payment


def _request_no(standing: Standing, request: shapes.Refund) -> str:
    """The refund's number; without one it is the whole trade's, under the order's own number (opendocs open/02ekft)."""
    if request.out_request_no is not None:
        return str(request.out_request_no)
    if request.refund_amount != standing.trade.amount_minor:
        total = yuan_text(standing.trade.amount_minor)
        sentence = f"部分退款须传 out_request_no: a refund of part ({total} was paid) needs an out_request_no"
        raise business("REFUND_AMT_NOT_EQUAL_TOTAL", sentence)
    return standing.trade.out_trade_no


def _refused_refund(desk: Desk, standing: Standing, outcome: Outcome) -> Problem:
    assert outcome.refusal is not None
    problem = problem_of(outcome.refusal, "refund")
    if outcome.refusal.name == "RefundExceedsPayment" and outcome.refusal.numbers()["refundable_minor"] == 0:
        total = yuan_text(standing.trade.amount_minor)
        return business(
            "TRADE_HAS_CLOSE", f"交易已全额退款: all {total} of trade {standing.trade.id} were refunded before"
        )
    return problem


def _refund_fields(desk: Desk, standing: Standing, outcome: Outcome, request: shapes.Refund) -> dict[str, Leaf | None]:
    after = desk.ask(standing_of, standing.trade.id)
    seen = desk.ask(refund_of, outcome.event_id)
    assert after is not None and after.payment is not None and seen is not None, "a refund was just recorded"
    is_detailed = "refund_detail_item_list" in request.query_options
    return {
        **numbers_of(standing.trade),
        **buyer_fields(after),
        "fund_change": "N" if outcome.replayed else "Y",
        "refund_fee": yuan_text(after.payment.refunded_minor),
        "gmt_refund_pay": china_text(seen.refunded_at),
        "send_back_fee": yuan_text(seen.amount_minor) if is_detailed else None,
        "refund_detail_item_list": refund_bills_of(seen) if is_detailed else None,
    }


def _finished() -> Problem:
    return business(
        "TRADE_HAS_FINISHED", "已超过可退款期限: a trade can be refunded for twelve months after it was paid"
    )
