"""Breaks between the bank and the books, and receipts that fit nothing."""

from __future__ import annotations

from florin.engine.actions.action import NOTHING, Action, Events, beside, by, in_lane, own
from florin.engine.actions.settlement import send
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.events.refusals import Refusal
from florin.payments import bank_break
from florin.wallet import receipt
from florin.wallet.payout import answered


def _find(room: Room, command: bank_break.FindBreak) -> Events:
    events = bank_break.decide_found(command, room.at)
    found = bank_break.break_of(events[0], lane=lane_of(command.break_id))
    room.add(room.breaks, found.id, found)
    return events


def _assign(room: Room, command: bank_break.AssignBreak) -> Events | Refusal:
    found = room.breaks[command.break_id]
    decided = bank_break.decide_assigned(found, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.breaks, found.id, bank_break.evolve_break(found, decided[0]))
    return decided


def _resolve(room: Room, command: bank_break.ResolveBreak) -> Events | Refusal:
    found = room.breaks[command.break_id]
    decided = bank_break.decide_resolved(found, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.breaks, found.id, bank_break.evolve_break(found, decided[0]))
    return decided


def _keep(room: Room, command: receipt.KeepReceipt) -> Events | Refusal:
    decided = receipt.decide_kept(command, room.at)
    if not isinstance(decided, Refusal):
        kept = receipt.receipt_of(decided[0], identifier=command.receipt_id, lane=lane_of(command.receipt_id))
        room.add(room.receipts, kept.id, kept)
    return decided


def _allocate(room: Room, command: receipt.AllocateReceipt) -> Events | Refusal:
    kept = room.receipts[command.receipt_id]
    decided = receipt.decide_allocated(kept, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.receipts, kept.id, receipt.evolve_receipt(kept, decided[0]))
    return decided


def _send_back(room: Room, command: receipt.SendBackReceipt) -> Events | Refusal:
    kept = room.receipts[command.receipt_id]
    decided = receipt.decide_sent_back(kept, command, room.at)
    if not isinstance(decided, Refusal):
        changed = receipt.evolve_receipt(kept, decided[0], payout_id=command.payout_id)
        room.change(room.receipts, kept.id, changed)
        send(room, command.payout_id, kept.amount_minor)
    return decided


def _answer(room: Room, command: receipt.SettleSentBack) -> Events | Refusal:
    kept, sent = room.receipts[command.receipt_id], room.payouts[command.payout_id]
    decided = receipt.decide_answered(kept, sent, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.receipts, kept.id, receipt.evolve_receipt(kept, decided[0]))
        done = answered(sent, returned=command.returned, bank_reference=command.bank_reference, on=room.at.on)
        room.change(room.payouts, sent.id, done)
    return decided


ACTIONS: dict[type, Action] = {
    bank_break.FindBreak: Action(own("break_id"), lambda command: NOTHING, _find),
    bank_break.AssignBreak: Action(beside("break_id"), by(breaks="break_id"), _assign),
    bank_break.ResolveBreak: Action(beside("break_id"), by(breaks="break_id"), _resolve),
    bank_break.RecordBankCharge: Action(
        in_lane, lambda command: NOTHING, lambda room, command: bank_break.decide_charge(command, room.at)
    ),
    receipt.KeepReceipt: Action(own("receipt_id"), lambda command: NOTHING, _keep),
    receipt.AllocateReceipt: Action(beside("receipt_id"), by(receipts="receipt_id"), _allocate),
    receipt.SendBackReceipt: Action(own("payout_id"), by(receipts="receipt_id"), _send_back),
    receipt.SettleSentBack: Action(beside("receipt_id"), by(receipts="receipt_id", payouts="payout_id"), _answer),
}
