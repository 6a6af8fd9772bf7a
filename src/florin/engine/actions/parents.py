"""Parent orders: orders of several sellers, asked for and paid together."""

from __future__ import annotations

from msgspec.structs import replace

from florin.campaigns.budget import Draw
from florin.engine.actions.action import NOTHING, Action, Events, Needs, own
from florin.engine.actions.payments import agreed, begin_payment, offer_of
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.submission import NotFound
from florin.events.refusals import Refusal
from florin.payments import parent, pay_parent
from florin.payments.down_payment import with_down_payment
from florin.payments.parent import AskParent, Parent
from florin.payments.pay import Offer
from florin.payments.pay_parent import PayParent, Standing
from florin.payments.trade import Trade, TradeState


def _ask_parent(room: Room, command: AskParent) -> Events | Refusal:
    if command.app_id not in room.reference.apps:
        return NotFound(what="app", id=command.app_id)
    app = room.reference.apps[command.app_id]
    trades = [room.trade(identifier) for identifier in command.trade_ids]
    decided = parent.decide(
        app=app,
        own=room.merchant(app.merchant_id),
        sellers=[room.merchant(trade.merchant_id) for trade in trades],
        trades=trades,
        command=command,
        at=room.at,
    )
    if not isinstance(decided, Refusal):
        asked = Parent(
            id=command.parent_id,
            lane=lane_of(command.parent_id),
            app_id=command.app_id,
            amount_minor=decided[0].amount_minor,
            asked_at=room.at.instant,
            out_trade_no=command.out_trade_no,
            trade_ids=command.trade_ids,
            return_url=command.return_url,
        )
        room.add(room.parents, asked.id, asked)
    return decided


def _pay_parent(room: Room, command: PayParent) -> Events | Refusal:
    asked = room.parent(command.parent_id)
    if len(set(command.payment_ids)) != len(asked.trade_ids):
        return parent.OrdersOutOfRange(orders=len(command.payment_ids), most=len(asked.trade_ids))
    trades = [room.trade(identifier) for identifier in asked.trade_ids]
    line = room.line(command.line_id)
    terms = room.terms(line)
    decided = pay_parent.decide(
        parent=asked,
        trades=trades,
        merchants=[room.merchant(trade.merchant_id) for trade in trades],
        standing=Standing(line, room.wallet(command.person_id), room.shared_by(line)),
        terms=terms,
        command=with_down_payment(command, _installments(trades, command), terms),
        at=room.at,
        offer=_offer(room, command),
        acceptance=room.reference.acceptance,
    )
    if isinstance(decided, Refusal):
        return decided
    events = []
    for trade, order in zip(trades, decided.orders, strict=True):
        event = agreed(room, trade, order.event)
        begin_payment(room, trade, event, order.pay, order.before)
        room.change(room.trades, trade.id, replace(trade, state=TradeState.PAID, payment_id=order.pay.payment_id))
        events.append(event)
    return (decided.event, *events)


def _offer(room: Room, command: PayParent) -> Offer | None:
    campaign = room.reference.campaigns.get(command.campaign_id)
    return None if campaign is None else offer_of(room, command.person_id, campaign)


def _installments(trades: list[Trade], command: PayParent) -> int:
    return command.installments or max(trade.installments for trade in trades)


def _pay_needs(command: PayParent) -> Needs:
    person = (command.person_id,)
    return Needs(
        parents=(command.parent_id,),
        lines=(command.line_id,) if command.credit_minor and command.line_id else (),
        wallets=person if command.wallet_minor or command.campaign_id else (),
        uses=person if command.campaign_id else (),
        budgets=(Draw(command.campaign_id, max(command.coupon_minor, 0)),) if command.campaign_id else (),
    )


def _of_parent(room: Room, command: PayParent) -> Needs:
    """Its trades; and her wallet, where the terms of her line may take a part of an order in installments from it."""
    asked = room.parents.get(command.parent_id)
    if asked is None:
        return NOTHING
    terms = room.terms(room.line(command.line_id))
    # Whether a trade asks for installments is known only when it is there.
    down_payment = terms is not None and bool(terms.down_payment_share)
    return Needs(trades=asked.trade_ids, wallets=(command.person_id,) if down_payment else ())


ACTIONS: dict[type, Action] = {
    AskParent: Action(own("parent_id"), lambda command: Needs(trades=command.trade_ids), _ask_parent),
    PayParent: Action(own("event_id"), _pay_needs, _pay_parent, _of_parent),
}
