"""combine-transactions: one checkout over the orders of several sellers, paid together or not at all.

Each order is a trade of its own under the number of the merchant who combined them; a refund names it like any other. What the
shop is told when they are paid is one notify about all of them. A number of combined orders and one of a single order are two
things, even where they are spelled alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from psycopg import Connection

from florin.engine import Claim, ClaimKind, Outcome, Submission, claim, lane_for
from florin.engine.tables.event import load_events
from florin.events import ParentAsked
from florin.payments.ask import Ask
from florin.payments.close import Close
from florin.payments.parent import AskParent, Parent
from florin.payments.trade import TradeDetail, TradeState
from florin.queries.parents import read_parent
from florin.wires.desk.trades import Standing, claimed, standing_of
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import DONE, Answered, parameter_wrong
from florin.wires.wechatpay.desk import Desk, first_refusal
from florin.wires.wechatpay.names import app_id_of, appid_of, openid_of, prepay_id_of
from florin.wires.wechatpay.orders import buyer_of, check_notify_url
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.words import KEY_NAME, PRODUCT, transaction_fields

SELLER: Final = "seller"  # in the detail's `extra`: the seller's number, as the order named it


async def native(desk: Desk, order: shapes.Combined) -> Answered:
    return Answered(document={"code_url": desk.settings.cashier.code((await _ask(desk, order, "native")).id)})


async def jsapi(desk: Desk, order: shapes.Combined) -> Answered:
    payer = order.combine_payer_info
    buyer_id = await buyer_of(desk, payer.openid, "/combine_payer_info/openid")
    return _prepay(desk, await _ask(desk, order, "jsapi", buyer_id=buyer_id))


async def app(desk: Desk, order: shapes.Combined) -> Answered:
    return _prepay(desk, await _ask(desk, order, "app"))


async def h5(desk: Desk, order: shapes.Combined) -> Answered:
    parent = await _ask(desk, order, "h5")
    return Answered(document={"h5_url": f"{desk.settings.cashier.page(parent.id)}?from=h5"})


async def query(desk: Desk, request: shapes.Caller, combine_out_trade_no: str) -> Answered:
    parent = await _found(desk, combine_out_trade_no)
    return Answered(document=combined_fields(parent, await desk.ask(standings_of, parent), desk.at))


async def close(desk: Desk, request: shapes.CombinedClose, combine_out_trade_no: str) -> Answered:
    """None of them can be paid any more. Raises Problem when one is paid, or when another's order is named."""
    parent = await _found(desk, combine_out_trade_no)
    standings = await desk.ask(standings_of, parent)
    own = {standing.trade.out_trade_no for standing in standings}
    if unknown := {order.out_trade_no for order in request.sub_orders} - own:
        sentence = f"子单不属于该合单: {', '.join(sorted(unknown))} is not an order of it"
        raise parameter_wrong("/sub_orders", sentence)
    waiting = [each.trade for each in standings if each.trade.state is not TradeState.CLOSED]
    outcomes = await _executed(desk, [Submission(command=Close(trade_id=trade.id), group=1) for trade in waiting])
    if refused := first_refusal(outcomes):
        raise problem_of(refused, "close")
    return DONE


def combined_fields(
    parent: Parent, standings: Sequence[Standing], at: datetime, *, paid_at: datetime | None = None
) -> dict[str, Any]:
    """All that a query answers, and a notify tells. paid_at: they are told as they were when they were paid."""
    payments = [standing.payment for standing in standings if standing.payment is not None]
    return {
        "combine_appid": appid_of(parent.app_id),
        "combine_mchid": str(parent.app_id),
        "combine_out_trade_no": parent.out_trade_no,
        "sub_orders": [_order_fields(standing, at, paid_at) for standing in standings],
        "combine_payer_info": {"openid": openid_of(payments[0].person_id)} if payments else None,
    }


def standings_of(connection: Connection[Any], parent: Parent) -> list[Standing]:
    """Its orders as they stand, as they were asked for."""
    found = [standing_of(connection, trade_id) for trade_id in parent.trade_ids]
    assert all(found), f"parent {parent.id} names an order that is not there"
    return [standing for standing in found if standing is not None]


def find_combined(connection: Connection[Any], *, app_id: int, number: str) -> Parent | None:
    """The app's combined orders of that number; None for one that it never made."""
    event_id = claimed(connection, ClaimKind.REQUEST, app_id, _key(number))
    event = load_events(connection, [event_id]).get(event_id) if event_id is not None else None
    return read_parent(connection, event.parent_id, app_id=app_id) if isinstance(event, ParentAsked) else None


async def _ask(desk: Desk, order: shapes.Combined, product: str, *, buyer_id: int = 0) -> Parent:
    """The parent of these orders, made now or before. Raises Problem for one that is refused, paid or closed."""
    check_notify_url(desk, order.notify_url)
    parent_id = desk.engine.new_id(lane_for(f"{desk.app.id}/{order.combine_out_trade_no}"))
    asks = [
        _ask_of(desk, order, place, parent_id=parent_id, product=product, buyer_id=buyer_id)
        for place in range(len(order.sub_orders))
    ]
    command = AskParent(
        parent_id=parent_id,
        app_id=desk.app.id,
        out_trade_no=order.combine_out_trade_no,
        trade_ids=tuple(ask.trade_id for ask in asks),
    )
    content = [_content(sub) for sub in order.sub_orders]
    once = claim(ClaimKind.REQUEST, desk.app.id, _key(order.combine_out_trade_no), content)
    outcomes = await _executed(
        desk,
        [
            *(
                Submission(command=ask, claims=(_number(desk, sub),), group=1, keeps_refusal=False)
                for ask, sub in zip(asks, order.sub_orders, strict=True)
            ),
            Submission(command=command, claims=(once,), group=1, keeps_refusal=False),
        ],
    )
    asked = outcomes[-1]
    if not (asked.replayed and isinstance(asked.event, ParentAsked)) and (refusal := first_refusal(outcomes)):
        raise problem_of(refusal)
    parent = await _found(desk, order.combine_out_trade_no)
    standings = await desk.ask(standings_of, parent)
    if all(each.trade.state is TradeState.PAID for each in standings):
        raise business("ORDERPAID", f"该订单已支付：order {parent.out_trade_no} is paid")
    if not all(each.trade.is_open(desk.at) for each in standings):
        raise business("ORDER_CLOSED", f"该订单已关闭：order {parent.out_trade_no} is closed, ask under another number")
    return parent


def _ask_of(desk: Desk, order: shapes.Combined, place: int, *, parent_id: int, product: str, buyer_id: int) -> Ask:
    sub = order.sub_orders[place]
    number = sub.sub_mchid or sub.mchid
    return Ask(
        trade_id=desk.engine.new_id(lane_for(f"{desk.app.id}/{sub.out_trade_no}")),
        app_id=desk.app.id,
        merchant_id=_seller(desk, number, place),
        out_trade_no=sub.out_trade_no,
        amount_minor=sub.amount.total_amount,
        subject=sub.description,
        flow=desk.app.flow,
        expires_at=order.expires_at(desk.at),
        detail=TradeDetail(
            product=f"{PRODUCT}{product}",
            notify_url=order.notify_url if place == 0 else "",  # one notify for all of them
            buyer_id=buyer_id,
            passback=sub.attach or "",
            shares=sub.settle_info.profit_sharing,
            parent_id=parent_id,
            extra={SELLER: number, **({KEY_NAME: desk.key_name} if desk.key_name else {})},
        ),
    )


def _seller(desk: Desk, mchid: str, place: int) -> int:
    """The merchant behind a number. One that nobody knows is refused like one for whom this merchant may not ask."""
    app_id = app_id_of(mchid)
    client = desk.clients.known(app_id) if app_id is not None else None
    if client is None:
        sentence = f"与子单商户无绑定关系 /sub_orders/{place}/mchid：may not ask for merchant {mchid[:32]}"
        raise business("NO_AUTH", sentence)
    return client.merchant_id


def _order_fields(standing: Standing, at: datetime, paid_at: datetime | None) -> dict[str, Any]:
    trade, payment = standing.trade, standing.payment
    fields = transaction_fields(trade, payment, standing.paid_at, at)
    amount = fields["amount"]
    told = {"trade_state": "SUCCESS"} if paid_at is not None else {}
    names = ("transaction_id", "out_trade_no", "trade_type", "trade_state", "bank_type", "attach", "success_time")
    return {
        "mchid": str(trade.detail.extra.get(SELLER, trade.app_id)),
        **{name: fields.get(name) for name in names},
        **told,
        "amount": {
            "total_amount": amount["total"],
            "payer_amount": amount.get("payer_total"),
            "currency": "CNY",
            "payer_currency": "CNY" if payment is not None else None,
        },
    }


async def _found(desk: Desk, number: str) -> Parent:
    parent = await desk.ask(find_combined, app_id=desk.app.id, number=number)
    if parent is None:
        raise business("ORDER_NOT_EXIST", f"订单不存在：this merchant has no combined order {number[:64]}")
    return parent


def _prepay(desk: Desk, parent: Parent) -> Answered:
    return Answered(document={"prepay_id": prepay_id_of(parent.id, desk.settings.cashier.token(parent.id))})


async def _executed(desk: Desk, submissions: list[Submission]) -> list[Outcome]:
    return await desk.engine.execute_async(submissions)


def _number(desk: Desk, sub: shapes.SubOrder) -> Claim:
    return claim(ClaimKind.ORDER, desk.app.id, sub.out_trade_no, {"combined": _content(sub)})


def _content(sub: shapes.SubOrder) -> dict[str, Any]:
    """What an order is: not of how it is paid, nor of when it was sent."""
    return {
        "number": sub.out_trade_no,
        "amount": sub.amount.total_amount,
        "seller": sub.sub_mchid or sub.mchid,
        "description": sub.description,
    }


def _key(number: str) -> str:
    return f"combine/{number}"
