"""Ask to be paid: precreate, page.pay, wap.pay, app.pay and create. One order, five doors.

The order's number makes it happen once. The same number with the same order (amount, subject, goods, installments) is
the same trade, by whichever door it comes again; with another order it is refused; paid or closed, it says so.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from florin.engine import Claim, ClaimKind, claim, lane_for
from florin.events import TradeAsked
from florin.payments.ask import Ask
from florin.payments.trade import Trade, TradeDetail, TradeState
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk, Redirect
from florin.wires.alipay.refusals import problem_of
from florin.wires.desk.trades import find_buyer, find_buyer_by_logon

BACK_KEY: Final = "back"  # in the detail's `extra`: what the link back to the shop must carry

_EXPIRY: Final[dict[type[shapes.Order], timedelta]] = {
    shapes.Precreate: shapes.QR_CODE_EXPIRY,
    shapes.Pay: shapes.TILL_EXPIRY,
}


async def precreate(desk: Desk, call: Call, order: shapes.Precreate) -> Answered:
    trade = await ask(desk, call, order)
    return success(out_trade_no=trade.out_trade_no, qr_code=desk.settings.cashier.code(trade.id))


async def page_pay(desk: Desk, call: Call, order: shapes.PagePay) -> Answered:
    """A browser is sent on to the cashier. wap.pay is the same: the cashier is made for phones first."""
    return Redirect(desk.settings.cashier.page((await ask(desk, call, order)).id))


async def app_pay(desk: Desk, call: Call, order: shapes.AppPay) -> Answered:
    """An app's wallet would show the cashier itself; who posts the order string here is told where that is."""
    trade = await ask(desk, call, order)
    return success(
        out_trade_no=trade.out_trade_no,
        trade_no=str(trade.id),
        seller_id=str(desk.merchant.id),
        cashier_url=desk.settings.cashier.page(trade.id),
    )


async def create(desk: Desk, call: Call, order: shapes.Create) -> Answered:
    trade = await ask(desk, call, order, buyer_id=await _buyer_of(desk, order))
    return success(out_trade_no=trade.out_trade_no, trade_no=str(trade.id))


async def ask(
    desk: Desk,
    call: Call,
    order: shapes.Order,
    *,
    buyer_id: int = 0,
    more: dict[str, str] | None = None,
    claims: tuple[Claim, ...] = (),
) -> Trade:
    """The waiting trade of this order, made now or before. Raises Problem for one that is refused, paid or closed.

    buyer_id: who alone may pay it; 0 for anybody. more: for the detail's `extra`. claims: what else it uses up.
    """
    check_seller(desk, order)
    trade_id = desk.engine.new_id(lane_for(f"{desk.app.id}/{order.out_trade_no}"))
    command = Ask(
        trade_id=trade_id,
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=str(order.out_trade_no),
        amount_minor=int(order.total_amount),
        subject=order.subject,
        flow=desk.app.flow,
        installments=order.extend_params.installments(),
        expires_at=order.expires_at(desk.at, _EXPIRY.get(type(order), shapes.ORDER_EXPIRY)),
        detail=detail_of(call, order, buyer_id=buyer_id, more=more),
    )
    outcome = await desk.execute(command, order_claim(desk, order), *claims)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal)
    assert outcome.event is not None, "an order is asked for, or was before, or is refused"
    trade = outcome.trade or (await desk.standing(outcome.event.trade_id)).trade
    if not isinstance(outcome.event, TradeAsked) or trade.state is TradeState.PAID:
        raise business("TRADE_HAS_SUCCESS", f"交易已被支付: order {order.out_trade_no} is paid")
    if not trade.is_open(desk.at):
        raise business("TRADE_HAS_CLOSE", f"交易已关闭: order {order.out_trade_no} is closed; ask under another number")
    return trade


def order_claim(desk: Desk, order: shapes.Order) -> Claim:
    """The order's number, with the hash of what the order is: not of how it is paid, nor of when it was sent."""
    content: dict[str, Any] = {
        "amount": int(order.total_amount),
        "seller": desk.merchant.id,
        "subject": order.subject,
        "goods": order.goods_detail,
        "installments": order.extend_params.installments(),
        "seller_percent": order.extend_params.seller_percent() if order.extend_params.installments() else 0,
    }
    if order.extend_params.royalty_freeze == "true":
        content["royalty_freeze"] = True
    return claim(ClaimKind.ORDER, desk.app.id, str(order.out_trade_no), content)


def detail_of(call: Call, order: shapes.Order, *, buyer_id: int = 0, more: dict[str, str] | None = None) -> TradeDetail:
    """What rides along: who may pay with what, where the shop is told, and what it wants back."""
    extra = dict(more or {})
    if call.return_url:
        extra[BACK_KEY] = secrets.token_urlsafe(12)
    if call.sign_type != "RSA2":
        extra["sign_type"] = call.sign_type
    return TradeDetail(
        product=call.method,
        body=order.body or "",
        notify_url=call.notify_url or "",
        return_url=call.return_url or "",
        quit_url=(order.quit_url or "") if isinstance(order, shapes.PagePay) else "",
        buyer_id=buyer_id,
        fee_payer="merchant" if order.extend_params.seller_percent() == 100 else "shopper",
        tenders=order.tenders(),
        passback=order.passback_params or "",
        store_id=order.store_id or "",
        terminal_id=order.terminal_id or "",
        shares=order.extend_params.royalty_freeze == "true",
        charset=call.charset,
        extra=extra,
    )


def check_seller(desk: Desk, order: shapes.Order) -> None:
    if order.seller_id is not None and order.seller_id != str(desk.merchant.id):
        sentence = f"seller_id 与应用不符: this app sells for {desk.merchant.id}, not for {order.seller_id}"
        raise business("INVALID_PARAMETER", f"参数无效 {sentence}")


async def _buyer_of(desk: Desk, order: shapes.Create) -> int:
    """The person that the order is for. Raises Problem when none is named, or nobody has that name."""
    named = order.buyer_id or order.buyer_open_id
    if named is None and order.buyer_logon_id is None:
        raise business("INVALID_PARAMETER", "参数无效 buyer_id 不能为空: buyer_id or buyer_open_id is needed")
    if named is not None:
        is_number = named.isascii() and named.isdigit() and len(named) < 19
        buyer = await desk.ask(find_buyer, int(named)) if is_number else None
    else:
        buyer = await desk.ask(find_buyer_by_logon, order.buyer_logon_id or "")
    if buyer is None:
        raise business("INVALID_PARAMETER", "参数无效 buyer_id: nobody here has this name or number")
    return buyer.id
