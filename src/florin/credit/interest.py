"""Interest: lazy and exact.

A statement bears interest on what is unpaid of it, for the half-open days [due date, payment date). The state keeps
minor units times days as an integer; nothing is rounded until it is posted, at a cycle close or a payoff: round(all so
far) less what was posted already. So it does not matter how often anybody looks. Interest bears no interest.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from msgspec.structs import replace

from florin.credit.items import Accrual, Statement
from florin.credit.terms import Program
from florin.money.amounts import round_half_up


def accrue(statement: Statement, on: date, program: Program) -> Statement:
    """The statement with its accrual brought to the beginning of `on`; before its due day nothing accrues."""
    if on <= statement.accrued_through_on:
        return statement
    minor_days = {accrual.version: accrual.minor_days for accrual in statement.accruals}
    base_minor = bearing_minor(statement, program)
    if base_minor > 0:
        for version, days in program.interest_spans(statement.closes_on, statement.accrued_through_on, on):
            minor_days[version] = minor_days.get(version, 0) + base_minor * days
    accruals = tuple(Accrual(version=version, minor_days=minor_days[version]) for version in sorted(minor_days))
    return replace(statement, accruals=accruals, accrued_through_on=on)


def bearing_minor(statement: Statement, program: Program) -> int:
    """The amount that bears interest; none once it was paid in full in time."""
    if statement.in_full:
        return 0
    with_fee = program.terms_on(statement.closes_on).interest_base == "principal_and_fee"
    return statement.principal_minor + (statement.fee_minor if with_fee else 0)


def exact_interest(statement: Statement, program: Program) -> Fraction:
    """All interest the statement has borne so far, in minor units, not rounded."""
    return sum(
        (accrual.minor_days * Fraction(program.interest_daily_rate(accrual.version)) for accrual in statement.accruals),
        start=Fraction(0),
    )


def unposted_minor(statement: Statement, program: Program) -> int:
    """What posting now would post: rounded half up over all days, less what was posted already."""
    if statement.accrued_through_on <= grace_ends_on(statement, program):
        return 0
    return round_half_up(exact_interest(statement, program)) - statement.posted_minor


def grace_ends_on(statement: Statement, program: Program) -> date:
    """The last day on which paying it in full is in time."""
    return statement.due_on + timedelta(days=program.terms_on(statement.closes_on).grace_days)
