"""Share: give receivers their parts of a sale out of what is frozen; to finish is to release what is left.

Released money is payable from that day on and is swept with it. A sale that nobody has finished is finished by the clock on
the day that its terms said. While a buyer asks for a refund nothing is given or released: it may go back to her.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from florin.events import Event, SharePart, ShareReceived, SharesGiven
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import Merchant, MerchantBalance
from florin.payments.payment import Payment
from florin.payments.sharing.state import Receivers, Sharing


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """order_no: the merchant's own number. parts: none to release alone. finish: release what is left, and share no more."""

    payment_id: int
    merchant_id: int
    order_no: str
    parts: tuple[SharePart, ...] = ()
    finish: bool = False
    by_clock: bool = False


class NotShared(Refusal, frozen=True, kw_only=True):
    en = "Nothing of this sale was frozen to be shared. Say with the order that it is, before it is paid."
    zh = "该订单未冻结待分账资金，请在下单时标记分账。"

    payment_id: int


class SharingFinished(Refusal, frozen=True, kw_only=True):
    en = "The sharing of this sale is finished: what was left of it has been released."
    zh = "该订单分账已完结，剩余资金已解冻。"

    payment_id: int


class ShareWaits(Refusal, frozen=True, kw_only=True):
    en = "A refund was asked for this order, and is not settled yet. Share when it is."
    zh = "该订单有未完结的退款申请，请处理完毕后再分账。"

    request_id: int


class ShareAmountNotPositive(Refusal, frozen=True, kw_only=True):
    en = "Each part must be above zero; one was {amount_minor}."
    zh = "每个接收方的分账金额须大于零，收到的是{amount_minor}。"

    amount_minor: int


class NobodyToShareWith(Refusal, frozen=True, kw_only=True):
    en = "Name a receiver, or finish the sharing."
    zh = "请填写分账接收方，或完结分账。"

    payment_id: int


class ReceiverUnknown(Refusal, frozen=True, kw_only=True):
    en = "This receiver was not added: {receiver}. Add it first, then share."
    zh = "未添加分账接收方：{receiver}，请先添加再分账。"

    receiver: str


class ReceiverTwice(Refusal, frozen=True, kw_only=True):
    en = "A receiver comes twice in one sharing: {receiver}. Put its parts together."
    zh = "同一次分账中接收方重复：{receiver}，请合并金额。"

    receiver: str


class SharesExceedFrozen(Refusal, frozen=True, kw_only=True):
    en = "The parts come to {requested_minor}, which is {over_minor} more than is left to share: {frozen_minor}."
    zh = "分账金额{requested_minor}超出剩余待分金额{frozen_minor}，超出{over_minor}。"

    requested_minor: int
    frozen_minor: int
    over_minor: int


class ShareRatioExceeded(Refusal, frozen=True, kw_only=True):
    en = "Others may have {most_minor} of this sale in all; with these parts they would have {over_minor} more."
    zh = "该订单最多可分账{most_minor}，本次分账后将超出{over_minor}。"

    most_minor: int
    over_minor: int


def decide(
    payment: Payment,
    merchant: Merchant,
    receivers: Receivers | None,
    balances: Mapping[int, MerchantBalance],
    command: Share,
    at: At,
) -> tuple[Event, ...] | Refusal:
    """SharesGiven, then a ShareReceived for each part. receivers: the merchant's; balances: of receiving merchants."""
    sharing = payment.particulars.sharing
    if sharing is None or payment.merchant_id != command.merchant_id:
        return NotShared(payment_id=payment.id)
    if refusal := _refuse(payment, sharing, command) or _refuse_parts(
        payment, sharing, merchant, receivers, command, at
    ):
        return refusal
    shared_minor = sum(part.amount_minor for part in command.parts)
    given = SharesGiven(
        value_on=at.on,
        trade_id=payment.trade_id,
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        order_no=command.order_no,
        parts=command.parts,
        shared_minor=shared_minor,
        released_minor=sharing.frozen_minor - shared_minor if command.finish else 0,
        finished=command.finish,
        by_clock=command.by_clock,
    )
    return (given, *(_received(payment, part, balances, command, at) for part in command.parts))


def most_minor(payment: Payment, merchant: Merchant, at: At) -> int:
    """How much of a sale others may have in all, by the terms of today; rounded down."""
    return payment.received_minor * merchant.settlement_on(at.on).share_ppm_max // 1_000_000


def _refuse(payment: Payment, sharing: Sharing, command: Share) -> Refusal | None:
    if sharing.finished:
        return SharingFinished(payment_id=payment.id)
    if payment.particulars.request_id:
        return ShareWaits(request_id=payment.particulars.request_id)
    if not command.parts and not command.finish:
        return NobodyToShareWith(payment_id=payment.id)
    return None


def _refuse_parts(
    payment: Payment, sharing: Sharing, merchant: Merchant, receivers: Receivers | None, command: Share, at: At
) -> Refusal | None:
    seen = set()
    for part in command.parts:
        receiver = str(part.app_id or part.receiver_id)
        if part.amount_minor <= 0:
            return ShareAmountNotPositive(amount_minor=part.amount_minor)
        if (part.app_id, part.receiver_id) in seen:
            return ReceiverTwice(receiver=receiver)
        if receivers is None or receivers.find(app_id=part.app_id, receiver_id=part.receiver_id) is None:
            return ReceiverUnknown(receiver=receiver)
        seen.add((part.app_id, part.receiver_id))
    requested = sum(part.amount_minor for part in command.parts)
    if requested > sharing.frozen_minor:
        return SharesExceedFrozen(
            requested_minor=requested,
            frozen_minor=sharing.frozen_minor,
            over_minor=requested - sharing.frozen_minor,
        )
    over = sharing.given_minor + requested - most_minor(payment, merchant, at)
    if requested and over > 0:
        return ShareRatioExceeded(most_minor=most_minor(payment, merchant, at), over_minor=over)
    return None


def _received(
    payment: Payment, part: SharePart, balances: Mapping[int, MerchantBalance], command: Share, at: At
) -> ShareReceived:
    to_person = not part.app_id
    owner = {"person_id": part.receiver_id} if to_person else {"merchant_id": part.receiver_id}
    return ShareReceived(
        value_on=at.on,
        trade_id=payment.trade_id,
        **owner,
        order_no=command.order_no,
        amount_minor=part.amount_minor,
        to_person=to_person,
        app_id=part.app_id,
        from_app_id=payment.app_id,
        title=part.title,
        round=0 if to_person else balances[part.receiver_id].round,
    )
