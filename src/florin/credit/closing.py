"""The cycle closes: a statement bills what waits, and its image never changes.

A statement covers what counted before its close; it lists what is new and does not repeat what older statements still
ask for. There is none in a cycle with nothing to bill and nothing left to pay. When history was corrected since, what a
statement asks for is computed anew, its image stays, and the next statement names the difference: an adjustment, told and
not billed, because it is in what remains of the old one already. When a close is due, `appointments.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple

from msgspec.structs import replace

from florin.credit.allocation import billed_debts, clear, without_billed
from florin.credit.interest import (
    accrued,
    exact_interest,
    free_of_interest,
    lost_grace,
    rounded,
    unposted_minor,
    unposted_penalty_minor,
)
from florin.credit.items import (
    Account,
    Adjustment,
    Billed,
    Installment,
    Plan,
    Purchase,
    Statement,
    days_past_due,
    missed_minor,
)
from florin.credit.minimum import minimum_due_minor
from florin.credit.repayment_hold import after_balance_used
from florin.credit.reprice import repriced
from florin.credit.terms import Program, Terms
from florin.events import (
    TOLD_LINES,
    CycleMoved,
    StatementIssued,
    StatementLine,
)
from florin.ledger import Entry, Rule

Entries = tuple[Entry, ...]

_USES_CREDIT_BALANCE = {
    Rule.CLEAR_PRINCIPAL_BILLED: Rule.USE_CREDIT_BALANCE_BILLED,
    Rule.CLEAR_PRINCIPAL_PAST_DUE: Rule.USE_CREDIT_BALANCE_PAST_DUE,
    Rule.CLEAR_FEE_BILLED: Rule.USE_CREDIT_BALANCE_FEE,
    Rule.CLEAR_INTEREST_BILLED: Rule.USE_CREDIT_BALANCE_INTEREST,
    Rule.CLEAR_PENALTY: Rule.USE_CREDIT_BALANCE_PENALTY,
}


def next_close_on(account: Account, program: Program) -> date:
    """The close that bills what waits, or bills again what is left of statements; date.max when there is nothing."""
    closes = [plan.future[0].bills_on for plan in account.plans]
    seen_on = max(account.opens_on, account.moved_on, account.through_on)
    if account.purchases or account.accruals or account.adjustments or _bills_again(account, program):
        closes.append(program.next_close_on(seen_on, account.cycle_day))
    soonest_on = min(closes, default=date.max)
    if soonest_on == date.max:
        return date.max
    if program.terms_on(soonest_on).billing == "order":
        return not_before(soonest_on, account)
    # An installment whose day is no close day any more, because the cycle moved, waits for the next one.
    return program.next_close_on(max(soonest_on - timedelta(days=1), seen_on), account.cycle_day)


def cycle_opens_on(account: Account, on: date, program: Program) -> date:
    """The day on which the cycle of a day opened: the last close, or the running cycle's opening if its day was moved."""
    opened_on = program.last_close_on(on, account.cycle_day)
    return opened_on if opened_on > account.moved_on else account.opens_on


def after_cycle_moved(account: Account, event: CycleMoved, program: Program) -> Account:
    """The running cycle goes on to the new day; purchases so far belong to it."""
    opens_on = max(account.opens_on, cycle_opens_on(account, event.value_on, program))
    return replace(
        accrued(account, event.value_on, program),
        opens_on=opens_on,
        cycle_day=event.cycle_day,
        due_day=event.due_day,
        moved_on=event.value_on,
    )


def _bills_again(account: Account, program: Program) -> bool:
    """Whether what is left of statements makes one more. An order's is due by itself, unless something accrues on it."""
    if not account.statements:
        return False
    terms = program.terms_on(account.statements[-1].closes_on)
    return terms.billing == "cycle" or terms.yearly_rate() > 0


def not_before(on: date, account: Account) -> date:
    """The clock never acts on a day that is over: what a correction makes due for the past comes the day after."""
    return on if on > account.through_on else account.through_on + timedelta(days=1)


def scheduled_statement(account: Account, closes_on: date, program: Program) -> StatementIssued:
    """The statement of a close, if nothing happens before it."""
    terms = program.terms_on(closes_on)
    lines = tuple(_lines(account, closes_on, program))
    return StatementIssued(
        value_on=closes_on,
        line_id=account.line_id,
        opens_on=cycle_opens_on(account, closes_on - timedelta(days=1), program),
        closes_on=closes_on,
        due_on=program.due_on(closes_on, account.due_day),
        image_minor=sum(line.amount_minor for line in lines if line.what not in TOLD_LINES),
        minimum_minor=_minimum_minor(account, lines, terms),
        lines=lines,
        earlier_minor=account.due_minor,
    )


def after_statement(account: Account, event: StatementIssued, program: Program) -> tuple[Account, Entries]:
    """Bill what waits: principal, fees, and what older statements have borne up to the close."""
    found = repriced(accrued(account, event.closes_on, program), event.closes_on, program)
    account = found.account
    terms = program.terms_on(event.closes_on)
    purchases, installments = account.purchases, _due_installments(account, event.closes_on)
    borne = list(_borne(account, event.closes_on, program))
    interest, penalty = _by_statement(borne, "interest"), _by_statement(borne, "penalty")
    own_minor = interest.get(event.closes_on, 0)
    older = tuple(
        replace(
            statement,
            posted_minor=statement.posted_minor + interest.get(statement.closes_on, 0),
            penalty_posted_minor=statement.penalty_posted_minor + penalty.get(statement.closes_on, 0),
        )
        for statement in account.statements
    )
    interest_minor, penalty_minor = sum(interest.values()), sum(penalty.values())
    items = (
        *(Billed(item_id=p.item_id, principal_minor=p.unbilled_minor) for p in purchases),
        *(_billed(plan, installment) for plan, installment in installments),
    )
    items = tuple(item for item in items if item.principal_minor + item.fee_minor > 0)
    from_posting = terms.interest_start == "posting"
    free = free_of_interest(account, event.closes_on, program) and account.accruals_posted_minor == 0
    issued = Statement(
        closes_on=event.closes_on,
        due_on=event.due_on,
        image_minor=event.image_minor,
        minimum_minor=_minimum_asked(account, event, items, interest_minor + penalty_minor, program),
        accrued_through_on=event.closes_on if from_posting else event.due_on,
        items=items,
        interest_minor=interest_minor,
        penalty_minor=penalty_minor,
        in_full=not items and interest_minor == penalty_minor == 0,
        contingent=free or not from_posting,
        accruals=account.accruals,
        posted_minor=account.accruals_posted_minor + own_minor,
        arrears_minor=_arrears_minor(account, terms),
    )
    after = replace(
        account,
        opens_on=event.closes_on,
        purchases=(),
        plans=without_billed(account.plans, event.closes_on),
        statements=(*older, issued),
        accruals=(),
        accruals_posted_minor=0,
        grace_lost=_grace_lost(account, event.closes_on, program),
        revolved=False,
        adjustments=_adjustments(account, event, interest_minor + penalty_minor, installments),
    )
    entries = [
        *found.entries(),
        *_billing_entries(purchases, installments),
        *_charging_entries(interest_minor, penalty_minor, off_books=account.accrual_stopped),
    ]
    after, used = _use_credit_balance(after, terms)
    return after, (*entries, *used)


def _minimum_asked(
    account: Account, event: StatementIssued, items: tuple[Billed, ...], borne_minor: int, program: Program
) -> int:
    """The minimum that was agreed; less, where a corrected history asks for less. It is never raised.

    account: just before the close. items, borne: what is billed as history is known now.
    """
    billed_minor = sum(item.principal_minor + item.fee_minor for item in items) + borne_minor
    if (billed_minor, account.due_minor) == (event.image_minor, event.earlier_minor):
        return event.minimum_minor
    lines = tuple(_lines(account, event.closes_on, program))
    return min(event.minimum_minor, _minimum_minor(account, lines, program.terms_on(event.closes_on)))


def _lines(account: Account, closes_on: date, program: Program) -> Iterator[StatementLine]:
    account, changes = repriced(account, closes_on, program)
    for purchase in account.purchases:
        yield StatementLine(
            what="purchase",
            amount_minor=purchase.unbilled_minor,
            item_id=purchase.item_id,
            posted_on=purchase.bought_on,
        )
    for plan, installment in _due_installments(account, closes_on):
        billed = _billed(plan, installment)
        if billed.principal_minor > 0:
            yield _installment_line("installment", billed.principal_minor, billed)
        if billed.fee_minor > 0:
            yield _installment_line("fee", billed.fee_minor, billed)
    yield from _borne(accrued(account, closes_on, program), closes_on, program)
    for adjustment in account.adjustments:
        yield StatementLine(
            what="adjustment", amount_minor=adjustment.amount_minor, statement_closes_on=adjustment.closes_on
        )
    for item_id, minor in changes:
        yield StatementLine(what="rate", amount_minor=minor, item_id=item_id)


def _borne(account: Account, closes_on: date, program: Program) -> Iterator[StatementLine]:
    """Interest and penalties that a close bills, each with the statement that has borne it."""
    for statement in account.statements:
        yield from _borne_line("interest", unposted_minor(statement, program), statement.closes_on)
        yield from _borne_line("penalty", unposted_penalty_minor(statement, program), statement.closes_on)
    if account.accruals and not free_of_interest(account, closes_on, program):
        exact = exact_interest(account.accruals, program)
        minor = rounded(exact, program.terms_on(closes_on)) - account.accruals_posted_minor
        yield from _borne_line("interest", minor, closes_on)


def _borne_line(what: Literal["interest", "penalty"], amount_minor: int, closes_on: date) -> Iterator[StatementLine]:
    if amount_minor > 0:
        yield StatementLine(what=what, amount_minor=amount_minor, statement_closes_on=closes_on)


def _installment_line(what: Literal["installment", "fee"], amount_minor: int, billed: Billed) -> StatementLine:
    return StatementLine(
        what=what, amount_minor=amount_minor, item_id=billed.item_id, number=billed.number, count=billed.count
    )


class MinimumBase(NamedTuple):
    """What a minimum is made of. ordinary: asked for by a share. in_full: lines that the terms ask for in full; missed:
    what older minimums left unmet; over_limit: what is owed above the limit. balance: all of it.
    """

    balance_minor: int
    ordinary_minor: int
    in_full_minor: int
    missed_minor: int
    over_limit_minor: int


def minimum_base(account: Account, lines: Iterable[StatementLine], terms: Terms) -> MinimumBase:
    """What the minimum of a statement with these lines is made of. account: just before it is issued."""
    in_full = set(terms.minimum_in_full)
    sums = {"ordinary": 0, "in_full": 0}
    for line in lines:
        if line.what in TOLD_LINES:
            continue
        sums["in_full" if line.what in in_full else "ordinary"] += line.amount_minor
    missed = _arrears_minor(account, terms)
    over_minor = max(0, account.owed_minor - account.limit_in_force_minor) if "over_limit" in in_full else 0
    over_minor = min(over_minor, sums["ordinary"] + account.due_minor - missed)
    return MinimumBase(
        balance_minor=sum(sums.values()) + account.due_minor,
        ordinary_minor=sums["ordinary"] + account.due_minor - missed - over_minor,
        in_full_minor=sums["in_full"],
        missed_minor=missed,
        over_limit_minor=over_minor,
    )


def _arrears_minor(account: Account, terms: Terms) -> int:
    """What older minimums left unmet, as far as a minimum asks for it in full."""
    if "missed" not in terms.minimum_in_full:
        return 0
    return max((missed_minor(account, statement.closes_on) for statement in account.statements), default=0)


def _minimum_minor(account: Account, lines: Iterable[StatementLine], terms: Terms) -> int:
    base = minimum_base(account, lines, terms)
    return minimum_due_minor(
        balance_minor=base.balance_minor,
        ordinary_minor=base.ordinary_minor,
        due_in_full_minor=base.in_full_minor + base.missed_minor + base.over_limit_minor,
        terms=terms,
    )


def _due_installments(account: Account, closes_on: date) -> list[tuple[Plan, Installment]]:
    return [
        (plan, installment)
        for plan in account.plans
        for installment in plan.future
        if installment.bills_on <= closes_on
    ]


def _billed(plan: Plan, installment: Installment) -> Billed:
    return Billed(
        item_id=plan.item_id,
        principal_minor=installment.principal_minor,
        fee_minor=installment.fee_minor if plan.fee_payer == "shopper" else 0,
        number=installment.number,
        count=plan.count,
        bought_minor=plan.bought_minor,
    )


def _by_statement(borne: Iterable[StatementLine], what: str) -> dict[date, int]:
    """What a close bills of interest or penalty, by the close of the statement that bore it."""
    return {
        line.statement_closes_on: line.amount_minor
        for line in borne
        if line.what == what and line.statement_closes_on is not None
    }


def _adjustments(
    account: Account, event: StatementIssued, borne_minor: int, installments: list[tuple[Plan, Installment]]
) -> tuple[Adjustment, ...]:
    """What the next statement tells of this one: what its image bills too much (below zero) or too little, as history is
    known now: interest and penalties, and installments of plans whose rate is known to have changed before. What this
    statement tells of earlier ones is told.
    """
    told = {line.statement_closes_on for line in event.lines if line.what == "adjustment"}
    billed_minor = sum(line.amount_minor for line in event.lines if line.what in ("interest", "penalty"))
    repriced_minor = {
        (plan.item_id, installment.number): installment.principal_minor + installment.fee_minor
        for plan, installment in installments
        if plan.repriced_on is not None
    }
    billed_minor += sum(line.amount_minor for line in event.lines if (line.item_id, line.number) in repriced_minor)
    borne_minor += sum(repriced_minor.values())
    kept = tuple(adjustment for adjustment in account.adjustments if adjustment.closes_on not in told)
    if borne_minor == billed_minor:
        return kept
    return (*kept, Adjustment(closes_on=event.closes_on, amount_minor=borne_minor - billed_minor))


def _grace_lost(account: Account, closes_on: date, program: Program) -> int:
    """Full payments missing until new purchases are free of interest, counted at a close."""
    if lost_grace(account, closes_on, program):
        return program.terms_on(closes_on).grace_lost_for
    return max(0, account.grace_lost - 1)


def _billing_entries(purchases: tuple[Purchase, ...], installments: list[tuple[Plan, Installment]]) -> list[Entry]:
    entries = [Entry(Rule.BILL_PRINCIPAL, purchase.unbilled_minor, purchase.item_id) for purchase in purchases]
    for plan, installment in installments:
        billed = _billed(plan, installment)
        entries.append(Entry(Rule.BILL_PRINCIPAL, billed.principal_minor, plan.item_id))
        entries.append(Entry(Rule.BILL_FEE, billed.fee_minor, plan.item_id))
        entries.append(Entry(Rule.EARN_FEE, installment.income_minor, plan.item_id))
    return [entry for entry in entries if entry.amount_minor > 0]


def _charging_entries(interest_minor: int, penalty_minor: int, *, off_books: bool) -> list[Entry]:
    if off_books:
        entries = [
            Entry(Rule.ACCRUE_INTEREST_MEMO, interest_minor),
            Entry(Rule.CHARGE_PENALTY_MEMO, penalty_minor),
        ]
    else:
        entries = [
            Entry(Rule.ACCRUE_INTEREST, interest_minor),
            Entry(Rule.BILL_INTEREST, interest_minor),
            Entry(Rule.CHARGE_PENALTY, penalty_minor),
        ]
    return [entry for entry in entries if entry.amount_minor > 0]


def _use_credit_balance(account: Account, terms: Terms) -> tuple[Account, Entries]:
    """A credit balance that stayed on the line pays what is billed, at once."""
    if account.credit_balance_minor == 0 or account.accrual_stopped:
        return account, ()
    regime = terms.waterfall_at(days_past_due(account, account.opens_on))
    debts = [
        debt._replace(rule=_USES_CREDIT_BALANCE[debt.rule])
        for debt in billed_debts(account, regime)
        if debt.rule in _USES_CREDIT_BALANCE
    ]
    cleared = clear(account, debts, account.credit_balance_minor)
    after = counted_by(cleared.account, cleared.by_statement)
    after = after_balance_used(replace(after, credit_balance_minor=cleared.rest_minor), cleared.entries)
    return after, cleared.entries


def counted_by(account: Account, by_statement: dict[date, int]) -> Account:
    """What cleared a statement counts toward its minimum and toward those of newer ones, which ask for what it left
    unmet.
    """
    statements = tuple(
        replace(
            statement,
            counted_minor=statement.counted_minor
            + sum(minor for closes_on, minor in by_statement.items() if closes_on <= statement.closes_on),
        )
        for statement in account.statements
    )
    return replace(account, statements=statements)
