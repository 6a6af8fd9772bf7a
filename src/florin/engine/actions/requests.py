"""Receipt put off, refund requests and disputes: what buyer, seller, operator and clock do while money waits."""

from __future__ import annotations

from typing import Any

from florin.engine.actions.action import NOTHING, Action, Events, Needs, beside, by
from florin.engine.actions.payments import is_swept, lines_of, refund_needs, refunded
from florin.engine.room import Room
from florin.events.refusals import Refusal
from florin.payments import extend, ship
from florin.payments.refund import Refund
from florin.payments.requests import answer, ask, dispute, lapse, send_back, withdraw
from florin.payments.requests.carry_out import Refunding
from florin.payments.requests.terms import EscrowTerms, escrow_terms


def _terms(room: Room) -> EscrowTerms:
    return escrow_terms(room.at.on)


def _refunding(room: Room) -> Refunding:
    def refunding(command: Refund) -> Events | Refusal:
        return refunded(room, command)

    return refunding


def _extend_receipt(room: Room, command: extend.ExtendReceipt) -> Events | Refusal:
    return extend.decide_receipt(room.payment(command.payment_id), command, room.at, terms=_terms(room))


def _extend_authorization(room: Room, command: extend.ExtendAuthorization) -> Events | Refusal:
    return extend.decide_authorization(room.payment(command.payment_id), command, room.at, terms=_terms(room))


def _ship(room: Room, command: ship.Ship) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    return ship.decide(payment, lines_of(room, payment), command, room.at)


def _ask(room: Room, command: ask.RequestRefund) -> Events | Refusal:
    payment = room.payment(command.payment_id)
    return ask.decide(payment, lines_of(room, payment), command, room.at, terms=_terms(room))


def _answer(room: Room, command: answer.AnswerRequest) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    lines = lines_of(room, payment)
    return answer.decide(request, payment, lines, command, room.at, terms=_terms(room), refunding=_refunding(room))


def _send_back(room: Room, command: send_back.SendBack) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    return send_back.decide(request, payment, command, room.at, terms=_terms(room))


def _withdraw(room: Room, command: withdraw.WithdrawRequest) -> Events | Refusal:
    return withdraw.decide(room.request(command.request_id), room.payment(command.payment_id), command, room.at)


def _open_dispute(room: Room, command: dispute.OpenDispute) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    balance = room.balance(payment.merchant_id)
    swept = is_swept(room, payment)
    return dispute.decide_open(request, payment, balance, command, room.at, terms=_terms(room), is_swept=swept)


def _give_evidence(room: Room, command: dispute.GiveEvidence) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    return dispute.decide_evidence(request, payment, command, room.at, terms=_terms(room))


def _decide(room: Room, command: dispute.DecideDispute) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    lines = lines_of(room, payment)
    return dispute.decide_decision(request, payment, lines, command, room.at, refunding=_refunding(room))


def _lapse(room: Room, command: lapse.LapseRequest) -> Events | Refusal:
    request, payment = room.request(command.request_id), room.payment(command.payment_id)
    lines = lines_of(room, payment)
    return lapse.decide(request, payment, lines, command, room.at, terms=_terms(room), refunding=_refunding(room))


# ── which rows they need ──────────────────────────────────────────────────────────────────────────────────────────


def _of_trade(room: Room, command: Any) -> Needs:
    payment = room.payments.get(command.payment_id)
    return NOTHING if payment is None else Needs(trades_seen=(payment.trade_id,))


def _of_refund(room: Room, command: Any) -> Needs:
    payment = room.payments.get(command.payment_id)
    return NOTHING if payment is None else refund_needs(room, payment)


def _of_dispute(room: Room, command: dispute.OpenDispute) -> Needs:
    """The seller's balance, where the sale was swept: a payout that comes at the same time waits for this, or this for it."""
    payment = room.payments.get(command.payment_id)
    if payment is None:
        return NOTHING
    swept = payment.payable_on is not None and is_swept(room, payment)
    return Needs(trades_seen=(payment.trade_id,), balances=(payment.merchant_id,) if swept else ())


_PAYMENT = by(payments="payment_id")
_REQUEST = by(payments="payment_id", requests="request_id")
_BESIDE = beside("payment_id")

ACTIONS: dict[type, Action] = {
    extend.ExtendReceipt: Action(_BESIDE, _PAYMENT, _extend_receipt, _of_trade),
    extend.ExtendAuthorization: Action(_BESIDE, _PAYMENT, _extend_authorization, _of_trade),
    ship.Ship: Action(_BESIDE, _PAYMENT, _ship, _of_trade),
    ask.RequestRefund: Action(_BESIDE, _PAYMENT, _ask, _of_trade),
    answer.AnswerRequest: Action(_BESIDE, _REQUEST, _answer, _of_refund),
    send_back.SendBack: Action(_BESIDE, _REQUEST, _send_back, _of_trade),
    withdraw.WithdrawRequest: Action(_BESIDE, _REQUEST, _withdraw, _of_trade),
    dispute.OpenDispute: Action(_BESIDE, _REQUEST, _open_dispute, _of_dispute),
    dispute.GiveEvidence: Action(_BESIDE, _REQUEST, _give_evidence, _of_trade),
    dispute.DecideDispute: Action(_BESIDE, _REQUEST, _decide, _of_refund),
    lapse.LapseRequest: Action(_BESIDE, _REQUEST, _lapse, _of_refund),
}
