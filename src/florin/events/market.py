"""Where credit may be spent: what an ecosystem says, what became of a checkout, and who is held out to measure."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from florin.events.base import Event

MarketKind = Literal["c2c", "brands", "retail", "street", "chat"]
MarketFlow = Literal["escrow", "direct"]
AcceptanceChannel = Literal["home", "guest", "offline"]
AcceptanceWord = Literal["yes", "no", "cap", "none"]
Verdict = Literal["yes", "no", "cap", "limit"]
ExperimentUnit = Literal["person", "merchant"]
Arm = Literal["", "offered", "held_out"]
CheckoutBy = Literal["cashier", "till", "agreement"]


class Market(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where goods are sold: one of an ecosystem's malls; or the street and the chat, which are nobody's.

    flow: how its shops usually sell, against confirmed receipt (`escrow`) or at payment (`direct`).
    """

    id: str
    title_en: str
    title_zh: str
    kind: MarketKind
    flow: MarketFlow


class AcceptanceRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether a program is accepted, where. market, category, channel: which sales it is about; empty: any.

    answer: `yes`, `no`, `cap` (each purchase up to cap_minor), or `none`: the rule of the same place before it is withdrawn.
    cap_month: of `yes` and `cap`, what one person may pay so in a calendar month in all; 0: as much as there is.
    reason: the sentence that the shopper reads, in both languages.
    """

    program: str
    market: str = ""
    category: str = ""
    channel: Literal["", AcceptanceChannel] = ""
    answer: AcceptanceWord
    cap_minor: int = 0
    cap_month_minor: int = 0
    reason_en: str = ""
    reason_zh: str = ""


class AcceptanceVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes from a day on: each rule replaces that of the same program, market, category and channel before it.

    reason: why the owner changed it, for the record. by: who did it at the console; empty: from a command, a file or a program.
    """

    from_on: date
    rules: tuple[AcceptanceRule, ...]
    reason: str = ""
    by: str = ""


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one line answered at a checkout. most: what could be paid here with it; room: what could be
    if it were accepted without a cap. cap: of one purchase, if there is one; month_cap, month_left: of a calendar month.

    refusal: its name, empty for yes. ecosystem, version: whose rule it was; empty and 0 where no rule spoke. arm: of the
    experiment, if one concerns this line here.
    """

    line_id: int
    program: str
    verdict: Verdict
    channel: AcceptanceChannel
    most_minor: int = 0
    room_minor: int = 0
    cap_minor: int | None = None
    month_cap_minor: int | None = None
    month_left_minor: int | None = None
    refusal: str = ""
    ecosystem: str = ""
    version: int = 0
    experiment: str = ""
    arm: Arm = ""


class EcosystemAdded(Event, frozen=True, kw_only=True):
    """The owner takes in an ecosystem: its programs, its markets, and where those are accepted."""

    kind = 210
    ecosystem: str
    title_en: str
    title_zh: str
    programs: tuple[str, ...]
    markets: tuple[Market, ...]
    versions: tuple[AcceptanceVersion, ...]


class AcceptanceChanged(Event, frozen=True, kw_only=True):
    """From `version.from_on` these rules hold in an ecosystem. number: of the version, from 1."""

    kind = 211
    ecosystem: str
    number: int
    version: AcceptanceVersion


class CheckoutOpened(Event, frozen=True, kw_only=True):
    """A shopper saw how she can pay an order: what each of her lines answered, the market and kind of goods it was asked of.

    wallet_minor: what was in her wallet. by: where it was asked. At the cashier all her lines are; at a till, by a code, and by
    a standing agreement just the one that pays, with its part of the amount. Then the payment's command records it: when it is
    refused there may be no order that it could name.
    """

    kind = 212
    amount_minor: int
    market: str
    category: str
    sold: Literal["online", "offline"]
    wallet_minor: int = 0
    answers: tuple[LineAnswer, ...] = ()
    by: CheckoutBy = "cashier"


class ExperimentStarted(Event, frozen=True, kw_only=True):
    """A share of persons or of merchants is held out, to measure what credit brings."""

    kind = 213
    experiment: str
    unit: ExperimentUnit
    share_ppm: int
    limit_cut_ppm: int
    programs: tuple[str, ...]
    opens_on: date
    closes_on: date


class ExperimentEnded(Event, frozen=True, kw_only=True):
    """Nobody is held out any more, from now on."""

    kind = 214
    experiment: str
    reason: str
