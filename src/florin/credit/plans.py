"""Plans: a purchase in installments, for one fee that the shopper or the merchant bears.

A quote is what the cashier page shows before anybody agrees: each installment, the fee, the total, and the annualized
rate, which the law wants larger than any other. What was agreed travels in the event (`InstallmentChoice`), never
recomputed.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import msgspec

from florin.credit.items import Installment
from florin.credit.terms import Program, RateConvention, Terms
from florin.events import FeePayer, InstallmentChoice
from florin.money.amounts import round_half_up, split_minor
from florin.money.rates import installment_rate

_A_DAY = timedelta(days=1)

# What a purchase without a plan is where each order has due days of its own: one installment, free of charge.
ONE_INSTALLMENT = InstallmentChoice(count=1, fee_minor=0, fee_payer="shopper")


class Part(NamedTuple):
    """One installment, split into principal and the shopper's fee."""

    principal_minor: int
    fee_minor: int


class PlanQuote(msgspec.Struct, frozen=True, kw_only=True):
    """An offer. fee_minor: of the whole plan, whoever bears it. total: what the shopper pays in all; per_period: her
    first installment, the largest. annualized_rate: a share (0.1445 is 14.45 %), zero when the merchant bears the fee.
    """

    count: int
    fee_payer: FeePayer
    fee_minor: int
    installments: tuple[Part, ...]
    total_minor: int
    per_period_minor: int
    annualized_rate: Decimal
    convention: RateConvention

    def choice(self) -> InstallmentChoice:
        """What the shopper agrees to by taking this offer."""
        return InstallmentChoice(count=self.count, fee_minor=self.fee_minor, fee_payer=self.fee_payer)


def quote(principal_minor: int, count: int, terms: Terms, fee_payer: FeePayer = "shopper") -> PlanQuote | None:
    """The offer for a purchase in `count` installments; None when the terms do not offer it for this amount."""
    choice = installment_choice(principal_minor, count, terms, fee_payer)
    if choice is None:
        return None
    parts = shopper_parts(principal_minor, choice, terms)
    payments = [part.principal_minor + part.fee_minor for part in parts]
    return PlanQuote(
        count=count,
        fee_payer=fee_payer,
        fee_minor=choice.fee_minor,
        installments=parts,
        total_minor=sum(payments),
        per_period_minor=max(payments),
        annualized_rate=installment_rate(
            principal_minor, payments, terms.rate_convention, terms.installments_per_year()
        ),
        convention=terms.rate_convention,
    )


def installment_choice(
    principal_minor: int, count: int, terms: Terms, fee_payer: FeePayer = "shopper"
) -> InstallmentChoice | None:
    """What is agreed when a purchase is spread: the count and its fee; None when the terms do not offer it."""
    fee_rate = terms.fee_rate(count)
    if fee_rate is None or principal_minor < max(terms.installment_amount_minor_min, count):
        return None
    fee_minor = round_half_up(principal_minor * Fraction(fee_rate))
    return InstallmentChoice(count=count, fee_minor=fee_minor, fee_payer=fee_payer)


def offers(principal_minor: int, terms: Terms, fee_payer: FeePayer = "shopper") -> tuple[PlanQuote, ...]:
    """All plans that the terms offer for an amount, the shortest first."""
    counts = sorted(offer.count for offer in terms.installments)
    quotes = (quote(principal_minor, count, terms, fee_payer) for count in counts)
    return tuple(offer for offer in quotes if offer is not None)


def shopper_parts(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> tuple[Part, ...]:
    """What the shopper pays in each installment: principal and fee split apart, or so that the totals are equal (a
    term).
    """
    if choice.fee_payer == "merchant":
        return tuple(Part(principal, 0) for principal in split_minor(principal_minor, choice.count))
    return tuple(Part(*pair) for pair in _split(principal_minor, choice, terms))


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
    return tuple(
        Installment(
            number=number,
            bills_on=max(program.bills_on(bought_on, number, opens_on, cycle_day), bought_on + _A_DAY),
            principal_minor=principal,
            fee_minor=fee,
        )
        for number, (principal, fee) in enumerate(_split(principal_minor, choice, terms), start=1)
    )


def _split(principal_minor: int, choice: InstallmentChoice, terms: Terms) -> list[tuple[int, int]]:
    fees = split_minor(choice.fee_minor, choice.count)
    principals = split_minor(principal_minor, choice.count)
    if terms.installment_split == "equal_total" and choice.fee_payer == "shopper":
        totals = split_minor(principal_minor + choice.fee_minor, choice.count)
        principals = [total - fee for total, fee in zip(totals, fees, strict=True)]
    return list(zip(principals, fees, strict=True))
