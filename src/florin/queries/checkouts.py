"""Checkouts as they were shown, and what became of them: what refusals cost, what a change would do, what arms bought.

Each is one event (`CheckoutOpened`); whether its order was paid, and with what, is the trade's and its payment's to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import kwargs_row

from florin.credit.authorize import CreditLimitExceeded, LimitNotBackYet, LineNotOpen, PastDue
from florin.credit.shared_limit import SharedLimitExceeded
from florin.credit.sub_limits import SubLimitExceeded
from florin.engine.lanes import LANES
from florin.events import Place
from florin.events.market import Arm, CheckoutOpened, LineAnswer
from florin.market.acceptance import AcceptanceCapExceeded, AcceptanceMonthCapExceeded, NotAcceptedHere
from florin.market.holdout import HeldOut
from florin.market.replay import Session

SESSIONS_MAX = 50_000
_TOLD_AS = {
    PastDue.__name__: LineNotOpen.__name__,
    LimitNotBackYet.__name__: CreditLimitExceeded.__name__,
    SubLimitExceeded.__name__: CreditLimitExceeded.__name__,
    SharedLimitExceeded.__name__: CreditLimitExceeded.__name__,
}
_AT_TILL = (
    NotAcceptedHere.__name__,
    AcceptanceCapExceeded.__name__,
    AcceptanceMonthCapExceeded.__name__,
    HeldOut.__name__,
)


class CheckoutSeen(Session, frozen=True, kw_only=True):
    """One checkout. trade_id: 0 where it was refused and left no order. paid: the order was paid, by whomever."""

    event_id: int
    trade_id: int
    person_id: int
    subject: str = ""
    paid: bool = False

    @property
    def refused(self) -> tuple[LineAnswer, ...]:
        """The lines that could not pay all of it."""
        return tuple(each for each in self.answers if each.verdict != "yes")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one reason has cost: checkouts in which a line was refused for it, and those of them that were paid all the same.

    refusal: its name. lost: not paid at all. A checkout with two reasons counts under both.
    """

    refusal: str
    sessions: int
    amount_minor: int
    paid: int
    paid_minor: int

    @property
    def lost(self) -> int:
        return self.sessions - self.paid

    @property
    def lost_minor(self) -> int:
        return self.amount_minor - self.paid_minor


class MerchantCost(msgspec.Struct, frozen=True, kw_only=True):
    """What refusals have cost one merchant. sessions: all checkouts; refused: those in which a line could not pay; lost: those
    of them that were not paid at all. reasons: the costliest first.
    """

    merchant_id: int
    sessions: int
    refused: int
    refused_minor: int
    lost: int
    lost_minor: int
    reasons: tuple[Cost, ...]


class TillRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Payments that were refused at a merchant because the line is not accepted, by name."""

    refusal: str
    count: int
    amount_minor: int


class ArmSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What one arm of an experiment has bought: checkouts, those whose order was paid, and for how much; of it on credit."""

    experiment: str
    arm: Arm
    sessions: int
    paid: int
    paid_minor: int
    by_credit: int


_CHECKOUTS = """
    SELECT e.id AS event_id, e.posted_on AS on, coalesce(e.trade_id, 0) AS trade_id, e.person_id, e.merchant_id,
           e.body::text AS body, coalesce(t.subject, '') AS subject, coalesce(t.payment_id, 0) <> 0 AS paid,
           coalesce(p.line_id, 0) AS by_line
      FROM event e
           LEFT JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(e.trade_id >> 40)::integer + 1] AND t.id = e.trade_id
           LEFT JOIN payment p ON p.lane = (%(lanes)s::smallint[])[(t.payment_id >> 40)::integer + 1] AND p.id = t.payment_id
     WHERE e.kind = 212 AND e.posted_on >= %(since)s
"""
_OF_MERCHANT = " AND e.merchant_id = %(merchant_id)s"
_NEWEST = " ORDER BY e.posted_on DESC, e.recorded_at DESC, e.id DESC LIMIT %(limit)s"
_TILL = """
    SELECT body ->> 'refusal' AS refusal, count(*) AS count,
           coalesce(sum((body -> 'numbers' ->> 'requested_minor')::bigint), 0)::bigint AS amount_minor
      FROM event
     WHERE kind = 90 AND merchant_id = %(merchant_id)s AND posted_on >= %(since)s AND body ->> 'refusal' = ANY (%(names)s)
  GROUP BY 1
  ORDER BY 1
     LIMIT 100
"""
assert CheckoutOpened.kind == 212, "the kind stands in the statements, which an index is for"


def read_checkouts(
    connection: Connection[Any], *, since: date, merchant_id: int | None = None, limit: int = SESSIONS_MAX
) -> list[CheckoutSeen]:
    """Checkouts from a business day on, the newest first; of one merchant, or of all."""
    statement = _CHECKOUTS + ("" if merchant_id is None else _OF_MERCHANT) + _NEWEST
    parameters = {"since": since, "merchant_id": merchant_id, "limit": limit, "lanes": list(LANES)}
    with connection.cursor(row_factory=kwargs_row(_checkout)) as cursor:
        return cursor.execute(statement, parameters).fetchall()


def costs_of(checkouts: Iterable[CheckoutSeen]) -> list[Cost]:
    """What refusals have cost, by reason, what was lost first; as a merchant may read it."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for seen in checkouts:
        for refusal in {told_as(each.refusal) for each in seen.refused}:
            found = sums[refusal]
            found[0], found[1] = found[0] + 1, found[1] + seen.amount_minor
            if seen.paid:
                found[2], found[3] = found[2] + 1, found[3] + seen.amount_minor
    costs = [
        Cost(refusal=refusal, sessions=sessions, amount_minor=amount, paid=paid, paid_minor=paid_minor)
        for refusal, (sessions, amount, paid, paid_minor) in sums.items()
    ]
    return sorted(costs, key=lambda cost: (-cost.lost_minor, cost.refusal))


def costs_by_merchant(checkouts: Iterable[CheckoutSeen]) -> list[MerchantCost]:
    """What refusals have cost each merchant in whose checkouts there was one, who lost most first."""
    seen_at: dict[int, list[CheckoutSeen]] = defaultdict(list)
    for seen in checkouts:
        seen_at[seen.merchant_id].append(seen)
    found = []
    for merchant_id, sessions in seen_at.items():
        refused = [seen for seen in sessions if seen.refused]
        lost = [seen for seen in refused if not seen.paid]
        if refused:
            cost = MerchantCost(
                merchant_id=merchant_id,
                sessions=len(sessions),
                refused=len(refused),
                refused_minor=sum(seen.amount_minor for seen in refused),
                lost=len(lost),
                lost_minor=sum(seen.amount_minor for seen in lost),
                reasons=tuple(costs_of(sessions)),
            )
            found.append(cost)
    return sorted(found, key=lambda cost: (-cost.lost_minor, cost.merchant_id))


def told_as(refusal: str) -> str:
    """The name by which a merchant is told of a refusal: what keeps a limit, and that she is late, is not his business."""
    return _TOLD_AS.get(refusal, refusal)


def till_refusals(connection: Connection[Any], *, merchant_id: int, since: date) -> list[TillRefusal]:
    """What was refused when it came to paying, at the cashier or at a till, by name."""
    parameters = {"merchant_id": merchant_id, "since": since, "names": list(_AT_TILL)}
    with connection.cursor(row_factory=kwargs_row(TillRefusal)) as cursor:
        return cursor.execute(_TILL, parameters).fetchall()


def arms_of(checkouts: Iterable[CheckoutSeen]) -> list[ArmSeen]:
    """What each arm of each experiment has bought, over these checkouts; one without an arm counts nowhere."""
    sums: dict[tuple[str, Arm], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for seen in checkouts:
        for experiment, arm in {(each.experiment, each.arm) for each in seen.answers if each.arm}:
            found = sums[experiment, arm]
            found[0] += 1
            if seen.paid:
                found[1], found[2] = found[1] + 1, found[2] + seen.amount_minor
                found[3] += seen.by_line != 0
    return [
        ArmSeen(experiment=name, arm=arm, sessions=sessions, paid=paid, paid_minor=minor, by_credit=by_credit)
        for (name, arm), (sessions, paid, minor, by_credit) in sorted(sums.items())
    ]


class _Body(msgspec.Struct):
    amount_minor: int
    market: str
    category: str
    sold: str
    answers: tuple[LineAnswer, ...] = ()


_decode = msgspec.json.Decoder(_Body).decode


def _checkout(*, body: str, **columns: Any) -> CheckoutSeen:
    found = _decode(body)
    place = Place(market=found.market, category=found.category, channel=found.sold)  # type: ignore[arg-type]
    return CheckoutSeen(**columns, amount_minor=found.amount_minor, place=place, answers=found.answers)
