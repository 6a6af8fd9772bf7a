"""The benched book: a million accounts in the middle of their lives, loaded by COPY, and proven afterwards.

A few shoppers of each kind live for twelve weeks in a real house: they join, buy, spread, repay or do not, and the clock
acts on their lines, all through the engine. Then their rows are read back and stamped out with other ids over all lanes:
events with their place in a writer's chain, lines, accounts, statements, trades and payments. So every copy is what the engine
itself has written, and nothing is accounted for a second time. Idempotency keys are not copied: nobody asks for them again.
Settlement of all that the copies sold is left to the first day close.
"""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import psycopg
from psycopg import Copy, sql

from florin.bank import SimulatedBank, receive_repayment
from florin.bench.house import Say
from florin.credit.autopay import SetAutopay
from florin.credit.open import OpenLine
from florin.engine import ClaimKind, Engine, Submission, claim, clock
from florin.engine.actions import AdvanceLine
from florin.engine.admin import add_app, add_merchant
from florin.engine.chain import FIRST, link_hash
from florin.engine.ids import IdBlocks
from florin.engine.lanes import LANES
from florin.engine.proof_questions import ROW_TEXT
from florin.payments.charge import Charge
from florin.payments.trade import Flow, TradeDetail
from florin.wallet.join import Join

OPENS_ON = date(2026, 1, 5)
LOADED_ON = date(2026, 3, 28)  # no close and no due day is near
CLOSES_ON = date(2026, 4, 1)
DUE_ON = date(2026, 4, 10)
PAST_DUE_ON = date(2026, 4, 11)
APP = 1
LIMIT_MINOR = 5_000_000

# Shares in percent. Each kind: what is bought on which day (amount's range in yuan, installments), what is repaid of what is
# due on which day (a share; 0 is the minimum), and whether a bank is to be debited on later due days.
_VARIANTS = 8
_FIRST_NUMBER = 10**9  # far above the engine's own ids


class Kind(NamedTuple):
    name: str
    share: int
    buys: tuple[tuple[date, int, int, int], ...]
    repays: tuple[tuple[date, int], ...]
    autopay: bool = False


def _day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


_BUYS_OFTEN = ((_day("02-12"), 20, 900, 0), (_day("03-14"), 20, 900, 0), (_day("03-22"), 20, 300, 0))
_REPAYS_ALL = ((_day("03-08"), 100),)
KINDS = (
    Kind("pays in full", 47, _BUYS_OFTEN, _REPAYS_ALL),
    Kind("pays by autopay", 20, _BUYS_OFTEN, _REPAYS_ALL, autopay=True),
    Kind(
        "revolves", 20,
        ((_day("01-12"), 800, 4_000, 0), (_day("03-16"), 20, 300, 0)),
        ((_day("02-09"), 0), (_day("03-09"), 0)),
    ),
    Kind(
        "has a plan", 10,
        ((_day("02-14"), 600, 6_000, 6), (_day("03-18"), 20, 300, 0)),
        ((_day("03-07"), 100),),
    ),
    Kind("is past due", 3, ((_day("02-20"), 100, 1_500, 0),), ()),
)  # fmt: skip


class Book(NamedTuple):
    """population: file of (person, line) ids as two arrays of 64-bit numbers, one after the other."""

    accounts: int
    events: int
    merchant_id: int
    population: Path


def load_book(owner_url: str, engine_url: str, accounts: int, folder: Path, say: Say) -> Book:
    """Fill the empty, migrated database; the business date is LOADED_ON afterwards, and no day is closed yet."""
    with psycopg.connect(engine_url, autocommit=True) as connection:
        clock.start(connection, OPENS_ON)
        merchant_id = add_merchant(connection, IdBlocks(connection), name="Tea House", mdr_ppm=6_000)
        add_app(
            connection, app_id=APP, merchant_id=merchant_id, name="till", wire="rest", market="direct", notify_url=""
        )
        with Engine(engine_url, name="book") as engine:
            say("a few accounts of each kind live for twelve weeks")
            lives = [
                (kind, _Life(engine, connection, merchant_id, kind, number))
                for kind in KINDS
                for number in range(_VARIANTS)
            ]
            _live(engine, [life for _, life in lives], connection)
        stamps = [_Stamp(connection, life) for _, life in lives]
        shares = [kind.share for kind, _ in lives]
    with psycopg.connect(owner_url, autocommit=True) as owner:
        press = _Press(owner_url, owner, stamps, shares)
        press.run(accounts - len(stamps), say)
        say("vacuum, analyze")
        owner.execute("VACUUM (ANALYZE)")
    population = folder / "population"
    population.write_bytes(press.persons.tobytes() + press.lines.tobytes())
    return Book(accounts, press.events, merchant_id, population)


def read_population(file: Path) -> tuple[array[int], array[int]]:
    """(person ids, line ids)."""
    both = array("q", file.read_bytes())
    return both[: len(both) // 2], both[len(both) // 2 :]


# ── lives ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Life:
    """One shopper of a kind; amounts are drawn, so that no two variants are alike. All of its ids are of one lane."""

    def __init__(
        self, engine: Engine, connection: psycopg.Connection[Any], merchant_id: int, kind: Kind, number: int
    ) -> None:
        self.kind = kind
        self.name = f"{kind.name} {number}".replace(" ", "-")
        self.lane = LANES[1 + number]  # in the first lane ids are small numbers, which could be anything
        self._engine, self._connection, self._merchant_id = engine, connection, merchant_id
        self._draw = random.Random(self.name)  # noqa: S311 - a draw of amounts, not a secret
        self.person_id, self.line_id = engine.new_id(self.lane), engine.new_id(self.lane)
        self._do(Join(person_id=self.person_id, logon=self.name, name=self.name), claim(ClaimKind.LOGON, 0, self.name))
        self._do(OpenLine(person_id=self.person_id, line_id=self.line_id, program="huabei", limit_minor=LIMIT_MINOR))
        if kind.autopay:
            self._do(SetAutopay(line_id=self.line_id, sources=("bank",)))

    def spend_day(self, on: date) -> None:
        for number, (buys_on, least, most, installments) in enumerate(self.kind.buys):
            if buys_on == on:
                self._buy(f"{self.name}/{number}", self._draw.randint(least * 100, most * 100), installments)
        for repays_on, percent in self.kind.repays:
            if repays_on == on:
                self._repay(on, percent)

    def _buy(self, order: str, amount_minor: int, installments: int) -> None:
        self._do(
            Charge(
                trade_id=self._engine.new_id(self.lane), payment_id=self._engine.new_id(self.lane), app_id=APP,
                merchant_id=self._merchant_id, out_trade_no=order, amount_minor=amount_minor, subject="Tea",
                flow=Flow.DIRECT, person_id=self.person_id, line_id=self.line_id, credit_minor=amount_minor,
                installments=installments, detail=TradeDetail(fee_payer="shopper"),
            ),
            claim(ClaimKind.REQUEST, APP, order, amount_minor),
        )  # fmt: skip

    def _repay(self, on: date, percent: int) -> None:
        """All that is due, or the newest statement's minimum."""
        row = self._connection.execute(_DUE, {"lane": self.lane, "line_id": self.line_id}).fetchone()
        assert row is not None, f"{self.name} has a statement by {on}"
        bank = SimulatedBank(self._connection)
        outcome = receive_repayment(
            self._engine, bank, line_id=self.line_id, amount_minor=row[0] if percent else row[1],
            reference=f"{self.name}/{on}", on=on,
        )  # fmt: skip
        assert outcome.refusal is None, outcome.refusal

    def _do(self, command: Any, *claims: Any) -> None:
        outcome = self._engine.execute([Submission(command=command, claims=claims)])[0]
        assert outcome.refusal is None, outcome.refusal


_DUE = """
    SELECT l.due_minor, s.minimum_left_minor FROM line l JOIN statement s ON s.lane = l.lane AND s.line_id = l.id
     WHERE l.lane = %(lane)s AND l.id = %(line_id)s ORDER BY s.closes_on DESC LIMIT 1
"""


def _live(engine: Engine, lives: Sequence[_Life], connection: psycopg.Connection[Any]) -> None:
    on = OPENS_ON
    while on < LOADED_ON:
        on = clock.roll(connection, on)
        clock.shift(connection, 86_400)
        outcomes = engine.execute([Submission(command=AdvanceLine(line_id=life.line_id)) for life in lives])
        assert not any(outcome.refusal for outcome in outcomes)
        for life in lives:
            life.spend_day(on)


# ── stamps ────────────────────────────────────────────────────────────────────────────────────────────────────────

# The rows of one life, table by table; in each the lane is the first column.
_TABLES: dict[str, LiteralString] = {
    "person": "SELECT * FROM person WHERE id = {person}",
    "wallet": "SELECT * FROM wallet WHERE id = {person}",
    "line": "SELECT * FROM line WHERE id = {line}",
    "line_account": "SELECT * FROM line_account WHERE line_id = {line}",
    "statement": "SELECT * FROM statement WHERE line_id = {line} ORDER BY closes_on",
    "trade": "SELECT * FROM trade WHERE id IN (SELECT trade_id FROM payment WHERE line_id = {line}) ORDER BY id",
    "payment": "SELECT * FROM payment WHERE line_id = {line} ORDER BY id",
    "event": "SELECT * FROM event WHERE person_id = {person} ORDER BY id",
}
_TEXTS = f"SELECT e.id, {ROW_TEXT} FROM event e WHERE e.person_id = {{person}} ORDER BY e.id"  # noqa: S608 - our own
_LANE, _WRITER, _BATCH, _INSTANT = "<lane>", "<writer>", "<batch>", "<instant>"

Fill = Callable[[Sequence[int]], str]


class _Stamp:
    """One life as texts with blanks: its rows for COPY, and what the chain's hash covers. ids: in rising order."""

    def __init__(self, connection: psycopg.Connection[Any], life: _Life) -> None:
        owners = {"person": str(life.person_id), "line": str(life.line_id)}
        columns = _columns(connection, "event")
        blanks = {
            columns.index(name): blank
            for name, blank in (("writer", _WRITER), ("batch", _BATCH), ("recorded_at", _INSTANT))
        }
        rows = {table: _rows(connection, question.format(**owners)) for table, question in _TABLES.items()}
        for of_table in rows.values():
            for row in of_table:
                row[0] = _LANE
        for row in rows["event"]:
            for position, blank in blanks.items():
                row[position] = blank
        stored = connection.execute(_TEXTS.format(**owners)).fetchall()
        hashed = "\n".join(f"{_LANE}|{text.partition('|')[2]}" for _, text in stored)
        self.events = len(stored)
        found = {life.person_id, life.line_id, *(identifier for identifier, _ in stored)}
        for table in ("trade", "payment"):
            found |= {int(row[_columns(connection, table).index("id")]) for row in rows[table]}
        self.ids = sorted(found)
        self.person, self.line = self.ids.index(life.person_id), self.ids.index(life.line_id)
        places = {str(identifier): place for place, identifier in enumerate(self.ids, start=2)} | {_LANE: 0, _BATCH: 1}
        self.rows = {
            table: _blank("".join("\t".join(row) + "\n" for row in found), places) for table, found in rows.items()
        }
        self.hashed = _blank(hashed, places)


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    question = sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(table))
    return [column.name for column in connection.execute(question).description or ()]


def _rows(connection: psycopg.Connection[Any], question: str) -> list[list[str]]:
    with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(question))) as copy:
        text = b"".join(copy).decode()
    return [line.split("\t") for line in text.splitlines()]


def _blank(text: str, places: Mapping[str, int]) -> Fill:
    """What fills a text in: given (lane, batch, *ids), it replaces what stands at these places."""
    pattern = re.compile("|".join(sorted(map(re.escape, places), key=len, reverse=True)))
    order = [places[name] for name in pattern.findall(text)]
    form = pattern.sub("%d", text.replace("%", "%%"))
    take = itemgetter(*order)
    return lambda values: form % take(values)


# ── the press ─────────────────────────────────────────────────────────────────────────────────────────────────────

_TOGETHER = 64


class _Press:
    """Stamps accounts out, lane after lane, in batches of one writer's chain; one COPY a table, all open at once."""

    def __init__(
        self, owner_url: str, owner: psycopg.Connection[Any], stamps: Sequence[_Stamp], shares: Sequence[int]
    ) -> None:
        self._owner_url, self._owner = owner_url, owner
        self._stamps, self._shares = stamps, shares
        self._draw = random.Random(1)  # noqa: S311 - a draw of accounts, not a secret
        self.persons, self.lines = array("q"), array("q")
        self.events = 0

    def run(self, accounts: int, say: Say) -> None:
        row = self._owner.execute(
            "INSERT INTO writer (process) VALUES ('book') RETURNING writer, date_trunc('second', now())"
        ).fetchone()
        assert row is not None
        writer, instant = row
        with ExitStack() as stack:
            copies = {table: self._copy(stack, table) for table in (*_TABLES, "batch")}
            fixed = {_WRITER: str(writer), _INSTANT: instant.isoformat()}
            head, seq, done = FIRST, 0, 0
            for place, lane in enumerate(LANES):
                first = (place << 40) + _FIRST_NUMBER
                until = accounts * (place + 1) // len(LANES)
                while done < until:
                    count = min(_TOGETHER, until - done)
                    seq, done = seq + 1, done + count
                    head, first = self._batch(copies, fixed, lane, first, count, head, seq, instant)
                self._owner.execute(
                    "UPDATE lane SET next_number = greatest(next_number, %s) WHERE lane = %s",
                    (first - (place << 40), lane),
                )
                if place % 16 == 15:
                    say(f"{done:,} accounts, {self.events:,} events")
        self._owner.execute(_BANK_LINES, {"writer": writer})

    def _batch(
        self, copies: Mapping[str, Copy], fixed: Mapping[str, str], lane: int, first: int, count: int, head: bytes,
        seq: int, instant: datetime,
    ) -> tuple[bytes, int]:  # fmt: skip
        """(hash, next free id) after a batch of `count` accounts."""
        chosen = self._draw.choices(self._stamps, self._shares, k=count)
        filled = []
        for stamp in chosen:
            filled.append((lane, seq, *range(first, first + len(stamp.ids))))
            self.persons.append(first + stamp.person)
            self.lines.append(first + stamp.line)
            first += len(stamp.ids)
        events = sum(stamp.events for stamp in chosen)
        texts = [stamp.hashed(values) for stamp, values in zip(chosen, filled, strict=True)]
        digest = link_hash(head, seq, instant, texts)
        for table in _TABLES:
            text = "".join([stamp.rows[table](values) for stamp, values in zip(chosen, filled, strict=True)])
            if table == "event":
                for blank, value in fixed.items():
                    text = text.replace(blank, value)
            copies[table].write(text)
        copies["batch"].write_row((int(fixed[_WRITER]), seq, head, digest, events, instant))
        self.events += events
        return digest, first

    def _copy(self, stack: ExitStack, table: str) -> Copy:
        connection = stack.enter_context(psycopg.connect(self._owner_url))
        return stack.enter_context(
            connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table)))
        )


# The bank's statement shows what came from shoppers' banks as one line a day.
_BANK_LINES = """
    INSERT INTO bank_line (account, amount_minor, reference, booked_on)
    SELECT 'safeguarded', sum((body->>'amount_minor')::bigint), 'book/' || posted_on, posted_on
      FROM event WHERE kind = 25 AND writer = %(writer)s GROUP BY posted_on ORDER BY posted_on
"""
