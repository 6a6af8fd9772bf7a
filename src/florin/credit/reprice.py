"""Reprice: a version of the terms that reaches balances gives plans with interest on what is left another rate.

From the first bill on or after the version's day on, what is left of the principal is spread anew over the installments that
are left, at the rate that the version offers for as many installments as the plan began with. Nothing is recorded for it:
it is derived at each bill from the plan and the program, so a version for days that are over makes the same as one in time.
Flat fees, and interest of which a campaign bears a part, were agreed as amounts and stay; so do plans agreed on or after that
day, hardship plans, and counts that the version does not offer with interest. A plan that is paid off between that day and the
bill is spread anew for it, so that interest to come is quoted at the rate that it would have borne.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from florin.credit.items import Account, Plan
from florin.credit.plans import declining_parts
from florin.credit.terms import Program, Terms, Version
from florin.ledger import Entry, Rule


class Repriced(NamedTuple):
    """changes: by purchase, what its interest to come is more (below zero: less)."""

    account: Account
    changes: tuple[tuple[int, int], ...]

    def entries(self) -> list[Entry]:
        """What the shopper owes beside principal for installments to come, corrected."""
        return [
            Entry(Rule.CHARGE_SHOPPER_FEE, abs(minor), item_id, reversed=minor < 0)
            for item_id, minor in self.changes
            if minor
        ]


def repriced(account: Account, closes_on: date, program: Program, *, only: Collection[int] | None = None) -> Repriced:
    """The account as a bill of that day finds it. Asked again for the same day, it changes nothing more.

    only: the places of some plans among the account's; None: all.
    """
    if not any(plan.priced_on for plan in account.plans):
        return Repriced(account, ())
    plans: list[Plan] = []
    changes: list[tuple[int, int]] = []
    for place, plan in enumerate(account.plans):
        version = _reaching(plan, closes_on, program) if only is None or place in only else None
        rate = None if version is None else _rate(plan, version.terms)
        if version is None or rate is None or rate == plan.yearly_rate:
            plans.append(plan)
            continue
        anew = _spread_anew(plan, rate, version)
        plans.append(anew)
        changes.append((plan.item_id, anew.fee_minor - plan.fee_minor))
    return Repriced(replace(account, plans=tuple(plans)), tuple(changes))


def _reaching(plan: Plan, closes_on: date, program: Program) -> Version | None:
    """The last version that reaches balances, since the plan was priced."""
    if plan.priced_on is None or plan.hardship:
        return None
    return next(
        (
            version
            for version in reversed(program.versions)
            if version.applies_to == "balances" and plan.priced_on < version.from_on <= closes_on
        ),
        None,
    )


def _rate(plan: Plan, terms: Terms) -> Decimal | None:
    """What it offers for so many installments; None where that is no interest."""
    offers = (*terms.installments, *terms.convert_installments)
    found = (offer for offer in offers if offer.count == plan.count and offer.method == "declining")
    offer = next(found, None)
    return None if offer is None else offer.yearly_rate


def _spread_anew(plan: Plan, rate: Decimal, version: Version) -> Plan:
    """The same principal over the same days; interest that was paid ahead of the next installment stays paid."""
    principal_minor, count = plan.principal_minor, len(plan.future)
    if principal_minor < count:
        return plan
    # What was paid ahead clears the next installment first; untouched, its interest is that on all that is left.
    next_minor = declining_parts(principal_minor, count, plan.yearly_rate, version.terms)[0].fee_minor
    ahead_minor = max(0, next_minor - plan.future[0].fee_minor)
    future = []
    parts = declining_parts(principal_minor, count, rate, version.terms)
    for installment, part in zip(plan.future, parts, strict=True):
        fee_minor = max(0, part.fee_minor - ahead_minor)
        ahead_minor = 0
        future.append(replace(installment, principal_minor=part.principal_minor, fee_minor=fee_minor))
    return replace(plan, future=tuple(future), yearly_rate=rate, repriced_on=version.from_on)
