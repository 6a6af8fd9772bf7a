"""Reconcile each of the house's accounts with the bank's statement, and put what differs on record.

Our side is what we ordered and what was announced; theirs, the entries that fit nothing yet. The rule is pure
(`payments/reconcile.py`); here both sides are loaded, each new break becomes an event once, one that no longer holds is
resolved, and money on the safeguarded account that fits nothing becomes an unallocated receipt once its day is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import structlog
from psycopg import Connection
from psycopg.rows import class_row, namedtuple_row

from florin.bank.choose import mode_of
from florin.bank.port import Bank
from florin.credit.repay import Repay
from florin.engine import ClaimKind, Engine, Outcome, Submission, claim, lane_for, lane_of
from florin.engine.receipts import receipts_under
from florin.engine.submission import Claim, job
from florin.engine.tables.bank import BANK_BREAK, RECEIPT, break_of, receipt_of
from florin.engine.tables.table import READ
from florin.payments.bank_break import BankBreak, FindBreak, RecordBankCharge, ResolveBreak
from florin.payments.reconcile import Break, Comparison, Expected, Found, compare
from florin.queries.bank import bank_holidays
from florin.wallet.receipt import AllocateReceipt, KeepReceipt, Receipt, SendBackReceipt
from florin.wallet.top_up import TopUp

MYSELF = "reconciliation"
_TURN = 0x7265636E  # any number, as long as it is always the same one

log = structlog.get_logger(__name__)


class Reconciled(NamedTuple):
    """One account's. stated_through: the last day whose statement is here. matched, found, resolved: now."""

    account: str
    stated_through: date | None
    in_transit: int
    matched: int
    found: int
    resolved: int
    receipts: int


def reconcile(engine: Engine, connection: Connection[Any], *, on: date) -> list[Reconciled]:
    """Reconcile every account that the bank has stated or that has lines nobody knows; nothing with the prompt bank.

    connection: of the engine's role, in autocommit, used by nobody else meanwhile. on: the business date.
    """
    assert connection.autocommit, "what is matched stays matched, whatever comes after"
    if mode_of(connection) == "prompt":
        return []
    connection.execute("SELECT pg_advisory_lock(%(turn)s)", {"turn": _TURN})
    try:
        return [_reconcile(engine, connection, account, on) for (account,) in connection.execute(_ACCOUNTS).fetchall()]
    finally:
        connection.execute("SELECT pg_advisory_unlock(%(turn)s)", {"turn": _TURN})


def _reconcile(engine: Engine, connection: Connection[Any], account: str, on: date) -> Reconciled:
    (stated_through,) = connection.execute(_STATED_THROUGH, {"account": account}).fetchone() or (None,)
    found = _found(connection, account)
    comparison = compare(
        _expected(connection, account, found),
        found,
        stated_through=stated_through,
        holidays=bank_holidays(connection),
    )
    for match in comparison.matches:
        row = {"account": account, "entry_ref": match.found.entry_ref, "fits": match.expected.reference}
        connection.execute(_FITS, row)
    kept = _keep_receipts(engine, connection, comparison, on) if account == "safeguarded" else 0
    known = _open_breaks(connection, account)
    new = [each for each in comparison.breaks if each.key not in {_key(one) for one in known}]
    outcomes = engine.execute([_find(engine, account, each) for each in new]) if new else []
    gone = [
        one
        for one in known
        if _key(one) not in {each.key for each in comparison.breaks} and not _waits(connection, one)
    ]
    resolved = engine.execute([_resolved(one) for one in gone]) if gone else []
    for outcome in (*outcomes, *resolved):
        if outcome.refusal is not None:
            log.error("a break is not on record", account=account, refusal=outcome.refusal.name)
    fresh = sum(outcome.event is not None and not outcome.replayed for outcome in outcomes)
    return Reconciled(
        account, stated_through, len(comparison.in_transit), len(comparison.matches), fresh, len(resolved), kept
    )


# ── both sides ────────────────────────────────────────────────────────────────────────────────────────────────────


def _found(connection: Connection[Any], account: str) -> list[Found]:
    """Entries that fit nothing; those whose receipt was told since now do."""
    with connection.cursor(row_factory=class_row(Found)) as cursor:
        found = cursor.execute(_FOUND, {"account": account}).fetchall()
    told = receipts_under(connection, [line.reference for line in found]) if found else {}
    left = []
    for line in found:
        receipt = told.get(line.reference)
        if receipt is not None and (receipt.account, receipt.amount_minor) == (account, line.amount_minor):
            connection.execute(_FITS, {"account": account, "entry_ref": line.entry_ref, "fits": line.reference})
        else:
            left.append(line)
    return left


def _expected(connection: Connection[Any], account: str, found: Sequence[Found]) -> list[Expected]:
    """What we ordered on this account and the bank has not shown; and, of references that its lines name, what it has."""
    parameters = {"account": account, "named": [line.reference for line in found]}
    with connection.cursor(row_factory=class_row(Expected)) as cursor:
        return cursor.execute(_EXPECTED, parameters).fetchall()


# ── receipts that fit nothing ─────────────────────────────────────────────────────────────────────────────────────


def _keep_receipts(engine: Engine, connection: Connection[Any], comparison: Comparison, on: date) -> int:
    """Put money that fits nothing on record, once its day is over: until then it may still be announced."""
    strays = [
        each.found
        for each in comparison.breaks
        if each.what == "missing-with-us" and each.found and each.found.amount_minor > 0 and each.found.on < on
    ]
    kept = 0
    for stray in strays:
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            line: Any = cursor.execute(_LINE, {"entry_ref": stray.entry_ref}).fetchone()
        command = KeepReceipt(
            receipt_id=engine.new_id(lane_for("bank/safeguarded")),
            amount_minor=stray.amount_minor,
            bank_reference=stray.entry_ref,
            booked_on=stray.on,
            party=line.party,
            party_account=line.party_account,
            text=line.text,
        )
        once = claim(ClaimKind.BANK, 0, stray.entry_ref, ("unallocated", stray.amount_minor))
        outcome = engine.execute([Submission(command=command, claims=(once,), keeps_refusal=False)])[0]
        if outcome.refusal is not None:
            log.error("money is not on record", entry=stray.entry_ref, refusal=outcome.refusal.name)
            continue
        connection.execute(_FITS, {"account": "safeguarded", "entry_ref": stray.entry_ref, "fits": stray.entry_ref})
        kept += not outcome.replayed
    return kept


def allocate_to_wallet(
    engine: Engine, connection: Connection[Any], receipt: Receipt, *, person_id: int, by: str, reason: str
) -> Outcome:
    """It is the person's: a top-up of her wallet, under the bank's reference. Both are done, or neither."""
    command = TopUp(person_id=person_id, amount_minor=receipt.amount_minor, bank_reference=receipt.bank_reference)
    return _allocate(engine, connection, receipt, command, by, reason)


def allocate_to_line(
    engine: Engine, connection: Connection[Any], receipt: Receipt, *, line_id: int, by: str, reason: str, on: date
) -> Outcome:
    """It repays the line, and counts from the day on which the bank had it."""
    command = Repay(
        line_id=line_id,
        amount_minor=receipt.amount_minor,
        source="bank",
        reference=receipt.bank_reference,
        value_on=receipt.booked_on if receipt.booked_on < on else None,
    )
    return _allocate(engine, connection, receipt, command, by, reason)


def _allocate(
    engine: Engine, connection: Connection[Any], receipt: Receipt, command: Any, by: str, reason: str
) -> Outcome:
    allocated = AllocateReceipt(receipt_id=receipt.id, by=by, reason=reason)
    outcomes = engine.execute(
        [
            Submission(command=allocated, group=1, keeps_refusal=False),
            Submission(command=command, group=1, keeps_refusal=False),
        ]
    )
    done = next((outcome for outcome in outcomes if outcome.refusal is not None), outcomes[0])
    if done.refusal is None:
        _explain(engine, connection, receipt.bank_reference, by, reason)
    return done


def send_back(engine: Engine, connection: Connection[Any], receipt: Receipt, *, by: str, reason: str) -> Outcome:
    """Send it back to the account that it came from; the bank's answer is recorded like a payout's."""
    command = SendBackReceipt(receipt_id=receipt.id, payout_id=engine.new_id(receipt.lane), by=by, reason=reason)
    done = engine.execute([Submission(command=command, keeps_refusal=False)])[0]
    if done.refusal is None:
        _explain(engine, connection, receipt.bank_reference, by, reason)
    return done


def _explain(engine: Engine, connection: Connection[Any], entry_ref: str, by: str, reason: str) -> None:
    """The break that the receipt came with is explained with it."""
    for one in _open_breaks(connection, "safeguarded"):
        if one.entry_ref == entry_ref and one.what == "missing-with-us":
            engine.execute(
                [
                    Submission(
                        command=ResolveBreak(break_id=one.id, by=by, reason=reason or "allocated"), keeps_refusal=False
                    )
                ]
            )


# ── breaks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def resolve_as_charge(
    engine: Engine, connection: Connection[Any], bank: Bank, found: BankBreak, *, by: str, reason: str, on: date
) -> Outcome:
    """What the bank took from the safeguarded account is a charge: the institution's cost, made good from its own account.

    found: an open break of that account with an entry of the bank's below zero and nothing of ours.
    """
    # First the order, which said twice is one: who dies in between says it again.
    order_charge(bank, found, on=on)
    outcomes = engine.execute(charge_steps(found, by=by, reason=reason))
    done = next((outcome for outcome in outcomes if outcome.refusal is not None), outcomes[0])
    if done.refusal is None:
        explain_charge(connection, found)
    return done


def may_be_charge(found: BankBreak) -> bool:
    """Whether it is money that the bank took from the safeguarded account for nothing of ours, and not explained yet."""
    return found.state == "open" and found.account == "safeguarded" and found.expected_minor == 0 > found.found_minor


def order_charge(bank: Bank, found: BankBreak, *, on: date) -> None:
    """Make a charge good from the institution's own account."""
    assert may_be_charge(found)
    bank.move(debit="own", credit="safeguarded", amount_minor=-found.found_minor, reference=f"charge/{found.id}", on=on)


def charge_steps(found: BankBreak, *, by: str, reason: str, claims: tuple[Claim, ...] = ()) -> list[Submission]:
    """A charge on record and its break resolved, both or neither. claims: beside the one of the bank's entry."""
    amount_minor = -found.found_minor
    command = RecordBankCharge(
        lane=found.lane, amount_minor=amount_minor, bank_reference=found.entry_ref, by=by, reason=reason
    )
    once = claim(ClaimKind.BANK, 0, found.entry_ref, ("charge", amount_minor))
    resolve = ResolveBreak(break_id=found.id, by=by, reason=reason)
    return [
        Submission(command=command, claims=(*claims, once), group=1, keeps_refusal=False),
        Submission(command=resolve, group=1, keeps_refusal=False),
    ]


def explain_charge(connection: Connection[Any], found: BankBreak) -> None:
    """The statement's line is a charge."""
    connection.execute(_FITS, {"account": "safeguarded", "entry_ref": found.entry_ref, "fits": found.entry_ref})


def break_by_id(connection: Connection[Any], break_id: int) -> BankBreak | None:
    rows = BANK_BREAK.load(connection, [(lane_of(break_id), break_id)], READ)
    return break_of(rows[0]) if rows else None


def receipt_by_id(connection: Connection[Any], receipt_id: int) -> Receipt | None:
    rows = RECEIPT.load(connection, [(lane_of(receipt_id), receipt_id)], READ)
    return receipt_of(rows[0]) if rows else None


def _open_breaks(connection: Connection[Any], account: str) -> list[BankBreak]:
    keys = connection.execute(_OPEN_BREAKS, {"account": account}).fetchall()
    return [break_of(row) for row in BANK_BREAK.load(connection, keys, READ)]


def _key(one: BankBreak) -> tuple[str, str, str]:
    return one.what, one.reference, one.entry_ref


def _waits(connection: Connection[Any], one: BankBreak) -> bool:
    """Whether its money lies in unallocated receipts: then it is explained when that is allocated or sent back."""
    waiting = connection.execute(_RECEIPT_WAITS, {"entry_ref": one.entry_ref}).fetchone()
    return one.what == "missing-with-us" and waiting is not None


def _find(engine: Engine, account: str, each: Break) -> Submission:
    what, reference, entry_ref = each.key
    since = min(side.on for side in (each.expected, each.found) if side is not None)
    command = FindBreak(
        break_id=engine.new_id(lane_for(f"bank/{account}")),
        account=account,
        what=each.what,
        reference=reference,
        entry_ref=entry_ref,
        expected_minor=each.expected.amount_minor if each.expected and each.what != "duplicate" else 0,
        found_minor=each.found.amount_minor if each.found else 0,
        since_on=since,
    )
    return job(f"break/{account}/{what}/{reference}/{entry_ref}", command)


def _resolved(one: BankBreak) -> Submission:
    command = ResolveBreak(break_id=one.id, by=MYSELF, reason="the bank and the books agree again")
    return Submission(command=command, keeps_refusal=False)


_ACCOUNTS = """
    SELECT account FROM bank_statement UNION SELECT account FROM bank_line WHERE fits = ''
     UNION SELECT account FROM bank_order WHERE state IN ('queued', 'sent', 'accepted')
  ORDER BY account
"""
_STATED_THROUGH = "SELECT max(stated_on) FROM bank_statement WHERE account = %(account)s"
_FOUND = """
    SELECT entry_ref, reference, amount_minor, booked_on AS on
      FROM bank_line
     WHERE account = %(account)s AND fits = ''
  ORDER BY booked_on, id
     LIMIT 100000
"""
# A move that was rejected is in our books all the same, so it stays expected; other orders are given back when they are.
_EXPECTED = """
    WITH ours AS (
        SELECT id FROM bank_order WHERE state IN ('queued', 'sent', 'accepted')
         UNION
        SELECT id FROM bank_order WHERE kind = 'move' AND state = 'rejected'
         UNION
        SELECT id FROM bank_order WHERE reference = ANY (%(named)s) AND state <> 'rejected'),
    leg AS (
        SELECT o.reference, o.asked_on,
               CASE WHEN o.account = %(account)s AND o.kind <> 'debit' THEN -o.amount_minor
                    ELSE o.amount_minor END AS amount_minor
          FROM ours JOIN bank_order o USING (id)
         WHERE %(account)s IN (o.account, o.to_account))
    SELECT l.reference, l.amount_minor, l.asked_on AS on,
           EXISTS (SELECT FROM bank_line b WHERE b.account = %(account)s AND b.reference = l.reference AND b.fits = l.reference
                      AND b.amount_minor = l.amount_minor) AS shown
      FROM leg l
  ORDER BY l.asked_on, l.reference
     LIMIT 1000000
"""
_FITS = """
    UPDATE bank_line SET fits = %(fits)s
     WHERE account = %(account)s AND coalesce(nullif(entry_ref, ''), reference) = %(entry_ref)s AND fits = ''
"""
_LINE = """
    SELECT party, party_account, text FROM bank_line
     WHERE account = 'safeguarded' AND coalesce(nullif(entry_ref, ''), reference) = %(entry_ref)s
"""
_OPEN_BREAKS = (
    "SELECT lane, id FROM bank_break WHERE account = %(account)s AND state = 'open' ORDER BY since_on, id LIMIT 10000"
)
_RECEIPT_WAITS = (
    "SELECT FROM receipt WHERE state IN ('open', 'sending-back') AND bank_reference = %(entry_ref)s LIMIT 1"
)
