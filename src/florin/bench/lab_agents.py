"""The lab's model as agents, one person at a time in plain Python: what the lab's lanes are measured against, in Mesa.

The same people, needs, rules and draws as `florin.lab`, written as somebody would who had no arrays; each line of credit is
played by the engine's own rules (`florin.credit`). What people buy must be the same, to the fen: `tests/lab` says so for a
few, the benchmark for all of its run. Mesa is imported only where this runs as a program, in an environment of its own.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import cached_property
from importlib import import_module
from typing import Any, NamedTuple

import msgspec
import numpy as np

from florin.credit import account as accounts
from florin.credit import line as lines
from florin.credit import repay
from florin.credit.items import Account, days_past_due, missed_minor
from florin.credit.line import Line, LineState
from florin.credit.plans import installment_choice
from florin.credit.terms import Program
from florin.events import Captured, Escrowed, Event, LineOpened, Received
from florin.events.refusals import Refusal
from florin.lab import draws, simulate
from florin.lab import needs as needed
from florin.lab import outlets as found
from florin.lab import people as drawn
from florin.lab.choice import revolving
from florin.lab.draws import Purpose
from florin.lab.parameters import likeliest
from florin.lab.simulate import Lane
from florin.lab.units import MILLION
from florin.lab.world import ESCROW_DAYS, UNCAPPED, Lender, World, dates, preset_world
from florin.money import At

_MASK = (1 << 64) - 1
_PERSON, _MOMENT = int(draws._PERSON), int(draws._MOMENT)
_FIRST, _SECOND = int(draws._FIRST), int(draws._SECOND)


class AgentsTask(msgspec.Struct, frozen=True, kw_only=True):
    """So many people live so many months in the preset world."""

    people: int
    months: int
    seed: int


class AgentsTold(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. cpu_s: of all, from the first person drawn on; book_cpu_s: of it, what the books took."""

    mesa: str
    cpu_s: float
    book_cpu_s: float
    digest: str


# ── draws ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mixed(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * _FIRST) & _MASK
    bits = ((bits ^ (bits >> 27)) * _SECOND) & _MASK
    return bits ^ (bits >> 31)


def _further(bits: int, step: int) -> int:
    return _mixed((bits + step * _PERSON) & _MASK)


def _uniform(bits: int) -> float:
    return ((bits >> 11) + 0.5) * 2.0**-53


def _gumbel(bits: int) -> float:
    return -math.log(-math.log(_uniform(bits))) - float(np.euler_gamma)


def _normal(bits: int) -> float:
    return math.sqrt(-2.0 * math.log(_uniform(bits))) * math.cos(2.0 * math.pi * _uniform(_further(bits, 1)))


# ── what is the same for everybody ────────────────────────────────────────────────────────────────────────────────────


class Span(NamedTuple):
    """Thirty days of needs, or fewer at the end. poisson, by_day: distribution functions."""

    first: int
    last: int
    poisson: list[float]
    by_day: list[float]


@dataclass(frozen=True)
class Setting:
    """A world as lists, and what follows from it alone."""

    world: World
    seed: int

    @cached_property
    def keys(self) -> dict[Purpose, int]:
        return {purpose: int(draws.key(self.seed, purpose)) for purpose in Purpose}

    @cached_property
    def shelves(self) -> list[list[float]]:
        shelves: list[list[float]] = found._shelves(self.world).tolist()
        return shelves

    @cached_property
    def spans(self) -> list[Span]:
        spans = []
        for first, last in needed._months(self.world.days):
            season = self.world.season[first:last]
            mean = sum(need.needs for need in self.world.parameters.needs) * season.sum() / 30.0
            by_day = np.cumsum(season) / season.sum()
            spans.append(Span(first, last, needed._poisson(mean).tolist(), by_day.tolist()))
        return spans

    @cached_property
    def kinds(self) -> list[float]:
        often = np.cumsum([need.needs for need in self.world.parameters.needs])
        kinds: list[float] = (often[:-1] / often[-1]).tolist()
        return kinds

    @cached_property
    def ease(self) -> list[list[float]]:
        tenders = range(1 + len(self.world.lenders))
        return [[found._ease(self.world, m, t) for t in tenders] for m in range(len(self.world.markets))]

    @cached_property
    def bill_days(self) -> list[simulate._BillDays]:
        return [simulate._bill_days(self.world, lender.program) for lender in self.world.lenders]

    def bits(self, purpose: Purpose, person: int, moment: int = 0) -> int:
        return _mixed((person * _PERSON + moment * _MOMENT + self.keys[purpose]) & _MASK)

    def uniform(self, purpose: Purpose, person: int, moment: int = 0) -> float:
        return _uniform(self.bits(purpose, person, moment))

    def normal(self, purpose: Purpose, person: int, moment: int = 0) -> float:
        return _normal(self.bits(purpose, person, moment))


# ── one line of credit ────────────────────────────────────────────────────────────────────────────────────────────────


class Credit:
    """One person's line, played as the engine plays it: purchases touch the line alone, clock and repayments the account."""

    def __init__(self, program: Program, limit_minor: int, opened_on: date) -> None:
        event = LineOpened(value_on=opened_on, line_id=1, person_id=1, program=program.name, limit_minor=limit_minor)
        self.program = program
        self.line: Line = lines.open_line(event, lane=0)
        self.account: Account = accounts.open_account(event)
        self._pending: list[Event] = []
        self._receipts: list[tuple[date, int, int, int, bool]] = []
        self._items = 0

    @property
    def owed_minor(self) -> int:
        """Principal on the books."""
        return self.line.principal_minor - self.account.claim_minor("principal")

    def spendable_minor(self, on: date) -> int:
        line = self.line
        if line.state is not LineState.OPEN:
            return 0
        late = line.past_due_on is not None and line.past_due_on < on
        return 0 if late and self.program.terms_on(on).blocks_while_past_due else line.available_minor_on(on)

    def advance(self, on: date) -> None:
        """The clock acts; then what was to be received today is owed."""
        if self.line.next_action_on <= on:
            self._catch_up(on)
        for received in [receipt for receipt in self._receipts if receipt[0] == on]:
            self._receipts.remove(received)
            _, minor, item, count, free = received
            self._hot(Received(**self._paid(on, minor, item), mdr_minor=0, plan=self._plan(on, minor, count, free)))

    def buy(self, on: date, minor: int, *, received_on: date, count: int, free: bool) -> None:
        self._items += 1
        if received_on > on:
            self._receipts.append((received_on, minor, self._items, count, free))
            self._hot(Escrowed(**self._paid(on, minor, self._items)))
        else:
            plan = self._plan(on, minor, count, free)
            self._hot(Captured(**self._paid(on, minor, self._items), mdr_minor=0, plan=plan))

    def due(self, on: date) -> tuple[int, int] | None:
        """What remains of what is due by today, and what is left of its minimum; None where nothing is asked today."""
        due = [statement for statement in self.account.statements if statement.due_on <= on]
        if not any(statement.due_on == on or statement.past_due for statement in due):
            return None
        full = sum(statement.remaining_minor for statement in due)
        return (full, max(missed_minor(self.account, statement.closes_on) for statement in due)) if full else None

    def is_late(self, on: date) -> bool:
        return days_past_due(self.account, on) > 0

    def repay(self, on: date, minor: int) -> None:
        self._catch_up(on)
        command = repay.Repay(line_id=1, amount_minor=minor, source="bank", reference="lab")
        at = At(on=on, instant=datetime.combine(on, time_of_day(4), UTC))
        decided = repay.decide(self.line, self.account, command, at, wallet_balance_minor=0, program=self.program)
        assert not isinstance(decided, Refusal), decided
        for event in decided:
            self.account, _ = accounts.evolve(self.account, event, self.program)
        self.line = accounts.summary(self.account, self.line, self.program)

    def _catch_up(self, on: date) -> None:
        self.account, _ = accounts.catch_up(self.account, self._pending, on, self.program)
        self._pending.clear()
        self.line = accounts.summary(self.account, self.line, self.program)

    def _hot(self, event: Captured | Received | Escrowed) -> None:
        self.line = lines.evolve(self.line, event, next_close_on=self.program.first_bill_on(event.value_on))
        self._pending.append(event)

    def _plan(self, on: date, minor: int, count: int, free: bool) -> Any:
        if not count:
            return None
        return installment_choice(minor, count, self.program.terms_on(on), "merchant" if free else "shopper")

    def _paid(self, on: date, minor: int, item: int) -> dict[str, Any]:
        return {
            "value_on": on, "line_id": 1, "person_id": 1, "payment_id": item, "credit_minor": minor, "wallet_minor": 0
        }  # fmt: skip


# ── one person ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Need:
    """One thing wanted, and what became of it; as `florin.lab.needs.Needs` and `florin.lab.simulate.Met` have it."""

    day: int
    category: int
    price_minor: int
    worth: float
    wait_days: int
    bits: int
    met_on: int = -1
    market: int = -1
    tender: int = -1
    count: int = 0
    free: bool = False
    no_cash: bool = False
    waited: bool = False
    paid_minor: int = 0
    worth_minor: int = 0

    def row(self) -> tuple[int, ...]:
        return (
            self.day, self.category, self.price_minor, self.met_on, self.market, self.tender, self.count, self.free,
            self.no_cash, self.waited, self.paid_minor, self.worth_minor,
        )  # fmt: skip


class Offer(NamedTuple):
    """A way of paying as he sees it: as decided, as experienced, and how many installments."""

    decided: float
    experienced: float
    installments: int
    fee: float


class Person:
    """One person and his days."""

    def __init__(self, setting: Setting, number: int) -> None:
        self.setting, self.number, self.world = setting, number, setting.world
        self.parameters = self.world.parameters
        self.shocked_until = -1
        self.book_cpu_s = 0.0
        self.waiting: Need | None = None
        self._draw()
        self.needs = list(self._needs())
        self.by_day: dict[int, list[Need]] = {}
        for need in self.needs:
            self.by_day.setdefault(need.day, []).append(need)
        self.credits = [
            Credit(lender.program, limit_minor, self.world.begins_on) if lender.lends and limit_minor else None
            for lender, limit_minor in zip(self.world.lenders, self.limits_minor, strict=True)
        ]
        self.walked = [False] * len(self.credits)

    # ── drawn once ────────────────────────────────────────────────────────────────────────────────────────────────

    def _draw(self) -> None:
        setting, number, parameters = self.setting, self.number, self.parameters
        score = setting.uniform(Purpose.SCORE, number)
        standing = 0.5 * setting.normal(Purpose.INCOME, number) + 0.5 * math.sqrt(3.0) * 2.0 * (score - 0.5)
        self.score = score
        self.spending_minor = round(drawn.SPENDING_MEDIAN_MINOR * math.exp(drawn.SPENDING_SIGMA * 1.414 * standing))
        shares = np.cumsum(drawn._PAID_ON_SHARES)[:-1].tolist()
        self.pay_day = drawn.PAY_DAYS[bisect_left(shares, setting.uniform(Purpose.PAY_DAY, number))]
        distance = -math.log(setting.uniform(Purpose.PRESENT_BIAS, number)) * (1.0 - parameters.present_bias)
        self.beta = max(1.0 - distance, 0.5)
        self.prudence = _share(parameters.prudence + 0.2 * setting.normal(Purpose.PRUDENCE, number))
        self.cash_minor = round(self.spending_minor * setting.uniform(Purpose.STARTING_CASH, number))
        markets = range(len(self.world.markets))
        reached = [parameters.reach[market] for market in self.world.markets]
        self.reach = [setting.uniform(Purpose.REACH, number, m) < reached[m] for m in markets]
        self.taste = [parameters.taste_spread * setting.normal(Purpose.TASTE, number, m) for m in markets]
        holds_card = setting.uniform(Purpose.CARD, number) < parameters.card_share * (0.5 + score)
        self.limits_minor = [
            self._limit_minor(lender, setting.bits(Purpose.LIMIT, number, place), holds_card)
            for place, lender in enumerate(self.world.lenders)
        ]

    def _limit_minor(self, lender: Lender, bits: int, holds_card: bool) -> int:
        if not lender.lends:
            return 0
        read = _share(self.score + lender.noise * _normal(_further(bits, 1)))
        homes = [m for m, owner in enumerate(self.world.owners) if owner == lender.group]
        reached = holds_card if lender.is_card else any(self.reach[m] for m in homes) if homes else True
        if not reached or read < 1.0 - self.parameters.approved_share:
            return 0
        terms = lender.program.terms_on(self.world.begins_on)
        months = self.parameters.limit_months * (0.3 + 1.4 * read) * lender.limit_ppm / MILLION
        asked_minor = int(self.spending_minor * months) // drawn._LIMIT_STEP_MINOR * drawn._LIMIT_STEP_MINOR
        return min(max(asked_minor, terms.limit_minor_min), terms.limit_minor_max)

    def _needs(self) -> Iterable[Need]:
        setting, number = self.setting, self.number
        for month, span in enumerate(setting.spans):
            often = bisect_left(span.poisson, setting.uniform(Purpose.NEEDS, number, month))
            phase = setting.uniform(Purpose.NEED_DAY, number, month) if often else 0.0
            for ordinal in range(often):
                day = min(span.first + bisect_left(span.by_day, (ordinal + phase) / often), span.last - 1)
                yield self._need(day, month * needed._NEEDS_MAX + ordinal)

    def _need(self, day: int, moment: int) -> Need:
        setting, number, parameters = self.setting, self.number, self.parameters
        category = bisect_right(setting.kinds, setting.uniform(Purpose.NEED_KIND, number, moment))
        kind = parameters.needs[category]
        richer = (self.spending_minor / drawn.SPENDING_MEDIAN_MINOR) ** needed._PRICE_ELASTICITY
        price = (
            kind.price_minor * richer * math.exp(kind.price_sigma * setting.normal(Purpose.NEED_PRICE, number, moment))
        )
        return Need(
            day=day,
            category=category,
            price_minor=max(round(price / needed._PRICE_STEP_MINOR), 1) * needed._PRICE_STEP_MINOR,
            worth=parameters.value_mean + parameters.value_spread * setting.normal(Purpose.NEED_VALUE, number, moment),
            wait_days=math.floor(setting.uniform(Purpose.NEED_WAIT, number, moment) * (kind.wait_days + 1)),
            bits=setting.bits(Purpose.OUTLET, number, moment),
        )

    # ── a day ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def live(self, day: int, on: date) -> None:
        """One day."""
        if on.day == 1 or day == 0:
            self._meet_shock(day, on)
        is_paid = on.day == self.pay_day
        if is_paid:
            self._pay_in(day)
        began = time.process_time()
        for place, credit in enumerate(self.credits):
            if credit is not None:
                credit.advance(on)
                if is_paid or self.setting.bill_days[place].is_due(day):
                    self._pay_bill(place, credit, day, on)
        self.book_cpu_s += time.process_time() - began
        if is_paid and self.waiting is not None:
            need, self.waiting = self.waiting, None
            self._look(need, day, on, waited=True)
        for need in self.by_day.get(day, ()):
            self._look(need, day, on, waited=False)

    def _meet_shock(self, day: int, on: date) -> None:
        parameters, month = self.parameters, on.year * 12 + on.month
        chance = parameters.shock_month * math.exp(parameters.score_slope * (0.5 - self.score))
        if self.setting.uniform(Purpose.SHOCK, self.number, month) < chance and self.shocked_until < day:
            months = -math.log(self.setting.uniform(Purpose.SHOCK_MONTHS, self.number, month)) * parameters.shock_months
            self.shocked_until = day + round(30.0 * max(months, 0.5))

    def _pay_in(self, day: int) -> None:
        failing = self.shocked_until >= day
        money = int(self.spending_minor * simulate._INCOME_IN_SHOCK) if failing else self.spending_minor
        most = int((1.0 + self.parameters.cash_cap_months) * self.spending_minor)
        self.cash_minor = min(self.cash_minor + money, most)

    def _pay_bill(self, place: int, credit: Credit, day: int, on: date) -> None:
        bill = credit.due(on)
        if bill is None:
            return
        full, minimum = bill
        if not credit.is_late(on):
            if self.setting.bill_days[place].is_due(day):
                self._repay(credit, self._decided(place, credit, full, minimum, on), on)
        elif on.day == self.pay_day and self.shocked_until < day and not self.walked[place]:
            self._repay(credit, min(full, self.cash_minor), on)

    def _decided(self, place: int, credit: Credit, full: int, minimum: int, on: date) -> int:
        """What he pays of a fresh bill."""
        parameters, lender, month = self.parameters, self.world.lenders[place], on.year * 12 + on.month
        months_owed = credit.owed_minor / self.spending_minor
        chance = (
            parameters.walk_away
            * months_owed
            * math.exp(parameters.exposure_slope * months_owed + parameters.score_slope * (0.5 - self.score))
            * (1.0 - lender.enforcement)
        )
        if self.setting.uniform(Purpose.DISTRESS, self.number, month * 16 + place) < chance:
            self.walked[place] = True
        if self.walked[place] or self.cash_minor < minimum:
            return 0
        if self.setting.uniform(Purpose.REVOLVES, self.number, month * 16 + place) < revolving(self.world, lender):
            return minimum
        kept = int(simulate._KEPT_TO_LIVE * self.spending_minor)
        return full if self.cash_minor >= full else min(max(self.cash_minor - kept, minimum), full)

    def _repay(self, credit: Credit, minor: int, on: date) -> None:
        if minor > 0:
            credit.repay(on, minor)
            self.cash_minor -= minor

    # ── a need ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, need: Need, day: int, on: date, *, waited: bool) -> None:
        """Where, by what, now or later; and buy."""
        owed_minor = sum(credit.owed_minor for credit in self.credits if credit is not None)
        cash_minor = max(self.cash_minor - int(self.prudence * owed_minor), 0)
        offers = [self._by_wallet(need, cash_minor)]
        offers += [self._by_credit(place, need, owed_minor, day) for place in range(len(self.credits))]
        spendable = [cash_minor, *(0 if credit is None else credit.spendable_minor(on) for credit in self.credits)]
        noise = self.parameters.tender_noise
        handy = [noise * _gumbel(_further(need.bits, found._TENDER + t)) for t in range(len(offers))]
        goods = {m: self._goods(need, m) for m in range(len(self.world.markets)) if self.reach[m]}
        best, choice = found.NEVER, None
        for t, offer in enumerate(offers):
            for free in (True, False) if offer.installments else (False,):
                outlet = self._outlet(need, goods, t, free=free)
                if outlet is None or spendable[t] < self._paid_minor(need, outlet):
                    continue
                decided = offer.decided - self.beta * offer.fee if free else offer.decided
                utility = goods[outlet] - decided + self.setting.ease[outlet][t] + handy[t]
                if utility > best:
                    best, choice = utility, (outlet, t, free)
        goods_best = max(goods.values(), default=found.NEVER)
        nothing = self.parameters.outlet_noise * _gumbel(_further(need.bits, found._OUTSIDE))
        if not waited and self._waits(need, cash_minor, goods_best, best, nothing, on):
            if self.waiting is None:
                self.waiting, need.waited = need, True
        elif choice is not None and best > nothing:
            m, t, free = choice
            loss = offers[t].experienced - self.setting.ease[m][t] - handy[t]
            worth = 1.0 + (goods[m] + float(self.world.price_ppm[m, need.category]) / 1e6) - loss
            need.worth_minor = round(need.price_minor * (worth - (self.parameters.wait_cost if waited else 0.0)))
            need.met_on, need.market, need.tender, need.count, need.free = day, m, t, offers[t].installments, free
            need.no_cash, need.paid_minor = cash_minor < need.price_minor, self._paid_minor(need, m)
            self._pay(need, on)

    def _pay(self, need: Need, on: date) -> None:
        if need.tender == 0:
            self.cash_minor -= need.paid_minor
            return
        market, category = self.world.markets[need.market], self.world.categories[need.category]
        days = ESCROW_DAYS.get(category, 0) if market in ("taobao", "tmall") else 0
        credit = self.credits[need.tender - 1]
        assert credit is not None
        credit.buy(on, need.paid_minor, received_on=on + timedelta(days=days), count=need.count, free=need.free)

    def _outlet(self, need: Need, goods: dict[int, float], t: int, *, free: bool) -> int | None:
        """The best market that takes a tender; free: where the merchant pays for installments."""
        best, outlet = found.NEVER, None
        for m, utility in goods.items():
            if t and not (self._accepted(need, m, t) and (not free or self._is_free(need, m, t))):
                continue
            if utility + self.setting.ease[m][t] > best:
                best, outlet = utility + self.setting.ease[m][t], m
        return outlet

    def _goods(self, need: Need, m: int) -> float:
        shock = self.parameters.outlet_noise * _gumbel(_further(need.bits, m))
        return need.worth + self.setting.shelves[m][need.category] + shock + self.taste[m]

    def _paid_minor(self, need: Need, m: int) -> int:
        return (
            need.price_minor + (need.price_minor * int(self.world.price_ppm[m, need.category]) + 500_000) // 1_000_000
        )

    def _merchant(self, need: Need, m: int) -> float:
        return _uniform(_further(need.bits, found._MERCHANT + m))

    def _accepted(self, need: Need, m: int, t: int) -> bool:
        lender = self.world.lenders[t - 1]
        share, cap_minor = float(lender.accepted[m, need.category]), int(lender.cap_minor[m, need.category])
        if cap_minor < UNCAPPED and need.price_minor > cap_minor:
            return False
        return share >= 1.0 or (share > 0.0 and self._merchant(need, m) >= 1.0 - share)

    def _is_free(self, need: Need, m: int, t: int) -> bool:
        share = float(self.world.lenders[t - 1].free_share[m, need.category])
        return share > 0.0 and self._merchant(need, m) >= 1.0 - share

    def _by_wallet(self, need: Need, cash_minor: int) -> Offer:
        cost = self.parameters.liquidity_weight * self._gone(cash_minor - need.price_minor)
        return Offer(cost, cost, 0, 0.0)

    def _by_credit(self, place: int, need: Need, owed_minor: int, day: int) -> Offer:
        lender, weight = self.world.lenders[place], self.parameters.liquidity_weight
        terms = lender.program.terms_on(self.world.begins_on)
        daily = float(terms.interest_daily_rate)
        until = self.setting.bill_days[place].until[day]
        charge = (daily * until if terms.interest_free == "never" else 0.0) + revolving(
            self.world, lender
        ) * daily * 30.0
        bare = weight * _share((owed_minor + need.price_minor) / self.spending_minor)
        later, count, fee = charge + bare, 0, 0.0
        months = need.price_minor / self.spending_minor
        for least, each in ((found._PLANNED_FROM, 3), (found._LONGER_FROM, 6), (found._LONGEST_FROM, 12)):
            rates = [float(offer.fee_rate) for offer in terms.installments if offer.count == each]
            if rates and months >= least and need.price_minor >= terms.installment_amount_minor_min:
                count, fee = each, rates[0]
        if count:
            by_parts = weight * _share((owed_minor + need.price_minor / count) / self.spending_minor)
            if fee + by_parts < later:
                return Offer(self.beta * (1.0 + (fee + by_parts)) - 1.0, by_parts, count, fee)
        return Offer(self.beta * (1.0 + later) - 1.0, bare, 0, 0.0)

    def _waits(self, need: Need, cash_minor: int, goods_best: float, best: float, nothing: float, on: date) -> bool:
        """Whether it is better put off to the next pay day."""
        days = (self.pay_day - on.day) % 30
        then_minor = cash_minor + self.spending_minor - need.price_minor
        if not 0 < days <= need.wait_days or then_minor < 0:
            return False
        cost = self.parameters.wait_cost + self.parameters.liquidity_weight * self._gone(then_minor)
        later = self.beta * (goods_best - cost)
        return later > best and later > nothing

    def _gone(self, left_minor: int) -> float:
        wanted = max(self.parameters.buffer_months * self.spending_minor, 1.0)
        return _share(1.0 - left_minor / wanted)


def _share(number: float) -> float:
    return min(max(number, 0.0), 1.0)


# ── the same, as digests ──────────────────────────────────────────────────────────────────────────────────────────────


def rows_of(lane: Lane) -> list[tuple[int, ...]]:
    """Each need of a lane, person by person, as `Need.row` has it."""
    needs, met = lane.needs, lane.met
    columns = (
        needs.day, needs.category, needs.price_minor, met.day, met.market, met.tender, met.count, met.free, met.no_cash,
        met.waited, met.price_minor, met.worth_minor,
    )  # fmt: skip
    table = np.stack([column.astype(np.int64) for column in columns], axis=1)
    return [tuple(row) for row in table[np.argsort(needs.person, kind="stable")].tolist()]


def digest(rows: Iterable[tuple[int, ...]]) -> str:
    """Sixteen hexadecimal places that differ wherever a need or its purchase does."""
    return hashlib.sha256(np.array(list(rows), dtype=np.int64).tobytes()).hexdigest()[:16]


# ── in Mesa ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def run(task: AgentsTask) -> AgentsTold:
    """The people as agents of a Mesa model that steps day by day. Raises ImportError where Mesa is not."""
    mesa: Any = import_module("mesa")
    setting = Setting(preset_world(likeliest(), months=task.months), task.seed)

    class Shopper(mesa.Agent):  # type: ignore[misc]
        def __init__(self, model: Any, number: int) -> None:
            super().__init__(model)
            self.person = Person(setting, number)

        def step(self) -> None:
            self.person.live(self.model.day, self.model.on)

    class Town(mesa.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(seed=task.seed)
            self.day, self.on = -1, setting.world.begins_on - timedelta(days=1)
            for number in range(task.people):
                Shopper(self, number)

        def step(self) -> None:
            self.day, self.on = self.day + 1, self.on + timedelta(days=1)
            self.agents.do("step")

    began = time.process_time()
    town = Town()
    for _ in dates(setting.world):
        town.step()
    cpu_s = time.process_time() - began
    rows = [need.row() for shopper in town.agents for need in shopper.person.needs]
    book_cpu_s = sum(shopper.person.book_cpu_s for shopper in town.agents)
    return AgentsTold(mesa=mesa.__version__, cpu_s=cpu_s, book_cpu_s=book_cpu_s, digest=digest(rows))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=AgentsTask))))
