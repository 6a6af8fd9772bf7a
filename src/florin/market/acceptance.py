"""Acceptance: whether a program is accepted at a sale, by which rule, and up to what amount.

The narrowest rule speaks: the one that names the most of market, category and channel. That there is one is made sure when an
ecosystem is taken in (`contradictions.py`), so a sale never depends on the order in a file. Where no rule speaks, the answer is
no; a program that is of no ecosystem is accepted everywhere, so a house without ecosystems is as if there were no rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from florin.credit.line import Line
from florin.events.market import AcceptanceChannel, AcceptanceRule, Market
from florin.events.parts import MonthCounted, Place
from florin.events.refusals import Language, Refusal
from florin.market.ecosystem import Ecosystem, Stated, channel_at, covers, named
from florin.market.holdout import Experiment

_REMEMBERED_MAX = 50_000
_BY_DEFAULT = ("It is not accepted at this shop.", "这家店暂不支持该付款方式。")


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a program at a place. cap: of one purchase; month_cap: of a person's in a calendar month; None: none.

    rule: which said it; a cap of a month is counted by it, whatever its version. None where none spoke. ecosystem: empty for a
    program of none; version: of the rule, 0 where none spoke. reason: what the shopper reads.
    """

    program: str
    market: str
    category: str
    channel: AcceptanceChannel
    accepted: bool
    cap_minor: int | None = None
    month_cap_minor: int | None = None
    reason_en: str = ""
    reason_zh: str = ""
    ecosystem: str = ""
    version: int = 0
    rule: AcceptanceRule | None = None

    def counted_in(self, on: date) -> MonthCounted | None:
        """What a purchase of a day is counted under, if there is a cap of a month."""
        if self.month_cap_minor is None or self.rule is None:
            return None
        where = self.rule.market, self.rule.category, self.rule.channel
        return MonthCounted(month_on=on.replace(day=1), market=where[0], category=where[1], channel=where[2])

    def month_left_minor(self, line: Line, on: date) -> int | None:
        """What is left of the cap of a month on a line, zero or more; None: there is no such cap."""
        counted = self.counted_in(on)
        if counted is None or self.month_cap_minor is None:
            return None
        return max(0, self.month_cap_minor - used_minor(line, counted))

    def accepts(self, amount_minor: int) -> bool:
        """Whether a purchase may be of this amount, by the rule alone; what was spent in the month is the line's to say."""
        return self.accepted and (self.cap_minor is None or amount_minor <= self.cap_minor)

    def reason(self, language: Language) -> str:
        return self.reason_zh if language == "zh" else self.reason_en


class NotAcceptedHere(Refusal, frozen=True, kw_only=True):
    """merchant_id, trade_id: whose sale it was, 0 where none was named."""

    en = "{reason} Choose another way to pay."
    zh = "{reason}请选择其他付款方式。"

    program: str
    market: str
    category: str
    channel: AcceptanceChannel
    requested_minor: int
    ecosystem: str
    version: int
    reason_en: str
    reason_zh: str
    line_id: int
    merchant_id: int = 0
    trade_id: int = 0

    def shown(self, language: Language) -> dict[str, str]:
        reason = self.reason_zh if language == "zh" else self.reason_en
        return {**super().shown(language), "reason": reason}


class AcceptanceCapExceeded(NotAcceptedHere, frozen=True, kw_only=True):
    """As `NotAcceptedHere`, where it is accepted for less. over: the purchase above the cap."""

    en = "{reason} At most {cap_minor} a purchase; this one is {over_minor} more. Buy for less, or pay another way."
    zh = "{reason}单笔最高 {cap_minor}，本次超出 {over_minor}。您可以减少金额，或换一种付款方式。"

    cap_minor: int
    over_minor: int


class AcceptanceMonthCapExceeded(NotAcceptedHere, frozen=True, kw_only=True):
    """As `NotAcceptedHere`, where it is accepted for less in this month. used: spent so in the month, what was given back not
    counted. over: the purchase above what is left. again_on: the first day of the next month.
    """

    en = (
        "{reason} At most {month_cap_minor} in a calendar month, of which {used_minor} is spent; this purchase is "
        "{over_minor} more. Buy for less, pay another way, or come back from {again_on}."
    )
    zh = (
        "{reason}每个自然月最高 {month_cap_minor}，本月已用 {used_minor}，本次超出 {over_minor}。"
        "您可以减少金额、换一种付款方式，或在{again_on}之后再试。"
    )

    month_cap_minor: int
    used_minor: int
    over_minor: int
    again_on: date


class Acceptance:
    """What all ecosystems of a house say together. It never changes; a house that changes gets another one."""

    def __init__(
        self, ecosystems: Iterable[Ecosystem] = (), experiments: Iterable[Experiment] = (), revision: int = 0
    ) -> None:
        """revision: how many times the owner has stated something. experiments: by name."""
        self.revision = revision
        self.ecosystems: Mapping[str, Ecosystem] = {each.name: each for each in ecosystems}
        self.experiments = tuple(experiments)
        self.markets: Mapping[str, Market] = {
            market.id: market for each in self.ecosystems.values() for market in each.markets
        }
        self._owner = {program: each for each in self.ecosystems.values() for program in each.programs}
        self.counts = any(
            rule.cap_month_minor
            for each in self.ecosystems.values()
            for version in each.versions
            for rule in version.rules
        )
        self._street = frozenset(market.id for market in self.markets.values() if market.kind == "street")
        self._remembered: dict[tuple[str, str, str, str, date], Ruling] = {}

    def ruling(self, program: str, place: Place, on: date) -> Ruling:
        """What is said of a program at a place on a day. A look-up when it was asked before."""
        key = (program, place.market, place.category, place.channel, on)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            found = self._remembered[key] = self._rule(program, place, on)
        return found

    def owner_of(self, program: str) -> Ecosystem | None:
        """The ecosystem that lends by a program; None: none of this house."""
        return self._owner.get(program)

    def _rule(self, program: str, place: Place, on: date) -> Ruling:
        owner = self._owner.get(program)
        homes = frozenset() if owner is None else owner.homes
        channel = channel_at(place, homes, self._street)
        where: dict[str, Any] = {"market": place.market, "category": place.category, "channel": channel}
        if owner is None:
            return Ruling(program=program, **where, accepted=True)
        speaks = narrowest(owner.rules_on(on), program, place, channel)
        if speaks is None:
            reason_en, reason_zh = _BY_DEFAULT
            said: dict[str, Any] = {"accepted": False, "reason_en": reason_en, "reason_zh": reason_zh}
        else:
            rule, version = speaks
            said = {
                "accepted": rule.answer != "no",
                "cap_minor": rule.cap_minor if rule.answer == "cap" else None,
                "month_cap_minor": rule.cap_month_minor or None,
                "rule": rule,
                "reason_en": rule.reason_en,
                "reason_zh": rule.reason_zh,
                "version": version,
            }
        return Ruling(program=program, **where, **said, ecosystem=owner.name)


def narrowest(rules: Iterable[Stated], program: str, place: Place, channel: AcceptanceChannel) -> Stated | None:
    """The rule that speaks of a sale; None where none does."""
    found = (stated for stated in rules if stated.rule.program == program and covers(stated.rule, place, channel))
    return max(found, key=lambda stated: named(stated.rule), default=None)


def refuse_ruling(
    ruling: Ruling, amount_minor: int, line: Line, on: date, *, merchant_id: int = 0, trade_id: int = 0
) -> NotAcceptedHere | None:
    """Why an amount may not be paid with the line so, by the rule and what she has spent under it; None when it may."""
    counted = ruling.counted_in(on)
    if counted is None and ruling.accepts(amount_minor):
        return None
    said: dict[str, Any] = {
        "program": ruling.program,
        "market": ruling.market,
        "category": ruling.category,
        "channel": ruling.channel,
        "requested_minor": amount_minor,
        "ecosystem": ruling.ecosystem,
        "version": ruling.version,
        "reason_en": ruling.reason_en,
        "reason_zh": ruling.reason_zh,
        "line_id": line.id,
        "merchant_id": merchant_id,
        "trade_id": trade_id,
    }
    if not ruling.accepted:
        return NotAcceptedHere(**said)
    cap_minor, month_cap_minor = ruling.cap_minor, ruling.month_cap_minor
    if cap_minor is not None and amount_minor > cap_minor:
        return AcceptanceCapExceeded(**said, cap_minor=cap_minor, over_minor=amount_minor - cap_minor)
    assert counted is not None and month_cap_minor is not None, "what no cap refuses was let through above"
    used = used_minor(line, counted)
    if used + amount_minor <= month_cap_minor:
        return None
    return AcceptanceMonthCapExceeded(
        **said,
        month_cap_minor=month_cap_minor,
        used_minor=used,
        over_minor=used + amount_minor - month_cap_minor,
        again_on=next_month_on(on),
    )


def used_minor(line: Line, counted: MonthCounted) -> int:
    """What the line has spent in a month under a rule, zero or more."""
    return sum(each.amount_minor for each in line.particulars.month_used if each.counted == counted)


def next_month_on(on: date) -> date:
    """The first day of the month after a day's."""
    return date(on.year + on.month // 12, on.month % 12 + 1, 1)


# A house without ecosystems, and without experiments: every program is accepted everywhere.
ANYWHERE = Acceptance()
