"""Plans made of what is owed already, and relief for who cannot pay as agreed."""

from __future__ import annotations

from datetime import date
from typing import Literal

from florin.events.base import Event
from florin.events.parts import InstallmentChoice


class PurchaseConverted(Event, frozen=True, kw_only=True):
    """A purchase (item_id: its payment) went into installments after it was made."""

    kind = 70
    item_id: int
    amount_minor: int
    plan: InstallmentChoice


class BillConverted(Event, frozen=True, kw_only=True):
    """So much of the bill closed on a day went into installments; what is left of it is due as it was."""

    kind = 71
    closes_on: date
    amount_minor: int
    plan: InstallmentChoice


class ReAged(Event, frozen=True, kw_only=True):
    """By agreement nothing is past due any more: what least payments lacked since past_due_on is asked for by later bills."""

    kind = 150
    arrears_minor: int
    past_due_on: date
    reason: str


class HardshipAgreed(Event, frozen=True, kw_only=True):
    """All that was owed became one plan at a reduced rate, and nothing new is bought while it runs.

    amount: the principal in it. charges: what else was owed, spread beside it and bearing nothing. penalty_waived: penalties
    are no part of it and owed no more.
    """

    kind = 151
    amount_minor: int
    charges_minor: int
    plan: InstallmentChoice
    penalty_waived: bool
    reason: str


class HardshipEnded(Event, frozen=True, kw_only=True):
    """The plan was kept to its end; or so much of an installment was missed for too long, and it is over."""

    kind = 152
    kept: bool
    missed_minor: int = 0


class HardshipEndedEarly(Event, frozen=True, kw_only=True):
    """By agreement the plan is over before it was paid or broken.

    rest: what was to come (rest_minor, interest of the plan included) is due with the next bill and owes no more of that
    interest, or goes on in its installments.
    """

    kind = 200
    rest: Literal["due_at_once", "continue"]
    rest_minor: int
    reason: str
