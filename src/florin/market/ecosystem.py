"""An ecosystem: its programs, its markets, and the versions of its rules. What no file may say is `contradictions.py`."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from florin.events.market import AcceptanceChannel, AcceptanceRule, AcceptanceVersion, Market
from florin.events.parts import Place

# Places that nobody owns: what is sold there has no home.
OPEN_KINDS = frozenset({"street", "chat"})


class Stated(NamedTuple):
    """A rule, and the number of the version that stated it."""

    rule: AcceptanceRule
    version: int


class Ecosystem(msgspec.Struct, frozen=True, kw_only=True):
    """One ecosystem. versions: in the order in which they were stated; a later one may begin earlier."""

    name: str
    title_en: str
    title_zh: str
    programs: tuple[str, ...]
    markets: tuple[Market, ...] = ()
    versions: tuple[AcceptanceVersion, ...]

    @property
    def homes(self) -> frozenset[str]:
        """The ids of its own markets."""
        return frozenset(market.id for market in self.markets if market.kind not in OPEN_KINDS)

    def rules_on(self, on: date) -> list[Stated]:
        """The rules in force on a day, each the last that was stated for its sales; those withdrawn are left out."""
        numbered = enumerate(self.versions, start=1)
        begun = sorted(
            (version.from_on, number, version.rules) for number, version in numbered if version.from_on <= on
        )
        found = {key_of(rule): Stated(rule, number) for _, number, rules in begun for rule in rules}
        return [stated for stated in found.values() if stated.rule.answer != "none"]

    def days(self) -> list[date]:
        """The days on which something changes, the first first."""
        return sorted({version.from_on for version in self.versions})


def key_of(rule: AcceptanceRule) -> tuple[str, str, str, str]:
    """Which sales a rule is about, of which program: two with one key never hold together."""
    return rule.program, rule.market, rule.category, rule.channel


def named(rule: AcceptanceRule) -> int:
    """How much a rule names of market, category and channel: the more, the narrower it is."""
    return (rule.market != "") + (rule.category != "") + (rule.channel != "")


def covers(rule: AcceptanceRule, place: Place, channel: AcceptanceChannel) -> bool:
    """Whether a rule is about a sale at this place, by this channel."""
    return rule.market in ("", place.market) and rule.category in ("", place.category) and rule.channel in ("", channel)


def channel_at(place: Place, homes: frozenset[str], street: frozenset[str] = frozenset()) -> AcceptanceChannel:
    """By which channel a program's shopper buys there: on the street, at home, or as a guest.

    homes: the markets of the program's own ecosystem. street: the markets that are the street, whatever the shop says.
    """
    if place.channel == "offline" or place.market in street:
        return "offline"
    return "home" if place.market in homes else "guest"
