"""Tenders: in which order a refund gives them back.

Three orders, a term of the campaign or else of the merchant. `credit_first`: the credit, then the wallet, then the coupon.
`proportional`: each by what is left of it. `coupon_last`: credit and wallet by what is left of them, the coupon when nothing
else is. Every refund is shared out of what is *left*, so a part can never be more than that, and the last refund gives back
exactly the rest of each: over any sequence of refunds the sum of each tender is what was paid with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from florin.events import RefundOrder
from florin.money import round_half_up
from florin.payments.payment import Payment


class Tenders(NamedTuple):
    """An amount, by what it is paid with. Minor units."""

    credit_minor: int = 0
    wallet_minor: int = 0
    coupon_minor: int = 0


def split_refund(payment: Payment, amount_minor: int, order: RefundOrder) -> Tenders:
    """What a refund gives back of each tender. amount_minor: at most what is refundable.

    In proportion each part is rounded half up, in the order credit, wallet, coupon; the last one carries the remainder.
    """
    credit, wallet, coupon = payment.credit_left_minor, payment.wallet_left_minor, payment.coupon_left_minor
    if order == "credit_first":
        return Tenders._make(_one_after_the_other(amount_minor, (credit, wallet, coupon)))
    if order == "proportional":
        return Tenders._make(_in_proportion(amount_minor, (credit, wallet, coupon)))
    of_money_minor = min(amount_minor, credit + wallet)
    return Tenders._make((*_in_proportion(of_money_minor, (credit, wallet)), amount_minor - of_money_minor))


def _one_after_the_other(amount_minor: int, left: Sequence[int]) -> list[int]:
    parts = []
    for left_minor in left:
        parts.append(min(amount_minor, left_minor))
        amount_minor -= parts[-1]
    return parts


def _in_proportion(amount_minor: int, left: Sequence[int]) -> list[int]:
    parts = []
    for index, left_minor in enumerate(left):
        whole_minor = sum(left[index:])
        parts.append(round_half_up(Fraction(amount_minor * left_minor, whole_minor)) if whole_minor else 0)
        amount_minor -= parts[-1]
    return parts
