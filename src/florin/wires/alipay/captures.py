"""What a shop means by an order number: a trade of its own, or a part that was taken of an authorization.

`alipay.trade.pay` with an `auth_no` takes a part of what is frozen, under an order number of its own, as often as the shop
likes. Its sale is seen as a trade of that part: the part's amounts, the authorization's `trade_no`. Refunds of a part are kept
under the part's number and their own, so that one part never gives back what another took.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace
from psycopg import Connection

from florin.engine import ClaimKind, lane_of
from florin.engine.tables.event import load_events
from florin.events import Captured
from florin.payments.payment import PaymentState
from florin.payments.trade import Flow
from florin.wires.desk.trades import Standing, claimed, find_trade, recorded


class Part(Standing, frozen=True, kw_only=True):
    """A part of an authorization, as a trade with its payment: amounts and refunds are the part's own."""


def find_sale(
    connection: Connection[Any], *, app_id: int, trade_no: str | None, out_trade_no: str | None
) -> Standing | None:
    """As `find_trade`; an order number that took a part of an authorization finds that part."""
    standing = find_trade(connection, app_id=app_id, trade_no=trade_no, out_trade_no=out_trade_no)
    if standing is None or standing.trade.flow is not Flow.MANUAL or not out_trade_no:
        return standing
    event_id = claimed(connection, ClaimKind.ORDER, app_id, out_trade_no)
    event = load_events(connection, [event_id]).get(event_id) if event_id is not None else None
    if not isinstance(event, Captured) or event.trade_id != standing.trade.id or standing.payment is None:
        return standing
    assert event_id is not None, "the event was found by it"
    part_minor = event.credit_minor + event.wallet_minor
    credit_minor, wallet_minor = _refunded(connection, standing.payment.id, refund_prefix(out_trade_no))
    payment = replace(
        standing.payment,
        credit_authorized_minor=event.credit_minor,
        wallet_authorized_minor=event.wallet_minor,
        credit_paid_minor=event.credit_minor,
        wallet_paid_minor=event.wallet_minor,
        credit_released_minor=0,
        wallet_released_minor=0,
        credit_refunded_minor=credit_minor,
        wallet_refunded_minor=wallet_minor,
        state=PaymentState.REFUNDED if credit_minor + wallet_minor == part_minor else PaymentState.CAPTURED,
    )
    return Part(
        trade=replace(standing.trade, out_trade_no=out_trade_no, amount_minor=part_minor),
        payment=payment,
        paid_at=recorded(connection, event_id)[1],
        buyer=standing.buyer,
    )


def refund_prefix(out_trade_no: str) -> str:
    """What refunds of a part begin with; a shop's own numbers have no slash."""
    return f"{out_trade_no}/"


def refund_number(standing: Standing, request_no: str) -> str:
    """Under which number a refund is kept: of a part, the part's and its own."""
    return refund_prefix(standing.trade.out_trade_no) + request_no if isinstance(standing, Part) else request_no


_REFUNDED: Final = """
    SELECT coalesce(sum((body ->> 'credit_minor')::bigint), 0)::bigint,
           coalesce(sum((body ->> 'wallet_minor')::bigint), 0)::bigint
      FROM event
     WHERE lane = %(lane)s AND payment_id = %(payment_id)s AND kind = 47
       AND starts_with(body ->> 'request_no', %(prefix)s)
"""


def _refunded(connection: Connection[Any], payment_id: int, prefix: str) -> tuple[int, int]:
    """(credit, wallet) given back of the part whose refunds begin so."""
    parameters = {"lane": lane_of(payment_id), "payment_id": payment_id, "prefix": prefix}
    row = connection.execute(_REFUNDED, parameters).fetchone()
    assert row is not None, "an aggregate gives one row"
    return row[0], row[1]
