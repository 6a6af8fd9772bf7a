"""A payout: money on its way out to somebody's bank, a merchant's or a person's, until the bank has answered.

The bank answers once: settled or returned. What it settled may come back late, once. An answer that comes again, or that
does not fit what was sent, moves nothing.
"""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec.structs import replace

from florin.events.refusals import Refusal


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """merchant_id or person_id: who is paid; the other is 0. state: sent, settled or returned. fee_minor: what a person paid
    for it, who gets it back with a return. reason, reason_code: why the bank could not, in words and the standard's code.
    """

    id: int
    lane: int
    amount_minor: int
    requested_on: date
    merchant_id: int = 0
    person_id: int = 0
    state: str = "sent"
    settled_on: date | None = None
    bank_reference: str = ""
    fee_minor: int = 0
    reason: str = ""
    reason_code: str = ""


class PayoutAnswered(Refusal, frozen=True, kw_only=True):
    en = "The bank has answered for this payout before: it is {state}."
    zh = "银行此前已反馈该笔打款的结果：{state}。"

    payout_id: int
    state: str


class AnswerDoesNotFit(Refusal, frozen=True, kw_only=True):
    """Another amount, or another beneficiary, than was sent."""

    en = "This answer names {told_minor} for {told_id}; the payout was {amount_minor} for {beneficiary_id}."
    zh = "该结果为{told_id}的{told_minor}，而打款为{beneficiary_id}的{amount_minor}，不一致。"

    payout_id: int
    told_minor: int
    told_id: int
    amount_minor: int
    beneficiary_id: int


def refuse_answer(payout: Payout, *, amount_minor: int, beneficiary_id: int, late: bool = False) -> Refusal | None:
    """Why what the bank says of a payout cannot be recorded; None when it can. late: it returns what it has settled."""
    if payout.state != ("settled" if late else "sent"):
        return PayoutAnswered(payout_id=payout.id, state=payout.state)
    beneficiary = payout.merchant_id or payout.person_id
    if (payout.amount_minor, beneficiary) != (amount_minor, beneficiary_id):
        return AnswerDoesNotFit(
            payout_id=payout.id,
            told_minor=amount_minor,
            told_id=beneficiary_id,
            amount_minor=payout.amount_minor,
            beneficiary_id=beneficiary,
        )
    return None


def answered(
    payout: Payout, *, returned: bool, bank_reference: str, on: date, reason: str = "", reason_code: str = ""
) -> Payout:
    """The payout after the bank's answer. reason, reason_code: of one that was returned."""
    return replace(
        payout,
        state="returned" if returned else "settled",
        settled_on=on,
        bank_reference=bank_reference,
        reason=reason if returned else "",
        reason_code=reason_code if returned else "",
    )
