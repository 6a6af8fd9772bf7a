"""Pay off one plan: all its installments to come at once, for what the terms then ask.

What is billed of the plan is not part of it: that is on a statement and paid as every statement is. The terms say whether
fees to come are owed, waived, or owed for the current period alone, and whether the lender charges a share of the remaining
principal. Interest to come is that of the rate which the day's terms give the plan, also before the bill that would spread it
anew (`reprice.py`). The amount stays the same until the next bill of the plan, so a quote is good to the day before it; or, if
a bill that has to be paid first is still unpaid, to the last day on which that is in time. The parts of a hardship plan are
paid off together, with the whole line.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from florin.credit.allocation import Debt, clear
from florin.credit.hardship import HardshipRuns, refuse_in_hardship
from florin.credit.interest import grace_ends_on
from florin.credit.items import Account, Installment, Plan, missed_minor
from florin.credit.line import Line
from florin.credit.reprice import repriced
from florin.credit.terms import Program, Terms
from florin.events import CampaignPart, PlanPayoff, Repaid, RepaymentSource
from florin.events.refusals import Refusal
from florin.ledger import Entry, Rule
from florin.money.amounts import round_half_up
from florin.money.at import At
from florin.wallet.withdraw import WalletTooLow


class PayOffPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a purchase (item_id: its payment), or of a bill that was put into installments (closes_on).

    amount_minor: as quoted. reference: the bank's, for money that came through the bank.
    """

    needs_advance: ClassVar[bool] = True

    line_id: int
    amount_minor: int
    source: RepaymentSource
    item_id: int = 0
    closes_on: date | None = None
    reference: str = ""


class PlanPayoffQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What settles the installments to come. fee: owed; waived: need not be paid; charge: for paying early. billed: what is
    left of the plan on statements, beside it. good_through_on: the last day on which it is the same. subsidy_back: what goes
    back to a campaign that bears a part of the fee.
    """

    on: date
    item_id: int
    closes_on: date | None
    installments: int
    principal_minor: int
    fee_minor: int
    waived_minor: int
    charge_minor: int
    total_minor: int
    billed_minor: int
    good_through_on: date
    subsidy_back: CampaignPart | None = None


class NoPlanToPayOff(Refusal, frozen=True, kw_only=True):
    en = "There are no installments to come for this purchase. What is billed already is paid with the bill."
    zh = "该笔消费没有未到期的分期；已出账的部分请按账单还款。"

    line_id: int
    item_id: int


class ArrearsFirst(Refusal, frozen=True, kw_only=True):
    en = "{past_due_minor} has been past due since {due_on}. Pay that first, then you can go on here."
    zh = "您有 {past_due_minor} 自{due_on}起逾期。请先还清逾期款项，再办理此项。"

    past_due_minor: int
    due_on: date


class PlanPayoffChanged(Refusal, frozen=True, kw_only=True):
    en = "Paying off these installments takes {total_minor} today, not {amount_minor}. Look at the amount and confirm it."
    zh = "今天提前结清需 {total_minor}，与您确认的 {amount_minor} 不同。请核对金额后重新确认。"

    amount_minor: int
    total_minor: int


def quote(
    account: Account, on: date, program: Program, *, item_id: int = 0, closes_on: date | None = None
) -> PlanPayoffQuote | None:
    """The quote for a day to which the account has been advanced; None when no installments are to come, or they are a part
    of a hardship plan, which is paid off as a whole.
    """
    meant = _meant(account, item_id, closes_on)
    if not meant:
        return None
    account = repriced(account, on, program, only=meant).account
    plans = [account.plans[index] for index in meant]
    terms = program.terms_on(on)
    principal_minor = sum(plan.principal_minor for plan in plans)
    whole_minor = sum(plan.fee_minor for plan in plans)
    fee_minor = {
        "owed": whole_minor,
        "waived": 0,
        "current_period": sum(plan.future[0].fee_minor for plan in plans if plan.fee_payer == "shopper"),
    }[terms.plan_payoff_fee]
    charge_minor = round_half_up(principal_minor * Fraction(terms.plan_payoff_charge))
    of_plan = {plan.item_id for plan in plans}
    return PlanPayoffQuote(
        on=on,
        item_id=item_id,
        closes_on=closes_on,
        installments=max(len(plan.future) for plan in plans),
        principal_minor=principal_minor,
        fee_minor=fee_minor,
        waived_minor=whole_minor - fee_minor,
        charge_minor=charge_minor,
        total_minor=principal_minor + fee_minor + charge_minor,
        billed_minor=sum(
            item.principal_minor + item.fee_minor
            for statement in account.statements
            for item in statement.items
            if item.item_id in of_plan and item.number
        ),
        good_through_on=_good_through_on(account, plans, on, program),
        subsidy_back=_subsidy_back(plans, terms),
    )


def _subsidy_back(plans: Iterable[Plan], terms: Terms) -> CampaignPart | None:
    """What a campaign need not bear any more: its part of those installments whose fee the shopper need not pay."""
    part, back_minor = None, 0
    for plan in plans:
        not_owed = {"owed": (), "waived": plan.future, "current_period": plan.future[1:]}[terms.plan_payoff_fee]
        part = plan.subsidy or part
        back_minor += sum(installment.borne_minor for installment in not_owed)
    return None if part is None or not back_minor else replace(part, amount_minor=back_minor)


def decide(
    line: Line, account: Account, command: PayOffPlan, at: At, *, wallet_balance_minor: int, program: Program
) -> tuple[Repaid] | Refusal:
    """A repayment that is for this plan. The account must have been advanced to `at.on`."""
    found = quote(account, at.on, program, item_id=command.item_id, closes_on=command.closes_on)
    if found is None:
        return nothing_to_pay_off(account, command.item_id)
    if refusal := refuse_past_due(account):
        return refusal
    if command.amount_minor != found.total_minor:
        return PlanPayoffChanged(amount_minor=command.amount_minor, total_minor=found.total_minor)
    if command.source == "wallet" and command.amount_minor > wallet_balance_minor:
        return WalletTooLow(
            balance_minor=wallet_balance_minor,
            requested_minor=command.amount_minor,
            short_minor=command.amount_minor - wallet_balance_minor,
        )
    return (
        Repaid(
            value_on=at.on,
            line_id=line.id,
            person_id=line.person_id,
            amount_minor=command.amount_minor,
            source=command.source,
            reference=command.reference,
            payoff=PlanPayoff(
                item_id=command.item_id,
                closes_on=command.closes_on,
                fee_minor=found.fee_minor,
                charge_minor=found.charge_minor,
                subsidy_back=found.subsidy_back,
            ),
        ),
    )


def nothing_to_pay_off(account: Account, item_id: int) -> HardshipRuns | NoPlanToPayOff:
    """Why there is no quote."""
    return refuse_in_hardship(account) or NoPlanToPayOff(line_id=account.line_id, item_id=item_id)


def refuse_past_due(account: Account) -> ArrearsFirst | None:
    """Arrears come before anything that is agreed about other debt."""
    due_on = account.past_due_on()
    if due_on is None:
        return None
    past_due_minor = sum(statement.remaining_minor for statement in account.statements if statement.past_due)
    return ArrearsFirst(past_due_minor=past_due_minor, due_on=due_on)


def paid_off(account: Account, event: Repaid, program: Program) -> tuple[Account, tuple[Entry, ...], int]:
    """(account, entries, what is left of the money): interest to come is that of the day's rate, fees that are waived are gone,
    the plan is cleared, the charge taken.

    A corrected history may have left less of the plan than was agreed: the rest is an ordinary repayment.
    """
    agreed = event.payoff
    assert agreed is not None
    meant = _meant(account, agreed.item_id, agreed.closes_on)
    if not meant:
        return account, (), event.amount_minor
    anew = repriced(account, event.value_on, program, only=meant)
    account, waived = _waived(anew.account, meant, agreed.fee_minor)
    if agreed.subsidy_back is not None:
        account = _without_borne(account, meant, agreed.subsidy_back.amount_minor)
    charge_minor = min(agreed.charge_minor, event.amount_minor)
    cleared = clear(account, _debts(account, meant), event.amount_minor - charge_minor)
    charged = [Entry(Rule.CHARGE_PLAN_PAYOFF, charge_minor, agreed.item_id)] if charge_minor else []
    return cleared.account, (*anew.entries(), *waived, *cleared.entries, *charged), cleared.rest_minor


def _meant(account: Account, item_id: int, closes_on: date | None) -> list[int]:
    """The places of the plans that are paid off together."""
    return [index for index, plan in enumerate(account.plans) if _is_meant(plan, item_id, closes_on)]


def _is_meant(plan: Plan, item_id: int, closes_on: date | None) -> bool:
    if plan.hardship:
        return False
    return plan.item_id == item_id if closes_on is None else plan.bill_on == closes_on


def _good_through_on(account: Account, plans: Iterable[Plan], on: date, program: Program) -> date:
    """No bill of the plan, no other version of the terms and no arrears come before. Nothing is good for less than its day."""
    ends = [plan.future[0].bills_on for plan in plans]
    ends += [version.from_on for version in program.versions if version.from_on > on]
    ends += [
        grace_ends_on(statement, program) + timedelta(days=1)
        for statement in account.statements
        if missed_minor(account, statement.closes_on) > program.terms_on(statement.closes_on).minimum_tolerance_minor
    ]
    return max(on, min(ends) - timedelta(days=1))


def _waived(account: Account, meant: list[int], owed_minor: int) -> tuple[Account, list[Entry]]:
    """Without the fees above `owed`, the latest first."""
    plans, entries = list(account.plans), []
    to_waive = sum(plans[index].fee_minor for index in meant) - owed_minor
    for index in reversed(meant):
        plan = plans[index]
        if plan.fee_payer != "shopper" or to_waive <= 0:
            continue
        future: list[Installment] = []
        waived_minor = 0
        for installment in reversed(plan.future):
            minor = min(installment.fee_minor, to_waive)
            to_waive -= minor
            waived_minor += minor
            earns_minor = installment.earns_minor
            if earns_minor is not None:
                earns_minor = max(0, earns_minor - minor)
            future.insert(0, replace(installment, fee_minor=installment.fee_minor - minor, earns_minor=earns_minor))
        plans[index] = replace(plan, future=tuple(future))
        # A fee up front is deferred on installments that do not bill it: what is waived of it is deferred no more.
        short_minor = waived_minor - (plan.deferred_fee_minor - plans[index].deferred_fee_minor)
        plans[index] = _less_deferred(plans[index], short_minor)
        # Of a plan that a refund has shortened a part may be earned already: that is income no more.
        earned_minor = waived_minor - (plan.deferred_fee_minor - plans[index].deferred_fee_minor)
        if waived_minor:
            entries.append(Entry(Rule.CHARGE_SHOPPER_FEE, waived_minor, plan.item_id, reversed=True))
        if earned_minor:
            entries.append(Entry(Rule.EARN_FEE, earned_minor, plan.item_id, reversed=True))
    return replace(account, plans=tuple(plans)), entries


def _without_borne(account: Account, meant: list[int], minor: int) -> Account:
    """Without so much of what a campaign bears, the latest first: it is income no more."""
    plans = list(account.plans)
    for index in meant:
        future: list[Installment] = []
        for installment in reversed(plans[index].future):
            taken_minor = min(installment.borne_minor, minor)
            minor -= taken_minor
            future.insert(0, replace(installment, borne_minor=installment.borne_minor - taken_minor))
        plans[index] = replace(plans[index], future=tuple(future))
    return replace(account, plans=tuple(plans))


def _less_deferred(plan: Plan, minor: int) -> Plan:
    future = []
    for installment in plan.future:
        taken = min(minor, installment.own_income_minor)
        minor -= taken
        earns_minor = installment.own_income_minor - taken
        future.append(replace(installment, earns_minor=earns_minor) if taken else installment)
    return replace(plan, future=tuple(future))


def _debts(account: Account, meant: list[int]) -> list[Debt]:
    debts = []
    for index in meant:
        plan = account.plans[index]
        for part, installment in enumerate(plan.future):
            if installment.principal_minor:
                rule = Rule.CLEAR_PRINCIPAL_UNBILLED
                debts.append(Debt("plan", index, part, "principal", installment.principal_minor, plan.item_id, rule))
            if installment.fee_minor and plan.fee_payer == "shopper":
                fee_rule = Rule.CLEAR_FEE_UNBILLED
                debts.append(Debt("plan", index, part, "fee", installment.fee_minor, plan.item_id, fee_rule))
    return debts
