"""The budget: an allotment cut into slices, of which a batch holds some, and what every event draws from it.

A batch may hold one slice or all of them; it spends only what it holds. The database guards each slice
(`campaign_spends_at_most_its_budget`), so the sum is guarded too. What is given back goes into a slice that the batch holds,
which need not be the one that it was drawn from, and may be recalled from there: so only the sums of all slices say what was
allotted and spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from florin.events import (
    Authorized,
    CampaignPart,
    CampaignRecalled,
    CampaignToppedUp,
    Captured,
    Escrowed,
    Event,
    Received,
    Refunded,
    Repaid,
    Voided,
)
from florin.events.refusals import Refusal
from florin.money import split_minor
from florin.money.at import At


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a budget. spent: drawn less given back; below zero where more came back than was drawn here,
    and allotted too, where that was recalled.
    """

    number: int
    allotted_minor: int
    spent_minor: int = 0

    @property
    def left_minor(self) -> int:
        return self.allotted_minor - self.spent_minor


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch holds of a campaign's budget: some slices, at least one, or all of them."""

    id: int
    lane: int
    slices: tuple[Slice, ...]

    @property
    def left_minor(self) -> int:
        """What may be spent of these slices."""
        return sum(slice.left_minor for slice in self.slices)


class Draw(NamedTuple):
    """What a command wants of a campaign's budget; 0: it may only give back."""

    campaign_id: int
    amount_minor: int


class TopUpCampaign(msgspec.Struct, frozen=True, kw_only=True):
    campaign_id: int
    amount_minor: int


class RecallBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Take back so much of what is not spent."""

    campaign_id: int
    amount_minor: int


class CampaignBudgetSpent(Refusal, frozen=True, kw_only=True):
    en = "The budget of {campaign} has {left_minor} left, {short_minor} too little for this. Pay without it, or with another."
    zh = "活动“{campaign}”预算剩余{left_minor}，还差{short_minor}。请不使用该优惠付款，或换一个优惠。"

    campaign: str
    left_minor: int
    short_minor: int


class RecallExceedsBudget(Refusal, frozen=True, kw_only=True):
    en = "Only {left_minor} of this budget is not spent; {requested_minor} was asked. Recall at most that."
    zh = "该预算未使用部分为{left_minor}，申请收回{requested_minor}，请减少金额。"

    requested_minor: int
    left_minor: int


class BudgetAmountOutOfRange(Refusal, frozen=True, kw_only=True):
    en = "A budget changes by an amount above zero and up to {most_minor}; it was {requested_minor}."
    zh = "预算变动金额须大于零且不超过{most_minor}，收到的是{requested_minor}。"

    requested_minor: int
    most_minor: int


BUDGET_MINOR_MAX = 10**13


def new_budget(campaign_id: int, *, lane: int, budget_minor: int, slices: int) -> Budget:
    """All slices of a new budget, near-equal."""
    parts = enumerate(split_minor(budget_minor, slices))
    return Budget(
        id=campaign_id, lane=lane, slices=tuple(Slice(number=number, allotted_minor=minor) for number, minor in parts)
    )


def refuse_amount(amount_minor: int) -> Refusal | None:
    if 0 < amount_minor <= BUDGET_MINOR_MAX:
        return None
    return BudgetAmountOutOfRange(requested_minor=amount_minor, most_minor=BUDGET_MINOR_MAX)


def decide_top_up(command: TopUpCampaign, at: At) -> tuple[CampaignToppedUp] | Refusal:
    if refusal := refuse_amount(command.amount_minor):
        return refusal
    return (CampaignToppedUp(value_on=at.on, campaign_id=command.campaign_id, amount_minor=command.amount_minor),)


def decide_recall(budget: Budget, command: RecallBudget, at: At) -> tuple[CampaignRecalled] | Refusal:
    """budget: with at least what is recalled, or whole."""
    if refusal := refuse_amount(command.amount_minor):
        return refusal
    if command.amount_minor > budget.left_minor:
        return RecallExceedsBudget(requested_minor=command.amount_minor, left_minor=budget.left_minor)
    return (CampaignRecalled(value_on=at.on, campaign_id=command.campaign_id, amount_minor=command.amount_minor),)


def drawn_by(event: Event) -> Counter[int]:
    """By campaign, how much more of its budget is spent after an event; below zero comes back."""
    drawn: Counter[int] = Counter()
    for part, change_minor in _changes(event):
        drawn[part.campaign_id] += change_minor
    return drawn


def borne_in_year_by(event: Event) -> Counter[tuple[int, int]]:
    """By campaign and calendar year, how much more counts against the cap of the event's person; what comes back counts in the
    year in which it was given.
    """
    borne: Counter[tuple[int, int]] = Counter()
    for part, change_minor in _changes(event):
        if part.year:
            borne[part.campaign_id, part.year] += change_minor
    return borne


def _changes(event: Event) -> Iterator[tuple[CampaignPart, int]]:
    for part in _borne(event):
        yield part, part.amount_minor - part.held_minor
    for part in _returned(event):
        yield part, -part.amount_minor


def _borne(event: Event) -> list[CampaignPart]:
    """What campaigns bear by an event: of the order, and of its plan's fee."""
    match event:
        case Authorized() | Escrowed() | Captured():
            parts = [event.coupon, event.plan.subsidy if event.plan else None]
        case Received():
            parts = [event.plan.subsidy if event.plan else None]
        case _:
            return []
    return [part for part in parts if part is not None]


def _returned(event: Event) -> list[CampaignPart]:
    """What comes back by an event: given back, or promised and not needed."""
    match event:
        case Captured() | Received():
            parts = [event.promised]
        case Voided():
            parts = [event.coupon, event.promised]
        case Refunded():
            parts = [event.coupon, event.promised, event.subsidy_back]
        case Repaid() if event.payoff is not None:
            parts = [event.payoff.subsidy_back]
        case _:
            return []
    return [part for part in parts if part is not None]


def draw(budget: Budget, amount_minor: int) -> Budget:
    """The budget after so much was spent, slice by slice; below zero: given back, to the first."""
    slices = []
    for slice in budget.slices:
        taken_minor = min(amount_minor, slice.left_minor)
        amount_minor -= taken_minor
        slices.append(replace(slice, spent_minor=slice.spent_minor + taken_minor) if taken_minor else slice)
    assert amount_minor == 0, f"campaign {budget.id} would spend {amount_minor} more than its budget"
    return replace(budget, slices=tuple(slices))


def allot(budget: Budget, amount_minor: int) -> Budget:
    """The budget with so much more, in near-equal parts; below zero: taken back, slice by slice."""
    parts = split_minor(amount_minor, len(budget.slices)) if amount_minor > 0 else []
    slices = []
    for index, slice in enumerate(budget.slices):
        change_minor = parts[index] if parts else -min(-amount_minor, slice.left_minor)
        amount_minor -= change_minor
        slices.append(replace(slice, allotted_minor=slice.allotted_minor + change_minor))
    assert amount_minor == 0, f"campaign {budget.id} has not so much to be taken back"
    return replace(budget, slices=tuple(slices))
