"""Interest: lazy and exact.

A statement bears interest on what is unpaid of it for half-open days [from, payment date): from its due date, or from
the posting of each purchase, as the terms say. The state keeps minor units times days as an integer; nothing is rounded
until it is posted, at a cycle close or a payoff: round(all so far) less what was posted already. So it does not matter
how often anybody looks.

Interest from posting is *contingent* while the statement may still be paid in full in time: silent until the due day
(and the days of grace) has passed, then owed from the first day on; dropped when it is paid in full. A daily penalty
accrues beside it on what is missed, and is owed only of a statement that fell past due. While a hardship plan runs, nothing
is borne but the plan's own interest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from msgspec.structs import replace

from florin.credit.items import Account, Accrual, Statement, missed_minor
from florin.credit.terms import Program, Terms
from florin.money.amounts import round_half_even, round_half_up

_NOTHING = Fraction(0)


def accrued(account: Account, on: date, program: Program) -> Account:
    """The account with interest and penalties brought to the beginning of `on`, nothing posted."""
    of_cycle = _cycle_accrued(account, on, program)
    if not account.statements:
        return of_cycle
    statements = tuple([statement_accrued(account, statement, on, program) for statement in account.statements])
    return replace(of_cycle, statements=statements, revolved=lost_grace(account, on, program))


def unposted_minor(statement: Statement, program: Program) -> int:
    """What posting its interest now would post: rounded over all days, less what was posted already.

    Below zero only after a correction has made past interest smaller.
    """
    if not statement.accruals:
        return -statement.posted_minor
    if statement.contingent and statement.accrued_through_on <= grace_ends_on(statement, program):
        return -statement.posted_minor
    terms = program.terms_on(statement.closes_on)
    return rounded(exact_interest(statement.accruals, program), terms) - statement.posted_minor


def unposted_penalty_minor(statement: Statement, program: Program) -> int:
    """What posting its daily penalty now would post; nothing unless it fell past due."""
    if not statement.late:
        return -statement.penalty_posted_minor
    exact = sum(
        (accrual.minor_days * program.penalty_daily_rate(accrual.version) for accrual in statement.penalties),
        start=Fraction(0),
    )
    return rounded(exact, program.terms_on(statement.closes_on)) - statement.penalty_posted_minor


def unbilled_interest_minor(account: Account, on: date, program: Program) -> int:
    """The interest owed already on purchases that no statement has billed; none while they may still be free."""
    terms = program.terms_on(on)
    if not account.accruals or free_of_interest(account, on, program):
        return 0
    return max(0, rounded(exact_interest(account.accruals, program), terms) - account.accruals_posted_minor)


def free_of_interest(account: Account, on: date, program: Program) -> bool:
    """Whether this cycle's purchases bear no interest if their statement is paid in full in time."""
    terms = program.terms_on(on)
    if terms.interest_free == "never":
        return False
    return terms.grace_lost_for == 0 or not (account.grace_lost > 0 or lost_grace(account, on, program))


def lost_grace(account: Account, on: date, program: Program) -> bool:
    """Whether, since the last close, not all that was billed was paid in full in time: by the newest statement's due day
    and grace, which asks for what older ones left too.
    """
    if account.revolved or not account.statements:
        return account.revolved
    newest = account.statements[-1]
    if program.terms_on(newest.closes_on).grace_lost_for == 0 or on <= grace_ends_on(newest, program):
        return False
    return any(statement.remaining_minor > 0 and not statement.in_full for statement in account.statements)


def exact_interest(accruals: Iterable[Accrual], program: Program) -> Fraction:
    """All interest borne, in minor units, not rounded."""
    borne = [accrual.minor_days * program.interest_daily_rate(accrual.version) for accrual in accruals]
    return sum(borne[1:], start=borne[0]) if borne else _NOTHING


def grace_ends_on(statement: Statement, program: Program) -> date:
    """The last day on which paying it in full is in time."""
    return statement.due_on + timedelta(days=program.terms_on(statement.closes_on).grace_days)


def bearing_minor(statement: Statement, terms: Terms) -> int:
    """The amount that bears interest; none once it was paid in full in time, where that makes it free."""
    if statement.in_full and statement.contingent:
        return 0
    return sum(statement.left_minor(bucket) for bucket in terms.interest_on)


def rounded(exact: Fraction, terms: Terms) -> int:
    """A whole number of minor units, rounded as the terms say; a half below zero mirrors one above."""
    to_whole = round_half_even if terms.rounding == "half_even" else round_half_up
    return to_whole(exact) if exact >= 0 else -to_whole(-exact)


def statement_accrued(account: Account, statement: Statement, on: date, program: Program) -> Statement:
    """One statement of the account with interest and penalties brought to the beginning of `on`."""
    from_on = statement.accrued_through_on
    if on <= from_on:
        return statement
    if account.hardship_on is not None:
        return replace(statement, accrued_through_on=on)
    terms = program.terms_on(statement.closes_on)
    penalties = statement.penalties
    if terms.penalty_daily_rate and on > statement.due_on:
        penalized_minor = _penalized_minor(account, statement, terms)
        since_on = max(from_on, statement.due_on)
        for span in _outside_pause(account, terms, since_on, on):
            penalties = borne_over(penalties, penalized_minor, statement.closes_on, *span, program)
    return replace(
        statement,
        accruals=borne_over(
            statement.accruals, bearing_minor(statement, terms), statement.closes_on, from_on, on, program
        ),
        penalties=penalties,
        accrued_through_on=on,
    )


def _cycle_accrued(account: Account, on: date, program: Program) -> Account:
    """The purchases of this cycle, where the terms let them bear interest from posting."""
    from_on = account.accrued_through_on
    if on <= from_on:
        return account
    base_minor = sum(purchase.unbilled_minor for purchase in account.purchases)
    if account.hardship_on is not None or base_minor == 0 or program.terms_on(on).interest_start == "due":
        return replace(account, accrued_through_on=on) if account.purchases or account.accruals else account
    closes_on = program.next_close_on(max(account.opens_on, account.moved_on), account.cycle_day)
    return replace(
        account,
        accruals=borne_over(account.accruals, base_minor, closes_on, from_on, on, program),
        accrued_through_on=on,
    )


def _penalized_minor(account: Account, statement: Statement, terms: Terms) -> int:
    if statement.in_full or (statement.deferred_minor and not statement.past_due):
        return 0
    if terms.penalty_on == "missed":
        return min(missed_minor(account, statement.closes_on), statement.remaining_minor)
    with_fee = terms.penalty_on == "principal_and_fee"
    return statement.principal_minor + (statement.fee_minor if with_fee else 0)


def _outside_pause(account: Account, terms: Terms, from_on: date, to_on: date) -> tuple[tuple[date, date], ...]:
    """The days in [from, to) on which a penalty is borne: a pause of collection is left out where the terms say so."""
    if account.pause is None or "penalty" not in terms.pause_stops:
        return ((from_on, to_on),)
    resumes_on = account.pause.until_on + timedelta(days=1)
    return (from_on, min(to_on, account.pause.from_on)), (max(from_on, resumes_on), to_on)


def borne_over(
    accruals: tuple[Accrual, ...], base_minor: int, closes_on: date, from_on: date, to_on: date, program: Program
) -> tuple[Accrual, ...]:
    """Accruals with an amount's days in [from, to) added, by the rate that a statement of `closes_on` bears."""
    if base_minor == 0:
        return accruals
    minor_days = {accrual.version: accrual.minor_days for accrual in accruals}
    for version, days in program.interest_spans(closes_on, from_on, to_on):
        minor_days[version] = minor_days.get(version, 0) + base_minor * days
    return tuple(Accrual(version=version, minor_days=minor_days[version]) for version in sorted(minor_days))
