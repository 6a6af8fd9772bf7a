"""Terms: every number and choice of a credit product, as data with versions.

A program (`huabei`) is a list of versions, each with the day from which it holds. Rules take `Terms` and never ask
which program it is. A version's interest rate reaches what is owed already, or only cycles closed from then on, as it
says.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import msgspec

from florin.events import FeeTiming, Place, PlanMethod, ReminderChannel, ReminderText, RepaymentSource
from florin.money.dates import due_on_after, last_close_on, months_after, next_close_on

Bucket = Literal["cost", "penalty", "fee", "interest", "principal"]
RateConvention = Literal["china_compound", "china_simple", "us_actuarial", "eu"]

HardshipRest = Literal["due_at_once", "continue"]
ChargeOffMode = Literal["whole_line", "past_due", "principal"]

DAYS_A_YEAR, DAYS_A_MONTH = 365, 30


class InstallmentTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One offer: so many installments for one fee, a share of the principal; or, by method `declining`, for interest at
    yearly_rate on what is left. fee_timing: a flat fee is billed with `each` installment, or all of it with the first.
    """

    count: int
    fee_rate: Decimal
    method: PlanMethod = "flat"
    yearly_rate: Decimal = Decimal(0)
    fee_timing: FeeTiming = "each"


class Waterfall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a repayment clears first, from so many days past due on: `order` within a statement before the next newer
    one, or each bucket over all statements before the next bucket.
    """

    order: tuple[Bucket, ...]
    by: Literal["statement", "bucket"] = "statement"
    from_days_past_due: int = 0


class ProvisionRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share of a debt that is expected to be lost, from so many days past due on."""

    from_days_past_due: int
    rate: Decimal


class DunningStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reminder so many days past due; below zero: before the due day. text: which of the known texts it says."""

    days_past_due: int
    text: ReminderText
    channel: ReminderChannel = "message"


class ReAgeLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so many re-ages within so many years."""

    count: int
    years: int


class LateCharge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charge once a statement has been past due for so many days: a share of its unmet minimum and a fixed amount,
    at least the floor, and with all its charges before at most the caps. cap_share: of the statement's image.

    per: by "order" each order on the statement has all of this for itself: the share is of what it misses there, and the
    caps are of what was bought, over all its statements.
    """

    per: Literal["statement", "order"] = "statement"
    days_past_due: int = 1
    share: Decimal = Decimal(0)
    amount_minor: int = 0
    floor_minor: int = 0
    cap_minor: int = 0
    cap_share: Decimal = Decimal(0)


class SubLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The most that may be outstanding from purchases in a market, of a category, by a channel: of those that are given,
    all. An amount, or a share of the limit in force.
    """

    market: str = ""
    category: str = ""
    channel: Literal["", "online", "offline"] = ""
    limit_minor: int | None = None
    share: Decimal | None = None

    def covers(self, place: Place) -> bool:
        """Whether a purchase at this place counts."""
        return (
            self.market in ("", place.market)
            and self.category in ("", place.category)
            and self.channel in ("", place.channel)
        )

    def most_minor(self, limit_minor: int) -> int:
        """The amount, of a line with this limit in force; a share is rounded down."""
        return int(limit_minor * (self.share or 0)) if self.limit_minor is None else self.limit_minor


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one version of a product says. `docs/reference/terms.md` explains each field."""

    # the cycle; or, without a bill, each order with due days of its own
    billing: Literal["cycle", "order"] = "cycle"
    cycle_day: int
    due_day: int = 0
    due_days: int = 0
    order_interval_days: int = 0
    order_notice_days: int = 0
    grace_days: int = 0
    draws_on: Literal["receipt", "payment"]
    # the minimum, and the tests of payment
    minimum_share: Decimal
    minimum_in_full: tuple[Literal["installment", "fee", "interest", "penalty", "missed", "over_limit"], ...] = (
        "installment", "fee", "interest", "penalty", "missed",
    )  # fmt: skip
    minimum_floor_minor: int = 0
    minimum_whole_below_minor: int = 0
    minimum_tolerance_minor: int = 0
    full_payment_tolerance_minor: int = 0
    blocks_while_past_due: bool = True
    over_limit_tolerance_minor: int = 0
    # interest
    interest_daily_rate: Decimal
    interest_start: Literal["due", "posting"] = "due"
    interest_free: Literal["paid_in_full", "never"] = "paid_in_full"
    grace_lost_for: int = 0
    interest_on: tuple[Bucket, ...] = ("principal",)
    rounding: Literal["half_up", "half_even"] = "half_up"
    non_accrual_days: int = 0
    rate_convention: RateConvention = "china_compound"
    yearly_rate_max: Decimal | None = None
    # what being late costs beside it
    penalty_daily_rate: Decimal = Decimal(0)
    penalty_on: Literal["missed", "principal", "principal_and_fee"] = "missed"
    late_charges: tuple[LateCharge, ...] = ()
    # being late for long
    charge_off_days: int = 0
    charge_off_mode: ChargeOffMode = "whole_line"
    charge_off_interest: Literal["stop", "memo"] = "stop"
    sold_repayments: Literal["refuse", "pass_on"] = "refuse"
    provision_rates: tuple[ProvisionRate, ...] = ()
    # reminders, and pauses of them
    dunning: tuple[DunningStep, ...] = ()
    pause_stops: tuple[Literal["penalty", "late_charges", "collection", "charge_off"], ...] = (
        "late_charges", "collection", "charge_off",
    )  # fmt: skip
    pause_days_max: int = 90
    # collection
    collection_days: int = 0
    contact_from_hour: int = 8
    contact_until_hour: int = 21
    contacts_a_day: int = 1
    contacts_a_week: int = 3
    promise_days_max: int = 30
    # relief: a line is brought current, or what is owed becomes a plan
    reage_min_paid: int = 3
    reage_per_years: tuple[ReAgeLimit, ...] = ()
    hardship_counts: tuple[int, ...] = ()
    hardship_yearly_rate: Decimal = Decimal(0)
    hardship_missed_days: int = 30
    hardship_broken: HardshipRest = "due_at_once"
    # what a repayment clears first
    waterfall: tuple[Waterfall, ...] = (Waterfall(order=("cost", "penalty", "interest", "fee", "principal")),)
    repayment_hold_days: int = 0
    # refunds
    refund_counts_toward_minimum: bool = True
    refund_excess_to_other_debt: bool = True
    plan_refund_fee: Literal["pro_rata", "full_return_only", "keep"] = "pro_rata"
    credit_balance_to_wallet: bool = True
    # installments
    installments: tuple[InstallmentTerms, ...] = ()
    installment_amount_minor_min: int = 0
    installment_split: Literal["each", "equal_total"] = "each"
    down_payment_share: Decimal = Decimal(0)
    plan_payoff_fee: Literal["owed", "waived", "current_period"] = "owed"
    plan_payoff_charge: Decimal = Decimal(0)
    # installments after the purchase
    convert: tuple[Literal["purchase", "bill"], ...] = ()
    convert_installments: tuple[InstallmentTerms, ...] = ()
    convert_share_max: Decimal = Decimal(1)
    convert_amount_minor_min: int = 0
    # the line, and escrow
    limit_minor_min: int = 0
    limit_minor_max: int = 10**12
    sub_limits: tuple[SubLimit, ...] = ()
    tender: Literal["credit", "card"] = "credit"
    exposure_group: str = ""
    exposure_group_limit_minor: int = 0
    auto_confirm_days: dict[str, int] = {}
    # joint lending
    own_share_min: Decimal = Decimal("0.3")
    # a card's network
    interchange_rate: Decimal = Decimal(0)
    network_rate: Decimal = Decimal(0)
    network_refunded: bool = True
    network_exempt: tuple[str, ...] = ()
    # autopay on the due day
    autopay_sources: tuple[RepaymentSource, ...] = ()
    autopay_attempts: int = 2

    def offer(self, count: int) -> InstallmentTerms | None:
        """The offer of `count` installments; None when there is none."""
        return next((offer for offer in self.installments if offer.count == count), None)

    def auto_confirm_days_for(self, goods: str) -> int:
        """Days from payment until the clock confirms receipt for the buyer; unknown goods wait as `other` does."""
        return self.auto_confirm_days.get(goods, self.auto_confirm_days["other"])

    def installments_per_year(self) -> Fraction:
        """Twelve, or as often as an order's interval fits into 365 days."""
        days = self.order_days()
        return Fraction(DAYS_A_YEAR, days) if days else Fraction(12)

    def order_days(self) -> int:
        """Days between installments where orders are due by themselves; 0: a month."""
        return self.order_interval_days if self.billing == "order" else 0

    def yearly_rate(self) -> Decimal:
        """A day's interest and penalty, times 365: what being late costs beside late charges."""
        return (self.interest_daily_rate + self.penalty_daily_rate) * DAYS_A_YEAR

    def charged_daily_rates(self) -> tuple[Fraction, Fraction]:
        """Interest and penalty of a day as they are charged: together never above `yearly_rate_max` / 365."""
        return _charged_daily_rates(self.interest_daily_rate, self.penalty_daily_rate, self.yearly_rate_max)

    def provision_rate(self, days_past_due: int) -> Decimal:
        """The share of a debt so many days past due that needs an allowance."""
        rates = [each.rate for each in self.provision_rates if each.from_days_past_due <= days_past_due]
        return rates[-1] if rates else Decimal(0)

    def waterfall_at(self, days_past_due: int) -> Waterfall:
        """The regime in force so many days past due."""
        return [regime for regime in self.waterfall if regime.from_days_past_due <= days_past_due][-1]


# A fold asks for them at every step, and exact fractions are dear to make.
@lru_cache(maxsize=256)
def _charged_daily_rates(
    interest_rate: Decimal, penalty_rate: Decimal, yearly_rate_max: Decimal | None
) -> tuple[Fraction, Fraction]:
    interest, penalty = Fraction(interest_rate), Fraction(penalty_rate)
    if yearly_rate_max is None or (interest_rate + penalty_rate) * DAYS_A_YEAR <= yearly_rate_max:
        return interest, penalty
    most = Fraction(yearly_rate_max) / DAYS_A_YEAR
    interest = min(interest, most)
    return interest, most - interest


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Terms from a day on. applies_to: whether the interest rate reaches balances owed already, or only new cycles."""

    from_on: date
    applies_to: Literal["balances", "new_cycles"]
    terms: Terms


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A credit product: its names, its currency, and its versions, oldest first.

    Where a method takes a `cycle_day`, it is the line's own; 0 means the terms'.
    """

    name: str
    title_en: str
    title_zh: str
    currency: str
    versions: tuple[Version, ...]

    @property
    def exposure_group(self) -> str:
        """The group of programs that it shares a limit with; no version changes it. Empty: none."""
        return self.versions[0].terms.exposure_group

    @property
    def tender(self) -> str:
        """The means that a merchant takes or not: an ecosystem's credit, or a bank's card; no version changes it."""
        return self.versions[0].terms.tender

    def terms_on(self, on: date) -> Terms:
        """The terms in force on a day; before the first version its terms."""
        if len(self.versions) == 1:
            return self.versions[0].terms
        return self.versions[self._version_on(on)].terms

    def next_close_on(self, on: date, cycle_day: int = 0) -> date:
        """The first cycle close strictly after `on`, whichever version it falls under."""
        if cycle_day or len(self.versions) == 1:
            return next_close_on(cycle_day or self.versions[0].terms.cycle_day, on)
        closes = (
            next_close_on(version.terms.cycle_day, max(on, opens_on - timedelta(days=1)))
            for version, opens_on, _ in self._spans()
        )
        return min(close for close, (_, _, ends_on) in zip(closes, self._spans(), strict=True) if close < ends_on)

    def last_close_on(self, on: date, cycle_day: int = 0) -> date:
        """The last cycle close on or before `on`: the day on which the cycle of `on` opened."""
        if cycle_day or len(self.versions) == 1:
            return last_close_on(cycle_day or self.versions[0].terms.cycle_day, on)
        closes = (
            (last_close_on(version.terms.cycle_day, min(on, ends_on - timedelta(days=1))), opens_on)
            for version, opens_on, ends_on in self._spans()
        )
        return max(close for close, opens_on in closes if close >= opens_on)

    def due_on(self, closes_on: date, due_day: int = 0) -> date:
        """The due day of the statement that closes on `closes_on`. due_day: the line's own; 0 means the terms'."""
        terms = self.terms_on(closes_on)
        if terms.billing == "order":
            return closes_on + timedelta(days=terms.order_notice_days)
        if due_day or terms.due_day:
            return due_on_after(closes_on, due_day or terms.due_day)
        return closes_on + timedelta(days=terms.due_days)

    def bills_on(self, bought_on: date, number: int, opens_on: date, cycle_day: int = 0) -> date:
        """The close that bills installment `number` (from 1) of a purchase.

        By the cycle: the number-th close after the purchase, and after `opens_on`. By the order: the number-th
        interval after the purchase (months keep their day, clamped to the month's end), less the days of notice.
        """
        terms = self.terms_on(bought_on)
        if terms.billing == "order":
            if terms.order_interval_days:
                due_on = bought_on + timedelta(days=number * terms.order_interval_days)
            else:
                due_on = months_after(bought_on, number)
            return due_on - timedelta(days=terms.order_notice_days)
        close_on = max(bought_on, opens_on)
        for _ in range(number):
            close_on = self.next_close_on(close_on, cycle_day)
        return close_on

    def first_bill_on(self, bought_on: date, cycle_day: int = 0) -> date:
        """The first close that can bill a purchase of a day; never that day itself."""
        if self.terms_on(bought_on).billing == "order":
            return max(self.bills_on(bought_on, 1, bought_on), bought_on + timedelta(days=1))
        return self.next_close_on(bought_on, cycle_day)

    def interest_spans(self, closes_on: date, from_on: date, to_on: date) -> tuple[tuple[int, int], ...]:
        """Days in [from_on, to_on) by the version whose interest rate a statement of `closes_on` bears: (version,
        days).
        """
        if len(self.versions) == 1:
            return ((0, (to_on - from_on).days),) if from_on < to_on else ()
        spans = []
        while from_on < to_on:
            until_on = min([to_on, *(v.from_on for v in self.versions if v.from_on > from_on)])
            spans.append((self._interest_version(closes_on, from_on), (until_on - from_on).days))
            from_on = until_on
        return tuple(spans)

    def interest_daily_rate(self, version: int) -> Fraction:
        """As charged: within the version's all-in cap."""
        return self.versions[version].terms.charged_daily_rates()[0]

    def penalty_daily_rate(self, version: int) -> Fraction:
        """As charged: what the version's all-in cap leaves beside its interest."""
        return self.versions[version].terms.charged_daily_rates()[1]

    def _interest_version(self, closes_on: date, on: date) -> int:
        reaching = [
            index
            for index, version in enumerate(self.versions)
            if version.from_on <= on and (version.applies_to == "balances" or version.from_on <= closes_on)
        ]
        found, in_force = max(reaching, default=0), self._version_on(on)
        rate_max = self.versions[in_force].terms.yearly_rate_max
        # A cap is law: from its day on it reaches what is owed already, if that bears more.
        if found != in_force and rate_max is not None and self.versions[found].terms.yearly_rate() > rate_max:
            return in_force
        return found

    def _version_on(self, on: date) -> int:
        if len(self.versions) == 1:
            return 0
        return max((index for index, version in enumerate(self.versions) if version.from_on <= on), default=0)

    def _spans(self) -> list[tuple[Version, date, date]]:
        starts = [date.min + timedelta(days=366), *(version.from_on for version in self.versions[1:])]
        ends = [*starts[1:], date.max]
        return list(zip(self.versions, starts, ends, strict=True))
