"""Trades and payments: asked for, paid, captured, received, given back."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec.structs import replace

from florin.campaigns.budget import Draw
from florin.campaigns.campaign import Campaign
from florin.credit import joint
from florin.credit import refund as credit_refund
from florin.credit.line import LineState
from florin.engine.actions.action import NOTHING, Action, Events, Needs, beside, by, own
from florin.engine.actions.answered import with_answer
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.submission import NotFound
from florin.events import Event, Refunded
from florin.events.market import CheckoutBy
from florin.events.refusals import Refusal
from florin.payments import ask, capture, charge, close, pay, receive, refund, reverse_refund, void
from florin.payments.counter import refuse_terminal
from florin.payments.down_payment import with_down_payment
from florin.payments.items import OrderLine
from florin.payments.merchant import Merchant
from florin.payments.pay_parent import Standing
from florin.payments.payment import Payment, PaymentState, evolve
from florin.payments.requests.carry_out import closed
from florin.payments.sharing.freeze import frozen
from florin.payments.trade import Trade, TradeState


def _unknown(room: Room, command: ask.Ask | charge.Charge) -> Refusal | None:
    """Reference data is not locked; that it is there at all is asked here."""
    if command.merchant_id not in room.reference.merchants:
        return NotFound(what="merchant", id=command.merchant_id)
    if command.app_id not in room.reference.apps:
        return NotFound(what="app", id=command.app_id)
    if counter := command.detail.counter:
        return refuse_terminal(room.reference.terminals.get(counter), counter)
    return None


def _ask(room: Room, command: ask.Ask) -> Events | Refusal:
    if refusal := _unknown(room, command):
        return refusal
    decided = ask.decide(room.merchant(command.merchant_id), command, room.at)
    if not isinstance(decided, Refusal):
        trade = Trade(
            id=command.trade_id,
            lane=lane_of(command.trade_id),
            app_id=command.app_id,
            merchant_id=command.merchant_id,
            flow=command.flow,
            amount_minor=command.amount_minor,
            out_trade_no=command.out_trade_no,
            subject=command.subject,
            asked_at=room.at.instant,
            installments=command.installments,
            expires_at=command.expires_at,
            detail=command.detail,
        )
        room.add(room.trades, trade.id, trade)
    return decided


def _pay(room: Room, command: pay.Pay) -> Events | Refusal:
    trade = room.trade(command.trade_id)
    line = room.line(command.line_id)
    terms = room.terms(line)
    command = with_down_payment(command, trade.installments or command.installments, terms)
    decided = pay.decide(
        trade=trade,
        merchant=room.merchant(trade.merchant_id),
        line=line,
        wallet=room.wallet(command.person_id),
        terms=terms,
        command=command,
        at=room.at,
        offers=_offers(room, command),
        shared=room.shared_by(line),
        acceptance=room.reference.acceptance,
    )
    if not isinstance(decided, Refusal):
        decided = (agreed(room, trade, decided[0]),)
        begin_payment(room, trade, decided[0], command, _standing(room, command))
        room.change(room.trades, trade.id, replace(trade, state=TradeState.PAID, payment_id=command.payment_id))
    return decided if command.seen else with_answer(room, decided, trade, line, terms, command, by="till")


def _charge(room: Room, command: charge.Charge) -> Events | Refusal:
    if refusal := _unknown(room, command):
        return refusal
    if command.agreement_id:
        agreement = room.agreements.get(command.agreement_id)
        if refusal := charge.refuse_agreement(agreement, command):
            return refusal
        assert agreement is not None
        command = replace(command, person_id=agreement.person_id, line_id=agreement.line_id)
    trade = charge.trade_of(command, lane=lane_of(command.trade_id), at=room.at)
    line = room.line(command.line_id)
    terms = room.terms(line)
    command = with_down_payment(command, command.installments, terms)
    decided = charge.decide(
        trade=trade,
        merchant=room.merchant(command.merchant_id),
        line=line,
        wallet=room.wallet(command.person_id),
        terms=terms,
        command=command,
        at=room.at,
        offers=_offers(room, command),
        shared=room.shared_by(line),
        acceptance=room.reference.acceptance,
    )
    if not isinstance(decided, Refusal):
        decided = (agreed(room, trade, decided[0]),)
        begin_payment(room, trade, decided[0], charge.pay_of(command), _standing(room, command))
        room.add(room.trades, trade.id, replace(trade, state=TradeState.PAID, payment_id=command.payment_id))
    asked_by: CheckoutBy = "agreement" if command.agreement_id else "till"
    return with_answer(room, decided, trade, line, terms, charge.pay_of(command), by=asked_by)


def _offers(room: Room, command: pay.Pay | charge.Charge) -> pay.Offers:
    """The campaigns that the command names, with what this batch holds of their budgets."""
    if not command.campaign_id and not command.subsidy_id:
        return pay.NO_OFFERS
    coupon, subsidy = (
        offer_of(room, command.person_id, campaign) if (campaign := room.reference.campaigns.get(identifier)) else None
        for identifier in (command.campaign_id, command.subsidy_id)
    )
    return pay.Offers(coupon, subsidy)


def offer_of(room: Room, person_id: int, campaign: Campaign) -> pay.Offer:
    use = room.use(person_id, campaign.id, campaign.year_of(room.at.on))
    return pay.Offer(campaign, room.budgets[campaign.id], use.used, use.borne_minor)


def begin_payment(room: Room, trade: Trade, event: Event, command: pay.Pay, before: Standing) -> None:
    """Shelve the payment that the event begins. before: what its payer had then, for the evidence of her limit."""
    merchant: Merchant = room.merchant(trade.merchant_id)
    terms = room.terms(before.line)
    payment = pay.new_payment(trade, merchant, before.line, terms, event, command, before.shared)
    room.add(room.payments, payment.id, replace(payment, lane=lane_of(payment.id)))


def _standing(room: Room, command: pay.Pay | charge.Charge) -> Standing:
    line = room.line(command.line_id)
    return Standing(line, room.wallet(command.person_id), room.shared_by(line))


def _capture(room: Room, command: capture.Capture) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    terms = room.terms(room.line(payment.line_id))
    trade = room.trade(payment.trade_id)
    decided = capture.decide(payment, room.merchant(payment.merchant_id), terms, command, room.at, trade.detail.sold)
    if isinstance(decided, Refusal):
        return decided
    # What is captured in parts the house lends alone: a loan is funded as one.
    is_funded = decided[0].credit_minor == payment.credit_authorized_minor
    return (agreed(room, trade, decided[0], payment, is_funded=is_funded),)


def _receive(room: Room, command: receive.Receive) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    terms = room.terms(room.line(payment.line_id))
    trade = room.trade(payment.trade_id)
    decided = receive.decide(payment, room.merchant(payment.merchant_id), terms, command, room.at, trade.detail.sold)
    return decided if isinstance(decided, Refusal) else (agreed(room, trade, decided[0], payment),)


def agreed(room: Room, trade: Trade, event: Event, payment: Payment | None = None, *, is_funded: bool = True) -> Event:
    """The event with what was agreed with others: a partner bank's part of the loan, what is frozen of a sale to be shared.

    payment: before the event, where there was one.
    """
    settlement = room.merchant(trade.merchant_id).settlement_on(room.at.on)
    return frozen(room.funded(event) if is_funded else event, trade.detail, settlement, payment)


def _void(room: Room, command: void.Void) -> Events | Refusal:
    return void.decide(room.payment(command.payment_id), command, room.at)


def _refund(room: Room, command: refund.Refund) -> Events | Refusal:
    """A refund that leaves nothing of a payment ends the buyer's request too, whoever asked for it."""
    payment = room.payment(command.payment_id)
    decided = refunded(room, command)
    request_id = payment.particulars.request_id
    if isinstance(decided, Refusal) or not request_id or command.amount_minor < payment.refundable_minor:
        return decided
    after = evolve(payment, decided[0])
    return (*decided, closed(room.request(request_id), after, room.at, how="refunded"))


def refunded(room: Room, command: refund.Refund) -> Events | Refusal:
    """What a refund comes to, with the lender's side of it."""
    payment = room.payment(command.payment_id)
    decided = refund.decide(
        payment=payment,
        merchant=room.merchant(payment.merchant_id),
        balance=room.balance(payment.merchant_id),
        preview=_refund_preview(room, command),
        command=command,
        at=room.at,
        campaign=_campaign_of(room, payment),
        lines=lines_of(room, payment),
    )
    if isinstance(decided, Refusal) or not (isinstance(decided[0], Refunded) and decided[0].drawn):
        return decided
    return (joint.given_back(room.account(payment.line_id), decided[0]), *decided[1:])


def lines_of(room: Room, payment: Payment) -> tuple[OrderLine, ...]:
    return room.trade(payment.trade_id).detail.lines


def _campaign_of(room: Room, payment: Payment) -> Campaign | None:
    return None if payment.coupon is None else room.reference.campaigns[payment.coupon.campaign_id]


def _reverse_refund(room: Room, command: reverse_refund.ReverseRefund) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    history = room.history(payment.line_id) or ()
    return reverse_refund.decide(payment, room.wallet(payment.person_id), command, room.at, history=history)


def _refund_preview(room: Room, command: refund.Refund) -> refund.CreditRefundPreview:
    """What the lender's side makes of the credit part; nothing before receipt, when there is no debt yet."""
    payment = room.payment(command.payment_id)
    line = room.line(payment.line_id)
    if refund.refuse_refund(payment, command.amount_minor) or line is None or payment.state is PaymentState.ESCROWED:
        return refund.NO_PREVIEW
    merchant, campaign = room.merchant(payment.merchant_id), _campaign_of(room, payment)
    credit_minor = refund.split(payment, merchant, campaign, command.amount_minor).credit_minor
    if not credit_minor:
        return refund.NO_PREVIEW
    found = credit_refund.preview(
        room.account(line.id),
        payment.id,
        credit_minor,
        command.value_on or room.at.on,
        room.program(line),
        history=room.history(line.id),
        closed=line.state is LineState.CLOSED,
    )
    return refund.CreditRefundPreview(
        excess_minor=found.excess_minor,
        merchant_fee_back_minor=found.merchant_fee_back_minor,
        subsidy_back=found.subsidy_back,
    )


def _close(room: Room, command: close.Close) -> Events | Refusal:
    trade = room.trade(command.trade_id)
    decided = close.decide(trade, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.trades, trade.id, replace(trade, state=TradeState.CLOSED))
    return decided


# ── which rows they need ─────────────────────────────────────────────────────────────────────────────────────────


def _of_payment(room: Room, command: Any) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    return Needs(
        trades_seen=(payment.trade_id,),
        lines=(payment.line_id,) if payment.line_id else (),
        wallets=(payment.person_id,) if payment.wallet_authorized_minor or _is_counted(payment) else (),
        uses=(payment.person_id,) if _is_counted(payment) else (),
        budgets=_gives_back(payment),
    )


def _of_refund(room: Room, command: refund.Refund) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    request_id = payment.particulars.request_id
    return refund_needs(room, payment, command.value_on)._replace(requests=(request_id,) if request_id else ())


def is_swept(room: Room, payment: Payment) -> bool:
    """Whether the window of a sale that was received is over."""
    return payment.is_swept(room.merchant(payment.merchant_id).settlement_on(room.at.on), room.at)


def refund_needs(room: Room, payment: Payment, value_on: date | None = None) -> Needs:
    """What it takes to refund a payment, all or part of it."""
    before = payment.state is PaymentState.ESCROWED
    line = (payment.line_id,) if payment.line_id else ()
    return Needs(
        trades_seen=(payment.trade_id,),
        lines=line if before and not payment.drawn else (),
        accounts=line if payment.drawn or not before else (),  # of a loan in escrow a part may be a partner bank's
        histories=line if value_on and not before else (),
        # The excess of a refund above all debt goes to the wallet, so it is locked with the account.
        wallets=(payment.person_id,) if payment.wallet_authorized_minor or _is_counted(payment) or not before else (),
        uses=(payment.person_id,) if _is_counted(payment) else (),
        budgets=_gives_back(payment),
        balances=(payment.merchant_id,) if not before and is_swept(room, payment) else (),
    )


def _of_reversal(room: Room, command: reverse_refund.ReverseRefund) -> Needs:
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    line = (payment.line_id,) if payment.line_id else ()
    return Needs(trades_seen=(payment.trade_id,), accounts=line, histories=line, wallets=(payment.person_id,))


def _pay_needs(command: Any) -> Needs:
    return Needs(
        trades=(command.trade_id,),
        lines=(command.line_id,) if command.credit_minor and command.line_id else (),
        # Her wallet is locked with a campaign too: so nobody counts what she has had of it at the same time.
        wallets=(command.person_id,) if command.wallet_minor or _names_campaign(command) else (),
        uses=(command.person_id,) if _names_campaign(command) else (),
        budgets=_draws_of(command),
    )


def _charge_needs(command: Any) -> Needs:
    if command.agreement_id:
        return Needs(agreements=(command.agreement_id,), budgets=_draws_of(command))
    return Needs(
        lines=(command.line_id,) if command.credit_minor and command.line_id else (),
        wallets=(command.person_id,) if command.wallet_minor or _names_campaign(command) else (),
        uses=(command.person_id,) if _names_campaign(command) else (),
        budgets=_draws_of(command),
    )


def _names_campaign(command: pay.Pay | charge.Charge) -> bool:
    return bool(command.campaign_id or command.subsidy_id)


def _is_counted(payment: Payment) -> bool:
    """Whether what becomes of it changes what she has had of a campaign."""
    of_fee = payment.plan.subsidy if payment.plan else None
    return payment.coupon is not None or (of_fee is not None and of_fee.year > 0)


def _gives_back(payment: Payment) -> tuple[Draw, ...]:
    """Campaigns that bear a part of a payment, or of its plan's fee: something of it may come back."""
    parts = (payment.coupon, payment.plan.subsidy if payment.plan else None)
    return tuple(Draw(part.campaign_id, 0) for part in parts if part is not None)


def _draws_of(command: Any) -> tuple[Draw, ...]:
    of_order = (Draw(command.campaign_id, max(command.coupon_minor, 0)),) if command.campaign_id else ()
    of_fee = (Draw(command.subsidy_id, max(command.subsidy_minor, 0)),) if command.subsidy_id else ()
    return of_order + of_fee


def _of_down_payment(room: Room, command: pay.Pay | charge.Charge) -> Needs:
    """Her wallet, where the terms of her line take a part of an order in installments from it."""
    trade: Trade | None = room.trades.get(command.trade_id)
    terms = room.terms(room.line(command.line_id))
    count = command.installments or (trade.installments if trade is not None else 0)
    if not count or terms is None or not terms.down_payment_share or command.person_id in room.wallets:
        return NOTHING
    return Needs(wallets=(command.person_id,))


def _of_agreement(room: Room, command: charge.Charge) -> Needs:
    if not command.agreement_id:
        return _of_down_payment(room, command)
    agreement = room.agreements.get(command.agreement_id)
    if agreement is None:
        return NOTHING
    # Whether the terms ask for a down payment is known only when the line is there.
    from_wallet = command.wallet_minor or _names_campaign(command) or (command.credit_minor and command.installments)
    return Needs(
        lines=(agreement.line_id,) if command.credit_minor and agreement.line_id else (),
        wallets=(agreement.person_id,) if from_wallet else (),
        uses=(agreement.person_id,) if _names_campaign(command) else (),
    )


ACTIONS: dict[type, Action] = {
    ask.Ask: Action(own("trade_id"), lambda command: NOTHING, _ask),
    pay.Pay: Action(own("payment_id"), _pay_needs, _pay, _of_down_payment),
    charge.Charge: Action(own("payment_id"), _charge_needs, _charge, _of_agreement),
    capture.Capture: Action(beside("payment_id"), by(payments="payment_id"), _capture, _of_payment),
    receive.Receive: Action(beside("payment_id"), by(payments="payment_id"), _receive, _of_payment),
    void.Void: Action(beside("payment_id"), by(payments="payment_id"), _void, _of_payment),
    refund.Refund: Action(beside("payment_id"), by(payments="payment_id"), _refund, _of_refund),
    reverse_refund.ReverseRefund: Action(
        beside("payment_id"), by(payments="payment_id"), _reverse_refund, _of_reversal
    ),
    close.Close: Action(beside("trade_id"), by(trades="trade_id"), _close),
}
