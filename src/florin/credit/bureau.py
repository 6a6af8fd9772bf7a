"""What a lender tells the credit bureau of a line, once a month: sums and states, never a purchase.

One row a line: when it was opened, its limit, how much of it is used, what was repaid in the month, and how long what is owed
is past due. It is the line as it stood at the end of the month, by value date, as far as it was known at its end. When
something that counts in a month already reported becomes known, the row is told again: an amendment.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

import msgspec

from florin.credit.correction import as_of
from florin.credit.items import Account, days_past_due
from florin.credit.joint import partner_minor
from florin.credit.provision import bucket_of
from florin.credit.terms import Program
from florin.events import Event, LineClosed, LineOpened, Repaid, RepaymentReturned

State = Literal["current", "past_due", "restructured", "charged_off", "sold", "settled", "closed"]


class BureauRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line at the end of a month. owed: all of it, posted; due: of statements and claims; past_due: of statements whose
    minimum is unmet, and of claims. repaid: in the month, less what the bank took back. Amounts in minor units.

    settled: nothing is owed. sold: what was charged off belongs to somebody else, and nothing else is owed. restructured: what
    is owed is in a hardship plan that runs. closed: in this month; later months have no row. reaged_on: when it was last
    brought current by agreement.

    partner: of the principal owed, what partner banks have lent and report themselves; the rest is the house's own.
    """

    line_id: str
    person_id: str
    program: str
    currency: str
    opened_on: date
    limit_minor: int
    owed_minor: int
    due_minor: int
    past_due_minor: int
    repaid_minor: int
    days_past_due: int
    bucket: str
    state: State
    partner_minor: int = 0
    reaged_on: date | None = None


class Known(NamedTuple):
    """An event and the business date on which it was recorded."""

    event: Event
    known_on: date


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is another one by what became known later; known_on: the last day on which something did."""

    known_on: date
    reported: BureauRow | None
    corrected: BureauRow
    changed: tuple[str, ...]


def month_end(month: date) -> date:
    """The last day of the month of a day."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def bureau_row(history: Sequence[Event], month: date, program: Program) -> BureauRow | None:
    """The line's row of a month as these events tell it; None before it was opened, and after the month of its closing.

    history: of one line, in the order of recording, its opening first.
    """
    ends_on = month_end(month)
    opened = history[0] if history else None
    if not isinstance(opened, LineOpened) or opened.value_on > ends_on:
        return None
    closed_on = next((event.value_on for event in history if isinstance(event, LineClosed)), date.max)
    if closed_on < month.replace(day=1):
        return None
    account = as_of(history, ends_on, program)
    days = _days_past_due(account, ends_on)
    past_due_minor = sum(statement.remaining_minor for statement in account.statements if statement.past_due)
    return BureauRow(
        line_id=str(account.line_id),
        person_id=str(opened.person_id),
        program=program.name,
        currency=program.currency,
        opened_on=opened.value_on,
        limit_minor=account.limit_minor,
        owed_minor=account.owed_minor,
        due_minor=account.due_minor + account.claimed_minor,
        past_due_minor=past_due_minor + account.claimed_minor,
        repaid_minor=_repaid_minor(history, month.replace(day=1), ends_on),
        days_past_due=days,
        partner_minor=partner_minor(account),
        bucket=bucket_of(days),
        state="closed" if closed_on <= ends_on else _state(account, days),
        reaged_on=max(account.reaged_on, default=None),
    )


def amendment(history: Sequence[Known], month: date, program: Program) -> Amendment | None:
    """What must be told again of a month: the row as known now, if it is another one than at the month's end."""
    ends_on = month_end(month)
    reported = bureau_row([known.event for known in history if known.known_on <= ends_on], month, program)
    corrected = bureau_row([known.event for known in history], month, program)
    if corrected is None or corrected == reported:
        return None
    later = [known.known_on for known in history if known.known_on > ends_on and known.event.value_on <= ends_on]
    changed = tuple(
        name for name in BureauRow.__struct_fields__ if getattr(reported, name, None) != getattr(corrected, name)
    )
    return Amendment(known_on=max(later), reported=reported, corrected=corrected, changed=changed)


def _days_past_due(account: Account, on: date) -> int:
    """Of what was charged off, since its arrears began: it is past due as long as it is owed."""
    written_off = account.written_off
    if written_off is not None and written_off.claims:
        return (on - written_off.since_on).days
    return days_past_due(account, on)


def _state(account: Account, days: int) -> State:
    if account.claimed_minor > 0:
        return "charged_off"
    if account.owed_minor == 0 and account.sold is not None:
        return "sold"
    if account.owed_minor == 0:
        return "settled"
    if account.hardship_on is not None:
        return "restructured"
    return "past_due" if days > 0 else "current"


def _repaid_minor(history: Sequence[Event], from_on: date, to_on: date) -> int:
    made = sum(e.amount_minor for e in history if isinstance(e, Repaid) and from_on <= e.value_on <= to_on)
    returned = (e for e in history if isinstance(e, RepaymentReturned) and from_on <= e.value_on <= to_on)
    return made - sum(event.amount_minor for event in returned)
