"""Parent orders as who asked for them sees them: the whole, and each order in it with its payment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection

from florin.engine import lane_of
from florin.engine.tables.parent import PARENT_ORDER, parent_of
from florin.engine.tables.table import READ
from florin.payments.parent import Parent
from florin.payments.trade import TradeState
from florin.queries import is_id
from florin.queries.payments import PaymentView, views_of_trades


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
    if not is_id(parent_id):
        return None
    rows = PARENT_ORDER.load(connection, [(lane_of(parent_id), parent_id)], READ)
    parent = parent_of(rows[0]) if rows else None
    return None if parent is None or app_id not in (None, parent.app_id) else parent


def parent_by_id(connection: Connection[Any], *, parent_id: int, app_id: int | None = None) -> ParentView | None:
    """Both levels of a parent order."""
    parent = read_parent(connection, parent_id, app_id=app_id)
    if parent is None:
        return None
    found = {view.trade.id: view for view in views_of_trades(connection, trade_ids=parent.trade_ids)}
    return ParentView(parent=parent, orders=[found[trade_id] for trade_id in parent.trade_ids])
