"""A credit line's summary: one row, all that the till needs to say yes or no.

A sale never loads purchases, plans or statements: the limit in force, three sums (held, committed, owed) and the block
flags decide it. What those sums consist of is the account (`account.py`), folded only by actions that need it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import IntEnum

import msgspec
from msgspec.structs import replace

from florin.credit.particulars import ORDINARY, Asked, MonthUsed, Outstanding, Particulars, Uplift
from florin.events import (
    Authorized,
    AutopayFailed,
    AutopaySet,
    AutopayTried,
    Captured,
    CreditDeclined,
    Escrowed,
    Event,
    LimitSet,
    LineClosed,
    LineClosing,
    LineFrozen,
    LineOpened,
    LineUnfrozen,
    MonthCounted,
    Received,
    Refunded,
    RefundReversed,
    Repaid,
    UpliftGiven,
    Voided,
)


class LineState(IntEnum):
    OPEN = 1
    FROZEN = 2
    CLOSED = 3
    CHARGED_OFF = 4


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one line is now. All amounts in minor units of its program's currency.

    held: reserved by authorizations, expires. committed: paid into escrow, owed from receipt. principal: owed, in whatever
    stage. fee, interest, penalty, cost: owed beside it (posted, unpaid). credit_balance: owed *to* the customer. uncleared:
    of repayments that the bank may still take back, what lowered principal and what is in the credit balance. due: what
    remains of issued statements; due_on: the oldest unpaid one's day. past_due_on: due day of the oldest statement whose
    minimum is unmet. next_action_on: the next day on which `advance` has something to do (date.max: none). cycle_day: the
    line's own (0: the terms'). sequence: number of events so far. limit: without uplifts, which are among its particulars.
    """

    id: int
    lane: int
    person_id: int
    program: str
    state: LineState
    opened_on: date
    limit_minor: int
    held_minor: int = 0
    committed_minor: int = 0
    principal_minor: int = 0
    fee_minor: int = 0
    interest_minor: int = 0
    penalty_minor: int = 0
    cost_minor: int = 0
    credit_balance_minor: int = 0
    uncleared_minor: int = 0
    due_minor: int = 0
    due_on: date | None = None
    past_due_on: date | None = None
    next_action_on: date = date.max
    cycle_day: int = 0
    sequence: int = 0
    particulars: Particulars = ORDINARY

    @property
    def exposure_minor(self) -> int:
        """held + committed + counted debt + uncleared repayments - credit balance, so that only a cleared one counts."""
        return (
            self.held_minor
            + self.committed_minor
            + self.principal_minor
            + self.uncleared_minor
            - self.credit_balance_minor
        )

    @property
    def is_settled(self) -> bool:
        """Nothing is owed on it, reserved or owed back, and nothing that accrues waits to be posted."""
        sums_minor = (
            self.held_minor + self.committed_minor + self.principal_minor + self.fee_minor + self.interest_minor
        )
        sums_minor += self.penalty_minor + self.cost_minor + self.credit_balance_minor + self.uncleared_minor
        return sums_minor == 0 and self.next_action_on == date.max

    def limit_minor_on(self, on: date) -> int:
        """The limit in force on a day: with the uplifts that have not passed."""
        return self.limit_minor + self.particulars.uplift_minor_on(on)

    def available_minor_on(self, on: date) -> int:
        """What may still be authorized on a day; lawfully below zero after a limit cut or a returned repayment."""
        return self.limit_minor_on(on) - self.exposure_minor


def open_line(event: LineOpened, *, lane: int) -> Line:
    return Line(
        id=event.line_id,
        lane=lane,
        person_id=event.person_id,
        program=event.program,
        state=LineState.OPEN,
        opened_on=event.value_on,
        limit_minor=event.limit_minor,
        sequence=1,
    )


def evolve(line: Line, event: Event, *, next_close_on: date = date.max) -> Line:
    """The line after an event that needs no account: sums and flags only.

    next_close_on: the cycle close on which a debt of this event's day is billed; a line that owed nothing gets its next
    action from it. Repayments and refunds after receipt need the account; see `account.py`.
    """
    sequence = line.sequence + 1
    if getattr(event, "place", None) is not None:
        line = replace(line, particulars=_used(line.particulars, event))
    line = counted(line, event)
    match event:
        case Captured():
            return replace(
                line,
                held_minor=line.held_minor - event.held_credit_minor,
                principal_minor=line.principal_minor + event.credit_minor,
                fee_minor=line.fee_minor + shopper_fee_minor(event),
                next_action_on=min(line.next_action_on, next_close_on),
                sequence=sequence,
            )
        case Received():
            return replace(
                line,
                committed_minor=line.committed_minor - event.credit_minor,
                principal_minor=line.principal_minor + event.credit_minor,
                fee_minor=line.fee_minor + shopper_fee_minor(event),
                next_action_on=min(line.next_action_on, next_close_on),
                sequence=sequence,
            )
        case Escrowed():
            return replace(
                line,
                held_minor=line.held_minor - event.held_credit_minor,
                committed_minor=line.committed_minor + event.credit_minor,
                sequence=sequence,
            )
        case Authorized():
            return replace(line, held_minor=line.held_minor + event.credit_minor, sequence=sequence)
        case Voided():
            return replace(line, held_minor=line.held_minor - event.credit_minor, sequence=sequence)
        case Refunded(before_receipt=True):
            return replace(line, committed_minor=line.committed_minor - event.credit_minor, sequence=sequence)
        case LimitSet():
            return replace(line, limit_minor=event.limit_minor, sequence=sequence)
        case UpliftGiven():
            uplift = Uplift(amount_minor=event.amount_minor, until_on=event.until_on)
            return replace(
                line,
                particulars=replace(line.particulars, uplifts=(*line.particulars.uplifts, uplift)),
                next_action_on=min(line.next_action_on, event.until_on + timedelta(days=1)),
                sequence=sequence,
            )
        case AutopaySet():
            return replace(line, particulars=replace(line.particulars, autopay=event.sources), sequence=sequence)
        case AutopayTried():
            return replace(line, particulars=_asked(line.particulars, event), sequence=sequence)
        case AutopayFailed():
            return replace(answered(line, event), sequence=sequence)
        case CreditDeclined():
            return replace(line, sequence=sequence)
        case LineFrozen():
            return replace(line, state=LineState.FROZEN, sequence=sequence)
        case LineUnfrozen():
            return replace(line, state=LineState.OPEN, sequence=sequence)
        case LineClosing():
            return replace(line, particulars=replace(line.particulars, closing=True), sequence=sequence)
        case LineClosed():
            return replace(line, state=LineState.CLOSED, sequence=sequence)
    raise AssertionError(f"{type(event).__name__} needs the account, or does not touch a line")


def answered(line: Line, event: AutopayFailed | Repaid) -> Line:
    """Without the debit that the bank has answered, as a failure or as a repayment under our own reference."""
    before = line.particulars.asked
    if not before or (isinstance(event, Repaid) and event.source != "bank"):
        return line
    asked = tuple(each for each in before if each.reference != event.reference)
    return line if asked == before else replace(line, particulars=replace(line.particulars, asked=asked))


def counted(line: Line, event: Event) -> Line:
    """With what the event takes of a cap of a month, or gives back to it; the same line when it is of none.

    Only the last month is kept, what is given back to one before it is nobody's any more. A rule of that month stays even when
    all of it was given back: so the sums are the same in whatever order the events come.
    """
    of: MonthCounted | None = getattr(event, "counted", None)
    if of is None:
        return line
    used = line.particulars.month_used
    last_on = used[0].counted.month_on if used else of.month_on
    if of.month_on < last_on:
        return line
    others = [each for each in used if each.counted.month_on == of.month_on and each.counted != of]
    before_minor = sum(each.amount_minor for each in used if each.counted == of)
    after = MonthUsed(counted=of, amount_minor=before_minor + _taken_minor(event))
    in_rule_order = sorted([*others, after], key=lambda each: _rule_of(each.counted))
    return replace(line, particulars=replace(line.particulars, month_used=tuple(in_rule_order)))


def _taken_minor(event: Event) -> int:
    """What an event takes of its cap of a month; below zero: gives back. What was reserved had been taken before."""
    match event:
        case Escrowed() | Captured():
            return event.credit_minor - event.held_credit_minor
        case Authorized() | RefundReversed():
            return event.credit_minor
        case Voided() | Refunded():
            return -event.credit_minor
    raise AssertionError(f"{type(event).__name__} takes nothing of a cap")


def _rule_of(counted: MonthCounted) -> tuple[str, str, str]:
    return counted.market, counted.category, counted.channel


def _asked(particulars: Particulars, event: AutopayTried) -> Particulars:
    if event.bank_minor == 0:
        return particulars
    asked = Asked(amount_minor=event.bank_minor, reference=event.reference, on=event.value_on)
    return replace(particulars, asked=(*particulars.asked, asked))


def _used(particulars: Particulars, event: Event) -> Particulars:
    """What is outstanding at the event's place after it."""
    assert isinstance(event, _AT_A_PLACE)
    place = event.place
    assert place is not None
    reserved_minor = owed_minor = 0
    match event:
        case Authorized():
            reserved_minor = event.credit_minor
        case Escrowed():
            reserved_minor = event.credit_minor - event.held_credit_minor
        case Captured():
            reserved_minor, owed_minor = -event.held_credit_minor, event.credit_minor
        case Received():
            reserved_minor, owed_minor = -event.credit_minor, event.credit_minor
        case Voided() | Refunded(before_receipt=True):
            reserved_minor = -event.credit_minor
    before = next((each for each in particulars.outstanding if each.place == place), Outstanding(place=place))
    after = replace(
        before,
        reserved_minor=before.reserved_minor + reserved_minor,
        owed_minor=before.owed_minor + owed_minor,
    )
    others = [each for each in particulars.outstanding if each.place != place]
    return replace(particulars, outstanding=in_order([*others, after]))


def in_order(outstanding: Iterable[Outstanding]) -> tuple[Outstanding, ...]:
    """By place; without those where nothing is outstanding."""
    left = [each for each in outstanding if each.reserved_minor or each.owed_minor]
    return tuple(sorted(left, key=lambda each: (each.place.market, each.place.category, each.place.channel)))


_AT_A_PLACE = (Authorized, Escrowed, Captured, Received, Voided, Refunded)


def shopper_fee_minor(event: Captured | Received) -> int:
    """The installment fee that this purchase adds to what the shopper owes; 0 when others pay it or there is no plan."""
    return 0 if event.plan is None else event.plan.shopper_fee_minor
