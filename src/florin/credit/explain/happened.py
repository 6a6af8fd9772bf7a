"""Where the money of one event went: a repayment, a refund, a receipt, a charge, a statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from florin.credit.explain import lenders, statements
from florin.credit.explain.owed import debt_part, late_charge
from florin.credit.explain.parts import NothingToExplain, Part, added, ref, terms_used
from florin.credit.explain.trace import Debt, Step, Trace, all_debts, posted_minor, rules_of
from florin.credit.items import Account
from florin.events import (
    CampaignPart,
    Captured,
    CollectionPaused,
    CreditBalancePaid,
    Escrowed,
    LateCharged,
    Received,
    Refunded,
    RefundReversed,
    Reminded,
    Repaid,
    StatementIssued,
)
from florin.ledger import Rule

_KEPT = (Rule.KEEP_CREDIT_BALANCE,)
_BORNE = (Rule.SUBSIDIZE_FEE, Rule.PROMISE_SUBSIDY, Rule.GIVE_DISCOUNT)


def happened(trace: Trace, event_id: int) -> Part:
    """What one event did. Raises NothingToExplain for an event that is not this line's, or counts after the day."""
    step = trace.step_of(event_id)
    if step is None:
        raise NothingToExplain(f"event={event_id}")
    match step.event:
        case Repaid():
            return repayment(trace, step)
        case Refunded():
            return refund(trace, step)
        case StatementIssued():
            return statements.statement(trace, step.event.closes_on)
        case LateCharged():
            amount_minor = step.event.amount_minor
            return Part(
                what="late_charge",
                amount_minor=amount_minor,
                event=ref(step.id, step.event),
                **late_charge(trace, step),
            )
        case RefundReversed():
            return Part(
                what="refund_reversed",
                amount_minor=step.event.credit_minor,
                values={"on": step.event.value_on, "reason": step.event.reason},
                item_id=step.event.payment_id,
                event=ref(step.id, step.event),
                rules=lenders.customers_rules(step),
                notes=tuple(lenders.passed(step)),
            )
        case Reminded():
            return Part(
                what=f"reminded.{'before' if step.event.days_past_due <= 0 else 'late'}",
                amount_minor=step.event.due_minor,
                values={"on": step.event.value_on, "due_on": step.event.due_on, "days": abs(step.event.days_past_due)},
                event=ref(step.id, step.event),
                terms=terms_used(trace.program, step.event.closes_on, "dunning"),
            )
        case CollectionPaused():
            return Part(
                what="collection_paused",
                amount_minor=0,
                values={"on": step.event.value_on, "until_on": step.event.until_on, "reason": step.event.reason},
                event=ref(step.id, step.event),
                terms=terms_used(trace.program, step.event.value_on, "pause_stops"),
            )
    amount_minor = getattr(step.event, "amount_minor", 0) or getattr(step.event, "credit_minor", 0)
    values = {"on": step.event.value_on, "kind": type(step.event).__name__}
    return Part(
        what="happened",
        amount_minor=int(amount_minor),
        values=values,
        item_id=step.event.payment_id,
        event=ref(step.id, step.event),
        rules=lenders.customers_rules(step),
        notes=tuple(_lent(trace, step)),
    )


def _lent(trace: Trace, step: Step) -> Iterator[Part]:
    """Who lent what began with the step; what a step that is no purchase passed on."""
    if isinstance(step.event, Captured | Escrowed | Received):
        yield from lenders.lent(trace, step.event.payment_id)
    else:
        yield from lenders.passed(step)


def purchase(trace: Trace, payment_id: int) -> Part:
    """What is still owed of one purchase: everything that moved it, the bills it is on, and its refunds."""
    happenings = list(trace.of_payment(payment_id))
    if not happenings:
        raise NothingToExplain(f"purchase={payment_id}")
    bought = trace.bought.get(payment_id)
    # As it was bought, and as it is now: a purchase may have gone into installments since.
    places = [] if bought is None else [*all_debts(bought.after), *all_debts(trace.account)]
    debts = list(dict.fromkeys(debt for debt, _ in places if debt.item_id == payment_id))
    movements = trace.movements(set(debts))
    parts = [debt_part(trace, debt, movements) for debt in debts]
    waits = bought is None and trace.payment_waits(payment_id)
    what = "purchase.waits" if waits else "purchase" if bought is not None else "purchase.released"
    notes = [refund(trace, step) for step in happenings if isinstance(step.event, Refunded)]
    values = {"on": happenings[0].event.value_on, "asked_on": trace.on}
    who_lent = (*lenders.lent(trace, payment_id), *lenders.owed_to(trace, payment_id))
    said = (*_billed_on(trace, payment_id), *who_lent, *notes)
    return added(what, parts, item_id=payment_id, values=values, notes=said)


def _billed_on(trace: Trace, payment_id: int) -> Iterator[Part]:
    for closes_on, issued in trace.statements.items():
        lines = [line for line in getattr(issued.event, "lines", ()) if line.item_id == payment_id]
        if lines:
            minor = sum(line.amount_minor for line in lines)
            yield Part(what="purchase.billed", amount_minor=minor, values={"closes_on": closes_on})


def repayment(trace: Trace, step: Step) -> Part:
    """A repayment: what it cleared, accrued interest that a payoff took, and what was left for the customer."""
    event = step.event
    assert isinstance(event, Repaid)
    if step.after.owed_minor == step.before.owed_minor and not step.entries:
        values = {"on": event.value_on}
        return Part(what="repayment.returned", amount_minor=0, values=values, event=ref(step.id, event))
    parts = [*_cleared(step), *_accrued_taken(step), *_of_payoff(step), *_passed_on(step), *_kept(trace, step)]
    explained = added(
        "repayment",
        parts,
        values={"on": event.value_on, "source": event.source, "left_minor": step.after.owed_minor},
        event=ref(step.id, event),
        terms=terms_used(trace.program, event.value_on, "waterfall"),
        notes=(
            *_fees_ahead(trace, step),
            *_borne_back(trace, step, event.payoff.subsidy_back if event.payoff else None),
            *lenders.passed(step),
        ),
    )
    assert explained.amount_minor == event.amount_minor
    return explained


def refund(trace: Trace, step: Step) -> Part:
    """A refund: first over what was paid with, then in the debt, by the refund order."""
    event = step.event
    assert isinstance(event, Refunded)
    parts: list[Part] = []
    if event.before_receipt and event.credit_minor:
        parts.append(Part(what="refund.before_receipt", amount_minor=event.credit_minor, rules=("COMMIT_CREDIT",)))
    elif event.credit_minor:
        debts = [
            *_passed_on(step),
            *_cleared(step, item_id=event.payment_id),
            *_kept(trace, step),
            *_fee_given_back(step),
        ]
        parts.append(
            added(
                "refund.credit",
                debts,
                terms=terms_used(
                    trace.program, event.value_on, "refund_excess_to_other_debt", "credit_balance_to_wallet"
                ),
            )
        )
    if event.wallet_minor:
        parts.append(Part(what="refund.wallet", amount_minor=event.wallet_minor, rules=("REFUND_WALLET",)))
    if event.coupon is not None:
        coupon = event.coupon
        parts.append(
            Part(
                what="refund.coupon",
                amount_minor=coupon.amount_minor,
                campaign_id=coupon.campaign_id,
                rules=("REFUND_COUPON",),
            )
        )
    explained = added(
        "refund",
        parts,
        item_id=event.payment_id,
        values={"on": event.value_on, "reason": event.reason},
        event=ref(step.id, event),
        notes=(*_of_refund(trace, step), *lenders.passed(step)),
    )
    of_coupon = 0 if event.coupon is None else event.coupon.amount_minor
    assert explained.amount_minor == event.credit_minor + event.wallet_minor + of_coupon
    return explained


# ── where it went ─────────────────────────────────────────────────────────────────────────────────────────────────


def _cleared(step: Step, *, item_id: int = 0) -> Iterator[Part]:
    """Debts that became smaller: billed ones first, the oldest bill first. item_id: the refunded purchase, before all."""
    before, after = dict(_placed(step.before)), dict(_placed(step.after))
    taken = {debt: minor - after.get(debt, (0, None))[0] for debt, (minor, _) in before.items()}
    cancelled_minor = -posted_minor(step, Rule.CHARGE_SHOPPER_FEE)
    for debt in sorted(
        taken, key=lambda debt: (not (item_id and debt.item_id == item_id), before[debt][1] or date.max)
    ):
        minor = taken[debt]
        if item_id and debt.bucket == "fee" and debt.item_id == item_id and before[debt][1] is None:
            unpaid_minor = min(minor, cancelled_minor)
            minor, cancelled_minor = minor - unpaid_minor, cancelled_minor - unpaid_minor
        if minor:
            closes_on = before[debt][1]
            where = "billed" if closes_on is not None else "to_come" if debt.number else "unbilled"
            own = "_itself" if item_id and debt.item_id == item_id else ""
            yield Part(
                what=f"cleared.{debt.bucket}_{where}{own}",
                amount_minor=minor,
                values={"closes_on": closes_on or step.event.value_on, "number": debt.number},
                item_id=debt.item_id,
                rules=rules_of(step, debt),
            )


def _of_payoff(step: Step) -> Iterator[Part]:
    """What paying off a plan early changed beside its debt: fees that need not be paid, and the charge for it."""
    waived_minor = -posted_minor(step, Rule.CHARGE_SHOPPER_FEE)
    if waived_minor > 0:
        yield Part(what="payoff.fee_waived", amount_minor=-waived_minor, rules=("CHARGE_SHOPPER_FEE",))
    charge_minor = posted_minor(step, Rule.CHARGE_PLAN_PAYOFF)
    if charge_minor:
        yield Part(what="payoff.charge", amount_minor=charge_minor, rules=("CHARGE_PLAN_PAYOFF",))


def _passed_on(step: Step) -> Iterator[Part]:
    """What belongs to whoever bought the claim."""
    minor = posted_minor(step, Rule.PASS_TO_CLAIM_BUYER)
    if minor and step.before.sold is not None:
        values = {"buyer": step.before.sold.buyer}
        yield Part(what="passed_on", amount_minor=minor, values=values, rules=("PASS_TO_CLAIM_BUYER",))


def _fee_given_back(step: Step) -> Iterator[Part]:
    """A part of a fee up front came back with the refund: so much of what was cleared is not the refund's own."""
    minor = posted_minor(step, Rule.GIVE_BACK_FEE)
    if minor:
        yield Part(what="refund.fee_given_back", amount_minor=-minor, rules=("GIVE_BACK_FEE",))


def _placed(account: Account) -> dict[Debt, tuple[int, date | None]]:
    """Each debt with the statement it is on; None when no statement has billed it."""
    billed = {
        (item.item_id, item.number): statement.closes_on for statement in account.statements for item in statement.items
    }
    found: dict[Debt, tuple[int, date | None]] = {}
    for debt, minor in all_debts(account):
        before_minor, _ = found.get(debt, (0, None))
        found[debt] = (before_minor + minor, debt.closes_on or billed.get((debt.item_id, debt.number)))
    return found


def _accrued_taken(step: Step) -> Iterator[Part]:
    interest_minor = posted_minor(step, Rule.CLEAR_INTEREST_ACCRUED)
    if interest_minor:
        rules = ("ACCRUE_INTEREST", "CLEAR_INTEREST_ACCRUED")
        yield Part(what="cleared.interest_accrued", amount_minor=interest_minor, rules=rules)
    billed_minor = sum(s.penalty_minor for s in step.before.statements) - sum(
        s.penalty_minor for s in step.after.statements
    )
    penalty_minor = posted_minor(step, Rule.CLEAR_PENALTY, Rule.CLEAR_PENALTY_MEMO) - billed_minor
    if penalty_minor:
        yield Part(
            what="cleared.penalty_accrued", amount_minor=penalty_minor, rules=("CHARGE_PENALTY", "CLEAR_PENALTY")
        )


def _kept(trace: Trace, step: Step) -> Iterator[Part]:
    """What was above all debt: the customer's, at once in her wallet where the terms say so."""
    kept_minor = posted_minor(step, *_KEPT)
    if not kept_minor:
        return
    place = trace.place(step) + 1
    after = trace.steps[place].event if place < len(trace.steps) else None
    what = "kept.to_wallet" if isinstance(after, CreditBalancePaid) else "kept.on_line"
    yield Part(what=what, amount_minor=kept_minor, rules=tuple(rule.name for rule in _KEPT))


# ── what else belongs to the answer ───────────────────────────────────────────────────────────────────────────────


def _fees_ahead(trace: Trace, step: Step) -> Iterator[Part]:
    """The fee of installments that were paid before their time is part of the price, and is not given back."""
    minor = posted_minor(step, Rule.CLEAR_FEE_UNBILLED)
    if minor:
        yield Part(what="note.fees_ahead", amount_minor=minor, rules=("CLEAR_FEE_UNBILLED", "EARN_FEE"))


def _borne_back(trace: Trace, step: Step, part: CampaignPart | None) -> Iterator[Part]:
    """What goes back to a campaign of the fee that it bears: beside the sum, for it was never the shopper's."""
    if part is not None:
        terms = terms_used(
            trace.program,
            step.event.value_on,
            "plan_payoff_fee" if isinstance(step.event, Repaid) else "plan_refund_fee",
        )
        yield Part(
            what="note.subsidy_back", amount_minor=part.amount_minor, campaign_id=part.campaign_id, terms=terms,
            rules=tuple(dict.fromkeys(entry.rule.name for entry in step.entries if entry.rule in _BORNE)),
        )  # fmt: skip


def _of_refund(trace: Trace, step: Step) -> Iterator[Part]:
    event = step.event
    assert isinstance(event, Refunded)
    if sum(bool(tender) for tender in (event.credit_minor, event.wallet_minor, event.coupon)) > 1:
        yield Part(what="note.refund_over_tenders", amount_minor=event.credit_minor)
    if event.coupon is not None:
        yield Part(what="note.coupon_again", amount_minor=0, campaign_id=event.coupon.campaign_id)
    yield from _borne_back(trace, step, event.subsidy_back or event.promised)
    cancelled_minor = -posted_minor(step, Rule.CHARGE_SHOPPER_FEE)
    terms = terms_used(trace.program, event.value_on, "plan_refund_fee")
    if cancelled_minor:
        yield Part(what="note.fee_cancelled", amount_minor=cancelled_minor, terms=terms, rules=("CHARGE_SHOPPER_FEE",))
    if event.before_receipt:
        return
    for closes_on, issued in trace.statements.items():
        listed = any(line.item_id == event.payment_id for line in getattr(issued.event, "lines", ()))
        if listed and closes_on <= event.value_on:
            yield Part(what="note.image_stays", amount_minor=0, values={"closes_on": closes_on})
