"""The line: opened, limited, frozen, repaid, corrected, closed; and the clock's hour."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from florin.campaigns.budget import Draw
from florin.credit import (
    autopay,
    decline,
    freeze,
    limit,
    move_cycle,
    plan_payoff,
    refold,
    repay,
    repayment_hold,
    return_repayment,
    shared_limit,
)
from florin.credit import close as close_line
from florin.credit import open as open_line
from florin.credit.shared_limit import SetSharedLimit, SharedExposure
from florin.engine.actions.action import NOTHING, Action, Events, Needs, beside, by, of_account
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.events.refusals import Refusal


class AdvanceLine(msgspec.Struct, frozen=True, kw_only=True):
    """Let the clock act on one line up to the business date: the day close's own command. It has no event of its own."""

    line_id: int


def _open_line(room: Room, command: open_line.OpenLine) -> Events | Refusal:
    existing = room.line_under(command.person_id, command.program)
    decided = open_line.decide(command, room.at, program=room.reference.program(command.program), existing=existing)
    if not isinstance(decided, Refusal):
        _share(room, command.person_id, room.reference.group_of(command.program))
    return decided


def _share(room: Room, person_id: int, group: str) -> None:
    """The guard of the first line in a group."""
    if group and (person_id, group) not in room.shared:
        guard = SharedExposure(lane=lane_of(person_id), person_id=person_id, group=group)
        room.add(room.shared, (person_id, group), guard)


def _set_shared_limit(room: Room, command: SetSharedLimit) -> Events | Refusal:
    key = (command.person_id, command.group)
    guard: SharedExposure | None = room.shared.get(key)
    decided = shared_limit.decide(guard, command, room.at)
    if guard is not None and not isinstance(decided, Refusal):
        room.change(room.shared, key, replace(guard, limit_minor=command.limit_minor))
    return decided


def _set_limit(room: Room, command: limit.SetLimit) -> Events | Refusal:
    line = room.named_line(command)
    return limit.decide(line, command, room.at, program=room.program(line))


def _give_uplift(room: Room, command: limit.GiveUplift) -> Events | Refusal:
    line = room.named_line(command)
    return limit.decide_uplift(line, command, room.at, program=room.program(line))


def _decline(room: Room, command: decline.DeclineCredit) -> Events | Refusal:
    return decline.decide(room.line(command.line_id), command, room.at)


def _set_autopay(room: Room, command: autopay.SetAutopay) -> Events | Refusal:
    line = room.named_line(command)
    return autopay.decide_sources(line, command, room.at)


def _try_autopay(room: Room, command: autopay.TryAutopay) -> Events:
    line = room.named_line(command)
    return autopay.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
    )


def _fail_autopay(room: Room, command: autopay.FailAutopay) -> Events:
    line = room.named_line(command)
    return autopay.decide_failed(line, command, room.at)


def _freeze(room: Room, command: freeze.FreezeLine) -> Events | Refusal:
    line = room.named_line(command)
    return freeze.decide(line, command, room.at)


def _repay(room: Room, command: repay.Repay) -> Events | Refusal:
    line = room.named_line(command)
    return repay.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        wallet_balance_minor=room.wallet(line.person_id).balance_minor,
        program=room.program(line),
        history=room.history(line.id),
    )


def _pay_credit_balance(room: Room, command: repayment_hold.PayCreditBalance) -> Events:
    line = room.named_line(command)
    return repayment_hold.decide_payment(line, room.account(line.id), room.at, program=room.program(line))


def _return_repayment(room: Room, command: return_repayment.ReturnRepayment) -> Events | Refusal:
    line = room.named_line(command)
    return return_repayment.decide(line, command, room.at, history=room.history(line.id))


def _refold(room: Room, command: refold.RefoldLine) -> Events | Refusal:
    line = room.named_line(command)
    return refold.decide(
        line,
        room.account(line.id),
        command,
        room.at,
        program=room.program(line),
        history=room.history(line.id) or (),
        posted=room.posted_of(line.id),
    )


# ── which rows they need ─────────────────────────────────────────────────────────────────────────────────────────


def _repayment_needs(command: repay.Repay) -> Needs:
    backdated = (command.line_id,) if command.value_on else ()
    return Needs(accounts=(command.line_id,), histories=backdated)


def of_repayment(room: Room, command: Any) -> Needs:
    """The wallet beside the line: what it pays, or is paid."""
    line = room.line(command.line_id)
    if line is None:
        return NOTHING
    if not isinstance(command, plan_payoff.PayOffPlan):
        return Needs(wallets=(line.person_id,))
    plans = room.account(line.id).plans
    borne = [plan.subsidy for plan in plans if plan.item_id == command.item_id and plan.subsidy]
    return Needs(
        wallets=(line.person_id,),
        uses=(line.person_id,) if any(part.year for part in borne) else (),
        budgets=tuple(Draw(campaign_id, 0) for campaign_id in sorted({part.campaign_id for part in borne})),
    )


def _of_opening(room: Room, command: open_line.OpenLine) -> Needs:
    """Her wallet is locked by now, so nobody opens a line for her between this look and the commit."""
    if command.person_id not in room.wallets:
        return NOTHING
    shared = (command.person_id,) if room.reference.group_of(command.program) else ()
    return Needs(lines_seen=(command.person_id,), shared=shared)


ACTIONS: dict[type, Action] = {
    open_line.OpenLine: Action(beside("line_id"), by(wallets="person_id"), _open_line, _of_opening),
    SetSharedLimit: Action(beside("person_id"), by(wallets="person_id", shared="person_id"), _set_shared_limit),
    limit.SetLimit: Action(beside("line_id"), by(lines="line_id"), _set_limit),
    limit.GiveUplift: Action(beside("line_id"), by(lines="line_id"), _give_uplift),
    decline.DeclineCredit: Action(
        beside("person_id"),
        lambda command: Needs(wallets=(command.person_id,), lines=(command.line_id,) if command.line_id else ()),
        _decline,
    ),
    autopay.SetAutopay: Action(beside("line_id"), by(lines="line_id"), _set_autopay),
    autopay.TryAutopay: Action(beside("line_id"), by(accounts="line_id"), _try_autopay, of_repayment),
    autopay.FailAutopay: Action(beside("line_id"), by(lines="line_id"), _fail_autopay),
    freeze.FreezeLine: Action(beside("line_id"), by(lines="line_id"), _freeze),
    freeze.UnfreezeLine: Action(beside("line_id"), by(lines="line_id"), _freeze),
    move_cycle.MoveCycle: Action(beside("line_id"), by(accounts="line_id"), of_account(move_cycle.decide)),
    close_line.CloseLine: Action(beside("line_id"), by(accounts="line_id"), of_account(close_line.decide)),
    repay.Repay: Action(beside("line_id"), _repayment_needs, _repay, of_repayment),
    repayment_hold.ConfirmRepayment: Action(
        beside("line_id"), by(accounts="line_id"), of_account(repayment_hold.decide), of_repayment
    ),
    repayment_hold.PayCreditBalance: Action(
        beside("line_id"), by(accounts="line_id"), _pay_credit_balance, of_repayment
    ),
    return_repayment.ReturnRepayment: Action(
        beside("line_id"), by(accounts="line_id", histories="line_id"), _return_repayment
    ),
    refold.RefoldLine: Action(
        beside("line_id"), by(accounts="line_id", histories="line_id", posted="line_id"), _refold
    ),
    AdvanceLine: Action(beside("line_id"), by(accounts="line_id"), lambda room, command: ()),
}
