"""The same people twice: in the lab's book, all at once, and each by himself as the engine plays a line."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np

from credit.play import Play
from florin.credit.authorize import LineNotOpen, PastDue
from florin.credit.items import Account, days_past_due, missed_minor
from florin.credit.payoff import payoff
from florin.credit.terms import Program
from florin.events import LateCharged
from florin.lab.book import Book
from florin.ledger import Account as Ledger
from florin.ledger import Rule
from florin.money import yuan_text

A_DAY = timedelta(days=1)

_SUMS = {
    "interest": Ledger.INTEREST_INCOME,
    "penalty": Ledger.PENALTY_INCOME,
    "fee": Ledger.FEE_INCOME,
    "recovery": Ledger.RECOVERY_INCOME,
}
_POSTED = {
    "lost_principal": (Rule.WRITE_OFF_UNBILLED, Rule.WRITE_OFF_BILLED, Rule.WRITE_OFF_PAST_DUE),
    "lost_fee": (Rule.WRITE_OFF_FEE,),
    "lost_interest": (Rule.WRITE_OFF_INTEREST,),
    "lost_penalty": (Rule.WRITE_OFF_PENALTY,),
    "fee_forgone": (Rule.WRITE_OFF_FEE_UNBILLED,),
    "shopper_fee": (Rule.CHARGE_SHOPPER_FEE,),
    "merchant_fee": (Rule.CHARGE_MERCHANT_FEE,),
    "bought": (Rule.DRAW_CREDIT,),
    "repaid": (Rule.REPAY_FROM_BANK,),
    "paid_out": (Rule.PAY_CREDIT_BALANCE,),
}
_CLAIMS = {
    "principal": Ledger.MEMO_CLAIM_PRINCIPAL,
    "fee": Ledger.MEMO_CLAIM_FEE,
    "interest": Ledger.MEMO_CLAIM_INTEREST,
    "penalty": Ledger.MEMO_CLAIM_PENALTY,
}


class Posted:
    """What each rule has posted in a play so far, less its reversals; and late charges."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.by_rule: Counter[Rule] = Counter()
        self.late_charged = 0
        self._read = 0

    def look(self) -> None:
        for event, entries in self.play.log[self._read :]:
            for entry in entries:
                self.by_rule[entry.rule] += -entry.amount_minor if entry.reversed else entry.amount_minor
                self.late_charged += entry.amount_minor if isinstance(event, LateCharged) else 0
        self._read = len(self.play.log)


def sums_of(posted: Posted) -> dict[str, int]:
    """What the book should have summed up of a play that is looked at, by the book's names."""
    balances = {name: posted.play.balance(ledger) for name, ledger in _SUMS.items()}
    rules = {name: sum(posted.by_rule[rule] for rule in rules) for name, rules in _POSTED.items()}
    return {**balances, **rules, "late_charged": posted.late_charged}


class BothBooks:
    """Everything is done in both; `differences` says where they disagree."""

    def __init__(self, program: Program, limits_minor: list[int], opened_on: date) -> None:
        self.book = Book(program, np.array(limits_minor, np.int64), opened_on)
        self.plays = [Play(program, limit=yuan_text(minor), opened=opened_on) for minor in limits_minor]
        self.posted = [Posted(play) for play in self.plays]
        self.today = opened_on
        self.principal_days = [0] * len(limits_minor)
        self.outstanding: list[int] = []
        self.before: list[dict[str, int]] = [{} for _ in self.plays]
        self.receipts: list[tuple[date, int, int, int, int, str]] = []
        self.items = 0

    def take(self) -> None:
        """From today on the book is one that was taken from the accounts."""
        accounts, lines = [play.account for play in self.plays], [play.line for play in self.plays]
        for posted in self.posted:
            posted.look()
        self.book = Book.take_from(self.plays[0].program, accounts, lines, self.today)
        self.before = [dict(wanted) for wanted in map(sums_of, self.posted)]
        self.principal_days = [0] * len(self.plays)
        self.outstanding = []

    def until(self, on: date) -> None:
        while self.today < on:
            for number, play in enumerate(self.plays):
                self.principal_days[number] += lent(play)
            self.outstanding.append(sum(map(lent, self.plays)))
            self.today += A_DAY
            for play in self.plays:
                play.until(self.today)
            for received_on, person, minor, item, count, payer in list(self.receipts):
                if received_on == self.today:
                    play = self.plays[person]
                    play.receive(self.today, yuan_text(minor), item, installments=count, fee_payer=payer)
                    play.until(self.today)
                    self.receipts.remove((received_on, person, minor, item, count, payer))
        self.book.advance(on)

    def buy(self, person: int, minor: int, *, wait: int = 0, installments: int = 0, fee_payer: str = "shopper") -> None:
        self.items += 1
        received_on = self.today + timedelta(days=wait)
        plan: dict[str, Any] = {"installments": installments, "fee_payer": fee_payer}
        self.book.buy(np.array([person]), np.array([minor]), self.today, received_on=received_on, **plan)
        play = self.plays[person]
        if wait:
            play.escrow(self.today, yuan_text(minor), self.items)
            self.receipts.append((received_on, person, minor, self.items, installments, fee_payer))
        else:
            play.buy(self.today, yuan_text(minor), self.items, **plan)
        play.until(self.today)

    def repay(self, amounts: dict[int, int]) -> None:
        people = np.array(sorted(amounts), np.intp)
        self.book.repay(people, np.array([amounts[person] for person in people], np.int64), self.today)
        for person, minor in amounts.items():
            assert self.plays[person].repay(self.today, yuan_text(minor)) is None

    def differences(self) -> list[str]:
        return list(self._differences())

    def _differences(self) -> Iterator[str]:
        book, today = self.book, self.today
        everybody = np.arange(len(self.plays))
        arrays: dict[str, Any] = {
            "available": (book.available_minor(), lambda p: p.line.available_minor_on(today)),
            "blocked": (book.blocked(), lambda p: is_blocked(p, today)),
            "owed": (book.owed_minor(), lambda p: p.account.owed_minor),
            "payoff": (book.payoff_minor(everybody), lambda p: payoff(p.account, today, p.program).total_minor),
            "principal": (book.principal_minor(), lambda p: on_books(p.account)),
            "days past due": (book.days_past_due(), lambda p: days_past_due(p.account, today)),
        }
        for bucket, ledger in _CLAIMS.items():
            arrays[f"claimed {bucket}"] = book.claims_minor(bucket), lambda p, ledger=ledger: p.balance(ledger)
        for name, (array, of) in arrays.items():
            for person, play in enumerate(self.plays):
                if int(array[person]) != int(of(play)):
                    yield f"{today} person {person}: {name} is {array[person]} and should be {of(play)}"
        for person, posted in enumerate(self.posted):
            posted.look()
            for name, so_far in sums_of(posted).items():
                minor = so_far - self.before[person].get(name, 0)
                if getattr(book.sums, name)[person] != minor:
                    yield f"{today} person {person}: {name} is {getattr(book.sums, name)[person]}, should be {minor}"
        for person, days in enumerate(book.principal_days().tolist()):
            if days != self.principal_days[person]:
                yield f"{today} person {person}: {days} principal days and should be {self.principal_days[person]}"
        if book.outstanding_by_day() != self.outstanding:
            yield f"{today}: outstanding by day differs"
        due = book.due(today)
        if not (np.diff(due.people) > 0).all():
            yield f"{today}: {due.people} is not in order"
        asked = {int(who): (int(full), int(least)) for who, full, least in zip(*due, strict=True)}
        for person, play in enumerate(self.plays):
            if asked.get(person) != asked_of(play.account, today):
                yield f"{today} person {person}: due {asked.get(person)} and should be {asked_of(play.account, today)}"


def is_blocked(play: Play, today: date) -> bool:
    """Whether the till refuses whatever is available."""
    refusal = play.refused(today, "0.01")
    return play.line.limit_minor == 0 or isinstance(refusal, LineNotOpen | PastDue)


def on_books(account: Account) -> int:
    """Principal that is not charged off."""
    return account.principal_minor - account.claim_minor("principal")


def lent(play: Play) -> int:
    """The money that is out."""
    escrow = play.line.committed_minor if play.program.versions[0].terms.draws_on == "payment" else 0
    return on_books(play.account) + escrow


def asked_of(account: Account, today: date) -> tuple[int, int] | None:
    """What remains of what is due by today, and what is left of its minimum; None where nobody is asked today."""
    due = [statement for statement in account.statements if statement.due_on <= today]
    if not any(statement.due_on == today or statement.past_due for statement in due):
        return None
    full = sum(statement.remaining_minor for statement in due)
    return (full, max(missed_minor(account, statement.closes_on) for statement in due)) if full else None


def live(both: BothBooks, seed: int, months: int, *, waits: tuple[int, ...] = (0, 0, 0, 1, 9)) -> list[str]:
    """Random lives: what somebody buys and repays follows from the seed and from what the engine says that he owes.

    waits: days from a purchase to its receipt, one of them each time.
    """
    chance = random.Random(seed)
    people = range(len(both.plays))
    habit = [chance.choice(("full", "full", "minimum", "part", "late", "never", "any")) for _ in people]
    ends_on = both.today + timedelta(days=30 * months)
    while both.today < ends_on:
        both.until(both.today + A_DAY)
        for person in people:
            if chance.random() < 0.12:
                _buy_something(both, person, chance, waits)
        _repay_something(both, habit, chance)
        if chance.random() < 0.15 and (found := both.differences()):
            return found
        for person in people:
            if chance.random() < 0.01:
                habit[person] = chance.choice(("full", "minimum", "part", "late", "never", "any"))
    return both.differences()


def _buy_something(both: BothBooks, person: int, chance: random.Random, waits: tuple[int, ...]) -> None:
    play = both.plays[person]
    if play.line.limit_minor == 0 or play.refused(both.today, "0.01") is not None:
        return
    most = play.line.available_minor_on(both.today)
    minor = min(most, int(10 ** chance.uniform(0, 6)))
    terms = both.book._state.program.terms_on(both.today)
    counts = [
        offer.count for offer in terms.installments if minor >= max(terms.installment_amount_minor_min, offer.count)
    ]
    count = chance.choice(counts) if counts and chance.random() < 0.4 else 0
    payer = chance.choice(("shopper", "merchant"))
    both.buy(person, minor, wait=chance.choice(waits), installments=count, fee_payer=payer)


def _repay_something(both: BothBooks, habit: list[str], chance: random.Random) -> None:
    amounts = {}
    for person, play in enumerate(both.plays):
        found = _amount(play, both.today, habit[person], chance)
        if found and found > 0:
            amounts[person] = found
    if amounts:
        both.repay(amounts)


def _amount(play: Play, today: date, habit: str, chance: random.Random) -> int | None:
    asked = asked_of(play.account, today)
    owed = payoff(play.account, today, play.program).total_minor
    match habit:
        case "any" if chance.random() < 0.08:
            return chance.choice((1, chance.randint(1, owed + 1), owed, owed + chance.randint(1, 5000)))
        case "late" if asked and asked[1] and chance.random() < 0.03:
            return chance.choice(asked)
        case "never" if play.account.written_off and chance.random() < 0.01:
            return chance.randint(1, owed + 1)
    if asked is None or not any(statement.due_on == today for statement in play.account.statements):
        return None
    match habit:
        case "full":
            return asked[0]
        case "minimum":
            return max(asked[1], 1)
        case "part":
            return chance.randint(1, asked[0])
    return None


__all__ = ["BothBooks", "live"]
