"""Simulation: one lane of people in one world, day by day.

A day: who is paid gets his money; books of credit close and bills fall due; who waited for money looks again; then the
needs of the day. What comes out is, for each need, where, when and how it was met, and for each person what the books say.
Nothing is drawn from a stream: `draws.py` gives each draw by its key, so a lane is the same in every process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Small, Whole
from florin.lab.book import Book, Due
from florin.lab.choice import NOTHING, Chosen, Standing, choose, revolving
from florin.lab.draws import Purpose, bits, key, uniform
from florin.lab.needs import Needs, draw_needs
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
    met, or given up.
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

    @property
    def bought(self) -> Flags:
        return self.day >= 0


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What a simulated lane was and became. books: a lender's, None where it does not lend. cash_minor: at the end.

    saved_minor: swept away on pay days. repaid_minor: to all lenders. walked_away: (lender, people).
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


def simulate_lane(world: World, ids: Bits, seed: int) -> Lane:
    """The people of these numbers, in a world, over all its days."""
    people = draw_people(world, ids, seed)
    running = _Running(world, people, draw_needs(world, people, seed), seed)
    for day, on in enumerate(dates(world)):
        running.live(day, on)
    return running.lane()


class _Running:
    def __init__(self, world: World, people: People, needs: Needs, seed: int) -> None:
        self.world, self.people, self.needs, self.seed = world, people, needs, seed
        self.books = tuple(
            Book(lender.program, people.limits_minor[place], world.begins_on) if lender.lends else None
            for place, lender in enumerate(world.lenders)
        )
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
        )
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
        first, last = self.needs.starts[day], self.needs.starts[day + 1]
        if first == last:
            return
        today = np.arange(first, last)
        turns = self.needs.turn[first:last]
        for turn in range(int(turns[-1]) + 1):
            self._look(today[turns == turn], day, on, waited=False)

    def lane(self) -> Lane:
        return Lane(
            world=self.world, people=self.people, needs=self.needs, met=self.met, books=self.books, cash_minor=self.cash,
            saved_minor=self.saved, income_minor=self.income, walked_away=self.walked,
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
        is_due_day = self._is_due_day(place, on)
        if not is_due_day and not paid.size:
            return
        bills = book.due(on)
        if not bills.people.size:
            return
        late = book.days_past_due()[bills.people] > 0
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
        months_owed = book.principal_minor()[who] / self.people.spending_minor[who]
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

    def _is_due_day(self, place: int, on: date) -> bool:
        program = self.world.lenders[place].program
        return program.due_on(program.last_close_on(on)) == on

    def _repay(self, book: Book, who: Index, amounts: Minor, on: date) -> None:
        pays = amounts > 0
        if pays.any():
            book.repay(who[pays], amounts[pays], on)
            self.cash[who[pays]] -= amounts[pays]

    # ---------------------------------------------------------------- needs

    def _look(self, looked: Index, day: int, on: date, *, waited: bool) -> None:
        """Decide these needs, one a person, and buy."""
        chosen = choose(self.world, self.people, self.needs, looked, self._standing(day, on), waited=waited)
        person = self.needs.person[looked]
        if not waited:
            waits = chosen.waits & (self.waiting[person] < 0)
            self.waiting[person[waits]] = looked[waits]
            self.met.waited[looked[waits]] = True
        buys = np.flatnonzero(chosen.tender >= 0)
        bought, person = looked[buys], person[buys]
        self.met.day[bought] = day
        for name in ("market", "tender", "count", "free", "no_cash", "price_minor", "worth_minor"):
            getattr(self.met, name)[bought] = getattr(chosen, name)[buys]
        self._pay(bought, person, chosen, buys, on)

    def _pay(self, bought: Index, person: Index, chosen: Chosen, buys: Index, on: date) -> None:
        tender, price = chosen.tender[buys], chosen.price_minor[buys]
        by_wallet = tender == 0
        self.cash[person[by_wallet]] -= price[by_wallet]
        for place, book in enumerate(self.books):
            if book is None:
                continue
            by_lender = np.flatnonzero(tender == place + 1)
            if not by_lender.size:
                continue
            alike = self._receipt_days(bought, chosen.market[buys]) * 1_000 + chosen.count[buys] * 2 + chosen.free[buys]
            for kind in np.unique(alike[by_lender]).tolist():
                taken = by_lender[alike[by_lender] == kind]
                book.buy(
                    person[taken], price[taken], on, received_on=date.fromordinal(on.toordinal() + kind // 1_000),
                    installments=kind % 1_000 // 2, fee_payer="merchant" if kind % 2 else "shopper",
                )  # fmt: skip

    def _receipt_days(self, bought: Index, market: Small) -> Whole:
        """How long each purchase waits in escrow."""
        days: Whole = self._escrow_days[market, self.needs.category[bought]]
        return days

    def _standing(self, day: int, on: date) -> Standing:
        nothing = np.zeros(self.people.count, dtype=np.int64)
        owed = np.array([nothing if book is None else book.principal_minor() for book in self.books])
        available = np.array([nothing if book is None else self._available(book) for book in self.books])
        kept = (self.people.prudence * owed.sum(axis=0)).astype(np.int64)
        days = (self.people.pay_day - on.day) % 30
        return Standing(
            cash_minor=np.maximum(self.cash - kept, 0),
            next_cash_days=days,
            available_minor=available,
            owed_minor=owed,
            next_bill_days=tuple(self._bill_days(place, on) for place in range(len(self.books))),
        )

    def _available(self, book: Book) -> Minor:
        return np.where(book.blocked(), 0, book.available_minor())

    def _bill_days(self, place: int, on: date) -> int:
        """Days until a purchase of today has to be paid."""
        program = self.world.lenders[place].program
        return (program.due_on(program.next_close_on(on)) - on).days

    # ---------------------------------------------------------------- draws

    def _drawn(self, purpose: Purpose, moment: int) -> Real:
        return uniform(bits(key(self.seed, purpose), self.people.ids, moment))

    def _drawn_for(self, who: Index, purpose: Purpose, moment: int) -> Real:
        return uniform(bits(key(self.seed, purpose), self.people.ids[who], moment))
