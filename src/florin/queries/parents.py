"""Parent orders as who asked for them sees them: the whole, and each order in it with its payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection

from florin.engine.tables.parent import PARENT_ORDER, parent_of
from florin.engine.tables.payment import PAYMENT, payment_of
from florin.engine.tables.trade import TRADE, trade_of
from florin.payments.parent import Parent
from florin.payments.trade import TradeState
from florin.queries.payments import PaymentView
from florin.queries.rows import states_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentView:
    """orders: in the order in which they were asked for."""

    parent: Parent
    orders: Sequence[PaymentView]

    def state(self, now: datetime) -> Literal["waiting", "paid", "closed"]:
        """Of the whole: paid when all are, which they are together; closed when one of them cannot be paid any more."""
        if all(view.trade.state is TradeState.PAID for view in self.orders):
            return "paid"
        return "waiting" if all(view.trade.is_open(now) for view in self.orders) else "closed"


def read_parent(connection: Connection[Any], parent_id: int, *, app_id: int | None = None) -> Parent | None:
    """The parent order of that id; None when there is none, or when it is another app's."""
    parent = next(iter(states_of(connection, PARENT_ORDER, parent_of, [parent_id])), None)
    return None if parent is None or app_id not in (None, parent.app_id) else parent


def parent_by_id(connection: Connection[Any], *, parent_id: int, app_id: int | None = None) -> ParentView | None:
    """Both levels of a parent order."""
    parent = read_parent(connection, parent_id, app_id=app_id)
    if parent is None:
        return None
    trades = {trade.id: trade for trade in states_of(connection, TRADE, trade_of, parent.trade_ids)}
    paid = states_of(connection, PAYMENT, payment_of, [trade.payment_id for trade in trades.values()])
    payments = {payment.trade_id: payment for payment in paid}
    orders = [PaymentView(trade=trades[trade_id], payment=payments.get(trade_id)) for trade_id in parent.trade_ids]
    return ParentView(parent=parent, orders=orders)
