"""Fee plans: what a merchant pays for being paid, as data with versions.

A plan (`ali`) is a list of versions, each with the day from which it holds. A version lists its fees; of each kind the first
that fits a sale's market, category, channel, tender and number of installments is the one that is charged, so what is special
stands before what is usual. A payment is charged by the version of the day on which it was authorized.

Four kinds, each with its taker: the `mdr` is the payment institution's, the `credit_fee` the lender's, `commission` and
`software_fee` are the mall's. A plan may also say what a shopper pays for taking money out of the wallet.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal, get_args

import msgspec

from florin.events import Channel
from florin.events.refusals import Refusal
from florin.money import MILLION, share_minor
from florin.presets import fee_preset_text
from florin.wallet.fee import WithdrawalTerms

PlanFee = Literal["mdr", "credit_fee", "commission", "software_fee"]
FeeTender = Literal["wallet", "credit", "card"]
PLAN_FEES: tuple[PlanFee, ...] = get_args(PlanFee)
FEE_TENDERS: tuple[FeeTender, ...] = get_args(FeeTender)

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)


class FeeTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fee: so many parts per million of the sale, at least floor_minor and at most cap_minor (0: no cap), never more than
    the sale. A file says it as a share, `rate`.

    markets, categories, channels, tenders, counts: where it holds; empty: everywhere. A credit fee is for `credit` alone.
    counts: of installments; 0: paid at once or next month. refunded: a refund gives it back in proportion. from_on, until_on: a
    promotion holds on the days [from_on, until_on); a day that is left out is open.
    """

    fee: PlanFee
    rate_ppm: int
    floor_minor: int = 0
    cap_minor: int = 0
    refunded: bool = False
    markets: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    tenders: tuple[FeeTender, ...] = ()
    counts: tuple[int, ...] = ()
    from_on: date | None = None
    until_on: date | None = None

    @property
    def rate(self) -> Decimal:
        """As a share: 0.006 is 0.6 %."""
        return Decimal(self.rate_ppm) / MILLION

    def minor(self, base_minor: int) -> int:
        """The fee on an amount, rounded half up to the fen, then held between floor and cap."""
        fee_minor = max(share_minor(base_minor, self.rate_ppm), self.floor_minor if base_minor else 0)
        return min(fee_minor, self.cap_minor or fee_minor, base_minor)

    def holds(self, on: date, *, market: str, category: str, channel: str) -> bool:
        """Whether it is for sales of a day and a place."""
        return (
            (self.from_on is None or self.from_on <= on)
            and (self.until_on is None or on < self.until_on)
            and (not self.markets or market in self.markets)
            and (not self.categories or category in self.categories)
            and (not self.channels or channel in self.channels)
        )

    def takes(self, tender: FeeTender, count: int) -> bool:
        """Whether it is for what is paid so. count: of installments; 0: none."""
        if self.fee == "credit_fee" and tender != "credit":
            return False
        return (not self.tenders or tender in self.tenders) and (not self.counts or count in self.counts)


class FeeVersion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a plan says from a day on."""

    from_on: date
    fees: tuple[FeeTerms, ...] = ()
    withdrawal: WithdrawalTerms | None = None


class FeePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan: its names and its versions, the oldest first."""

    name: str
    title_en: str
    title_zh: str
    versions: tuple[FeeVersion, ...]

    def version_on(self, on: date) -> FeeVersion | None:
        """What holds on a day; None before the first version."""
        found = None
        for version in self.versions:
            if version.from_on <= on:
                found = version
        return found


class FeeAssignment(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is on a plan from a day on."""

    from_on: date
    plan: FeePlan


def version_of(assignments: Sequence[FeeAssignment], on: date) -> FeeVersion | None:
    """What the plan of a day says. assignments: the oldest first. None where there was none yet."""
    plan = None
    for assignment in assignments:
        if assignment.from_on <= on:
            plan = assignment.plan
    return None if plan is None else plan.version_on(on)


class FeePlanInvalid(ValueError):
    """A plan's file cannot be used: which field is wrong, and what to write instead."""

    def __init__(self, *, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class FeePlanUnknown(Refusal, frozen=True, kw_only=True):
    en = "There is no fee plan {plan}. See the list of plans, or add one."
    zh = "没有名为{plan}的费率方案，请查看方案列表或新增。"

    plan: str


class FeePlanInForce(Refusal, frozen=True, kw_only=True):
    """What holds already is never replaced: payments were charged by it."""

    en = "The plan {plan} is in force and says otherwise of days up to {today}. Keep its versions, and add later ones."
    zh = "费率方案{plan}已生效，{today}及之前的内容不能更改。请保留原有版本，并增加之后生效的版本。"

    plan: str
    today: date


class FeesBeginInThePast(Refusal, frozen=True, kw_only=True):
    """Payments of a day that is over were charged by what held then."""

    en = "A plan cannot begin on {from_on}: choose {today} or a later day."
    zh = "费率方案不能从{from_on}起生效，请选择{today}或之后的日期。"

    from_on: date
    today: date


def fee_plan_of(text: str, *, source: str) -> FeePlan:
    """The plan that a TOML text describes; a later version states what changes. source: what a problem calls the text.

    Raises FeePlanInvalid.
    """
    try:
        table = tomllib.loads(text, parse_float=Decimal)
        versions: list[dict[str, Any]] = []
        for stated in table.get("versions", ()):
            fees = {"fees": [_in_ppm(fee) for fee in stated["fees"]]} if "fees" in stated else {}
            versions.append({**(versions[-1] if versions else {}), **stated, **fees})
        plan = msgspec.convert({**table, "versions": versions}, FeePlan)
    except (ValueError, TypeError, RecursionError) as error:
        raise FeePlanInvalid(source=source, problem=str(error)) from error
    for path, fix in _wrong(plan):
        raise FeePlanInvalid(source=source, problem=f"`{path}`: {fix}")
    return plan


def _in_ppm(fee: Any) -> Any:
    """A fee as the file says it, its share in parts per million. Raises ValueError."""
    if not isinstance(fee, dict) or "rate" not in fee:
        raise ValueError('`rate` is missing: write it as a share, as in { fee = "mdr", rate = 0.006 }')
    rate = fee["rate"]
    for wrong in _wrong_rate(Decimal(rate) if isinstance(rate, int | Decimal) else Decimal("NaN")):
        raise ValueError(f"`rate` is {rate}: {wrong}")
    return {**{name: value for name, value in fee.items() if name != "rate"}, "rate_ppm": int(rate * MILLION)}


@cache
def fee_preset(name: str) -> FeePlan:
    """A plan that comes with the software. Raises KeyError for a name that is not in `fee_preset_names`."""
    return fee_plan_of(fee_preset_text(name), source=f"{name}.toml")


def _wrong(plan: FeePlan) -> Iterator[tuple[str, str]]:
    """(field, what to write instead)."""
    if not _NAME.fullmatch(plan.name):
        yield "name", 'use small letters, digits and hyphens, as in "ali"'
    if not (plan.title_en.strip() and plan.title_zh.strip()):
        yield "title_en, title_zh", "write both, as merchants read them"
    if not plan.versions:
        yield "versions", "write [[versions]], then `from_on` and the fees"
    for number, version in enumerate(plan.versions):
        at = f"versions[{number}]"
        if number and version.from_on <= plan.versions[number - 1].from_on:
            yield f"{at}.from_on", "put versions in order of `from_on`, oldest first"
        for place, fee in enumerate(version.fees):
            yield from ((f"{at}.fees[{place}].{field}", fix) for field, fix in _wrong_fee(fee))
        if version.withdrawal is not None:
            yield from ((f"{at}.withdrawal.rate", fix) for fix in _wrong_rate(version.withdrawal.rate))
            for field in ("floor_minor", "allowance_minor"):
                if getattr(version.withdrawal, field) < 0:
                    yield f"{at}.withdrawal.{field}", "write an amount of minor units, zero or more"


def _wrong_fee(fee: FeeTerms) -> Iterator[tuple[str, str]]:
    if fee.floor_minor < 0:
        yield "floor_minor", "write an amount of minor units, zero or more"
    if fee.cap_minor < 0 or 0 < fee.cap_minor < fee.floor_minor:
        yield "cap_minor", "write no less than `floor_minor`, or 0 for no cap"
    if fee.fee == "credit_fee" and fee.tenders not in ((), ("credit",)):
        yield "tenders", 'write ["credit"] or leave it away: nothing else is credit'
    if any(count < 0 for count in fee.counts):
        yield "counts", "write numbers of installments; 0 is for none"
    if fee.from_on and fee.until_on and fee.until_on <= fee.from_on:
        yield "until_on", "write a day after `from_on`: it is the first on which the fee does not hold any more"


def _wrong_rate(rate: Decimal) -> Iterator[str]:
    if not rate.is_finite() or not 0 <= rate < 1:
        yield "write a share from 0 to below 1, as in 0.006 for 0.6 %"
    elif rate * MILLION % 1:
        yield "write at most six decimals: fees are counted in parts per million"


def refuse_plan(before: FeePlan | None, plan: FeePlan, *, today: date) -> FeePlanInForce | None:
    """Why a plan cannot take the place of one of the same name; None when it can, or there is none."""
    if before is None or _until(before, today) == _until(plan, today):
        return None
    return FeePlanInForce(plan=plan.name, today=today)


def _until(plan: FeePlan, today: date) -> Sequence[FeeVersion]:
    """What a plan says of days that have begun."""
    return [version for version in plan.versions if version.from_on <= today]
