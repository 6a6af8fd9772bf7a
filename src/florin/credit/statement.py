"""Statements as a person sees them: the image, which never changes, and what is left of it today.

The image is the event's; the rest is the account's, where a statement that is settled is gone.
"""

from __future__ import annotations

from datetime import date

import msgspec

from florin.credit.closing import next_close_on, scheduled_statement
from florin.credit.items import Account, missed_minor
from florin.credit.terms import Program
from florin.events import StatementIssued, StatementLine


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """image, lines, earlier, minimum: as issued. remaining: of this statement, today; minimum_left: of its minimum,
    which asks for a share of earlier statements too; past_due: that minimum was unmet when its due day had passed, and
    still is.
    """

    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    earlier_minor: int
    minimum_minor: int
    lines: tuple[StatementLine, ...]
    remaining_minor: int
    minimum_left_minor: int
    past_due: bool


def show(issued: StatementIssued, account: Account) -> StatementShown:
    """A statement as it stands in the account."""
    left = next((statement for statement in account.statements if statement.closes_on == issued.closes_on), None)
    return StatementShown(
        opens_on=issued.opens_on,
        closes_on=issued.closes_on,
        due_on=issued.due_on,
        image_minor=issued.image_minor,
        earlier_minor=issued.earlier_minor,
        minimum_minor=issued.minimum_minor,
        lines=issued.lines,
        remaining_minor=left.remaining_minor if left else 0,
        minimum_left_minor=missed_minor(account, issued.closes_on),
        past_due=left.past_due if left else False,
    )


def next_statement(account: Account, program: Program) -> StatementIssued | None:
    """The next statement as it would be issued if nothing happened until then; None when there would be none."""
    closes_on = next_close_on(account, program)
    return None if closes_on == date.max else scheduled_statement(account, closes_on, program)


def days_past_due(*, due_on: date, as_of: date) -> int:
    """Days since a due day that was missed: 1 on the day after it, 0 on it and before."""
    return max(0, (as_of - due_on).days)
