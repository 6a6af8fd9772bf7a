"""A day's payouts to merchants as one batch: counted, summed, and approved before the bank is told.

How many people must approve is the owner's policy, kept with each batch as it was that day: none, one, or two (four eyes). Who
approves names the sum that he has seen; if payouts join the batch afterwards, it waits for approval of the new sum.
"""

from __future__ import annotations

from datetime import date

from psycopg import Connection

from florin.events.refusals import Refusal


class NoPayoutsThatDay(Refusal, frozen=True, kw_only=True):
    en = "There were no payouts to merchants on {made_on}."
    zh = "{made_on}没有商户打款。"

    made_on: date


class PayoutSumChanged(Refusal, frozen=True, kw_only=True):
    en = "The payouts of {made_on} come to {total_minor}, not to {seen_minor}. Look at them again, then approve that sum."
    zh = "{made_on}的打款合计为{total_minor}，而非{seen_minor}。请重新核对后再批准。"

    made_on: date
    total_minor: int
    seen_minor: int


def gather_payouts(connection: Connection, on: date) -> None:
    """Write the batch of a day as its payouts are now; a day without any has none."""
    connection.execute(_GATHER, {"on": on})
    connection.commit()


def set_policy(connection: Connection, approvals: int) -> None:
    """How many approvals the batches from the next close on need: 0, 1 or 2."""
    connection.execute(_SET_POLICY, {"approvals": approvals})


def approve_payouts(connection: Connection, made_on: date, *, seen_minor: int, by: str, reason: str) -> Refusal | None:
    """Approve the payouts of a day, as a sum. The same person twice is one approval.

    The batch's row is locked: no payout joins it between the look and the word.
    """
    with connection.transaction():
        row = connection.execute(_LOCK, {"on": made_on}).fetchone()
        if row is None:
            return NoPayoutsThatDay(made_on=made_on)
        if row[0] != seen_minor:
            return PayoutSumChanged(made_on=made_on, total_minor=row[0], seen_minor=seen_minor)
        connection.execute(_APPROVE, {"on": made_on, "by": by, "reason": reason, "total_minor": seen_minor})
    return None


_GATHER = """
    INSERT INTO payout_batch (made_on, payouts, total_minor, needed)
    SELECT %(on)s, count(*), sum(amount_minor), coalesce((SELECT approvals FROM payout_policy), 0)
      FROM payout
     WHERE requested_on = %(on)s AND merchant_id <> 0
    HAVING count(*) > 0
        ON CONFLICT (made_on) DO UPDATE SET payouts = excluded.payouts, total_minor = excluded.total_minor
"""
_SET_POLICY = """
    INSERT INTO payout_policy (approvals) VALUES (%(approvals)s)
        ON CONFLICT (only_row) DO UPDATE SET approvals = excluded.approvals
"""
_LOCK = "SELECT total_minor FROM payout_batch WHERE made_on = %(on)s FOR UPDATE"
_APPROVE = """
    INSERT INTO payout_approval (made_on, decided_by, reason, total_minor)
    VALUES (%(on)s, %(by)s, %(reason)s, %(total_minor)s)
        ON CONFLICT (made_on, decided_by) DO UPDATE
       SET reason = excluded.reason, total_minor = excluded.total_minor, decided_at = now()
"""
