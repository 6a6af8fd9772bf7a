"""Transfer: a merchant gives somebody money out of what is available to him: a bonus, a prize, money back beside a sale."""

from __future__ import annotations

import msgspec

from florin.events import TransferFunded, TransferReceived
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments.merchant import Merchant, MerchantBalance, refuse_merchant
from florin.payments.settle import PayoutsStopped
from florin.wallet.top_up import AmountNotPositive


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """amount_minor: above zero, at most what is available. number: the merchant's own; one number, one transfer.

    title: what the person reads beside it. batch_name, batch_remark: of several given together, on the first.
    """

    merchant_id: int
    person_id: int
    amount_minor: int
    number: str
    title: str = ""
    batch_name: str = ""
    batch_remark: str = ""


class TransferExceedsAvailable(Refusal, frozen=True, kw_only=True):
    en = "The transfer is {short_minor} more than is available: {available_minor}. Wait for the next settlement."
    zh = "可用余额不足，还差{short_minor}，当前可用{available_minor}，请在下次结算后再试。"

    available_minor: int
    requested_minor: int
    short_minor: int


def decide(
    merchant: Merchant, balance: MerchantBalance, command: Transfer, at: At
) -> tuple[TransferReceived, TransferFunded] | Refusal:
    """Both sides of the lanes' clearing, in one transaction. Nothing is given that is not there, whatever refunds
    may do, nor while the merchant's payouts are held.
    """
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    if refusal := refuse_merchant(merchant):
        return refusal
    if balance.held_because:
        return PayoutsStopped(reason=balance.held_because)
    if command.amount_minor > balance.available_minor:
        return TransferExceedsAvailable(
            available_minor=balance.available_minor,
            requested_minor=command.amount_minor,
            short_minor=command.amount_minor - balance.available_minor,
        )
    common = {"value_on": at.on, "merchant_id": command.merchant_id, "amount_minor": command.amount_minor}
    return (
        TransferReceived(
            **common,  # type: ignore[arg-type]
            person_id=command.person_id,
            request_no=command.number,
            title=command.title,
            batch_name=command.batch_name,
            batch_remark=command.batch_remark,
        ),
        TransferFunded(**common, to_person_id=command.person_id, round=balance.round),  # type: ignore[arg-type]
    )
