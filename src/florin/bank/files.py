"""A bank that is spoken to by files: orders are kept, written to the folder in one file a kind, account and day, and answered
by the files that come back.

An order is queued in the database, then belongs to a file (kept whole in the database), then the file lies in the folder. A
process that dies in between leaves the file to be written again, under the same name with the same message id, which a bank
takes once. An order is answered when the bank rejects it, or when its own entry books it: accepted is a promise, not money.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import structlog
from psycopg import Connection
from psycopg.rows import class_row, namedtuple_row

from florin.bank.folder import SUFFIX, BankFolder
from florin.bank.iso20022 import Initiation, Order, write_initiation
from florin.bank.iso20022.initiation import MESSAGES
from florin.bank.iso20022.status import words_of
from florin.bank.port import BankAccount, BankAnswer, BankLine, BankReturn, Debit
from florin.bank.take import Taken, take
from florin.engine import clock
from florin.events.refusals import Refusal

ORDERS_MAX = 20_000  # of one file
_TURN = 0x62616E6B  # any number, as long as it is always the same one
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9/\-.+]{0,33}[A-Za-z0-9])?")

log = structlog.get_logger(__name__)


class FileBank:
    """connection: of the engine's role, in autocommit, used by nobody else meanwhile."""

    def __init__(self, connection: Connection[Any], folder: BankFolder) -> None:
        self._connection = connection
        self._folder = folder

    # ── orders and their answers ──────────────────────────────────────────────────────────────────────────────────

    def move(self, *, debit: str, credit: str, amount_minor: int, reference: str, on: date) -> None:
        self._queue([("move", debit, credit, amount_minor, reference, "")], on)

    def pay(self, *, amount_minor: int, reference: str, beneficiary: str, on: date) -> BankAnswer | None:
        self._queue([("payment", "safeguarded", "", amount_minor, reference, beneficiary)], on)
        return self.answer(reference)

    def collect(self, debits: Sequence[Debit], *, on: date) -> list[BankAnswer | None]:
        self._queue([("debit", "safeguarded", "", d.amount_minor, d.reference, d.payer) for d in debits], on)
        answers = self._answers([debit.reference for debit in debits])
        return [answers.get(debit.reference) for debit in debits]

    def answer(self, reference: str) -> BankAnswer | None:
        return self._answers([reference]).get(reference)

    def receive(self, *, amount_minor: int, reference: str, on: date, account: BankAccount = "safeguarded") -> None:
        """It is announced; the bank's own entry will say it."""

    def returns(self) -> list[BankReturn]:
        with self._connection.cursor(row_factory=class_row(BankReturn)) as cursor:
            return cursor.execute(_RETURNS).fetchall()

    def return_recorded(self, reference: str) -> None:
        self._connection.execute(_RETURN_TOLD, {"reference": reference})

    def book_announced(self) -> int:
        return 0

    def statement(self, account: BankAccount, *, from_on: date, before_on: date) -> list[BankLine]:
        parameters = {"account": account, "from_on": from_on, "before_on": before_on}
        with self._connection.cursor(row_factory=class_row(BankLine)) as cursor:
            return cursor.execute(_STATEMENT, parameters).fetchall()

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def exchange(self, on: date) -> int:
        """Files go once a business date by themselves, after its close has paid out; the rest with `send`."""
        if self._connection.execute(_SENT_ON, {"on": on}).fetchone() is None:
            self.send(on)
        return self._take_all(on)

    def _take_all(self, on: date) -> int:
        """Take what waits, and tell the log of what is refused; how many files were taken."""
        results = self.take_waiting(on)
        for file, taken in results:
            if isinstance(taken, Refusal):
                log.error("a bank's file was refused", file=file.name, refusal=taken.name, why=taken.sentence())
        return sum(isinstance(taken, Taken) for _, taken in results)

    def send(self, on: date) -> list[Path]:
        """Put what is queued into files, and files into the folder. The files that were written now."""
        with self._turn():
            with self._connection.transaction():
                self._make_files(on)
            return [self._write(row) for row in self._rows(_MADE)]

    def take_waiting(self, on: date) -> list[tuple[Path, Taken | Refusal]]:
        """Take every file that lies in `in/`, by name, each in a transaction of its own."""
        with self._turn():
            return [(file, self._take(file)) for file in self._folder.waiting()]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time writes and takes files."""
        self._connection.execute("SELECT pg_advisory_lock(%(turn)s)", {"turn": _TURN})
        try:
            yield
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%(turn)s)", {"turn": _TURN})

    def _take(self, file: Path) -> Taken | Refusal:
        """Take one file and lay it aside; one that is refused has had no effect."""
        at = clock.read(self._connection)
        with self._connection.transaction():
            taken = take(self._connection, file.read_bytes(), file.name, accounts=self._folder.accounts(), at=at)
        if isinstance(taken, Refusal):
            self._folder.refuse(file, f"{taken.name}: {taken.sentence()}")
        else:
            self._folder.move(file, "taken")
        return taken

    def _queue(self, orders: Sequence[tuple[str, str, str, int, str, str]], on: date) -> None:
        """Said again, an order is the same order."""
        if orders:
            kinds, accounts, to, amounts, references, parties = (list(column) for column in zip(*orders, strict=True))
            self._connection.execute(
                _QUEUE,
                {
                    "kinds": kinds, "accounts": accounts, "to": to, "amounts": amounts, "references": references,
                    "parties": parties, "ends": [end_to_end_id_of(reference) for reference in references], "on": on,
                },
            )  # fmt: skip

    def _answers(self, references: Sequence[str]) -> dict[str, BankAnswer]:
        rows = self._rows(_ANSWERED, {"references": list(references)})
        return {row.reference: _answer_of(row) for row in rows}

    def _make_files(self, on: date) -> None:
        queued = self._rows(_QUEUED, {"limit": ORDERS_MAX * 10})
        for (debits, account), group in groupby(queued, key=lambda row: (row.kind == "debit", row.account)):
            orders = list(group)
            for start in range(0, len(orders), ORDERS_MAX):
                self._make_file("debits" if debits else "payments", account, orders[start : start + ORDERS_MAX], on)

    def _make_file(self, kind: Literal["payments", "debits"], account: str, rows: Sequence[Any], on: date) -> None:
        accounts, at = self._folder.accounts(), clock.read(self._connection).instant
        number = self._connection.execute("SELECT nextval('bank_file_id_seq')").fetchone()
        assert number is not None
        message_id = f"FL-{on:%Y%m%d}-{number[0]}"
        initiation = Initiation(
            kind=kind,
            message_id=message_id,
            made_at=at.astimezone(clock.ZONE).replace(microsecond=0),
            initiator=accounts.initiator,
            account=accounts.number_of(account),
            bank=accounts.bank,
            on=on,
            orders=tuple(
                Order(
                    end_to_end_id=row.end_to_end_id,
                    amount_minor=row.amount_minor,
                    account=accounts.number_of(row.to_account) if row.to_account else row.party,
                    party=accounts.initiator if row.to_account else row.party,
                    text=row.reference,
                )
                for row in rows
            ),
        )
        self._connection.execute(
            _KEEP_FILE,
            {
                "id": number[0], "message_id": message_id, "message": MESSAGES[kind],
                "name": f"{message_id}.{MESSAGES[kind][:8]}{SUFFIX}", "on": on, "at": at, "items": len(rows),
                "amount_minor": initiation.sum_minor, "content": write_initiation(initiation),
            },
        )  # fmt: skip
        self._connection.execute(_INTO_FILE, {"file_id": number[0], "orders": [row.id for row in rows]})

    def _write(self, row: Any) -> Path:
        path = self._folder.put_out(row.name, bytes(row.content))
        self._connection.execute("UPDATE bank_file SET state = 'sent' WHERE id = %(id)s", {"id": row.id})
        return path

    def _rows(self, statement: Any, parameters: Any = None) -> list[Any]:
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(statement, parameters).fetchall()


def end_to_end_id_of(reference: str) -> str:
    """The reference as the standard lets it be said: itself where it is short and plain, else a digest of it."""
    if _PLAIN.fullmatch(reference) and "//" not in reference:
        return reference
    return f"FL{sha256(reference.encode()).hexdigest()[:32]}"


def _answer_of(row: Any) -> BankAnswer:
    if row.state == "booked":
        return BankAnswer(reference=row.bank_reference or row.reference, booked_on=row.booked_on)
    return BankAnswer(
        reference=row.bank_reference or row.end_to_end_id,
        returned=True,
        reason=row.reason or words_of(row.reason_code),
        reason_code=row.reason_code,
    )


_QUEUE = """
    INSERT INTO bank_order (kind, account, to_account, amount_minor, reference, party, end_to_end_id, asked_on)
    SELECT o.kind, o.account, o.to_account, o.amount_minor, o.reference, o.party, o.end_to_end_id, %(on)s
      FROM unnest(%(kinds)s::text[], %(accounts)s::text[], %(to)s::text[], %(amounts)s::bigint[], %(references)s::text[],
                  %(parties)s::text[], %(ends)s::text[])
           AS o(kind, account, to_account, amount_minor, reference, party, end_to_end_id)
  ORDER BY o.reference
        ON CONFLICT ON CONSTRAINT bank_order_is_given_once DO NOTHING
"""
_ANSWERED = """
    SELECT reference, end_to_end_id, state, booked_on, bank_reference, reason_code, reason
      FROM bank_order
     WHERE reference = ANY (%(references)s) AND state IN ('booked', 'rejected')
  ORDER BY reference
"""
_QUEUED = """
    SELECT id, kind, account, to_account, amount_minor, reference, end_to_end_id, party
      FROM bank_order
     WHERE state = 'queued'
  ORDER BY kind = 'debit', account, id
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
"""
_KEEP_FILE = """
    INSERT INTO bank_file (id, direction, message_id, message, name, state, posted_on, made_at, items, amount_minor, content)
    OVERRIDING SYSTEM VALUE
    VALUES (%(id)s, 'out', %(message_id)s, %(message)s, %(name)s, 'made', %(on)s, %(at)s, %(items)s, %(amount_minor)s,
            %(content)s)
"""
_INTO_FILE = "UPDATE bank_order SET state = 'sent', file_id = %(file_id)s WHERE id = ANY (%(orders)s)"
_SENT_ON = "SELECT FROM bank_file WHERE direction = 'out' AND posted_on = %(on)s AND state = 'sent' LIMIT 1"
_MADE = "SELECT id, name, content FROM bank_file WHERE state = 'made' ORDER BY id LIMIT 1000"
_RETURNS = """
    SELECT kind, reference, amount_minor, bank_reference, reason, reason_code, returned_on
      FROM bank_order
     WHERE returned_on IS NOT NULL AND NOT return_told AND state = 'booked'
  ORDER BY id
     LIMIT 1000
"""
_RETURN_TOLD = "UPDATE bank_order SET return_told = true WHERE reference = %(reference)s"
_STATEMENT = """
    SELECT account, amount_minor, reference, booked_on
      FROM bank_line
     WHERE account = %(account)s AND booked_on >= %(from_on)s AND booked_on < %(before_on)s
  ORDER BY id
     LIMIT 100000
"""
