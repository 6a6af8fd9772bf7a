"""Payoff: what it takes today to owe nothing, to the cent.

All principal and fees, billed or not, posted interest, and the interest that has accrued and is not posted yet. A
repayment of this amount on this day settles the line; the shopper's fees of installments to come are part of it.
"""

from __future__ import annotations

from datetime import date

import msgspec

from florin.credit.account import accrued
from florin.credit.interest import unposted_minor
from florin.credit.items import Account
from florin.credit.terms import Program


class PayoffQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What is owed on a day, by kind. accrued: interest up to that day that no statement has billed."""

    on: date
    principal_minor: int
    fee_minor: int
    interest_minor: int
    accrued_minor: int
    total_minor: int


def payoff(account: Account, on: date, program: Program) -> PayoffQuote:
    """The quote for `on`. The account must have been advanced to that day."""
    statements = accrued(account, on, program).statements
    accrued_minor = sum(unposted_minor(statement, program) for statement in statements)
    return PayoffQuote(
        on=on,
        principal_minor=account.principal_minor,
        fee_minor=account.fee_minor,
        interest_minor=account.interest_minor,
        accrued_minor=accrued_minor,
        total_minor=account.owed_minor + accrued_minor,
    )
