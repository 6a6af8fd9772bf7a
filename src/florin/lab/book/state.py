"""State: all that a book knows of its people, by person."""

from __future__ import annotations

import numpy as np

from florin.credit.terms import Program
from florin.lab.arrays import Flags, Index, Minor, Whole
from florin.lab.book.claims import Claims
from florin.lab.book.installments import Installments
from florin.lab.book.statements import FIELDS, Statements
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
    day + moment is minor units × days so far. committed: in escrow.

    cycle_moment, cycle_since, cycle_posted: of this cycle's purchases, where they bear from posting: less every change of
    them times the rates through its day; the day since which they bear (0: none); and what was posted ahead. due_on,
    past_due_on: of the newest statement and of the oldest past due (0: none). late_on: the next day on which somebody may
    become late, or later. lost_since: due day of the arrears when it was charged off (0: never was). seen_on: the day before
    today while the clock acts, then today.
    """

    def __init__(self, program: Program, limits: Minor, opened_on: int, first_on: int) -> None:
        self.count = count = limits.size
        self.program = program
        self.tables = Tables(program, first_on)
        self.today = self.seen_on = opened_on
        self.calendars: list[tuple[int, int]] = [(0, 0)]
        self.calendar: Index = np.zeros(count, np.intp)
        self.limit = limits
        self.committed: Minor = np.zeros(count, np.int64)
        self.unbilled: Minor = np.zeros(count, np.int64)
        self.to_come: Minor = np.zeros(count, np.int64)
        self.fee_to_come: Minor = np.zeros(count, np.int64)
        self.credit_balance: Minor = np.zeros(count, np.int64)
        self.principal: Minor = np.zeros(count, np.int64)
        self.moment: Whole = np.zeros(count, np.int64)
        self.cycle_moment: Whole = np.zeros(count, np.int64)
        self.cycle_since: Whole = np.zeros(count, np.int64)
        self.cycle_posted: Minor = np.zeros(count, np.int64)
        self.grace_lost: Whole = np.zeros(count, np.int64)
        self.revolved: Flags = np.zeros(count, np.bool_)
        self.stopped: Flags = np.zeros(count, np.bool_)
        self.due_on: Whole = np.zeros(count, np.int64)
        self.past_due_on: Whole = np.zeros(count, np.int64)
        self.late_on: Whole = np.full(count, NEVER, np.int64)
        self.lost_since: Whole = np.zeros(count, np.int64)
        self.installments = Installments(count)
        self.claims = Claims()
        self.sums = Sums(count)
        self.open: Whole = np.zeros(count, np.int64)
        self._cells: Whole = np.zeros((2, len(FIELDS), count), np.int64)

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
        places = int(self.open[people].max(initial=0)) + room
        self._grow(places)
        return Statements(np.take(self._cells[:places], people, axis=2))

    def keep(self, people: Index, statements: Statements) -> None:
        for place in range(statements.cells.shape[0]):
            for field in range(len(FIELDS)):
                self._cells[place, field][people] = statements.cells[place, field]
        self.open[people] = statements.open()

    def field(self, name: str) -> Whole:
        """One field of all statements: shape (place, person)."""
        return self._cells[:, FIELDS.index(name)]

    def _grow(self, places: int) -> None:
        if places > self._cells.shape[0]:
            more = max(places, 2 * self._cells.shape[0]) - self._cells.shape[0]
            self._cells = np.concatenate([self._cells, np.zeros((more, *self._cells.shape[1:]), np.int64)])

    # ── the calendar ──────────────────────────────────────────────────────────────────────────────────────────────

    def next_close_on(self, people: Index, on: int) -> Whole:
        """The first close strictly after a day, by each person's own calendar."""
        closes = [self.tables.next_close_on(on, cycle_day) for cycle_day, _ in self.calendars]
        return np.array(closes, np.int64)[self.calendar[people]]

    # ── principal, and the cycle's purchases ──────────────────────────────────────────────────────────────────────

    def lend(self, people: Index, minor: Minor) -> None:
        """Principal on the books changes by so much today. People must differ."""
        self.principal[people] += minor
        self.moment[people] -= minor * self.today

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

    def _rates_so_far(self, people: Index) -> Whole:
        rates = [
            self.tables.interest_through(self.tables.next_close_on(self.seen_on, cycle_day), self.today)
            for cycle_day, _ in self.calendars
        ]
        return np.array(rates, np.int64)[self.calendar[people]]
