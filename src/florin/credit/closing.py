"""The clock's part in an account: the cycle closes, and an unmet minimum falls past due.

`scheduled` says which event is next and on which day; its numbers are agreed with the world from then on. The two
`after_` functions are what these events do to the account. A statement covers what counted before its close; it lists
what is new and does not repeat what older statements still ask for. There is none in a cycle with nothing to bill and
nothing left to pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

from msgspec.structs import replace

from florin.credit.allocation import clear, principal_debt
from florin.credit.interest import accrue, grace_ends_on, unposted_minor
from florin.credit.items import Account, Billed, Installment, Plan, Purchase, Statement, missed_minor
from florin.credit.minimum import minimum_due_minor
from florin.credit.terms import Program, Terms
from florin.events import FellPastDue, StatementIssued, StatementLine
from florin.ledger import Entry, Rule


def next_close_on(account: Account, program: Program) -> date:
    """The close that bills what waits, or bills again what is left of statements; date.max when there is nothing."""
    eve = timedelta(days=1)
    closes = [program.next_close_on(plan.future[0].bills_on - eve) for plan in account.plans]
    if account.purchases or account.statements:
        closes.append(program.next_close_on(account.opens_on))
    return min(closes, default=date.max)


def next_past_due_on(account: Account, program: Program) -> tuple[date, Statement | None]:
    """The day after due (and grace) of the next statement whose minimum is unmet so far, and that statement."""
    unmet = [
        (grace_ends_on(statement, program) + timedelta(days=1), statement)
        for statement in account.statements
        if not statement.past_due and missed_minor(account, statement.closes_on) > 0
    ]
    return min(unmet, key=lambda pair: pair[0], default=(date.max, None))


def next_action_on(account: Account, program: Program) -> date:
    """The next day on which the clock changes the account; date.max when it will not, unless something happens."""
    return min(next_close_on(account, program), next_past_due_on(account, program)[0])


def scheduled(account: Account, program: Program) -> StatementIssued | FellPastDue:
    """The event of `next_action_on`; on one day the past due comes before the close."""
    closes_on = next_close_on(account, program)
    past_due_on, statement = next_past_due_on(account, program)
    if statement is not None and past_due_on <= closes_on:
        return FellPastDue(
            value_on=past_due_on,
            line_id=account.line_id,
            closes_on=statement.closes_on,
            missed_minor=missed_minor(account, statement.closes_on),
        )
    return scheduled_statement(account, closes_on, program)


def scheduled_statement(account: Account, closes_on: date, program: Program) -> StatementIssued:
    """The statement of a close, if nothing happens before it."""
    terms = program.terms_on(closes_on)
    lines = tuple(_lines(account, closes_on, program))
    image_minor = sum(line.amount_minor for line in lines)
    return StatementIssued(
        value_on=closes_on,
        line_id=account.line_id,
        opens_on=program.last_close_on(closes_on - timedelta(days=1)),
        closes_on=closes_on,
        due_on=program.due_on(closes_on),
        image_minor=image_minor,
        minimum_minor=_minimum_minor(account, lines, terms),
        lines=lines,
        earlier_minor=account.due_minor,
    )


def after_statement(account: Account, event: StatementIssued, program: Program) -> tuple[Account, tuple[Entry, ...]]:
    """Bill what waits: principal, fees, and the interest of older statements up to the close."""
    purchases, installments = account.purchases, _due_installments(account, event.closes_on)
    older = tuple(accrue(statement, event.closes_on, program) for statement in account.statements)
    interest = [unposted_minor(statement, program) for statement in older]
    items = (
        *(Billed(item_id=p.item_id, principal_minor=p.unbilled_minor) for p in purchases),
        *(_billed(plan, installment) for plan, installment in installments),
    )
    issued = Statement(
        closes_on=event.closes_on,
        due_on=event.due_on,
        image_minor=event.image_minor,
        minimum_minor=event.minimum_minor,
        accrued_through_on=event.due_on,
        items=tuple(item for item in items if item.principal_minor + item.fee_minor > 0),
        interest_minor=sum(interest),
    )
    posted = (replace(s, posted_minor=s.posted_minor + minor) for s, minor in zip(older, interest, strict=True))
    after = replace(
        account,
        opens_on=event.closes_on,
        purchases=(),
        plans=_without_billed(account.plans, event.closes_on),
        statements=(*posted, issued),
    )
    after, used = _use_credit_balance(after)
    return after, (*_billing_entries(purchases, installments, sum(interest)), *used)


def after_past_due(account: Account, event: FellPastDue) -> tuple[Account, tuple[Entry, ...]]:
    """The statement's principal is past due from now on, until its minimum is met."""
    entries: list[Entry] = []
    statements = []
    for statement in account.statements:
        if statement.closes_on == event.closes_on:
            entries = [_aged(item) for item in statement.items if item.principal_minor > 0]
            statement = replace(statement, past_due=True)
        statements.append(statement)
    return replace(account, statements=tuple(statements)), tuple(entries)


def cure(account: Account) -> tuple[Account, tuple[Entry, ...]]:
    """Statements whose minimum is met by now are current again; what is left of their principal is just billed."""
    entries: list[Entry] = []
    statements = []
    for statement in account.statements:
        if statement.past_due and missed_minor(account, statement.closes_on) == 0:
            entries += [_aged(item)._replace(reversed=True) for item in statement.items if item.principal_minor > 0]
            statement = replace(statement, past_due=False)
        statements.append(statement)
    return replace(account, statements=tuple(statements)), tuple(entries)


def _lines(account: Account, closes_on: date, program: Program) -> Iterator[StatementLine]:
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
    for statement in account.statements:
        interest_minor = unposted_minor(accrue(statement, closes_on, program), program)
        if interest_minor > 0:
            yield StatementLine(what="interest", amount_minor=interest_minor, statement_closes_on=statement.closes_on)


def _installment_line(what: Literal["installment", "fee"], amount_minor: int, billed: Billed) -> StatementLine:
    return StatementLine(
        what=what, amount_minor=amount_minor, item_id=billed.item_id, number=billed.number, count=billed.count
    )


def _minimum_minor(account: Account, lines: Iterable[StatementLine], terms: Terms) -> int:
    new_minor = {"ordinary": 0, "in_full": 0}
    for line in lines:
        new_minor["ordinary" if line.what == "purchase" else "in_full"] += line.amount_minor
    missed = max((missed_minor(account, statement.closes_on) for statement in account.statements), default=0)
    return minimum_due_minor(
        balance_minor=sum(new_minor.values()) + account.due_minor,
        ordinary_minor=new_minor["ordinary"] + account.due_minor - missed,
        due_in_full_minor=new_minor["in_full"] + missed,
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
    )


def _without_billed(plans: tuple[Plan, ...], closes_on: date) -> tuple[Plan, ...]:
    left = (replace(plan, future=tuple(i for i in plan.future if i.bills_on > closes_on)) for plan in plans)
    return tuple(plan for plan in left if plan.future)


def _billing_entries(
    purchases: tuple[Purchase, ...], installments: list[tuple[Plan, Installment]], interest_minor: int
) -> list[Entry]:
    entries = [Entry(Rule.BILL_PRINCIPAL, purchase.unbilled_minor, purchase.item_id) for purchase in purchases]
    for plan, installment in installments:
        billed = _billed(plan, installment)
        entries.append(Entry(Rule.BILL_PRINCIPAL, billed.principal_minor, plan.item_id))
        entries.append(Entry(Rule.BILL_FEE, billed.fee_minor, plan.item_id))
        entries.append(Entry(Rule.EARN_FEE, installment.fee_minor, plan.item_id))
    entries.append(Entry(Rule.ACCRUE_INTEREST, interest_minor))
    entries.append(Entry(Rule.BILL_INTEREST, interest_minor))
    return [entry for entry in entries if entry.amount_minor > 0]


def _use_credit_balance(account: Account) -> tuple[Account, tuple[Entry, ...]]:
    """A credit balance that stayed on the line pays the newest statement's principal at once."""
    if account.credit_balance_minor == 0:
        return account, ()
    index = len(account.statements) - 1
    issued = account.statements[index]
    debts = [
        principal_debt(issued, index, part)._replace(rule=Rule.USE_CREDIT_BALANCE_BILLED)
        for part, item in enumerate(issued.items)
        if item.principal_minor > 0
    ]
    cleared = clear(account, debts, account.credit_balance_minor)
    after = counted(cleared.account, cleared.by_statement)
    return replace(after, credit_balance_minor=cleared.rest_minor), cleared.entries


def counted(account: Account, by_statement: dict[date, int]) -> Account:
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


def _aged(item: Billed) -> Entry:
    return Entry(Rule.AGE_PRINCIPAL, item.principal_minor, item.item_id)
