"""A checkout was opened: what each of the shopper's lines answered is kept, so that an owner can later measure.

One event a session: a shopper who looks at the same order again adds nothing. What she was shown is the caller's to say; the
till decides anew when she pays, and a refusal there is an event of its own. Who pays without seeing a cashier (a code at a
till, a standing agreement) opens a checkout by paying: the answer of the line that was to pay is recorded with the payment,
or with its refusal. A program of no ecosystem that no experiment concerns is accepted everywhere: nothing is decided there
but what the line has left, and the payment says that.
"""

from __future__ import annotations

import msgspec

from florin.events.market import CheckoutBy, CheckoutOpened, LineAnswer
from florin.events.parts import Place
from florin.market.acceptance import Acceptance
from florin.market.answer import Answer
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


def asks(acceptance: Acceptance, program: str) -> bool:
    """Whether more is decided of a program's purchases than what its line has left."""
    if acceptance.experiments:
        return True
    return acceptance.owner_of(program) is not None


def by_paying(
    found: Answer,
    *,
    trade_id: int,
    person_id: int,
    merchant_id: int,
    amount_minor: int,
    place: Place,
    by: CheckoutBy,
    at: At,
) -> CheckoutOpened:
    """The checkout of who pays without a cashier. amount: the line's part. trade_id: 0 where a refused one leaves none."""
    return CheckoutOpened(
        value_on=at.on,
        trade_id=trade_id,
        person_id=person_id,
        merchant_id=merchant_id,
        amount_minor=amount_minor,
        market=place.market,
        category=place.category,
        sold=place.channel,
        answers=(found.recorded(),),
        by=by,
    )
