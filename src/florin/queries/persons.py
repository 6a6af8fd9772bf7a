"""A person as the house's owner reads her: name, sign-in, wallet, line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import lane_of
from florin.queries import is_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """balance_minor: of the wallet. line_ids: of her lines that are not closed, the oldest first; line_id: the latest of them,
    None without one.
    """

    id: int
    name: str
    logon: str
    balance_minor: int
    line_ids: list[int]

    @property
    def line_id(self) -> int | None:
        return self.line_ids[-1] if self.line_ids else None


def person_by_id(connection: Connection[Any], *, person_id: int) -> PersonView | None:
    """The person with this id; None when there is none."""
    if not is_id(person_id):
        return None
    with connection.cursor(row_factory=class_row(PersonView)) as cursor:
        return cursor.execute(_PERSON, {"lane": lane_of(person_id), "id": person_id}).fetchone()


_PERSON = """
    SELECT p.id, p.name, p.logon, w.balance_minor,
           ARRAY(SELECT l.id FROM line l
                  WHERE l.lane = p.lane AND l.person_id = p.id AND l.state <> 3
               ORDER BY l.opened_on, l.id LIMIT 100) AS line_ids
      FROM person p JOIN wallet w ON w.lane = p.lane AND w.id = p.id
     WHERE p.lane = %(lane)s AND p.id = %(id)s
"""
