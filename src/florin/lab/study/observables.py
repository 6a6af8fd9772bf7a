"""Observables: what a study can look at, as rows of a simulated lane.

A row is a person, an order, a need, or a person with a weight whose weighted mean is a ratio of sums (lost fen of fen
bought). A study then compares means of rows, whose errors are clustered by person. Amounts are fen; shares are between 0
and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Flags, Index, Minor, Real, Whole
from florin.lab.book import Book
from florin.lab.simulate import Lane
from florin.lab.surplus import consumer_minor, lost_minor, merchant_profit_minor

_DAYS_A_MONTH = 30
_DEFAULTED_DAYS = 90


class Kind(StrEnum):
    """What a row is."""

    PERSON = "person"
    ORDER = "order"
    NEED = "need"
    RATIO = "ratio"


class Rows(NamedTuple):
    """person: place in the lane; value and weight a row; need: which need a row of orders or needs is, else empty."""

    person: Index
    value: Real
    weight: Real
    need: Index


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when is looked: a market's place, or None for all; days, half-open; the place of the program that is
    studied.
    """

    market: int | None
    first: int
    end: int
    lender: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observable:
    """unit: what a value counts, for people; by_market: can be of one market; needs_market: must be; at_the_end: read when the
    simulation ends, whatever the window; signed: may be below zero.
    """

    kind: Kind
    rows: Callable[[Lane, Window], Rows]
    title_en: str
    title_zh: str
    is_money: bool = False
    is_share: bool = False
    by_market: bool = False
    needs_market: bool = False
    at_the_end: bool = False
    signed: bool = False


def observe(name: str, lane: Lane, window: Window) -> Rows:
    """The rows of an observable. Raises KeyError for a name that is not in OBSERVABLES."""
    return OBSERVABLES[name].rows(lane, window)


# ── orders and needs ──────────────────────────────────────────────────────────────────────────────────────────────


def _orders(lane: Lane, window: Window) -> Index:
    """Which needs were met in the window, at the market."""
    met = lane.met
    here = met.bought & (met.day >= window.first) & (met.day < window.end)
    if window.market is not None:
        here &= met.market == window.market
    return np.flatnonzero(here)


def _on_credit(lane: Lane, window: Window) -> Index:
    orders = _orders(lane, window)
    by_it: Index = orders[lane.met.tender[orders] == window.lender + 1]
    return by_it


def _of_needs(lane: Lane, need: Index, value: Real | Flags | Minor, weight: Minor | None = None) -> Rows:
    heavy = np.ones(len(need)) if weight is None else weight.astype(np.float64)
    return Rows(lane.needs.person[need], np.asarray(value, dtype=np.float64), heavy, need)


def _baskets(lane: Lane, window: Window) -> Rows:
    orders = _orders(lane, window)
    return _of_needs(lane, orders, lane.met.price_minor[orders])


def _without_cash(lane: Lane, window: Window) -> Rows:
    orders = _orders(lane, window)
    return _of_needs(lane, orders, lane.met.no_cash[orders])


def _in_installments(lane: Lane, window: Window) -> Rows:
    orders = _on_credit(lane, window)
    return _of_needs(lane, orders, lane.met.count[orders] > 0)


def _tender_share(lane: Lane, window: Window) -> Rows:
    orders = _orders(lane, window)
    return _of_needs(lane, orders, lane.met.tender[orders] == window.lender + 1, lane.met.price_minor[orders])


def _visits(lane: Lane, window: Window) -> Index:
    """Needs of the window that somebody could have met at the market: he uses it, and it has such goods."""
    assert window.market is not None, "the specification asks for a market"
    needs, market = lane.needs, lane.world.markets[window.market]
    sold = np.array([need.weights.get(market, 0.0) > 0 for need in lane.world.parameters.needs])
    here = (needs.day >= window.first) & (needs.day < window.end) & sold[needs.category]
    return np.flatnonzero(here & lane.people.reach[window.market][needs.person])


def _likelihood(lane: Lane, window: Window) -> Rows:
    visits = _visits(lane, window)
    return _of_needs(lane, visits, lane.met.market[visits] == window.market)


def _sales_of_visits(lane: Lane, window: Window) -> Rows:
    visits = _visits(lane, window)
    bought = lane.met.market[visits] == window.market
    return _of_needs(lane, visits, np.where(bought, lane.met.price_minor[visits], 0))


def _default_per_order(lane: Lane, window: Window) -> Rows:
    """Of orders on credit: whether it was not paid. What is lost of a person is of the newest orders, since money pays
    the oldest first.
    """
    book = lane.books[window.lender]
    orders = _on_credit(lane, window)
    if book is None or not orders.size:
        return _of_needs(lane, orders, np.zeros(len(orders)))
    everything = _on_credit(lane, Window(None, 0, lane.world.days, window.lender))
    person, price = lane.needs.person[everything], lane.met.price_minor[everything]
    order = np.lexsort((-lane.met.day[everything], person))
    person, price = person[order], price[order]
    newer = np.cumsum(price) - price
    start = np.searchsorted(person, person)
    newer -= newer[start]
    unpaid = np.zeros(lane.needs.count, dtype=np.bool_)
    unpaid[everything[order]] = newer < lost_minor(book)[person]
    return _of_needs(lane, orders, unpaid[orders])


# ── persons ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_person(lane: Lane, need: Index, amounts: Minor | Whole) -> Whole:
    found = np.zeros(lane.people.count, dtype=np.int64)
    np.add.at(found, lane.needs.person[need], amounts)
    return found


def _of_persons(value: Real | Minor | Flags, among: Flags | None = None) -> Rows:
    person = np.arange(len(value)) if among is None else np.flatnonzero(among)
    return Rows(person, np.asarray(value, dtype=np.float64)[person], np.ones(len(person)), np.zeros(0, dtype=np.intp))


def _sales_minor(lane: Lane, window: Window) -> Whole:
    orders = _orders(lane, window)
    return _by_person(lane, orders, lane.met.price_minor[orders])


def _order_counts(lane: Lane, window: Window) -> Whole:
    orders = _orders(lane, window)
    return _by_person(lane, orders, np.ones(len(orders), dtype=np.int64))


def _spending(lane: Lane, window: Window) -> Rows:
    return _of_persons(_sales_minor(lane, window) * _DAYS_A_MONTH / (window.end - window.first))


def _credit_sales(lane: Lane, window: Window) -> Rows:
    orders = _on_credit(lane, window)
    return _of_persons(_by_person(lane, orders, lane.met.price_minor[orders]))


def _wallet_flow(lane: Lane, window: Window) -> Rows:
    orders = _orders(lane, window)
    orders = orders[lane.met.tender[orders] == 0]
    return _of_persons(_by_person(lane, orders, lane.met.price_minor[orders]))


def _repeat(lane: Lane, window: Window) -> Rows:
    counts = _order_counts(lane, window)
    return _of_persons(counts >= 2, among=counts >= 1)


def _limit(lane: Lane, window: Window) -> Rows:
    return _of_persons(lane.people.limits_minor[window.lender])


def _merchant_profit(lane: Lane, window: Window) -> Rows:
    orders = _orders(lane, window)
    return _of_persons(_by_person(lane, orders, merchant_profit_minor(lane)[orders]))


# ── books ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _book(lane: Lane, window: Window) -> Book | None:
    return lane.books[window.lender]


def _debt_minor(lane: Lane, window: Window) -> Minor:
    book = _book(lane, window)
    return np.zeros(lane.people.count, dtype=np.int64) if book is None else book.principal_minor()


def _all_debt(lane: Lane, window: Window) -> Rows:
    owed = np.zeros(lane.people.count, dtype=np.int64)
    for book in lane.books:
        if book is not None:
            owed += book.principal_minor()
    return _of_persons(owed)


def _borrowers(lane: Lane, window: Window) -> Flags:
    book = _book(lane, window)
    return np.zeros(lane.people.count, dtype=np.bool_) if book is None else book.sums.bought > 0


def _defaulted(lane: Lane, window: Window) -> Rows:
    book = _book(lane, window)
    late = np.zeros(lane.people.count, dtype=np.bool_)
    if book is not None:
        late = book.charged_off() | (book.days_past_due() > _DEFAULTED_DAYS)
    return _of_persons(late, among=_borrowers(lane, window))


def _charged_late(lane: Lane, window: Window) -> Rows:
    book = _book(lane, window)
    late = np.zeros(lane.people.count, dtype=np.bool_) if book is None else book.sums.late_charged > 0
    return _of_persons(late, among=_borrowers(lane, window))


def _issuer_income(lane: Lane, window: Window) -> Rows:
    book = _book(lane, window)
    if book is None:
        return _of_persons(np.zeros(lane.people.count))
    sums = book.sums
    charged = sums.interest + sums.penalty + sums.shopper_fee + sums.merchant_fee + sums.recovery - sums.fee_forgone
    return _of_persons(charged - lost_minor(book))


def _interest(lane: Lane, window: Window) -> Rows:
    book = _book(lane, window)
    return _of_persons(np.zeros(lane.people.count) if book is None else book.sums.interest + book.sums.penalty)


def _ratio(part: Real | Minor | Flags, whole: Minor) -> Rows:
    """Rows whose weighted mean is the ratio of two sums; who has nothing of the whole is none of them."""
    person = np.flatnonzero(whole > 0)
    heavy = whole[person].astype(np.float64)
    return Rows(person, np.asarray(part, dtype=np.float64)[person] / heavy, heavy, np.zeros(0, dtype=np.intp))


def _utilization(lane: Lane, window: Window) -> Rows:
    return _ratio(_debt_minor(lane, window), lane.people.limits_minor[window.lender])


def _loss_of_volume(lane: Lane, window: Window) -> Rows:
    book = _book(lane, window)
    if book is None:
        return _ratio(np.zeros(0), np.zeros(0, dtype=np.int64))
    return _ratio(lost_minor(book), book.sums.bought)


def _loss_of_balance(lane: Lane, window: Window) -> Rows:
    """A year's loss of the average balance."""
    book = _book(lane, window)
    if book is None:
        return _ratio(np.zeros(0), np.zeros(0, dtype=np.int64))
    days = book.principal_days()
    rows = _ratio(lost_minor(book), days)
    return rows._replace(value=rows.value * 365)


def _past_due(days: int) -> Callable[[Lane, Window], Rows]:
    def rows(lane: Lane, window: Window) -> Rows:
        book = _book(lane, window)
        if book is None:
            return _ratio(np.zeros(0), np.zeros(0, dtype=np.int64))
        owed = book.principal_minor()
        return _ratio(np.where(book.days_past_due() > days, owed, 0), owed)

    return rows


OBSERVABLES: dict[str, Observable] = {
    "sales": Observable(
        kind=Kind.PERSON, rows=lambda lane, window: _of_persons(_sales_minor(lane, window)), is_money=True, by_market=True,
        title_en="sales a person", title_zh="人均销售额",
    ),
    "orders": Observable(
        kind=Kind.PERSON, rows=lambda lane, window: _of_persons(_order_counts(lane, window)), by_market=True,
        title_en="orders a person", title_zh="人均订单数",
    ),
    "buyers": Observable(
        kind=Kind.PERSON, rows=lambda lane, window: _of_persons(_order_counts(lane, window) > 0), is_share=True,
        by_market=True, title_en="people who bought at all", title_zh="有购买的人占比",
    ),
    "repeat": Observable(
        kind=Kind.PERSON, rows=_repeat, is_share=True, by_market=True,
        title_en="buyers who came again", title_zh="复购者占比",
    ),
    "spending_a_month": Observable(
        kind=Kind.PERSON, rows=_spending, is_money=True, by_market=True,
        title_en="spending a person and month", title_zh="人均月消费",
    ),
    "credit_sales": Observable(
        kind=Kind.PERSON, rows=_credit_sales, is_money=True, by_market=True,
        title_en="sales on the credit studied, a person", title_zh="人均信用消费",
    ),
    "wallet_flow": Observable(
        kind=Kind.PERSON, rows=_wallet_flow, is_money=True, by_market=True,
        title_en="payments from the wallet, a person", title_zh="人均钱包支付额",
    ),
    "limit": Observable(
        kind=Kind.PERSON, rows=_limit, is_money=True, title_en="limit", title_zh="额度",
    ),
    "interest": Observable(
        kind=Kind.PERSON, rows=_interest, is_money=True, at_the_end=True, signed=True,
        title_en="interest and penalties a person", title_zh="人均利息与违约金",
    ),
    "debt": Observable(
        kind=Kind.PERSON, rows=lambda lane, window: _of_persons(_debt_minor(lane, window)), is_money=True, at_the_end=True,
        title_en="debt to the lender studied", title_zh="对该机构的欠款",
    ),
    "all_debt": Observable(
        kind=Kind.PERSON, rows=_all_debt, is_money=True, at_the_end=True,
        title_en="debt to all lenders", title_zh="全部欠款",
    ),
    "consumer_surplus": Observable(
        kind=Kind.PERSON, rows=lambda lane, window: _of_persons(consumer_minor(lane)), is_money=True, at_the_end=True,
        signed=True, title_en="consumer surplus, as experienced", title_zh="消费者剩余（按实际体验）",
    ),
    "merchant_profit": Observable(
        kind=Kind.PERSON, rows=_merchant_profit, is_money=True, by_market=True, signed=True,
        title_en="merchants' profit of a person", title_zh="商户从人均获得的利润",
    ),
    "issuer_income": Observable(
        kind=Kind.PERSON, rows=_issuer_income, is_money=True, at_the_end=True, signed=True,
        title_en="what the lender charges a person, less loss", title_zh="机构向人均收取的费用减损失",
    ),
    "defaulted": Observable(
        kind=Kind.PERSON, rows=_defaulted, is_share=True, at_the_end=True,
        title_en="borrowers over 90 days late, or charged off", title_zh="逾期90天以上或已核销的借款人占比",
    ),
    "charged_late": Observable(
        kind=Kind.PERSON, rows=_charged_late, is_share=True, at_the_end=True,
        title_en="borrowers who were charged for being late", title_zh="被收取逾期费用的借款人占比",
    ),
    "basket": Observable(
        kind=Kind.ORDER, rows=_baskets, is_money=True, by_market=True, title_en="amount of an order", title_zh="每单金额",
    ),
    "tender_share": Observable(
        kind=Kind.RATIO, rows=_tender_share, is_share=True, by_market=True,
        title_en="share of sales paid by the credit studied", title_zh="该信用支付占销售额比重",
    ),
    "default_per_order": Observable(
        kind=Kind.ORDER, rows=_default_per_order, is_share=True, by_market=True,
        title_en="orders on credit that were not paid", title_zh="未还款的信用订单占比",
    ),
    "without_cash": Observable(
        kind=Kind.ORDER, rows=_without_cash, is_share=True, by_market=True,
        title_en="orders by people who had not the money", title_zh="手头无钱者的订单占比",
    ),
    "in_installments": Observable(
        kind=Kind.ORDER, rows=_in_installments, is_share=True, by_market=True,
        title_en="orders on credit that are paid in installments", title_zh="信用订单中的分期占比",
    ),
    "likelihood": Observable(
        kind=Kind.NEED, rows=_likelihood, is_share=True, by_market=True, needs_market=True,
        title_en="likelihood that a visit ends in a purchase", title_zh="访问转化为购买的概率",
    ),
    "visit_sales": Observable(
        kind=Kind.NEED, rows=_sales_of_visits, is_money=True, by_market=True, needs_market=True,
        title_en="sales a visit", title_zh="每次访问的销售额",
    ),
    "utilization": Observable(
        kind=Kind.RATIO, rows=_utilization, is_share=True, at_the_end=True,
        title_en="debt as a share of limits", title_zh="额度使用率",
    ),
    "loss_of_volume": Observable(
        kind=Kind.RATIO, rows=_loss_of_volume, is_share=True, at_the_end=True,
        title_en="loss as a share of volume", title_zh="损失占交易额比重",
    ),
    "loss_of_balance": Observable(
        kind=Kind.RATIO, rows=_loss_of_balance, is_share=True, at_the_end=True,
        title_en="loss as a share of balance, a year", title_zh="年损失占余额比重",
    ),
    "past_due_30": Observable(
        kind=Kind.RATIO, rows=_past_due(30), is_share=True, at_the_end=True,
        title_en="share of balance over 30 days late", title_zh="逾期30天以上余额占比",
    ),
    "past_due_90": Observable(
        kind=Kind.RATIO, rows=_past_due(90), is_share=True, at_the_end=True,
        title_en="share of balance over 90 days late", title_zh="逾期90天以上余额占比",
    ),
}  # fmt: skip
