"""Down payment: by the terms, a share of an order in installments is paid from the wallet at once, the rest goes into them.

It is of the same authorization: whoever asks for the whole on credit gets both tenders, and both stand or fall together. Three
installments with a share of a quarter are what is known as pay in four. A coupon comes off before; an order that is paid
next month has none.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

from msgspec.structs import replace

from florin.credit.terms import Terms
from florin.money.amounts import round_up
from florin.payments.charge import Charge
from florin.payments.pay import Pay
from florin.payments.pay_parent import PayParent

Paying = TypeVar("Paying", Pay, PayParent, Charge)


def down_payment_minor(amount_minor: int, terms: Terms) -> int:
    """What of an amount in installments is paid at once, rounded up; less than all of it."""
    return min(round_up(amount_minor * Fraction(terms.down_payment_share)), max(0, amount_minor - 1))


def with_down_payment(command: Paying, count: int, terms: Terms | None) -> Paying:
    """The tenders as the terms ask for them: what is missing of the down payment moves from credit to the wallet.

    count: of installments; 0: none, and nothing moves.
    """
    if not count or terms is None or not terms.down_payment_share or command.credit_minor <= 0:
        return command
    asked_minor = down_payment_minor(command.credit_minor + command.wallet_minor, terms)
    moved_minor = min(max(0, asked_minor - command.wallet_minor), command.credit_minor - 1)
    return replace(
        command,
        credit_minor=command.credit_minor - moved_minor,
        wallet_minor=command.wallet_minor + moved_minor,
    )
