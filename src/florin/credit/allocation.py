"""Allocation: which debts an amount of money clears, and in which order.

Debts are listed in the order of the waterfall in force so many days past due: statement by statement, the oldest first,
and on each its buckets (or bucket by bucket, by the terms); then purchases of this cycle; then installments to come.
Clearing walks the list. A repayment that cures the oldest arrears may cross into another regime midway: what it takes to
cure them is cleared by the one, the rest by the other. What is left over is the caller's: credit balance, or accrued
interest at a payoff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from msgspec.structs import replace

from florin.credit.items import (
    Account,
    Billed,
    Installment,
    Plan,
    Purchase,
    Statement,
    days_past_due,
    missed_minor,
)
from florin.credit.terms import Bucket, Program, Waterfall
from florin.events import FeePayer
from florin.ledger import Entry, Rule
from florin.money.amounts import round_half_up

Place = Literal["statement", "purchase", "plan"]

_BILLED_RULES: dict[Bucket, Rule] = {
    "cost": Rule.CLEAR_COST,
    "penalty": Rule.CLEAR_PENALTY,
    "interest": Rule.CLEAR_INTEREST_BILLED,
    "fee": Rule.CLEAR_FEE_BILLED,
    "principal": Rule.CLEAR_PRINCIPAL_BILLED,
}
_OFF_BOOKS_RULES: dict[Bucket, Rule] = {"penalty": Rule.CLEAR_PENALTY_MEMO, "interest": Rule.CLEAR_INTEREST_MEMO}
_UNBILLED_RULES: dict[Bucket, Rule] = {
    "fee": Rule.CLEAR_FEE_UNBILLED,
    "principal": Rule.CLEAR_PRINCIPAL_UNBILLED,
}


class Debt(NamedTuple):
    """An amount owed at one place of the account. position, part: where it stands there; closes_on: its statement, if
    billed.
    """

    place: Place
    position: int
    part: int
    bucket: Bucket
    owed_minor: int
    item_id: int
    rule: Rule
    closes_on: date | None = None


class Cleared(NamedTuple):
    """An account after clearing: entries, what each statement (by its close) lost, and what was left over."""

    account: Account
    entries: tuple[Entry, ...]
    by_statement: dict[date, int]
    rest_minor: int


def repay(account: Account, amount_minor: int, on: date, program: Program) -> Cleared:
    """Clear debts by the waterfall in force on a day, which may change as arrears are cured by this very amount.

    A payment counts toward every open minimum, whichever statement it clears, as far as it clears billed debts.
    """
    terms = program.terms_on(on)
    entries: list[Entry] = []
    by_statement: dict[date, int] = {}
    while True:
        regime = terms.waterfall_at(days_past_due(account, on))
        oldest = next((statement for statement in account.statements if statement.past_due), None)
        part_minor = amount_minor
        if oldest is not None and len(terms.waterfall) > 1:
            part_minor = min(amount_minor, missed_minor(account, oldest.closes_on))
        cleared = clear(account, _all_debts(account, regime), part_minor)
        account = counted(cleared.account, sum(cleared.by_statement.values()))
        entries += cleared.entries
        for closes_on, minor in cleared.by_statement.items():
            by_statement[closes_on] = by_statement.get(closes_on, 0) + minor
        amount_minor -= part_minor - cleared.rest_minor
        account, cured = cure(account, program)
        entries += cured
        if amount_minor == 0 or cleared.rest_minor or part_minor == 0:
            return Cleared(account, tuple(entries), by_statement, amount_minor)


def counted(account: Account, minor: int) -> Account:
    """A payment of billed debts counts toward the minimum of every open statement."""
    if minor == 0:
        return account
    statements = tuple(replace(s, counted_minor=s.counted_minor + minor) for s in account.statements)
    return replace(account, statements=statements)


def cure(account: Account, program: Program) -> tuple[Account, tuple[Entry, ...]]:
    """Statements whose minimum is met by now are current again; what is left of their principal is just billed.

    When nothing is past due any more, what had been taken off the books is an asset again.
    """
    if not any(statement.past_due for statement in account.statements) and not account.accrual_stopped:
        return account, ()
    entries: list[Entry] = []
    statements = []
    for statement in account.statements:
        tolerance_minor = program.terms_on(statement.closes_on).minimum_tolerance_minor
        if statement.past_due and missed_minor(account, statement.closes_on) <= tolerance_minor:
            entries += [aged(item)._replace(reversed=True) for item in statement.items if item.principal_minor > 0]
            statement = replace(statement, past_due=False)
        statements.append(statement)
    account = replace(account, statements=tuple(statements))
    if account.accrual_stopped and account.past_due_on() is None:
        entries += [entry._replace(reversed=True) for entry in off_books(account)]
        account = replace(account, accrual_stopped=False)
    return account, tuple(entries)


def aged(item: Billed) -> Entry:
    """Billed principal that is past due from now on."""
    return Entry(Rule.AGE_PRINCIPAL, item.principal_minor, item.item_id)


def off_books(account: Account) -> list[Entry]:
    """Interest and penalties, billed and unpaid, that are no asset while accrual is stopped; they are owed all the same."""
    interest_minor = sum(statement.interest_minor for statement in account.statements)
    penalty_minor = sum(statement.penalty_minor for statement in account.statements)
    entries = [Entry(Rule.STOP_INTEREST, interest_minor), Entry(Rule.STOP_PENALTY, penalty_minor)]
    return [entry for entry in entries if entry.amount_minor > 0]


def billed_debts(account: Account, regime: Waterfall) -> list[Debt]:
    """What is left of statements, in the order in which a payment clears it."""
    rank = {bucket: position for position, bucket in enumerate(regime.order)}
    debts = [
        debt
        for index, statement in enumerate(account.statements)
        for debt in _of_statement(statement, index, off_books=account.accrual_stopped)
    ]
    if regime.by == "bucket":
        return sorted(debts, key=lambda debt: (rank[debt.bucket], debt.position))
    return sorted(debts, key=lambda debt: (debt.position, rank[debt.bucket]))


def _all_debts(account: Account, regime: Waterfall) -> Iterator[Debt]:
    """Billed, then unbilled; what comes after the money has run out is not even listed."""
    yield from billed_debts(account, regime)
    yield from unbilled_debts(account, regime)


def unbilled_debts(account: Account, regime: Waterfall) -> list[Debt]:
    """Purchases of this cycle, the oldest first; then installments to come, the next to be billed first."""
    debts = [
        Debt(
            "purchase", index, 0, "principal", purchase.unbilled_minor, purchase.item_id, Rule.CLEAR_PRINCIPAL_UNBILLED
        )
        for index, purchase in enumerate(account.purchases)
    ]
    to_come = [
        (installment.bills_on, index, part)
        for index, plan in enumerate(account.plans)
        for part, installment in enumerate(plan.future)
    ]
    for _, index, part in sorted(to_come):
        plan = account.plans[index]
        for bucket in regime.order:
            owed_minor = _owed_of(plan.future[part], bucket, plan)
            if owed_minor > 0:
                debts.append(Debt("plan", index, part, bucket, owed_minor, plan.item_id, _UNBILLED_RULES[bucket]))
    return debts


def clear(account: Account, debts: Iterable[Debt], amount_minor: int) -> Cleared:
    """Clear debts of this account in the order given, as far as the amount reaches.

    Fees paid before their time are income at once, and so is the merchant's fee, or a fee up front, on principal that is
    paid before its time, in proportion: nothing of it is left to be earned, and a later refund gives back the rest's share.
    """
    taken: dict[tuple[Place, int, int, Bucket], int] = {}
    entries: dict[tuple[Rule, int], int] = {}
    by_statement: dict[date, int] = {}
    for debt in debts:
        if amount_minor == 0:
            break
        part_minor = min(debt.owed_minor, amount_minor)
        if part_minor == 0:
            continue
        amount_minor -= part_minor
        taken[debt.place, debt.position, debt.part, debt.bucket] = part_minor
        entries[debt.rule, debt.item_id] = entries.get((debt.rule, debt.item_id), 0) + part_minor
        if debt.closes_on is not None:
            by_statement[debt.closes_on] = by_statement.get(debt.closes_on, 0) + part_minor
    plans, earned = _less_plans(account.plans, taken)
    after = replace(
        account,
        purchases=_less_purchases(account.purchases, taken),
        plans=plans,
        statements=tuple(_less_statement(s, index, taken) for index, s in enumerate(account.statements)),
    )
    all_entries = (*(Entry(rule, minor, item_id) for (rule, item_id), minor in entries.items()), *earned)
    return Cleared(after, all_entries, by_statement, amount_minor)


def _of_statement(statement: Statement, index: int, *, off_books: bool) -> Iterable[Debt]:
    charged: tuple[Bucket, ...] = ("cost", "penalty", "interest")
    for bucket in charged:
        owed_minor = statement.left_minor(bucket)
        if owed_minor > 0:
            rule = _OFF_BOOKS_RULES.get(bucket, _BILLED_RULES[bucket]) if off_books else _BILLED_RULES[bucket]
            yield Debt("statement", index, 0, bucket, owed_minor, 0, rule, statement.closes_on)
    for part, item in enumerate(statement.items):
        if item.fee_minor > 0:
            rule = _BILLED_RULES["fee"]
            yield Debt("statement", index, part, "fee", item.fee_minor, item.item_id, rule, statement.closes_on)
        if item.principal_minor > 0:
            yield principal_debt(statement, index, part)


def principal_debt(statement: Statement, index: int, part: int) -> Debt:
    """The principal left of one item of a statement."""
    item = statement.items[part]
    rule = Rule.CLEAR_PRINCIPAL_PAST_DUE if statement.past_due else Rule.CLEAR_PRINCIPAL_BILLED
    return Debt("statement", index, part, "principal", item.principal_minor, item.item_id, rule, statement.closes_on)


def _owed_of(installment: Installment, bucket: Bucket, plan: Plan) -> int:
    if bucket == "principal":
        return installment.principal_minor
    return installment.fee_minor if bucket == "fee" and plan.fee_payer == "shopper" else 0


_Taken = dict[tuple[Place, int, int, Bucket], int]


def _less_purchases(purchases: tuple[Purchase, ...], taken: _Taken) -> tuple[Purchase, ...]:
    less = (
        replace(purchase, unbilled_minor=purchase.unbilled_minor - taken.get(("purchase", index, 0, "principal"), 0))
        for index, purchase in enumerate(purchases)
    )
    return tuple(purchase for purchase in less if purchase.unbilled_minor > 0)


def _less_statement(statement: Statement, index: int, taken: _Taken) -> Statement:
    items = (
        replace(
            item,
            principal_minor=item.principal_minor - taken.get(("statement", index, part, "principal"), 0),
            fee_minor=item.fee_minor - taken.get(("statement", index, part, "fee"), 0),
        )
        for part, item in enumerate(statement.items)
    )
    return replace(
        statement,
        items=tuple(item for item in items if _is_owed(item)),
        interest_minor=statement.interest_minor - taken.get(("statement", index, 0, "interest"), 0),
        penalty_minor=statement.penalty_minor - taken.get(("statement", index, 0, "penalty"), 0),
        cost_minor=statement.cost_minor - taken.get(("statement", index, 0, "cost"), 0),
    )


def _is_owed(item: Billed) -> bool:
    return item.principal_minor + item.fee_minor > 0


def _less_plans(plans: tuple[Plan, ...], taken: _Taken) -> tuple[tuple[Plan, ...], list[Entry]]:
    kept: list[Plan] = []
    earned: list[Entry] = []
    touched = {position for place, position, _, _ in taken if place == "plan"}
    for index, plan in enumerate(plans):
        if index not in touched:
            kept.append(plan)
            continue
        future = tuple(
            _less_installment(
                installment,
                principal_minor=taken.get(("plan", index, part, "principal"), 0),
                fee_minor=taken.get(("plan", index, part, "fee"), 0),
                fee_payer=plan.fee_payer,
            )
            for part, installment in enumerate(plan.future)
        )
        left = without_settled(replace(plan, future=future))
        earned_minor = plan.deferred_fee_minor - left.deferred_fee_minor
        if earned_minor > 0:
            earned.append(Entry(Rule.EARN_FEE, earned_minor, plan.item_id))
        if left.future:
            kept.append(left)
    return tuple(kept), earned


def _less_installment(
    installment: Installment, *, principal_minor: int, fee_minor: int, fee_payer: FeePayer
) -> Installment:
    left_minor = installment.principal_minor - principal_minor
    if installment.borne_minor and principal_minor > 0:
        borne = Fraction(installment.borne_minor * left_minor, installment.principal_minor)
        installment = replace(installment, borne_minor=round_half_up(borne))
    if fee_payer == "merchant" and principal_minor > 0:
        share = Fraction(installment.fee_minor * left_minor, installment.principal_minor)
        return replace(installment, principal_minor=left_minor, fee_minor=round_half_up(share))
    earns_minor = installment.earns_minor
    if earns_minor is not None and principal_minor > 0:
        earns_minor = round_half_up(Fraction(earns_minor * left_minor, installment.principal_minor))
    return replace(
        installment,
        principal_minor=left_minor,
        fee_minor=installment.fee_minor - fee_minor,
        earns_minor=earns_minor,
    )


def without_billed(plans: tuple[Plan, ...], closes_on: date) -> tuple[Plan, ...]:
    """Plans without the installments that a close has billed."""
    left = (replace(plan, future=tuple(i for i in plan.future if i.bills_on > closes_on)) for plan in plans)
    return tuple(plan for plan in left if plan.future)


def without_settled(plan: Plan) -> Plan:
    """The plan without the installments on which the shopper owes nothing any more."""
    owed = tuple(
        installment
        for installment in plan.future
        if installment.principal_minor > 0 or (plan.fee_payer == "shopper" and installment.fee_minor > 0)
    )
    return replace(plan, future=owed)
