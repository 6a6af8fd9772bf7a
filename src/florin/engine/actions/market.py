"""Where credit may be spent: ecosystems taken in and changed, experiments, and what checkouts showed."""

from __future__ import annotations

from typing import Any

from florin.engine.actions.action import NOTHING, Action, Events, Needs, beside
from florin.engine.ids import IdBlocks, lane_for
from florin.engine.room import Room
from florin.engine.submission import NotFound
from florin.engine.tables.acceptance import (
    ACCEPTANCE_VERSION,
    EXPERIMENT,
    EXPERIMENT_END,
    Head,
    experiment_row,
    version_row,
)
from florin.events.market import AcceptanceChanged
from florin.events.refusals import Refusal
from florin.market import change, checkout, experiment


def _add_ecosystem(room: Room, command: change.AddEcosystem) -> Events | Refusal:
    """A row for each version that is new; the titles, programs and markets go with the last of them."""
    acceptance, ecosystem = room.reference.acceptance, command.ecosystem
    decided = change.decide_add(command, acceptance, room.at)
    if isinstance(decided, Refusal):
        return decided
    new = decided[0].versions
    known = len(ecosystem.versions) - len(new)
    head = Head(**{field: getattr(ecosystem, field) for field in Head.__struct_fields__})
    for place, version in enumerate(new, start=1):
        row = version_row(
            acceptance.revision + place,
            ecosystem.name,
            known + place,
            version,
            head if place == len(new) else None,
        )
        room.add_row(ACCEPTANCE_VERSION, row)
    return decided


def _change_acceptance(room: Room, command: change.ChangeAcceptance) -> Events | Refusal:
    acceptance = room.reference.acceptance
    decided = change.decide_change(command, acceptance, room.at)
    if not isinstance(decided, Refusal):
        changed: AcceptanceChanged = decided[0]
        row = version_row(acceptance.revision + 1, changed.ecosystem, changed.number, changed.version)
        room.add_row(ACCEPTANCE_VERSION, row)
    return decided


def _start_experiment(room: Room, command: experiment.StartExperiment) -> Events | Refusal:
    acceptance = room.reference.acceptance
    decided = experiment.decide_start(command, acceptance, room.at)
    if not isinstance(decided, Refusal):
        number = 1 + max((each.number for each in acceptance.experiments), default=0)
        room.add_row(EXPERIMENT, experiment_row(number, experiment.experiment_of(command)))
    return decided


def _end_experiment(room: Room, command: experiment.EndExperiment) -> Events | Refusal:
    decided = experiment.decide_end(command, room.reference.acceptance, room.at)
    if not isinstance(decided, Refusal):
        room.add_row(EXPERIMENT_END, (command.name, room.at.on))
    return decided


def _open_checkout(room: Room, command: checkout.OpenCheckout) -> Events | Refusal:
    if command.merchant_id not in room.reference.merchants:
        return NotFound(what="merchant", id=command.merchant_id)
    return checkout.decide(command, room.at)


def _of_name(command: Any, ids: IdBlocks) -> int:
    """A fresh id in the lane of an ecosystem's or an experiment's name."""
    if isinstance(command, change.AddEcosystem):
        name = command.ecosystem.name
    else:
        name = command.ecosystem if isinstance(command, change.ChangeAcceptance) else command.name
    return ids.take(lane_for(f"market/{name}"))


def _nothing(command: Any) -> Needs:
    return NOTHING


ACTIONS: dict[type, Action] = {
    change.AddEcosystem: Action(_of_name, _nothing, _add_ecosystem),
    change.ChangeAcceptance: Action(_of_name, _nothing, _change_acceptance),
    experiment.StartExperiment: Action(_of_name, _nothing, _start_experiment),
    experiment.EndExperiment: Action(_of_name, _nothing, _end_experiment),
    checkout.OpenCheckout: Action(beside("person_id"), _nothing, _open_checkout),
}
