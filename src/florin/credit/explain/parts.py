"""What an explanation consists of: parts that add up, each with the event, the terms and the arithmetic behind it.

A part's amount is the sum of its parts, to the fen, wherever it has any. Notes stand beside the sum: they say what else
belongs to the answer (a minimum, a due day, what a refund did elsewhere).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from florin.credit.terms import Program
from florin.events import Event


class EventRef(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the line. id: empty for one that the clock will write with the next day close."""

    id: str
    kind: str
    value_on: date


class TermUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A term that decided something. from_on: the day from which the version with this value holds."""

    name: str
    value: str
    from_on: date


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Days in which one amount bore one rate, [from_on, to_on). exact: in yuan, not rounded."""

    base_minor: int
    from_on: date
    to_on: date
    days: int
    daily_rate: Decimal
    exact: Decimal


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One amount of an explanation. what: the key of its sentence; values: what the sentence says beside the amount.

    campaign_id: whose money it is, where a campaign's. rules: rules of the ledger under which it was posted. spans: days that
    bore interest, whose sum is rounded once.
    """

    what: str
    amount_minor: int
    values: Mapping[str, Any] = {}
    item_id: int = 0
    campaign_id: int = 0
    event: EventRef | None = None
    rules: tuple[str, ...] = ()
    terms: tuple[TermUsed, ...] = ()
    spans: tuple[Span, ...] = ()
    arithmetic: str = ""
    parts: tuple[Part, ...] = ()
    notes: tuple[Part, ...] = ()


class NothingToExplain(LookupError):
    """The question names something that this line does not have. `what` is the question, `known` what there is."""

    def __init__(self, what: str, known: Sequence[str] = ()) -> None:
        super().__init__(what, tuple(known))
        self.what = what
        self.known = tuple(known)


def added(what: str, parts: Sequence[Part], **more: Any) -> Part:
    """A part that is the sum of others."""
    return Part(what=what, amount_minor=sum(part.amount_minor for part in parts), parts=tuple(parts), **more)


def ref(identifier: int, event: Event) -> EventRef:
    return EventRef(
        id=str(identifier) if identifier else "",
        kind=type(event).__name__,
        value_on=event.value_on,
    )


def terms_used(program: Program, on: date, *names: str) -> tuple[TermUsed, ...]:
    """Terms of the version in force on a day."""
    version = max(
        (version for version in program.versions if version.from_on <= on),
        key=lambda version: version.from_on,
        default=program.versions[0],
    )
    return tuple(
        TermUsed(name=name, value=plain(getattr(version.terms, name)), from_on=version.from_on) for name in names
    )


def plain(value: Any) -> str:
    """A term's value as text; decimals without trailing zeros."""
    if isinstance(value, tuple):
        return ", ".join(map(plain, value))
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
