"""State: all that a book knows of its people, by person."""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Program
from florin.lab.arrays import Flags, Index, Minor, Whole
from florin.lab.book.claims import Claims
from florin.lab.book.installments import Installments
from florin.lab.book.statements import Statements, fields_of
from florin.lab.book.tables import NEVER, Tables


class Sums:
    """What the ledger would have booked for each person so far, from the first day on; amounts in minor units.

    interest, penalty, fee, recovery: income, as the accounts of these names; below zero where income was taken back.
    late_charged: late charges, on the books or off. repaid: money that came in. paid_out: what of it was more than was owed
    and went back. bought: credit drawn. shopper_fee, merchant_fee: of plans, agreed. lost_principal, lost_fee,
    lost_interest, lost_penalty: charged off against the allowance. fee_forgone: fees to come that a charge-off took out of
    what was deferred.
    """

    def __init__(self, count: int) -> None:
        self.interest: Minor = np.zeros(count, np.int64)
        self.penalty: Minor = np.zeros(count, np.int64)
        self.fee: Minor = np.zeros(count, np.int64)
        self.recovery: Minor = np.zeros(count, np.int64)
        self.late_charged: Minor = np.zeros(count, np.int64)
        self.repaid: Minor = np.zeros(count, np.int64)
        self.paid_out: Minor = np.zeros(count, np.int64)
        self.bought: Minor = np.zeros(count, np.int64)
        self.shopper_fee: Minor = np.zeros(count, np.int64)
        self.merchant_fee: Minor = np.zeros(count, np.int64)
        self.lost_principal: Minor = np.zeros(count, np.int64)
        self.lost_fee: Minor = np.zeros(count, np.int64)
        self.lost_interest: Minor = np.zeros(count, np.int64)
        self.lost_penalty: Minor = np.zeros(count, np.int64)
        self.fee_forgone: Minor = np.zeros(count, np.int64)


class State:
    """Arrays by person. unbilled: purchases of this cycle; to_come, fee_to_come: principal and shopper's fee of installments
    not billed; principal: all of it that is on the books; moment: less every change of it times its day, so that principal ×
    day + moment is minor units × days so far. committed: in escrow. used: of the
    limit, by these, by claims, less what is owed to the customer. closed: whose line is; barred: who has no line that takes a
    purchase.

    cycle_moment, cycle_since, cycle_posted: of this cycle's purchases, where they bear from posting: less every change of
    them times the rates through its day; the day since which they bear (0: none); and what was posted ahead.

    due_on, past_due_on: of the newest statement and of the oldest past due (0: none). remaining, missed: of all statements,
    what is left to pay, and what is left of their minimum; remaining_late, missed_late: of those past due, and as old.
    late_on: the next day on which somebody may become late, or later. lost_since: due day of the arrears when it was charged
    off (0: never was). due_late: a bill may be due after the next close. seen_on: the day before today while the clock acts,
    then today.
    """

    def __init__(self, program: Program, limits: Minor, opened_on: int, first_on: int) -> None:
        self.count = count = limits.size
        self.program = program
        self.tables = Tables(program, first_on)
        self.today = self.seen_on = opened_on
        self.calendars: list[tuple[int, int]] = [(0, 0)]
        self.calendar: Index = np.zeros(count, np.intp)
        self.due_late = self.tables.due_late(0, 0)
        self.limit = limits
        self.closed: Flags = np.zeros(count, np.bool_)
        self.barred: Flags = limits == 0
        self.used: Minor = np.zeros(count, np.int64)
        self.committed: Minor = np.zeros(count, np.int64)
        self.unbilled: Minor = np.zeros(count, np.int64)
        self.to_come: Minor = np.zeros(count, np.int64)
        self.fee_to_come: Minor = np.zeros(count, np.int64)
        self.credit_balance: Minor = np.zeros(count, np.int64)
        self.principal: Minor = np.zeros(count, np.int64)
        self.moment: Whole = np.zeros(count, np.int64)
        self.lent = 0
        self.cycle_moment: Whole = np.zeros(count, np.int64)
        self.cycle_since: Whole = np.zeros(count, np.int64)
        self.cycle_posted: Minor = np.zeros(count, np.int64)
        self.grace_lost: Whole = np.zeros(count, np.int64)
        self.revolved: Flags = np.zeros(count, np.bool_)
        self.stopped: Flags = np.zeros(count, np.bool_)
        self.due_on: Whole = np.zeros(count, np.int64)
        self.remaining: Minor = np.zeros(count, np.int64)
        self.missed: Minor = np.zeros(count, np.int64)
        self.remaining_late: Minor = np.zeros(count, np.int64)
        self.missed_late: Minor = np.zeros(count, np.int64)
        self.past_due_on: Whole = np.zeros(count, np.int64)
        self.late_on: Whole = np.full(count, NEVER, np.int64)
        self.lost_since: Whole = np.zeros(count, np.int64)
        self.installments = Installments(count)
        self.claims = Claims(count)
        self.sums = Sums(count)
        self.open: Whole = np.zeros(count, np.int64)
        self.fields = fields_of(self.tables)
        self._places: list[Whole] = []

    # ── statements ────────────────────────────────────────────────────────────────────────────────────────────────

    def by_open(self, people: Index) -> list[Index]:
        """The people in groups of like numbers of open statements, so that a block has few empty places."""
        counts = self.open[people]
        groups, least = [], -1
        for most in (0, 1, 2, 4, 8, 16, 64, 4096):
            found = people[(counts > least) & (counts <= most)]
            if found.size:
                groups.append(found)
            least = most
        return groups

    def statements(self, people: Index, *, room: int = 0) -> Statements:
        """A copy of the open statements of some people, with so many places more; `keep` takes it back."""
        taken = int(self.open[people].max(initial=0))
        while len(self._places) < taken + room:
            self._places.append(np.zeros((len(self.fields), self.count), np.int64))
        cells = np.zeros((taken + room, len(self.fields), people.size), np.int64)
        for of_place, into in zip(self._places, cells[:taken], strict=False):
            np.take(of_place, people, axis=1, out=into, mode="clip")
        return Statements(cells, self.fields)

    def keep(self, people: Index, statements: Statements) -> None:
        for of_place, cells in zip(self._places, statements.cells, strict=False):
            for of_field, minor in zip(of_place, cells, strict=True):
                of_field[people] = minor
        self.open[people] = statements.open()

    def paid_on_time(self, people: Index, amounts: Minor) -> Flags:
        """Who pays just what remains of the only statement, in time, so that it is as if it had never borne anything."""
        found = (self.open[people] == 1) & (self.remaining[people] == amounts) & (self.today <= self.due_on[people])
        found &= (self.past_due_on[people] == 0) & (self.lost_since[people] == 0)
        if self._places:
            contingent, posted = (self._places[0][self.fields.index(name)] for name in ("contingent", "posted"))
            found &= (contingent[people] != 0) & (posted[people] == 0)
        return np.asarray(found)

    def forget_only(self, people: Index) -> Minor:
        """Take out the only statement of each; returns its principal."""
        principal: Minor = self._places[0][self.fields.index("principal")][people]
        for of_field in self._places[0]:
            of_field[people] = 0
        for of_people in (self.open, self.due_on, self.remaining, self.missed):
            of_people[people] = 0
        self.late_on[people] = NEVER
        return principal

    # ── principal, and the cycle's purchases ──────────────────────────────────────────────────────────────────────

    def bar(self, people: Index | slice) -> None:
        """Note who has no line that takes a purchase, whatever is available."""
        self.barred[people] = self.closed[people] | (self.limit[people] == 0) | (self.lost_since[people] > 0)

    def clear(self, people: Index, minor: Minor) -> None:
        """So much principal on the books is repaid today. People must differ."""
        self.lend(people, -minor)
        self.used[people] -= minor

    def lend(self, people: Index, minor: Minor) -> None:
        """Principal on the books changes by so much today. People must differ."""
        self.principal[people] += minor
        self.moment[people] -= minor * self.today
        self.lent += int(minor.sum())

    def change_unbilled(self, people: Index, minor: Minor) -> None:
        """What no statement has billed of purchases changes by so much today. People must differ."""
        self.unbilled[people] += minor
        if self.tables.from_posting:
            self.cycle_moment[people] -= minor * self._rates_so_far(people)
            since = self.cycle_since[people]
            since = np.where((since == 0) & (minor > 0), self.today, since)
            self.cycle_since[people] = np.where((self.unbilled[people] == 0) & (since == self.today), 0, since)

    def cycle_borne(self, people: Index) -> Whole:
        """What this cycle's purchases have borne to the beginning of today, in `Tables.scale`ths."""
        return self.unbilled[people] * self._rates_so_far(people) + self.cycle_moment[people]

    def bears(self, people: Index) -> Flags:
        """Whether this cycle's purchases have borne for any day."""
        since = self.cycle_since[people]
        return (since > 0) & (since < self.today)

    def end_cycle(self, people: Index) -> None:
        """This cycle's purchases are billed, or charged off: the next begins with nothing."""
        self.unbilled[people] = 0
        if self.tables.from_posting:
            self.cycle_moment[people] = 0
            self.cycle_since[people] = 0
            self.cycle_posted[people] = 0

    def _rates_so_far(self, people: Index) -> Whole | int:
        rates = [
            self.tables.interest_through(self.tables.next_close_on(self.seen_on, cycle_day), self.today)
            for cycle_day, _ in self.calendars
        ]
        return rates[0] if len(rates) == 1 else np.array(rates, np.int64)[self.calendar[people]]
