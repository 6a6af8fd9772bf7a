"""What may really be spent on a line: the least of what the line, the limit that it shares and its sub-limits leave.

The till asks each of them by itself (`authorize.py`, `shared_limit.py`, `sub_limits.py`) and refuses by the first that has no
room; this is the same arithmetic asked the other way round, for whoever shows an amount. The tolerance above the limit is no
part of it: it is not offered. Whether the line is open is said beside it.
"""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec.structs import replace

from florin.credit.line import Line
from florin.credit.shared_limit import SharedExposure
from florin.credit.sub_limits import outstanding_minor
from florin.credit.terms import SubLimit, Terms
from florin.events import Place


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What one sub-limit leaves. most: of the sub-limit on that day. left: what may be spent there, zero or more."""

    sub_limit: SubLimit
    most_minor: int
    outstanding_minor: int
    left_minor: int


class SharedRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What the limit that the line shares leaves. most: of the group. left: below zero where more is in use."""

    group: str
    most_minor: int
    exposure_minor: int

    @property
    def left_minor(self) -> int:
        return self.most_minor - self.exposure_minor


class Spendable(msgspec.Struct, frozen=True, kw_only=True):
    """line: limit in force less exposure; below zero where more is in use. shared: None where the line shares no limit.
    rooms: of each sub-limit, as the terms list them.
    """

    line_minor: int
    shared: SharedRoom | None
    rooms: tuple[Room, ...] = ()

    @property
    def amount_minor(self) -> int:
        """What the line and what it shares both leave, wherever it is spent."""
        return self.line_minor if self.shared is None else min(self.line_minor, self.shared.left_minor)

    @property
    def is_shared_less(self) -> bool:
        """The line alone would leave more."""
        return self.amount_minor < self.line_minor

    def at(self, place: Place | None) -> int:
        """What may be spent at a place: no more than each sub-limit that covers it leaves."""
        return min([self.amount_minor, *(room.left_minor for room in self.rooms_at(place))])

    def rooms_at(self, place: Place | None) -> list[Room]:
        """Those of the sub-limits that cover a place, the tightest first."""
        rooms = [room for room in self.rooms if place is not None and room.sub_limit.covers(place)]
        return sorted(rooms, key=lambda room: room.left_minor)


def spendable(line: Line, terms: Terms, on: date, shared: SharedExposure | None = None) -> Spendable:
    """shared: the guard of the line's group, if its program has one."""
    whole = Spendable(line_minor=line.available_minor_on(on), shared=shared_room(shared, terms))
    return replace(whole, rooms=rooms_of(line, terms, on, whole.amount_minor))


def shared_room(shared: SharedExposure | None, terms: Terms) -> SharedRoom | None:
    if shared is None:
        return None
    return SharedRoom(group=shared.group, most_minor=shared.most_minor(terms), exposure_minor=shared.exposure_minor)


def rooms_of(line: Line, terms: Terms, on: date, amount_minor: int) -> tuple[Room, ...]:
    """What each sub-limit leaves of an amount that may be spent."""
    limit_minor = line.limit_minor_on(on)
    return tuple(_room(line, each, limit_minor, amount_minor) for each in terms.sub_limits)


def _room(line: Line, sub_limit: SubLimit, limit_minor: int, amount_minor: int) -> Room:
    most_minor, used_minor = sub_limit.most_minor(limit_minor), outstanding_minor(line, sub_limit)
    return Room(
        sub_limit=sub_limit,
        most_minor=most_minor,
        outstanding_minor=used_minor,
        left_minor=max(0, min(amount_minor, most_minor - used_minor)),
    )
