"""The proof: every day, and whenever somebody asks, the books are shown to hold, or which account does not.

Each check is one question to the database and names what differs. A difference blocks publishing the day (payout files,
exports), never a payment. What is checked: each book balances; lender and institution say the same of each other; each
line's, wallet's, merchant's and payment's rows equal their accounts; statements equal what is billed; each trade names its
one payment; what closed days owed is settled; lanes clear to zero; safeguarded money covers what is owed to others, and
equals the bank's own statement; claims have their answers; and the chains of hashes have no gap, no fork and no changed row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from florin.engine.chain import FIRST, link_hash
from florin.engine.drift import drift_of_sample
from florin.engine.tables.event import row_text

FOLDED = 100  # lines folded from nothing by each proof; `florin fold --all` folds all of them


class Check(NamedTuple):
    """One question. differences: what does not agree, named; empty when it holds. figures: what was compared."""

    name: str
    says: str
    differences: tuple[str, ...]
    figures: dict[str, int]

    @property
    def holds(self) -> bool:
        return not self.differences


class _Compared(NamedTuple):
    """One thing that two sides say something of; for the bank `expected` is what the books say."""

    what: str
    expected: int
    found: int


class Proof(NamedTuple):
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


def prove(connection: Connection, *, chains: bool = True) -> Proof:
    """Ask everything in one snapshot. chains: also recompute every hash, which reads every event once."""
    connection.commit()
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        checks = [_compare(connection, *question) for question in _QUESTIONS]
        checks.append(_safeguarding(connection))
        checks.append(_bank(connection))
        checks.append(_folds(connection))
        if chains:
            checks.append(_chains(connection))
    finally:
        connection.rollback()
    return Proof(tuple(checks))


def record_proof(connection: Connection, on: date, proof: Proof) -> None:
    """Keep the day's proof."""
    report = [check._asdict() for check in proof.checks]
    connection.execute(
        """
        INSERT INTO proof (proven_on, holds, report, proven_at)
        SELECT %s, %s, %s, now() + offset_s * interval '1 second' FROM clock
            ON CONFLICT (proven_on) DO UPDATE SET holds = excluded.holds, report = excluded.report,
                                                  proven_at = excluded.proven_at
        """,
        (on, proof.holds, Jsonb(report, dumps=lambda value: msgspec.json.encode(value).decode())),
    )
    connection.commit()


def last_proof_holds(connection: Connection) -> bool:
    """Whether money may leave the house: the newest proof held, or there is none yet."""
    row = connection.execute("SELECT holds FROM proof ORDER BY proven_on DESC LIMIT 1").fetchone()
    if not connection.autocommit:
        connection.commit()
    return row is None or bool(row[0])


# ── questions of one shape: (what, expected, found), one row for each difference ──────────────────────────────────

_BALANCED = """
    SELECT book || CASE WHEN memo THEN ' memo' ELSE '' END AS what, sum(debit_minor)::bigint AS expected,
           sum(credit_minor)::bigint AS found
      FROM posting_line GROUP BY book, memo ORDER BY 1
"""
_PAIR = """
    SELECT 'lender owes institution' AS what,
           coalesce(sum(signed_minor) FILTER (WHERE name = 'LENDER_DUE_TO_PAYMENTS'), 0)::bigint AS expected,
           coalesce(sum(signed_minor) FILTER (WHERE name = 'PAYMENTS_DUE_FROM_LENDER'), 0)::bigint AS found
      FROM posting_line WHERE name IN ('LENDER_DUE_TO_PAYMENTS', 'PAYMENTS_DUE_FROM_LENDER')
     UNION ALL
    SELECT 'institution owes lender',
           coalesce(sum(signed_minor) FILTER (WHERE name = 'LENDER_DUE_FROM_PAYMENTS'), 0)::bigint,
           coalesce(sum(signed_minor) FILTER (WHERE name = 'PAYMENTS_DUE_TO_LENDER'), 0)::bigint
      FROM posting_line WHERE name IN ('LENDER_DUE_FROM_PAYMENTS', 'PAYMENTS_DUE_TO_LENDER')
"""
_LINES = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(signed_minor) FILTER (WHERE name LIKE 'PRINCIPAL%%'), 0)::bigint AS principal,
               coalesce(sum(signed_minor) FILTER (WHERE name LIKE 'FEE%%'), 0)::bigint AS fee,
               coalesce(sum(signed_minor) FILTER (WHERE name LIKE '%%INTEREST%%'), 0)::bigint AS interest,
               coalesce(sum(signed_minor) FILTER (WHERE name LIKE '%%PENALTY%%'), 0)::bigint AS penalty,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'COST_BILLED'), 0)::bigint AS cost,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'CREDIT_BALANCE'), 0)::bigint AS credit_balance,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'MEMO_HELD'), 0)::bigint AS held,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'MEMO_COMMITTED'), 0)::bigint AS committed
          FROM posting_line
         WHERE name IN ('PRINCIPAL_UNBILLED', 'PRINCIPAL_BILLED', 'PRINCIPAL_PAST_DUE', 'FEE_UNBILLED', 'FEE_BILLED',
                        'INTEREST_ACCRUED', 'INTEREST_BILLED', 'CREDIT_BALANCE', 'MEMO_HELD', 'MEMO_COMMITTED',
                        'PENALTY_BILLED', 'COST_BILLED', 'MEMO_INTEREST', 'MEMO_PENALTY')
      GROUP BY owner_id)
    SELECT 'line ' || l.id || ' ' || x.what AS what, x.expected, x.found
      FROM line l LEFT JOIN book b ON b.id = l.id
           CROSS JOIN LATERAL (VALUES ('principal', coalesce(b.principal, 0), l.principal_minor),
                                      ('fee', coalesce(b.fee, 0), l.fee_minor),
                                      ('interest', coalesce(b.interest, 0), l.interest_minor),
                                      ('penalty', coalesce(b.penalty, 0), l.penalty_minor),
                                      ('cost', coalesce(b.cost, 0), l.cost_minor),
                                      ('credit balance', coalesce(b.credit_balance, 0), l.credit_balance_minor),
                                      ('held', coalesce(b.held, 0), l.held_minor),
                                      ('committed', coalesce(b.committed, 0), l.committed_minor)) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_STATEMENTS = """
    WITH book AS (
        SELECT owner_id AS id, sum(signed_minor)::bigint AS billed FROM posting_line
         WHERE name IN ('PRINCIPAL_BILLED', 'PRINCIPAL_PAST_DUE', 'FEE_BILLED', 'INTEREST_BILLED', 'PENALTY_BILLED',
                        'COST_BILLED', 'MEMO_INTEREST', 'MEMO_PENALTY') GROUP BY owner_id),
    shown AS (SELECT line_id AS id, sum(remaining_minor)::bigint AS remaining FROM statement GROUP BY line_id)
    SELECT 'statements of line ' || coalesce(b.id, s.id) AS what, coalesce(b.billed, 0) AS expected,
           coalesce(s.remaining, 0) AS found
      FROM book b FULL JOIN shown s ON s.id = b.id WHERE coalesce(b.billed, 0) <> coalesce(s.remaining, 0)
"""
_WALLETS = """
    WITH book AS (SELECT owner_id AS id, sum(signed_minor)::bigint AS balance FROM posting_line WHERE name = 'WALLET'
                GROUP BY owner_id)
    SELECT 'wallet ' || w.id AS what, coalesce(b.balance, 0) AS expected, w.balance_minor AS found
      FROM wallet w LEFT JOIN book b ON b.id = w.id WHERE coalesce(b.balance, 0) <> w.balance_minor
"""
_BALANCES = """
    WITH book AS (SELECT owner_id AS id, sum(signed_minor)::bigint AS available FROM posting_line
                   WHERE name = 'MERCHANT_AVAILABLE' GROUP BY owner_id)
    SELECT 'available of merchant ' || m.id AS what, coalesce(b.available, 0) AS expected, m.available_minor AS found
      FROM merchant_balance m LEFT JOIN book b ON b.id = m.id WHERE coalesce(b.available, 0) <> m.available_minor
"""
_PAYMENTS = """
    WITH moved AS (
        SELECT payment_id,
               coalesce(sum(amount) FILTER (WHERE kind IN (43, 44)), 0)::bigint AS paid,
               coalesce(sum(amount) FILTER (WHERE kind IN (44, 45)), 0)::bigint AS received,
               coalesce(sum(amount) FILTER (WHERE kind = 47), 0)::bigint AS refunded
          FROM (SELECT payment_id, kind, (body->>'credit_minor')::bigint + (body->>'wallet_minor')::bigint AS amount
                  FROM event WHERE kind IN (43, 44, 45, 47)) e
      GROUP BY payment_id)
    SELECT 'payment ' || p.id || ' ' || x.what AS what, x.expected, x.found
      FROM payment p LEFT JOIN moved m ON m.payment_id = p.id
           CROSS JOIN LATERAL (VALUES ('paid', coalesce(m.paid, 0), p.credit_paid_minor + p.wallet_paid_minor),
                                      ('received', coalesce(m.received, 0), p.received_minor),
                                      ('refunded', coalesce(m.refunded, 0), p.credit_refunded_minor + p.wallet_refunded_minor)
                              ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_ESCROW = """
    WITH book AS (
        SELECT owner_id AS id,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'FUNDED_ESCROW'), 0)::bigint AS funded,
               coalesce(sum(signed_minor) FILTER (WHERE name = 'MEMO_GUARANTEED_ESCROW'), 0)::bigint AS guaranteed
          FROM posting_line WHERE name IN ('FUNDED_ESCROW', 'MEMO_GUARANTEED_ESCROW') GROUP BY owner_id)
    SELECT 'payment ' || p.id || ' ' || x.what AS what, x.expected, x.found
      FROM payment p LEFT JOIN book b ON b.id = p.id
           CROSS JOIN LATERAL (VALUES
               ('funded escrow', coalesce(b.funded, 0),
                CASE WHEN p.state = 1 THEN p.wallet_authorized_minor - p.wallet_paid_minor - p.wallet_released_minor
                     WHEN p.state = 2 THEN p.wallet_paid_minor - p.wallet_refunded_minor ELSE 0 END),
               ('guaranteed escrow', coalesce(b.guaranteed, 0),
                CASE WHEN p.state = 2 THEN p.credit_paid_minor - p.credit_refunded_minor ELSE 0 END)
           ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_CLEARING = """
    SELECT 'clearing over all lanes' AS what, 0::bigint AS expected, coalesce(sum(signed_minor), 0)::bigint AS found
      FROM posting_line WHERE name = 'LANE_CLEARING'
"""
_TRANSIT = """
    SELECT 'payouts in transit' AS what,
           coalesce((SELECT sum(signed_minor) FROM posting_line WHERE name = 'PAYOUT_IN_TRANSIT'), 0)::bigint AS expected,
           coalesce((SELECT sum(amount_minor) FROM payout WHERE state = 'sent'), 0)::bigint AS found
"""
_CLAIMS = """
    SELECT 'claim of kind ' || c.kind || ', ' || c.digest AS what, c.event_id AS expected, 0::bigint AS found
      FROM claim c LEFT JOIN event e ON e.id = c.event_id WHERE e.id IS NULL
"""
# A sweep or settlement of a day is posted on the next one: kinds 60, 66 and 67.
# A parked window is not swept yet, or later than that: it is named with its reason, and is no difference.
_SETTLED = """
    WITH settled AS (
        SELECT p.lane, p.owner_id, CASE WHEN p.name = 'OWN_CASH' THEN 'MDR_INCOME' ELSE p.name END AS name,
               sum(CASE WHEN p.name = 'OWN_CASH' THEN -p.signed_minor ELSE p.signed_minor END)::bigint AS remaining
          FROM posting_line p, clock c
         WHERE p.name IN ('MERCHANT_PAYABLE', 'LENDER_DUE_TO_PAYMENTS', 'LENDER_DUE_FROM_PAYMENTS', 'MDR_INCOME', 'OWN_CASH')
           AND p.posted_on <= c.closed_through + CASE WHEN p.kind IN (60, 66, 67) THEN 1 ELSE 0 END
      GROUP BY 1, 2, 3),
    unswept AS (
        SELECT w.lane, w.merchant_id, w.window_on, w.amount_minor, 'parked because: ' || w.reason AS because
          FROM parked_window w
         WHERE NOT EXISTS (SELECT FROM sweep s
                            WHERE s.lane = w.lane AND s.merchant_id = w.merchant_id AND s.window_on = w.window_on)
         UNION ALL
        SELECT s.lane, s.merchant_id, s.window_on, s.amount_minor, 'swept on ' || s.swept_on
          FROM sweep s, clock c WHERE s.swept_on > c.closed_through + 1),
    waiting AS (
        SELECT u.lane, u.merchant_id, sum(u.amount_minor)::bigint AS amount_minor,
               string_agg(u.window_on || ' ' || u.because, '; ' ORDER BY u.window_on) AS because
          FROM unswept u, clock c WHERE u.window_on <= c.closed_through
      GROUP BY 1, 2)
    SELECT s.name || ' of closed days in lane ' || s.lane || coalesce(', merchant ' || s.owner_id, '')
           || coalesce(': ' || w.because, '') AS what,
           coalesce(w.amount_minor, 0) AS expected, s.remaining AS found
      FROM settled s LEFT JOIN waiting w ON s.name = 'MERCHANT_PAYABLE' AND w.lane = s.lane AND w.merchant_id = s.owner_id
     WHERE s.remaining <> 0 OR w.amount_minor <> 0
"""
_TRADES = """
    SELECT 'payment ' || p.id || ' of trade ' || p.trade_id || ' ' || x.what AS what, x.expected, x.found
      FROM payment p LEFT JOIN trade t ON t.id = p.trade_id
           CROSS JOIN LATERAL (VALUES
               ('named by it', p.id, coalesce(t.payment_id, 0)),
               ('amount', coalesce(t.amount_minor, 0), p.credit_authorized_minor + p.wallet_authorized_minor)
           ) AS x(what, expected, found)
     WHERE x.expected <> x.found
"""
_SEQUENCES = """
    WITH counted AS (SELECT line_id AS id, count(*) AS events, max(sequence)::bigint AS last FROM event
                      WHERE line_id IS NOT NULL GROUP BY line_id)
    SELECT 'events of line ' || l.id AS what, l.sequence::bigint AS expected, coalesce(c.events, 0) AS found
      FROM line l LEFT JOIN counted c ON c.id = l.id
     WHERE coalesce(c.events, 0) <> l.sequence OR coalesce(c.last, 0) <> l.sequence
"""

_QUESTIONS: tuple[tuple[str, str, LiteralString], ...] = (
    ("books balance", "in each book debits equal credits", _BALANCED),
    ("books agree", "lender and payment institution say the same of each other", _PAIR),
    ("lines", "each line's row equals its accounts", _LINES),
    ("statements", "what remains on statements equals what is billed", _STATEMENTS),
    ("wallets", "each wallet's row equals its account", _WALLETS),
    ("merchants", "each merchant's available balance equals its account", _BALANCES),
    ("payments", "each payment's counters equal its events", _PAYMENTS),
    ("escrow", "funded and guaranteed escrow equal what is not received yet", _ESCROW),
    ("lanes clear", "clearing sums to zero over all lanes", _CLEARING),
    ("payouts", "money in transit equals payouts that the bank has not answered", _TRANSIT),
    ("settled", "what closed days owed merchants, lender and house is settled", _SETTLED),
    ("trades", "each payment is the one that its trade names, of the same amount", _TRADES),
    ("claims", "every key has the event that answers it", _CLAIMS),
    ("sequences", "no event of a line is missing or doubled", _SEQUENCES),
)


def _compare(connection: Connection, name: str, says: str, question: LiteralString) -> Check:
    rows = _compared(connection, question)
    differences = tuple(
        f"{row.what}: expected {row.expected}, found {row.found}" for row in rows if row.expected != row.found
    )
    return Check(name, says, differences, {row.what: row.found for row in rows[:20]})


def _compared(connection: Connection, question: LiteralString) -> list[_Compared]:
    with connection.cursor(row_factory=class_row(_Compared)) as cursor:
        return cursor.execute(question).fetchall()


# ── safeguarding, the bank, the chains ────────────────────────────────────────────────────────────────────────────

_HOUSE = """
    SELECT name AS what, 0::bigint AS expected, coalesce(sum(signed_minor), 0)::bigint AS found FROM posting_line
     WHERE book = 'PI' AND NOT memo GROUP BY name ORDER BY name
"""
_NEGATIVE = "SELECT coalesce(-sum(available_minor), 0)::bigint FROM merchant_balance WHERE available_minor < 0"
_OWED_TO_OTHERS = (
    "WALLET",
    "FUNDED_ESCROW",
    "MERCHANT_PAYABLE",
    "MERCHANT_AVAILABLE",
    "PAYOUT_IN_TRANSIT",
    "UNALLOCATED_RECEIPTS",
    "PAYMENTS_DUE_TO_LENDER",
    "LANE_CLEARING",
)


def _safeguarding(connection: Connection) -> Check:
    """Safeguarded cash + due from the lender = all that is owed to others + fees not swept yet (books.md, every term shown)."""
    house = {row.what: row.found for row in _compared(connection, _HOUSE)}
    fees_not_swept = house.get("MDR_INCOME", 0) - house.get("OWN_CASH", 0)
    covers = house.get("SAFEGUARDED_CASH", 0) + house.get("PAYMENTS_DUE_FROM_LENDER", 0)
    owed = sum(house.get(name, 0) for name in _OWED_TO_OTHERS) + fees_not_swept
    row = connection.execute(_NEGATIVE).fetchone()
    assert row is not None
    differences = () if covers == owed else (f"safeguarded money covers {covers}, owed is {owed}",)
    figures = {name: house.get(name, 0) for name in ("SAFEGUARDED_CASH", "PAYMENTS_DUE_FROM_LENDER", *_OWED_TO_OTHERS)}
    figures |= {"FEES_NOT_SWEPT": fees_not_swept, "CLAIMS_ON_NEGATIVE_MERCHANTS": row[0]}
    return Check("safeguarding", "safeguarded money covers what is owed to others", differences, figures)


# Receipts of today and of the business day before that the bank's statement does not show yet.
_IN_TRANSIT = """
    SELECT coalesce(e.body->>'bank_reference', e.body->>'reference') AS what, 0::bigint AS expected,
           (e.body->>'amount_minor')::bigint AS found
      FROM event e, clock c
     WHERE (e.kind = 2 OR (e.kind = 25 AND e.body->>'source' = 'bank')) AND e.posted_on >= c.business_on - 1
       AND NOT EXISTS (SELECT FROM bank_line b WHERE b.account = 'safeguarded'
                          AND b.reference = coalesce(e.body->>'bank_reference', e.body->>'reference'))
  ORDER BY e.lane, e.id
"""
_BANK = """
    SELECT x.account AS what, x.book AS expected, x.bank AS found
      FROM (VALUES
            ('safeguarded', (SELECT coalesce(sum(signed_minor), 0)::bigint FROM posting_line WHERE name = 'SAFEGUARDED_CASH'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'safeguarded')),
            ('own', (SELECT coalesce(sum(signed_minor), 0)::bigint FROM posting_line WHERE name = 'OWN_CASH'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'own')),
            ('lender', (SELECT coalesce(sum(signed_minor), 0)::bigint FROM posting_line WHERE name = 'LENDER_BANK'),
             (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bank_line WHERE account = 'lender'))) AS x(account, book, bank)
  ORDER BY x.account
"""


def _bank(connection: Connection) -> Check:
    """The bank's own statement says what our books say of each account, listed items in transit apart."""
    rows = _compared(connection, _BANK)
    in_transit = _compared(connection, _IN_TRANSIT)
    on_its_way = sum(item.found for item in in_transit)
    differences = tuple(
        f"account {row.what}: books {row.expected}, bank {row.found}, in transit {transit}"
        for row in rows
        if row.expected != row.found + (transit := on_its_way if row.what == "safeguarded" else 0)
    )
    figures = {row.what: row.found for row in rows}
    figures |= {f"in transit: {item.what}": item.found for item in in_transit[:100]}
    return Check("bank", "the bank's statement equals our cash accounts", differences, figures)


_BATCHES = "SELECT writer, seq, previous, hash, events, committed_at FROM batch ORDER BY writer, seq"
_EVENTS = """
    SELECT lane, kind, writer, id, trade_id, payment_id, line_id, person_id, merchant_id, batch, recorded_at, sequence,
           value_on, posted_on, rules::text, amounts::text, subjects::text, body
      FROM event ORDER BY writer, batch, id
"""

_encode = msgspec.json.Encoder(order="sorted").encode


def _folds(connection: Connection) -> Check:
    """A sample of lines, others each day, folded from nothing."""
    seed = connection.execute("SELECT business_on FROM clock").fetchone()
    found = drift_of_sample(connection, FOLDED, seed[0].toordinal()) if seed else []
    says = f"{FOLDED} lines, folded from their first event, are as they are stored and posted"
    return Check("folds", says, tuple(drift.says() for drift in found), {"drift": len(found)})


def _chains(connection: Connection) -> Check:
    """Recompute every batch's hash from its rows; streams both tables in the same order, so memory stays small."""
    differences: list[str] = []
    links = 0
    with connection.cursor(name="chain_batches") as batches, connection.cursor(name="chain_events") as events:
        batches.execute(_BATCHES)
        events.execute(_EVENTS)
        by_batch = _grouped(events)
        pending = next(by_batch, None)
        head: tuple[int, int, bytes] = (0, 0, FIRST)
        for writer, seq, previous, digest, count, committed_at in batches:
            links += 1
            if writer != head[0]:
                head = (writer, 0, FIRST)
            if seq != head[1] + 1:
                differences.append(f"writer {writer}: link {head[1] + 1} is missing")
            elif bytes(previous) != head[2]:
                differences.append(f"writer {writer}: link {seq} does not follow the link before it")
            texts: Sequence[str] = ()
            instants = {committed_at}
            if pending is not None and pending[0] == (writer, seq):
                _, texts, instants = pending
                pending = next(by_batch, None)
            if len(texts) != count:
                differences.append(f"writer {writer}: link {seq} covers {count} events, found {len(texts)}")
            elif link_hash(bytes(previous), seq, committed_at, texts) != bytes(digest) or instants != {committed_at}:
                differences.append(f"writer {writer}: link {seq} was changed after it was written")
            head = (writer, seq, bytes(digest))
        if pending is not None:
            differences.append(f"events of batch {pending[0]} have no link")
    return Check("chains", "no gap, no fork, no changed row", tuple(differences[:100]), {"links": links})


def stored_text(row: Sequence[Any]) -> str:
    """What a hash covers of an event's row as `_EVENTS` reads it."""
    return row_text((*row[:17], None if row[17] is None else _encode(row[17]).decode()))


def _grouped(events: Any) -> Iterator[tuple[tuple[int, int], list[str], set[datetime]]]:
    """Batch by batch: (writer, batch), its rows' texts, and the instants that they carry, which are the batch's own."""
    key: tuple[int, int] | None = None
    texts: list[str] = []
    instants: set[datetime] = set()
    for row in events:
        if key != (row[2], row[9]):
            if key is not None:
                yield key, texts, instants
            key, texts, instants = (row[2], row[9]), [], set()
        instants.add(row[10])
        texts.append(stored_text(row))
    if key is not None:
        yield key, texts, instants
