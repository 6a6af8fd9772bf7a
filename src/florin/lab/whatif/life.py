"""A life: one program's lines over the coming months in one world, day by day, on the lab's book.

A day: the book closes and falls due; whoever has a bill pays as he does; then what is wanted that day is bought on credit, on
another way, or not at all. Two worlds have the same people, wants and draws, and differ by their rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from florin.credit.items import Account
from florin.events import FeePayer
from florin.lab.arrays import Flags, Index, Minor, Real, Whole
from florin.lab.book import Book, Due
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.parameters import Parameters
from florin.lab.units import parts_minor
from florin.lab.whatif.habits import Habits, Standing
from florin.lab.whatif.live import Portfolio, Shop
from florin.lab.whatif.wants import Wants
from florin.lab.whatif.worlds import Price, World, enforcement, paid_between, usual_world
from florin.money.dates import months_after

# What is summed up at each month's end, by cell. The first eight grow from zero; the rest is as it stands.
MEASURES = (
    "sales", "interest", "late_fees", "plan_fees", "credit_fees", "principal_days", "lost", "recovered",
    "principal", "past_due_30", "past_due_90", "used", "limit", "lines",
)  # fmt: skip

# X: a spell that lasts for good is missed bill by bill until the line is charged off, so many months.
_BILLS_UNTIL_LOST = 6.0
_FOR_GOOD = 10**6
_EXPOSURE_MONTHS_MAX = 3.0


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What became of lines in one world. sums: (months + 1, measures, cells), minor units, but for `principal_days` and
    `lines`. By line: charged_minor, of interest, late fees and plans; bought_minor; fell_late; lost. By want: served, refused.
    """

    sums: Real
    charged_minor: Minor
    bought_minor: Minor
    fell_late: Flags
    lost: Flags
    served: Flags
    refused: Flags


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Lines with their people, for one draw of the parameters. cells: (lines,) in which of `cells_count` each is summed up."""

    portfolio: Portfolio
    accounts: Sequence[Account]
    standing: Standing
    habits: Habits
    wants: Wants
    parameters: Parameters
    seed: int
    cells: Whole
    cells_count: int


def live(lot: Lot, world: World, shops: Sequence[Shop], months: int) -> Lived:
    """So many calendar months from the world's day on."""
    ends = [months_after(world.on, month) for month in range(1, months + 1)]
    life = _Life(lot, world, shops)
    sums = [life.counted()]
    life.pay_bills(0, world.on)  # what is due on the book's own day is not late yet
    for day in range(1, (ends[-1] - world.on).days + 1):
        on = date.fromordinal(world.on.toordinal() + day)
        life.begin(day, on)
        if on == ends[len(sums) - 1]:
            sums.append(life.counted())
        life.pay_bills(day, on)
        life.buy(day, on)
    return life.lived(np.stack(sums))


class _Life:
    def __init__(self, lot: Lot, world: World, shops: Sequence[Shop]) -> None:
        self.lot, self.world, self.habits, self.parameters = lot, world, lot.habits, lot.parameters
        self.book = Book.take_from(world.program, lot.accounts, lot.portfolio.lines, world.on)
        self._fee_ppm = np.array([shop.credit_fee_ppm for shop in shops], np.int64)
        usual = usual_world(lot.portfolio.program, world.on)
        self._usual = usual
        self._same = world.program.versions == usual.versions
        count = lot.portfolio.count
        self.credit_fee = np.zeros(count, np.int64)
        self.fell_late = np.zeros(count, np.bool_)
        self.served = np.zeros(lot.wants.size, np.bool_)
        self.refused = np.zeros(lot.wants.size, np.bool_)
        self.month_used = self._used_before()
        self.days_late = self.book.days_past_due()
        share = self.habits.share
        self._leaning = np.log(share / (1.0 - share))
        closes_on = usual.last_close_on(world.on)
        self._copes = paid_between(self.habits.pay_day, closes_on, usual.due_on(closes_on))
        self._chances()
        self._begin_spells()
        self._set_limits(world.on)

    def lived(self, sums: Real) -> Lived:
        found = self.book.sums
        return Lived(
            sums=sums,
            charged_minor=found.interest + found.penalty + found.shopper_fee,
            bought_minor=found.bought,
            fell_late=self.fell_late,
            lost=self.book.charged_off(),
            served=self.served,
            refused=self.refused,
        )

    # ── the day ───────────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, day: int, on: date) -> None:
        """The clock acts."""
        self.book.advance(on)
        self._set_limits(on)
        if on.day == 1:
            self.month_used[:] = 0
        self.days_late = self.book.days_past_due()
        self.fell_late |= self.days_late > 0

    def counted(self) -> Real:
        """(measures, cells) so far. Whole numbers below 2**53, so that floats hold them exactly."""
        book, sums = self.book, self.book.sums
        principal = book.principal_minor()
        limit = np.maximum(book.available_minor() + principal, 0)
        rows = (
            sums.bought, sums.interest, sums.penalty, sums.fee, self.credit_fee, book.principal_days(),
            sums.lost_principal + sums.lost_fee + sums.lost_interest + sums.lost_penalty, sums.recovery,
            principal, principal * (self.days_late > 30), principal * (self.days_late > 90),
            np.minimum(principal, limit), limit, np.ones_like(principal),
        )  # fmt: skip
        cells, count = self.lot.cells, self.lot.cells_count
        return np.stack([np.bincount(cells, weights=row, minlength=count) for row in rows])

    def _set_limits(self, on: date) -> None:
        for from_on, lines, limits in self.world.limits:
            if from_on == on:
                self.book.set_limit(lines, limits)

    # ── bills ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def pay_bills(self, day: int, on: date) -> None:
        """On his due day everybody decides; on his pay day whoever is late pays what he can."""
        bills = self.book.due(on)
        if not bills.people.size:
            return
        late = self.days_late[bills.people] > 0
        if not late.all():
            self._decide(Due(*(each[~late] for each in bills)), day, on)
        paid = late & (self.habits.pay_day[bills.people] == on.day)
        who = np.flatnonzero(paid & (self.spell_until[bills.people] < day))
        self._repay(bills.people[who], np.minimum(bills.full_minor[who], self._most[bills.people[who]]), on)

    def _decide(self, bills: Due, day: int, on: date) -> None:
        who, full, minimum = bills
        month = on.year * 12 + on.month
        struck = self._drawn(who, Purpose.SPELL, month) < self._hazard(who)
        struck &= self.spell_until[who] < day
        self._strike(who[struck], day, month)
        in_time = paid_between(self.habits.pay_day[who], self.world.program.last_close_on(on), on)
        waits = ~in_time & self._copes[who] & (full > self._buffer[who])
        keeps = (self.spell_until[who] >= day) | waits
        revolves = self._drawn(who, Purpose.REVOLVES, month) < self.habits.revolving[who]
        pays = np.where(revolves, minimum, np.minimum(full, self._most[who]))
        self._repay(who, np.where(keeps, 0, pays), on)

    def _hazard(self, who: Index) -> Real:
        """The chance of a bill that somebody stops to pay: his own, and the more the more he owes than he used to."""
        more = (self.book.principal_minor()[who] - self.habits.usual_minor[who]) / self.habits.money_minor[who]
        more = np.clip(more, -_EXPOSURE_MONTHS_MAX, _EXPOSURE_MONTHS_MAX)
        hazard: Real = self._own_hazard[who] * np.exp(self.parameters.exposure_slope * more)
        return hazard

    def _strike(self, who: Index, day: int, month: int) -> None:
        if who.size:
            lasts = -np.log(self._drawn(who, Purpose.SPELL_MONTHS, month)) * self.parameters.shock_months
            until = day + np.rint(30.0 * np.maximum(lasts, 0.5)).astype(np.int64)
            for_good = self._drawn(who, Purpose.GOES_FOR_GOOD, month) < self._for_good
            self.spell_until[who] = np.where(for_good, _FOR_GOOD, until)

    def _chances(self) -> None:
        """What of being late is his own, and how long it lasts."""
        parameters, habits = self.parameters, self.habits
        walks = parameters.walk_away * (1.0 - enforcement(self.world, parameters))
        self._for_good = walks / max(walks + parameters.shock_month, 1e-12)
        in_spell = 1.0 / (1.0 - np.exp(-1.0 / max(parameters.shock_months, 0.1)))
        bills = (1.0 - self._for_good) * in_spell + self._for_good * _BILLS_UNTIL_LOST
        self._own_hazard = habits.missed / bills
        self._most = (habits.money_minor * (1.0 + parameters.cash_cap_months)).astype(np.int64)
        kept = uniform(bits(key(self.lot.seed, Purpose.BUFFER), habits.ids))
        self._buffer = (2.0 * kept * parameters.buffer_months * habits.money_minor).astype(np.int64)

    def _begin_spells(self) -> None:
        """Who is late on the first day is in a spell already; the longer, the likelier it is for good."""
        late, ids = self.days_late, self.habits.ids
        length = max(self.parameters.shock_months, 0.1) * 30.0
        still = np.exp(-late / length)
        for_good = self._for_good / (self._for_good + (1.0 - self._for_good) * still)
        lasts = -np.log(uniform(bits(key(self.lot.seed, Purpose.SPELL_MONTHS), ids))) * length
        goes = uniform(bits(key(self.lot.seed, Purpose.GOES_FOR_GOOD), ids)) < for_good
        until = np.where(goes, _FOR_GOOD, np.rint(lasts).astype(np.int64))
        self.spell_until = np.where(late > 0, until, -1)

    def _repay(self, who: Index, amounts: Minor, on: date) -> None:
        pays = amounts > 0
        if pays.any():
            self.book.repay(who[pays], amounts[pays], on)

    def _drawn(self, who: Index, purpose: Purpose, moment: int) -> Real:
        return uniform(bits(key(self.lot.seed, purpose), self.habits.ids[who], moment))

    # ── purchases ─────────────────────────────────────────────────────────────────────────────────────────────────

    def buy(self, day: int, on: date) -> None:
        """What is wanted on a day, one want a person at a time."""
        wants = self.lot.wants
        first, last = wants.starts[day], wants.starts[day + 1]
        if first == last:
            return
        today = np.arange(first, last)
        today = today[self._with_credit(today, on)]
        turns = wants.turn[today]
        for turn in range(int(turns.max(initial=-1)) + 1):
            self._buy(today[turns == turn], on)

    def _with_credit(self, rows: Index, on: date) -> Flags:
        """Which wants would be paid with credit: those nearer to it than what it costs more than it used to."""
        wants, person = self.lot.wants, self.lot.wants.person[rows]
        scale = self.parameters.tender_noise
        near = scale * (self._leaning[person] + wants.chance[rows])
        if self._same:
            return np.asarray(near > 0.0)
        usual = Price.of(self._usual, on)
        said = (self.habits, person, wants.count[rows], wants.free[rows], wants.amount_minor[rows])
        weight = self.parameters.liquidity_weight
        dearer = self.world.price(on).cost(*said, weight) - usual.cost(*said, weight)
        return np.asarray(near > self.habits.beta[person] * dearer)

    def _buy(self, rows: Index, on: date) -> None:
        wants, doors = self.lot.wants, self.world.doors(on)
        person, amount, shop = wants.person[rows], wants.amount_minor[rows], wants.shop[rows]
        room = np.where(self.book.blocked(), 0, self.book.available_minor())
        taken = doors.accepted[shop] & (amount <= doors.cap_minor[shop]) & (amount <= room[person])
        if self.world.rules:
            used = self.month_used[doors.rule[shop], person]
            taken &= used + amount <= doors.month_cap_minor[shop]
            np.add.at(self.month_used, (doors.rule[shop[taken]], person[taken]), amount[taken])
        self.served[rows[taken]] = True
        self.refused[rows[~taken]] = True
        rows, person, amount, shop = rows[taken], person[taken], amount[taken], shop[taken]
        if not rows.size:
            return
        self.credit_fee[person] += parts_minor(amount, self._fee_ppm[shop])
        count = self.world.price(on).counts(wants.count[rows], amount)
        alike = count.astype(np.int64) * 2 + wants.free[rows]
        for kind in np.unique(alike).tolist():
            some = alike == kind
            payer: FeePayer = "merchant" if kind % 2 and kind > 1 else "shopper"
            self.book.buy(person[some], amount[some], on, installments=kind // 2, fee_payer=payer)

    def _used_before(self) -> Minor:
        """(rules, lines) spent in the running month under caps of a month."""
        rules, month_on = self.world.rules, self.world.on.replace(day=1)
        used = np.zeros((max(len(rules), 1), self.lot.portfolio.count), np.int64)
        if rules:
            for place, line in enumerate(self.lot.portfolio.lines):
                for each in line.particulars.month_used:
                    where = (each.counted.market, each.counted.category, each.counted.channel)
                    if each.counted.month_on == month_on and where in rules:
                        used[rules[where], place] += each.amount_minor
        return used
