"""Earned: what an event brings a merchant, tender by tender and fee by fee, as the book's own table says.

A merchant's money lies in accounts of his: payable, available, reserve, and between lanes in their clearing. What moves from
one of them to another changes nothing for him; what any other cause moves in or out of them is a tender paid or given back, a
payout, or a fee. So a rule that is new in the book is counted from its first day, at least as a fee under its own name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from florin.ledger import POSTINGS, Account, Rule

OWN_ACCOUNTS: Final = frozenset(
    {Account.MERCHANT_PAYABLE, Account.MERCHANT_AVAILABLE, Account.MERCHANT_RESERVE, Account.LANE_CLEARING}
)


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units; tenders below zero are given back. fees: by kind, above zero what was taken, below zero given back.

    paid_out_minor: sent to his bank, or given to a person; below zero when it came back, or when he paid back what he owed.
    disputed_minor: held until a dispute is decided, below zero when it is. frozen_minor: kept for others who share in a
    sale, below zero when it is given free or refunded. shared_minor: of others' sales, or come back of his own; below zero what
    he gave back.
    """

    credit_minor: int = 0
    wallet_minor: int = 0
    coupon_minor: int = 0
    paid_out_minor: int = 0
    disputed_minor: int = 0
    frozen_minor: int = 0
    shared_minor: int = 0
    fees: dict[str, int] = {}

    @property
    def received_minor(self) -> int:
        """All tenders, before fees."""
        return self.credit_minor + self.wallet_minor + self.coupon_minor

    @property
    def fees_minor(self) -> int:
        return sum(self.fees.values())

    @property
    def net_minor(self) -> int:
        """What the merchant has more, or less, than before, as his accounts have."""
        return self.received_minor - self.fees_minor - self.unsold_minor

    @property
    def unsold_minor(self) -> int:
        """What left his accounts that was neither given back nor a fee: paid out, held or frozen, less shared with him."""
        return self.paid_out_minor + self.disputed_minor + self.frozen_minor - self.shared_minor


NOTHING: Final = Earned()


def earned(entries: Iterable[tuple[int, int]]) -> Earned:
    """entries: (rule, amount) as events keep them; a rule below zero is the other way round."""
    credit = wallet = coupon = paid_out = disputed = frozen = shared = 0
    fees: dict[str, int] = {}
    for rule, amount_minor in entries:
        effect = EFFECTS.get(abs(rule))
        if effect is None:
            continue
        sign, what = effect
        moved = sign * amount_minor if rule > 0 else -sign * amount_minor
        if what == "credit":
            credit += moved
        elif what == "wallet":
            wallet += moved
        elif what == "coupon":
            coupon += moved
        elif what == "payout":
            paid_out -= moved
        elif what == "disputed":
            disputed -= moved
        elif what == "frozen":
            frozen -= moved
        elif what == "shared":
            shared += moved
        else:
            fees[what] = fees.get(what, 0) - moved
    return Earned(
        credit_minor=credit, wallet_minor=wallet, coupon_minor=coupon, paid_out_minor=paid_out, disputed_minor=disputed,
        frozen_minor=frozen, shared_minor=shared, fees=fees,
    )  # fmt: skip


_WHAT: Final = {
    Rule.DRAW_CREDIT: "credit",
    Rule.RECEIVE_DRAWN: "credit",
    Rule.REFUND_CREDIT: "credit",
    Rule.RELEASE_ESCROW: "wallet",
    Rule.REFUND_WALLET: "wallet",
    Rule.RELEASE_COUPON: "coupon",
    Rule.REFUND_COUPON: "coupon",
    Rule.PAY_OUT: "payout",
    Rule.MERCHANT_PAYS_BACK: "payout",
    Rule.TRANSFER_IN: "payout",
    Rule.CHARGE_MDR: "payment",
    Rule.HOLD_DISPUTED: "disputed",
    Rule.FREEZE_SHARES: "frozen",
    Rule.SHARE_IN: "shared",
    Rule.RETURN_SHARE: "shared",
    Rule.CHARGE_MERCHANT_FEE: "installments",
    Rule.CHARGE_CREDIT_FEE: "credit-fee",  # `credit` is a tender
    Rule.CHARGE_COMMISSION: "commission",
    Rule.CHARGE_SOFTWARE_FEE: "software",
    Rule.CHARGE_RETURN_FEE: "return",
}


def _effects() -> dict[int, tuple[int, str]]:
    """(sign, what it is) of every rule that moves something in (+1) or out (-1) of a merchant's accounts."""
    effects = {}
    for rule, legs in POSTINGS.items():
        sign = sum((leg.credit in OWN_ACCOUNTS) - (leg.debit in OWN_ACCOUNTS) for leg in legs)
        if sign:
            effects[int(rule)] = (sign, _WHAT.get(rule, rule.name.lower().replace("_", "-")))
    return effects


EFFECTS: Final = _effects()
