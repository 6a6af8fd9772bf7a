"""Give back: a merchant who received a part of a sale returns it, all or some, so that the sale can be refunded.

It comes out of what is available to him, and is payable to the merchant who had shared from today on. What a person received
is hers.
"""

from __future__ import annotations

import msgspec

from florin.events import ShareReturned, ShareTakenBack
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import MerchantBalance
from florin.payments.payment import Payment
from florin.payments.sharing.share import NotShared, ShareAmountNotPositive
from florin.payments.sharing.state import is_of


class ReturnShare(msgspec.Struct, frozen=True, kw_only=True):
    """order_no: under which it was given. return_no: the merchant's own number. receiver_id: the merchant of app_id."""

    payment_id: int
    merchant_id: int
    receiver_id: int
    app_id: int
    order_no: str
    return_no: str
    amount_minor: int
    title: str = ""


class NoSuchShare(Refusal, frozen=True, kw_only=True):
    en = "Nothing was given to {receiver} under {order_no}."
    zh = "分账单{order_no}中没有接收方{receiver}。"

    receiver: str
    order_no: str


class ReturnExceedsShare(Refusal, frozen=True, kw_only=True):
    en = "Of this part {left_minor} is left to come back; {requested_minor} is {over_minor} too much."
    zh = "该笔分账最多可回退{left_minor}，申请{requested_minor}，超出{over_minor}。"

    requested_minor: int
    left_minor: int
    over_minor: int


class ReturnExceedsAvailable(Refusal, frozen=True, kw_only=True):
    en = "The receiver is {short_minor} short: {available_minor} is available to him."
    zh = "接收方可用余额不足，还差{short_minor}，当前可用{available_minor}。"

    available_minor: int
    short_minor: int


def decide(
    payment: Payment, balance: MerchantBalance, command: ReturnShare, at: At
) -> tuple[ShareReturned, ShareTakenBack] | Refusal:
    """balance: the receiver's."""
    sharing = payment.particulars.sharing
    if sharing is None or payment.merchant_id != command.merchant_id:
        return NotShared(payment_id=payment.id)
    if command.amount_minor <= 0:
        return ShareAmountNotPositive(amount_minor=command.amount_minor)
    named = {"app_id": command.app_id, "receiver_id": command.receiver_id}
    given = next((each for each in sharing.given if is_of(each, command.order_no, **named)), None)
    if given is None:
        return NoSuchShare(receiver=str(command.app_id), order_no=command.order_no)
    if command.amount_minor > given.left_minor:
        return ReturnExceedsShare(
            requested_minor=command.amount_minor,
            left_minor=given.left_minor,
            over_minor=command.amount_minor - given.left_minor,
        )
    if command.amount_minor > balance.available_minor:
        return ReturnExceedsAvailable(
            available_minor=balance.available_minor, short_minor=command.amount_minor - balance.available_minor
        )
    owners = {"value_on": at.on, "trade_id": payment.trade_id, "amount_minor": command.amount_minor}
    returned = ShareReturned(
        **owners,  # type: ignore[arg-type]
        payment_id=payment.id,
        merchant_id=payment.merchant_id,
        order_no=command.order_no,
        return_no=command.return_no,
        from_app_id=command.app_id,
        from_merchant_id=command.receiver_id,
        title=command.title,
    )
    taken = ShareTakenBack(**owners, merchant_id=balance.id, to_lane=payment.lane, round=balance.round)  # type: ignore[arg-type]
    return returned, taken
