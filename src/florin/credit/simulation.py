"""A line of credit without a database: what a program does to a shopper, day by day.

The same rules as the house's, run over a list of events. For a notebook, a test of a program's file, a quote on a web page;
it keeps no money and no promise.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time

from msgspec.structs import replace

from florin.credit import account as accounts
from florin.credit import line as lines
from florin.credit.authorize import refuse_credit
from florin.credit.correction import correct
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.payoff import PayoffQuote, payoff
from florin.credit.plans import installment_choice
from florin.credit.refund import RefundPreview, preview
from florin.credit.repay import Repay
from florin.credit.repay import decide as decide_repayment
from florin.credit.repayment_hold import credit_balance_paid
from florin.credit.statement import StatementShown, show
from florin.credit.terms import Program, Terms
from florin.events import Captured, CreditBalancePaid, Event, FeePayer, LineOpened, Refunded, Repaid, StatementIssued
from florin.events.refusals import Refusal
from florin.ledger import Entry
from florin.money.at import At


class SimulationRefused(ValueError):
    """What was asked is refused; `refusal` says why, with the numbers, in English and Chinese."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence())
        self.refusal = refusal


class DayIsOver(ValueError):
    """Days only go forward; use `value_on` for what counts earlier."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(f"{on} is over: it is {today}. Only a repayment may count earlier, by its value_on.")


class Simulation:
    """One line, from its opening on. Amounts: integers of minor units, above zero. Days: never backward.

    events: everything agreed so far. entries: what it moved, beside what each sale and repayment moves by itself.
    """

    def __init__(self, program: Program, *, limit_minor: int, opened_on: date) -> None:
        opened = LineOpened(value_on=opened_on, line_id=1, person_id=1, program=program.name, limit_minor=limit_minor)
        self.program = program
        self.today = opened_on
        self.line: Line = lines.open_line(opened, lane=0)
        self.account: Account = accounts.open_account(opened)
        self.events: list[Event] = [opened]
        self.entries: list[Entry] = []
        self._items = 0

    @property
    def terms(self) -> Terms:
        """The terms in force today."""
        return self.program.terms_on(self.today)

    @property
    def available_minor(self) -> int:
        """What may still be bought; below zero after a cut limit or posted interest."""
        return self.line.available_minor_on(self.today)

    def until(self, on: date) -> None:
        """Let the clock act up to a day: cycles close, minimums fall past due. Raises DayIsOver."""
        if on < self.today:
            raise DayIsOver(on, self.today)
        self.today = on
        self.account, steps = accounts.advance(self.account, on, self.program)
        for step in steps:
            self.events.append(step.event)
            self.entries += step.entries
        self.line = accounts.summary(self.account, self.line, self.program)

    def buy(self, on: date, amount_minor: int, *, installments: int = 0, fee_payer: FeePayer = "shopper") -> int:
        """A purchase that is owed at once; in installments when the terms offer that count. Returns its number.

        Raises SimulationRefused for what the till would refuse, ValueError for a plan that the terms do not offer.
        """
        self.until(on)
        refusal = refuse_credit(self.line, amount_minor, self.terms.over_limit_tolerance_minor, self._at, self.terms)
        if refusal is not None:
            raise SimulationRefused(refusal)
        plan = None
        if installments:
            plan = installment_choice(amount_minor, installments, self.terms, fee_payer)
            if plan is None:
                counts = ", ".join(str(offer.count) for offer in self.terms.installments) or "none"
                raise ValueError(
                    f"{installments} installments are not offered for {amount_minor}: offered are {counts}."
                )
        self._items += 1
        bought = Captured(
            value_on=on, line_id=1, person_id=1, payment_id=self._items, credit_minor=amount_minor, wallet_minor=0,
            mdr_minor=0, plan=plan,
        )  # fmt: skip
        self._happened(bought)
        return self._items

    def repay(self, on: date, amount_minor: int, *, value_on: date | None = None) -> None:
        """Money through the bank; `value_on`: the day on which it counts, when that is over. Raises SimulationRefused."""
        self.until(on)
        command = Repay(line_id=1, amount_minor=amount_minor, source="bank", value_on=value_on)
        decided = decide_repayment(
            self.line,
            self.account,
            command,
            self._at,
            wallet_balance_minor=0,
            program=self.program,
            history=self.events,
        )
        if isinstance(decided, Refusal):
            raise SimulationRefused(decided)
        for event in decided:
            self._happened(event)

    def refund(self, on: date, item: int, amount_minor: int) -> RefundPreview:
        """Give back a purchase, or part of it. Returns what it did to the debt and what went to the wallet."""
        self.until(on)
        said = preview(self.account, item, amount_minor, on, self.program)
        refunded = Refunded(
            value_on=on, line_id=1, person_id=1, payment_id=item, credit_minor=amount_minor, wallet_minor=0,
            before_receipt=False, request_no="", merchant_fee_back_minor=said.merchant_fee_back_minor,
        )  # fmt: skip
        self._happened(refunded)
        excess = credit_balance_paid(self.line, self.account, self._at, self.program)
        if excess is not None:
            self._happened(excess)
        return said

    @property
    def statements(self) -> list[StatementShown]:
        """Every statement so far, oldest first: its image, and what is left of it today."""
        return [show(event, self.account) for event in self.events if isinstance(event, StatementIssued)]

    def payoff(self) -> PayoffQuote:
        """What it takes to owe nothing today."""
        return payoff(self.account, self.today, self.program)

    def posted(self) -> Counter[str]:
        """All that each rule has moved so far, in minor units, by the rule's name."""
        sums: Counter[str] = Counter()
        for entry in self.entries:
            sums[entry.rule.name] += -entry.amount_minor if entry.reversed else entry.amount_minor
        return sums

    @property
    def _at(self) -> At:
        return At(on=self.today, instant=datetime.combine(self.today, time(4), UTC))

    def _happened(self, event: Captured | Repaid | Refunded | CreditBalancePaid) -> None:
        if event.value_on < self.today:
            self.account, entries = correct(self.events, event, self.program)
        else:
            self.account, entries = accounts.evolve(self.account, event, self.program)
        self.events.append(event)
        self.entries += entries
        self.line = accounts.summary(self.account, replace(self.line, sequence=len(self.events)), self.program)
