"""A live book for what-ifs: a few lives played by the engine's rules, and copied out to as many lines as a test asks for."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from credit.play import HUABEI, Play
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.terms import Program
from florin.events import Captured, FellPastDue, Place, Repaid, StatementIssued
from florin.lab.whatif.live import History, LiveBook, Portfolio, Shop, pack
from florin.market import ANYWHERE, Acceptance

OPENED_ON, ON = date(2026, 1, 5), date(2026, 6, 20)
SHOPS = (
    Shop(place=Place(market="tmall", category="fashion", channel="online"), credit_fee_ppm=8_000),
    Shop(place=Place(market="street", category="dining", channel="offline")),
)
# How somebody lives: yuan bought on the 3rd and the 18th of a month, and the share that he pays of what is due.
LIVES = (
    ("900", "300", 100),
    ("1200", "", 100),
    ("2000", "450", 0),
    ("600", "80", 100),
    ("1500", "700", 0),
    ("400", "", -1),
)


class Lived(NamedTuple):
    line: Line
    account: Account
    purchases: list[tuple[int, int]]
    bills: int
    carried: int
    missed: int
    repaid_minor: int


@cache
def lived() -> tuple[Lived, ...]:
    return tuple(_live(HUABEI, *life) for life in LIVES)


def live_book(count: int = 60, *, acceptance: Acceptance = ANYWHERE) -> LiveBook:
    """So many lines, each like one of `LIVES`."""
    models = [lived()[number % len(LIVES)] for number in range(count)]
    lines, accounts = [], []
    for number, model in enumerate(models, start=1):
        lines.append(replace(model.line, id=number, person_id=10_000 + number))
        accounts.append(pack(replace(model.account, line_id=number)))
    purchases = [each for model in models for each in model.purchases]
    amounts, shops = np.array(purchases, np.int64).T
    history = History(
        months=np.full(count, (ON - OPENED_ON).days / 30.4375),
        bills=np.array([model.bills for model in models]),
        carried=np.array([model.carried for model in models]),
        missed=np.array([model.missed for model in models]),
        repaid_minor=np.array([model.repaid_minor for model in models]),
        starts=np.concatenate([[0], np.cumsum([len(model.purchases) for model in models])]),
        amount_minor=amounts,
        shop=shops.astype(np.int16),
        count=np.where(amounts >= 120_000, 6, 0).astype(np.int8),
        free=np.zeros(amounts.size, np.bool_),
    )
    portfolio = Portfolio(program=HUABEI, lines=tuple(lines), accounts=tuple(accounts), history=history)
    return LiveBook(on=ON, portfolios=(portfolio,), acceptance=acceptance, shops=SHOPS)


def _live(program: Program, first: str, second: str, pays: int) -> Lived:
    play = Play(program, limit="6000.00", opened=OPENED_ON)
    item, on = 0, OPENED_ON
    while on < ON:
        on += timedelta(days=1)
        play.until(on)
        for amount, on_day in ((first, 3), (second, 18)):
            if amount and on.day == on_day and play.line.available_minor_on(on) >= int(amount) * 100:
                item += 1
                play.buy(on, f"{amount}.00", item)
        if on.day == 9 and play.line.due_minor and (pays >= 0 or on.month < 5):
            due = play.line.due_minor if pays else max(s.unmet_minor for s in play.account.statements)
            if due:
                play.repay(on, f"{due / 100:.2f}")
    events: list[Any] = [event for event, _ in play.log]
    bills = [event for event in events if isinstance(event, StatementIssued)]
    return Lived(
        line=play.line,
        account=play.account,
        purchases=[(e.credit_minor, number % 2) for number, e in enumerate(events) if isinstance(e, Captured)],
        bills=len(bills),
        carried=sum(bill.earlier_minor > 0 for bill in bills),
        missed=sum(isinstance(event, FellPastDue) for event in events),
        repaid_minor=sum(event.amount_minor for event in events if isinstance(event, Repaid)),
    )
