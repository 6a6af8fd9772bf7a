"""A study's specification: which people, what was changed for whom, what is looked at, and what was published of it.

A specification is a TOML file. Everything that cannot be is refused with the field, what was written there and what is
known; all that is wrong comes at once. Shares are between 0 and 1 or text with a percent sign, amounts are fen, days
count from the first day of the simulation, and spans are half-open.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import msgspec

from florin.lab.parameters import Parameters, uncertain
from florin.lab.study.observables import OBSERVABLES, Kind, Observable
from florin.lab.world import LENDERS, MARKETS
from florin.presets import study_names, study_text

Design = Literal["holdout", "discontinuity", "matching", "elasticity", "level"]
Change = Literal["launch", "accept", "limit"]
DrawnBy = Literal["person", "merchant"]
Running = Literal["score_read", "score"]
Measure = Literal["lift", "difference", "level", "elasticity", "slope"]
Method = Literal["coarsened", "nearest"]

ECOSYSTEMS = tuple(sorted(set(LENDERS.values())))
PEOPLE_MIN, PEOPLE_MAX, MONTHS_MAX, DRAWS_MAX, MERCHANTS_MIN = 100, 1_000_000, 60, 1_000, 20
DAYS_A_MONTH = 30

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


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Population(_Part, frozen=True, kw_only=True):
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


class Arm(_Part, frozen=True, kw_only=True):
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


class Cut(_Part, frozen=True, kw_only=True):
    """In a discontinuity: who lies at or above `at` is treated. bandwidths: chosen from the data when not given.

    placebos: cuts where nothing changes.
    """

    running: Running = "score_read"
    at: float
    placebos: tuple[float, ...] = ()


class Matching(_Part, frozen=True, kw_only=True):
    """In a matching: those who used the credit in the observable's window, beside others alike in these covariates."""

    covariates: tuple[str, ...]
    method: Method = "coarsened"
    bins: int = 5
    caliper: float = 0.25


class Watched(_Part, frozen=True, kw_only=True):
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


class Published(_Part, frozen=True, kw_only=True):
    """What a study found: a value, with the ends of its interval where they are known. Shares as "20 %", ratios as "0.41"."""

    source: str
    grade: Literal["A", "B", "C", "U", "X"]
    value: str | None = None
    low: str | None = None
    high: str | None = None


class Study(_Part, frozen=True, kw_only=True):
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


def load_study(name_or_path: str) -> Study:
    """A preset by its name, or a TOML file. Raises StudyInvalid."""
    if name_or_path in study_names():
        return study_of(study_text(name_or_path), source=f"{name_or_path}.toml")
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(study_names())
        raise StudyInvalid(
            [f"{path.name}: no study of this name and no file that can be read; there are {known}"]
        ) from error
    return study_of(text, source=path.name)


def study_of(text: str, *, source: str) -> Study:
    """The study that a TOML text specifies. source: what a problem calls the text. Raises StudyInvalid."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudyInvalid([f"{source}: this is no TOML: {error}"]) from error
    unknown = list(_unknown(table, Study, ""))
    if unknown:
        raise StudyInvalid([f"{source}: {each}" for each in unknown])
    try:
        study = msgspec.convert(table, Study)
    except msgspec.ValidationError as error:
        raise StudyInvalid([f"{source}: {_said(str(error))}"]) from error
    problems = [f"{source}: {problem}" for problem in _problems(study)]
    if problems:
        raise StudyInvalid(problems)
    return study


def sized(study: Study, *, people: int | None = None, draws: int | None = None, drivers: bool = True) -> Study:
    """The same study of another size, None keeps its own; without its drivers if they are not asked. Raises StudyInvalid."""
    population = study.population if people is None else msgspec.structs.replace(study.population, people=people)
    changed = msgspec.structs.replace(
        study,
        population=population,
        draws=study.draws if draws is None else draws,
        drivers=study.drivers if drivers else (),
    )
    problems = [f"{study.name}: {problem}" for problem in _problems(changed)]
    if problems:
        raise StudyInvalid(problems)
    return changed


def seeded(study: Study, seed: int, *, people: int, draws: int = 0) -> Study:
    """The same study on other people, without drivers."""
    population = msgspec.structs.replace(study.population, seed=seed, people=people)
    return msgspec.structs.replace(study, population=population, draws=draws, drivers=())


def share_or_number(text: str) -> tuple[float, bool]:
    """A published number: its value, and whether it was written in percent. Raises ValueError."""
    found = re.fullmatch(r"\s*([+-]?\d+(?:\.\d+)?)\s*(%?)\s*", text)
    if found is None:
        raise ValueError(text)
    value = float(found[1])
    return (value / 100, True) if found[2] else (value, False)


def _unknown(table: Any, kind: Any, at: str) -> Iterator[str]:
    """Fields that there are not, in the file's order, each with what is meant or known."""
    if not isinstance(table, dict):
        return
    hints = get_type_hints(kind)
    for field, value in table.items():
        where = f"{at}.{field}" if at else field
        if field not in hints:
            meant = get_close_matches(field, hints, n=1)
            fix = f"write `{meant[0]}`" if meant else f"there are {', '.join(hints)}"
            what = f"[{at}]" if at else "a study"
            yield f"{what} has no `{field}`; {fix}"
            continue
        parts = [part for part in (hints[field], *get_args(hints[field])) if isinstance(part, type)]
        inner = [part for part in parts if issubclass(part, _Part)]
        if inner:
            yield from _unknown(value, inner[0], where)


def _said(error: str) -> str:
    """msgspec's sentence, with the field first."""
    found = re.fullmatch(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?", error, re.DOTALL)
    assert found is not None, "every text fits"
    what = found["what"].replace("Object missing required field", "it misses the field")
    return f"`{found['where']}`: {what}" if found["where"] else what


def _problems(study: Study) -> Iterator[str]:
    yield from _of_population(study.population)
    yield from _of_observable(study)
    yield from _of_design(study)
    yield from _of_arm(study)
    yield from _of_published(study)
    known = {each.name for each in uncertain()}
    for name in study.drivers:
        if name not in known:
            yield f"`drivers` names {name!r}; {_known(name, sorted(known))}"
    for name in study.parameters:
        if name not in Parameters.__struct_fields__:
            yield f"[parameters] names {name!r}; {_known(name, Parameters.__struct_fields__)}"
    if not 0 <= study.draws <= DRAWS_MAX:
        yield f"`draws` is {study.draws}; it lies between 0 and {DRAWS_MAX}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", study.name):
        yield f"`name` is {study.name!r}; use small letters, digits and hyphens"


def _of_population(population: Population) -> Iterator[str]:
    for field, value in (("ecosystem", population.ecosystem), *(("rivals", each) for each in population.rivals)):
        if value not in ECOSYSTEMS:
            yield f"population.{field} is {value!r}; {_known(value, ECOSYSTEMS)}"
    if population.ecosystem in population.rivals:
        yield f"population.rivals names {population.ecosystem!r}, whose credit is the one that is studied"
    if not PEOPLE_MIN <= population.people <= PEOPLE_MAX:
        yield f"population.people is {population.people}; it lies between {PEOPLE_MIN} and {PEOPLE_MAX:,}"
    if not 1 <= population.months <= MONTHS_MAX:
        yield f"population.months is {population.months}; it lies between 1 and {MONTHS_MAX}"
    if population.seed < 0:
        yield f"population.seed is {population.seed}; it is 0 or more"
    for field in ("score", "score_read"):
        span = getattr(population, field)
        if span is not None and not 0 <= span[0] < span[1] <= 1:
            yield f"population.{field} is {list(span)}; a score lies between 0 and 1: write its least and its greatest"
    span = population.spending_minor
    if span is not None and not 0 <= span[0] < span[1]:
        yield f"population.spending_minor is {list(span)}; write the least and the greatest fen a month, as in [0, 100000]"


def _of_observable(study: Study) -> Iterator[str]:
    watched, (first, end) = study.observable, study.days
    last = study.population.months * DAYS_A_MONTH
    for field in ("name", "per", "cause"):
        name = getattr(watched, field)
        if name is not None and name not in OBSERVABLES:
            yield f"observable.{field} is {name!r}; {_known(name, OBSERVABLES)}"
        elif name is not None and field != "name" and OBSERVABLES[name].kind is not Kind.PERSON:
            yield f"observable.{field} is {name!r}, which is not one number a person; there are {_of_persons()}"
    for name in watched.controls:
        if name not in OBSERVABLES or OBSERVABLES[name].kind is not Kind.PERSON:
            yield f"observable.controls names {name!r}; there are {_of_persons()}"
    if watched.market is not None and watched.market not in MARKETS:
        yield f"observable.market is {watched.market!r}; {_known(watched.market, MARKETS)}"
    if not 0 <= first < end:
        yield f"observable.from_day is {first} and to_day {end}; a window begins before it ends, at day 0 or later"
    elif end > last:
        yield f"observable.to_day is {end}; {study.population.months} months have {last} days"
    found = OBSERVABLES.get(watched.name)
    if found is not None:
        yield from _of_kind(study, found)
    if study.population.new_customers and (watched.market is None or watched.from_day == 0):
        yield "population.new_customers needs observable.market, and a from_day above 0 before which nothing was bought there"


def _of_kind(study: Study, found: Observable) -> Iterator[str]:
    watched = study.observable
    if watched.market is not None and not found.by_market:
        yield f"observable.market: {watched.name!r} belongs to no market; leave it out"
    if found.needs_market and watched.market is None:
        yield f"observable.market is missing: {watched.name!r} is of one market; {_known('', MARKETS)}"
    if found.at_the_end and watched.to_day is not None and watched.to_day != study.population.months * DAYS_A_MONTH:
        yield f"observable.to_day: {watched.name!r} is read when the simulation ends; leave it out and set population.months"
    persons_only = study.design in ("matching", "elasticity") or watched.per is not None
    if persons_only and found.kind is not Kind.PERSON:
        yield f"observable.name is {watched.name!r}: a {study.design} needs one number a person; there are {_of_persons()}"
    if study.design == "discontinuity" and found.kind is Kind.RATIO:
        yield f"observable.name is {watched.name!r}, a ratio of sums: a discontinuity needs rows that weigh alike"
    if study.measure == "lift" and found.signed:
        yield f"measure is 'lift', and {watched.name!r} may be below zero: take 'difference'"


def _of_design(study: Study) -> Iterator[str]:
    if study.measure not in MEASURES[study.design]:
        yield f"measure is {study.measure!r}; of a {study.design} there are {', '.join(MEASURES[study.design])}"
    wanted: dict[str, bool] = {
        "arm": study.design in ("holdout", "discontinuity", "matching"),
        "cut": study.design == "discontinuity",
        "matching": study.design == "matching",
    }
    for part, needed in wanted.items():
        given = getattr(study, part) is not None
        if needed and not given:
            yield f"[{part}] is missing: a {study.design} needs it"
        if given and not needed:
            yield f"[{part}] is given, and a {study.design} has none"
    if (study.observable.per is not None) != (study.measure == "slope" and study.design != "elasticity"):
        yield "observable.per and measure = 'slope' belong together: so much of the observable for one of `per`"
    if (study.observable.cause is not None) != (study.design == "elasticity"):
        yield "observable.cause belongs to design = 'elasticity': what the observable is explained by"
    if study.adjust and study.design != "holdout":
        yield f"`adjust` is for a holdout; a {study.design} has no lot that something could be known before"
    if study.cut is not None:
        for value in (study.cut.at, *study.cut.placebos):
            if not 0 < value < 1:
                yield f"[cut] has {value:g}; a score lies between 0 and 1"
    if study.matching is not None:
        yield from _of_matching(study, study.matching)


def _of_matching(study: Study, matching: Matching) -> Iterator[str]:
    name, (first, end) = study.observable.name, study.days
    if end - first != first:
        yield f"observable.from_day is {first} and to_day {end}: a matching compares the window with as many days before it"
    if name in OBSERVABLES and OBSERVABLES[name].at_the_end:
        yield f"observable.name is {name!r}, read when the simulation ends: a matching needs it before the window, too"
    if not matching.covariates:
        yield f"matching.covariates is empty; there are {', '.join(COVARIATES)}"
    for name in matching.covariates:
        if name not in COVARIATES:
            yield f"matching.covariates names {name!r}; {_known(name, COVARIATES)}"
    if not 2 <= matching.bins <= 50:
        yield f"matching.bins is {matching.bins}; it lies between 2 and 50"
    if matching.caliper <= 0:
        yield f"matching.caliper is {matching.caliper:g}; it is above 0, in standard deviations"


def _of_arm(study: Study) -> Iterator[str]:
    arm = study.arm
    if arm is None:
        return
    if not 0 < arm.share_treated < 1:
        yield f"arm.share_treated is {arm.share_treated:g}; it lies between 0 and 1"
    if (arm.market is not None) != (arm.change == "accept"):
        yield f"arm.market is for change = 'accept': the market whose merchants take it; {_known('', MARKETS)}"
    elif arm.market is not None and arm.market not in MARKETS:
        yield f"arm.market is {arm.market!r}; {_known(arm.market, MARKETS)}"
    if not arm.elsewhere and arm.change != "accept":
        yield "arm.elsewhere is for change = 'accept'"
    if (arm.factor is not None) != (arm.change == "limit"):
        yield "arm.factor is for change = 'limit': how many times as high limits are"
    elif arm.factor is not None and not 1 < arm.factor <= 10:
        yield f"arm.factor is {arm.factor:g}; it lies above 1 and is at most 10"
    if study.design == "matching" and arm.change != "launch":
        yield f"arm.change is {arm.change!r}: people choose for themselves in a matching, whether to use what is launched"
    if arm.drawn_by == "merchant":
        yield from _of_merchants(study, arm)


def _of_merchants(study: Study, arm: Arm) -> Iterator[str]:
    if study.design != "holdout" or arm.change != "accept":
        yield "arm.drawn_by = 'merchant' is for a holdout with change = 'accept': merchants take the credit or do not"
    found = OBSERVABLES.get(study.observable.name)
    if found is not None and found.kind is not Kind.NEED:
        of_needs = ", ".join(name for name, each in OBSERVABLES.items() if each.kind is Kind.NEED)
        yield f"observable.name is {study.observable.name!r}: of a merchant's visitors there are {of_needs}"
    if study.observable.market != arm.market:
        yield "observable.market must be arm.market, where the merchants are"
    if not MERCHANTS_MIN <= arm.merchants <= 100_000:
        yield f"arm.merchants is {arm.merchants}; it lies between {MERCHANTS_MIN} and 100,000"


def _of_published(study: Study) -> Iterator[str]:
    published = study.published
    if published is None:
        return
    in_percent = in_percent_of(study)
    numbers: dict[str, float] = {}
    for field in ("value", "low", "high"):
        text = getattr(published, field)
        if text is None:
            continue
        try:
            numbers[field], percent = share_or_number(text)
        except ValueError:
            yield f'published.{field} is {text!r}; write it as "20 %" or "0.41"'
            continue
        if in_percent is None:
            what = f"a {study.measure} of {study.observable.name!r}"
            yield f"published.{field}: {what} is money, which compares with no other country's"
        elif percent != in_percent:
            unit = 'a share, with its unit, as in "20 %"' if in_percent else 'a plain number, as in "0.41"'
            yield f"published.{field} is {text!r}; a {study.measure} of {study.observable.name!r} is {unit}"
    if not numbers:
        yield "[published] has no value, low or high: what was found?"
    if ("low" in numbers) != ("high" in numbers):
        yield "published.low and published.high belong together"
    elif "low" in numbers and not numbers["low"] <= numbers.get("value", numbers["low"]) <= numbers["high"]:
        yield "published: low, value and high do not rise"


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


def _known(name: str, known: Any) -> str:
    meant = get_close_matches(name, list(known), n=1)
    return f"write {meant[0]!r}" if meant else f"there are {', '.join(known)}"


def _of_persons() -> str:
    return ", ".join(name for name, each in OBSERVABLES.items() if each.kind is Kind.PERSON)


COVARIATES = ("score", "score_read", "spending_minor", "limit_minor", "reach", "pay_day", "before")
