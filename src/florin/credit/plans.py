"""Plans: a purchase in installments, for a flat fee or for interest on what is left, borne by shopper or merchant.

The fee of a declining plan is its interest: each installment's part is that of the level schedule
(`florin.credit.schedules`), with months of thirty days, or days of a year of 365 where orders have an interval in days.

A quote is what the cashier page shows before anybody agrees: each installment, the fee, the total, and the annualized
rate, which the law wants larger than any other. What was agreed travels in the event (`InstallmentChoice`), never
recomputed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from florin.credit.items import Installment, Plan
from florin.credit.schedules import Convention, Every, Loan, schedule
from florin.credit.terms import InstallmentTerms, Program, RateConvention, Terms
from florin.events import CampaignPart, FeePayer, FeeTiming, InstallmentChoice, PlanMethod
from florin.money.amounts import round_half_up, share_out, split_minor
from florin.money.rates import installment_rate

_A_DAY = timedelta(days=1)
# Months of thirty days, and days, are the same from any day: a plan's parts do not depend on when it was agreed.
_ANY_DAY = date(2001, 1, 1)

# What a purchase without a plan is where each order has due days of its own: one installment, free of charge.
ONE_INSTALLMENT = InstallmentChoice(count=1, fee_minor=0, fee_payer="shopper")


class Part(NamedTuple):
    """One installment, split into principal and the shopper's fee."""

    principal_minor: int
    fee_minor: int


class PlanQuote(msgspec.Struct, frozen=True, kw_only=True):
    """An offer. fee_minor: of the whole plan, whoever bears it. total: what the shopper pays in all; per_period: her
    first installment, the largest. annualized_rate: of what she pays, a share (0.1445 is 14.45 %), zero when others bear
    the fee. subsidy: the part of her fee that a campaign bears.
    """

    count: int
    fee_payer: FeePayer
    fee_minor: int
    installments: tuple[Part, ...]
    total_minor: int
    per_period_minor: int
    annualized_rate: Decimal
    convention: RateConvention
    method: PlanMethod = "flat"
    yearly_rate: Decimal = Decimal(0)
    fee_timing: FeeTiming = "each"
    subsidy: CampaignPart | None = None

    @property
    def shopper_fee_minor(self) -> int:
        """What she pays of the fee."""
        return self.choice().shopper_fee_minor

    def choice(self) -> InstallmentChoice:
        """What the shopper agrees to by taking this offer."""
        return InstallmentChoice(
            count=self.count,
            fee_minor=self.fee_minor,
            fee_payer=self.fee_payer,
            method=self.method,
            yearly_rate=self.yearly_rate,
            fee_timing=self.fee_timing,
            subsidy=self.subsidy,
        )


def quote(principal_minor: int, count: int, terms: Terms, fee_payer: FeePayer = "shopper") -> PlanQuote | None:
    """The offer for a purchase in `count` installments; None when the terms do not offer it for this amount."""
    choice = installment_choice(principal_minor, count, terms, fee_payer)
    return None if choice is None else quote_of(principal_minor, choice, terms)


def quote_of(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> PlanQuote:
    """What a choice comes to, for the shopper."""
    parts = shopper_parts(principal_minor, choice, terms)
    payments = [part.principal_minor + part.fee_minor for part in parts]
    return PlanQuote(
        count=choice.count,
        fee_payer=choice.fee_payer,
        fee_minor=choice.fee_minor,
        installments=parts,
        total_minor=sum(payments),
        per_period_minor=max(payments),
        annualized_rate=installment_rate(
            principal_minor, payments, terms.rate_convention, terms.installments_per_year()
        ),
        convention=terms.rate_convention,
        method=choice.method,
        yearly_rate=choice.yearly_rate,
        fee_timing=choice.fee_timing,
        subsidy=choice.subsidy,
    )


def subsidized(choice: InstallmentChoice, before: InstallmentChoice | None, left_minor: int) -> InstallmentChoice:
    """A choice priced anew on a part of what it was agreed for: the campaign bears the same share of its fee.

    before: as agreed; left_minor: what of the campaign's promise is left, and no more. Rounded half up.
    """
    if before is None or before.subsidy is None or not before.subsidy.amount_minor:
        return choice
    share = Fraction(before.subsidy.amount_minor * choice.fee_minor, before.fee_minor)
    part = replace(before.subsidy, amount_minor=min(round_half_up(share), left_minor))
    return replace(choice, subsidy=part if part.amount_minor else None)


def installment_choice(
    principal_minor: int, count: int, terms: Terms, fee_payer: FeePayer = "shopper"
) -> InstallmentChoice | None:
    """What is agreed when a purchase is spread: the count and its fee; None when the terms do not offer it."""
    offer = terms.offer(count)
    if offer is None or principal_minor < max(terms.installment_amount_minor_min, count):
        return None
    return choice_of(principal_minor, offer, terms, fee_payer)


def choice_of(
    principal_minor: int, offer: InstallmentTerms, terms: Terms, fee_payer: FeePayer = "shopper"
) -> InstallmentChoice:
    """An offer, priced for an amount."""
    if offer.method == "declining":
        parts = _declining(principal_minor, offer.count, offer.yearly_rate, terms.order_days(), terms.rounding)
        fee_minor = sum(part.fee_minor for part in parts)
    else:
        fee_minor = round_half_up(principal_minor * Fraction(offer.fee_rate))
    return InstallmentChoice(
        count=offer.count,
        fee_minor=fee_minor,
        fee_payer=fee_payer,
        method=offer.method,
        yearly_rate=offer.yearly_rate,
        fee_timing=offer.fee_timing,
    )


def offers(principal_minor: int, terms: Terms, fee_payer: FeePayer = "shopper") -> tuple[PlanQuote, ...]:
    """All plans that the terms offer for an amount, the shortest first."""
    counts = sorted(offer.count for offer in terms.installments)
    quotes = (quote(principal_minor, count, terms, fee_payer) for count in counts)
    return tuple(offer for offer in quotes if offer is not None)


def shopper_parts(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> tuple[Part, ...]:
    """What the shopper pays in each installment: principal and fee split apart, or so that the totals are equal (a
    term); of a declining plan as its schedule says.
    """
    if choice.fee_payer == "merchant":
        return tuple(Part(principal, 0) for principal in split_minor(principal_minor, choice.count))
    return _split(principal_minor, choice, terms)


def new_plan(
    item_id: int,
    principal_minor: int,
    choice: InstallmentChoice,
    bought_on: date,
    program: Program,
    *,
    opens_on: date,
    cycle_day: int = 0,
) -> Plan:
    """The plan of a purchase as agreed; arguments as for `installments_to_come`."""
    future = installments_to_come(principal_minor, choice, bought_on, program, opens_on=opens_on, cycle_day=cycle_day)
    return Plan(
        item_id=item_id,
        count=choice.count,
        fee_payer=choice.fee_payer,
        bought_minor=principal_minor,
        future=future,
        upfront_fee_minor=choice.shopper_fee_minor if is_upfront(choice) else 0,
        yearly_rate=choice.yearly_rate,
        subsidy=choice.subsidy,
        priced_on=_priced_on(choice, bought_on),
    )


def plans_over(
    shares: Mapping[int, int],
    choice: InstallmentChoice,
    agreed_on: date,
    program: Program,
    *,
    opens_on: date,
    cycle_day: int = 0,
    bill_on: date | None = None,
) -> list[Plan]:
    """One agreement over several purchases, as a plan of each: installment by installment they add up to the plan of the
    sum.

    shares: the principal of each purchase (its payment's id); the rest as for `installments_to_come`.
    """
    whole_minor = sum(shares.values())
    whole = installments_to_come(whole_minor, choice, agreed_on, program, opens_on=opens_on, cycle_day=cycle_day)
    left = dict(shares)
    installments: dict[int, list[Installment]] = {item_id: [] for item_id in shares}
    for installment in whole:
        principals = share_out(installment.principal_minor, list(left.values())) if whole_minor else [0] * len(left)
        fees = share_out(installment.fee_minor, list(shares.values()))
        earned = share_out(installment.income_minor, list(shares.values()))
        for item_id, principal, fee, earns in zip(shares, principals, fees, earned, strict=True):
            left[item_id] -= principal
            installments[item_id].append(
                replace(
                    installment,
                    principal_minor=principal,
                    fee_minor=fee,
                    earns_minor=None if installment.earns_minor is None else earns,
                )
            )
        whole_minor -= installment.principal_minor
    return [
        Plan(
            item_id=item_id,
            count=choice.count,
            fee_payer=choice.fee_payer,
            bought_minor=shares[item_id],
            future=tuple(future),
            upfront_fee_minor=sum(one.fee_minor for one in future) if is_upfront(choice) else 0,
            yearly_rate=choice.yearly_rate,
            priced_on=_priced_on(choice, agreed_on),
            bill_on=bill_on,
        )
        for item_id, future in installments.items()
    ]


def installments_to_come(
    principal_minor: int,
    choice: InstallmentChoice,
    bought_on: date,
    program: Program,
    *,
    opens_on: date,
    cycle_day: int = 0,
) -> tuple[Installment, ...]:
    """The installments of a plan, one a cycle, the first on the first statement after the purchase; by the order, one
    an interval.

    opens_on: of the current cycle; a purchase that is recorded late starts there, so that no two installments meet.
    cycle_day: the line's own; 0 means the terms'.
    """
    terms = program.terms_on(bought_on)
    parts = _split(principal_minor, choice, terms)
    earned = _earned(parts) if is_upfront(choice) else [None] * len(parts)
    borne = _borne(principal_minor, choice, parts, terms)
    return tuple(
        Installment(
            number=number,
            bills_on=max(program.bills_on(bought_on, number, opens_on, cycle_day), bought_on + _A_DAY),
            principal_minor=part.principal_minor,
            fee_minor=part.fee_minor,
            earns_minor=earns_minor,
            borne_minor=borne_minor,
        )
        for number, (part, earns_minor, borne_minor) in enumerate(zip(parts, earned, borne, strict=True), start=1)
    )


def declining_parts(principal_minor: int, count: int, yearly_rate: Decimal, terms: Terms) -> tuple[Part, ...]:
    """Level installments with interest on what is left: principal and interest of each."""
    return _declining(principal_minor, count, yearly_rate, terms.order_days(), terms.rounding)


def lent_years_minor(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> Fraction:
    """What a plan lends, times how long, in minor units and years: a yearly rate takes its share of this, exact, not rounded.

    By the plan as agreed, with months and days as a declining plan counts them.
    """
    a_period = Fraction(terms.order_days(), 365) if terms.order_days() else Fraction(1, 12)
    left_minor, lent_minor = principal_minor, 0
    for part in shopper_parts(principal_minor, choice, terms):
        lent_minor += left_minor
        left_minor -= part.principal_minor
    return lent_minor * a_period


def is_upfront(choice: InstallmentChoice) -> bool:
    """Whether the shopper is billed all of the fee with the first installment."""
    return choice.fee_timing == "upfront" and choice.shopper_fee_minor > 0


def _priced_on(choice: InstallmentChoice, on: date) -> date | None:
    """The day whose rate a plan bears, where a later one may reach it: interest that a campaign bears is an amount agreed."""
    by_rate = choice.method == "declining" and choice.fee_payer == "shopper" and choice.subsidy is None
    return on if by_rate else None


def _split(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> tuple[Part, ...]:
    by_shopper = choice.fee_payer == "shopper"
    fee_minor = choice.shopper_fee_minor if by_shopper else choice.fee_minor
    if choice.method == "declining" and by_shopper:
        parts = _declining(principal_minor, choice.count, choice.yearly_rate, terms.order_days(), terms.rounding)
        if choice.subsidy is None:
            return parts
        fees = share_out(fee_minor, [part.fee_minor for part in parts])
        return tuple(part._replace(fee_minor=fee) for part, fee in zip(parts, fees, strict=True))
    fees = split_minor(fee_minor, choice.count)
    principals = split_minor(principal_minor, choice.count)
    if is_upfront(choice):
        fees = [fee_minor, *[0] * (choice.count - 1)]
    elif terms.installment_split == "equal_total" and by_shopper:
        totals = split_minor(principal_minor + fee_minor, choice.count)
        principals = [total - fee for total, fee in zip(totals, fees, strict=True)]
    return tuple(map(Part, principals, fees))


def _earned(parts: Sequence[Part]) -> list[int | None]:
    """What each bill earns of a fee up front, so that what is left to earn is the share of the principal to come."""
    principal_minor, fee_minor = sum(part.principal_minor for part in parts), sum(part.fee_minor for part in parts)
    left_minor, deferred_minor = principal_minor, fee_minor
    earned: list[int | None] = []
    for part in parts:
        left_minor -= part.principal_minor
        still_minor = round_half_up(Fraction(fee_minor * left_minor, principal_minor))
        earned.append(deferred_minor - still_minor)
        deferred_minor = still_minor
    return earned


def _borne(principal_minor: int, choice: InstallmentChoice, parts: Sequence[Part], terms: Terms) -> Sequence[int]:
    """What a campaign bears of each installment's fee, whenever the shopper is billed hers."""
    if choice.subsidy is None:
        return [0] * len(parts)
    if choice.method == "declining":
        whole = _declining(principal_minor, choice.count, choice.yearly_rate, terms.order_days(), terms.rounding)
        return [of_all.fee_minor - part.fee_minor for of_all, part in zip(whole, parts, strict=True)]
    return split_minor(choice.subsidy.amount_minor, choice.count)


@lru_cache(maxsize=4096)
def _declining(
    principal_minor: int, count: int, yearly_rate: Decimal, order_days: int, rounding: Literal["half_up", "half_even"]
) -> tuple[Part, ...]:
    loan = Loan(
        principal_minor=principal_minor,
        yearly_rate=yearly_rate,
        periods=count,
        every=Every(order_days, "days") if order_days else Every(1, "months"),
        disbursed_on=_ANY_DAY,
        convention=Convention(
            day_count="actual/365" if order_days else "30/360",
            rounding="HALF_EVEN" if rounding == "half_even" else "HALF_UP",
        ),
    )
    return tuple(Part(row.principal_minor, row.interest_minor) for row in schedule(loan).installments)
