"""Hardship plan: for who cannot pay as agreed, all that is owed becomes one plan of n installments at a reduced rate.

Principal, billed and to come, bears the plan's rate. What else is owed (interest borne so far, fees, costs, and penalties
unless they are waived) is spread beside it and bears nothing; fees of installments that had not come are not owed any more.
While the plan runs nothing new is bought, nothing falls past due, and nothing is borne but its own interest. The clock
ends it: when all of it is paid, or when an installment is missed for `hardship_missed_days`; then, by the terms, the rest is
due at once or goes on in its installments, and being late begins that day. By agreement it ends earlier (`end_hardship.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar, NamedTuple

import msgspec
from msgspec.structs import replace

from florin.credit.freeze import LineIsChargedOff, LineIsClosed
from florin.credit.interest import accrued, unbilled_interest_minor, unposted_minor, unposted_penalty_minor
from florin.credit.items import Account, Installment, Plan, missed_minor
from florin.credit.line import Line, LineState
from florin.credit.plans import installments_to_come, plans_over
from florin.credit.terms import Program, Terms
from florin.events import HardshipAgreed, HardshipEnded, InstallmentChoice
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.amounts import split_minor
from florin.money.at import At

Entries = tuple[Entry, ...]


class AgreeHardship(msgspec.Struct, frozen=True, kw_only=True):
    """All that is owed in so many installments. waive_penalty: penalties are owed no more. reason: who agreed and why."""

    needs_advance: ClassVar[bool] = True

    line_id: int
    installments: int
    waive_penalty: bool
    reason: str


class HardshipPart(msgspec.Struct, frozen=True, kw_only=True):
    """One installment of the plan. interest: the plan's own. charges: of what was owed beside principal."""

    number: int
    bills_on: date
    due_on: date
    principal_minor: int
    interest_minor: int
    charges_minor: int


class HardshipPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a hardship plan would come to. charges: owed beside principal and spread over it; interest: of the plan.

    waived_penalty, waived_fee: owed no more. yearly_rate_before: what is late bears now, interest and penalty; yearly_rate:
    what principal bears while the plan runs. Both are shares.
    """

    on: date
    principal_minor: int
    charges_minor: int
    interest_minor: int
    total_minor: int
    waived_penalty_minor: int
    waived_fee_minor: int
    yearly_rate_before: Decimal
    yearly_rate: Decimal
    parts: tuple[HardshipPart, ...]


class HardshipNotOffered(Refusal, frozen=True, kw_only=True):
    en = "{count} installments are not offered as a hardship plan. Choose one of: {offered}."
    zh = "困难帮扶分期不支持 {count} 期，可选期数：{offered}。"

    count: int
    offered: str


class NothingToPlan(Refusal, frozen=True, kw_only=True):
    en = "{principal_minor} of purchases is too little for {count} installments. What is owed is paid as it was agreed."
    zh = "欠款过少，无法分期：消费本金 {principal_minor}，{count} 期。请按原约定还款。"

    principal_minor: int
    count: int
    line_id: int


class HardshipRuns(Refusal, frozen=True, kw_only=True):
    en = "A hardship plan runs on this line since {since_on}. Until it has ended nothing else is agreed about what is owed."
    zh = "该额度自{since_on}起正在执行困难帮扶分期。结束之前，欠款不能另作安排。"

    since_on: date
    line_id: int


def refuse_in_hardship(account: Account) -> HardshipRuns | None:
    """While a hardship plan runs, what is owed is what it says."""
    since_on = account.hardship_on
    return None if since_on is None else HardshipRuns(since_on=since_on, line_id=account.line_id)


def preview(
    line: Line, account: Account, installments: int, on: date, program: Program, *, waive_penalty: bool
) -> HardshipPreview | Refusal:
    """What the plan would come to on a day to which the account has been advanced, or why it cannot be."""
    if line.state is LineState.CLOSED:
        return LineIsClosed(line_id=line.id)
    if line.state is LineState.CHARGED_OFF or account.claimed_minor:
        return LineIsChargedOff(due_minor=line.due_minor, line_id=line.id)
    terms = program.terms_on(on)
    if installments not in terms.hardship_counts:
        offered = ", ".join(map(str, terms.hardship_counts)) or "–"
        return HardshipNotOffered(count=installments, offered=offered)
    if refusal := refuse_in_hardship(account):
        return refusal
    if account.principal_minor < installments:
        return NothingToPlan(principal_minor=account.principal_minor, count=installments, line_id=line.id)
    owed = _owed(account, on, program)
    choice = _choice(account.principal_minor, installments, on, program, account)
    agreed = HardshipAgreed(
        value_on=on,
        line_id=line.id,
        amount_minor=account.principal_minor,
        charges_minor=owed.charges_minor(waived=waive_penalty),
        plan=choice,
        penalty_waived=waive_penalty,
        reason="as previewed",
    )
    after, _ = after_hardship_agreed(account, agreed, program)
    return HardshipPreview(
        on=on,
        principal_minor=agreed.amount_minor,
        charges_minor=agreed.charges_minor,
        interest_minor=choice.fee_minor,
        total_minor=after.owed_minor,
        waived_penalty_minor=owed.penalty_minor + owed.unposted_penalty_minor if waive_penalty else 0,
        waived_fee_minor=sum(plan.fee_minor for plan in account.plans),
        yearly_rate_before=terms.yearly_rate(),
        yearly_rate=choice.yearly_rate,
        parts=_parts(after, program),
    )


def decide(
    line: Line, account: Account, command: AgreeHardship, at: At, *, program: Program
) -> tuple[HardshipAgreed] | Refusal:
    """The account must have been advanced to `at.on`."""
    found = preview(line, account, command.installments, at.on, program, waive_penalty=command.waive_penalty)
    if isinstance(found, Refusal):
        return found
    return (
        HardshipAgreed(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            amount_minor=found.principal_minor,
            charges_minor=found.charges_minor,
            plan=_choice(found.principal_minor, command.installments, at.on, program, account),
            penalty_waived=command.waive_penalty,
            reason=command.reason,
        ),
    )


# ── what events do ────────────────────────────────────────────────────────────────────────────────────────────────


def after_hardship_agreed(account: Account, event: HardshipAgreed, program: Program) -> tuple[Account, Entries]:
    """All that is owed moves into the plan. A corrected history may owe less, or more, than was agreed: the plan is of what it
    owes. Of nothing there is none.
    """
    on = event.value_on
    account = accrued(account, on, program)
    owed = _owed(account, on, program)
    shares = _principal_by_item(account)
    charges_minor = owed.charges_minor(waived=event.penalty_waived)
    entries = [
        *_unbilled_again(account),
        *owed.carried(waived=event.penalty_waived),
        *(entry for plan in account.plans for entry in _ended_early(plan)),
    ]
    whole_minor = sum(shares.values())
    plans: list[Plan] = []
    opens_on, cycle_day = account.opens_on, account.cycle_day
    if whole_minor:
        choice = _shortened(event.plan, whole_minor)
        plans += plans_over(shares, choice, on, program, opens_on=opens_on, cycle_day=cycle_day)
        entries += [Entry(Rule.CHARGE_SHOPPER_FEE, plan.fee_minor, plan.item_id) for plan in plans if plan.fee_minor]
    if charges_minor:
        off_books_minor = owed.off_books_minor(waived=event.penalty_waived)
        flat = _flat(event.plan.count)
        days = installments_to_come(0, flat, on, program, opens_on=opens_on, cycle_day=cycle_day)
        plans.append(_of_charges(days, charges_minor, off_books_minor))
    after = replace(
        account,
        purchases=(),
        plans=tuple(replace(plan, hardship=True) for plan in plans),
        statements=(),
        accruals=(),
        accruals_posted_minor=0,
        accrual_stopped=False,
        hardship_on=on if plans else None,
    )
    return after, tuple(entry for entry in entries if entry.amount_minor)


def ended_by_clock(account: Account, program: Program) -> HardshipEnded | None:
    """How the plan ends, on its due day, if nothing happens before; None while it is neither paid nor broken."""
    assert account.hardship_on is not None
    if _is_paid(account):
        # A bill may have paid the rest, from a credit balance: it is known from that day on.
        on = max(account.hardship_on, account.opens_on)
        return HardshipEnded(value_on=on, line_id=account.line_id, kept=True)
    days = program.terms_on(account.hardship_on).hardship_missed_days
    for statement in account.statements:
        lacking_minor = missed_minor(account, statement.closes_on)
        if lacking_minor > program.terms_on(statement.closes_on).minimum_tolerance_minor:
            return HardshipEnded(
                value_on=statement.due_on + timedelta(days=days),
                line_id=account.line_id,
                kept=False,
                missed_minor=lacking_minor,
            )
    return None


def after_hardship_ended(account: Account, event: HardshipEnded, program: Program) -> tuple[Account, Entries]:
    """It is over. A history corrected since may show that it is neither paid nor broken: then it goes on.

    What was missed is not late for the time in which the plan ran: it falls past due on the next day at the earliest.
    """
    agreed_on = account.hardship_on
    if agreed_on is None:
        return account, ()
    account = accrued(account, event.value_on, program)
    deserved = ended_by_clock(account, program)
    if deserved is None or deserved.kept != event.kept or deserved.value_on > event.value_on:
        return account, ()
    if event.kept:
        return replace(account, hardship_on=None), ()
    return over(account, event.value_on, at_once=program.terms_on(agreed_on).hardship_broken == "due_at_once")


def over(account: Account, on: date, *, at_once: bool) -> tuple[Account, Entries]:
    """The account, accrued up to that day, when the plan ends before it is paid. at_once: the rest is due with the next bill
    and owes no interest to come; else it goes on in its installments.
    """
    entries: list[Entry] = []
    plans: list[Plan] = []
    for plan in account.plans:
        if plan.hardship and at_once:
            plan, cancelled = _due_at_once(plan)
            entries += cancelled
        plans.append(replace(plan, hardship=False))
    through_on = max(account.through_on, on)
    return replace(account, plans=tuple(plans), through_on=through_on, hardship_on=None), tuple(entries)


# ── what is owed ──────────────────────────────────────────────────────────────────────────────────────────────────


class _Owed(NamedTuple):
    """What is owed beside principal, by kind. unposted: borne and on no bill. stopped: interest and penalties are off the
    books.
    """

    fee_minor: int
    interest_minor: int
    unposted_minor: int
    penalty_minor: int
    unposted_penalty_minor: int
    cost_minor: int
    stopped: bool

    def charges_minor(self, *, waived: bool) -> int:
        """What is spread over the plan beside principal."""
        penalty_minor = 0 if waived else self.penalty_minor + self.unposted_penalty_minor
        return self.fee_minor + self.interest_minor + self.unposted_minor + penalty_minor + self.cost_minor

    def off_books_minor(self, *, waived: bool) -> int:
        """The part of it that is no income yet: it becomes income as the plan is billed."""
        if not self.stopped:
            return 0
        return self.charges_minor(waived=waived) - self.fee_minor - self.cost_minor

    def carried(self, *, waived: bool) -> list[Entry]:
        """From statements into the plan. What is off the books leaves the memo and is deferred."""
        entries = [Entry(Rule.BILL_FEE, self.fee_minor, reversed=True), Entry(Rule.CARRY_COST, self.cost_minor)]
        if self.stopped:
            return [
                *entries,
                Entry(Rule.ACCRUE_INTEREST_MEMO, self.interest_minor, reversed=True),
                Entry(Rule.CHARGE_PENALTY_MEMO, self.penalty_minor, reversed=True),
                Entry(Rule.CHARGE_SHOPPER_FEE, self.off_books_minor(waived=waived)),
            ]
        interest = [
            Entry(Rule.ACCRUE_INTEREST, self.unposted_minor),
            Entry(Rule.BILL_INTEREST, self.unposted_minor),
            Entry(Rule.CARRY_INTEREST, self.interest_minor + self.unposted_minor),
        ]
        if waived:
            return [*entries, *interest, Entry(Rule.WAIVE_PENALTY, self.penalty_minor)]
        return [
            *entries,
            *interest,
            Entry(Rule.CHARGE_PENALTY, self.unposted_penalty_minor),
            Entry(Rule.CARRY_PENALTY, self.penalty_minor + self.unposted_penalty_minor),
        ]


def _owed(account: Account, on: date, program: Program) -> _Owed:
    account = accrued(account, on, program)
    statements = account.statements
    return _Owed(
        fee_minor=sum(statement.fee_minor for statement in statements),
        interest_minor=sum(statement.interest_minor for statement in statements),
        unposted_minor=sum(max(0, unposted_minor(statement, program)) for statement in statements)
        + unbilled_interest_minor(account, on, program),
        penalty_minor=sum(statement.penalty_minor for statement in statements),
        unposted_penalty_minor=sum(max(0, unposted_penalty_minor(statement, program)) for statement in statements),
        cost_minor=sum(statement.cost_minor for statement in statements),
        stopped=account.accrual_stopped,
    )


def _principal_by_item(account: Account) -> dict[int, int]:
    """What is owed of each purchase, in whatever stage, the oldest statement's first."""
    owed: dict[int, int] = {}
    parts = [(item.item_id, item.principal_minor) for statement in account.statements for item in statement.items]
    parts += [(purchase.item_id, purchase.unbilled_minor) for purchase in account.purchases]
    parts += [(plan.item_id, plan.principal_minor) for plan in account.plans]
    for item_id, minor in parts:
        if minor:
            owed[item_id] = owed.get(item_id, 0) + minor
    return owed


def _unbilled_again(account: Account) -> list[Entry]:
    """Billed principal is to be billed anew; past due it is no more."""
    entries: list[Entry] = []
    for statement in account.statements:
        for item in statement.items:
            rules = (Rule.AGE_PRINCIPAL, Rule.BILL_PRINCIPAL) if statement.past_due else (Rule.BILL_PRINCIPAL,)
            entries += [Entry(rule, item.principal_minor, item.item_id, reversed=True) for rule in rules]
    return entries


def _ended_early(plan: Plan) -> list[Entry]:
    """A plan that becomes a part of another: its fees to come are not owed, and what was paid of its fee is earned."""
    to_earn_minor = plan.deferred_fee_minor - plan.fee_minor
    return [
        Entry(Rule.CHARGE_SHOPPER_FEE, plan.fee_minor, plan.item_id, reversed=True),
        Entry(Rule.EARN_FEE, abs(to_earn_minor), plan.item_id, reversed=to_earn_minor < 0),
    ]


# ── the plan ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _choice(principal_minor: int, count: int, on: date, program: Program, account: Account) -> InstallmentChoice:
    """What is agreed: so many installments at the reduced rate of the day's terms; the fee is the interest."""
    terms: Terms = program.terms_on(on)
    choice = _flat(count)
    if terms.hardship_yearly_rate:
        choice = replace(choice, method="declining", yearly_rate=terms.hardship_yearly_rate)
    days = installments_to_come(
        principal_minor, choice, on, program, opens_on=account.opens_on, cycle_day=account.cycle_day
    )
    return replace(choice, fee_minor=sum(installment.fee_minor for installment in days))


def _flat(count: int) -> InstallmentChoice:
    return InstallmentChoice(count=count, fee_minor=0, fee_payer="shopper")


def _shortened(choice: InstallmentChoice, principal_minor: int) -> InstallmentChoice:
    """As agreed; of a few fen that a corrected history leaves, one installment."""
    return choice if principal_minor >= choice.count else replace(_flat(1), yearly_rate=choice.yearly_rate)


def _of_charges(days: tuple[Installment, ...], charges_minor: int, off_books_minor: int) -> Plan:
    fees, earned = split_minor(charges_minor, len(days)), split_minor(off_books_minor, len(days))
    future = tuple(
        replace(day, fee_minor=fee, earns_minor=earns)
        for day, fee, earns in zip(days, fees, earned, strict=True)
        if fee
    )
    return Plan(item_id=0, count=len(days), fee_payer="shopper", future=future)


def _due_at_once(plan: Plan) -> tuple[Plan, list[Entry]]:
    """All of it with the next bill; interest to come is not owed."""
    first = plan.future[0]
    if not plan.bought_minor:
        fees = replace(
            first,
            fee_minor=sum(installment.fee_minor for installment in plan.future),
            earns_minor=sum(installment.income_minor for installment in plan.future),
        )
        return replace(plan, future=(fees,)), []
    whole = replace(first, principal_minor=plan.principal_minor, fee_minor=0, earns_minor=None)
    return replace(plan, future=(whole,)), [entry for entry in _ended_early(plan) if entry.amount_minor]


def _is_paid(account: Account) -> bool:
    owed_later = any(plan.hardship for plan in account.plans)
    return not owed_later and all(statement.remaining_minor == 0 for statement in account.statements)


def _parts(account: Account, program: Program) -> tuple[HardshipPart, ...]:
    """The plan's installments, those of all purchases together."""
    days = sorted({(installment.number, installment.bills_on) for plan in account.plans for installment in plan.future})
    parts = []
    for number, bills_on in days:
        here = [(plan, part) for plan in account.plans for part in plan.future if part.number == number]
        parts.append(
            HardshipPart(
                number=number,
                bills_on=bills_on,
                due_on=program.due_on(bills_on, account.due_day),
                principal_minor=sum(part.principal_minor for _, part in here),
                interest_minor=sum(part.fee_minor for plan, part in here if plan.bought_minor),
                charges_minor=sum(part.fee_minor for plan, part in here if not plan.bought_minor),
            )
        )
    return tuple(parts)
