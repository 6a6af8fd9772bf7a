"""fund.auth.*: freeze an amount, take parts of it later with `alipay.trade.pay`, let the rest go.

A freeze is an authorization of ours on a trade that is captured by hand; its `auth_no` is the trade's number, its
`operation_id` the payment's. What is left can be let go, in parts or all; it goes by itself when the hold is over.
"""

from __future__ import annotations

from typing import Final

from florin.engine import Claim, ClaimKind, claim, lane_for, lane_of
from florin.engine.submission import Outcome
from florin.money import yuan_text
from florin.payments.ask import Ask
from florin.payments.capture import Capture
from florin.payments.charge import Charge
from florin.payments.close import Close
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Flow, TradeDetail, TradeState
from florin.payments.void import Void
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Leaf, Problem, business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.captures import find_sale
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.funds import fund_problem
from florin.wires.alipay.refusals import problem_of, sentence_of
from florin.wires.alipay.shapes import china_text
from florin.wires.alipay.till import code_digest
from florin.wires.alipay.words import masked, numbers_of, paid_fields
from florin.wires.desk.trades import Standing, find_trade

PRODUCTS: Final = ("PRE_AUTH", "PRE_AUTH_ONLINE", "PREAUTH_PAY")
_OVER: Final = ("NothingAuthorized", "AlreadyCaptured")


async def freeze(desk: Desk, call: Call, order: shapes.Freeze) -> Answered:
    """Freeze what the shopper's payment code stands for. The same order with the same code answers as before."""
    _refuse_product(order)
    code = await desk.codes(order.auth_code)
    if code is None or code.expires_at <= desk.at:
        again = await _by_order(desk, str(order.out_order_no))
        if again is None or again.trade.detail.extra.get("auth_code") != code_digest(order.auth_code):
            raise fund_problem("PAYMENT_AUTH_CODE_INVALID", "支付授权码无效: the code is unknown, used or expired")
        return success(**_fields(desk, again))
    amount_minor = int(order.amount)
    command = Charge(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/auth/{order.out_order_no}")),
        payment_id=desk.engine.new_id(lane_of(code.person_id)),
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=str(order.out_order_no),
        amount_minor=amount_minor,
        subject=order.order_title,
        flow=Flow.MANUAL,
        capture=False,
        person_id=code.person_id,
        line_id=code.line_id,
        credit_minor=amount_minor if code.line_id else 0,
        wallet_minor=0 if code.line_id else amount_minor,
        detail=_detail(call, order, auth_code=code_digest(code.code)),
    )
    outcome = await desk.execute(command, _order_claim(desk, order), claim(ClaimKind.CODE, 0, code.code, {"trade": 0}))
    if outcome.refusal is not None:
        raise _refused(outcome)
    return success(**_fields(desk, await desk.paid(outcome, code)))


async def voucher(desk: Desk, call: Call, order: shapes.FreezeVoucher) -> Answered:
    """A code that the shopper scans, to freeze at the cashier."""
    _refuse_product(order)
    command = Ask(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/auth/{order.out_order_no}")),
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=str(order.out_order_no),
        amount_minor=int(order.amount),
        subject=order.order_title,
        flow=Flow.MANUAL,
        expires_at=order.pay_timeout.after(desk.at) if order.pay_timeout else desk.at + shapes.QR_CODE_EXPIRY,
        detail=_detail(call, order),
    )
    outcome = await desk.execute(command, _order_claim(desk, order))
    if outcome.refusal is not None:
        raise _refused(outcome)
    assert outcome.event is not None, "a freeze is asked for, or was before, or is refused"
    code = desk.settings.cashier.code(outcome.event.trade_id)
    return success(
        out_order_no=str(order.out_order_no),
        out_request_no=str(order.out_request_no),
        code_type="QR_CODE",
        code_value=code,
        code_url=f"{code}.svg",
    )


async def query(desk: Desk, call: Call, request: shapes.FreezeNamed) -> Answered:
    return success(**_fields(desk, await _found(desk, request)))


async def unfreeze(desk: Desk, call: Call, request: shapes.Unfreeze) -> Answered:
    """Let go some of what is left, or all. The same number with the same amount again answers as before."""
    standing = await _found(desk, request)
    payment = _frozen(standing)
    amount_minor = int(request.amount)
    once = claim(ClaimKind.REFUND, standing.trade.id, f"unfreeze/{request.out_request_no}", {"amount": amount_minor})
    command = Void(payment_id=payment.id, amount_minor=amount_minor, request_no=str(request.out_request_no))
    outcome = await desk.execute(command, once)
    if outcome.refusal is not None:
        raise _refused(outcome)
    after = await desk.standing(standing.trade.id)
    return success(
        auth_no=str(after.trade.id),
        out_order_no=after.trade.out_trade_no,
        operation_id=str(outcome.event_id),
        out_request_no=str(request.out_request_no),
        amount=yuan_text(amount_minor),
        status="SUCCESS",
        gmt_trans=china_text(desk.at),
    )


async def cancel(desk: Desk, call: Call, request: shapes.FreezeNamed) -> Answered:
    """Undo a freeze of which nothing was taken: close what nobody froze, let go what is frozen. Again it changes nothing."""
    standing = await _found(desk, request)
    trade, payment = standing.trade, standing.payment
    if payment is not None and payment.paid_minor:
        taken = yuan_text(payment.paid_minor)
        raise fund_problem(
            "ORDER_ALREADY_FINISH", f"已有转支付: {taken} of it was taken; refund that, and unfreeze the rest"
        )
    if payment is None and trade.state is not TradeState.CLOSED:
        outcome = await desk.execute(Close(trade_id=trade.id, reason="cancelled"))
    elif payment is not None and payment.state is PaymentState.AUTHORIZED:
        outcome = await desk.execute(Void(payment_id=payment.id))
    else:
        outcome = None
    if outcome is not None and outcome.refusal is not None:
        raise _refused(outcome)
    return success(
        auth_no=str(trade.id),
        out_order_no=trade.out_trade_no,
        operation_id=str(payment.id if payment is not None else trade.id),
        action="close" if payment is None else "unfreeze",
    )


async def take(desk: Desk, call: Call, order: shapes.Pay) -> Answered:
    """`alipay.trade.pay` with an auth_no: take a part of what is frozen. auth_confirm_mode COMPLETE lets the rest go."""
    if order.auth_confirm_mode not in (None, "COMPLETE", "NOT_COMPLETE"):
        sentence = f"参数无效 auth_confirm_mode: “{order.auth_confirm_mode[:20]}” is not COMPLETE or NOT_COMPLETE"
        raise business("INVALID_PARAMETER", sentence)
    standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=order.auth_no, out_trade_no=None)
    if standing is None or standing.trade.flow is not Flow.MANUAL or standing.payment is None:
        raise business("AUTH_NO_ERROR", f"授权号不存在: this app has frozen nothing under {order.auth_no}")
    content = {"auth": standing.trade.id, "amount": int(order.total_amount), "subject": order.subject}
    once = claim(ClaimKind.ORDER, desk.app.id, str(order.out_trade_no), content)
    outcome = await desk.execute(Capture(payment_id=standing.payment.id, amount_minor=int(order.total_amount)), once)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal)
    if order.auth_confirm_mode == "COMPLETE":
        released = await desk.execute(Void(payment_id=standing.payment.id))
        if released.refusal is not None and released.refusal.name not in _OVER:
            raise problem_of(released.refusal)
    sale = await desk.ask(find_sale, app_id=desk.app.id, trade_no=None, out_trade_no=str(order.out_trade_no))
    assert sale is not None, "a part was just taken"
    return success(**numbers_of(sale.trade), **paid_fields(sale), gmt_payment=china_text(desk.at))


def _order_claim(desk: Desk, order: shapes.Freeze | shapes.FreezeVoucher) -> Claim:
    """Apart from order numbers of sales, which have no slash."""
    content = {"amount": int(order.amount), "title": order.order_title, "request": str(order.out_request_no)}
    return claim(ClaimKind.ORDER, desk.app.id, f"auth/{order.out_order_no}", content)


async def _by_order(desk: Desk, out_order_no: str) -> Standing | None:
    return await desk.ask(find_trade, app_id=desk.app.id, trade_no=None, out_trade_no=f"auth/{out_order_no}")


async def _found(desk: Desk, request: shapes.FreezeNamed | shapes.Unfreeze) -> Standing:
    """The freeze that is meant. Raises Problem; another app's is as absent as one that never was."""
    if request.auth_no is not None:
        standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=request.auth_no, out_trade_no=None)
    else:
        standing = await _by_order(desk, getattr(request, "out_order_no", None) or "")
    if standing is None or standing.trade.flow is not Flow.MANUAL:
        raise fund_problem("AUTH_ORDER_NOT_EXIST", "授权订单不存在: this app has frozen nothing under that number")
    return standing


def _frozen(standing: Standing) -> Payment:
    if standing.payment is None:
        raise fund_problem("ORDER_STATUS_ERROR", "尚未冻结: nobody has frozen it yet; cancel it instead")
    return standing.payment


def _detail(call: Call, order: shapes.Freeze | shapes.FreezeVoucher, **more: str) -> TradeDetail:
    extra = {"out_request_no": str(order.out_request_no), **more}
    if call.sign_type != "RSA2":
        extra["sign_type"] = call.sign_type
    return TradeDetail(
        product=call.method,
        channel="offline",
        notify_url=call.notify_url or "",
        charset=call.charset,
        extra=extra,
    )


def _fields(desk: Desk, standing: Standing) -> dict[str, Leaf | None]:
    """What every method tells of a freeze: as it is now."""
    trade, payment = standing.trade, standing.payment
    amount = yuan_text(trade.amount_minor)
    fields: dict[str, Leaf | None] = {
        "auth_no": str(trade.id),
        "out_order_no": trade.out_trade_no,
        "out_request_no": str(trade.detail.extra.get("out_request_no", "")),
        "operation_type": "FREEZE",
        "amount": amount,
    }
    if payment is None:
        is_open = trade.is_open(desk.at)
        return {**fields, "status": "INIT" if is_open else "CLOSED", "order_status": "INIT" if is_open else "CLOSED"}
    is_over = payment.expires_at is not None and payment.expires_at <= desk.at
    left_minor = 0 if is_over else payment.open_minor
    finished = "FINISH" if payment.paid_minor else "CLOSED"
    return {
        **fields,
        "operation_id": str(payment.id),
        "status": "SUCCESS",
        "order_status": "AUTHORIZED" if left_minor else finished,
        "rest_amount": yuan_text(left_minor),
        "total_freeze_amount": amount,
        "total_unfreeze_amount": yuan_text(payment.amount_minor - payment.paid_minor - left_minor),
        "total_pay_amount": yuan_text(payment.paid_minor),
        "credit_amount": yuan_text(payment.credit_authorized_minor),
        "fund_amount": yuan_text(payment.wallet_authorized_minor),
        "payer_user_id": str(payment.person_id),
        "payer_logon_id": masked(standing.buyer.logon) if standing.buyer is not None else None,
        "gmt_trans": china_text(standing.paid_at) if standing.paid_at is not None else None,
    }


def _refuse_product(order: shapes.Freeze | shapes.FreezeVoucher) -> None:
    if order.product_code is not None and order.product_code not in PRODUCTS:
        sentence = f"参数无效 product_code: “{order.product_code}” is not {' or '.join(PRODUCTS)}"
        raise fund_problem("INVALID_PARAMETER", sentence)


def _refused(outcome: Outcome) -> Problem:
    """A refusal in the codes of these methods, which stand without a prefix."""
    assert outcome.refusal is not None
    problem = problem_of(outcome.refusal)
    if problem.code != "40004":
        return problem
    code = "ORDER_ALREADY_CLOSED" if outcome.refusal.name in _OVER else problem.sub_code.removeprefix("ACQ.")
    return fund_problem(code, sentence_of(outcome.refusal))
