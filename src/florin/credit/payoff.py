"""Payoff: what it takes to owe nothing, to the cent, today or on a day to come.

All principal and fees, billed or not, posted interest, and the interest that has accrued and is not posted yet. A
repayment of this amount on its day settles the line; the shopper's fees of installments to come are part of it. Nothing is
stored of a quote: the same events give the same one, and if nothing happens in between it holds on its day.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from florin.credit.account import advance
from florin.credit.charge_off import claim_interest_minor
from florin.credit.interest import accrued, unbilled_interest_minor, unposted_minor, unposted_penalty_minor
from florin.credit.items import Account
from florin.credit.terms import Program


class PayoffQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed on a day, by kind. accrued: interest up to that day that no statement has billed; accrued_penalty:
    daily penalties likewise.
    """

    on: date
    principal_minor: int
    fee_minor: int
    interest_minor: int
    accrued_minor: int
    total_minor: int
    penalty_minor: int = 0
    cost_minor: int = 0
    accrued_penalty_minor: int = 0


class PayoffQuotes(msgspec.Struct, frozen=True, kw_only=True):
    """The quotes of some days, today's first. good_through_on: the last of these days on which today's amount is right."""

    days: tuple[PayoffQuote, ...]
    good_through_on: date


def payoff_through(account: Account, on: date, through_on: date, program: Program) -> PayoffQuotes:
    """What it takes on each day from `on` through `through_on`, if nothing happens until then but what the clock does.

    The account must have been advanced to `on`. A bill or a late charge of a day is in its amount.
    """
    days = [payoff(account, on, program)]
    while days[-1].on < through_on:
        day = days[-1].on + timedelta(days=1)
        account, _ = advance(account, day, program)
        days.append(payoff(account, day, program))
    same = [each.on for each in days if each.total_minor == days[0].total_minor]
    unbroken = [day for number, day in enumerate(same) if day == on + timedelta(days=number)]
    return PayoffQuotes(days=tuple(days), good_through_on=unbroken[-1])


def payoff(account: Account, on: date, program: Program) -> PayoffQuote:
    """The quote for `on`. The account must have been advanced to that day."""
    account = accrued(account, on, program)
    statements = account.statements
    accrued_minor = sum(max(0, unposted_minor(statement, program)) for statement in statements)
    accrued_minor += unbilled_interest_minor(account, on, program) + claim_interest_minor(account, on, program)
    accrued_penalty_minor = sum(max(0, unposted_penalty_minor(statement, program)) for statement in statements)
    return PayoffQuote(
        on=on,
        principal_minor=account.principal_minor,
        fee_minor=account.fee_minor,
        interest_minor=account.interest_minor,
        accrued_minor=accrued_minor,
        total_minor=account.owed_minor + accrued_minor + accrued_penalty_minor,
        penalty_minor=account.penalty_minor,
        cost_minor=account.cost_minor,
        accrued_penalty_minor=accrued_penalty_minor,
    )
