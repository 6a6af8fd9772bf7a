"""A live book's accounts as a book of many people: what each line owes today, so that it can be lived on from here.

An account that has something which the book has no arithmetic for is refused by name; `unfit` says which, before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np

from florin.credit.interest import accrued, grace_ends_on
from florin.credit.items import Account, Accrual, Statement, missed_minor
from florin.credit.line import Line, LineState
from florin.credit.terms import Program
from florin.lab.book.late import watch
from florin.lab.book.state import State
from florin.lab.book.statements import BUCKETS
from florin.lab.book.tables import NEVER, Tables


class AccountNotVectorized(ValueError):
    """One account of a live book cannot go on in a book of many."""

    def __init__(self, line_id: int, why: str) -> None:
        super().__init__(f"Line {line_id} cannot be lived on with the others: {why}.")
        self.line_id, self.why = line_id, why


def unfit(account: Account, on: date, program: Program) -> str | None:
    """Why an account cannot go on in the book; None when it can. It must have been advanced to `on`."""
    return next((why for why, asks in _UNFIT if asks(account, on, program)), None)


def take(program: Program, accounts: Sequence[Account], lines: Sequence[Line], on: date) -> State:
    """The state of these people on a day to which their accounts have been advanced. Raises AccountNotVectorized."""
    for account in accounts:
        why = unfit(account, on, program)
        if why is not None:
            raise AccountNotVectorized(account.line_id, why)
    limits = np.array([line.limit_minor for line in lines], np.int64)
    # An amount that is known today is counted from today: what it has borne so far is a sum.
    state = State(program, limits, on.toordinal(), on.toordinal() - 1)
    _calendars(state, accounts)
    brought = [accrued(account, on, program) for account in accounts]
    _people(state, brought, lines)
    _claims(state, brought)
    claimed = state.claims.owed("principal")
    state.used = state.committed + state.principal + claimed - state.credit_balance
    state.bar(slice(None))
    _cycles(state, brought)
    _installments(state, brought)
    _statements(state, brought)
    return state


def _people(state: State, accounts: Sequence[Account], lines: Sequence[Line]) -> None:
    principal = [account.principal_minor - account.claim_minor("principal") for account in accounts]
    state.closed = np.array([line.state is not LineState.OPEN or line.particulars.closing for line in lines], np.bool_)
    state.committed = np.array([line.held_minor + line.committed_minor for line in lines], np.int64)
    state.credit_balance = np.array([account.credit_balance_minor for account in accounts], np.int64)
    state.grace_lost = np.array([account.grace_lost for account in accounts], np.int64)
    state.revolved = np.array([account.revolved for account in accounts], np.bool_)
    state.stopped = np.array([account.accrual_stopped for account in accounts], np.bool_)
    state.principal = np.array(principal, np.int64)
    state.lent = sum(principal)
    lent = state.principal + state.committed if state.tables.draws_at_payment else state.principal
    state.moment = -lent * state.today


def _claims(state: State, accounts: Sequence[Account]) -> None:
    rows = []
    for person, account in enumerate(accounts):
        if account.written_off is not None:
            state.lost_since[person] = account.written_off.since_on.toordinal()
            for claim in account.written_off.claims:
                closes_on = NEVER if claim.closes_on is None else claim.closes_on.toordinal()
                rows.append((person, closes_on, *(claim.amount_minor * (claim.bucket == bucket) for bucket in BUCKETS)))
    if rows:
        person, closes, *amounts = np.array(rows, np.int64).T
        state.claims.add(person, closes, dict(zip(BUCKETS, amounts, strict=True)))


def _cycles(state: State, accounts: Sequence[Account]) -> None:
    """Purchases that no statement has billed, and what they have borne."""
    unbilled = [sum(purchase.unbilled_minor for purchase in account.purchases) for account in accounts]
    state.unbilled = np.array(unbilled, np.int64)
    if not state.tables.from_posting:
        return
    borne = np.array([_borne(account.accruals, state.tables, penalty=False) for account in accounts], np.int64)
    state.cycle_moment = borne - state.cycle_borne(np.arange(len(accounts)))
    state.cycle_posted = np.array([account.accruals_posted_minor for account in accounts], np.int64)
    has_borne = np.array([bool(account.accruals) for account in accounts], np.bool_)
    state.cycle_since = np.where(has_borne, state.today - 1, np.where(state.unbilled > 0, state.today, 0))


def _calendars(state: State, accounts: Sequence[Account]) -> None:
    own = [(account.cycle_day, account.due_day) for account in accounts]
    state.calendars = sorted({(0, 0), *own})
    places = {calendar: number for number, calendar in enumerate(state.calendars)}
    state.calendar = np.array([places[calendar] for calendar in own], np.intp)
    state.due_late = any(state.tables.due_late(*calendar) for calendar in state.calendars)


def _installments(state: State, accounts: Sequence[Account]) -> None:
    rows: dict[int, list[tuple[int, int, int, int, bool]]] = {}
    for person, account in enumerate(accounts):
        for plan in account.plans:
            by_merchant = plan.fee_payer == "merchant"
            for installment in plan.future:
                fee_minor = 0 if by_merchant else installment.fee_minor
                scaled = by_merchant or installment.earns_minor is not None
                row = person, installment.principal_minor, fee_minor, installment.income_minor, scaled
                rows.setdefault(installment.bills_on.toordinal(), []).append(row)
            state.to_come[person] += plan.principal_minor
            state.fee_to_come[person] += plan.fee_minor
    for on, of_day in rows.items():
        state.installments.add_rows(on, np.array(of_day, np.int64).T)


def _statements(state: State, accounts: Sequence[Account]) -> None:
    everybody = np.arange(len(accounts))
    statements = state.statements(everybody, room=max((len(account.statements) for account in accounts), default=0))
    where, rows = [], []
    for person, account in enumerate(accounts):
        for place, statement in enumerate(account.statements):
            fields = _fields(statement, state.tables)
            where.append((place, person))
            rows.append([fields[field] for field in state.fields])
    if rows:
        places, people = np.array(where).T
        statements.cells[places, :, people] = np.array(rows, np.int64)
    state.keep(everybody, statements)
    for group in state.by_open(everybody):
        watch(state, group, state.statements(group))


def _fields(statement: Statement, tables: Tables) -> dict[str, int]:
    return {
        "closes": statement.closes_on.toordinal(),
        "due": statement.due_on.toordinal(),
        "through": statement.accrued_through_on.toordinal(),
        "image": statement.image_minor,
        "unmet": statement.minimum_minor - statement.counted_minor,
        "principal": statement.principal_minor,
        "fee": statement.fee_minor,
        "interest": statement.interest_minor,
        "penalty": statement.penalty_minor,
        "borne": _borne(statement.accruals, tables, penalty=False),
        "posted": statement.posted_minor,
        "penalties": _borne(statement.penalties, tables, penalty=True),
        "penalty_posted": statement.penalty_posted_minor,
        "late_charged": statement.late_charged_minor,
        "late_charges": statement.late_charges,
        "past_due": statement.past_due,
        "late": statement.late,
        "in_full": statement.in_full,
        "contingent": statement.contingent,
    }


def _borne(accruals: Sequence[Accrual], tables: Tables, *, penalty: bool) -> int:
    """What was borne so far, in the tables' own parts of a minor unit."""
    exact = sum(accrual.minor_days * tables.daily(accrual.version)[penalty] for accrual in accruals)
    return int(exact)


def _late_by_correction(account: Account, on: date, program: Program) -> bool:
    """Whether something of a day that is over comes tomorrow."""
    return any(
        not statement.past_due
        and grace_ends_on(statement, program) + timedelta(days=1) <= on
        and missed_minor(account, statement.closes_on) > program.terms_on(statement.closes_on).minimum_tolerance_minor
        for statement in account.statements
    )


_Asks = Callable[[Account, date, Program], bool]

_UNFIT: tuple[tuple[str, _Asks], ...] = (
    ("a hardship plan runs", lambda account, on, program: account.hardship_on is not None),
    ("its claims were sold", lambda account, on, program: account.sold is not None),
    (
        "its claims bear interest",
        lambda account, on, program: account.written_off is not None and account.written_off.bears_interest,
    ),
    ("costs of collection are owed", lambda account, on, program: account.cost_minor > 0),
    ("its limit is lifted for a time", lambda account, on, program: bool(account.uplifts)),
    ("a repayment has not cleared", lambda account, on, program: bool(account.uncleared)),
    (
        "collection is paused",
        lambda account, on, program: account.pause is not None and account.pause.until_on >= on,
    ),
    ("the next statement tells of a correction", lambda account, on, program: bool(account.adjustments)),
    (
        "a re-age has left a part of a minimum to later statements",
        lambda account, on, program: any(statement.deferred_minor for statement in account.statements),
    ),
    (
        "a plan bears interest, or a campaign bears a part of its fee",
        lambda account, on, program: any(plan.yearly_rate or plan.subsidy for plan in account.plans),
    ),
    ("a correction has made it late", _late_by_correction),
)
