"""What a shopper's lines answer at a shop, line by line, exactly as the till would decide.

For whoever shows it before she pays: the cashier, a page of shop fronts, the owner's program. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from psycopg import Connection

from florin.engine.reference import Reference
from florin.events import Channel, Place
from florin.market import Answer, answer
from florin.money.at import At
from florin.payments.pay import TenderNotAccepted
from florin.payments.trade import NO_DETAIL
from florin.queries.shopper import Purse, read_purse


def answers_for(
    connection: Connection[Any],
    reference: Reference,
    *,
    person_id: int,
    merchant_id: int,
    amount_minor: int,
    at: At,
    channel: Channel = "online",
) -> list[Answer] | None:
    """The answers of all her lines that are not closed, the oldest line first; None for nobody, and for no shop of this house.

    amount: above zero, minor units. channel: how it is sold. `Answer` says the verdict, what could be paid, and the reason.
    """
    purse, merchant = read_purse(connection, person_id), reference.merchants.get(merchant_id)
    if purse is None or merchant is None:
        return None
    place = Place(market=merchant.market, category=merchant.category, channel=channel)
    return answers_of(purse, reference, place, amount_minor, at, merchant_id=merchant_id)


def answers_of(
    purse: Purse,
    reference: Reference,
    place: Place,
    amount_minor: int,
    at: At,
    *,
    merchant_id: int,
    trade_id: int = 0,
    tenders: Sequence[str] = NO_DETAIL.tenders,
) -> list[Answer]:
    """As `answers_for`, of a purse that was read. trade_id: of the order that is asked about, if there is one already.

    tenders: the means that the merchant takes for it; a line of another is answered no.
    """
    answers = [
        answer(
            held.line,
            reference.terms(held.line.program, at.on),
            amount_minor,
            place,
            at,
            acceptance=reference.acceptance,
            merchant_id=merchant_id,
            trade_id=trade_id,
            shared=held.shared,
        )
        for held in purse.lines
    ]
    return [_by_tender(each, reference.program(each.program).tender, tenders) for each in answers]


def _by_tender(found: Answer, tender: str, tenders: Sequence[str]) -> Answer:
    if tender in tenders:
        return found
    return replace(found, verdict="no", most_minor=0, refusal=TenderNotAccepted(tender=tender))
