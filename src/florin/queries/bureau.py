"""The bureau file of a month: every line's row as it was known at the month's end, and what became known since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from psycopg import Connection

from florin.credit.bureau import Amendment, BureauRow, Known, amendment, bureau_row, month_end
from florin.credit.program import load_program
from florin.engine.tables.event import event_from

_CHUNK = 200
_LINES = """
    SELECT lane, id, program FROM line
     WHERE (lane, id) > (%(lane)s, %(id)s) AND opened_on <= %(ends_on)s
  ORDER BY lane, id
     LIMIT %(size)s
"""
_EVENTS = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), e.line_id,
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body, e.posted_on
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, line_id)
           JOIN event e ON e.lane = k.lane AND e.line_id = k.line_id AND e.sequence > 0
  ORDER BY e.line_id, e.sequence
"""


def bureau_file(connection: Connection[Any], *, month: date) -> Iterator[tuple[BureauRow | None, Amendment | None]]:
    """Line by line, in the order of lanes and ids: the row that was told at the month's end, and its amendment.

    Streams: memory stays that of a few hundred lines. month: any day of it; the month should be over.
    """
    ends_on = month_end(month)
    asked: dict[str, Any] = {"lane": -1, "id": 0, "ends_on": ends_on, "size": _CHUNK}
    while lines := connection.execute(_LINES, asked).fetchall():
        asked |= {"lane": lines[-1][0], "id": lines[-1][1]}
        histories: dict[int, list[Known]] = {line_id: [] for _, line_id, _ in lines}
        for row in connection.execute(_EVENTS, {"lanes": [line[0] for line in lines], "ids": list(histories)}):
            histories[row[4]].append(Known(event_from(row), row[8]))
        for _, line_id, program_name in lines:
            history, program = histories[line_id], load_program(program_name)
            told = [known.event for known in history if known.known_on <= ends_on]
            reported, amended = bureau_row(told, month, program), amendment(history, month, program)
            if reported is not None or amended is not None:
                yield reported, amended
