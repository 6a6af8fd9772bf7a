"""What is owed, and what moved it: each purchase, installment, interest and charge back to its events."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from florin.credit.charge_off import claim_interest_minor
from florin.credit.explain.borne import borne_part, cycle_part
from florin.credit.explain.parts import Part, added, plain, ref, terms_used
from florin.credit.explain.trace import (
    Debt,
    Movement,
    Step,
    Trace,
    all_debts,
    debt_of,
    of_statement,
    posted_minor,
    rules_of,
)
from florin.credit.interest import accrued, unbilled_interest_minor, unposted_minor, unposted_penalty_minor
from florin.credit.items import Plan, Statement, missed_minor
from florin.events import (
    Captured,
    CreditBalancePaid,
    Escrowed,
    LateCharged,
    Received,
    Refunded,
    StatementIssued,
)
from florin.ledger import Rule
from florin.money.amounts import yuan_text


def owed(trace: Trace) -> Part:
    """All that is owed and posted: by statement, then what is not billed yet, then installments to come."""
    account = trace.account
    movements = trace.movements({debt for debt, _ in all_debts(account)})
    parts = [
        _statement_left(trace, statement, movements) for statement in account.statements if statement.remaining_minor
    ]
    unbilled = [
        debt_part(trace, Debt("principal", item_id), movements)
        for item_id in dict.fromkeys(purchase.item_id for purchase in account.purchases)
    ]
    if unbilled:
        parts.append(added("owed.unbilled", unbilled))
    to_come = [_plan_left(trace, plan, movements) for plan in account.plans]
    if to_come:
        parts.append(added("owed.to_come", to_come))
    claims = _claims(trace, movements)
    if claims:
        parts.append(added("owed.claims", claims))
    explained = added("owed", parts, values={"on": trace.on}, notes=_by_kind(trace))
    assert explained.amount_minor == account.owed_minor
    return explained


def _claims(trace: Trace, movements: dict[Debt, list[Movement]]) -> list[Part]:
    """What was charged off and is owed all the same; a debt of which a part is not charged off is told once, above."""
    written_off = trace.account.written_off
    claimed = dict.fromkeys(debt_of(claim) for claim in written_off.claims) if written_off else {}
    unbilled = {Debt("principal", purchase.item_id) for purchase in trace.account.purchases}
    return [debt_part(trace, debt, movements) for debt in claimed if debt not in unbilled]


def payoff(trace: Trace) -> Part:
    """What it takes on the day to owe nothing: all that is owed, and what has accrued."""
    posted, interest, penalty = owed(trace), accrued_interest(trace), accrued_penalty(trace)
    parts = [part for part in (posted, interest, penalty) if part.amount_minor]
    return added("payoff", parts, values={"on": trace.on})


def accrued_interest(trace: Trace) -> Part:
    """Interest that has accrued and that no statement has billed: it becomes owed with the next one, or at a payoff."""
    account = accrued(trace.account, trace.on, trace.program)
    parts = []
    for statement in account.statements:
        minor = max(0, unposted_minor(statement, trace.program))
        if minor:
            closes_on = statement.closes_on
            parts.append(borne_part(trace, "interest", closes_on, minor, trace.account, trace.on, upto=None))
    cycle_minor = unbilled_interest_minor(account, trace.on, trace.program)
    if cycle_minor:
        parts.append(cycle_part(trace, cycle_minor))
    claim_minor = claim_interest_minor(trace.account, trace.on, trace.program)
    if claim_minor:
        parts.append(Part(what="interest.of_claims", amount_minor=claim_minor))
    return added("accrued_interest", parts, values={"on": trace.on})


def accrued_penalty(trace: Trace) -> Part:
    account = accrued(trace.account, trace.on, trace.program)
    parts = []
    for statement in account.statements:
        minor = max(0, unposted_penalty_minor(statement, trace.program))
        if minor:
            closes_on = statement.closes_on
            parts.append(borne_part(trace, "penalty", closes_on, minor, trace.account, trace.on, upto=None))
    return added("accrued_penalty", parts, values={"on": trace.on})


def charges(trace: Trace, bucket: str) -> Part:
    """Interest, or penalties, or costs, that were charged and are not paid, statement by statement."""
    wanted = {debt: minor for debt, minor in all_debts(trace.account) if debt.bucket == bucket}
    movements = trace.movements(wanted)
    return added(f"charged.{bucket}", [debt_part(trace, debt, movements) for debt in wanted], values={"on": trace.on})


def credit_balance(trace: Trace) -> Part:
    """What the lender owes the customer."""
    parts = []
    for step in trace.steps:
        minor = step.after.credit_balance_minor - step.before.credit_balance_minor
        if minor:
            what = "balance.paid_out" if isinstance(step.event, CreditBalancePaid) else _BALANCE[minor > 0]
            parts.append(
                Part(
                    what=what,
                    amount_minor=minor,
                    values={"on": step.event.value_on},
                    item_id=step.event.payment_id,
                    event=ref(step.id, step.event),
                    rules=tuple(dict.fromkeys(e.rule.name for e in step.entries if e.rule in _OF_BALANCE)),
                )
            )
    return added("credit_balance", parts, values={"on": trace.on})


_OF_BALANCE = {rule for rule in Rule if "CREDIT_BALANCE" in rule.name or rule.name.startswith("GIVE_BACK")}
_BALANCE = {True: "balance.kept", False: "balance.used"}


# ── one debt ──────────────────────────────────────────────────────────────────────────────────────────────────────


def debt_part(trace: Trace, debt: Debt, movements: dict[Debt, list[Movement]]) -> Part:
    """One debt as the sum of what moved it."""
    moved = movements.get(debt, [])
    values: dict[str, Any] = {"number": debt.number, "count": _count(trace, debt)} if debt.number else {}
    if debt.closes_on is not None:
        values["closes_on"] = debt.closes_on
    what = f"debt.{debt.bucket}" if not debt.number else f"debt.{debt.bucket}_of_plan"
    if debt.number and not debt.item_id:
        what = "debt.charges_of_plan"
    return added(what, [movement_part(trace, debt, one) for one in moved], item_id=debt.item_id, values=values)


def movement_part(trace: Trace, debt: Debt, movement: Movement) -> Part:
    """What one event did to one debt, with its rules and, where it charged interest, the days and rates."""
    step, minor = movement
    event = step.event
    values: dict[str, Any] = {"on": event.value_on, "of_minor": _size(step)}
    common: dict[str, Any] = {"item_id": debt.item_id, "event": ref(step.id, event), "rules": rules_of(step, debt)}
    match event:
        case Captured() | Received() if minor > 0:
            return _drawn(trace, debt, minor, event, values, common)
        case StatementIssued() if debt.bucket in ("interest", "penalty") and minor > 0:
            return _billed(trace, step, debt, minor, values, common)
        case StatementIssued(lines=lines) if any((one.what, one.item_id) == ("rate", debt.item_id) for one in lines):
            return Part(what="moved.rate", amount_minor=minor, values=values, **common)
        case LateCharged():
            return Part(what="moved.late_charge", amount_minor=minor, **late_charge(trace, step), **common)
        case Refunded() if debt.bucket == "fee" and _cancelled(step, debt):
            terms = terms_used(trace.program, event.value_on, "plan_refund_fee")
            return Part(what="moved.fee_cancelled", amount_minor=minor, values=values, terms=terms, **common)
    what = _MOVED.get(type(event).__name__, "moved.other")
    if what == "moved.other":
        values["kind"] = type(event).__name__
    return Part(what=what, amount_minor=minor, values=values, **common)


_MOVED = {
    "Repaid": "moved.repaid",
    "RepaymentReturned": "moved.repayment_returned",
    "Refunded": "moved.refunded",
    "RefundReversed": "moved.refund_reversed",
    "StatementIssued": "moved.balance_used",
    "CostCharged": "moved.cost",
    "AccrualStopped": "moved.stopped",
    "ReAged": "moved.reaged",
    "HardshipAgreed": "moved.hardship",
    "HardshipEnded": "moved.hardship_ended",
    "HardshipEndedEarly": "moved.hardship_ended",
    "ChargedOff": "moved.charged_off",
    "ChargedOffByOwner": "moved.charged_off",
    "ClaimsSold": "moved.sold",
}


def _drawn(
    trace: Trace, debt: Debt, minor: int, event: Captured | Received, values: dict[str, Any], common: dict[str, Any]
) -> Part:
    what = "moved.bought"
    if isinstance(event, Received):
        what = f"moved.received_{event.by}"
        paid = next((s for s in trace.of_payment(event.payment_id) if isinstance(s.event, Escrowed)), None)
        values["paid_on"] = paid.event.value_on if paid else event.value_on
    terms = terms_used(trace.program, event.value_on, "draws_on") if isinstance(event, Received) else ()
    arithmetic = ""
    if debt.number and event.plan is not None:
        count = event.plan.count
        whole_minor = event.credit_minor if debt.bucket == "principal" else event.plan.shopper_fee_minor
        values |= {"of_minor": whole_minor, "count": count, "number": debt.number}
        what = f"{what}_in_parts" if debt.bucket == "principal" else "moved.fee"
        arithmetic = f"{yuan_text(whole_minor)} ÷ {count} → {yuan_text(minor)}"
        terms = terms_used(trace.program, event.value_on, "installment_split", "installments")
    return Part(what=what, amount_minor=minor, values=values, terms=terms, arithmetic=arithmetic, **common)


def _billed(trace: Trace, step: Step, debt: Debt, minor: int, values: dict[str, Any], common: dict[str, Any]) -> Part:
    """The interest lines of a statement; what a credit balance paid of them at once is taken off."""
    parts = line_parts(trace, step, debt.bucket)
    used_minor = minor - sum(part.amount_minor for part in parts)
    if used_minor:
        parts.append(Part(what="moved.balance_used", amount_minor=used_minor, values=values, **common))
    return added(f"moved.billed_{debt.bucket}", parts, values=values, **common)


def line_parts(trace: Trace, step: Step, what: str) -> list[Part]:
    """The interest or penalty lines of a statement, each with the days it is for."""
    event = step.event
    assert isinstance(event, StatementIssued)
    return [
        borne_part(
            trace,
            line.what,  # type: ignore[arg-type]
            line.statement_closes_on or event.closes_on,
            line.amount_minor,
            step.before,
            event.closes_on,
            upto=step,
        )
        for line in event.lines
        if line.what == what
    ]


def late_charge(trace: Trace, step: Step) -> dict[str, Any]:
    """The numbers of a late charge: a share of what the minimum missed and a fixed amount, the floor, the caps."""
    event = step.event
    assert isinstance(event, LateCharged)
    terms = trace.program.terms_on(event.closes_on)
    charge = terms.late_charges[event.number - 1]
    missed = missed_minor(step.before, event.closes_on)
    share = Fraction(charge.share) * missed
    said = f"{yuan_text(missed)} × {plain(charge.share)} = {plain(Decimal(share.numerator) / share.denominator / 100)}"
    limits = [
        f"{sign} {yuan_text(minor)}"
        for sign, minor in (("+", charge.amount_minor), ("≥", charge.floor_minor), ("≤", charge.cap_minor))
        if minor
    ]
    return {
        "values": {"on": event.value_on, "closes_on": event.closes_on, "missed_minor": missed, "number": event.number},
        "terms": terms_used(trace.program, event.closes_on, "late_charges", "rounding"),
        "arithmetic": " ".join([said, *limits, f"→ {yuan_text(event.amount_minor)}"]),
    }


# ── places ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _statement_left(trace: Trace, statement: Statement, movements: dict[Debt, list[Movement]]) -> Part:
    parts = [debt_part(trace, debt, movements) for debt, _ in of_statement(statement)]
    what = "owed.statement_late" if statement.past_due else "owed.statement"
    return added(what, parts, values={"closes_on": statement.closes_on, "due_on": statement.due_on})


def _plan_left(trace: Trace, plan: Plan, movements: dict[Debt, list[Movement]]) -> Part:
    parts = []
    for installment in plan.future:
        if installment.principal_minor:
            parts.append(debt_part(trace, Debt("principal", plan.item_id, installment.number), movements))
        if installment.fee_minor and plan.fee_payer == "shopper":
            parts.append(debt_part(trace, Debt("fee", plan.item_id, installment.number), movements))
    values = {"first": plan.future[0].number, "count": plan.count, "on": plan.future[0].bills_on}
    return added("owed.plan", parts, item_id=plan.item_id, values=values)


def _by_kind(trace: Trace) -> tuple[Part, ...]:
    """The same amount by kind, and by stage."""
    account = trace.account
    past_due_minor = sum(s.remaining_minor for s in account.statements if s.past_due)
    sums = {
        "kind.principal": account.principal_minor,
        "kind.fee": account.fee_minor,
        "kind.interest": account.interest_minor,
        "kind.penalty": account.penalty_minor,
        "kind.cost": account.cost_minor,
        "stage.past_due": past_due_minor,
        "stage.billed": account.due_minor - past_due_minor,
        "stage.unbilled": account.owed_minor - account.due_minor,
    }
    return tuple(Part(what=what, amount_minor=minor) for what, minor in sums.items() if minor)


def _count(trace: Trace, debt: Debt) -> int:
    account = trace.account
    now = [plan.count for plan in account.plans if plan.item_id == debt.item_id]
    now += [
        item.count
        for statement in account.statements
        for item in statement.items
        if (item.item_id, item.number) == (debt.item_id, debt.number)
    ]
    if now:
        return now[0]
    step = trace.bought.get(debt.item_id)
    plan = getattr(step.event, "plan", None) if step is not None else None
    return plan.count if plan is not None else 1


def _cancelled(step: Step, debt: Debt) -> bool:
    """Whether the refund took the whole of this fee's movement away without money: it need not be paid any more."""
    paid = [e for e in step.entries if e.rule is Rule.CLEAR_FEE_UNBILLED and e.subject_id == debt.item_id]
    return not paid and posted_minor(step, Rule.CHARGE_SHOPPER_FEE) < 0 and step.event.payment_id == debt.item_id


def _size(step: Step) -> int:
    """How much the whole event was about."""
    event = step.event
    if isinstance(event, Refunded | Captured | Received):
        return event.credit_minor
    return int(getattr(event, "amount_minor", 0) or getattr(event, "image_minor", 0))
