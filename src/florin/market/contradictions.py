"""Contradictions: what an ecosystem's file may not say, with what to write instead.

A rule yields the path of a field ("versions[0].rules[2].cap_minor") and the fix. Kinds of values are checked before; here it is
about what they say, above all that one rule is the narrowest of every sale: two that name equally much and meet at one sale
would make the answer depend on their order, so they are refused unless a rule for just that meeting is there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from florin.events.market import AcceptanceRule, Market
from florin.market.ecosystem import OPEN_KINDS, Ecosystem, Stated, key_of, named

Wrong = tuple[str, str]

CAP_MINOR_MAX = 10**12
REASON_LETTERS_MAX = 200
RULES_MAX = 500
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)


def contradictions(ecosystem: Ecosystem) -> Iterator[Wrong]:
    """All that is wrong with one ecosystem."""
    yield from _head(ecosystem)
    yield from _markets(ecosystem)
    for number, version in enumerate(ecosystem.versions):
        if not version.rules and not version.reason:
            yield f"versions[{number}].rules", "a version states at least one rule: write [[versions.rules]] below it"
        for index, rule in enumerate(version.rules):
            for field, fix in _rule(rule, ecosystem):
                yield f"versions[{number}].rules[{index}].{field}", fix
        times = Counter(map(key_of, version.rules))
        for index, rule in enumerate(version.rules):
            if times[key_of(rule)] > 1:
                times[key_of(rule)] = 0
                fix = f"this version says twice what holds of {said_of(rule)}: leave one of the two"
                yield f"versions[{number}].rules[{index}].program", fix
    yield from _withdrawn(ecosystem)
    yield from _ties(ecosystem)


def conflicts(ecosystem: Ecosystem, others: Iterable[Ecosystem]) -> Iterator[Wrong]:
    """What an ecosystem says otherwise than those that the house has: a program or a market has one owner."""
    for other in others:
        if other.name == ecosystem.name:
            continue
        for index, program in enumerate(ecosystem.programs):
            if program in other.programs:
                yield (
                    f"programs[{index}]",
                    f'"{program}" is of the ecosystem "{other.name}" already: a program has one owner',
                )
        theirs = {market.id: market for market in other.markets}
        for index, market in enumerate(ecosystem.markets):
            found = theirs.get(market.id)
            if found is not None and (market.kind not in OPEN_KINDS or found != market):
                fix = f'"{market.id}" is a market of "{other.name}" already: name another, or write the street alike in both'
                yield f"markets[{index}].id", fix


def said_of(rule: AcceptanceRule) -> str:
    """Which sales a rule is about, in words."""
    where = [
        f"{name} {value}"
        for name, value in (("market", rule.market), ("category", rule.category), ("channel", rule.channel))
        if value
    ]
    return f"{rule.program} at {', '.join(where) if where else 'every sale'}"


def meeting(one: AcceptanceRule, other: AcceptanceRule, markets: Iterable[Market]) -> AcceptanceRule | None:
    """The widest rule that is about the sales of both; None where no sale is of both. markets: the ecosystem's own."""
    fields = {}
    for field in ("market", "category", "channel"):
        mine, theirs = getattr(one, field), getattr(other, field)
        if mine and theirs and mine != theirs:
            return None
        fields[field] = mine or theirs
    both = AcceptanceRule(program=one.program, answer="none", **fields)
    return None if one.program != other.program or _never(both, markets) else both


def _never(rule: AcceptanceRule, markets: Iterable[Market]) -> str:
    """Why no sale can ever be of a rule; empty when one can. Only markets of the ecosystem are its programs' homes."""
    kinds = {market.id: market.kind for market in markets}
    kind = kinds.get(rule.market)
    if rule.channel == "home":
        if rule.market and (kind is None or kind in OPEN_KINDS):
            return "only the ecosystem's own markets are its programs' home"
        if not rule.market and not any(each not in OPEN_KINDS for each in kinds.values()):
            return "this ecosystem owns no market that could be a home"
    if rule.channel == "guest" and kind is not None and kind not in OPEN_KINDS:
        return "its own market is home to its programs, never a guest's"
    if rule.channel in ("home", "guest") and kind == "street":
        return "the street is always offline"
    return ""


def _head(ecosystem: Ecosystem) -> Iterator[Wrong]:
    if not _ID.fullmatch(ecosystem.name):
        yield "name", 'use small letters, digits and hyphens, as in "campus"'
    for field in ("title_en", "title_zh"):
        if not getattr(ecosystem, field).strip():
            yield field, "write it as people read it, in quotes"
    if not ecosystem.programs:
        yield "programs", 'name at least one credit program, as in ["huabei"]'
    for index, program in enumerate(ecosystem.programs):
        if ecosystem.programs.index(program) != index:
            yield f"programs[{index}]", "it is named twice: leave one of the two"
    if any(len(ecosystem.rules_on(on)) > RULES_MAX for on in ecosystem.days()):
        yield "versions", f"keep at most {RULES_MAX} rules in force: let wider ones speak for more"
    if not ecosystem.versions:
        yield "versions", "no version: write [[versions]] with `from_on`, then its rules"


def _markets(ecosystem: Ecosystem) -> Iterator[Wrong]:
    ids = [market.id for market in ecosystem.markets]
    for index, market in enumerate(ecosystem.markets):
        if not _ID.fullmatch(market.id):
            yield f"markets[{index}].id", 'use small letters, digits and hyphens, as in "campus-mall"'
        elif ids.index(market.id) != index:
            yield f"markets[{index}].id", "another market has this id: choose another"
        for field in ("title_en", "title_zh"):
            if not getattr(market, field).strip():
                yield f"markets[{index}].{field}", "write it as people read it, in quotes"


def _rule(rule: AcceptanceRule, ecosystem: Ecosystem) -> Iterator[Wrong]:
    if rule.program not in ecosystem.programs:
        yield "program", f"write one of this ecosystem's own programs: {', '.join(ecosystem.programs)}"
    if rule.answer == "cap" and not 0 < rule.cap_minor <= CAP_MINOR_MAX:
        yield "cap_minor", f"write the most of one purchase in minor units, 1 to {CAP_MINOR_MAX}"
    if rule.answer != "cap" and rule.cap_minor:
        yield "cap_minor", 'leave it out, or write answer = "cap"'
    if rule.cap_month_minor and rule.answer not in ("yes", "cap"):
        yield "cap_month_minor", 'leave it out, or write answer = "yes" or "cap"'
    if not max(rule.cap_minor, 0) <= (rule.cap_month_minor or CAP_MINOR_MAX) <= CAP_MINOR_MAX:
        yield (
            "cap_month_minor",
            f"write the most of a month in minor units: at least that of one purchase, up to {CAP_MINOR_MAX}",
        )
    if never := _never(rule, ecosystem.markets):
        yield "channel", f"no sale is ever so: {never}"
    for field in ("reason_en", "reason_zh"):
        reason = getattr(rule, field)
        if rule.answer != "none" and not reason.strip():
            yield field, "write the sentence that the shopper reads"
        if len(reason) > REASON_LETTERS_MAX or "{" in reason or "}" in reason:
            yield field, f"write at most {REASON_LETTERS_MAX} letters, without braces"


def _withdrawn(ecosystem: Ecosystem) -> Iterator[Wrong]:
    for number, version in enumerate(ecosystem.versions):
        # Stated before: by a version that begins no later, or by one of the same day that stands above.
        before = {
            key_of(rule)
            for earlier, other in enumerate(ecosystem.versions)
            if (other.from_on, earlier) < (version.from_on, number)
            for rule in other.rules
        }
        for index, rule in enumerate(version.rules):
            if rule.answer == "none" and key_of(rule) not in before:
                yield f"versions[{number}].rules[{index}].answer", "there is no rule before it that it could withdraw"


def _ties(ecosystem: Ecosystem) -> Iterator[Wrong]:
    """Rules that name equally much and meet, on the first day on which they do, unless a rule for the meeting is there."""
    told: set[tuple[object, ...]] = set()
    for on in ecosystem.days():
        in_force = ecosystem.rules_on(on)
        keys = {key_of(rule) for rule, _ in in_force}
        for position, (one, _) in enumerate(in_force):
            for later in in_force[position + 1 :]:
                both = meeting(one, later.rule, ecosystem.markets) if named(one) == named(later.rule) else None
                pair = (key_of(one), key_of(later.rule))
                if both is None or key_of(both) in keys or pair in told:
                    continue
                told.add(pair)
                yield _path_of(later, ecosystem), _fix_of(one, later.rule, both)


def _path_of(stated: Stated, ecosystem: Ecosystem) -> str:
    rules = ecosystem.versions[stated.version - 1].rules
    return f"versions[{stated.version - 1}].rules[{rules.index(stated.rule)}].program"


def _fix_of(one: AcceptanceRule, other: AcceptanceRule, both: AcceptanceRule) -> str:
    return (
        f"what holds of {said_of(one)} and of {said_of(other)} meets at {said_of(both).partition(' at ')[2]}, and neither is "
        "narrower: state a rule for just that"
    )
