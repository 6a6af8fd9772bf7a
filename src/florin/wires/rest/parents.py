"""Parent orders by a mall's program: asked for as a whole, seen on both levels, closed."""

from __future__ import annotations

from typing import Any, cast

from florin.engine import ClaimKind, GroupRefused, NotFound, Outcome, Submission, claim, clock, lane_for
from florin.events import ParentAsked
from florin.payments.ask import Ask
from florin.payments.close import Close
from florin.payments.parent import AskParent
from florin.payments.trade import Flow, TradeDetail
from florin.queries.parents import ParentView, parent_by_id
from florin.wires.rest import shapes, show
from florin.wires.rest.items import lines_of
from florin.wires.rest.problems import RefusedBy, invalid
from florin.wires.rest.serve import Answer, Call


async def create(call: Call, body: shapes.NewParentOrder) -> Answer:
    """POST /v1/parent-orders: one linked group, an order a command, the parent last."""
    app_id, new_id = cast(int, call.key.app_id), call.house.engine.new_id
    _refuse_repeated(body)
    parent_id = new_id(lane_for(f"{app_id}/{body.order_number}"))
    asks = [_ask(call, body, order, parent_id) for order in body.orders]
    parent = AskParent(
        parent_id=parent_id,
        app_id=app_id,
        out_trade_no=body.order_number,
        trade_ids=tuple(ask.trade_id for ask in asks),
        return_url=body.return_url,
    )
    # The key stands for all of it: a group that is sent again is answered by its parent.
    once = (
        claim(ClaimKind.REQUEST, app_id, call.idempotency_key, body),
        claim(ClaimKind.ORDER, app_id, body.order_number, body),
    )
    submissions = [
        *(Submission(command=ask, claims=(_number(app_id, ask),), group=1, keeps_refusal=False) for ask in asks),
        Submission(command=parent, claims=once, group=1, keeps_refusal=False),
    ]
    outcomes = await call.house.engine.execute_async(submissions)
    refusal = _first_refusal(outcomes)
    asked = outcomes[-1]
    if asked.replayed and isinstance(asked.event, ParentAsked):
        return Answer(_shown(call, await _found(call, asked.event.parent_id), await _now(call)), 201, True)
    if refusal is not None:
        raise RefusedBy(refusal.refusal, replayed=refusal.replayed)  # type: ignore[arg-type]
    return Answer(_shown(call, await _found(call, parent_id), await _now(call)), 201)


def _refuse_repeated(body: shapes.NewParentOrder) -> None:
    """A number is one order's; the parent's own is another. Raises Refuse."""
    seen = {body.order_number}
    for place, order in enumerate(body.orders):
        if order.order_number in seen:
            where = f"orders[{place}].order_number"
            raise invalid(where, "Another order of this request has this number.", "Give each a number of its own.")
        seen.add(order.order_number)


def _ask(call: Call, body: shapes.NewParentOrder, order: shapes.NewSellerOrder, parent_id: int) -> Ask:
    app_id = cast(int, call.key.app_id)
    return Ask(
        trade_id=call.house.engine.new_id(lane_for(f"{app_id}/{order.order_number}")),
        app_id=app_id,
        merchant_id=int(order.seller_id or 0) or cast(int, call.key.merchant_id),
        out_trade_no=order.order_number,
        amount_minor=order.amount_minor,
        subject=order.subject,
        flow=Flow.ESCROW if call.key.market == "escrow" else Flow.DIRECT,
        installments=order.installments,
        expires_at=body.expires_at,
        detail=TradeDetail(
            product="checkout",
            fee_payer=order.fee_payer,
            tenders=body.tenders,
            goods=order.goods,
            confirm_days=order.confirm_days,
            return_url=body.return_url,
            parent_id=parent_id,
            lines=lines_of(order.lines),
        ),
    )


def _number(app_id: int, ask: Ask) -> Any:
    return claim(ClaimKind.ORDER, app_id, ask.out_trade_no, (ask.amount_minor, ask.subject))


def _first_refusal(outcomes: list[Outcome]) -> Outcome | None:
    """What refused the group, rather than who fell with it."""
    refused = [outcome for outcome in outcomes if outcome.refusal is not None]
    own = [outcome for outcome in refused if not isinstance(outcome.refusal, GroupRefused)]
    return next(iter((*own, *refused)), None)


async def get(call: Call, body: Any) -> Answer:
    """GET /v1/parent-orders/{parent_id}"""
    return Answer(_shown(call, await _own(call), await _now(call)))


async def close(call: Call, body: Any) -> Answer:
    """POST /v1/parent-orders/{parent_id}/close: none of its orders can be paid any more."""
    view = await _own(call)
    key = call.idempotency_key
    submissions = [
        Submission(
            command=Close(trade_id=order.trade.id),
            claims=(claim(ClaimKind.REQUEST, cast(int, call.key.app_id), f"{key}/{order.trade.id}", "close"),),
            group=1,
            keeps_refusal=False,
        )
        for order in view.orders
    ]
    outcomes = await call.house.engine.execute_async(submissions)
    if (refused := _first_refusal(outcomes)) is not None:
        raise RefusedBy(refused.refusal)  # type: ignore[arg-type]
    shown = _shown(call, await _found(call, view.parent.id), await _now(call))
    return Answer(shown, 201, all(outcome.replayed for outcome in outcomes))


async def _own(call: Call) -> ParentView:
    text = call.parts["parent_id"]
    return await _found(call, int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0)


async def _found(call: Call, parent_id: int) -> ParentView:
    view = await call.house.reads.ask_async(parent_by_id, parent_id=parent_id, app_id=call.key.app_id)
    if view is None:
        raise RefusedBy(NotFound(what="parent order", id=parent_id))
    return view


async def _now(call: Call) -> Any:
    return (await call.house.reads.ask_async(clock.read)).instant


def _shown(call: Call, view: ParentView, now: Any) -> shapes.ParentOrder:
    state, url = view.state(now), call.house.settings.checkout_url
    return shapes.ParentOrder(
        id=str(view.parent.id),
        state=state,
        amount_minor=view.parent.amount_minor,
        order_number=view.parent.out_trade_no,
        checkout_url=url(view.parent.id) if state == "waiting" else None,
        created_at=view.parent.asked_at,
        orders=tuple(show.payment(order, now=now, checkout_url=url) for order in view.orders),
    )
