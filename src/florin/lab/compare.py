"""Comparing two worlds, need by need: what a purchase on credit would have been without it.

Both worlds have the same people with the same needs and the same draws. Every purchase that one of the lenders in question
paid for is one of four, read in this order:

* *new*: without them the need was never met;
* *taken from another outlet*: it was met at another market;
* *pulled forward*: it was met at the same market on a later day;
* *taken from another tender*: it was met at the same market, no later.

What credit costs later is counted too: purchases that are made without it and not with it are *crowded out*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

import numpy as np

from florin.lab.arrays import Flags, Minor, Small, Whole, sums_at
from florin.lab.people import PAY_DAYS
from florin.lab.simulate import Lane


class Kind(IntEnum):
    """What a purchase on credit is, against the world without."""

    NOT_ON_CREDIT = 0
    NEW = 1
    FROM_OUTLET = 2
    PULLED_FORWARD = 3
    FROM_TENDER = 4


CREDIT_KINDS = (Kind.NEW, Kind.FROM_OUTLET, Kind.PULLED_FORWARD, Kind.FROM_TENDER)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Sums of a lane, or of several added. Arrays by market unless said.

    volume_minor, orders: of credit sales, (kind, market). from_minor: (from market, to market) of what changed its outlet.
    with_minor, without_minor: all sales. crowded_out_minor: sales that credit undid. by_tender_minor: (world, tender,
    market), the world without first. no_cash_days: orders on credit by people who had not the money, by days to their pay
    day, 0 to 30; and all orders on credit so.
    """

    volume_minor: Minor
    orders: Whole
    from_minor: Minor
    with_minor: Minor
    without_minor: Minor
    crowded_out_minor: Minor
    by_tender_minor: Minor
    no_cash_days: Whole
    credit_days: Whole

    def __add__(self, other: Compared) -> Compared:
        return Compared(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


def classify(having: Lane, lacking: Lane) -> Small:
    """The `Kind` of each need's purchase. Lenders in question: those who lend in the world of `having` alone."""
    given, missed = having.met, lacking.met
    kinds = np.zeros(having.needs.count, dtype=np.int8)
    credit = _by_lenders_in_question(having, lacking)
    kinds[credit] = Kind.FROM_TENDER
    kinds[credit & (given.day < missed.day)] = Kind.PULLED_FORWARD
    kinds[credit & (given.market != missed.market)] = Kind.FROM_OUTLET
    kinds[credit & ~missed.bought] = Kind.NEW
    return kinds


def compare(having: Lane, lacking: Lane) -> Compared:
    """The sums of one lane in two worlds. The sales with credit are those without, and what is new, less what is crowded
    out, and what outlets took from each other.
    """
    markets, tenders = len(having.world.markets), 1 + len(having.world.lenders)
    kinds, given, missed = classify(having, lacking), having.met, lacking.met
    credit = kinds > 0
    at = kinds[credit].astype(np.int64) * markets + given.market[credit]
    moved = kinds == Kind.FROM_OUTLET
    undone = missed.bought & ~given.bought
    to_pay_day = days_to_pay_day(having)
    short = credit & given.no_cash
    return Compared(
        volume_minor=sums_at(at, given.price_minor[credit], len(Kind) * markets).reshape(len(Kind), markets),
        orders=np.bincount(at, minlength=len(Kind) * markets).reshape(len(Kind), markets),
        from_minor=sums_at(
            missed.market[moved].astype(np.int64) * markets + given.market[moved], given.price_minor[moved], markets**2
        ).reshape(markets, markets),
        with_minor=sums_at(given.market[given.bought], given.price_minor[given.bought], markets),
        without_minor=sums_at(missed.market[missed.bought], missed.price_minor[missed.bought], markets),
        crowded_out_minor=sums_at(missed.market[undone], missed.price_minor[undone], markets),
        by_tender_minor=np.stack([_by_tender(lane, tenders, markets) for lane in (lacking, having)]),
        no_cash_days=np.bincount(to_pay_day[short], minlength=31)[:31],
        credit_days=np.bincount(to_pay_day[credit], minlength=31)[:31],
    )


def days_to_pay_day(lane: Lane) -> Whole:
    """From each need's purchase to its buyer's next pay day, 0 to 30: 0 on the day itself, when he has been paid already.

    Of a need that was never met: some number.
    """
    first = lane.world.begins_on.toordinal()
    on = [date.fromordinal(first + day) for day in range(lane.world.days)]
    table = np.array([[_days_until(day, pay_day) for pay_day in PAY_DAYS] for day in on])
    return table[lane.met.day, np.searchsorted(PAY_DAYS, lane.people.pay_day[lane.needs.person])]


def _days_until(on: date, day: int) -> int:
    """To the next day of a month with this number."""
    following = on.replace(day=1) if on.day <= day else (on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (following.replace(day=day) - on).days


def _by_lenders_in_question(having: Lane, lacking: Lane) -> Flags:
    asked = [
        mine.lends and not other.lends for mine, other in zip(having.world.lenders, lacking.world.lenders, strict=True)
    ]
    return np.array([False, *asked])[np.maximum(having.met.tender, 0)]


def _by_tender(lane: Lane, tenders: int, markets: int) -> Minor:
    bought = lane.met.bought
    at = lane.met.tender[bought].astype(np.int64) * markets + lane.met.market[bought]
    return sums_at(at, lane.met.price_minor[bought], tenders * markets).reshape(tenders, markets)
