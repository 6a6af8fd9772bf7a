"""trade.pay: the shopper shows a code, the till scans it, and the order is asked and paid at once.

The code says who pays and with what: her line, or her wallet. It is good for one order; declined, order and code may be
tried again. Above an amount the code alone is not enough: the order waits for her confirmation (10003), and the shop
queries.
"""

from __future__ import annotations

from hashlib import blake2b

from florin.engine import Claim, ClaimKind, Outcome, claim, lane_for, lane_of
from florin.events import TradeAsked
from florin.payments.charge import Charge
from florin.payments.pay import Pay
from florin.payments.trade import TradeState
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import MESSAGES, Problem, business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.orders import ask, check_seller, detail_of, order_claim
from florin.wires.alipay.refusals import problem_of
from florin.wires.alipay.shapes import china_text
from florin.wires.alipay.words import buyer_fields, numbers_of, paid_fields
from florin.wires.desk.trades import PaymentCode, Standing, find_trade

SCENES = ("bar_code", "wave_code")


async def pay(desk: Desk, call: Call, order: shapes.Pay) -> Answered:
    """10000 paid, 10003 waiting for the buyer, else a Problem. The same order with the same code answers as before."""
    auth_code = _checked(desk, order)
    code = await desk.codes(auth_code)
    if code is None or code.expires_at <= desk.at:
        if paid := await _paid_before(desk, order, auth_code):
            return paid
        raise _code_invalid()
    if order.total_amount > desk.settings.till_confirm_minor_above or desk.faults.take("in-progress"):
        return await _wait_for_buyer(desk, call, order, code)
    outcome = await _charge(desk, call, order, code)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal)
    assert outcome.event is not None, "a charge happens, or happened before, or is refused"
    if isinstance(outcome.event, TradeAsked):
        return await _pay_waiting(desk, order, code, outcome.event.trade_id)
    if outcome.replayed:
        return await _answer_again(desk, order, auth_code)
    return _paid(await desk.paid(outcome, code))


def code_digest(auth_code: str) -> str:
    """What the trade keeps of the code that paid it: enough to know the same code again, not to use it."""
    return blake2b(auth_code.encode(), digest_size=8).hexdigest()


def _checked(desk: Desk, order: shapes.Pay) -> str:
    """The code. Raises Problem for what this till does not do."""
    if order.agreement_params is not None:
        raise business(
            "INVALID_PARAMETER", "参数无效 agreement_params: charging an agreement is not spoken on this wire"
        )
    if order.scene not in SCENES:
        raise business("INVALID_PARAMETER", f"参数无效 scene: “{order.scene}” is not {' or '.join(SCENES)}")
    if order.auth_code is None:
        raise business("INVALID_PARAMETER", "参数无效 auth_code 不能为空: it is required and is missing")
    check_seller(desk, order)
    return order.auth_code


async def _charge(desk: Desk, call: Call, order: shapes.Pay, code: PaymentCode) -> Outcome:
    credit_minor, wallet_minor = _tenders(order, code)
    command = Charge(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/{order.out_trade_no}")),
        payment_id=desk.engine.new_id(lane_of(code.person_id)),
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=str(order.out_trade_no),
        amount_minor=int(order.total_amount),
        subject=order.subject,
        flow=desk.app.flow,
        person_id=code.person_id,
        line_id=code.line_id if credit_minor else 0,
        credit_minor=credit_minor,
        wallet_minor=wallet_minor,
        installments=order.extend_params.installments(),
        detail=detail_of(call, order, more={"auth_code": code_digest(code.code)}),
    )
    return await desk.execute(command, order_claim(desk, order), _code_claim(code))


async def _wait_for_buyer(desk: Desk, call: Call, order: shapes.Pay, code: PaymentCode) -> Answered:
    """The order is hers alone and waits for her; paid meanwhile, with this very code, it says so."""
    if paid := await _paid_before(desk, order, code.code):
        return paid
    more = {"auth_code": code_digest(code.code)}
    trade = await ask(desk, call, order, buyer_id=code.person_id, more=more, claims=(_code_claim(code),))
    standing = await desk.standing(trade.id)
    fields = {**numbers_of(trade), **paid_fields(standing), **buyer_fields(standing)}
    return {"code": "10003", "msg": MESSAGES["10003"], **fields}


async def _pay_waiting(desk: Desk, order: shapes.Pay, code: PaymentCode, trade_id: int) -> Answered:
    """The same order waits already, asked by another door: the code pays it."""
    standing = await desk.standing(trade_id)
    if standing.trade.state is TradeState.PAID:
        return await _answer_again(desk, order, code.code)
    credit_minor, wallet_minor = _tenders(order, code)
    command = Pay(
        payment_id=desk.engine.new_id(lane_of(code.person_id)),
        trade_id=trade_id,
        person_id=code.person_id,
        line_id=code.line_id if credit_minor else 0,
        credit_minor=credit_minor,
        wallet_minor=wallet_minor,
        installments=order.extend_params.installments(),
    )
    outcome = await desk.execute(command, _code_claim(code, trade_id))
    if outcome.refusal is not None:
        is_used = outcome.refusal.name == "KeyConflict"
        raise _code_invalid() if is_used else problem_of(outcome.refusal)
    return _paid(await desk.paid(outcome, code))


async def _paid_before(desk: Desk, order: shapes.Pay, auth_code: str) -> Answered | None:
    """The answer again, when this order was paid with this code; None when it was not."""
    standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=None, out_trade_no=str(order.out_trade_no))
    if standing is None or standing.payment is None or standing.trade.amount_minor != order.total_amount:
        return None
    return _paid(standing) if standing.trade.detail.extra.get("auth_code") == code_digest(auth_code) else None


async def _answer_again(desk: Desk, order: shapes.Pay, auth_code: str) -> Answered:
    paid = await _paid_before(desk, order, auth_code)
    if paid is None:
        raise business("TRADE_HAS_SUCCESS", f"交易已被支付: order {order.out_trade_no} is paid, with another code")
    return paid


def _paid(standing: Standing) -> Answered:
    assert standing.paid_at is not None, "a paid trade has its moment"
    return success(**numbers_of(standing.trade), **paid_fields(standing), gmt_payment=china_text(standing.paid_at))


def _tenders(order: shapes.Pay, code: PaymentCode) -> tuple[int, int]:
    """(credit, wallet): the code's own tender, where the order takes it. Raises Problem."""
    # Whether the code's line is an ecosystem's credit or a bank's card is asked where the line is.
    tender = "credit" if code.line_id else "wallet"
    if not {tender, "card" if code.line_id else tender} & {*order.tenders()}:
        raise business(
            "PAYMENT_FAIL", f"商家不支持该付款方式: the code pays by {tender}, which this order does not take"
        )
    amount_minor = int(order.total_amount)
    return (amount_minor, 0) if tender == "credit" else (0, amount_minor)


def _code_claim(code: PaymentCode, trade_id: int = 0) -> Claim:
    """A code is good for one order. trade_id: of a trade that waits already."""
    return claim(ClaimKind.CODE, 0, code.code, {"trade": trade_id})


def _code_invalid() -> Problem:
    return business(
        "PAYMENT_AUTH_CODE_INVALID", "支付授权码无效: the code is unknown, used or expired; ask for a fresh one"
    )
