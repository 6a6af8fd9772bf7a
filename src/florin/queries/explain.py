"""Why is this amount owed? A line's whole history, folded again and told: read, and nothing written.

The answer is `florin.credit.explain`'s; here are its events, its names and the merchant's side of a payout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, LiteralString

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import kwargs_row, tuple_row

from florin.credit.explain import (
    CampaignName,
    Item,
    NothingToExplain,
    Question,
    Record,
    Told,
    Trace,
    Window,
    agreements_of,
    campaigns_of,
    explain,
    items_of,
    payout,
    tell,
    trace,
)
from florin.credit.line import Line, LineState
from florin.credit.particulars import ORDINARY, Particulars
from florin.credit.terms import Program
from florin.engine.ids import lane_of
from florin.engine.lanes import LANES
from florin.engine.reference import Reference
from florin.engine.tables.event import event_from
from florin.events import PaidOut, Refused, WindowReceived
from florin.events.refusals import Language
from florin.ledger import Entry, Rule
from florin.money.at import At
from florin.queries import is_id
from florin.queries.lines import one_view
from florin.queries.shared_limits import shared_by

EVENTS_MAX = 100_000
LINES_MAX = 100


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. on: the day it is about. owner_id: the line's, or of a payout the merchant's."""

    question: str
    owner_id: str
    on: date
    currency: str
    language: Language
    program: str
    answer: Told


def explain_line(
    connection: Connection[Any], *, line_id: int, question: Question, at: At, language: Language, on: date | None = None
) -> Explained | None:
    """The answer to a question about a line, as of a day (today when None); None when there is no such line.

    Raises NothingToExplain, also for a day on which the line was not open or that is still to come.
    """
    if not is_id(line_id):
        return None
    line = _line(connection, line_id)
    if line is None:
        return None
    program, day = Reference.program(line.program), on or at.on
    refused, before = None, None
    if question.what == "refusal":
        question, refused, before = _refusal(connection, line, question)
        day = refused.value_on
    if not line.opened_on <= day <= at.on:
        raise NothingToExplain(f"{question.text()} on {day}")
    # Events are only ever added, so the row and they need not be of one instant.
    found = trace(list(_records(connection, line_id, before)), program, day)
    today = line if day == at.on and refused is None else None
    shared = None if today is None else shared_by(connection, today)
    others = _sharing(connection, line, before) if refused is not None and before is not None else []
    part = explain(found, question, line=today, refused=refused, shared=shared, others=others)
    return Explained(
        question=question.text(),
        owner_id=str(line_id),
        on=day,
        currency=program.currency,
        language=language,
        program=program.name,
        answer=tell(
            part,
            language,
            items(connection, items_of(part)),
            partner_names(connection, agreements_of(part)),
            campaign_names(connection, campaigns_of(part)),
        ),
    )


def line_trace(connection: Connection[Any], *, line_id: int, at: At) -> tuple[Line, Program, Trace] | None:
    """A line's history folded up to today; None when there is no such line."""
    line = _line(connection, line_id) if is_id(line_id) else None
    if line is None:
        return None
    program = Reference.program(line.program)
    return line, program, trace(list(_records(connection, line_id, None)), program, at.on)


def explain_payout(connection: Connection[Any], *, payout_id: int, language: Language) -> Explained | None:
    """A merchant's payout back to his sales; None when there is no such payout of a merchant."""
    if not is_id(payout_id):
        return None
    with one_view(connection):
        paid = next(_loaded(connection, _BY_ID, {"lane": lane_of(payout_id), "id": payout_id}), None)
        if paid is None or not isinstance(paid.event, PaidOut):
            return None
        moved = _since_the_last(connection, paid)
        sold = {
            Window.of(one.event): list(
                _loaded(
                    connection,
                    _SOLD,
                    {
                        "lane": one.event.from_lane,
                        "merchant_id": paid.event.merchant_id,
                        "window_on": one.event.window_on,
                        "window_from": one.event.window_from,
                        "window_until": one.event.window_until,
                        "limit": EVENTS_MAX,
                    },
                )
            )
            for one in moved
            if isinstance(one.event, WindowReceived)
        }
        part = payout(paid, moved, sold)
        known = items(connection, items_of(part))
    return Explained(
        question=f"payout={payout_id}",
        owner_id=str(paid.event.merchant_id),
        on=paid.event.value_on,
        currency="CNY",
        language=language,
        program="",
        answer=tell(part, language, known),
    )


def items(connection: Connection[Any], payment_ids: Iterable[int]) -> dict[int, Item]:
    """What purchases are called, by their payment's id."""
    ids = sorted(identifier for identifier in payment_ids if is_id(identifier))
    if not ids:
        return {}
    parameters = {
        "lanes": list(LANES),
        "ids": ids,
        "lanes_of_ids": [lane_of(identifier) for identifier in ids],
        "limit": len(ids),
    }
    rows = connection.execute(_ITEMS, parameters).fetchall()
    return {
        identifier: Item(subject=subject, merchant_en=name, merchant_zh=name_zh, trade_id=trade_id)
        for identifier, subject, name, name_zh, trade_id in rows
    }


def partner_names(connection: Connection[Any], agreement_ids: Iterable[int]) -> dict[int, str]:
    """What partner banks are called, by the agreement's id."""
    ids = sorted(agreement_ids)
    if not ids:
        return {}
    parameters = {"lanes": [lane_of(identifier) for identifier in ids], "ids": ids, "limit": len(ids)}
    return dict(connection.execute(_PARTNERS, parameters).fetchall())


def campaign_names(connection: Connection[Any], campaign_ids: Iterable[int]) -> dict[int, CampaignName]:
    """What campaigns are called, by their id."""
    ids = sorted(identifier for identifier in campaign_ids if is_id(identifier))
    if not ids:
        return {}
    parameters = {"ids": ids, "lanes": [lane_of(identifier) for identifier in ids], "limit": len(ids)}
    rows = connection.execute(_CAMPAIGNS, parameters).fetchall()
    return {identifier: CampaignName(en=name, zh=name_zh) for identifier, name, name_zh in rows}


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_LINE = """
    SELECT id, lane, person_id, program, state, opened_on, limit_minor, particulars::text AS particulars
      FROM line
     WHERE lane = %(lane)s AND id = %(id)s
"""
_OTHERS = """
    SELECT id, program FROM line
     WHERE lane = %(lane)s AND person_id = %(person_id)s AND id <> %(line_id)s
  ORDER BY id
     LIMIT %(limit)s
"""
_COLUMNS: LiteralString = """
    SELECT e.kind, e.value_on, coalesce(e.trade_id, 0), coalesce(e.payment_id, 0), coalesce(e.line_id, 0),
           coalesce(e.person_id, 0), coalesce(e.merchant_id, 0), e.body::text, e.id, e.recorded_at,
           e.rules, e.amounts, e.subjects
      FROM event e
"""
_OF_LINE = (
    _COLUMNS
    + """
     WHERE e.lane = %(lane)s AND e.line_id = %(line_id)s
  ORDER BY e.sequence
     LIMIT %(limit)s
"""
)
_BY_ID = _COLUMNS + " WHERE e.lane = %(lane)s AND e.id = %(id)s"
# No index leads to refusals or to a merchant's windows: every payment would pay for it, and one lane is little to read.
_REFUSED = (
    _COLUMNS
    + """
     WHERE e.lane = %(lane)s AND e.kind = %(kind)s
       AND (e.person_id = %(person_id)s OR e.body -> 'numbers' ->> 'line_id' = %(line_id)s)
       AND (e.body -> 'numbers' ->> 'line_id' = %(line_id)s OR e.body -> 'numbers' ->> 'line_id' IS NULL)
  ORDER BY e.recorded_at DESC, e.id DESC
     LIMIT 1
"""
)
_AVAILABLE = (
    _COLUMNS
    + """
     WHERE e.lane = %(lane)s AND e.merchant_id = %(merchant_id)s AND e.kind IN (61, 62, 63, 65, 238, 245, 246, 250, 281)
       AND e.posted_on BETWEEN %(since)s AND %(through)s
  ORDER BY e.recorded_at, e.id
     LIMIT %(limit)s
"""
)
_SOLD = (
    _COLUMNS
    + """
     WHERE e.lane = %(lane)s AND e.merchant_id = %(merchant_id)s AND e.posted_on = %(window_on)s
       AND e.cut >= %(window_from)s AND e.cut < %(window_until)s AND e.kind <> 60 AND e.rules IS NOT NULL
  ORDER BY e.recorded_at, e.id
     LIMIT %(limit)s
"""
)
_PAYOUT_BEFORE = """
    SELECT max(requested_on) FROM payout
     WHERE lane = %(lane)s AND merchant_id = %(merchant_id)s AND requested_on < %(before)s
"""
_ITEMS = """
    SELECT p.id, t.subject, m.name, m.name_zh, t.id
      FROM unnest(%(lanes_of_ids)s::smallint[], %(ids)s::bigint[]) AS k(lane, id)
           JOIN payment p ON p.lane = k.lane AND p.id = k.id
           JOIN trade t ON t.lane = (%(lanes)s::smallint[])[(p.trade_id >> 40)::integer + 1] AND t.id = p.trade_id
           JOIN merchant m ON m.id = p.merchant_id
  ORDER BY p.id
     LIMIT %(limit)s
"""
_PARTNERS = """
    SELECT a.id, a.partner
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, id)
           JOIN funding_agreement a ON a.lane = k.lane AND a.id = k.id
  ORDER BY a.id
     LIMIT %(limit)s
"""
_CAMPAIGNS = """
    SELECT c.id, c.name, c.name_zh
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, id) JOIN campaign c USING (lane, id)
  ORDER BY c.id
     LIMIT %(limit)s
"""


def _line(connection: Connection[Any], line_id: int) -> Line | None:
    """The row, as far as an explanation needs it: whose it is, its terms, its state and its particulars."""
    with connection.cursor(row_factory=kwargs_row(_line_of)) as cursor:
        return cursor.execute(_LINE, {"lane": lane_of(line_id), "id": line_id}).fetchone()


def _line_of(*, state: int, particulars: str | None, **columns: Any) -> Line:
    own = ORDINARY if particulars is None else msgspec.json.decode(particulars, type=Particulars)
    return Line(**columns, state=LineState(state), particulars=own)


def _records(connection: Connection[Any], line_id: int, before: Record | None) -> Iterator[Record]:
    """A line's events in the order of their recording. before: only what was recorded before that one."""
    parameters = {"lane": lane_of(line_id), "line_id": line_id, "limit": EVENTS_MAX}
    for record in _loaded(connection, _OF_LINE, parameters):
        if before is None or _order(record) < _order(before):
            yield record


def _refusal(connection: Connection[Any], line: Line, question: Question) -> tuple[Question, Refused, Record]:
    """The refusal asked for, or the line's newest. Raises NothingToExplain."""
    if question.id:
        parameters: dict[str, Any] = {"lane": line.lane, "id": question.id}
        found = next(_loaded(connection, _BY_ID, parameters), None)
    else:
        parameters = {
            "lane": line.lane,
            "kind": Refused.kind,
            "person_id": line.person_id,
            "line_id": str(line.id),
        }
        found = next(_loaded(connection, _REFUSED, parameters), None)
    if found is None or not isinstance(found.event, Refused) or not _is_about(found.event, line):
        raise NothingToExplain(question.text())
    return Question(what="refusal", id=found.id), found.event, found


def _sharing(connection: Connection[Any], line: Line, refused: Record) -> list[Trace]:
    """The person's other lines under the limit that a refusal is about, up to its moment; none for any other refusal."""
    numbers = getattr(refused.event, "numbers", {})
    if getattr(refused.event, "refusal", "") != "SharedLimitExceeded":
        return []
    parameters = {"lane": line.lane, "person_id": line.person_id, "line_id": line.id, "limit": LINES_MAX}
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(_OTHERS, parameters).fetchall()
    sharing = [(line_id, name) for line_id, name in rows if Reference.group_of(name) == numbers["group"]]
    histories = ((name, list(_records(connection, line_id, refused))) for line_id, name in sharing)
    return [trace(records, Reference.program(name), refused.event.value_on) for name, records in histories if records]


def _is_about(refused: Refused, line: Line) -> bool:
    return int(refused.numbers.get("line_id", line.id)) == line.id and refused.person_id in (0, line.person_id)


def _since_the_last(connection: Connection[Any], paid: Record) -> Sequence[Record]:
    """What moved the merchant's available balance after the payout before this one; that one had taken it all."""
    merchant_id, lane = paid.event.merchant_id, lane_of(paid.id)
    parameters = {"lane": lane, "merchant_id": merchant_id, "before": paid.event.value_on}
    before = connection.execute(_PAYOUT_BEFORE, parameters).fetchone()
    since = before[0] if before and before[0] else date.min
    moved: list[Record] = []
    parameters |= {"since": since, "through": paid.event.value_on, "limit": EVENTS_MAX}
    for record in _loaded(connection, _AVAILABLE, parameters):
        if record.id == paid.id:
            break
        if isinstance(record.event, PaidOut):
            moved.clear()
        else:
            moved.append(record)
    return moved


def _loaded(connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any]) -> Iterator[Record]:
    # Not the connection's own kind of cursor: that of the pages binds on the client and reads text, which is slower.
    with Cursor(connection, row_factory=tuple_row) as cursor:
        for row in cursor.execute(statement, parameters, binary=True):
            *head, body, identifier, recorded_at, rules, amounts, subjects = row
            event = event_from((*head, msgspec.json.decode(body) if body else None))
            yield Record(identifier, event, _entries(rules, amounts, subjects), recorded_at)


def _entries(rules: list[int] | None, amounts: list[int], subjects: list[int | None] | None) -> tuple[Entry, ...]:
    if not rules:
        return ()
    return tuple(
        Entry(Rule(abs(rule)), amount, subject or 0, rule < 0)
        for rule, amount, subject in zip(rules, amounts, subjects or [None] * len(rules), strict=True)
    )


def _order(record: Record) -> tuple[datetime, int]:
    assert record.recorded_at is not None
    return record.recorded_at, record.id
