"""Being late: an unmet minimum falls past due, its principal ages, each late charge has its day and its caps, and from a
number of days on nothing accrues in the books any more.

The `after_` functions are what the clock's events do to the account. A history corrected since may show that a statement
was not late, or missed less: then no more is owed than is deserved.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from msgspec.structs import replace

from florin.credit.allocation import aged, off_books
from florin.credit.interest import grace_ends_on, rounded, statement_accrued
from florin.credit.items import Account, Adjustment, LateOrder, Statement, days_past_due, missed_minor
from florin.credit.terms import DAYS_A_MONTH, DAYS_A_YEAR, LateCharge, Program, Terms
from florin.events import AccrualStopped, FellPastDue, LateCharged
from florin.ledger import Entry, Rule
from florin.money.amounts import share_out

Entries = tuple[Entry, ...]


def after_past_due(account: Account, event: FellPastDue, program: Program) -> tuple[Account, Entries]:
    """The statement's principal is past due from now on, until its minimum is met.

    A history corrected since may show that the minimum was met, or that a hardship plan still runs: then the mark is not
    deserved, and nothing happens. One that a correction made late long after its day is charged no penalty for the time
    before.
    """
    if account.hardship_on is not None:
        return account, ()
    entries: list[Entry] = []
    statements = []
    for statement in account.statements:
        terms = program.terms_on(statement.closes_on)
        missed = missed_minor(account, statement.closes_on) > terms.minimum_tolerance_minor
        if statement.closes_on == event.closes_on and missed:
            entries = [aged(item) for item in statement.items if item.principal_minor > 0]
            statement = replace(statement, past_due=True, late=True)
            if event.value_on > grace_ends_on(statement, program) + timedelta(days=1):
                statement = _not_penalized_before(account, statement, event.value_on, program)
        statements.append(statement)
    return replace(account, statements=tuple(statements)), tuple(entries)


def _not_penalized_before(account: Account, statement: Statement, on: date, program: Program) -> Statement:
    terms = program.terms_on(statement.closes_on)
    statement = statement_accrued(account, statement, on, program)
    passed = sum(
        late_charge_on(replace(statement, late_charges=number), terms) < on for number in range(len(terms.late_charges))
    )
    return replace(statement, penalties=(), late_charges=passed)


def after_late_charge(account: Account, event: LateCharged, program: Program) -> tuple[Account, Entries]:
    """The charge is owed on the statement that is late, at once. A history corrected since may show that it was not late,
    or missed less: then no more is owed than is deserved.
    """
    rule = Rule.CHARGE_PENALTY_MEMO if account.accrual_stopped else Rule.CHARGE_PENALTY
    charged_minor = 0
    late_orders = account.late_orders
    statements = []
    for statement in account.statements:
        if statement.closes_on == event.closes_on:
            charged = replace(statement, late_charges=event.number - 1)
            if statement.past_due:
                charged_minor = min(event.amount_minor, late_charge_minor(account, charged, program))
            late_orders = _late_orders(account, charged, charged_minor, program)
            statement = replace(
                statement,
                penalty_minor=statement.penalty_minor + charged_minor,
                late_charged_minor=statement.late_charged_minor + charged_minor,
                late_charges=event.number,
            )
        statements.append(statement)
    entries = (Entry(rule, charged_minor),) if charged_minor else ()
    account = replace(account, statements=tuple(statements), late_orders=late_orders)
    if charged_minor < event.amount_minor:
        told = Adjustment(closes_on=event.closes_on, amount_minor=charged_minor - event.amount_minor)
        account = replace(account, adjustments=(*account.adjustments, told))
    return account, entries


def _late_orders(account: Account, statement: Statement, charged_minor: int, program: Program) -> tuple[LateOrder, ...]:
    """What each order has been charged in all, where charges are by the order: this one in the proportion of its parts."""
    terms = program.terms_on(statement.closes_on)
    if charged_minor == 0 or terms.late_charges[statement.late_charges].per == "statement":
        return account.late_orders
    parts = _late_charges(account, statement, terms)
    if sum(parts.values()) == 0:
        return account.late_orders
    charged = {order.item_id: order.late_charged_minor for order in account.late_orders}
    for item_id, minor in zip(parts, share_out(charged_minor, list(parts.values())), strict=True):
        charged[item_id] = charged.get(item_id, 0) + minor
    return tuple(LateOrder(item_id=item_id, late_charged_minor=minor) for item_id, minor in charged.items() if minor)


def after_accrual_stopped(account: Account, event: AccrualStopped) -> tuple[Account, Entries]:
    """What is billed of interest and penalties leaves the books for a memo; the customer owes it all the same."""
    if account.accrual_stopped or days_past_due(account, event.value_on) < event.days_past_due:
        return account, ()
    return replace(account, accrual_stopped=True), tuple(off_books(account))


def next_chargeable(account: Account, statement: Statement, program: Program) -> Statement | None:
    """The statement with the late charges behind it of which the caps leave nothing; None when they leave none at all."""
    for number in range(statement.late_charges, len(program.terms_on(statement.closes_on).late_charges)):
        chargeable = replace(statement, late_charges=number)
        if late_charge_minor(account, chargeable, program) > 0:
            return chargeable
    return None


def late_charge_on(statement: Statement, terms: Terms) -> date:
    """The day of the statement's next late charge; no earlier than it can be known to be late."""
    days = max(terms.late_charges[statement.late_charges].days_past_due, terms.grace_days + 1)
    return statement.due_on + timedelta(days=days)


def late_charge_minor(account: Account, statement: Statement, program: Program) -> int:
    """The next late charge of a statement: a share of what it misses and a fixed amount, at least the floor, within the
    charge's caps and within the all-in cap.
    """
    amount_minor = sum(_late_charges(account, statement, program.terms_on(statement.closes_on)).values())
    room_minor = late_charge_room_minor(account, statement, program)
    return amount_minor if room_minor is None else min(amount_minor, room_minor)


def late_charge_room_minor(account: Account, statement: Statement, program: Program) -> int | None:
    """What the all-in cap leaves for late charges of a statement; None where the terms have no cap.

    Late charges are the price of one cycle: from this due day to the next, unpaid principal may cost, all in, the cap's
    share of a year. So over a year it never costs more than the cap. Rounded down.
    """
    terms = program.terms_on(statement.closes_on)
    if terms.yearly_rate_max is None:
        return None
    by_order = terms.billing == "order"
    principal_minor = sum(
        older.principal_minor
        for older in account.statements
        if older.closes_on == statement.closes_on or (older.closes_on < statement.closes_on and not by_order)
    )
    if by_order:
        days = terms.order_interval_days or DAYS_A_MONTH
    else:
        next_close = program.next_close_on(statement.closes_on, account.cycle_day)
        days = (program.due_on(next_close, account.due_day) - statement.due_on).days
    left = Fraction(terms.yearly_rate_max) / DAYS_A_YEAR - sum(terms.charged_daily_rates())
    return max(0, (principal_minor * left * days).__floor__() - statement.late_charged_minor)


def _late_charges(account: Account, statement: Statement, terms: Terms) -> dict[int, int]:
    """The next late charge by order (0: the statement as one), before the all-in cap."""
    charge: LateCharge = terms.late_charges[statement.late_charges]
    if charge.per == "statement":
        missed = missed_minor(account, statement.closes_on)
        charged_minor = statement.late_charged_minor
        return {0: _within_caps(charge, missed, charged_minor, statement.image_minor, terms)}
    charged = {order.item_id: order.late_charged_minor for order in account.late_orders}
    charges = {}
    for item_id in dict.fromkeys(item.item_id for item in statement.items):
        items = [item for item in statement.items if item.item_id == item_id]
        missed = sum(item.principal_minor + item.fee_minor for item in items)
        bought_minor = items[0].bought_minor
        charges[item_id] = _within_caps(charge, missed, charged.get(item_id, 0), bought_minor, terms)
    return charges


def _within_caps(charge: LateCharge, missed: int, charged_minor: int, whole_minor: int, terms: Terms) -> int:
    """One late charge. charged: before it; whole: what `cap_share` is a share of."""
    amount_minor = max(charge.floor_minor, rounded(missed * Fraction(charge.share), terms) + charge.amount_minor)
    for cap_minor in (charge.cap_minor, rounded(whole_minor * Fraction(charge.cap_share), terms)):
        if cap_minor:
            amount_minor = min(amount_minor, cap_minor - charged_minor)
    return max(0, amount_minor)
