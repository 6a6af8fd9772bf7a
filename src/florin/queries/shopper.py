"""What a shopper's pages ask: her purse, a trade she is about to pay, her orders, her statements.

Read-only, a statement or two a page, each with its lane first so that it finds its rows wherever they live. A payment
lives in its payer's lane and its trade in another; the list of lanes goes along as a parameter, so that one join finds
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import kwargs_row

from florin.credit.line import Line, LineState
from florin.credit.particulars import ORDINARY, Particulars
from florin.credit.shared_limit import SharedExposure
from florin.engine.ids import lane_of
from florin.engine.lanes import LANES
from florin.engine.tables.payment import choice_of
from florin.events import CampaignPart, InstallmentChoice, StatementLine
from florin.payments.particulars import ORDINARY as NO_PARTICULARS
from florin.payments.particulars import PaymentParticulars
from florin.payments.payment import PaymentState
from florin.payments.trade import NO_DETAIL, Flow, Trade, TradeDetail, TradeState
from florin.queries.shared_limits import shared_by
from florin.wallet.wallet import Wallet

ORDERS_MAX = 100
STATEMENTS_MAX = 24


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One line of hers. shared: what it shares with others of hers, if it does."""

    line: Line
    shared: SharedExposure | None = None


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """A person and what she can pay with. lines: those that are not closed, the oldest first; closed ones only when she has no
    other.
    """

    name: str
    wallet: Wallet
    lines: tuple[Held, ...] = ()

    @property
    def line(self) -> Line | None:
        """The line that a page about one line shows; None when she has no credit here."""
        return self.lines[0].line if self.lines else None

    @property
    def shared(self) -> SharedExposure | None:
        """What that line shares with others of hers, if it does."""
        return self.lines[0].shared if self.lines else None

    def of_line(self, line_id: int) -> Purse:
        """The purse with this line before the others; as it is when she has no such line."""
        ordered = sorted(self.lines, key=lambda held: held.line.id != line_id)
        return msgspec.structs.replace(self, lines=tuple(ordered))


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One payment with what was bought. Amounts in minor units: paid (or reserved), given back, by tender.

    owed_from_on: the day on which it was captured or received; until then the day on which it was paid. program: of the
    credit part's line, empty without one. paid: of what was authorized; expires_at: of what is still authorized.
    particulars: its refund request, its clock put off.
    """

    payment_id: int
    trade_id: int
    merchant_id: int
    out_trade_no: str
    subject: str
    state: PaymentState
    flow: Flow
    paid_on: date
    owed_from_on: date
    confirm_on: date | None
    credit_minor: int
    wallet_minor: int
    credit_refunded_minor: int
    wallet_refunded_minor: int
    coupon: CampaignPart | None
    coupon_refunded_minor: int
    plan: InstallmentChoice | None
    detail: TradeDetail
    program: str
    paid_minor: int = 0
    particulars: PaymentParticulars = NO_PARTICULARS
    expires_at: datetime | None = None

    @property
    def amount_minor(self) -> int:
        return self.credit_minor + self.wallet_minor + (self.coupon.amount_minor if self.coupon else 0)

    @property
    def refunded_minor(self) -> int:
        return self.credit_refunded_minor + self.wallet_refunded_minor + self.coupon_refunded_minor


class StatementSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A statement: its image with its lines, and what is left of it and of its minimum today. earlier: what was left of
    older ones when it was made, which its image does not repeat.
    """

    opens_on: date
    closes_on: date
    due_on: date
    image_minor: int
    minimum_minor: int
    remaining_minor: int
    minimum_left_minor: int
    earlier_minor: int
    lines: tuple[StatementLine, ...]


_TRADE = """
    SELECT lane, id, app_id, merchant_id, flow, amount_minor, out_trade_no, subject, asked_at, state, installments,
           payment_id, expires_at, detail::text AS detail
      FROM trade
     WHERE lane = %(lane)s AND id = %(id)s
"""


def read_trade(connection: Connection[Any], trade_id: int) -> Trade | None:
    """The trade of that id; None for one that does not exist and for a number that cannot be an id."""
    lane = _lane_of(trade_id)
    if lane is None:
        return None
    with connection.cursor(row_factory=kwargs_row(_trade)) as cursor:
        return cursor.execute(_TRADE, {"lane": lane, "id": trade_id}).fetchone()


def _trade(*, flow: int, state: int, expires_at: datetime | None, detail: str | None, **columns: Any) -> Trade:
    return Trade(
        **columns,
        flow=Flow(flow),
        state=TradeState(state),
        expires_at=expires_at,
        detail=_detail(detail),
    )


# A person has one line for each program; after one was closed perhaps another.
_PURSE = """
    SELECT p.name, w.balance_minor, l.state, l.sequence, l.id, l.limit_minor, l.held_minor, l.committed_minor,
           l.principal_minor, l.fee_minor, l.interest_minor, l.credit_balance_minor, l.uncleared_minor, l.due_minor,
           l.opened_on, l.due_on, l.past_due_on, l.next_action_on, l.program, l.particulars::text AS particulars
      FROM person p
           JOIN wallet w ON w.lane = p.lane AND w.id = p.id
           LEFT JOIN line l ON l.lane = p.lane AND l.person_id = p.id
     WHERE p.lane = %(lane)s AND p.id = %(id)s
  ORDER BY l.state = 3, l.id
     LIMIT 100
"""


def read_purse(connection: Connection[Any], person_id: int) -> Purse | None:
    """What the person can pay with; None when there is no such person."""
    lane = _lane_of(person_id)
    if lane is None:
        return None

    with connection.cursor(row_factory=kwargs_row(_of_purse)) as cursor:
        rows = cursor.execute(_PURSE, {"lane": lane, "id": person_id}).fetchall()
    if not rows:
        return None
    lines = [msgspec.structs.replace(row.line, lane=lane, person_id=person_id) for row in rows if row.line is not None]
    kept = [line for line in lines if line.state is not LineState.CLOSED] or lines
    return Purse(
        name=rows[0].name,
        wallet=Wallet(id=person_id, lane=lane, balance_minor=rows[0].balance_minor),
        lines=tuple(Held(line=line, shared=shared_by(connection, line)) for line in kept),
    )


class _PurseRow(NamedTuple):
    """A person, and one of her lines."""

    name: str
    balance_minor: int
    line: Line | None


def _of_purse(
    *, name: str, balance_minor: int, id: int | None, state: int | None, particulars: str | None, **columns: Any
) -> _PurseRow:
    line = None
    if id is not None and state is not None:
        own = ORDINARY if particulars is None else msgspec.json.decode(particulars, type=Particulars)
        line = Line(**columns, id=id, lane=0, person_id=0, state=LineState(state), particulars=own)
    return _PurseRow(name, balance_minor, line)


_ORDER_COLUMNS: LiteralString = """
    SELECT p.id AS payment_id, p.trade_id, p.merchant_id, t.out_trade_no, t.subject, p.state, p.flow,
           p.authorized_on AS paid_on, coalesce(p.payable_on, p.authorized_on) AS owed_from_on,
           p.confirm_on, p.credit_authorized_minor AS credit_minor, p.wallet_authorized_minor AS wallet_minor,
           p.credit_refunded_minor, p.wallet_refunded_minor, p.plan_count, p.plan_fee_minor, p.plan_fee_payer,
           p.plan_priced::text AS plan_priced, p.coupon::text AS coupon,
           coalesce(p.coupon_refunded_minor, 0) AS coupon_refunded_minor,
           t.detail::text AS detail, coalesce(l.program, '') AS program,
           p.credit_paid_minor + p.wallet_paid_minor + coalesce(p.coupon_paid_minor, 0) AS paid_minor,
           p.particulars::text AS particulars, p.expires_at
      FROM payment p
           JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(p.trade_id >> 40)::integer + 1] AND t.id = p.trade_id
           LEFT JOIN line l ON l.lane = p.lane AND l.id = p.line_id
"""
_ORDER = (
    _ORDER_COLUMNS
    + """
     WHERE p.lane = %(lane)s AND p.id = %(id)s AND p.person_id = %(person_id)s
"""
)
# No index leads from a person to her payments: a sale would pay for it, and one lane is little to read.
_ORDERS = (
    _ORDER_COLUMNS
    + """
     WHERE p.lane = %(lane)s AND p.person_id = %(person_id)s
  ORDER BY p.authorized_on DESC, p.id DESC
     LIMIT %(limit)s
"""
)
_ORDERS_BY_ID = (
    _ORDER_COLUMNS
    + """
     WHERE p.lane = %(lane)s AND p.id = ANY(%(ids)s) AND p.person_id = %(person_id)s
  ORDER BY p.id
     LIMIT %(limit)s
"""
)


def read_order(connection: Connection[Any], payment_id: int, *, person_id: int) -> Order | None:
    """One of the person's own payments; None for anybody else's."""
    lane = _lane_of(payment_id)
    if lane is None:
        return None
    parameters = {"lanes": list(LANES), "lane": lane, "id": payment_id, "person_id": person_id}
    with connection.cursor(row_factory=kwargs_row(_order)) as cursor:
        return cursor.execute(_ORDER, parameters).fetchone()


def read_orders(connection: Connection[Any], *, person_id: int, limit: int = ORDERS_MAX) -> list[Order]:
    """The person's payments, the newest first."""
    parameters = {"lanes": list(LANES), "lane": _lane_of(person_id), "person_id": person_id, "limit": limit}
    with connection.cursor(row_factory=kwargs_row(_order)) as cursor:
        return cursor.execute(_ORDERS, parameters).fetchall()


def read_orders_by_id(connection: Connection[Any], ids: Sequence[int], *, person_id: int) -> dict[int, Order]:
    """Those of the person's payments that a statement lists, by payment id."""
    if not ids:
        return {}
    parameters = {
        "lanes": list(LANES),
        "lane": _lane_of(person_id),
        "ids": list(ids),
        "person_id": person_id,
        "limit": len(ids),
    }
    with connection.cursor(row_factory=kwargs_row(_order)) as cursor:
        return {order.payment_id: order for order in cursor.execute(_ORDERS_BY_ID, parameters)}


def _order(
    *,
    state: int,
    flow: int,
    plan_count: int,
    plan_fee_minor: int,
    plan_fee_payer: int,
    plan_priced: str | None,
    coupon: str | None,
    detail: str | None,
    particulars: str | None,
    **columns: Any,
) -> Order:
    priced = None if plan_priced is None else msgspec.json.decode(plan_priced)
    plan = choice_of(plan_count, plan_fee_minor, plan_fee_payer, priced) if plan_count else None
    own = NO_PARTICULARS if particulars is None else msgspec.json.decode(particulars, type=PaymentParticulars)
    borne = None if coupon is None else msgspec.json.decode(coupon, type=CampaignPart)
    kept: dict[str, Any] = {"plan": plan, "coupon": borne, "detail": _detail(detail), "particulars": own}
    return Order(**columns, **kept, state=PaymentState(state), flow=Flow(flow))


_STATEMENTS = """
    SELECT s.opens_on, s.closes_on, s.due_on, s.image_minor, s.minimum_minor, s.remaining_minor, s.minimum_left_minor,
           coalesce((e.body ->> 'earlier_minor')::bigint, 0) AS earlier_minor, e.body ->> 'lines' AS lines
      FROM statement s
           JOIN event e ON e.lane = s.lane AND e.id = s.event_id
     WHERE s.lane = %(lane)s AND s.line_id = %(line_id)s
  ORDER BY s.closes_on DESC
     LIMIT %(limit)s
"""


def read_statements(connection: Connection[Any], *, line_id: int, limit: int = STATEMENTS_MAX) -> list[StatementSeen]:
    """A line's statements, the newest first."""
    parameters = {"lane": _lane_of(line_id), "line_id": line_id, "limit": limit}
    with connection.cursor(row_factory=kwargs_row(_statement)) as cursor:
        return cursor.execute(_STATEMENTS, parameters).fetchall()


def _statement(*, lines: str, **columns: Any) -> StatementSeen:
    return StatementSeen(**columns, lines=msgspec.json.decode(lines, type=tuple[StatementLine, ...]))


def _detail(text: str | None) -> TradeDetail:
    return NO_DETAIL if text is None else msgspec.json.decode(text, type=TradeDetail)


def _lane_of(identifier: int) -> int | None:
    """The lane of an id that came from an address; None when it cannot be one."""
    try:
        return lane_of(identifier) if 0 < identifier < 2**63 else None
    except IndexError:
        return None
