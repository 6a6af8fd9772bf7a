"""codepay: the shopper shows a code, the till scans it, and the order is asked and paid at once; and reverse, which undoes it.

The code says who pays and with what: her line, or her wallet. It is good for one order; declined, order and code may be tried
again. Above an amount the code alone is not enough: the order waits for her confirmation (USERPAYING), and the shop queries.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from florin.engine import Claim, ClaimKind, Outcome, claim, lane_for, lane_of
from florin.events import TradeAsked
from florin.payments.charge import Charge
from florin.payments.close import Close
from florin.payments.pay import Pay
from florin.payments.payment import PaymentState
from florin.payments.refund import Refund
from florin.payments.trade import TradeState
from florin.wires.desk import refund_claim
from florin.wires.desk.trades import PaymentCode, Standing, find_trade
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered, Problem, parameter_wrong
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.existing import REVERSED, found
from florin.wires.wechatpay.orders import ask, detail_of, order_claim
from florin.wires.wechatpay.refusals import business, problem_of, unknown_result
from florin.wires.wechatpay.words import (
    AUTH_CODE,
    WAITS_AT_TILL,
    is_finished,
    seller_fields,
    transaction_fields,
)

_TRIES: Final = 3


async def codepay(desk: Desk, order: shapes.Order) -> Answered:
    """200 paid, 202 waiting for the buyer, else a Problem. The same order with the same code answers as before."""
    auth_code = order.payer.auth_code
    if auth_code is None:
        raise parameter_wrong("/payer/auth_code", "必填: it is required and is missing")
    code = await desk.codes(auth_code)
    if code is None or code.expires_at <= desk.at:
        if paid := await _paid_before(desk, order, auth_code):
            return paid
        raise _code_invalid()
    if order.amount.total > desk.settings.till_confirm_minor_above or desk.faults.take("in-progress"):
        return await _wait_for_buyer(desk, order, code)
    outcome = await _charge(desk, order, code)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal)
    assert outcome.event is not None, "a charge happens, or happened before, or is refused"
    if isinstance(outcome.event, TradeAsked):
        return await _pay_waiting(desk, order, code, outcome.event.trade_id)
    if outcome.replayed:
        return await _answer_again(desk, order, auth_code)
    return _told(desk, await desk.paid(outcome, code))


async def reverse(desk: Desk, request: shapes.Close, out_trade_no: str) -> Answered:
    """Whatever became of it, undo it: close what is unpaid, give back what is paid.

    A till sends this when it does not know whether it was paid, so an order that is paid while we close it is looked at again.
    """
    for _ in range(_TRIES):
        standing = await found(desk, out_trade_no=out_trade_no)
        if await _undone(desk, standing):
            return Answered(document={**seller_fields(standing.trade), "out_trade_no": out_trade_no})
    raise unknown_result()


async def _undone(desk: Desk, standing: Standing) -> bool:
    """Whether it is undone now; False when it changed under our hands. Raises Problem when it cannot be."""
    trade, payment = standing.trade, standing.payment
    if trade.state is TradeState.CLOSED:
        return True
    if payment is None:
        outcome = await desk.execute(Close(trade_id=trade.id, reason="cancelled"))
        if outcome.refusal is None:
            return True
        if outcome.refusal.name in ("TradeAlreadyPaid", "TradeNotOpen"):
            return False
        raise problem_of(outcome.refusal, "close")
    if payment.state in (PaymentState.REFUNDED, PaymentState.VOIDED):
        return True
    if is_finished(standing, desk.at):
        raise business(
            "INVALID_REQUEST", "订单已超过可撤销的最大期限：an order can be reversed for one year after it was paid"
        )
    amount_minor = payment.refundable_minor
    command = Refund(payment_id=payment.id, amount_minor=amount_minor, request_no=REVERSED)
    outcome = await desk.execute(command, refund_claim(trade.id, REVERSED, amount_minor=amount_minor))
    if outcome.refusal is None:
        return True
    if outcome.refusal.name in ("RefundExceedsPayment", "KeyConflict"):
        return False
    raise problem_of(outcome.refusal, "refund")


async def _charge(desk: Desk, order: shapes.Order, code: PaymentCode) -> Outcome:
    command = Charge(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/{order.out_trade_no}")),
        payment_id=desk.engine.new_id(lane_of(code.person_id)),
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=order.out_trade_no,
        amount_minor=order.amount.total,
        subject=order.description,
        flow=desk.app.flow,
        person_id=code.person_id,
        line_id=code.line_id,
        credit_minor=order.amount.total if code.line_id else 0,
        wallet_minor=0 if code.line_id else order.amount.total,
        detail=detail_of(desk, order, "codepay", more={AUTH_CODE: _digest(code.code)}),
    )
    return await desk.execute(command, order_claim(desk, order), _code_claim(code))


async def _wait_for_buyer(desk: Desk, order: shapes.Order, code: PaymentCode) -> Answered:
    """The order is hers alone and waits for her; paid meanwhile, with this very code, it says so."""
    if paid := await _paid_before(desk, order, code.code):
        return paid
    more = {AUTH_CODE: _digest(code.code), WAITS_AT_TILL: "yes"}
    trade = await ask(desk, order, "codepay", buyer_id=code.person_id, more=more, claims=(_code_claim(code),))
    fields = transaction_fields(trade, None, None, desk.at)
    message = "用户支付中：the buyer is asked to confirm, query the order until she has"
    return Answered(document={"code": "USERPAYING", "message": message, **fields}, accepted=True)


async def _pay_waiting(desk: Desk, order: shapes.Order, code: PaymentCode, trade_id: int) -> Answered:
    """The same order waits already, asked by another door: the code pays it."""
    standing = await desk.standing(trade_id)
    if standing.trade.state is TradeState.PAID:
        return await _answer_again(desk, order, code.code)
    command = Pay(
        payment_id=desk.engine.new_id(lane_of(code.person_id)),
        trade_id=trade_id,
        person_id=code.person_id,
        line_id=code.line_id,
        credit_minor=order.amount.total if code.line_id else 0,
        wallet_minor=0 if code.line_id else order.amount.total,
    )
    outcome = await desk.execute(command, _code_claim(code, trade_id))
    if outcome.refusal is not None:
        raise _code_invalid() if outcome.refusal.name == "KeyConflict" else problem_of(outcome.refusal)
    return _told(desk, await desk.paid(outcome, code))


async def _paid_before(desk: Desk, order: shapes.Order, auth_code: str) -> Answered | None:
    """The answer again, when this order was paid with this code; None when it was not."""
    standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=None, out_trade_no=order.out_trade_no)
    if standing is None or standing.payment is None or standing.trade.amount_minor != order.amount.total:
        return None
    return _told(desk, standing) if standing.trade.detail.extra.get(AUTH_CODE) == _digest(auth_code) else None


async def _answer_again(desk: Desk, order: shapes.Order, auth_code: str) -> Answered:
    paid = await _paid_before(desk, order, auth_code)
    if paid is None:
        raise business("ORDERPAID", f"该订单已支付：order {order.out_trade_no} is paid, with another code")
    return paid


def _told(desk: Desk, standing: Standing) -> Answered:
    return Answered(document=transaction_fields(standing.trade, standing.payment, standing.paid_at, desk.at))


def _code_claim(code: PaymentCode, trade_id: int = 0) -> Claim:
    """A code is good for one order. trade_id: of a trade that waits already."""
    return claim(ClaimKind.CODE, 0, code.code, {"trade": trade_id})


def _digest(auth_code: str) -> str:
    """What the trade keeps of the code that paid it: enough to know the same code again, not to use it."""
    return blake2b(auth_code.encode(), digest_size=8).hexdigest()


def _code_invalid() -> Problem:
    return business("AUTH_CODE_INVALID", "付款码无效：the code is unknown, used or expired; ask for a fresh one")
