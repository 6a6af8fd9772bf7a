"""The traced fold: every event of a line in its order, with the account before and after it.

Explanations are read from here, so no rule is written twice: an amount is explained by the steps that moved it, and a
step's movement is the difference of two accounts that `evolve` made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from florin.credit import correction
from florin.credit.account import evolve, next_action_on, open_account, rank
from florin.credit.appointments import Scheduled, scheduled
from florin.credit.items import Account, Claim, Plan, Statement
from florin.credit.terms import Bucket, Program
from florin.events import (
    Authorized,
    Captured,
    CreditDeclined,
    Escrowed,
    Event,
    LimitSet,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    Received,
    Refunded,
    StatementIssued,
    Voided,
)
from florin.ledger import Entry, Rule

_RECORDED_UNSEEN = (
    Authorized,
    Captured,
    CreditDeclined,
    Escrowed,
    LimitSet,
    LineFrozen,
    LineUnfrozen,
    Received,
    Voided,
)


class Record(NamedTuple):
    """An event as it was written: its id, and what it posted by itself where that is known."""

    id: int
    event: Event
    entries: tuple[Entry, ...] = ()
    recorded_at: datetime | None = None


class Step(NamedTuple):
    """One event folded. id: 0 for one of the clock's that is due and not written yet. entries: what it posted."""

    id: int
    event: Event
    before: Account
    after: Account
    entries: tuple[Entry, ...]


class Debt(NamedTuple):
    """Something that can be owed, whatever its stage: one purchase's principal, installment `number` of a plan, the
    interest of a statement.
    """

    bucket: Bucket
    item_id: int = 0
    number: int = 0
    closes_on: date | None = None


class Movement(NamedTuple):
    """What one step added to a debt, or took from it."""

    step: Step
    minor: int


class Trace:
    """A line's history up to and on a day. account: as it stands then, the clock's due actions included."""

    def __init__(self, opened: Step, steps: list[Step], program: Program, on: date) -> None:
        self.opened = opened
        self.steps = steps
        self.program = program
        self.on = on
        self.account = steps[-1].after if steps else opened.after

    @cached_property
    def statements(self) -> dict[date, Step]:
        """The steps that issued statements, by their close."""
        return {step.event.closes_on: step for step in self.steps if isinstance(step.event, StatementIssued)}

    @cached_property
    def bought(self) -> dict[int, Step]:
        """The steps from which purchases are owed."""
        return {
            step.event.payment_id: step
            for step in reversed(self.steps)
            if isinstance(step.event, Captured | Received) and step.event.credit_minor
        }

    def of_payment(self, payment_id: int) -> Iterator[Step]:
        """Everything that happened to one purchase."""
        return (step for step in self.steps if step.event.payment_id == payment_id)

    def payment_waits(self, payment_id: int) -> bool:
        """Whether it is paid into escrow and neither received nor given back whole."""
        waiting_minor = 0
        for step in self.of_payment(payment_id):
            match step.event:
                case Escrowed(credit_minor=minor):
                    waiting_minor += minor
                case Received(credit_minor=minor) | Refunded(credit_minor=minor, before_receipt=True):
                    waiting_minor -= minor
        return waiting_minor > 0

    def step_of(self, event_id: int) -> Step | None:
        return next((step for step in (self.opened, *self.steps) if step.id == event_id and event_id), None)

    def movements(self, wanted: Collection[Debt], *, upto: Step | None = None) -> dict[Debt, list[Movement]]:
        """What moved these debts, in order. upto: the step at which to stop, not counted itself."""
        found: dict[Debt, list[Movement]] = {}
        before: dict[Debt, int] = {}
        seen: Account | None = None
        for step in self.steps[self._first(wanted) :]:
            if upto is not None and step is upto:
                break
            if seen is not step.before:
                before = debts_of(step.before, wanted)
            after = debts_of(step.after, wanted)
            for debt in dict.fromkeys((*before, *after)):
                minor = after.get(debt, 0) - before.get(debt, 0)
                if minor:
                    found.setdefault(debt, []).append(Movement(step, minor))
            before, seen = after, step.after
        return found

    def _first(self, wanted: Collection[Debt]) -> int:
        """The step before which none of these debts can have been."""
        steps = [
            self.bought.get(d.item_id) if d.closes_on is None else self.statements.get(d.closes_on) for d in wanted
        ]
        return min((0 if step is None else self.place(step) for step in steps), default=len(self.steps))

    def place(self, step: Step) -> int:
        """Which of the steps it is, from 0."""
        return self._places[id(step)]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(step): place for place, step in enumerate(self.steps)}


def trace(records: Sequence[Record], program: Program, on: date) -> Trace:
    """Fold a line's events that count up to `on`. records: all of the line's, in the order of their recording.

    What the till has recorded since the account was last looked at waits for the clock; everything before it stands as
    it was written. Raises ValueError when the first event does not open the line, or counts after `on`.
    """
    first = records[0] if records else None
    if first is None or not isinstance(first.event, LineOpened) or first.event.value_on > on:
        raise ValueError(f"no line was open on {on}")
    account = open_account(first.event)
    opened = Step(first.id, first.event, account, account, first.entries)
    known = [record for record in records[1:] if record.event.value_on <= on]
    written = _written(known)
    folded = [first, *known[:written]]
    steps = [
        Step(folded[at].id, folded[at].event, before, after, derived or folded[at].entries)
        for at, before, after, derived in correction.steps([record.event for record in folded], program)
    ]
    account = steps[-1].after if steps else account
    for record in sorted(known[written:], key=lambda record: rank(record.event)):
        account = _advance(steps, account, record.event.value_on, program)
        account = _fold(steps, account, record, program)
    _advance(steps, account, on, program)
    return Trace(opened, steps, program, on)


def debts_of(account: Account, wanted: Collection[Debt]) -> dict[Debt, int]:
    """What is owed of these debts."""
    found: dict[Debt, int] = {}
    for debt, minor in all_debts(account):
        if debt in wanted:
            found[debt] = found.get(debt, 0) + minor
    return found


def all_debts(account: Account) -> Iterator[tuple[Debt, int]]:
    """Everything owed on the account, one by one; the sum is `account.owed_minor`."""
    for purchase in account.purchases:
        yield Debt("principal", purchase.item_id), purchase.unbilled_minor
    for plan in account.plans:
        yield from _of_plan(plan)
    for statement in account.statements:
        yield from of_statement(statement)
    for claim in account.written_off.claims if account.written_off else ():
        yield debt_of(claim), claim.amount_minor


def debt_of(claim: Claim) -> Debt:
    """What was charged off and is owed all the same; installments of one purchase are one there."""
    of_item = claim.bucket in ("principal", "fee")
    return Debt(claim.bucket, claim.item_id, closes_on=None if of_item else claim.closes_on)


def of_statement(statement: Statement) -> Iterator[tuple[Debt, int]]:
    """What is left of a statement, one by one."""
    for item in statement.items:
        if item.principal_minor:
            yield Debt("principal", item.item_id, item.number), item.principal_minor
        if item.fee_minor:
            yield Debt("fee", item.item_id, item.number), item.fee_minor
    if statement.interest_minor:
        yield Debt("interest", closes_on=statement.closes_on), statement.interest_minor
    if statement.penalty_minor:
        yield Debt("penalty", closes_on=statement.closes_on), statement.penalty_minor
    if statement.cost_minor:
        yield Debt("cost", closes_on=statement.closes_on), statement.cost_minor


def _of_plan(plan: Plan) -> Iterator[tuple[Debt, int]]:
    by_shopper = plan.fee_payer == "shopper"
    for installment in plan.future:
        if installment.principal_minor:
            yield Debt("principal", plan.item_id, installment.number), installment.principal_minor
        if by_shopper and installment.fee_minor:
            yield Debt("fee", plan.item_id, installment.number), installment.fee_minor


_RULES_OF: dict[Bucket, tuple[str, ...]] = {
    "principal": (
        "DRAW_CREDIT",
        "CLEAR_PRINCIPAL",
        "USE_CREDIT_BALANCE_BILLED",
        "USE_CREDIT_BALANCE_PAST_DUE",
        "LEND_",
    ),
    "fee": ("CHARGE_SHOPPER_FEE", "CLEAR_FEE", "USE_CREDIT_BALANCE_FEE"),
    "interest": ("ACCRUE_INTEREST", "BILL_INTEREST", "CLEAR_INTEREST", "USE_CREDIT_BALANCE_INTEREST", "GIVE_BACK_INT"),
    "penalty": ("CHARGE_PENALTY", "CLEAR_PENALTY", "USE_CREDIT_BALANCE_PENALTY", "GIVE_BACK_PEN"),
    "cost": ("CHARGE_COST", "CLEAR_COST"),
}


def rules_of(step: Step, debt: Debt) -> tuple[str, ...]:
    """The rules under which a step moved a debt."""
    prefixes = _RULES_OF[debt.bucket]
    own = (0, debt.item_id)
    names = [
        entry.rule.name for entry in step.entries if entry.subject_id in own and entry.rule.name.startswith(prefixes)
    ]
    return tuple(dict.fromkeys(names))


def posted_minor(step: Step, *rules: Rule) -> int:
    """What a step posted under these rules; reversed entries count against it."""
    return sum(
        -entry.amount_minor if entry.reversed else entry.amount_minor for entry in step.entries if entry.rule in rules
    )


def _written(known: list[Record]) -> int:
    """How many of the events the account had seen when it was last looked at."""
    count = len(known)
    while count and _unseen(known[count - 1].event):
        count -= 1
    return count


def _unseen(event: Event) -> bool:
    """The till records these without loading the account."""
    return isinstance(event, _RECORDED_UNSEEN) or (isinstance(event, Refunded) and event.before_receipt)


def _fold(steps: list[Step], account: Account, record: Record, program: Program) -> Account:
    after, derived = evolve(account, record.event, program)
    steps.append(Step(record.id, record.event, account, after, derived or record.entries))
    return after


def _advance(steps: list[Step], account: Account, to_on: date, program: Program) -> Account:
    while next_action_on(account, program) <= to_on:
        event: Scheduled = scheduled(account, program)
        after, entries = evolve(account, event, program)
        steps.append(Step(0, event, account, after, entries))
        account = after
    return account
