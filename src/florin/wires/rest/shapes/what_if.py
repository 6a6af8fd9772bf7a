"""What if: a change to try, and what it would bring."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.shapes.base import Taken


class NewWhatIf(Taken, frozen=True, kw_only=True):
    """toml: the change, as a file has it. draws: of the parameters; left out, all that calibration kept. Equal seeds give equal
    answers.
    """

    toml: Annotated[str, Meta(min_length=1, max_length=100_000)]
    months: Annotated[int, Meta(ge=1, le=24)] = 12
    draws: Annotated[int, Meta(ge=1)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 1


class WhatIfInterval(msgspec.Struct, frozen=True, kw_only=True):
    """The middle, and the ends of the middle nine tenths of the draws."""

    low: int
    mid: int
    high: int


class WhatIfMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure under today's terms, under the change, and its difference. unit: `fen`, minor units; `share`, parts per
    million.
    """

    name: str
    unit: Literal["fen", "share"]
    today: WhatIfInterval
    changed: WhatIfInterval
    difference: WhatIfInterval


class WhatIfPeople(msgspec.Struct, frozen=True, kw_only=True):
    """How many people are hurt, or helped, in one way: `pays_more`, `declined`, `newly_late`, `newly_lost`, `any_hurt`;
    `pays_less`, `newly_served`.
    """

    name: str
    people: WhatIfInterval


class WhatIfMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Days [from_on, until_on)."""

    from_on: date
    until_on: date
    measures: tuple[WhatIfMeasure, ...]


class WhatIfGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Lines alike on the day of the book, by `score` or `utilization`: from `least_ppm` on and less than `below_ppm` (null:
    no end).
    """

    by: str
    least_ppm: int
    below_ppm: int | None
    lines: int
    measures: tuple[WhatIfMeasure, ...]
    hurt: tuple[WhatIfPeople, ...]


class WhatIfLeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that were not lived on, for one reason."""

    program: str
    why: str
    lines: int
    owed_minor: int


class WhatIfBook(msgspec.Struct, frozen=True, kw_only=True):
    """The book that was lived on. idle: lines of which nothing was bought in a year, so that nothing is expected to be.
    charged_off: lines of which nothing more comes, and their principal. programs: lines by program.
    """

    on: date
    lines: int
    idle: int
    owed_minor: int
    charged_off: int
    charged_off_minor: int
    programs: dict[str, int]
    left_out: tuple[WhatIfLeftOut, ...]


class WhatIfTerms(msgspec.Struct, frozen=True, kw_only=True):
    """stated: each term as it was written."""

    program: str
    from_on: date
    stated: dict[str, str]


class WhatIfLimits(msgspec.Struct, frozen=True, kw_only=True):
    """One of scale, amount_minor and most_minor. where: whose limits; shares are text."""

    program: str
    from_on: date
    scale: str | None = None
    amount_minor: int | None = None
    most_minor: int | None = None
    where: dict[str, str | int] = {}


class WhatIfAcceptance(msgspec.Struct, frozen=True, kw_only=True):
    """rule: as an ecosystem's file has it."""

    ecosystem: str
    from_on: date
    rule: dict[str, str | int]


class WhatIfChange(msgspec.Struct, frozen=True, kw_only=True):
    """The change as it was understood. limit_lines: how many lines' limits each of `limits` makes other ones."""

    title: str
    terms: tuple[WhatIfTerms, ...]
    limits: tuple[WhatIfLimits, ...]
    limit_lines: tuple[int, ...]
    acceptance: tuple[WhatIfAcceptance, ...]


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What the months to `until_on` would bring. lives: how many lives were lived in each world. digest: of the change, the
    book, the draws, the size and the seed: equal digests are equal answers.
    """

    change: WhatIfChange
    book: WhatIfBook
    until_on: date
    months_count: int
    draws: int
    lives: int
    seed: int
    digest: str
    totals: tuple[WhatIfMeasure, ...]
    hurt: tuple[WhatIfPeople, ...]
    months: tuple[WhatIfMonth, ...]
    groups: tuple[WhatIfGroup, ...]
