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

from florin.bank.port import Bank, BankAnswer, BankReturn
from florin.credit.repay import Repay
from florin.credit.return_repayment import ReturnRepayment
from florin.engine import ClaimKind, Engine, Submission, autopay, claim, lane_of
from florin.engine.proof import last_proof_holds
from florin.engine.submission import Outcome
from florin.payments.settle import SettlePayout
from florin.wallet.receipt import SettleSentBack
from florin.wallet.top_up import TopUp
from florin.wallet.withdraw import SettleWithdrawal

CHUNK = 100

log = structlog.get_logger(__name__)


def receive_top_up(
    engine: Engine, bank: Bank, *, person_id: int, amount_minor: int, reference: str, on: date
) -> Outcome:
    """Money from the person's bank reaches the wallet."""
    bank.receive(amount_minor=amount_minor, reference=reference, on=on)
    command = TopUp(person_id=person_id, amount_minor=amount_minor, bank_reference=reference)
    once = claim(ClaimKind.BANK, 0, reference, ("top-up", person_id, amount_minor))
    return engine.execute([Submission(command=command, claims=(once,))])[0]


def receive_repayment(
    engine: Engine, bank: Bank, *, line_id: int, amount_minor: int, reference: str, on: date
) -> Outcome:
    """Money from the person's bank repays the line."""
    bank.receive(amount_minor=amount_minor, reference=reference, on=on)
    command = Repay(line_id=line_id, amount_minor=amount_minor, source="bank", reference=reference)
    once = claim(ClaimKind.BANK, 0, reference, ("repay", line_id, amount_minor))
    return engine.execute([Submission(command=command, claims=(once,))])[0]


def settle_outgoing(engine: Engine, connection: Connection[Any], bank: Bank, *, on: date) -> int:
    """Hand every payout and withdrawal in transit to the bank and record its answers. Returns how many were answered.

    Nothing leaves the house while the newest proof of its books does not hold; what the bank says is recorded all the same.

    connection: of the engine's role, used by nobody else meanwhile.
    """
    may_send = last_proof_holds(connection)
    if not may_send:
        log.error("payouts wait: the books do not hold", see="florin prove")
    answered = _settle(engine, connection, bank, on, send=may_send)
    if bank.exchange(on):
        answered += record_answers(engine, connection, bank, on=on)
    return answered


def record_answers(engine: Engine, connection: Connection[Any], bank: Bank, *, on: date) -> int:
    """Record what the bank has said of payouts, withdrawals and debits, and what it took back; how many. Orders nothing."""
    answered = _settle(engine, connection, bank, on, send=False)
    autopay.ask_again(engine, connection, on, bank=bank, asked_today=True)
    return answered + record_returns(engine, connection, bank)


def record_returns(engine: Engine, connection: Connection[Any], bank: Bank) -> int:
    """Record what came back after it had been booked; how many."""
    recorded = 0
    for back in bank.returns():
        submission = _returned(connection, back)
        outcome = engine.execute([submission])[0] if submission is not None else None
        if outcome is not None and outcome.refusal is not None:
            log.error("a return is not on record", reference=back.reference, refusal=outcome.refusal.name)
            continue
        bank.return_recorded(back.reference)
        recorded += 1
    return recorded


def _settle(engine: Engine, connection: Connection[Any], bank: Bank, on: date, *, send: bool) -> int:
    answered, after = 0, (-1, 0)
    while rows := _in_transit(connection, after):
        after = (rows[-1].lane, rows[-1].id)
        submissions = [submission for row in rows if (submission := _ask_bank(row, bank, on, send=send)) is not None]
        outcomes = engine.execute(submissions)
        answered += sum(outcome.event is not None and not outcome.replayed for outcome in outcomes)
    return answered


def _in_transit(connection: Connection[Any], after: tuple[int, int]) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        rows = cursor.execute(_IN_TRANSIT, {"after_lane": after[0], "after_id": after[1], "chunk": CHUNK}).fetchall()
    if not connection.autocommit:
        connection.commit()
    return rows


def _ask_bank(row: Any, bank: Bank, on: date, *, send: bool) -> Submission | None:
    reference = f"payout/{row.id}"
    answer = (
        bank.pay(amount_minor=row.amount_minor, reference=reference, beneficiary=row.beneficiary, on=on)
        if send
        else bank.answer(reference)
    )
    if answer is None:
        return None
    told = _told(row.amount_minor, answer)
    if row.receipt_id:
        del told["reason_code"]
        sent_back = SettleSentBack(receipt_id=row.receipt_id, payout_id=row.id, **told)
        return Submission(command=sent_back, claims=(claim(ClaimKind.JOB, 0, reference, answer.returned),))
    command = (
        SettlePayout(payout_id=row.id, merchant_id=row.merchant_id, **told)
        if row.merchant_id
        else SettleWithdrawal(withdrawal_id=row.id, person_id=row.person_id, **told)
    )
    return Submission(command=command, claims=(claim(ClaimKind.JOB, 0, reference, answer.returned),))


def _told(amount_minor: int, answer: BankAnswer) -> dict[str, Any]:
    return {
        "amount_minor": amount_minor,
        "bank_reference": answer.reference,
        "returned": answer.returned,
        "reason": answer.reason,
        "reason_code": answer.reason_code,
    }


def _returned(connection: Connection[Any], back: BankReturn) -> Submission | None:
    """The command that records it; None where it is a line's or nobody's and reconciliation tells of it."""
    subject, _, number = back.reference.partition("/")
    command: Any = None
    if back.kind == "payment" and subject == "payout":
        row = connection.execute(_PAID, {"lane": lane_of(int(number)), "id": int(number)}).fetchone()
        if not connection.autocommit:
            connection.commit()
        assert row is not None, "the bank paid what we had sent"
        answer = BankAnswer(reference=back.bank_reference, reason=back.reason, reason_code=back.reason_code)
        told = _told(back.amount_minor, answer) | {"late": True}
        merchant_id, person_id = row
        command = (
            SettlePayout(payout_id=int(number), merchant_id=merchant_id, **told)
            if merchant_id
            else SettleWithdrawal(withdrawal_id=int(number), person_id=person_id, **told)
        )
    elif back.kind == "debit" and subject == "autopay":
        line_id = int(number.partition("/")[0])
        command = ReturnRepayment(
            line_id=line_id, amount_minor=back.amount_minor, reference=back.reference, reason=back.reason
        )
    if command is None:
        return None
    return Submission(command=command, claims=(claim(ClaimKind.JOB, 0, f"{back.reference}/back"),), keeps_refusal=False)


_PAID = "SELECT merchant_id, person_id FROM payout WHERE lane = %(lane)s AND id = %(id)s"
# By (lane, id) from where the last chunk ended: what the bank has not answered yet is not asked twice in one round.
_IN_TRANSIT = """
    SELECT payout.lane, payout.id, payout.merchant_id, payout.person_id, payout.amount_minor,
           CASE WHEN payout.person_id <> 0 THEN payout.person_id::text
                ELSE coalesce(receipt.party_account, nullif(merchant.payout_account, ''), payout.merchant_id::text)
           END AS beneficiary, coalesce(receipt.id, 0) AS receipt_id
      FROM payout
           LEFT JOIN merchant ON merchant.id = payout.merchant_id
           LEFT JOIN receipt ON receipt.lane = payout.lane AND receipt.payout_id = payout.id
                AND payout.merchant_id = 0 AND payout.person_id = 0
     WHERE payout.state = 'sent' AND NOT (payout.merchant_id <> 0 AND EXISTS (
               SELECT FROM payout_batch b
                WHERE b.made_on = payout.requested_on AND b.needed > (
                      SELECT count(*) FROM payout_approval a WHERE a.made_on = b.made_on AND a.total_minor = b.total_minor)))
       AND (payout.lane, payout.id) > (%(after_lane)s, %(after_id)s)
  ORDER BY payout.lane, payout.id
     LIMIT %(chunk)s
"""
