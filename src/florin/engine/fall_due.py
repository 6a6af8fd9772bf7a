"""What falls due by itself: receipt that nobody confirmed, requests that nobody answered, shared sales that nobody finished,
holds and orders whose time is over, budgets that run low. All but receipts and requests are also looked at between two closes.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import structlog
from psycopg import Connection

from florin.campaigns.watch import WatchBudget
from florin.engine.close_step import CHUNK, drain, rows_of
from florin.engine.engine import Engine
from florin.engine.submission import Submission, job
from florin.payments.close import Close
from florin.payments.receive import Receive
from florin.payments.requests.lapse import LapseRequest
from florin.payments.sharing.share import Share
from florin.payments.void import Void

log = structlog.get_logger(__name__)

_TO_CONFIRM = """
    SELECT id FROM payment WHERE state = 2 AND confirm_on <= %(on)s ORDER BY confirm_on, lane, id LIMIT %(chunk)s
"""
_TO_LAPSE = """
    SELECT id, payment_id FROM refund_request
     WHERE state <= 5 AND due_on < %(on)s AND id <> ALL (%(left)s::bigint[])
  ORDER BY due_on, lane, id
     LIMIT %(chunk)s
"""
_SHARES_OVER = """
    SELECT id, merchant_id FROM payment
     WHERE share_until <= %(on)s AND coalesce((particulars->>'request_id')::bigint, 0) = 0
  ORDER BY share_until, lane, id
     LIMIT %(chunk)s
"""
# The order number of a release by the clock; a merchant cannot send one with a slash.
CLOCK_ORDER = "clock/"
_HOLDS_OVER = """
    SELECT p.id FROM payment p, clock c
     WHERE p.state = 1 AND p.expires_at <= now() + c.offset_s * interval '1 second'
  ORDER BY p.expires_at, p.lane, p.id LIMIT %(chunk)s
"""
_TRADES_OVER = """
    SELECT t.id FROM trade t, clock c
     WHERE t.state = 1 AND t.expires_at <= now() + c.offset_s * interval '1 second'
  ORDER BY t.expires_at, t.lane, t.id LIMIT %(chunk)s
"""


def receive_due(engine: Engine, connection: Connection, on: date) -> int:
    """Confirm receipt where the buyer has not and the clock may."""
    return drain(
        engine, connection, _TO_CONFIRM, lambda row: Submission(command=Receive(payment_id=row.id, by="clock")), on=on
    )


def lapse_due(engine: Engine, connection: Connection, on: date) -> int:
    """Refund requests whose day is over: silence has its meaning. One that is refused is tried by the next close."""
    done, left = 0, [0]
    while rows := rows_of(connection, _TO_LAPSE, on=on, left=left, chunk=CHUNK):
        outcomes = engine.execute(
            [Submission(command=LapseRequest(request_id=row.id, payment_id=row.payment_id)) for row in rows]
        )
        for row, outcome in zip(rows, outcomes, strict=True):
            if outcome.refusal is not None:
                log.warning("a refund request is left", request_id=row.id, refusal=outcome.refusal.name)
        done += sum(outcome.event is not None for outcome in outcomes)
        left += [row.id for row in rows]
    return done


def finish_sharing(engine: Engine, connection: Connection, on: date) -> None:
    """Release what of a shared sale nobody was given in its time; one whose buyer asks for a refund waits."""
    drain(engine, connection, _SHARES_OVER, _finish, on=on)


def _finish(row: Any) -> Submission:
    command = Share(payment_id=row.id, merchant_id=row.merchant_id, order_no=CLOCK_ORDER, finish=True, by_clock=True)
    return job(f"share-over/{row.id}", command, keeps_refusal=False)


def expire_due(engine: Engine, connection: Connection) -> int:
    """Record what is expired already: holds are released, unpaid trades closed. Also run between two closes."""
    holds = drain(
        engine, connection, _HOLDS_OVER, lambda row: Submission(command=Void(payment_id=row.id, reason="expired"))
    )
    trades = drain(
        engine, connection, _TRADES_OVER, lambda row: Submission(command=Close(trade_id=row.id, reason="expired"))
    )
    return holds + trades


def watch_budgets(engine: Engine, connection: Connection) -> int:
    """Say of each budget that it has run low, or has enough again, since somebody looked; how many. Run between two closes."""
    rows = connection.execute(_CROSSED).fetchall()
    connection.commit()
    outcomes = engine.execute(
        [Submission(command=WatchBudget(campaign_id=campaign_id, left_minor=left)) for campaign_id, left in rows]
    )
    return sum(outcome.event is not None for outcome in outcomes)


_CROSSED = """
    SELECT c.id, sum(b.allotted_minor - b.spent_minor)::bigint AS left_minor
      FROM campaign c JOIN campaign_budget b ON b.lane = c.lane AND b.id = c.id
     WHERE c.terms ? 'warning_minor' AND (c.state = 1 OR c.low = 1)
  GROUP BY c.lane, c.id
    HAVING (sum(b.allotted_minor - b.spent_minor) < (c.terms->>'warning_minor')::bigint) <> (c.low = 1)
  ORDER BY c.id
     LIMIT 100
"""
