"""Payoff: what it takes today to owe nothing, to the cent.

All principal and fees, billed or not, posted interest, and the interest that has accrued and is not posted yet. A
repayment of this amount on this day settles the line; the shopper's fees of installments to come are part of it.
"""

from __future__ import annotations

from datetime import date

import msgspec

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
