"""Autopay on the due day: every line that has something due and a source to take it from, once an attempt.

An attempt is a command with a key of its own, so a close that runs twice debits once. The bank is asked under the attempt's
reference and its answer recorded under the same: what a process that died has asked for is asked again, and is the same order.
While the bank has not answered, the line is not tried again that day, and what it was asked for is not asked for by a later
bill; each close asks about it again, and its answer counts on the day on which the bank took the money.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, LiteralString, NamedTuple, Protocol

import structlog
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.autopay import FailAutopay, TryAutopay, reference_of
from florin.credit.program import load_program, program_names
from florin.credit.repay import Repay
from florin.engine.engine import Engine
from florin.engine.ids import lane_of
from florin.engine.submission import ClaimKind, Submission, claim, job

log = structlog.get_logger(__name__)

CHUNK = 100
PATIENCE_DAYS = 5


class Answer(Protocol):
    """What became of a debit."""

    @property
    def returned(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def booked_on(self) -> date | None: ...


class Bank(Protocol):
    """The bank port, as autopay needs it."""

    def collect(self, debits: Sequence[Debit], *, on: date) -> Sequence[Answer | None]:
        """Debit people's own accounts, each once a reference; the answers in order, None while the bank has not answered."""


class Debit(NamedTuple):
    """A debit that the bank was, or is to be, asked for, and whose answer is not on record."""

    line_id: int
    person_id: int
    amount_minor: int
    reference: str
    asked_on: date

    @property
    def payer(self) -> str:
        return str(self.person_id)


def autopay(engine: Engine, connection: Connection[Any], on: date, attempt: int, *, bank: Bank) -> int:
    """Try every line whose statement is due on the business date `on`; how many were tried now.

    connection: of the engine's role, used by nobody else meanwhile.
    """
    tried = 0
    for lines in _due(connection, on, attempt):
        paid = _ask_bank(engine, connection, lines, on, bank)
        done = paid | {debit.line_id for debit in _unanswered(connection, lines, on)}
        outcomes = engine.execute([_submission(line_id, on, attempt) for line_id in lines if line_id not in done])
        tried += sum(outcome.event is not None and not outcome.replayed for outcome in outcomes)
        for outcome in outcomes:
            if outcome.refusal is not None:
                log.warning("a line was not debited", refusal=outcome.refusal.name, on=str(on), attempt=attempt)
        _ask_bank(engine, connection, lines, on, bank)
    return tried


def ask_again(engine: Engine, connection: Connection[Any], on: date, *, bank: Bank, asked_today: bool = False) -> int:
    """Ask the bank once more for what it has not answered since an earlier day, under the same references; how many debits
    that were. connection: as of `autopay`. asked_today: also for what it was asked on `on`.
    """
    debits = _debits(connection, _STILL_UNANSWERED, {"before_on": on + timedelta(days=asked_today)})
    for start in range(0, len(debits), CHUNK):
        _ask(engine, debits[start : start + CHUNK], on, bank)
    late = [debit.reference for debit in debits if (on - debit.asked_on).days > PATIENCE_DAYS]
    if late:
        log.warning("the bank has owed answers for days", debits=len(late), first=late[0])
    return len(debits)


def _submission(line_id: int, on: date, attempt: int) -> Submission:
    command = TryAutopay(line_id=line_id, due_on=on, attempt=attempt)
    return job(reference_of(line_id, on, attempt), command)


# Her own order counts before the program's; a line without either is not looked at.
_DUE = """
    SELECT l.id
      FROM statement s
           JOIN line l ON l.lane = s.lane AND l.id = s.line_id
     WHERE s.due_on = %(on)s AND s.remaining_minor > 0
       AND CASE WHEN l.particulars ? 'autopay' THEN jsonb_array_length(l.particulars -> 'autopay') > 0
                ELSE l.program = ANY (%(programs)s) END
       AND l.program = ANY (%(as_often)s)
  ORDER BY l.lane, l.id
"""


def _due(connection: Connection[Any], on: date, attempt: int) -> Iterator[Sequence[int]]:
    """Lines to be tried, chunk by chunk. They are asked for once: eight bytes each are less than asking again."""
    terms = {name: load_program(name).terms_on(on) for name in program_names()}
    parameters = {
        "on": on,
        "programs": [name for name in terms if terms[name].autopay_sources],
        "as_often": [name for name in terms if terms[name].autopay_attempts >= attempt],
    }
    due = array("q", (row[0] for row in connection.execute(_DUE, parameters)))
    connection.commit()
    return (due[start : start + CHUNK] for start in range(0, len(due), CHUNK))


# What the bank has not answered stands in the line's row; few lines have any.
_ASKED: LiteralString = """
    SELECT l.id AS line_id, l.person_id, (a ->> 'amount_minor')::bigint AS amount_minor, a ->> 'reference' AS reference,
           (a ->> 'on')::date AS asked_on
"""
_UNANSWERED: LiteralString = (
    _ASKED
    + """
      FROM unnest(%(lanes)s::smallint[], %(lines)s::bigint[]) AS k(lane, id)
           JOIN line l ON l.lane = k.lane AND l.id = k.id
           CROSS JOIN LATERAL jsonb_array_elements(l.particulars -> 'asked') a
     WHERE (a ->> 'on')::date = %(on)s
  ORDER BY l.id
"""
)
_STILL_UNANSWERED: LiteralString = (
    _ASKED
    + """
      FROM line l CROSS JOIN LATERAL jsonb_array_elements(l.particulars -> 'asked') a
     WHERE l.particulars ? 'asked' AND (a ->> 'on')::date < %(before_on)s
  ORDER BY l.lane, l.id, asked_on, reference
"""
)


def _unanswered(connection: Connection[Any], lines: Sequence[int], on: date) -> list[Debit]:
    chosen = {"lanes": [lane_of(line_id) for line_id in lines], "lines": list(lines), "on": on}
    return _debits(connection, _UNANSWERED, chosen)


def _debits(connection: Connection[Any], statement: LiteralString, chosen: Mapping[str, Any]) -> list[Debit]:
    with connection.cursor(row_factory=class_row(Debit)) as cursor:
        debits = cursor.execute(statement, chosen).fetchall()
    connection.commit()
    return debits


def _ask_bank(engine: Engine, connection: Connection[Any], lines: Sequence[int], on: date, bank: Bank) -> set[int]:
    """Ask the bank for what these lines' attempts of the day have left to it; who has paid by it."""
    return _ask(engine, _unanswered(connection, lines, on), on, bank)


def _ask(engine: Engine, debits: Sequence[Debit], on: date, bank: Bank) -> set[int]:
    """Ask the bank, and record its answers; the lines that have paid by it."""
    paid = set()
    submissions = []
    for debit, answer in zip(debits, bank.collect(debits, on=on) if debits else (), strict=True):
        if answer is not None:
            submissions.append(_answered(debit, answer, on))
            paid |= set() if answer.returned else {debit.line_id}
    for outcome in engine.execute(submissions) if submissions else ():
        if outcome.refusal is not None:
            log.error("a debit is not on record yet; the next round records it", refusal=outcome.refusal.name)
    return paid


def _answered(debit: Debit, answer: Answer, on: date) -> Submission:
    """A debit counts on the day on which the bank took it, however late it says so; never before it was asked."""
    line_id, amount_minor, reference = debit.line_id, debit.amount_minor, debit.reference
    if answer.returned:
        failed = FailAutopay(line_id=line_id, amount_minor=amount_minor, reference=reference, reason=answer.reason)
        return job(f"{reference}/failed", failed)
    took_on = max(answer.booked_on or on, debit.asked_on)
    repay = Repay(
        line_id=line_id,
        amount_minor=amount_minor,
        source="bank",
        reference=reference,
        value_on=took_on if took_on < on else None,
    )
    return Submission(
        command=repay,
        claims=(claim(ClaimKind.BANK, 0, reference, ("repay", line_id, amount_minor)),),
        keeps_refusal=False,
    )
