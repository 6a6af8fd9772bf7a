"""The book of one program for many people at once.

Days go forward. On each the clock acts first, then what was to be received that day is owed, then the caller's own
purchases and repayments count. Every amount is the one that `florin.credit` says for each line by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.terms import Program
from florin.events import FeePayer
from florin.lab.arrays import Flags, Index, Minor, Whole
from florin.lab.book.closing import close
from florin.lab.book.diary import Action, Diary
from florin.lab.book.installments import Parts, fee_minor, parts_of
from florin.lab.book.late import become_late
from florin.lab.book.repaying import repay
from florin.lab.book.standing import accrue, unbilled_interest
from florin.lab.book.state import State, Sums
from florin.lab.book.statements import BUCKETS
from florin.lab.book.tables import AmountsTooLarge
from florin.lab.book.taking import take

EVERYBODY = slice(None)


class DayIsOver(ValueError):
    """Days only go forward."""

    def __init__(self, on: date, today: date) -> None:
        super().__init__(f"{on} is over: it is {today}.")


class NotAllowed(ValueError):
    """Some of what was asked is not allowed; nothing was done."""

    def __init__(self, count: int, why: str) -> None:
        super().__init__(f"{count} of them: {why}")
        self.count = count


class Due(NamedTuple):
    """What people are asked for. full: what remains of all statements due by the day; minimum: what is left to meet of it, 0
    where it is met.
    """

    people: Index
    full_minor: Minor
    minimum_minor: Minor


class Book:
    """People are numbers from 0. A limit of 0 is no line. Amounts: int64, minor units."""

    def __init__(self, program: Program, limits_minor: Minor, opened_on: date) -> None:
        """Raises ProgramNotVectorized, AmountsTooLarge."""
        limits = np.array(limits_minor, np.int64)
        self._begin(State(program, limits, opened_on.toordinal(), opened_on.toordinal()))

    @classmethod
    def take_from(cls, program: Program, accounts: Sequence[Account], lines: Sequence[Line], on: date) -> Book:
        """A live book's accounts, advanced to `on`, lived on from there: exact from then on, with all sums at zero. What is
        held or waits in escrow counts against the limit and is never received. Joint loans are counted whole.

        Raises ProgramNotVectorized, AmountsTooLarge, AccountNotVectorized; `unfit` asks before.
        """
        book = cls.__new__(cls)
        book._begin(take(program, accounts, lines, on))
        return book

    def _begin(self, state: State) -> None:
        self._state = state
        self._diary: Diary | None = None
        self._receipts: dict[int, list[_Bought]] = {}
        self._outstanding: list[int] = []
        self._check(state.limit)

    @property
    def program(self) -> Program:
        """The terms that all its lines are under."""
        return self._state.program

    @property
    def count(self) -> int:
        """How many people there are."""
        return self._state.count

    @property
    def today(self) -> date:
        """The day up to which the clock has acted."""
        return date.fromordinal(self._state.today)

    # ── what people may and must ──────────────────────────────────────────────────────────────────────────────────

    def available_minor(self, people: Index | slice = EVERYBODY) -> Minor:
        """What each of them may still buy today; below zero where a limit was cut."""
        return np.asarray(self._state.limit[people] - self._state.used[people])

    def blocked(self, people: Index | slice = EVERYBODY) -> Flags:
        """Who of them may buy nothing, whatever is available: no line, past due where the terms say so, or charged off."""
        state = self._state
        if state.tables.terms_on(state.today).blocks_while_past_due:
            return np.asarray(state.barred[people] | (state.past_due_on[people] > 0))
        return state.barred[people].copy()

    def owed_minor(self) -> Minor:
        """All that each owes: principal, fees, and what is posted beside them; claims too."""
        state = self._state
        claims = np.sum([state.claims.owed(bucket) for bucket in BUCKETS], axis=0)
        return np.asarray(state.unbilled + state.to_come + state.fee_to_come + state.remaining + claims)

    def due(self, on: date) -> Due:
        """People with a bill due that day, or past due, in order: what remains of what is due by then."""
        state, day = self._state, on.toordinal()
        past_due = state.past_due_on > 0
        # A bill that is due after the next close is not the newest one on its day.
        asked = np.flatnonzero(past_due | (state.due_on == day) | (state.open > 1 if state.due_late else False))
        due_now = state.due_on[asked] <= day
        full = np.where(due_now, state.remaining[asked], state.remaining_late[asked])
        minimum = np.where(due_now, state.missed[asked], state.missed_late[asked])
        if state.due_late:
            self._look_at_each(asked, day, full, minimum)
        owed = full > 0
        return Due(asked[owed], full[owed], minimum[owed])

    def _look_at_each(self, asked: Index, day: int, full: Minor, minimum: Minor) -> None:
        """Where several statements may not be due yet, what is asked is found one by one."""
        state = self._state
        place = np.zeros(state.count, np.intp)
        place[asked] = np.arange(asked.size)
        for group in state.by_open(asked):
            statements = state.statements(group)
            by_now = statements.due <= day
            asks = ((statements.due == day) & statements.issued).any(axis=0) | (state.past_due_on[group] > 0)
            full[place[group]] = (statements.remaining() * by_now).sum(axis=0) * asks
            minimum[place[group]] = (statements.missed() * by_now).max(axis=0)

    def payoff_minor(self, people: Index) -> Minor:
        """What it takes for each to owe nothing today."""
        state = self._state
        found = self.owed_minor()[people]
        place = np.zeros(state.count, np.intp)
        place[people] = np.arange(people.size)
        for group in state.by_open(people):
            statements = state.statements(group)
            accrue(state, group, statements)
            accrued = np.maximum(statements.unposted(state.tables), 0) + np.maximum(
                statements.unposted_penalty(state.tables), 0
            )
            terms = state.tables.terms_on(state.today)
            found[place[group]] += accrued.sum(axis=0) + unbilled_interest(state, group, terms)
        return found

    # ── what happens ──────────────────────────────────────────────────────────────────────────────────────────────

    def advance(self, to: date) -> None:
        """Let the clock act up to and on a day, and what was to be received by then be owed. Raises DayIsOver."""
        state = self._state
        if to.toordinal() < state.today:
            raise DayIsOver(to, self.today)
        while state.today < to.toordinal():
            in_escrow = int(state.committed.sum()) if state.tables.draws_at_payment else 0
            self._outstanding.append(state.lent + in_escrow)
            state.seen_on = state.today
            state.today += 1
            self._act()
            state.seen_on = state.today
            for bought in self._receipts.pop(state.today, []):
                self._owe(bought, released=True)

    def buy(
        self,
        people: Index,
        amounts_minor: Minor,
        on: date,
        *,
        received_on: date | None = None,
        installments: int = 0,
        fee_payer: FeePayer = "shopper",
    ) -> None:
        """Purchases on a day, above zero; several of one person are several items. received_on: when they are owed, if later.

        Raises NotAllowed where somebody is blocked, exceeds what is available, or is not offered that plan; DayIsOver.
        """
        self.advance(on)
        state, people, amounts = self._state, np.asarray(people, np.intp), np.asarray(amounts_minor, np.int64)
        bought = _Bought(people, amounts, installments, fee_payer, state.today, *_summed(people, amounts))
        self._refuse(bought)
        if self._diary is not None:
            later_on = received_on if received_on is not None and received_on > on else None
            self._diary.note(people, amounts, Action(on, "buy", 0, 0, later_on, installments, fee_payer))
        if received_on is None or received_on <= on:
            self._owe(bought, released=False)
            return
        state.committed[bought.whom] += bought.sums
        state.used[bought.whom] += bought.sums
        if state.tables.draws_at_payment:
            state.moment[bought.whom] -= bought.sums * state.today
        self._receipts.setdefault(received_on.toordinal(), []).append(bought)

    def repay(self, people: Index, amounts_minor: Minor, on: date) -> None:
        """Money through the bank, above zero, each person once a call. What is more than all that is owed goes back, or stays
        on the line, as the terms say. Raises DayIsOver.
        """
        self.advance(on)
        people, amounts = np.asarray(people, np.intp), np.array(amounts_minor, np.int64)
        if self._diary is not None:
            self._diary.note(people, amounts, Action(on, "repay", 0, 0))
        repay(self._state, people, amounts)

    def keep_diary(self, people: Index) -> Diary:
        """From now on what these people do is written down."""
        self._diary = Diary(people, self._state.count)
        return self._diary

    def set_limit(self, people: Index, limits_minor: Minor) -> None:
        """From now on; what is owed stays owed, even above it. Raises AmountsTooLarge."""
        self._check(limits_minor)
        self._state.limit[people] = limits_minor
        self._state.bar(people)

    # ── what came of it ───────────────────────────────────────────────────────────────────────────────────────────

    @property
    def sums(self) -> Sums:
        """What the ledger would have booked for each person so far."""
        return self._state.sums

    def claims_minor(self, bucket: str) -> Minor:
        """What each owes of what was charged off, of one kind: principal, fee, interest or penalty."""
        return self._state.claims.owed(bucket).copy()

    def principal_minor(self, people: Index | slice = EVERYBODY) -> Minor:
        """What each of them owes of principal, in whatever stage, without what was charged off."""
        return np.array(self._state.principal[people])

    def principal_days(self) -> Whole:
        """Minor units lent times days so far, of each person: half-open days, from the draw (at receipt, or at payment where
        the terms say so) to the repayment or the charge-off.
        """
        return self._lent() * self._state.today + self._state.moment

    def outstanding_by_day(self) -> list[int]:
        """What is lent at the end of each day from the first on, today not yet."""
        return list(self._outstanding)

    def days_past_due(self, people: Index | slice = EVERYBODY) -> Whole:
        """Days since the due day of the oldest statement whose minimum is unmet; 0 while none is past due."""
        past_due_on = self._state.past_due_on[people]
        return np.where(past_due_on > 0, np.maximum(self._state.today - past_due_on, 0), 0)

    def charged_off(self) -> Flags:
        """Whose line was charged off."""
        return self._state.lost_since > 0

    # ── the clock, and purchases ──────────────────────────────────────────────────────────────────────────────────

    def _act(self) -> None:
        """What the clock does today: lateness before the close."""
        state = self._state
        late = np.flatnonzero(state.late_on <= state.today)
        if late.size:
            become_late(state, late)
        for number, (cycle_day, _) in enumerate(state.calendars):
            if state.tables.next_close_on(state.seen_on, cycle_day) == state.today:
                waits = (state.unbilled > 0) | (state.open > 0) | (state.to_come + state.fee_to_come > 0)
                if state.tables.from_posting:
                    waits |= state.cycle_since > 0
                if len(state.calendars) > 1:
                    waits &= state.calendar == number
                close(state, np.flatnonzero(waits))

    def _owe(self, bought: _Bought, *, released: bool) -> None:
        state = self._state
        if released:
            state.committed[bought.whom] -= bought.sums
            if state.tables.draws_at_payment:
                state.moment[bought.whom] += bought.sums * state.today
        else:
            state.used[bought.whom] += bought.sums
        people, minor = bought.whom, bought.sums
        state.sums.bought[people] += minor
        state.lend(people, minor)
        if bought.installments:
            self._plan(bought)
        else:
            state.change_unbilled(people, minor)

    def _plan(self, bought: _Bought) -> None:
        """A plan of each purchase: its price as on the day it was bought, its bills from today on."""
        state = self._state
        terms = state.tables.terms_on(bought.on)
        offer = terms.offer(bought.installments)
        assert offer is not None
        by_merchant = bought.fee_payer == "merchant"
        fee = fee_minor(bought.amounts, offer)
        parts = parts_of(bought.amounts, fee, offer, state.tables.terms_on(state.today), by_merchant=by_merchant)
        np.add.at(state.sums.merchant_fee if by_merchant else state.sums.shopper_fee, bought.people, fee)
        state.to_come[bought.whom] += bought.sums
        np.add.at(state.fee_to_come, bought.people, parts.fee.sum(axis=0))
        scaled = by_merchant or offer.fee_timing == "upfront"
        for number, meant in self._by_calendar(bought.people):
            days = self._closes_after(state.calendars[number][0], offer.count)
            state.installments.add(days, bought.people[meant], Parts(*(of[:, meant] for of in parts)), scaled=scaled)

    def _closes_after(self, cycle_day: int, count: int) -> list[int]:
        """The next so many closes."""
        closes, on = [], self._state.today
        for _ in range(count):
            on = self._state.tables.next_close_on(on, cycle_day)
            closes.append(on)
        return closes

    def _by_calendar(self, people: Index) -> Iterator[tuple[int, Index | slice]]:
        state = self._state
        if len(state.calendars) == 1:
            yield 0, slice(None)
            return
        of_people = state.calendar[people]
        for number in np.unique(of_people):
            yield int(number), np.flatnonzero(of_people == number)

    def _lent(self) -> Minor:
        """The money that is out: principal, and what waits in escrow if the terms draw at payment."""
        state = self._state
        return state.principal + state.committed if state.tables.draws_at_payment else state.principal

    def _refuse(self, bought: _Bought) -> None:
        people, amounts, installments = bought.people, bought.amounts, bought.installments
        if people.size == 0:
            return
        terms = self._state.tables.terms_on(self._state.today)
        if amounts.min() <= 0:
            raise NotAllowed(int((amounts <= 0).sum()), "an amount is not above zero.")
        if installments:
            least = max(terms.installment_amount_minor_min, installments)
            if terms.offer(installments) is None or int(amounts.min()) < least:
                why = f"{installments} installments are not offered for {int(amounts.min())} fen."
                raise NotAllowed(people.size, why)
        blocked = self.blocked(bought.whom)
        if blocked.any():
            raise NotAllowed(int(blocked.sum()), "their line is blocked; ask `blocked()` before.")
        over = bought.sums > self.available_minor(bought.whom) + terms.over_limit_tolerance_minor
        if over.any():
            raise NotAllowed(
                int(over.sum()), "the purchase is above what is available; ask `available_minor()` before."
            )

    def _check(self, limits: Minor) -> None:
        most = self._state.tables.most_minor()
        if limits.size and int(limits.max()) > most:
            raise AmountsTooLarge(most)


class _Bought(NamedTuple):
    """Purchases of one day, alike in their plan; on: the day they were bought. whom, sums: each once, with all of his."""

    people: Index
    amounts: Minor
    installments: int
    fee_payer: FeePayer
    on: int
    whom: Index
    sums: Minor


def _summed(people: Index, amounts: Minor) -> tuple[Index, Minor]:
    """Each person once, with the sum of what is his."""
    if (np.diff(people) > 0).all():
        return people, amounts
    whom, index = np.unique(people, return_inverse=True)
    sums = np.zeros(whom.size, np.int64)
    np.add.at(sums, index, amounts)
    return whom, sums
