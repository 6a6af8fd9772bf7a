"""The history of a loan: its terms and its events, folded up to any day.

A look changes nothing: each question folds again from the disbursement, so an event that is added late counts as if it
had come in time, and asking today changes no answer of tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec
from msgspec.structs import replace

from florin.credit.schedules.events import (
    ChargeOff,
    Entry,
    Event,
    Payment,
    RateChange,
    ReAge,
    ReAmortize,
    Refund,
)
from florin.credit.schedules.invalid import (
    EventBeforeDisbursement,
    EventImpossible,
    LookBeforeDisbursement,
    positive_amount,
)
from florin.credit.schedules.loan import Loan, Schedule, opened, schedule_of
from florin.credit.schedules.pay import pay, payoff_minor
from florin.credit.schedules.projection import project
from florin.credit.schedules.replan import change_rate, charge_off, re_age, re_amortize
from florin.credit.schedules.state import State, checked_early_money


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where a loan stands at the start of a day, the day's own events done.

    schedule: what is paid, due and to come, if arrears are paid that day and the rest when due. principal_minor: owed.
    accrued_minor: interest unpaid, due or not yet due. due_minor: all that is due by that day and unpaid, past_due_minor:
    since before it. payoff_minor: what settles everything that day. overpaid_minor: what belongs to the borrower.
    """

    as_of: date
    schedule: Schedule
    principal_minor: int
    accrued_minor: int
    due_minor: int
    past_due_minor: int
    payoff_minor: int
    overpaid_minor: int
    charged_off_on: date | None
    entries: tuple[Entry, ...]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A loan and what happened to it. events: in order of their days; of one day, in the order in which they count."""

    loan: Loan
    events: tuple[Event, ...] = ()
    down_payment_paid: bool = True

    def with_events(self, *events: Event) -> History:
        """The same history with more events, put where their days belong, after those of the same day."""
        return history(self.loan, (*self.events, *events), down_payment_paid=self.down_payment_paid)

    def on(self, as_of: date) -> Position:
        """The loan on a day. Raises LookBeforeDisbursement, and EventImpossible for an event that could not be."""
        state, entries = self._folded(as_of)
        to_date = project(state, as_of, until=as_of)
        return Position(
            as_of=as_of,
            schedule=schedule_of(
                self.loan, state, project(state, as_of), trimmed=state.prepaid_minor > 0 or state.outstanding_minor == 0
            ),
            principal_minor=state.outstanding_minor,
            accrued_minor=sum(row.unpaid("interest") for row in to_date),
            due_minor=sum(row.unpaid_minor for row in to_date if row.due_on <= as_of),
            past_due_minor=sum(row.unpaid_minor for row in to_date if row.due_on < as_of),
            payoff_minor=payoff_minor(state, as_of),
            overpaid_minor=state.overpaid_minor,
            charged_off_on=state.charged_off_on,
            entries=entries,
        )

    def balance_on(self, as_of: date) -> int:
        """Principal owed at the start of a day, its own events done."""
        return self._folded(as_of)[0].outstanding_minor

    def payoff_on(self, as_of: date) -> int:
        """What settles the loan on a day; a payment of that amount on that day leaves nothing."""
        return payoff_minor(self._folded(as_of)[0], as_of)

    def schedule_on(self, as_of: date) -> Schedule:
        """The schedule as it stands on a day."""
        return self.on(as_of).schedule

    def _folded(self, as_of: date) -> tuple[State, tuple[Entry, ...]]:
        if as_of < self.loan.disbursed_on:
            raise LookBeforeDisbursement(as_of, self.loan.disbursed_on)
        state, entries = opened(self.loan), []
        at_once_minor = self.loan.down_payment() + (self.loan.fee_minor if self.loan.fee == "up_front" else 0)
        if self.down_payment_paid and at_once_minor:
            state, entry = pay(state, self.loan.disbursed_on, at_once_minor, "next_installment", "down_payment")
            entries.append(entry)
        for index, event in enumerate(self.events):
            if event.on > as_of:
                break
            state, made = self._after(state, index, event)
            entries.extend(made)
        return state, tuple(entries)

    def _after(self, state: State, index: int, event: Event) -> tuple[State, list[Entry]]:
        match event:
            case Payment():
                mode = event.early_money or self.loan.rules.early_money
                state, entry = pay(state, event.on, event.amount_minor, mode, "payment")
                return state, [entry]
            case Refund():
                return self._refunded(state, index, event)
            case RateChange():
                return change_rate(state, event), []
            case ReAmortize():
                return re_amortize(state, event), []
            case ReAge():
                state, entry = re_age(state, event)
                return state, [entry]
            case ChargeOff():
                state, entry = charge_off(state, event)
                return state, [entry]

    def _refunded(self, state: State, index: int, event: Refund) -> tuple[State, list[Entry]]:
        interest_minor = self._interest_to_refund(state, index) if event.with_interest else 0
        state, entry = pay(state, event.on, event.amount_minor, self.loan.rules.refund_money, "refund")
        if interest_minor <= 0:
            return state, [entry]
        state = replace(state, interest_refunded_minor=state.interest_refunded_minor + interest_minor)
        state, interest_entry = pay(state, event.on, interest_minor, "next_installment", "interest_refund")
        return state, [entry, interest_entry]

    def _interest_to_refund(self, state: State, index: int) -> int:
        """Interest to the day of the refund, less what the loan would have borne without the refunded principal."""
        on = self.events[index].on
        refunded_minor = sum(event.amount_minor for event in self.events[: index + 1] if isinstance(event, Refund))
        lent_minor = self.loan.principal_minor - refunded_minor
        borne_minor = _interest_minor(state, on) - state.interest_refunded_minor
        if lent_minor <= self.loan.down_payment():
            return borne_minor
        # What only moves due dates is left out: it is not what made the interest.
        others = tuple(event for event in self.events[:index] if isinstance(event, Payment | RateChange | ChargeOff))
        without = History(
            loan=replace(self.loan, principal_minor=lent_minor),
            events=others,
            down_payment_paid=self.down_payment_paid,
        )
        return borne_minor - _interest_minor(without._folded(on)[0], on)


def history(loan: Loan, events: Iterable[Event] = (), *, down_payment_paid: bool = True) -> History:
    """A loan with its events in any order; those of one day count in the order given.

    down_payment_paid: whether installment 0, a down payment and a fee up front, was paid on the day of disbursement, or
    is one more thing that is due.
    Raises EventBeforeDisbursement, AmountOutOfRange, ConventionUnknown.
    """
    ordered = tuple(sorted(events, key=lambda event: event.on))
    for event in ordered:
        if event.on < loan.disbursed_on:
            raise EventBeforeDisbursement(event.on, loan.disbursed_on)
        if isinstance(event, Payment | Refund):
            positive_amount(f"the amount of {event.on}", event.amount_minor)
        if isinstance(event, Payment) and event.early_money is not None:
            checked_early_money(event.early_money, loan.rules)
    refunded_minor = sum(event.amount_minor for event in ordered if isinstance(event, Refund))
    if refunded_minor > loan.principal_minor:
        raise EventImpossible(
            f"{refunded_minor} is refunded of a purchase of {loan.principal_minor}: refund at most that"
        )
    return History(loan=loan, events=ordered, down_payment_paid=down_payment_paid)


def _interest_minor(state: State, on: date) -> int:
    """All interest to the start of a day, paid or not."""
    return sum(row.interest_minor for row in project(state, on, until=on))
