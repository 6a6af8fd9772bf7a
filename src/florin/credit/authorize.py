"""May this line be used for this purchase? The till's rule: the line's summary decides, nothing else is loaded."""

from __future__ import annotations

from datetime import date
from typing import Literal

from florin.credit.line import Line, LineState
from florin.credit.sub_limits import refuse_place
from florin.credit.terms import Terms
from florin.events import Place
from florin.events.refusals import Refusal
from florin.money.at import At

_NOT_OPEN: dict[LineState, Literal["frozen", "closed", "charged-off"]] = {
    LineState.FROZEN: "frozen",
    LineState.CLOSED: "closed",
    LineState.CHARGED_OFF: "charged-off",
}


class CreditLimitExceeded(Refusal, frozen=True, kw_only=True):
    en = "This purchase is {over_minor} over your available credit. Pay part of your balance or pay another way."
    zh = "这笔消费超出您的可用额度 {over_minor}。您可以先还款，或换一种付款方式。"

    requested_minor: int
    available_minor: int
    over_minor: int
    line_id: int


class LimitNotBackYet(CreditLimitExceeded, frozen=True, kw_only=True):
    """As `CreditLimitExceeded`, where a repayment that has not cleared keeps limit. back: what of it comes back by `back_on`:
    as much as this purchase lacks, or all there is.
    """

    en = (
        "This purchase is {over_minor} over your available credit. Your repayment is on its way: {back_minor} of your limit "
        "is back by {back_on}. Wait until then or pay another way."
    )
    zh = (
        "这笔消费超出您的可用额度 {over_minor}。您的还款正在等待银行确认，最晚{back_on}恢复额度 {back_minor}。"
        "请届时再试，或换一种付款方式。"
    )

    back_minor: int
    back_on: date


class LineNotOpen(Refusal, frozen=True, kw_only=True):
    en = "Your pay-later line cannot be used for new purchases now. Pay another way, or ask us why."
    zh = "您的先享后付额度目前不能用于新的消费。请换一种付款方式，或联系我们了解原因。"

    state: Literal["frozen", "closing", "hardship", "closed", "charged-off"]
    line_id: int


class PastDue(Refusal, frozen=True, kw_only=True):
    en = (
        "The minimum that was due on {due_on} has not been paid. Pay it to use pay later again "
        "({due_minor} is due in all), or pay another way."
    )
    zh = "您{due_on}到期的最低还款额尚未还清。还清后即可继续使用（目前到期应还共 {due_minor}），或换一种付款方式。"

    due_on: date
    due_minor: int
    line_id: int


def refuse_credit(
    line: Line, amount_minor: int, tolerance_minor: int, at: At, terms: Terms, *, place: Place | None = None
) -> Refusal | None:
    """Why `amount_minor` may not be reserved on this line now; None when it may.

    tolerance_minor: how far above the limit this purchase may go. place: where it is made, if the terms ask. The flags are
    those of the line's last event or close.
    """
    if line.state is not LineState.OPEN:
        return LineNotOpen(state=_NOT_OPEN[line.state], line_id=line.id)
    if line.particulars.closing:
        return LineNotOpen(state="closing", line_id=line.id)
    if line.particulars.hardship:
        return LineNotOpen(state="hardship", line_id=line.id)
    if terms.blocks_while_past_due and line.past_due_on is not None and line.past_due_on < at.on:
        return PastDue(due_on=line.past_due_on, due_minor=line.due_minor, line_id=line.id)
    available_minor = line.available_minor_on(at.on)
    over_minor = amount_minor - available_minor
    if over_minor > tolerance_minor:
        return _too_much(line, amount_minor, available_minor, over_minor - tolerance_minor)
    return None if place is None else refuse_place(line, amount_minor, place, at, terms)


def _too_much(line: Line, amount_minor: int, available_minor: int, short_minor: int) -> CreditLimitExceeded:
    """short: by how much less it would have been allowed."""
    exceeded = CreditLimitExceeded(
        requested_minor=amount_minor,
        available_minor=available_minor,
        over_minor=amount_minor - available_minor,
        line_id=line.id,
    )
    back_minor, back_on = 0, None
    for held in line.particulars.uncleared:
        if back_minor < short_minor:
            back_minor, back_on = back_minor + held.held_minor, held.clears_on
    if back_on is None:
        return exceeded
    return LimitNotBackYet(**exceeded.numbers(), back_minor=back_minor, back_on=back_on)
