"""Reconcile: what we expect an account to show, beside what the bank's statement shows.

By reference and amount; else, where the bank's line names nothing of ours, by amount within a few days. What is left on
either side is a break, each of one kind. Pure: both sides come from outside, and nothing is written here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

BreakKind = Literal["missing-at-bank", "missing-with-us", "amount-differs", "duplicate"]
BREAK_KINDS: Final[tuple[BreakKind, ...]] = ("missing-at-bank", "missing-with-us", "amount-differs", "duplicate")

# A bank books an order within so many business days, or it is missing.
PATIENCE_DAYS = 1
# A line without a reference of ours may be booked so many days off.
APART_DAYS = 3
NO_HOLIDAYS: Mapping[date, bool] = MappingProxyType({})


class Expected(NamedTuple):
    """amount_minor: as the account shows it, with its sign. on: when we ordered it or were told of it. shown: the bank has
    shown it before, so another line of its reference is one too many.
    """

    reference: str
    amount_minor: int
    on: date
    shown: bool = False


class Found(NamedTuple):
    """A line of the statement that fits nothing yet. entry_ref: the bank's own number."""

    entry_ref: str
    reference: str
    amount_minor: int
    on: date


class Match(NamedTuple):
    expected: Expected
    found: Found


class Break(NamedTuple):
    """expected: what we expect; found: what the bank shows; None where there is nothing."""

    what: BreakKind
    expected: Expected | None
    found: Found | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it this break and no other."""
        return (
            self.what,
            self.expected.reference if self.expected else "",
            self.found.entry_ref if self.found else "",
        )


class Comparison(NamedTuple):
    """in_transit: expected, and not yet late."""

    matches: tuple[Match, ...]
    breaks: tuple[Break, ...]
    in_transit: tuple[Expected, ...]


def compare(
    expected: Iterable[Expected],
    found: Iterable[Found],
    *,
    stated_through: date | None,
    holidays: Mapping[date, bool] = NO_HOLIDAYS,
) -> Comparison:
    """One account's two sides. stated_through: the last day whose statement is here; None: none is. holidays: as of
    `business_days`.

    Every line ends as one match or one break, every expectation as one match, one break or in transit.
    """
    by_reference: dict[str, list[Expected]] = defaultdict(list)
    for one in expected:
        by_reference[one.reference].append(one)
    open_ones = {reference: deque(one for one in ones if not one.shown) for reference, ones in by_reference.items()}
    matches: list[Match] = []
    breaks: list[Break] = []
    named: list[Found] = []
    unnamed: list[Found] = []
    for line in sorted(found, key=lambda line: (line.on, line.entry_ref)):
        ours = open_ones.get(line.reference)
        same = next((one for one in ours or () if one.amount_minor == line.amount_minor), None)
        if ours is not None and same is not None:
            ours.remove(same)
            matches.append(Match(same, line))
        else:
            (unnamed if ours is None else named).append(line)
    for line in named:
        ours = open_ones[line.reference]
        if ours:
            breaks.append(Break("amount-differs", ours.popleft(), line))
        else:
            breaks.append(Break("duplicate", by_reference[line.reference][0], line))
    left = sorted((one for ones in open_ones.values() for one in ones), key=lambda one: (one.on, one.reference))
    for line in unnamed:
        same = next((one for one in left if _may_be(one, line)), None)
        if same is not None:
            left.remove(same)
            matches.append(Match(same, line))
        else:
            breaks.append(Break("missing-with-us", None, line))
    late = [
        one
        for one in left
        if stated_through is not None and business_days(one.on, stated_through, holidays) >= PATIENCE_DAYS
    ]
    breaks += [Break("missing-at-bank", one, None) for one in late]
    in_transit = [one for one in left if one not in late]
    return Comparison(tuple(matches), tuple(breaks), tuple(in_transit))


def business_days(from_on: date, to_on: date, holidays: Mapping[date, bool] = NO_HOLIDAYS) -> int:
    """Days on which banks work after `from_on`, up to and with `to_on`: Monday to Friday, but for those that the house has
    named. holidays: by day, whether banks work on it, a weekend's shifted working day included.
    """
    days = (to_on - from_on).days
    if days <= 0:
        return 0
    weeks, rest = divmod(days, 7)
    usual = weeks * 5 + sum((from_on + timedelta(days=number)).weekday() < 5 for number in range(1, rest + 1))
    named = sum(works - (on.weekday() < 5) for on, works in holidays.items() if from_on < on <= to_on)
    return usual + named


def net_minor(breaks: Sequence[Break]) -> int:
    """By how much the bank shows more than we expect; below zero, less: a shortfall."""
    return sum((each.found.amount_minor if each.found else 0) - _expected_minor(each) for each in breaks)


def _expected_minor(each: Break) -> int:
    return each.expected.amount_minor if each.expected and each.what != "duplicate" else 0


def _may_be(one: Expected, line: Found) -> bool:
    return one.amount_minor == line.amount_minor and abs((line.on - one.on).days) <= APART_DAYS
