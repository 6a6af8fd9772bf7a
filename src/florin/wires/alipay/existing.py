"""What is done with a trade that exists: query, refund, refund query, close, cancel, and what a shop says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from florin.engine import ClaimKind, Outcome, claim
from florin.money import yuan_text
from florin.payments.close import Close
from florin.payments.payment import Payment, PaymentState
from florin.payments.refund import Refund
from florin.payments.trade import Flow, TradeState
from florin.wires.alipay import shapes, sharing
from florin.wires.alipay.answers import Leaf, Problem, business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.captures import Part, find_sale, refund_number, refund_prefix
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
from florin.wires.desk.trades import Standing, claimed, find_refund, refund_of

_TRIES: Final = 3
# The request number of a cancel's refund; a shop cannot send one with a slash, so it cannot be anybody else's.
_CANCEL_REQUEST: Final = "cancel/"


async def query(desk: Desk, call: Call, request: shapes.Query) -> Answered:
    return success(**query_fields(await _found(desk, request), desk.at))


async def refund(desk: Desk, call: Call, request: shapes.Refund) -> Answered:
    """Give back all or part. The same number with the same amount again changes nothing and says so (`fund_change` N)."""
    for _ in range(_TRIES):
        standing = await _found(desk, request)
        payment = _refundable(desk, standing)
        request_no = _request_no(standing, request)
        outcome = await _give_back(
            desk,
            standing,
            payment,
            request_no,
            int(request.refund_amount),
            request.refund_reason or "",
            request.refund_royalty_parameters,
        )
        if outcome is None:
            continue
        if outcome.refusal is not None:
            raise _refused_refund(desk, standing, outcome)
        return success(**await _refund_fields(desk, standing, outcome, request))
    raise unknown_result()


async def _give_back(
    desk: Desk,
    standing: Standing,
    payment: Payment,
    request_no: str,
    amount_minor: int,
    reason: str = "",
    royalties: Sequence[shapes.RoyaltyPart] = (),
) -> Outcome | None:
    """Refund under the shop's number; None when a part of an authorization changed under our hands. Raises Problem.

    royalties: others' parts of the sale that come back first, out of which it may be refunded; all of it happens, or nothing.
    """
    trade = standing.trade
    number = refund_number(standing, request_no)
    content: dict[str, Any] = {"amount": amount_minor}
    if royalties:
        content["royalties"] = [(each.trans_out, int(each.amount)) for each in royalties]
    claims = [claim(ClaimKind.REFUND, trade.id, number, content)]
    is_new = (isinstance(standing, Part) or bool(royalties)) and (
        await desk.ask(claimed, ClaimKind.REFUND, trade.id, number) is None
    )
    if isinstance(standing, Part) and is_new:
        if amount_minor > payment.refundable_minor:
            left = yuan_text(payment.refundable_minor)
            sentence = f"超过该笔转支付可退金额: {left} is left of what was taken under this order number"
            raise business("REFUND_AMT_NOT_EQUAL_TOTAL", sentence)
        # The authorization's own counters guard the sum of its parts; of two refunds of one part that saw the same rest, one
        # must look again.
        seen = f"{refund_prefix(trade.out_trade_no)}#{payment.refunded_minor}"
        claims.append(claim(ClaimKind.REFUND, trade.id, seen, request_no))
    command = Refund(payment_id=payment.id, amount_minor=amount_minor, request_no=number, reason=reason)
    if royalties and is_new:
        return await sharing.refunded(desk, payment, royalties, command, claims[0])
    outcome = await desk.execute(command, *claims)
    is_late = len(claims) > 1 and outcome.refusal is not None and outcome.refusal.name == "KeyConflict"
    return None if is_late else outcome


async def refund_query(desk: Desk, call: Call, request: shapes.RefundQuery) -> Answered:
    """A refund by its number; of one that was never made, only that the question was understood (opendocs open/02ekft)."""
    standing = await _found(desk, request)
    number = refund_number(standing, request.out_request_no)
    seen = await desk.ask(find_refund, trade_id=standing.trade.id, request_no=number)
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


async def close(desk: Desk, call: Call, request: shapes.Close) -> Answered:
    """An unpaid trade can no longer be paid."""
    standing = await _found(desk, request)
    outcome = await desk.execute(Close(trade_id=standing.trade.id))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "close")
    return success(**numbers_of(standing.trade))


async def sync(desk: Desk, call: Call, request: shapes.OrderinfoSync) -> Answered:
    """What the shop says became of an order: checked, answered, and no more. What is owed is what was taken."""
    standing = await desk.ask(find_sale, app_id=desk.app.id, trade_no=request.trade_no, out_trade_no=None)
    if standing is None:
        raise business("TRADE_NOT_EXIST", f"交易不存在: this app has no trade {request.trade_no}")
    buyer = buyer_fields(standing)
    return success(**numbers_of(standing.trade), buyer_user_id=buyer.get("buyer_user_id"))


async def cancel(desk: Desk, call: Call, request: shapes.Cancel) -> Answered:
    """Whatever became of it, undo it: close what is unpaid, refund what is paid; what does not exist needs nothing.

    A till sends this when it does not know whether it was paid, so it must come to an end whatever the state: a trade
    that is paid while we close it is looked at again.
    """
    for _ in range(_TRIES):
        standing = await desk.ask(
            find_sale, app_id=desk.app.id, trade_no=request.trade_no, out_trade_no=request.out_trade_no
        )
        if standing is None:
            return success(trade_no=request.trade_no, out_trade_no=request.out_trade_no, retry_flag="N")
        action = await _undone(desk, standing)
        if action is not None:
            return success(**numbers_of(standing.trade), retry_flag="N", action=action)
    raise unknown_result()


async def _undone(desk: Desk, standing: Standing) -> str | None:
    """`close` or `refund`, once it is undone; None when it changed under our hands. Raises Problem when it cannot be."""
    trade, payment = standing.trade, standing.payment
    if trade.state is TradeState.CLOSED:
        return "close"
    if payment is None:
        outcome = await desk.execute(Close(trade_id=trade.id, reason="cancelled"))
        if outcome.refusal is None:
            return "close"
        if outcome.refusal.name in ("TradeAlreadyPaid", "TradeNotOpen"):
            return None
        raise problem_of(outcome.refusal, "close")
    if payment.state in (PaymentState.REFUNDED, PaymentState.VOIDED):
        return "refund"
    if is_finished(standing, desk.at):
        raise _finished()
    given = await _give_back(desk, standing, payment, _CANCEL_REQUEST, payment.refundable_minor)
    if given is None:
        return None
    if given.refusal is None:
        return "refund"
    if given.refusal.name in ("RefundExceedsPayment", "KeyConflict"):
        return None
    raise problem_of(given.refusal, "refund")


async def _found(desk: Desk, request: shapes.Named) -> Standing:
    standing = await desk.ask(
        find_sale, app_id=desk.app.id, trade_no=request.trade_no, out_trade_no=request.out_trade_no
    )
    if standing is None:
        number = request.trade_no or request.out_trade_no
        raise business("TRADE_NOT_EXIST", f"交易不存在: this app has no trade {number}")
    return standing


def _refundable(desk: Desk, standing: Standing) -> Payment:
    """The payment of a trade that was paid and may still be refunded. Raises Problem."""
    if standing.trade.flow is Flow.MANUAL and standing.payment is not None and not isinstance(standing, Part):
        sentence = (
            "请用转支付的 out_trade_no 退款: parts of a freeze are refunded by the out_trade_no they were taken under"
        )
        raise business("INVALID_PARAMETER", f"参数无效 out_trade_no {sentence}")
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


async def _refund_fields(
    desk: Desk, standing: Standing, outcome: Outcome, request: shapes.Refund
) -> dict[str, Leaf | None]:
    after = await desk.standing(standing.trade.id)
    seen = await desk.ask(refund_of, outcome.event_id)
    assert after.payment is not None and seen is not None, "a refund was just recorded"
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
