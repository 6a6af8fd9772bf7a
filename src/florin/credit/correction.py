"""Corrections: an event that counts on a day that is over.

Such an event posts the difference between two folds, both in today's rules: the history with it and the history without
it. Nothing that was agreed is taken back: statements keep their image, their minimum and their due day; a late mark or a
late charge that the corrected history does not deserve is reversed, and none is made for the past; interest that was
billed too much or too little is a line of the next statement, which names the statement it belongs to
(`docs/explanation/corrections.md`). A repayment that the bank took back counts as never made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple, cast

from florin.credit import line as lines
from florin.credit.account import advance, evolve, noted, open_account, rank, summary
from florin.credit.items import Account
from florin.credit.line import Line
from florin.credit.terms import Program
from florin.events import (
    Authorized,
    AutopayFailed,
    AutopaySet,
    AutopayTried,
    Captured,
    Escrowed,
    Event,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    Received,
    Refolded,
    Refunded,
    Repaid,
    RepaymentReturned,
    Voided,
)
from florin.ledger import Entry, Rule

# Of these the line keeps what no account knows: limit, state, what is reserved and committed, what is the person's own wish.
_KEPT_BY_THE_LINE = (
    Authorized,
    AutopayFailed,
    AutopaySet,
    AutopayTried,
    Captured,
    Escrowed,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    LineUnfrozen,
    Received,
    Voided,
)


class Folded(NamedTuple):
    """A history folded from nothing: the account, and every entry that only an account can derive."""

    account: Account
    entries: tuple[Entry, ...]


class FoldStep(NamedTuple):
    """One event of a fold, by its position in the recording, and the account before and after it."""

    position: int
    before: Account
    after: Account
    entries: tuple[Entry, ...]


def fold(events: Sequence[Event], program: Program) -> Folded:
    """Fold all events of a line, in the order of their recording, each on the day on which it counts.

    Nothing is decided again and the clock adds nothing: its events are among them. Raises ValueError when the first
    event does not open the line.
    """
    if not events or not isinstance(events[0], LineOpened):
        raise ValueError("a line's history begins with its opening")
    entries: list[Entry] = []
    account = open_account(events[0])
    for step in steps(events, program):
        account = step.after
        entries += step.entries
    return Folded(account, tuple(entries))


def steps(events: Sequence[Event], program: Program) -> Iterator[FoldStep]:
    """The fold one event at a time, in the order in which they count. The opening, its start, is none of them."""
    account = open_account(cast(LineOpened, events[0]))
    returned = _returned(events)
    for position, event in sorted(enumerate(events[1:], start=1), key=lambda numbered: rank(numbered[1])):
        if position in returned:
            step = FoldStep(position, account, noted(account, event), ())
        else:
            step = FoldStep(position, account, *evolve(account, event, program))
        yield step
        account = step.after


def correct(history: Sequence[Event], event: Event, program: Program) -> tuple[Account, tuple[Entry, ...]]:
    """The account after an event that counts on a day that is over, and the entries that make the books agree.

    history: all events of the line so far, in the order of their recording; the clock has acted up to today.
    """
    without = fold(history, program)
    corrected = fold((*history, event), program)
    return corrected.account, difference(corrected.entries, without.entries)


def refold(
    history: Sequence[Event], posted: Iterable[Entry], event: Refolded, program: Program
) -> tuple[Account, tuple[Entry, ...]]:
    """The account as a fold by today's rules and terms makes it, and the entries that make the books agree.

    posted: all entries that the line's events have moved by deriving them, not those that an event moves by itself.
    """
    folded = fold(history, program)
    return noted(folded.account, event), difference(folded.entries, posted)


def difference(after: Iterable[Entry], before: Iterable[Entry]) -> tuple[Entry, ...]:
    """What must be posted beside `before` so that the sum is `after`, cause by cause; below zero is reversed."""
    sums: Counter[tuple[Rule, int]] = Counter()
    for sign, entries in ((1, after), (-1, before)):
        for entry in entries:
            minor = -entry.amount_minor if entry.reversed else entry.amount_minor
            sums[entry.rule, entry.subject_id] += sign * minor
    return tuple(
        Entry(rule, abs(minor), subject_id, reversed=minor < 0) for (rule, subject_id), minor in sums.items() if minor
    )


def as_of(events: Sequence[Event], on: date, program: Program) -> Account:
    """The account as it stood at the end of a day, by value date, as far as these events are known.

    events: those known by the knowledge date, in the order of their recording, the line's opening first.
    """
    past = [event for event in events if event.value_on <= on]
    return advance(fold(past, program).account, on, program)[0]


def line_as_of(events: Sequence[Event], on: date, program: Program, *, lane: int) -> tuple[Line, Account]:
    """The line as it stood at the end of a day, with its account; events as in `as_of`."""
    account = as_of(events, on, program)
    line = lines.open_line(cast(LineOpened, events[0]), lane=lane)
    for event in sorted((event for event in events[1:] if event.value_on <= on), key=rank):
        if isinstance(event, _KEPT_BY_THE_LINE) or (isinstance(event, Refunded) and event.before_receipt):
            line = lines.evolve(line, event)
        elif isinstance(event, Repaid):
            line = lines.answered(line, event)
        else:
            line = lines.counted(line, event)
    return summary(account, line, program), account


def _returned(events: Sequence[Event]) -> set[int]:
    """Positions of repayments that the bank took back."""
    positions: set[int] = set()
    for event in events:
        if isinstance(event, RepaymentReturned):
            made = (
                position
                for position, repaid in enumerate(events)
                if isinstance(repaid, Repaid)
                and position not in positions
                and (repaid.reference, repaid.amount_minor, repaid.value_on)
                == (event.reference, event.amount_minor, event.value_on)
            )
            positions.add(next(made))
    return positions
