"""The account behind a line: what its three sums consist of, folded from events.

`evolve` takes one event, `advance` lets the clock act up to a day, `catch_up` does both for events that the hot path
has recorded without loading the account. All three give entries beside the new account: those that an allocation
derives (what a repayment clears, what a close bills). Entries that need no account, as a sale's, are made where the
event is decided.

Order: by value date; on one day the clock acts first, then events in the order of their recording. Law: `advance(a, c)
== advance(advance(a, b), c)`, and a fold of all events gives the same account as the live path.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from florin.credit import joint
from florin.credit.allocation import billed_debts, clear, cure, repay, unbilled_debts
from florin.credit.appointments import Scheduled, next_action_on, scheduled_by
from florin.credit.charge_off import after_charge_off, recover
from florin.credit.closing import after_cycle_moved, after_statement, counted_by, cycle_opens_on
from florin.credit.collect import after_cost_of_collection, after_work, counted_toward_promise
from florin.credit.convert import after_conversion
from florin.credit.end_hardship import after_hardship_ended_early
from florin.credit.hardship import after_hardship_agreed, after_hardship_ended
from florin.credit.interest import (
    accrued,
    grace_ends_on,
    unbilled_interest_minor,
    unposted_minor,
    unposted_penalty_minor,
)
from florin.credit.items import Account, LateOrder, Purchase, Statement, days_past_due
from florin.credit.late import after_accrual_stopped, after_late_charge, after_past_due
from florin.credit.limit import after_uplift_ended, after_uplift_given
from florin.credit.line import Line, LineState
from florin.credit.particulars import ORDINARY, Particulars
from florin.credit.pause import after_pause, after_resumption
from florin.credit.plan_payoff import paid_off
from florin.credit.plans import ONE_INSTALLMENT, new_plan
from florin.credit.reage import after_reage
from florin.credit.remind import after_reminder
from florin.credit.repayment_hold import after_balance_used, after_cleared, after_held
from florin.credit.returns import return_purchase
from florin.credit.sell_claims import after_sale, claim_again, pass_on, passes_on_minor
from florin.credit.sub_limits import after_bought, outstanding_after, without_paid_off
from florin.credit.terms import Program
from florin.events import (
    AccrualStopped,
    BillConverted,
    Captured,
    CaseAssigned,
    CaseClosed,
    CaseOpened,
    ChargedOff,
    ChargedOffByOwner,
    ClaimsSold,
    CollectionPaused,
    CollectionResumed,
    Contacted,
    CostCharged,
    CreditBalancePaid,
    CycleMoved,
    Event,
    FellPastDue,
    HardshipAgreed,
    HardshipEnded,
    HardshipEndedEarly,
    InstallmentChoice,
    LateCharged,
    LimitSet,
    LineOpened,
    Promised,
    PromiseJudged,
    PurchaseConverted,
    ReAged,
    Received,
    Refunded,
    RefundReversed,
    Reminded,
    Repaid,
    RepaymentCleared,
    RepaymentConfirmed,
    StatementIssued,
    UpliftEnded,
    UpliftGiven,
)
from florin.ledger import Entry, Rule

__all__ = ["Account", "Step", "advance", "catch_up", "evolve", "next_action_on", "open_account", "rank", "summary"]

Entries = tuple[Entry, ...]


class Step(NamedTuple):
    """What the clock did: an event of its own, and the entries it posts."""

    event: Scheduled
    entries: Entries


def open_account(event: LineOpened) -> Account:
    return Account(
        line_id=event.line_id,
        program=event.program,
        opens_on=event.value_on,
        accrued_through_on=event.value_on,
        limit_minor=event.limit_minor,
        through_on=event.value_on,
        sequence=1,
    )


def evolve(account: Account, event: Event, program: Program) -> tuple[Account, Entries]:
    """The account after an event of its line, and the entries that only the account can derive.

    The account must have been advanced to the event's day. Events that leave the items alone (holds, limits, refunds
    before receipt) only count.
    """
    entries: Entries = ()
    before = account
    match event:
        case Captured() | Received():
            account = _buy(account, event, program)
        case Repaid():
            account, entries = _repay(account, event, program)
        case Refunded(before_receipt=False):
            account, entries = _refund(account, event, program)
        case RefundReversed():
            account, entries = _reopen(account, event, program)
        case PurchaseConverted() | BillConverted():
            account, entries = after_conversion(account, event, program)
            account = _without_settled(_in_full(account, event.value_on, program), program)
        case ReAged():
            account, entries = after_reage(account, event, program)
        case HardshipAgreed():
            account, entries = after_hardship_agreed(account, event, program)
            account = _without_settled(account, program)
        case HardshipEnded():
            account, entries = after_hardship_ended(account, event, program)
        case HardshipEndedEarly():
            account, entries = after_hardship_ended_early(account, event, program)
        case CreditBalancePaid():
            account, entries = _pay_credit_balance(account, event, program)
        case StatementIssued():
            account, entries = after_statement(account, event, program)
            if account.due_minor <= program.terms_on(event.closes_on).full_payment_tolerance_minor:
                account = _in_full(account, event.value_on, program)
            account = _without_settled(account, program)
        case FellPastDue():
            account, entries = after_past_due(account, event, program)
        case LateCharged():
            account, entries = after_late_charge(account, event, program)
        case AccrualStopped():
            account, entries = after_accrual_stopped(account, event)
        case ChargedOff() | ChargedOffByOwner():
            account, entries = after_charge_off(account, event, program)
        case ClaimsSold():
            account, entries = after_sale(account, event, program)
        case CostCharged():
            account, entries = after_cost_of_collection(account, event)
        case CaseOpened() | CaseClosed() | PromiseJudged() | CaseAssigned() | Promised() | Contacted():
            account = after_work(account, event)
        case Reminded():
            account = after_reminder(account, event)
        case CollectionPaused():
            account = after_pause(account, event, program)
        case CollectionResumed():
            account = after_resumption(account, event, program)
        case LimitSet():
            account = replace(account, limit_minor=event.limit_minor)
        case UpliftGiven():
            account = after_uplift_given(account, event)
        case UpliftEnded():
            account = after_uplift_ended(account, event)
        case RepaymentCleared() | RepaymentConfirmed():
            account = after_cleared(account, event)
        case CycleMoved():
            account = after_cycle_moved(account, event, program)
    if account.places:
        account = without_paid_off(account)
    account, of_partners = joint.after_event(before, account, event, entries)
    return noted(account, event), (*entries, *of_partners)


def noted(account: Account, event: Event) -> Account:
    """The account that has seen an event, whatever it did to the items."""
    through_on = account.through_on
    if not isinstance(event, Scheduled):
        known_on = getattr(event, "known_on", None) or event.value_on
        through_on = max(through_on, event.value_on, known_on)
    return replace(account, sequence=account.sequence + 1, through_on=through_on)


def advance(account: Account, to_on: date, program: Program) -> tuple[Account, tuple[Step, ...]]:
    """Let the clock act up to and on `to_on`: closes and past dues, in order. Nothing else changes, however often it
    is called.
    """
    steps: list[Step] = []
    while event := scheduled_by(account, to_on, program):
        account, entries = evolve(account, event, program)
        steps.append(Step(event, entries))
    return account, tuple(steps)


def catch_up(
    account: Account, pending: Iterable[Event], to_on: date, program: Program
) -> tuple[Account, tuple[Step, ...]]:
    """Fold events that the hot path has recorded and posted, each on its day, and let the clock act up to `to_on`.

    pending: in the order of recording. Their entries are posted already, so only the clock's steps are given back.
    """
    steps: list[Step] = []
    quiet_until = date.min
    for event in sorted(pending, key=rank):
        if event.value_on >= quiet_until:
            account, before = advance(account, event.value_on, program)
            steps += before
            quiet_until = next_action_on(account, program)
        account, entries = evolve(account, event, program)
        assert not entries, f"{type(event).__name__} is no hot event: it posts by the account"
        if isinstance(event, Captured | Received):
            # What is bought is billed on the next close or later; nothing else of the clock's comes nearer by it.
            quiet_until = min(quiet_until, program.first_bill_on(event.value_on, account.cycle_day))
        else:
            quiet_until = next_action_on(account, program)
    account, after = advance(account, to_on, program)
    return account, (*steps, *after)


def rank(event: Event) -> tuple[date, int]:
    """Where an event stands in a fold; events of equal rank keep the order of their recording."""
    return event.value_on, 0 if isinstance(event, Scheduled) else 1


def summary(account: Account, line: Line, program: Program) -> Line:
    """The line with all that the account knows; limit, holds and commitments stay as the line has them, and so does its
    state, but for a charge-off. What was charged off is due since its arrears were.
    """
    claims_on = account.written_off.since_on if account.written_off and account.written_off.claims else None
    unpaid = [statement for statement in account.statements if statement.remaining_minor > 0]
    past_due = [statement for statement in account.statements if statement.past_due]
    return replace(
        line,
        principal_minor=account.principal_minor,
        fee_minor=account.fee_minor,
        interest_minor=account.interest_minor,
        penalty_minor=account.penalty_minor,
        cost_minor=account.cost_minor,
        cycle_day=account.cycle_day,
        credit_balance_minor=account.credit_balance_minor,
        uncleared_minor=account.uncleared_minor,
        state=_state(account, line),
        due_minor=account.due_minor + account.claimed_minor,
        due_on=claims_on or (unpaid[0].due_on if unpaid else None),
        past_due_on=claims_on or (past_due[0].due_on if past_due else None),
        next_action_on=next_action_on(account, program),
        sequence=account.sequence,
        particulars=_particulars(account, line),
    )


def _particulars(account: Account, line: Line) -> Particulars:
    """The line's particulars with what the account knows of them; the very same where nothing is otherwise, as for most."""
    own = account.uplifts or account.uncleared or account.hardship_on or account.written_off or account.places
    if not own and line.particulars is ORDINARY:
        return ORDINARY
    sold = account.sold
    particulars = replace(
        line.particulars,
        uplifts=account.uplifts,
        uncleared=account.uncleared,
        hardship=account.hardship_on is not None,
        sold_to=sold.buyer if sold else "",
        sold_contact=sold.contact if sold else "",
        outstanding=outstanding_after(line.particulars.outstanding, account),
    )
    return line.particulars if particulars == line.particulars else particulars


def _state(account: Account, line: Line) -> LineState:
    """A charged-off line stays so, even recovered; unless a corrected history shows that it never was."""
    if account.written_off is not None and line.state is not LineState.CLOSED:
        return LineState.CHARGED_OFF
    return LineState.OPEN if line.state is LineState.CHARGED_OFF else line.state


def _buy(account: Account, event: Captured | Received, program: Program) -> Account:
    if event.credit_minor == 0:
        return account
    account = after_bought(accrued(account, event.value_on, program), event)
    return _owed_from(account, event, event.plan, program)


def _owed_from(
    account: Account, event: Captured | Received | RefundReversed, plan: InstallmentChoice | None, program: Program
) -> Account:
    """The credit part of an event is owed from its day on, and waits for its bills."""
    account = accrued(account, event.value_on, program)
    opened_on = cycle_opens_on(account, event.value_on, program)
    account = replace(account, opens_on=max(account.opens_on, opened_on), accrued_through_on=event.value_on)
    by_order = program.terms_on(event.value_on).billing == "order"
    if plan is None and not by_order:
        purchase = Purchase(item_id=event.payment_id, bought_on=event.value_on, unbilled_minor=event.credit_minor)
        return replace(account, purchases=(*account.purchases, purchase))
    made = new_plan(
        event.payment_id,
        event.credit_minor,
        plan or ONE_INSTALLMENT,
        event.value_on,
        program,
        opens_on=account.opens_on,
        cycle_day=account.cycle_day,
    )
    return replace(account, plans=(*account.plans, made))


def _reopen(account: Account, event: RefundReversed, program: Program) -> tuple[Account, Entries]:
    """What a refund had given back is owed again: to whoever bought the claims of the line, as a claim where it was charged
    off, else as what no statement has billed.
    """
    if event.credit_minor == 0:
        return account, ()
    if account.written_off is not None:
        return claim_again(account, event.credit_minor, event.payment_id)
    entry = Entry(Rule.CLEAR_PRINCIPAL_UNBILLED, event.credit_minor, event.payment_id, reversed=True)
    return _owed_from(after_bought(account, event), event, None, program), (entry,)


def _repay(account: Account, event: Repaid, program: Program) -> tuple[Account, Entries]:
    """Billed debts first, then unbilled ones; what is left takes accrued interest, since the whole line is paid off
    then.
    """
    before = account
    account = accrued(account, event.value_on, program)
    account, of_plan, left_minor = (
        paid_off(account, event, program) if event.payoff else (account, (), event.amount_minor)
    )
    account = counted_toward_promise(account, event)
    account, recovered, left_minor = recover(account, left_minor, event.value_on, program)
    cleared = repay(account, left_minor, event.value_on, program)
    account = _in_full(cleared.account, event.value_on, program)
    account, interest, rest_minor = _take_accrued(account, cleared.rest_minor, event.value_on, program)
    passing_minor = min(rest_minor, passes_on_minor(account, event.value_on, program))
    account, passed, _ = pass_on(account, passing_minor)
    account, kept = _keep_rest(account, rest_minor - passing_minor)
    account, cured = cure(account, program)
    account = after_held(account, before, event, program)
    entries = (*of_plan, *recovered, *cleared.entries, *interest, *passed, *kept, *cured)
    return _without_settled(account, program), entries


def _refund(account: Account, event: Refunded, program: Program) -> tuple[Account, Entries]:
    """That purchase, to whoever owns what is owed of it; then arrears; then, by term, other debts; the rest is owed to the
    customer (books.md, "Refund order").
    """
    terms = program.terms_on(event.value_on)
    account = accrued(account, event.value_on, program)
    regime = terms.waterfall_at(days_past_due(account, event.value_on))
    account, own_claim, left_minor = recover(
        account, event.credit_minor, event.value_on, program, item_id=event.payment_id
    )
    account, passed, left_minor = pass_on(account, left_minor, item_id=event.payment_id)
    own = return_purchase(account, replace(event, credit_minor=left_minor), terms)
    returned, recovered, left_minor = recover(own.account, own.rest_minor, event.value_on, program)
    own = own._replace(account=returned, rest_minor=left_minor)
    past_due = {index for index, statement in enumerate(own.account.statements) if statement.past_due}
    debts = billed_debts(own.account, regime)
    order = [debt for debt in debts if debt.position in past_due]
    if terms.refund_excess_to_other_debt:
        order += [debt for debt in debts if debt.position not in past_due] + unbilled_debts(own.account, regime)
    other = clear(own.account, order, own.rest_minor)
    account = _in_full(other.account, event.value_on, program)
    if terms.refund_counts_toward_minimum:
        account = counted_by(counted_by(account, own.by_statement), other.by_statement)
    account, kept = _keep_rest(account, other.rest_minor)
    account, cured = cure(account, program)
    entries = (*own_claim, *passed, *own.entries, *recovered, *other.entries, *kept, *cured)
    return _without_settled(account, program), entries


def _pay_credit_balance(account: Account, event: CreditBalancePaid, program: Program) -> tuple[Account, Entries]:
    """The wallet has the money for good: what a corrected history shows to be too much is owed back, unbilled."""
    paid = Entry(Rule.PAY_CREDIT_BALANCE, event.amount_minor)
    left_minor = account.credit_balance_minor - event.amount_minor
    if left_minor >= 0:
        return after_balance_used(replace(account, credit_balance_minor=left_minor), paid_out=True), (paid,)
    account = accrued(account, event.value_on, program)
    purchase = Purchase(item_id=event.payment_id, bought_on=event.value_on, unbilled_minor=-left_minor)
    account = replace(account, credit_balance_minor=0, purchases=(*account.purchases, purchase))
    account = after_balance_used(account, paid_out=True)
    return account, (paid, Entry(Rule.LEND_OVERPAID, -left_minor, event.payment_id))


def _in_full(account: Account, on: date, program: Program) -> Account:
    """Statements whose rest is within the tolerance in time are paid in full: they bear no interest."""
    statements = []
    for statement in account.statements:
        tolerance_minor = program.terms_on(statement.closes_on).full_payment_tolerance_minor
        if on <= grace_ends_on(statement, program) and statement.remaining_minor <= tolerance_minor:
            accruals = () if statement.contingent else statement.accruals
            statement = replace(statement, in_full=True, accruals=accruals)
        statements.append(statement)
    return replace(account, statements=tuple(statements))


def _take_accrued(account: Account, amount_minor: int, on: date, program: Program) -> tuple[Account, Entries, int]:
    """What is left of a repayment when nothing posted is owed any more takes what has accrued and is owed already."""
    left_minor = amount_minor
    entries: list[Entry] = []
    statements = []
    for statement in account.statements:
        interest_minor = min(max(0, unposted_minor(statement, program)), left_minor)
        left_minor -= interest_minor
        penalty_minor = min(max(0, unposted_penalty_minor(statement, program)), left_minor)
        left_minor -= penalty_minor
        statements.append(
            replace(
                statement,
                posted_minor=statement.posted_minor + interest_minor,
                penalty_posted_minor=statement.penalty_posted_minor + penalty_minor,
            )
        )
        entries += _accrued_and_cleared(interest_minor, penalty_minor)
    unbilled_minor = min(unbilled_interest_minor(account, on, program), left_minor)
    entries += _accrued_and_cleared(unbilled_minor, 0)
    account = replace(
        account,
        statements=tuple(statements),
        accruals_posted_minor=account.accruals_posted_minor + unbilled_minor,
    )
    return account, _summed(entries), left_minor - unbilled_minor


def _accrued_and_cleared(interest_minor: int, penalty_minor: int) -> list[Entry]:
    return [
        Entry(Rule.ACCRUE_INTEREST, interest_minor),
        Entry(Rule.CLEAR_INTEREST_ACCRUED, interest_minor),
        Entry(Rule.CHARGE_PENALTY, penalty_minor),
        Entry(Rule.CLEAR_PENALTY, penalty_minor),
    ]


def _summed(entries: Iterable[Entry]) -> Entries:
    sums: dict[Rule, int] = {}
    for entry in entries:
        sums[entry.rule] = sums.get(entry.rule, 0) + entry.amount_minor
    return tuple(Entry(rule, minor) for rule, minor in sums.items() if minor)


def _keep_rest(account: Account, rest_minor: int) -> tuple[Account, Entries]:
    if rest_minor == 0:
        return account, ()
    kept = replace(account, credit_balance_minor=account.credit_balance_minor + rest_minor)
    return kept, (Entry(Rule.KEEP_CREDIT_BALANCE, rest_minor),)


def _without_settled(account: Account, program: Program) -> Account:
    """Without statements on which, and before which, nothing is left to pay and no interest left to bill."""
    kept: list[Statement] = []
    for statement in account.statements:
        open_before = any(older.remaining_minor > 0 for older in kept)
        unbilled_minor = unposted_minor(statement, program) + unposted_penalty_minor(statement, program)
        if statement.remaining_minor > 0 or open_before or unbilled_minor != 0:
            kept.append(statement)
    account = replace(account, statements=tuple(kept))
    return replace(account, late_orders=_not_paid_off(account)) if account.late_orders else account


def _not_paid_off(account: Account) -> tuple[LateOrder, ...]:
    """Orders with late charges of which anything is left to pay; what a settled one was charged is no cap any more."""
    owed = {plan.item_id for plan in account.plans}
    owed |= {item.item_id for statement in account.statements for item in statement.items}
    return tuple(order for order in account.late_orders if order.item_id in owed)
