"""Actions: for each command, which rows it needs and which pure rule it runs. The whole of what the engine can do.

`place` is the id of the command's first event: it says in which lane the answer is kept. `needs` names rows by id: first
those that the command names itself, then, when these are loaded, those that they name. `rule` runs in the room and gives
events or a refusal; what the events do is `Room.record`.
"""

from __future__ import annotations

from florin.engine.actions import (
    bank,
    campaigns,
    collection,
    lines,
    market,
    parents,
    partners,
    payments,
    people,
    plans,
    requests,
    settlement,
    sharing,
)
from florin.engine.actions.action import NOTHING, Action, Needs
from florin.engine.actions.lines import AdvanceLine
from florin.payments.capture import Capture
from florin.payments.charge import Charge
from florin.payments.pay import Pay
from florin.payments.pay_parent import PayParent
from florin.payments.receive import Receive

__all__ = ["ACTIONS", "DRAWING", "NOTHING", "Action", "AdvanceLine", "Needs"]

ACTIONS: dict[type, Action] = {
    **people.ACTIONS,
    **lines.ACTIONS,
    **plans.ACTIONS,
    **collection.ACTIONS,
    **payments.ACTIONS,
    **parents.ACTIONS,
    **requests.ACTIONS,
    **campaigns.ACTIONS,
    **partners.ACTIONS,
    **market.ACTIONS,
    **settlement.ACTIONS,
    **sharing.ACTIONS,
    **bank.ACTIONS,
}

# Commands that may begin a loan: for these alone the batch looks at what the caps of funding agreements leave.
DRAWING = (Pay, PayParent, Charge, Capture, Receive)
