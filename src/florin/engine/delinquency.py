"""Delinquency in the room: what actions on overdue lines ask their pure rules. `actions.py` says which rows they need."""

from __future__ import annotations

from collections.abc import Sequence

from florin.credit import charge_off as charge_offs
from florin.credit import collect, hardship, pause, provision, sell_claims
from florin.credit import reage as reages
from florin.engine.clock import ZONE
from florin.engine.room import Room
from florin.events import Event
from florin.events.refusals import Refusal

Events = Sequence[Event]


def charge_off(room: Room, command: charge_offs.ChargeOff) -> Events | Refusal:
    line = room.named_line(command)
    return charge_offs.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def provide(room: Room, command: provision.Provision) -> Events:
    return provision.decide(command, room.at, lambda program: room.reference.terms(program, room.at.on))


def work_case(
    room: Room, command: collect.AssignCase | collect.NoteCase | collect.Contact | collect.PromiseToPay
) -> Events | Refusal:
    line = room.named_line(command)
    local = room.at.instant.astimezone(ZONE)
    return collect.decide(line, room.account(line.id), command, room.at, local=local, program=room.program(line))


def pause_collection(room: Room, command: pause.PauseCollection | pause.ResumeCollection) -> Events | Refusal:
    line = room.named_line(command)
    return pause.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def reage(room: Room, command: reages.ReAge) -> Events | Refusal:
    line = room.named_line(command)
    return reages.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def agree_hardship(room: Room, command: hardship.AgreeHardship) -> Events | Refusal:
    line = room.named_line(command)
    return hardship.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def sell(room: Room, command: sell_claims.SellClaims) -> Events | Refusal:
    line = room.named_line(command)
    return sell_claims.decide(line, room.account(line.id), command, room.at, program=room.program(line))


def charge_cost(room: Room, command: collect.ChargeCost) -> Events | Refusal:
    line = room.named_line(command)
    return collect.decide_cost(line, room.account(line.id), command, room.at)
