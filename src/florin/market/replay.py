"""Replay: what checkouts of days that are over would have answered under other rules.

The answer of a line is split into what the rules said and what the line had (`LineAnswer.room_minor`), so only the rules are
asked again. Both sides are asked for one day, that on which the change would begin: what is planned already is not counted as
the change's. Who was held out stays held out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

import msgspec

from florin.events.market import LineAnswer
from florin.events.parts import MonthCounted, Place
from florin.market.acceptance import Acceptance


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One checkout as its event keeps it. amount above zero. on: its day. by_line: the line that paid its order, 0 for none."""

    on: date
    by_line: int = 0
    merchant_id: int
    amount_minor: int
    place: Place
    answers: tuple[LineAnswer, ...]


class Flipped(msgspec.Struct, frozen=True, kw_only=True):
    """At one merchant, of one program: how many checkouts would answer yes that answer no now, and the other way round."""

    merchant_id: int
    program: str
    opened: int = 0
    opened_minor: int = 0
    closed: int = 0
    closed_minor: int = 0


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would do. sessions: how many were replayed. gained, lost: of them, those with a first line that pays, and
    those without any that does. flipped: the largest amounts first.
    """

    sessions: int
    gained: int
    gained_minor: int
    lost: int
    lost_minor: int
    flipped: tuple[Flipped, ...]


def effect_of(
    sessions: Sequence[Session], before: Acceptance, after: Acceptance, on: date, since: date = date.min
) -> Effect:
    """What changes from one house of rules to another on a day, over these checkouts, the newest first.

    A cap of a month is counted over those that were paid, as far as the rules let them, refunds aside. since: those before it
    are not reported, only counted so.
    """
    was_by, will_by = _Side(before, on), _Side(after, on)
    count = gained = gained_minor = lost = lost_minor = 0
    found: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for session in reversed(sessions):
        was = {each.line_id: was_by.pays(each, session) for each in session.answers}
        will = {each.line_id: will_by.pays(each, session) for each in session.answers}
        if session.on < since:
            continue
        count += 1
        for each in session.answers:
            if was[each.line_id] != will[each.line_id]:
                sums, first = found[session.merchant_id, each.program], 0 if will[each.line_id] else 2
                sums[first] += 1
                sums[first + 1] += session.amount_minor
        if any(will.values()) and not any(was.values()):
            gained, gained_minor = gained + 1, gained_minor + session.amount_minor
        if any(was.values()) and not any(will.values()):
            lost, lost_minor = lost + 1, lost_minor + session.amount_minor
    flipped = [
        Flipped(merchant_id=merchant_id, program=program, opened=a, opened_minor=b, closed=c, closed_minor=d)
        for (merchant_id, program), (a, b, c, d) in found.items()
    ]
    flipped.sort(key=lambda each: (-each.opened_minor - each.closed_minor, each.merchant_id, each.program))
    return Effect(
        sessions=count,
        gained=gained,
        gained_minor=gained_minor,
        lost=lost,
        lost_minor=lost_minor,
        flipped=tuple(flipped),
    )


class _Side:
    """One house of rules on a day, and what its caps of a month have let through so far."""

    def __init__(self, acceptance: Acceptance, on: date) -> None:
        self._acceptance, self._on = acceptance, on
        self._used: Counter[tuple[int, MonthCounted]] = Counter()

    def pays(self, found: LineAnswer, session: Session) -> bool:
        """Whether a line that had so much room would pay all of it, by these rules; if it did pay, it is counted."""
        if found.refusal in _STAYS or session.amount_minor > found.room_minor:
            return False
        ruling = self._acceptance.ruling(found.program, session.place, self._on)
        if not ruling.accepts(session.amount_minor):
            return False
        counted = ruling.counted_in(session.on)
        if counted is None or ruling.month_cap_minor is None:
            return True
        key = found.line_id, counted
        if self._used[key] + session.amount_minor > ruling.month_cap_minor:
            return False
        if session.by_line == found.line_id:
            self._used[key] += session.amount_minor
        return True


# What no rule of acceptance changes.
_STAYS = ("HeldOut", "TenderNotAccepted")
