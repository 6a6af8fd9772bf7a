"""The credit side of a refund after receipt: what it would clear, before anybody agrees to it.

Order: what is left of that purchase; then arrears, the oldest first; then, by the terms, other billed and unbilled
debt; the rest is owed to the customer and, by the terms, paid to the wallet at once. The refund itself is a payment's
action (`payments/refund.py`); its event is folded by the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from florin.credit.account import evolve
from florin.credit.correction import correct
from florin.credit.items import Account
from florin.credit.returns import merchant_fee_back_minor, subsidy_back
from florin.credit.sell_claims import sold_principal_minor
from florin.credit.terms import Program
from florin.events import CampaignPart, Event, Refunded
from florin.ledger import Entry, Rule

_CLEARS = {rule for rule in Rule if rule.name.startswith("CLEAR_")}
_FEE_SPARED = (Rule.CHARGE_SHOPPER_FEE, Rule.GIVE_BACK_FEE)


class RefundPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a refund of credit does. cleared: all debt it takes away; purchase: the part on the refunded purchase
    itself.

    shopper_fee: installment fee that the shopper need not pay any more, or gets back. merchant_fee_back: the part of a fee
    he bore that goes back to the merchant. subsidy_back: that part of a campaign. excess: what goes to the wallet now, above
    all debt. kept: what stays on the line as credit balance.
    """

    cleared_minor: int
    purchase_minor: int
    shopper_fee_minor: int
    merchant_fee_back_minor: int
    excess_minor: int
    kept_minor: int
    subsidy_back: CampaignPart | None = None


def preview(
    account: Account,
    payment_id: int,
    credit_minor: int,
    on: date,
    program: Program,
    *,
    history: Sequence[Event] | None = None,
    closed: bool = False,
) -> RefundPreview:
    """What refunding `credit_minor` of a purchase does on a day to which the account has been advanced.

    history: all events of the line, when the refund counts on a day that is over. closed: the line is, so nothing that is left
    over is kept on it.
    """
    terms = program.terms_on(on)
    # What was charged off of the purchase comes first, sold or not, and no plan shrinks by it.
    claimed_minor = account.claim_minor("principal", item_id=payment_id) + sold_principal_minor(account, payment_id)
    unclaimed_minor = max(0, credit_minor - claimed_minor)
    fee_back_minor = merchant_fee_back_minor(account, payment_id, unclaimed_minor, terms)
    to_campaign = subsidy_back(account, payment_id, unclaimed_minor, terms)
    event = Refunded(
        value_on=on,
        line_id=account.line_id,
        payment_id=payment_id,
        credit_minor=credit_minor,
        wallet_minor=0,
        before_receipt=False,
        request_no="",
        merchant_fee_back_minor=fee_back_minor,
        subsidy_back=to_campaign,
    )
    after, entries = evolve(account, event, program) if history is None else correct(history, event, program)
    cleared = [entry for entry in entries if entry.rule in _CLEARS]
    to_wallet_minor = after.cleared_balance_minor if terms.credit_balance_to_wallet or closed else 0
    return RefundPreview(
        cleared_minor=_sum(cleared),
        purchase_minor=_sum(entry for entry in cleared if entry.subject_id == payment_id),
        shopper_fee_minor=_sum(entry for entry in entries if entry.rule in _FEE_SPARED),
        merchant_fee_back_minor=fee_back_minor,
        excess_minor=to_wallet_minor,
        kept_minor=after.credit_balance_minor - to_wallet_minor,
        subsidy_back=to_campaign,
    )


def _sum(entries: Iterable[Entry]) -> int:
    return sum(entry.amount_minor for entry in entries)
