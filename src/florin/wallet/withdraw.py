"""Withdraw: the person takes money out to a bank; the bank settles it or sends it back."""

from __future__ import annotations

import msgspec

from florin.events import WithdrawalRequested, WithdrawalReturned, WithdrawalSettled
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.wallet.fee import FREE_OF_CHARGE, WithdrawalTerms
from florin.wallet.payout import Payout, refuse_answer
from florin.wallet.top_up import AmountNotPositive
from florin.wallet.wallet import Wallet


class Withdraw(msgspec.Struct, frozen=True, kw_only=True):
    """withdrawal_id: made by the caller in the person's lane. amount_minor: above zero; with its fee at most the balance.
    fee_minor: as she was shown it; None: whatever it is.
    """

    withdrawal_id: int
    person_id: int
    amount_minor: int
    fee_minor: int | None = None


class SettleWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank says of a withdrawal. returned: it could not pay; `reason` in its words, `reason_code` in the standard's.

    late: it had paid, and the money came back; only with `returned`.
    """

    withdrawal_id: int
    person_id: int
    amount_minor: int
    bank_reference: str
    returned: bool = False
    reason: str = ""
    reason_code: str = ""
    late: bool = False


class WalletTooLow(Refusal, frozen=True, kw_only=True):
    en = "Your wallet holds {balance_minor}, {short_minor} too little. Top it up or pay another way."
    zh = "余额还差{short_minor}，当前余额{balance_minor}。请充值或换一种付款方式。"

    balance_minor: int
    requested_minor: int
    short_minor: int


class WithdrawalFeeChanged(Refusal, frozen=True, kw_only=True):
    """Something was taken out, or the fee was changed, since she was shown it."""

    en = "Taking this out costs {fee_minor} now, not {shown_minor}. Nothing was taken out: look again, and confirm."
    zh = "本次提现手续费现为{fee_minor}，与之前显示的{shown_minor}不同。未提现，请重新确认。"

    fee_minor: int
    shown_minor: int


class WalletTooLowForFee(Refusal, frozen=True, kw_only=True):
    en = "Your wallet holds {balance_minor}. With the fee of {fee_minor}, you can take out at most {most_minor}."
    zh = "余额{balance_minor}，扣除手续费{fee_minor}后最多可提现{most_minor}。"

    balance_minor: int
    fee_minor: int
    most_minor: int


def refuse_wallet(wallet: Wallet, amount_minor: int) -> Refusal | None:
    """The till's rule for a wallet tender: no when it holds less than `amount_minor`."""
    if amount_minor <= wallet.balance_minor:
        return None
    return WalletTooLow(
        balance_minor=wallet.balance_minor,
        requested_minor=amount_minor,
        short_minor=amount_minor - wallet.balance_minor,
    )


def decide(
    wallet: Wallet, command: Withdraw, at: At, terms: WithdrawalTerms = FREE_OF_CHARGE
) -> tuple[WithdrawalRequested] | Refusal:
    """terms: what taking money out costs on this day."""
    if command.amount_minor <= 0:
        return AmountNotPositive(amount_minor=command.amount_minor)
    if refusal := refuse_wallet(wallet, command.amount_minor):
        return refusal
    fee_minor = terms.fee_minor(command.amount_minor, wallet.withdrawn_minor)
    if command.fee_minor not in (None, fee_minor):
        return WithdrawalFeeChanged(fee_minor=fee_minor, shown_minor=command.fee_minor or 0)
    if command.amount_minor + fee_minor > wallet.balance_minor:
        most_minor = terms.most_minor(wallet.balance_minor, wallet.withdrawn_minor)
        return WalletTooLowForFee(balance_minor=wallet.balance_minor, fee_minor=fee_minor, most_minor=most_minor)
    return (
        WithdrawalRequested(
            value_on=at.on, person_id=command.person_id, amount_minor=command.amount_minor, fee_minor=fee_minor
        ),
    )


def decide_settled(
    sent: Payout, command: SettleWithdrawal, at: At
) -> tuple[WithdrawalSettled | WithdrawalReturned] | Refusal:
    """Settled or returned, as the bank says: once, and for what was sent."""
    if refusal := refuse_answer(
        sent, amount_minor=command.amount_minor, beneficiary_id=command.person_id, late=command.late
    ):
        return refusal
    if command.returned or command.late:
        return (
            WithdrawalReturned(
                value_on=at.on,
                person_id=command.person_id,
                amount_minor=command.amount_minor,
                withdrawal_id=command.withdrawal_id,
                bank_reference=command.bank_reference,
                reason=command.reason,
                reason_code=command.reason_code,
                late=command.late,
                fee_minor=sent.fee_minor,
            ),
        )
    return (
        WithdrawalSettled(
            value_on=at.on,
            person_id=command.person_id,
            amount_minor=command.amount_minor,
            withdrawal_id=command.withdrawal_id,
            bank_reference=command.bank_reference,
        ),
    )
