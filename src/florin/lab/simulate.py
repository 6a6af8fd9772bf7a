"""Simulation: one lane of people in one world, day by day.

A day: who is paid gets his money; books of credit close and bills fall due; who waited for money looks again; then the
needs of the day. What comes out is, for each need, where, when and how it was met, and for each person what the books say.
Nothing is drawn from a stream: `draws.py` gives each draw by its key, so a lane is the same in every process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from florin.credit.terms import Program
from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.book import Book, Due
from florin.lab.book.installments import fee_minor
from florin.lab.campaign import Purses, Spent
from florin.lab.choice import Chosen, Standing, choose, revolving
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.needs import Needs, draw_needs
from florin.lab.outlets import NOTHING, WALLET, Outlets, find_outlets, moment, worth_minor
from florin.lab.people import PAY_DAYS, People, draw_people
from florin.lab.world import ESCROW_DAYS, World, dates

# X: while income fails, this part of it comes in all the same: savings, family, insurance.
_INCOME_IN_SHOCK = 0.25
# X: who cannot pay a whole bill keeps this part of a month's money to live on.
_KEPT_TO_LIVE = 0.1

_NOBODY = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class Met:
    """What became of each need, in the needs' order. day: -1 where it was never met; market, tender: NOTHING then.

    count: installments; free: their fee is the merchant's. price_minor: paid to the merchant; worth_minor: what it is worth
    to the buyer as experienced. no_cash: bought by somebody who had not the money. waited: it was put off before it was
    met, or given up. coupon_minor: of the price, paid by the mall. declined: at some time he would have used a line that
    had not enough left, or was blocked; noted only where it is asked for.
    """

    day: Whole
    market: Small
    tender: Small
    count: Small
    free: Flags
    no_cash: Flags
    waited: Flags
    price_minor: Minor
    worth_minor: Minor
    coupon_minor: Minor
    declined: Flags

    @property
    def bought(self) -> Flags:
        return self.day >= 0


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What a simulated lane was and became. books: a lender's, None where it does not lend. cash_minor: at the end.

    saved_minor: swept away on pay days. repaid_minor: to all lenders. walked_away: (lender, people). spent: what became of
    each campaign's budget.
    """

    world: World
    people: People
    needs: Needs
    met: Met
    books: tuple[Book | None, ...]
    cash_minor: Minor
    saved_minor: Minor
    income_minor: Minor
    walked_away: Flags
    spent: tuple[Spent, ...] = ()


# Looks at the end of each day: its number, the lenders' books, and everybody's spending money. It changes nothing.
Watch = Callable[[int, Sequence[Book | None], Minor], None]


def simulate_lane(
    world: World, ids: Bits, seed: int, *, watch: Watch | None = None, note_declined: bool = False
) -> Lane:
    """The people of these numbers, in a world, over all its days."""
    people = draw_people(world, ids, seed)
    running = _Running(world, people, draw_needs(world, people, seed), seed, note_declined=note_declined)
    for day, on in enumerate(dates(world)):
        running.live(day, on)
        if watch is not None:
            watch(day, running.books, people.spending_minor)
    return running.lane()


class _Running:
    def __init__(self, world: World, people: People, needs: Needs, seed: int, *, note_declined: bool = False) -> None:
        self.world, self.people, self.needs, self.seed = world, people, needs, seed
        self.books = tuple(
            Book(lender.program, people.limits_minor[place], world.begins_on) if lender.lends else None
            for place, lender in enumerate(world.lenders)
        )
        self.scenes: dict[tuple[int, ...], tuple[World, Outlets]] = {(): (world, find_outlets(world, people, needs))}
        self.purses, self.note_declined = Purses(world.campaigns, people.count), note_declined
        self.bill_days = [_bill_days(world, lender.program) for lender in world.lenders]
        self.cash = people.cash_minor.copy()
        self.saved, self.income = np.zeros_like(self.cash), np.zeros_like(self.cash)
        self.shocked_until = np.full(people.count, -1, dtype=np.int64)
        self.walked = np.zeros((len(world.lenders), people.count), dtype=np.bool_)
        self.waiting = np.full(people.count, -1, dtype=np.intp)  # the need that somebody put off
        self.met = Met(
            day=np.full(needs.count, -1, dtype=np.int64),
            market=np.full(needs.count, NOTHING),
            tender=np.full(needs.count, NOTHING),
            count=np.zeros(needs.count, dtype=np.int8),
            free=np.zeros(needs.count, dtype=np.bool_),
            no_cash=np.zeros(needs.count, dtype=np.bool_),
            waited=np.zeros(needs.count, dtype=np.bool_),
            price_minor=np.zeros(needs.count, dtype=np.int64),
            worth_minor=np.zeros(needs.count, dtype=np.int64),
            coupon_minor=np.zeros(needs.count, dtype=np.int64),
            declined=np.zeros(needs.count, dtype=np.bool_),
        )
        self.trouble = np.zeros(needs.count)
        escrowed = np.array([[market in ("taobao", "tmall")] for market in world.markets])
        self._escrow_days = escrowed * np.array([ESCROW_DAYS.get(category, 0) for category in world.categories])
        self._paid_on = {day: np.flatnonzero(people.pay_day == day) for day in PAY_DAYS}

    def live(self, day: int, on: date) -> None:
        """One day."""
        if on.day == 1 or day == 0:
            self._meet_shocks(day, on)
        paid = self._paid_on.get(on.day, _NOBODY)
        self._pay_in(paid, day)
        for place, book in enumerate(self.books):
            if book is not None:
                book.advance(on)
                self._pay_bills(place, book, paid, day, on)
        looks_again = paid[self.waiting[paid] >= 0]
        if looks_again.size:
            again = self.waiting[looks_again]
            self.waiting[looks_again] = -1
            self._look(again, day, on, waited=True)
        first, last = int(self.needs.starts[day]), int(self.needs.starts[day + 1])
        turns = self.needs.turn[first:last]
        begins = first + np.searchsorted(turns, np.arange(1 + (int(turns[-1]) if last > first else -1)))
        for begin, end in pairwise([*begins.tolist(), last]):
            self._look(slice(begin, end), day, on, waited=False)

    def lane(self) -> Lane:
        """What became of everybody."""
        met, bought = self.met, np.flatnonzero(self.met.bought)
        met.worth_minor[bought] = worth_minor(
            self.world, self.people, self.needs, bought, met.market, met.tender, self.trouble, met.waited
        )
        return Lane(
            world=self.world, people=self.people, needs=self.needs, met=self.met, books=self.books, cash_minor=self.cash,
            saved_minor=self.saved, income_minor=self.income, walked_away=self.walked, spent=tuple(self.purses.spent),
        )  # fmt: skip

    # ---------------------------------------------------------------- money comes in

    def _meet_shocks(self, day: int, on: date) -> None:
        """Once a month: who loses his income, and for how many months. Worse scores lose it more often."""
        parameters, month = self.world.parameters, on.year * 12 + on.month
        chance = parameters.shock_month * np.exp(parameters.score_slope * (0.5 - self.people.score))
        struck = self._drawn(Purpose.SHOCK, month) < chance
        struck &= self.shocked_until < day
        if struck.any():
            months = -np.log(self._drawn(Purpose.SHOCK_MONTHS, month)[struck]) * parameters.shock_months
            self.shocked_until[struck] = day + np.rint(30.0 * np.maximum(months, 0.5)).astype(np.int64)

    def _pay_in(self, paid: Index, day: int) -> None:
        """A month's money; what is above what people keep at hand is saved."""
        if not paid.size:
            return
        spending = self.people.spending_minor[paid]
        failing = self.shocked_until[paid] >= day
        money = np.where(failing, (spending * _INCOME_IN_SHOCK).astype(np.int64), spending)
        self.income[paid] += money
        cash = self.cash[paid] + money
        most = ((1.0 + self.world.parameters.cash_cap_months) * spending).astype(np.int64)
        self.saved[paid] += np.maximum(cash - most, 0)
        self.cash[paid] = np.minimum(cash, most)

    # ---------------------------------------------------------------- money goes out

    def _pay_bills(self, place: int, book: Book, paid: Index, day: int, on: date) -> None:
        """On the due day whoever has a bill decides; on his pay day whoever is past due pays what he can."""
        is_due_day = self.bill_days[place].is_due(day)
        if not is_due_day and not paid.size:
            return
        bills = book.due(on)
        if not bills.people.size:
            return
        late = book.days_past_due(bills.people) > 0
        fresh = np.flatnonzero(~late) if is_due_day else _NOBODY
        if fresh.size:
            asked = Due(bills.people[fresh], bills.full_minor[fresh], bills.minimum_minor[fresh])
            self._decide_bills(place, book, asked, on)
        if paid.size:
            may = late & (self.people.pay_day[bills.people] == on.day) & (self.shocked_until[bills.people] < day)
            who = np.flatnonzero(may & ~self.walked[place][bills.people])
            pays = np.minimum(bills.full_minor[who], self.cash[bills.people[who]])
            self._repay(book, bills.people[who], pays, on)

    def _decide_bills(self, place: int, book: Book, bills: Due, on: date) -> None:
        """Who walks away, whatever he has; who pays the minimum though he could pay all; who cannot."""
        who, full, minimum = bills
        parameters, lender = self.world.parameters, self.world.lenders[place]
        month = on.year * 12 + on.month
        months_owed = book.principal_minor(who) / self.people.spending_minor[who]
        chance = (
            parameters.walk_away
            * months_owed
            * np.exp(parameters.exposure_slope * months_owed + parameters.score_slope * (0.5 - self.people.score[who]))
            * (1.0 - lender.enforcement)
        )
        self.walked[place][who] |= self._drawn_for(who, Purpose.DISTRESS, month * 16 + place) < chance
        cash = self.cash[who]
        revolves = self._drawn_for(who, Purpose.REVOLVES, month * 16 + place) < revolving(self.world, lender)
        kept = (_KEPT_TO_LIVE * self.people.spending_minor[who]).astype(np.int64)
        some = np.minimum(np.maximum(cash - kept, minimum), full)
        pays = np.where(cash < minimum, 0, np.where(revolves, minimum, np.where(cash >= full, full, some)))
        pays[self.walked[place][who]] = 0
        self._repay(book, who, pays, on)

    def _repay(self, book: Book, who: Index, amounts: Minor, on: date) -> None:
        pays = amounts > 0
        if pays.any():
            book.repay(who[pays], amounts[pays], on)
            self.cash[who[pays]] -= amounts[pays]

    # ---------------------------------------------------------------- needs

    def _look(self, looked: Index | slice, day: int, on: date, *, waited: bool) -> None:
        """Decide these needs, one a person, and buy. Whom a budget refuses decides again without it."""
        while True:
            giving = self.purses.open_on(day)
            chosen = self._choose(giving, looked, day, on, waited=waited)
            if not giving:
                self._buy(chosen, day, on)
                return
            drawn = {"coupon": chosen.coupon_minor, "installments": self._fees_given(chosen)}
            refused = self.purses.spend(day, giving, drawn, moment(self.needs.draws[chosen.needs]))  # type: ignore[arg-type]
            self._note(chosen)
            self._buy(chosen.where(~refused), day, on)
            if not refused.any():
                return
            looked = chosen.needs[refused]

    def _choose(self, giving: tuple[int, ...], looked: Index | slice, day: int, on: date, *, waited: bool) -> Chosen:
        world, outlets = self._scene(giving)
        standing = self._standing(self.needs.person[looked], day, on)
        return choose(world, self.people, self.needs, outlets, looked, standing, may_wait=not waited)

    def _scene(self, giving: tuple[int, ...]) -> tuple[World, Outlets]:
        """The world and its outlets while these campaigns give. What waits is for a day without them."""
        if giving not in self.scenes:
            world = self.world.giving(*(self.world.campaigns[place] for place in giving))
            outlets = replace(find_outlets(world, self.people, self.needs), best=self.scenes[()][1].best)
            self.scenes[giving] = world, outlets
        return self.scenes[giving]

    def _fees_given(self, chosen: Chosen) -> Minor:
        """The fees of the installments that merchants bear."""
        given = np.zeros(len(chosen.needs), dtype=np.int64)
        for place, lender in enumerate(self.world.lenders):
            terms = lender.program.terms_on(self.world.begins_on)
            for offer in terms.installments:
                by = chosen.free & (chosen.tender == place + 1) & (chosen.count == offer.count)
                if by.any():
                    given[by] = fee_minor(chosen.price_minor[by] - chosen.coupon_minor[by], offer)
        return given

    def _note(self, chosen: Chosen) -> None:
        """Who puts his need off, and who is declined."""
        waits = chosen.waits[self.waiting[self.needs.person[chosen.waits]] < 0]
        self.waiting[self.needs.person[waits]] = waits
        self.met.waited[waits] = True
        self.met.declined[chosen.declined] = True

    def _buy(self, chosen: Chosen, day: int, on: date) -> None:
        self._note(chosen)
        met, bought = self.met, chosen.needs
        met.day[bought] = day
        for name in ("market", "tender", "count", "free", "no_cash", "price_minor", "coupon_minor"):
            getattr(met, name)[bought] = getattr(chosen, name)
        self.trouble[bought] = chosen.trouble
        self._pay(chosen, on)

    def _pay(self, chosen: Chosen, on: date) -> None:
        by_wallet, pays_minor = np.flatnonzero(chosen.tender == WALLET), chosen.price_minor - chosen.coupon_minor
        self.cash[chosen.person[by_wallet]] -= pays_minor[by_wallet]
        by_credit = np.flatnonzero(chosen.tender > WALLET)
        # Purchases that a lender books alike, in the order of the people.
        receipt_days = self._escrow_days[chosen.market[by_credit], self.needs.category[chosen.needs[by_credit]]]
        alike = (chosen.tender[by_credit].astype(np.int64) * 64 + receipt_days) * 256
        alike += chosen.count[by_credit] * 2 + chosen.free[by_credit]
        order = np.argsort(alike, kind="stable")
        by_credit, alike = by_credit[order], alike[order]
        begins = np.flatnonzero(np.diff(alike, prepend=-1))
        for begin, end in pairwise([*begins.tolist(), len(alike)]):
            taken = by_credit[begin:end]
            tender, rest = divmod(int(alike[begin]), 64 * 256)
            days, kind = divmod(rest, 256)
            book = self.books[tender - 1]
            assert book is not None
            book.buy(
                chosen.person[taken], pays_minor[taken], on, received_on=date.fromordinal(on.toordinal() + days),
                installments=kind // 2, fee_payer="merchant" if kind % 2 else "shopper",
            )  # fmt: skip

    def _standing(self, person: Index, day: int, on: date) -> Standing:
        """How those whose needs are looked at stand."""
        nothing = np.zeros(len(person), dtype=np.int64)
        owed, available = nothing, []
        for book in self.books:
            if book is not None:
                owed = owed + book.principal_minor(person)
                available.append(np.where(book.blocked(person), 0, book.available_minor(person)))
            else:
                available.append(nothing)
        kept = (self.people.prudence[person] * owed).astype(np.int64)
        return Standing(
            cash_minor=np.maximum(self.cash[person] - kept, 0),
            next_cash_days=(self.people.pay_day[person] - on.day) % 30,
            available_minor=np.stack(available),
            owed_minor=owed,
            next_bill_days=tuple(bills.until[day] for bills in self.bill_days),
            holds=self.people.limits_minor[:, person] > 0 if self.note_declined else None,
        )

    # ---------------------------------------------------------------- draws

    def _drawn(self, purpose: Purpose, moment: int) -> Real:
        return uniform(bits(key(self.seed, purpose), self.people.ids, moment))

    def _drawn_for(self, who: Index, purpose: Purpose, moment: int) -> Real:
        return uniform(bits(key(self.seed, purpose), self.people.ids[who], moment))


class _BillDays(NamedTuple):
    """By day of the world: how many days later a purchase of that day has to be paid, and on which days bills are due."""

    until: list[int]
    due: frozenset[int]

    def is_due(self, day: int) -> bool:
        return day in self.due


def _bill_days(world: World, program: Program) -> _BillDays:
    first = world.begins_on.toordinal()
    closes_on = program.last_close_on(world.begins_on)
    due_on, until, due = program.due_on(closes_on).toordinal(), [], set()
    for day, on in enumerate(dates(world)):
        if on >= closes_on:
            due.add(due_on - first)
            closes_on = program.next_close_on(on)
            due_on = program.due_on(closes_on).toordinal()
        until.append(due_on - first - day)
    return _BillDays(until, frozenset(due))
