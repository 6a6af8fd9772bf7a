"""Agreements with partner banks, and what is settled with them."""

from __future__ import annotations

from msgspec.structs import replace

from florin.credit import funding
from florin.credit.program import program_names
from florin.engine.actions.action import NOTHING, Action, Events, beside, by, in_lane, own
from florin.engine.ids import lane_of
from florin.engine.room import Room
from florin.engine.tables.joint import FUNDING_CAP
from florin.events.refusals import Refusal


def _open_funding(room: Room, command: funding.OpenFunding) -> Events | Refusal:
    decided = funding.decide(
        command,
        room.at,
        terms_of=lambda program: room.reference.terms(program, room.at.on),
        programs=program_names(),
        others=[*room.reference.fundings, *room.fundings.values()],
    )
    if not isinstance(decided, Refusal):
        agreement = funding.agreement_of(decided[0], lane=lane_of(command.agreement_id))
        room.add(room.fundings, agreement.id, agreement)
        room.add_row(FUNDING_CAP, (agreement.lane, agreement.id, agreement.cap_minor))
    return decided


def _close_funding(room: Room, command: funding.CloseFunding) -> Events | Refusal:
    agreement: funding.FundingAgreement = room.fundings[command.agreement_id]
    decided = funding.decide_closed(agreement, command, room.at)
    if not isinstance(decided, Refusal):
        room.change(room.fundings, agreement.id, replace(agreement, state="closed"))
    return decided


ACTIONS: dict[type, Action] = {
    funding.OpenFunding: Action(own("agreement_id"), lambda command: NOTHING, _open_funding),
    funding.CloseFunding: Action(beside("agreement_id"), by(fundings="agreement_id"), _close_funding),
    funding.SettlePartner: Action(
        in_lane,
        lambda command: NOTHING,
        lambda room, command: funding.decide_settled(command, room.at),
    ),
}
