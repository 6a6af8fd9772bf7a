"""Adverse actions of a month: who was refused, cut or stopped, when, and the principal reason that she was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct
from psycopg import Connection

from florin.credit.adverse import REASONS, REFUSALS, Action, reason_of
from florin.credit.bureau import month_end
from florin.events.refusals import refusal_of


class AdverseAction(Struct, frozen=True, kw_only=True):
    """One action. line_id: empty where there is no line. amount: asked for, or the new limit. words: the owner's own."""

    event_id: str
    on: date
    person_id: str
    line_id: str
    action: Action
    code: str
    reason_en: str
    reason_zh: str
    amount_minor: int
    words: str


# What the owner did carries its code, what the clock charged off is past due; a refusal of the rules has the code of its
# name. Events of a month lie together.
_EVENTS = """
    SELECT id, kind, posted_on, coalesce(person_id, 0), coalesce(line_id, 0), body
      FROM event
     WHERE posted_on BETWEEN %(from_on)s AND %(to_on)s
       AND (kind IN (80, 165) OR (kind IN (21, 22, 24, 37, 81) AND body ->> 'code' <> '')
            OR (kind = 90 AND body ->> 'refusal' = ANY (%(refusals)s)))
  ORDER BY posted_on, recorded_at, lane, id
"""


def adverse_actions(connection: Connection[Any], *, month: date) -> Iterator[AdverseAction]:
    """In the order of their recording. What the customer asked for herself is no adverse action. month: any day of it."""
    parameters = {"from_on": month.replace(day=1), "to_on": month_end(month), "refusals": list(REFUSALS)}
    with connection.cursor() as cursor:
        for row in cursor.execute(_EVENTS, parameters):
            found = _action(*row)
            if found.code != "own-request":
                yield found


def _action(event_id: int, kind: int, on: date, person_id: int, line_id: int, body: dict[str, Any]) -> AdverseAction:
    action, code, amount_minor, words = _of_kind(kind, line_id, body)
    numbers = body.get("numbers", {}) if kind == 90 else {}
    return AdverseAction(
        event_id=str(event_id),
        on=on,
        person_id=str(person_id),
        line_id=str(line_id or numbers.get("line_id") or ""),
        action=action,
        code=code,
        reason_en=REASONS[code].en,
        reason_zh=REASONS[code].zh,
        amount_minor=amount_minor,
        words=words,
    )


def _of_kind(kind: int, line_id: int, body: dict[str, Any]) -> tuple[Action, str, int, str]:
    if kind == 90:
        refusal = refusal_of(body["refusal"], body["numbers"])
        numbers = refusal.numbers()
        amount_minor = int(
            numbers.get("requested_minor") or numbers.get("limit_minor") or numbers.get("amount_minor") or 0
        )
        paying = body["command"] in ("Pay", "Charge", "Authorize")
        return "purchase-refused" if paying else "terms-refused", reason_of(refusal), amount_minor, ""
    words = str(body.get("reason", ""))
    if kind == 165:
        return "uplift-declined" if line_id else "line-declined", body["code"], int(body.get("asked_minor", 0)), words
    if kind == 21:
        return "limit-cut", body["code"], int(body["limit_minor"]), words
    if kind == 80:
        return "charged-off", "past-due", 0, words
    return _STOPPED[kind], body["code"], 0, words


_STOPPED: dict[int, Action] = {22: "frozen", 24: "closed", 37: "closing", 81: "charged-off"}
