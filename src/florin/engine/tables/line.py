"""Credit lines to rows and back."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.credit.line import Line, LineState
from florin.credit.particulars import ORDINARY, Particulars
from florin.engine.tables.table import Table, bigint, day, integer, json, smallint, text

LINE = Table(
    "line",
    [
        smallint("lane"), smallint("state"), smallint("cycle_day"), integer("sequence"), bigint("id"), bigint("person_id"),
        bigint("limit_minor"), bigint("held_minor"), bigint("committed_minor"), bigint("principal_minor"),
        bigint("fee_minor"), bigint("interest_minor"), bigint("penalty_minor"), bigint("cost_minor"),
        bigint("credit_balance_minor"), bigint("uncleared_minor"),
        bigint("due_minor"), day("opened_on"), day("due_on"), day("past_due_on"), day("next_action_on"),
        text("program"), json("particulars", None),
    ],
    changing=(
        "state", "cycle_day", "sequence", "limit_minor", "held_minor", "committed_minor", "principal_minor", "fee_minor",
        "interest_minor", "penalty_minor", "cost_minor", "credit_balance_minor", "uncleared_minor", "due_minor", "due_on",
        "past_due_on", "next_action_on", "particulars",
    ),
)  # fmt: skip

# What a sale, a hold or a receipt changes of a line without particulars: all of it numbers that the till reads.
SALE = LINE.change_of(
    (
        "sequence",
        "held_minor",
        "committed_minor",
        "principal_minor",
        "fee_minor",
        "next_action_on",
        "limit_minor",
        "state",
    )
)


def row_of(line: Line) -> tuple[Any, ...]:
    return (
        line.lane, int(line.state), line.cycle_day, line.sequence, line.id, line.person_id, line.limit_minor, line.held_minor,
        line.committed_minor, line.principal_minor, line.fee_minor, line.interest_minor, line.penalty_minor, line.cost_minor,
        line.credit_balance_minor, line.uncleared_minor, line.due_minor, line.opened_on, line.due_on, line.past_due_on,
        line.next_action_on, line.program, _document(line.particulars),
    )  # fmt: skip


def line_of(row: tuple[Any, ...]) -> Line:
    (lane, state, cycle_day, sequence, identifier, person_id, limit, held, committed, principal, fee, interest, penalty, cost,
     credit_balance, uncleared, due, opened_on, due_on, past_due_on, next_action_on, program,
     particulars) = row  # fmt: skip
    return Line(
        id=identifier, lane=lane, person_id=person_id, program=program, state=LineState(state), opened_on=opened_on,
        limit_minor=limit, held_minor=held, committed_minor=committed, principal_minor=principal, fee_minor=fee,
        interest_minor=interest, penalty_minor=penalty, cost_minor=cost, credit_balance_minor=credit_balance,
        uncleared_minor=uncleared, due_minor=due, due_on=due_on, past_due_on=past_due_on, next_action_on=next_action_on,
        cycle_day=cycle_day, sequence=sequence, particulars=particulars_of(particulars),
    )  # fmt: skip


def particulars_of(document: Any) -> Particulars:
    """None, what most lines have, is a line without any."""
    return ORDINARY if document is None else msgspec.convert(document, Particulars, strict=False)


def _document(particulars: Particulars) -> str | None:
    return None if particulars is ORDINARY or particulars == ORDINARY else _encode(particulars).decode()


_encode = msgspec.json.Encoder().encode
