"""What cannot be in a study: each problem with its field, what was written there, and what is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from florin.lab.parameters import Parameters, uncertain
from florin.lab.study.observables import OBSERVABLES, Kind, Observable
from florin.lab.study.spec import (
    COVARIATES,
    DAYS_A_MONTH,
    DRAWS_MAX,
    ECOSYSTEMS,
    MEASURES,
    MERCHANTS_MIN,
    MONTHS_MAX,
    PEOPLE_MAX,
    PEOPLE_MIN,
    Arm,
    Matching,
    Part,
    Population,
    Study,
    in_percent_of,
    share_or_number,
)
from florin.lab.world import MARKETS


def unknown_fields(table: Any) -> Iterator[str]:
    """Fields of a file's tables that no study has, in the file's order, each with what is meant or known; and parameters that
    are no numbers, which msgspec would not name.
    """
    yield from _unknown(table, Study, "")
    given = table.get("parameters") if isinstance(table, dict) else None
    for name, value in given.items() if isinstance(given, dict) else ():
        if type(value) not in (int, float):
            yield f"`parameters.{name}` is {value!r}; write a plain number, a share as 0.03"


def _unknown(table: Any, kind: Any, at: str) -> Iterator[str]:
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
        inner = [part for part in parts if issubclass(part, Part)]
        if inner:
            yield from _unknown(value, inner[0], where)


def field_first(error: str) -> str:
    """msgspec's sentence, with the field first."""
    found = re.fullmatch(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?", error, re.DOTALL)
    assert found is not None, "every text fits"
    what = found["what"].replace("Object missing required field", "it misses the field")
    return f"`{found['where']}`: {what}" if found["where"] else what


def problems_of(study: Study) -> Iterator[str]:
    """What of a study cannot be, a sentence each, with the field and what was written there."""
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


def _known(name: str, known: Any) -> str:
    meant = get_close_matches(name, list(known), n=1)
    return f"write {meant[0]!r}" if meant else f"there are {', '.join(known)}"


def _of_persons() -> str:
    return ", ".join(name for name, each in OBSERVABLES.items() if each.kind is Kind.PERSON)
