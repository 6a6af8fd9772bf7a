"""Where credit may be spent: ecosystems, what a line answers, what refusals cost, who is held out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.events.market import AcceptanceChannel, Arm, ExperimentUnit, MarketFlow, MarketKind, Verdict
from florin.wires.rest.fields import AmountMinor, IdOrNone, Name, Text
from florin.wires.rest.shapes.base import Taken

_PART = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reason = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
SharePpm = Annotated[int, Meta(ge=1, le=1_000_000)]


class AnswersQuery(Taken, frozen=True, kw_only=True):
    """What is asked of a shopper's lines: an amount at a merchant, sold so."""

    merchant_id: IdOrNone
    amount_minor: AmountMinor
    channel: Literal["online", "offline"] = "online"


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one line answers, as the till would decide. verdict: `yes`, all of it; `cap`, accepted, but this is more than one
    purchase may be; `limit`, accepted, but not so much is left; `no`. most_minor: the largest amount that is offered there.
    left_minor: what is left on the line there. month_cap_minor, month_left_minor: of what she may pay so in a calendar month,
    all and what is left; null: there is no such cap. refusal: by what name the till would refuse. reason: what the shopper
    reads.
    """

    line_id: str
    program: str
    tender: Literal["credit", "card"]
    verdict: Verdict
    most_minor: int
    left_minor: int
    cap_minor: int | None
    month_cap_minor: int | None
    month_left_minor: int | None
    channel: AcceptanceChannel
    ecosystem: str
    version: int
    refusal: str
    reason: str
    experiment: str
    arm: Arm


class LineAnswers(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[LineAnswer, ...]


class Market(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title_en: str
    title_zh: str
    kind: MarketKind
    flow: MarketFlow


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """version: that stated it; from 1. Empty market, category or channel: any."""

    program: str
    market: str
    category: str
    channel: Literal["", AcceptanceChannel]
    answer: Literal["yes", "no", "cap"]
    cap_minor: int
    cap_month_minor: int
    reason_en: str
    reason_zh: str
    version: int


class Ecosystem(msgspec.Struct, frozen=True, kw_only=True):
    """rules: in force today. versions: how many there are, those that begin later included."""

    name: str
    title_en: str
    title_zh: str
    programs: tuple[str, ...]
    markets: tuple[Market, ...]
    versions: int
    rules: tuple[Rule, ...]


class Ecosystems(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Ecosystem, ...]


class NewEcosystem(Taken, frozen=True, kw_only=True):
    """toml: a file, as `florin market add` takes it; or the name of a preset: `ali`, `jd`, `tencent`, `bank`."""

    toml: Annotated[str, Meta(min_length=1, max_length=200_000)]


class NewRule(Taken, frozen=True, kw_only=True):
    """Which sales it is about; left out: any. answer `none` withdraws the rule of the same sales. cap_month_minor: of `yes` and
    `cap`, what one shopper may pay so in a calendar month; 0: no such cap.
    """

    program: Name
    market: _PART = ""
    category: _PART = ""
    channel: Literal["", AcceptanceChannel] = ""
    answer: Literal["yes", "no", "cap", "none"]
    cap_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    cap_month_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    reason_en: Reason = ""
    reason_zh: Reason = ""


class NewAcceptance(Taken, frozen=True, kw_only=True):
    """What holds from a day on, today when it is left out. reason: for the record."""

    rules: Annotated[tuple[NewRule, ...], Meta(min_length=1, max_length=100)]
    reason: Text
    from_on: date | None = None


class NewPreview(Taken, frozen=True, kw_only=True):
    """The same rules, not yet stated. days: how many of the last days are replayed, today included."""

    rules: Annotated[tuple[NewRule, ...], Meta(min_length=1, max_length=100)]
    from_on: date | None = None
    days: Annotated[int, Meta(ge=1, le=366)] = 30


class Flipped(msgspec.Struct, frozen=True, kw_only=True):
    """At one merchant: checkouts in which a program would pay that does not now (`opened`), and the other way round."""

    merchant_id: str
    program: str
    opened: int
    opened_minor: int
    closed: int
    closed_minor: int


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would have done to the checkouts of those days. gained, lost: checkouts with a first line that pays, and
    without any more.
    """

    sessions: int
    gained: int
    gained_minor: int
    lost: int
    lost_minor: int
    flipped: tuple[Flipped, ...]


class RefusedQuery(Taken, frozen=True, kw_only=True):
    """days: how many of the last days, today included."""

    days: Annotated[int, Meta(ge=1, le=366)] = 30


class RefusalCost(msgspec.Struct, frozen=True, kw_only=True):
    """Checkouts in which a line was refused by this name; paid: those whose order was paid all the same; lost: the others."""

    refusal: str
    sessions: int
    amount_minor: int
    paid: int
    paid_minor: int
    lost: int
    lost_minor: int


class TillRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Payments refused by this name when it came to paying."""

    refusal: str
    count: int
    amount_minor: int


class RefusalCosts(msgspec.Struct, frozen=True, kw_only=True):
    """A checkout that was refused for two reasons counts under both. sessions: all checkouts of these days."""

    sessions: int
    items: tuple[RefusalCost, ...]
    at_till: tuple[TillRefusal, ...]


class NewExperiment(Taken, frozen=True, kw_only=True):
    """unit: what is drawn by lot. share_ppm: how many of them are held out, parts per million. limit_cut_ppm: what they lack of
    their limits; all of it: they are offered no credit. programs: left out, all. until_on: the last day.
    """

    name: Name
    unit: ExperimentUnit = "person"
    share_ppm: SharePpm
    limit_cut_ppm: SharePpm = 1_000_000
    programs: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    from_on: date | None = None
    until_on: date


class ArmSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What one arm has bought: checkouts, those whose order was paid and for how much, and how many of them on credit."""

    arm: Literal["offered", "held_out"]
    sessions: int
    paid: int
    paid_minor: int
    by_credit: int


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """until_on: its last day, that of its end if it was ended early; runs: today."""

    name: str
    unit: ExperimentUnit
    share_ppm: int
    limit_cut_ppm: int
    programs: tuple[str, ...]
    from_on: date
    until_on: date
    runs: bool
    arms: tuple[ArmSeen, ...]


class Experiments(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Experiment, ...]
