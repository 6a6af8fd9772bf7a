"""Answer: the seller agrees to a request, or refuses it; of goods on their way back he says that they have come, or not so.

Where goods are to go back first, agreeing begins their way. Else the refund follows at once. He may keep a return fee where the
buyer's reason allows one, said when he agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from florin.events import Event, FeeKeeper, RequestAnswered
from florin.events.refusals import Refusal
from florin.money import share_minor
from florin.money.at import At
from florin.payments.items import OrderLine
from florin.payments.payment import Payment
from florin.payments.requests.ask import refuse_note
from florin.payments.requests.carry_out import Refunding, carried_out, refund_of
from florin.payments.requests.request import RefundRequest, RequestState, owners_of, refuse_turn
from florin.payments.requests.terms import EscrowTerms


class AnswerRequest(msgspec.Struct, frozen=True, kw_only=True):
    """agree: of goods that were sent back, that they have come. fee: kept of the amount, by the seller or by the platform."""

    request_id: int
    payment_id: int
    merchant_id: int
    agree: bool
    note: str = ""
    fee_minor: int = 0
    fee_to: FeeKeeper = "seller"


class NoReturnFee(Refusal, frozen=True, kw_only=True):
    en = "For this reason ({reason}) no return fee may be kept. Agree without one, or refuse and say why."
    zh = "因“{reason}”退款不得收取退货费，请不收费同意，或拒绝并说明理由。"

    reason: str


class ReturnFeeTooHigh(Refusal, frozen=True, kw_only=True):
    en = "A return fee of {fee_minor} cannot be kept: at most {most_minor} of this request."
    zh = "退货费{fee_minor}过高，本申请最多可收取{most_minor}。"

    fee_minor: int
    most_minor: int


def decide(
    request: RefundRequest,
    payment: Payment,
    lines: Sequence[OrderLine],
    command: AnswerRequest,
    at: At,
    *,
    terms: EscrowTerms,
    refunding: Refunding,
) -> tuple[Event, ...] | Refusal:
    turn = refuse_turn(request, payment, RequestState.ASKED, RequestState.SENT, merchant_id=command.merchant_id)
    if refusal := turn or refuse_note(command.note):
        return refusal
    if not command.agree:
        return (
            RequestAnswered(
                value_on=at.on,
                **owners_of(request, payment),  # type: ignore[arg-type]
                agreed=False,
                note=command.note,
                due_on=at.on + timedelta(days=terms.appeal_days),
            ),
        )
    if refusal := _refuse_fee(request, command, terms):
        return refusal
    agreed = replace(agreed_by(request, payment, at, terms=terms), by="seller", note=command.note)
    if request.state is RequestState.ASKED:
        agreed = replace(agreed, fee_minor=command.fee_minor, fee_to=command.fee_to)
        request = replace(request, fee_minor=command.fee_minor, fee_to=command.fee_to)
    return agree(request, payment, lines, agreed, at, refunding=refunding)


def agreed_by(request: RefundRequest, payment: Payment, at: At, *, terms: EscrowTerms) -> RequestAnswered:
    """What agreeing comes to, said by the clock: the goods first, where they are to go back and have not."""
    first = request.sort == "return" and request.state is RequestState.ASKED
    return RequestAnswered(
        value_on=at.on,
        **owners_of(request, payment),  # type: ignore[arg-type]
        agreed=True,
        by="clock",
        due_on=at.on + timedelta(days=terms.send_back_days) if first else None,
        fee_minor=request.fee_minor,
        fee_to=request.fee_to,
    )


def agree(
    request: RefundRequest,
    payment: Payment,
    lines: Sequence[OrderLine],
    agreed: RequestAnswered,
    at: At,
    *,
    refunding: Refunding,
) -> tuple[Event, ...] | Refusal:
    if agreed.due_on is not None:
        return (agreed,)
    done = carried_out(request, payment, refund_of(request, payment, lines), refunding, at, how="refunded")
    return done if isinstance(done, Refusal) else (agreed, *done)


def _refuse_fee(request: RefundRequest, command: AnswerRequest, terms: EscrowTerms) -> Refusal | None:
    if not command.fee_minor:
        return None
    if not terms.reasons[request.reason].fee or request.state is not RequestState.ASKED:
        return NoReturnFee(reason=request.reason)
    most = share_minor(request.amount_minor, int(terms.return_fee_share_max * 1_000_000))
    if not 0 < command.fee_minor <= most:
        return ReturnFeeTooHigh(fee_minor=command.fee_minor, most_minor=most)
    return None
