"""Ask to be paid: native, jsapi, app and h5. One order, four doors.

The order's number makes it happen once. The same number with the same order (amount, description, goods) is the same trade,
by whichever door it comes again; with another order it is refused; paid or closed, it says so.
"""

from __future__ import annotations

from typing import Any

from florin.engine import Claim, ClaimKind, claim, lane_for
from florin.events import TradeAsked
from florin.payments.ask import Ask
from florin.payments.trade import Trade, TradeDetail, TradeState
from florin.wires.desk.addresses import refuse_notify_url
from florin.wires.desk.trades import find_buyer
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered, parameter_wrong
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.names import person_id_of, prepay_id_of
from florin.wires.wechatpay.refusals import business, problem_of, sentence_of
from florin.wires.wechatpay.words import KEY_NAME, PRODUCT, PROVIDER, PROVIDER_SUB_APPID


async def native(desk: Desk, order: shapes.Order) -> Answered:
    """A code for a screen; scanned, it opens the cashier."""
    _check_told(order)
    return Answered(document={"code_url": desk.settings.cashier.code((await ask(desk, order, "native")).id)})


async def jsapi(desk: Desk, order: shapes.Order) -> Answered:
    """An order for one known buyer, who pays it where `phone.py` opens the cashier."""
    _check_told(order)
    name = "openid" if not desk.provider_id else "sub_openid" if order.payer.sub_openid else "sp_openid"
    buyer_id = await buyer_of(desk, getattr(order.payer, name), f"/payer/{name}")
    return _prepay(desk, await ask(desk, order, "jsapi", buyer_id=buyer_id))


async def app(desk: Desk, order: shapes.Order) -> Answered:
    """An order for a merchant's own app."""
    _check_told(order)
    return _prepay(desk, await ask(desk, order, "app"))


async def h5(desk: Desk, order: shapes.Order) -> Answered:
    """An address for a phone's browser; a shop may write `&redirect_url=…` behind it, so it has a query."""
    if order.scene_info.h5_info is None or order.scene_info.payer_client_ip is None:
        name = "h5_info" if order.scene_info.h5_info is None else "payer_client_ip"
        raise parameter_wrong(f"/scene_info/{name}", "必填: it is required for h5 and is missing")
    _check_told(order)
    trade = await ask(desk, order, "h5")
    return Answered(document={"h5_url": f"{desk.settings.cashier.page(trade.id)}?from=h5"})


async def ask(
    desk: Desk,
    order: shapes.Order,
    product: str,
    *,
    buyer_id: int = 0,
    more: dict[str, Any] | None = None,
    claims: tuple[Claim, ...] = (),
) -> Trade:
    """The waiting trade of this order, made now or before. Raises Problem for one that is refused, paid or closed.

    buyer_id: who alone may pay it; 0 for anybody. more: for the detail's `extra`. claims: what else it uses up.
    """
    command = Ask(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/{order.out_trade_no}")),
        app_id=desk.app.id,
        merchant_id=desk.merchant.id,
        out_trade_no=order.out_trade_no,
        amount_minor=order.amount.total,
        subject=order.description,
        flow=desk.app.flow,
        expires_at=order.expires_at(desk.at),
        detail=detail_of(desk, order, product, buyer_id=buyer_id, more=more),
    )
    outcome = await desk.execute(command, order_claim(desk, order), *claims)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal)
    assert outcome.event is not None, "an order is asked for, or was before, or is refused"
    trade = outcome.trade or (await desk.standing(outcome.event.trade_id)).trade
    if not isinstance(outcome.event, TradeAsked) or trade.state is TradeState.PAID:
        raise business("ORDERPAID", f"该订单已支付：order {order.out_trade_no} is paid")
    if not trade.is_open(desk.at):
        sentence = f"该订单已关闭，请更换商户订单号：order {order.out_trade_no} is closed, ask under another number"
        raise business("ORDER_CLOSED", sentence)
    return trade


def order_claim(desk: Desk, order: shapes.Order) -> Claim:
    """The order's number, with the hash of what the order is: not of how it is paid, nor of when it was sent."""
    content: dict[str, Any] = {
        "amount": order.amount.total,
        "seller": desk.merchant.id,
        "description": order.description,
        "detail": order.detail,
        "merchant_bears": order.subsidy_info.merchant_bears(),
    }
    if order.settle_info.profit_sharing:
        content["profit_sharing"] = True
    return claim(ClaimKind.ORDER, desk.app.id, order.out_trade_no, content)


def detail_of(
    desk: Desk, order: shapes.Order, product: str, *, buyer_id: int = 0, more: dict[str, Any] | None = None
) -> TradeDetail:
    """What rides along: who may pay, where the shop is told and by which key, and what it wants back."""
    if order.notify_url is not None:
        check_notify_url(desk, order.notify_url)
    extra = dict(more or {})
    if desk.provider_id:
        extra[PROVIDER] = str(desk.provider_id)
        if order.sub_appid:
            extra[PROVIDER_SUB_APPID] = order.sub_appid
    if desk.key_name:
        extra[KEY_NAME] = desk.key_name
    store = order.scene_info.store_info
    return TradeDetail(
        product=f"{PRODUCT}{product}",
        channel="offline" if product == "codepay" else "",
        notify_url=order.notify_url or "",
        merchant_bears=order.subsidy_info.merchant_bears(),
        buyer_id=buyer_id,
        passback=order.attach or "",
        shares=order.settle_info.profit_sharing,
        store_id=(store and (store.id or store.out_id)) or order.scene_info.device_id or "",
        extra=extra,
    )


def check_notify_url(desk: Desk, url: str) -> None:
    """Raises Problem for an address that we would never call."""
    shapes.check_url(url, "/notify_url")
    if (refusal := refuse_notify_url(url, allow_loopback=desk.app.allow_loopback)) is not None:
        raise parameter_wrong("/notify_url", sentence_of(refusal), value=url)


def _check_told(order: shapes.Order) -> None:
    """Who asks from afar must be told. Raises Problem."""
    if order.notify_url is None:
        raise parameter_wrong("/notify_url", "必填: it is required and is missing")


def _prepay(desk: Desk, trade: Trade) -> Answered:
    return Answered(document={"prepay_id": prepay_id_of(trade.id, desk.settings.cashier.token(trade.id))})


async def buyer_of(desk: Desk, openid: str | None, where: str) -> int:
    """The person that an order is for. Raises Problem when none is named, or nobody has that openid."""
    if openid is None:
        raise parameter_wrong(where, "必填: it is required for jsapi and is missing")
    person_id = person_id_of(openid)
    buyer = await desk.ask(find_buyer, person_id) if person_id is not None else None
    if buyer is None:
        raise parameter_wrong(where, "无效的openid: nobody here has this openid", value=openid)
    return buyer.id
