"""A study's specification: which people, what was changed for whom, what is looked at, and what was published of it.

The records alone: `load.py` reads them from TOML, `problems.py` says what cannot be. Shares are between 0 and 1 or text with
a percent sign, amounts are fen, days count from the first day of the simulation, and spans are half-open.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from florin.lab.study.observables import OBSERVABLES
from florin.lab.world import LENDERS

Design = Literal["holdout", "discontinuity", "matching", "elasticity", "level"]
Change = Literal["launch", "accept", "limit"]
DrawnBy = Literal["person", "merchant"]
Running = Literal["score_read", "score"]
Measure = Literal["lift", "difference", "level", "elasticity", "slope"]
Method = Literal["coarsened", "nearest"]

ECOSYSTEMS = tuple(sorted(set(LENDERS.values())))
PEOPLE_MIN, PEOPLE_MAX, MONTHS_MAX, DRAWS_MAX, MERCHANTS_MIN = 100, 1_000_000, 60, 1_000, 20
DAYS_A_MONTH = 30
COVARIATES = ("score", "score_read", "spending_minor", "limit_minor", "reach", "pay_day", "before")

MEASURES: dict[Design, tuple[Measure, ...]] = {
    "holdout": ("lift", "difference", "slope"),
    "discontinuity": ("lift", "difference", "slope"),
    "matching": ("lift", "difference"),
    "elasticity": ("elasticity", "slope"),
    "level": ("level",),
}


class StudyInvalid(ValueError):
    """A specification that cannot be run. The text is all problems, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Population(Part, frozen=True, kw_only=True):
    """Whose credit is studied, and among whom.

    ecosystem: whose program it is; rivals: ecosystems whose programs lend beside it, in both arms. people, months, seed:
    of the simulation. Filters: score: as it is, 0 the worst to 1 the best, from and to; score_read: as the lender reads
    it; spending_minor: what somebody has for the lab's needs a month; holds_line: who has a line of the program where it
    lends; new_customers: who bought nothing at the observable's market before its window.
    """

    ecosystem: str
    people: int
    months: int
    seed: int = 11
    rivals: tuple[str, ...] = ()
    score: tuple[float, float] | None = None
    score_read: tuple[float, float] | None = None
    spending_minor: tuple[int, int] | None = None
    holds_line: bool = False
    new_customers: bool = False


class Arm(Part, frozen=True, kw_only=True):
    """What differs between those who are treated and those who are not.

    change: `launch`: the program lends or does not; `accept`: the merchants of `market` take it or do not, and elsewhere
    it is taken as the preset says, or, with elsewhere = false, nowhere; `limit`: all limits are `factor` times as high.
    share_treated: drawn by lot, by person or by merchant (one of `merchants` of the market).
    """

    change: Change
    market: str | None = None
    elsewhere: bool = True
    factor: float | None = None
    share_treated: float = 0.5
    drawn_by: DrawnBy = "person"
    merchants: int = 400


class Cut(Part, frozen=True, kw_only=True):
    """In a discontinuity: who lies at or above `at` is treated. bandwidths: chosen from the data when not given.

    placebos: cuts where nothing changes.
    """

    running: Running = "score_read"
    at: float
    placebos: tuple[float, ...] = ()


class Matching(Part, frozen=True, kw_only=True):
    """In a matching: those who used the credit in the observable's window, beside others alike in these covariates."""

    covariates: tuple[str, ...]
    method: Method = "coarsened"
    bins: int = 5
    caliper: float = 0.25


class Watched(Part, frozen=True, kw_only=True):
    """What is looked at: an observable, at a market or at all, in a window of days.

    per: another observable of persons that the arm moves too; the answer is then a slope, so much of the first for one of the
    second. cause: in an elasticity, what it is explained by; controls: what is held fixed beside it.
    """

    name: str
    market: str | None = None
    from_day: int = 0
    to_day: int | None = None
    per: str | None = None
    cause: str | None = None
    controls: tuple[str, ...] = ()


class Published(Part, frozen=True, kw_only=True):
    """What a study found: a value, with the ends of its interval where they are known. Shares as "20 %", ratios as "0.41"."""

    source: str
    grade: Literal["A", "B", "C", "U", "X"]
    value: str | None = None
    low: str | None = None
    high: str | None = None


class Study(Part, frozen=True, kw_only=True):
    """One study. adjust: in a holdout, sharpen the answer by what is known before the lot. draws: of the parameters,
    beside their likeliest values. drivers: parameters whose part in the answer is computed.
    """

    name: str
    title_en: str
    title_zh: str
    design: Design
    population: Population
    observable: Watched
    measure: Measure
    arm: Arm | None = None
    cut: Cut | None = None
    matching: Matching | None = None
    published: Published | None = None
    adjust: bool = False
    draws: int = 0
    drivers: tuple[str, ...] = ()
    parameters: dict[str, float] = {}
    note_en: str = ""
    note_zh: str = ""

    @property
    def lender(self) -> str:
        return lender_of(self.population.ecosystem)

    @property
    def days(self) -> tuple[int, int]:
        """The window, half-open, in days of the simulation."""
        end = self.observable.to_day
        return self.observable.from_day, self.population.months * DAYS_A_MONTH if end is None else end


def lender_of(ecosystem: str) -> str:
    """The program of an ecosystem."""
    return next(name for name, group in LENDERS.items() if group == ecosystem)


def share_or_number(text: str) -> tuple[float, bool]:
    """A published number: its value, and whether it was written in percent. Raises ValueError."""
    found = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if found is None:
        raise ValueError(text)
    value = float(found[1])
    return (value / 100, True) if found[2] else (value, False)


def in_percent_of(study: Study) -> bool | None:
    """Whether the answer is in percent; False: a plain number; None: it is money."""
    if study.measure in ("elasticity", "slope"):
        return False
    if study.measure == "lift":
        return True
    found = OBSERVABLES.get(study.observable.name)
    if found is None or found.is_share:
        return True
    return None if found.is_money else False
