"""A credit line: opened, limited, billed, repaid, closed."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from florin.events.base import Event
from florin.events.parts import PlanPayoff, RepaymentSource


class LineOpened(Event, frozen=True, kw_only=True):
    """A line of credit was given under a program's terms."""

    kind = 20
    program: str
    limit_minor: int


class LimitSet(Event, frozen=True, kw_only=True):
    """The limit is another one from now on; what is owed stays owed, even above it. code: of a cut, why (`credit.adverse`)."""

    kind = 21
    limit_minor: int
    reason: str
    code: str = ""


class LineFrozen(Event, frozen=True, kw_only=True):
    """Nothing new is authorized; what is committed still becomes owed, and is still to be repaid. code: why
    (`credit.adverse`).
    """

    kind = 22
    reason: str
    code: str = ""


class LineUnfrozen(Event, frozen=True, kw_only=True):
    """The line may be used again."""

    kind = 23
    reason: str


class LineClosed(Event, frozen=True, kw_only=True):
    """The line is closed for good; it was owed nothing and held nothing. code: why (`credit.adverse`); empty where it was to
    close when all is paid.
    """

    kind = 24
    reason: str
    code: str = ""


class Repaid(Event, frozen=True, kw_only=True):
    """The person paid `amount_minor`; which debts it clears is derived (the waterfall in force that day).

    known_on: the business date on which we learned of it, when that is after the day on which it counts. payoff: it is
    for one plan, by a quote.
    """

    kind = 25
    amount_minor: int
    source: RepaymentSource
    reference: str = ""
    known_on: date | None = None
    payoff: PlanPayoff | None = None


class CreditBalancePaid(Event, frozen=True, kw_only=True):
    """Money that the lender owed the customer (a refund above all debt) went to the wallet."""

    kind = 26
    amount_minor: int


# Lines that tell something and bill nothing.
TOLD_LINES = ("adjustment", "rate")


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a statement's image. item_id: the purchase (its payment's id). number, count: installment k of n.

    statement_closes_on: of an interest or penalty line, the statement that has borne it; of an adjustment, the statement
    that a correction has shown to bill too much (below zero) or too little. rate: from this bill on a plan bears another
    rate, and so much more or less (below zero) of interest is to come. Both are told, not billed: they are no part of the
    image.
    """

    what: Literal["purchase", "installment", "fee", "interest", "penalty", "adjustment", "rate"]
    amount_minor: int
    item_id: int = 0
    number: int = 0
    count: int = 0
    posted_on: date | None = None
    statement_closes_on: date | None = None


class StatementIssued(Event, frozen=True, kw_only=True):
    """A cycle was closed; these numbers are its image and never change.

    image: the sum of the lines without adjustments, what this cycle adds. earlier: what remained of earlier statements
    on that day; it stays payable on them, and the minimum asks for its share.
    """

    kind = 27
    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    lines: tuple[StatementLine, ...]
    earlier_minor: int = 0


class FellPastDue(Event, frozen=True, kw_only=True):
    """The minimum of the statement closed on `closes_on` was not met by its due day."""

    kind = 28
    closes_on: date
    missed_minor: int


class LateCharged(Event, frozen=True, kw_only=True):
    """A statement stayed past due until a late charge of the terms fell due. number: which of them, from 1."""

    kind = 29
    closes_on: date
    number: int
    amount_minor: int


class AccrualStopped(Event, frozen=True, kw_only=True):
    """Arrears are so old that interest and penalties are no asset any more until they are paid (non-accrual)."""

    kind = 30
    days_past_due: int


class CycleMoved(Event, frozen=True, kw_only=True):
    """The line's own cycle day and due day from now on; the running cycle closes on the new day."""

    kind = 31
    cycle_day: int
    due_day: int


class RepaymentReturned(Event, frozen=True, kw_only=True):
    """The bank took a repayment back: it counts as never made.

    value_on, amount and reference are those of the repayment; known_on: the business date of its return.
    """

    kind = 33
    amount_minor: int
    reference: str
    known_on: date
    reason: str = ""


class Refolded(Event, frozen=True, kw_only=True):
    """An approved correction: what a fold by today's rules and terms says otherwise than was posted, is posted now."""

    kind = 101
    reason: str


class UpliftGiven(Event, frozen=True, kw_only=True):
    """The limit is so much higher through `until_on`; from the next day on it is not, whoever has noticed."""

    kind = 34
    amount_minor: int
    until_on: date
    reason: str


class LineClosing(Event, frozen=True, kw_only=True):
    """Nothing new is bought; what is owed or reserved runs on, is billed and repaid, and then the line closes by itself. code:
    why (`credit.adverse`).
    """

    kind = 37
    reason: str
    code: str = ""


class AutopaySet(Event, frozen=True, kw_only=True):
    """From which of her sources, in which order, what is due is taken on its due day; from none: it is off."""

    kind = 38
    sources: tuple[RepaymentSource, ...]


class AutopayTried(Event, frozen=True, kw_only=True):
    """An attempt of a due day: what was due, what the wallet gave (its repayment follows) and what the bank is asked for.

    The bank's answer comes under the same reference, as a repayment or as a failure.
    """

    kind = 110
    due_on: date
    attempt: int
    due_minor: int
    wallet_minor: int
    bank_minor: int
    reference: str


class AutopayFailed(Event, frozen=True, kw_only=True):
    """The bank could not debit what an attempt asked it for."""

    kind = 111
    amount_minor: int
    reference: str
    reason: str


class UpliftEnded(Event, frozen=True, kw_only=True):
    """An uplift's last day has passed; the limit fell with the day, this only records it."""

    kind = 35
    amount_minor: int
    until_on: date


class RepaymentCleared(Event, frozen=True, kw_only=True):
    """The days for which a repayment through the bank was held have passed: the limit that it frees is free from today.

    amount and reference are those of the repayment; repaid_on: the day on which it counts.
    """

    kind = 120
    amount_minor: int
    reference: str
    repaid_on: date


class RepaymentConfirmed(Event, frozen=True, kw_only=True):
    """The bank confirmed a repayment that was held: it has cleared before its days had passed. Fields as of the clock's."""

    kind = 121
    amount_minor: int
    reference: str
    repaid_on: date


class SharedLimitSet(Event, frozen=True, kw_only=True):
    """What a person's lines in a group of programs may come to together is another sum from now on; None: the terms' again."""

    kind = 122
    group: str
    limit_minor: int | None
    reason: str


class CostCharged(Event, frozen=True, kw_only=True):
    """A cost of collection that the customer owes, put on her oldest statement."""

    kind = 32
    amount_minor: int
    reason: str
