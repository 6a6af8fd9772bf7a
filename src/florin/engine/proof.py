"""The proof: every day, and whenever somebody asks, the books are shown to hold, or which account does not.

Each check is a question to the database and names what differs. A difference blocks publishing the day (payout files,
exports), never a payment. What is checked: each book balances; lender and institution say the same of each other; each
line's, wallet's, merchant's and payment's rows equal their accounts; what a line's row says of its limit adds up; statements
equal what is billed; each trade names its one payment; what closed days owed is settled; lanes clear to zero; safeguarded
money covers what is owed to others, and equals the bank's own statement; claims have their answers; and the chains of hashes
have no gap, no fork and no changed row.

`prove` reads every event. `prove_day` reads those of a day: it goes on from the last one that held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, LiteralString, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from florin.engine import proof_questions as questions
from florin.engine.chain import FIRST, link_hash
from florin.engine.drift import drift_of_sample
from florin.engine.lanes import LANES
from florin.engine.proof_of_limits import OF_LIMITS, exposure_groups
from florin.engine.proof_questions import Question

FOLDED = 100  # lines folded from nothing by each proof; `florin fold --all` folds all of them
_MEMORY = "SET LOCAL work_mem = '64MB'"
# A hash table of a million groups that was planned for fewer spills, and then clears itself again and again: minutes instead
# of seconds. A sort that spills only merges.
_SORTED = "SET LOCAL enable_hashagg = off"


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
    """since: of a daily proof, the business date of the one that it goes on from; None when every event was read."""

    checks: tuple[Check, ...]
    since: date | None = None

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


_TURN = 0x464C4F52  # "FLOR": the daily proof's advisory lock
_TAKE_TURN: LiteralString = f"SELECT pg_advisory_lock({_TURN})"
_END_TURN: LiteralString = f"SELECT pg_advisory_unlock({_TURN})"


class _Start(NamedTuple):
    """What is proven already. on: its business date, None when nothing is; heads: of the chains, by writer."""

    on: date | None = None
    closed_through: date | None = None
    heads: Mapping[int, tuple[int, bytes]] = {}

    def parameters(self) -> dict[str, Any]:
        return {"since_on": self.on, "since_closed": self.closed_through, "lanes": list(LANES), **exposure_groups()}


def prove(connection: Connection, *, chains: bool = True) -> Proof:
    """Ask everything of every event, in one snapshot; keeps nothing. chains: also recompute every hash."""
    _begin(connection)
    try:
        _run(connection, questions.SUM_ALL)
        return Proof(tuple(_checks(connection, _Start(), chains=chains)))
    finally:
        connection.rollback()


def prove_day(connection: Connection) -> Proof:
    """Ask the same in one snapshot, but read only events since the last daily proof that held; the first reads everything.

    Every row of lines, statements, wallets, merchants and escrow is compared with its accounts, an account being what that
    proof found plus what has moved since. Counters, trades and sequences are compared where something has moved since.
    Hashes are recomputed, and chains followed, from the heads that it knew, which must still be there. So who changes an
    event or a claim that was proven before is found by `prove` alone. A daily proof that holds is where the next one goes on.
    Two at once take turns.
    """
    connection.commit()
    connection.execute(_TAKE_TURN)  # of the session, and before the snapshot, which must see what the other kept
    _begin(connection)
    try:
        start = _last_proven(connection)
        _run(connection, questions.SUM_FRESH if start.on else questions.SUM_FIRST, start.parameters())
        proof = Proof(tuple(_checks(connection, start, chains=True)), start.on)
        if proof.holds:
            _run(connection, questions.KEEP)
            connection.commit()
        return proof
    finally:
        connection.rollback()
        connection.execute(_END_TURN)
        connection.commit()


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


def _begin(connection: Connection) -> None:
    connection.commit()
    if connection.autocommit:
        connection.execute("BEGIN")
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    connection.execute(_MEMORY)


def _run(
    connection: Connection, statements: Sequence[LiteralString], parameters: Mapping[str, Any] | None = None
) -> None:
    """Parameters go to the statements that name one; what makes a table takes them in its text."""
    for statement in statements:
        if parameters and "%(since_on)s" in statement:
            since_on = parameters["since_on"]
            connection.execute(statement.replace("%(since_on)s", f"'{since_on:%Y-%m-%d}'::date"))
        else:
            connection.execute(statement)


def _last_proven(connection: Connection) -> _Start:
    row = connection.execute("SELECT proven_on, closed_through FROM proven_through").fetchone()
    if row is None:
        return _Start()
    known = connection.execute("SELECT writer, seq, hash FROM proven_head ORDER BY writer")
    return _Start(row[0], row[1], {writer: (seq, bytes(digest)) for writer, seq, digest in known})


def _checks(connection: Connection, start: _Start, *, chains: bool) -> Iterator[Check]:
    connection.execute(_SORTED)
    of_events = questions.OF_FRESH_EVENTS if start.on else questions.OF_EVENTS
    for question in (*questions.OF_BALANCES, *OF_LIMITS, *of_events):
        yield _compare(connection, question, start)
    yield _safeguarding(connection)
    yield _bank(connection)
    yield _folds(connection)
    if chains:
        yield _chains(connection, start)


def _compare(connection: Connection, question: Question, start: _Start) -> Check:
    rows = _compared(connection, question.asks, start.parameters())
    differences = tuple(
        f"{row.what}: expected {row.expected}, found {row.found}" for row in rows if row.expected != row.found
    )
    return Check(question.name, question.says, differences, {row.what: row.found for row in rows[:20]})


def _compared(
    connection: Connection, question: LiteralString, parameters: Mapping[str, Any] | None = None
) -> list[_Compared]:
    with connection.cursor(row_factory=class_row(_Compared)) as cursor:
        return cursor.execute(question, parameters).fetchall()


# ── safeguarding, the bank, the folds, the chains ─────────────────────────────────────────────────────────────────

COVERS = ("SAFEGUARDED_CASH", "PAYMENTS_DUE_FROM_LENDER", "PAYMENTS_DUE_FROM_MALL")
OWED_TO_OTHERS = (
    "WALLET",
    "FUNDED_ESCROW",
    "MERCHANT_PAYABLE",
    "MERCHANT_AVAILABLE",
    "DISPUTE_HELD",
    "SHARES_FROZEN",
    "SHARE_CLEARING",
    "MERCHANT_RESERVE",
    "PAYOUT_IN_TRANSIT",
    "UNALLOCATED_RECEIPTS",
    "PAYMENTS_DUE_TO_LENDER",
    "PAYMENTS_DUE_TO_MALL",
    "PAYMENTS_DUE_TO_NETWORK",
    "LANE_CLEARING",
)
_OWN_FEES = ("MDR_INCOME", "WITHDRAWAL_INCOME")
_OWED_OF_FEES = ("INTERCHANGE_COST", "PAYMENTS_NETWORK_COST", "BANK_CHARGES", "OWN_CASH")


def _safeguarding(connection: Connection) -> Check:
    """Safeguarded cash + due from lender and mall = all owed to others + fees not swept yet (books.md, every term)."""
    house = {row.what: row.found for row in _compared(connection, questions.HOUSE)}
    fees_not_swept = sum(house.get(name, 0) for name in _OWN_FEES)
    fees_not_swept -= sum(house.get(name, 0) for name in _OWED_OF_FEES)
    covers = sum(house.get(name, 0) for name in COVERS)
    owed = sum(house.get(name, 0) for name in OWED_TO_OTHERS) + fees_not_swept
    row = connection.execute(questions.NEGATIVE).fetchone()
    assert row is not None
    differences = () if covers == owed else (f"safeguarded money covers {covers}, owed is {owed}",)
    figures = {name: house.get(name, 0) for name in (*COVERS, *OWED_TO_OTHERS)}
    figures |= {"FEES_NOT_SWEPT": fees_not_swept, "CLAIMS_ON_NEGATIVE_MERCHANTS": row[0]}
    return Check("safeguarding", "safeguarded money covers what is owed to others", differences, figures)


def _bank(connection: Connection) -> Check:
    """The bank's own statement says what our books say of each account, listed items in transit apart."""
    rows = _compared(connection, questions.BANK)
    today = _today(connection)
    since = {"received_since_on": today - timedelta(days=1) if today else None}
    safeguarded = _compared(connection, questions.IN_TRANSIT, since)
    to_lender = _compared(connection, questions.IN_TRANSIT_TO_LENDER, since)
    by_file = _compared(connection, questions.IN_TRANSIT_BY_FILE, since)
    in_transit = [*safeguarded, *to_lender, *by_file]
    on_its_way = Counter({"safeguarded": _sum(safeguarded), "lender": _sum(to_lender)})
    for item in by_file:
        on_its_way[item.what.partition(":")[0]] += item.found
    differences = tuple(
        f"account {row.what}: books {row.expected}, bank {row.found}, in transit {transit}"
        for row in rows
        if row.expected != row.found + (transit := on_its_way[row.what])
    )
    figures = {row.what: row.found for row in rows}
    figures |= {f"in transit: {item.what}": item.found for item in in_transit[:100]}
    return Check("bank", "the bank's statement equals our cash accounts", differences, figures)


def _sum(items: Sequence[_Compared]) -> int:
    return sum(item.found for item in items)


def _folds(connection: Connection) -> Check:
    """A sample of lines, others each day, folded from nothing."""
    today = _today(connection)
    found = drift_of_sample(connection, FOLDED, today.toordinal()) if today else []
    says = f"{FOLDED} lines, folded from their first event, are as they are stored and posted"
    return Check("folds", says, tuple(drift.says() for drift in found), {"drift": len(found)})


def _today(connection: Connection) -> date | None:
    """The business date; None in a house that has not opened."""
    row = connection.execute("SELECT business_on FROM clock").fetchone()
    return row[0] if row else None


_encode = msgspec.json.Encoder(order="sorted").encode
_FETCHED = 100


def _chains(connection: Connection, start: _Start) -> Check:
    """Recompute every batch's hash from its rows; streams both tables in the same order, so memory stays small."""
    differences = [
        f"writer {writer}: link {seq}, which was proven, is missing or was changed"
        for writer, seq in connection.execute(questions.HEADS_CHANGED if start.on else _NO_HEADS)
    ]
    links = 0
    since = start.parameters()
    with connection.cursor(name="chain_batches") as batches, connection.cursor(name="chain_texts") as texts:
        texts.itersize = _FETCHED
        batches.execute(questions.BATCHES_FRESH if start.on else questions.BATCHES)
        texts.execute(questions.BATCH_TEXTS_FRESH, since) if start.on else texts.execute(questions.BATCH_TEXTS)
        by_batch = (_Texts(*row) for row in texts)
        pending = next(by_batch, None)
        writer_before, head = 0, (0, FIRST)
        for writer, seq, previous, digest, count, committed_at in batches:
            links += 1
            if writer != writer_before:
                writer_before, head = writer, start.heads.get(writer, (0, FIRST))
            if seq != head[0] + 1:
                differences.append(f"writer {writer}: link {head[0] + 1} is missing")
            elif bytes(previous) != head[1]:
                differences.append(f"writer {writer}: link {seq} does not follow the link before it")
            found = _Texts(writer, seq, 0, committed_at, committed_at, "")
            if pending is not None and (pending.writer, pending.batch) == (writer, seq):
                found, pending = pending, next(by_batch, None)
            if found.events != count:
                differences.append(f"writer {writer}: link {seq} covers {count} events, found {found.events}")
            elif not found.hashes_to(bytes(digest), bytes(previous), committed_at):
                differences.append(f"writer {writer}: link {seq} was changed after it was written")
            head = (seq, bytes(digest))
        if pending is not None:
            differences.append(f"events of batch {(pending.writer, pending.batch)} have no link")
    return Check("chains", "no gap, no fork, no changed row", tuple(differences[:100]), {"links": links})


_NO_HEADS = "SELECT 0, 0 WHERE false"


class _Texts(NamedTuple):
    """A batch's rows as its hash covers them, a line each; first_at, last_at: the instants that they carry."""

    writer: int
    batch: int
    events: int
    first_at: datetime
    last_at: datetime
    joined: str

    def hashes_to(self, digest: bytes, previous: bytes, committed_at: datetime) -> bool:
        """Bodies written before they were kept as texts are compared as they were then: sorted, without spaces."""
        if not self.first_at == self.last_at == committed_at:
            return False
        if link_hash(previous, self.batch, committed_at, [self.joined]) == digest:
            return True
        sorted_bodies = [_with_sorted_body(line) for line in self.joined.split("\n")]
        return link_hash(previous, self.batch, committed_at, sorted_bodies) == digest


def _with_sorted_body(line: str) -> str:
    *columns, body = line.split("|", 15)
    if body == "None":
        return line
    return "|".join((*columns, _encode(msgspec.json.decode(body)).decode()))
