"""The counter: money in from the bank and out to it, each movement with one reference and told once.

Incoming money is booked by the bank first and by us second; outgoing money is ours first (in transit) and the bank's
second. A process that dies in between leaves a listed item in transit, and the same reference tried again completes it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import namedtuple_row

from florin.bank.port import Bank
from florin.bank.simulated import SimulatedBank
from florin.credit.repay import Repay
from florin.engine import ClaimKind, Engine, Submission, claim
from florin.engine.proof import last_proof_holds
from florin.engine.submission import Outcome
from florin.payments.settle import SettlePayout
from florin.wallet.top_up import TopUp
from florin.wallet.withdraw import SettleWithdrawal

CHUNK = 100

log = structlog.get_logger(__name__)


def receive_top_up(
    engine: Engine, bank: SimulatedBank, *, person_id: int, amount_minor: int, reference: str, on: date
) -> Outcome:
    """Money from the person's bank reaches the wallet."""
    bank.receive(amount_minor=amount_minor, reference=reference, on=on)
    command = TopUp(person_id=person_id, amount_minor=amount_minor, bank_reference=reference)
    once = claim(ClaimKind.BANK, 0, reference, ("top-up", person_id, amount_minor))
    return engine.execute([Submission(command=command, claims=(once,))])[0]


def receive_repayment(
    engine: Engine, bank: SimulatedBank, *, line_id: int, amount_minor: int, reference: str, on: date
) -> Outcome:
    """Money from the person's bank repays the line."""
    bank.receive(amount_minor=amount_minor, reference=reference, on=on)
    command = Repay(line_id=line_id, amount_minor=amount_minor, source="bank", reference=reference)
    once = claim(ClaimKind.BANK, 0, reference, ("repay", line_id, amount_minor))
    return engine.execute([Submission(command=command, claims=(once,))])[0]


def settle_outgoing(engine: Engine, connection: Connection[Any], bank: Bank, *, on: date) -> int:
    """Hand every payout and withdrawal in transit to the bank and record its answers. Returns how many were answered.

    Nothing leaves the house while the newest proof of its books does not hold.

    connection: of the engine's role, used by nobody else meanwhile.
    """
    if not last_proof_holds(connection):
        log.error("payouts wait: the books do not hold", see="florin prove")
        return 0
    answered, after = 0, (-1, 0)
    while rows := _in_transit(connection, after):
        after = (rows[-1].lane, rows[-1].id)
        submissions = [submission for row in rows if (submission := _ask_bank(row, bank, on)) is not None]
        outcomes = engine.execute(submissions)
        answered += sum(outcome.event is not None and not outcome.replayed for outcome in outcomes)
    return answered


def _in_transit(connection: Connection[Any], after: tuple[int, int]) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(_IN_TRANSIT, {"after_lane": after[0], "after_id": after[1], "chunk": CHUNK}).fetchall()
    if not connection.autocommit:
        connection.commit()
    return rows


def _ask_bank(row: Any, bank: Bank, on: date) -> Submission | None:
    reference = f"payout/{row.id}"
    answer = bank.pay(amount_minor=row.amount_minor, reference=reference, beneficiary=row.beneficiary, on=on)
    if answer is None:
        return None
    told: dict[str, Any] = {
        "amount_minor": row.amount_minor,
        "bank_reference": answer.reference,
        "returned": answer.returned,
        "reason": answer.reason,
        "reason_code": answer.reason_code,
    }
    command = (
        SettlePayout(payout_id=row.id, merchant_id=row.merchant_id, **told)
        if row.merchant_id
        else SettleWithdrawal(withdrawal_id=row.id, person_id=row.person_id, **told)
    )
    return Submission(command=command, claims=(claim(ClaimKind.JOB, 0, reference, answer.returned),))


# By (lane, id) from where the last chunk ended: what the bank has not answered yet is not asked twice in one round.
_IN_TRANSIT = """
    SELECT payout.lane, payout.id, payout.merchant_id, payout.person_id, payout.amount_minor,
           coalesce(merchant.payout_account, '') AS beneficiary
      FROM payout
           LEFT JOIN merchant ON merchant.id = payout.merchant_id
     WHERE payout.state = 'sent' AND (payout.lane, payout.id) > (%(after_lane)s, %(after_id)s)
  ORDER BY payout.lane, payout.id
     LIMIT %(chunk)s
"""
