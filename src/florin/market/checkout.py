"""A checkout was opened: what each of the shopper's lines answered is kept, so that an owner can later measure.

One event a session: a shopper who looks at the same order again adds nothing. What she was shown is the caller's to say; the
till decides anew when she pays, and a refusal there is an event of its own.
"""

from __future__ import annotations

import msgspec

from florin.events.market import CheckoutOpened, LineAnswer
from florin.events.parts import Place
from florin.money.at import At


class OpenCheckout(msgspec.Struct, frozen=True, kw_only=True):
    """place: where it is sold. answers: of all her lines, in the order in which they were shown."""

    trade_id: int
    person_id: int
    merchant_id: int
    amount_minor: int
    place: Place
    answers: tuple[LineAnswer, ...]
    wallet_minor: int = 0


def decide(command: OpenCheckout, at: At) -> tuple[CheckoutOpened]:
    return (
        CheckoutOpened(
            value_on=at.on,
            trade_id=command.trade_id,
            person_id=command.person_id,
            merchant_id=command.merchant_id,
            amount_minor=command.amount_minor,
            market=command.place.market,
            category=command.place.category,
            sold=command.place.channel,
            wallet_minor=command.wallet_minor,
            answers=command.answers,
        ),
    )
