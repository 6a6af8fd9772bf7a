"""Terms: every number and choice of a credit product, as data with versions.

A program (`huabei`) is a list of versions, each with the day from which it holds. Rules take `Terms` and never ask
which program it is. A version's interest rate reaches what is owed already, or only cycles closed from then on, as it
says.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from florin.money.dates import due_on_after, last_close_on, next_close_on

Bucket = Literal["interest", "fee", "principal"]
RateConvention = Literal["china_compound", "china_simple", "us_actuarial", "eu"]


class InstallmentTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One offer: so many installments for one fee, a share of the principal."""

    count: int
    fee_rate: Decimal


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one version of a product says. `docs/reference/terms.md` explains each field."""

    # the cycle
    cycle_day: int
    due_day: int
    grace_days: int = 0
    draws_on: Literal["receipt", "payment"]
    # the minimum, and the tests of payment
    minimum_share: Decimal
    minimum_floor_minor: int = 0
    full_payment_tolerance_minor: int = 0
    blocks_while_past_due: bool = True
    over_limit_tolerance_minor: int = 0
    # interest
    interest_daily_rate: Decimal
    interest_base: Literal["principal", "principal_and_fee"] = "principal"
    rate_convention: RateConvention = "china_compound"
    # what a repayment clears first
    waterfall: tuple[Bucket, ...] = ("interest", "fee", "principal")
    waterfall_by: Literal["statement", "bucket"] = "statement"
    # refunds
    refund_counts_toward_minimum: bool = True
    refund_excess_to_other_debt: bool = True
    plan_refund_fee: Literal["pro_rata", "full_return_only", "keep"] = "pro_rata"
    credit_balance_to_wallet: bool = True
    # installments
    installments: tuple[InstallmentTerms, ...] = ()
    installment_amount_minor_min: int = 0
    installment_split: Literal["each", "equal_total"] = "each"
    # the line, and escrow
    limit_minor_min: int = 0
    limit_minor_max: int = 10**12
    auto_confirm_days: dict[str, int] = {}

    def fee_rate(self, count: int) -> Decimal | None:
        """The fee of a plan of `count` installments, as a share of the principal; None when it is not offered."""
        return next((offer.fee_rate for offer in self.installments if offer.count == count), None)

    def auto_confirm_days_for(self, goods: str) -> int:
        """Days from payment until the clock confirms receipt for the buyer; unknown goods wait as `other` does."""
        return self.auto_confirm_days.get(goods, self.auto_confirm_days["other"])


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Terms from a day on. applies_to: whether the interest rate reaches balances owed already, or only new cycles."""

    from_on: date
    applies_to: Literal["balances", "new_cycles"]
    terms: Terms


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A credit product: its names, its currency, and its versions, oldest first."""

    name: str
    title_en: str
    title_zh: str
    currency: str
    versions: tuple[Version, ...]

    def terms_on(self, on: date) -> Terms:
        """The terms in force on a day; before the first version its terms."""
        return self.versions[self._version_on(on)].terms

    def next_close_on(self, on: date) -> date:
        """The first cycle close strictly after `on`, whichever version it falls under."""
        if len(self.versions) == 1:
            return next_close_on(self.versions[0].terms.cycle_day, on)
        closes = (
            next_close_on(version.terms.cycle_day, max(on, opens_on - timedelta(days=1)))
            for version, opens_on, _ in self._spans()
        )
        return min(close for close, (_, _, ends_on) in zip(closes, self._spans(), strict=True) if close < ends_on)

    def last_close_on(self, on: date) -> date:
        """The last cycle close on or before `on`: the day on which the cycle of `on` opened."""
        if len(self.versions) == 1:
            return last_close_on(self.versions[0].terms.cycle_day, on)
        closes = (
            (last_close_on(version.terms.cycle_day, min(on, ends_on - timedelta(days=1))), opens_on)
            for version, opens_on, ends_on in self._spans()
        )
        return max(close for close, opens_on in closes if close >= opens_on)

    def due_on(self, closes_on: date) -> date:
        """The due day of the statement that closes on `closes_on`."""
        return due_on_after(closes_on, self.terms_on(closes_on).due_day)

    def interest_spans(self, closes_on: date, from_on: date, to_on: date) -> tuple[tuple[int, int], ...]:
        """Days in [from_on, to_on) by the version whose interest rate a statement of `closes_on` bears: (version,
        days).
        """
        spans = []
        while from_on < to_on:
            until_on = min([to_on, *(v.from_on for v in self.versions if v.from_on > from_on)])
            spans.append((self._interest_version(closes_on, from_on), (until_on - from_on).days))
            from_on = until_on
        return tuple(spans)

    def interest_daily_rate(self, version: int) -> Decimal:
        return self.versions[version].terms.interest_daily_rate

    def _interest_version(self, closes_on: date, on: date) -> int:
        reaching = [
            index
            for index, version in enumerate(self.versions)
            if version.from_on <= on and (version.applies_to == "balances" or version.from_on <= closes_on)
        ]
        return max(reaching, default=0)

    def _version_on(self, on: date) -> int:
        return max((index for index, version in enumerate(self.versions) if version.from_on <= on), default=0)

    def _spans(self) -> list[tuple[Version, date, date]]:
        starts = [date.min + timedelta(days=366), *(version.from_on for version in self.versions[1:])]
        ends = [*starts[1:], date.max]
        return list(zip(self.versions, starts, ends, strict=True))
