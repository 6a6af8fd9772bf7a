"""Receipts: what is on record under a bank's reference of incoming money. One reference, one event, by its claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from psycopg import Connection

from florin.engine.submission import ClaimKind, claim
from florin.engine.tables.arrays import numbers
from florin.engine.tables.event import load_events
from florin.events import ClaimBuyerPaid, Event, ReceiptUnallocated, Repaid, StatePaid, ToppedUp

_ACCOUNT_OF: dict[type[Event], str] = {
    ToppedUp: "safeguarded",
    Repaid: "safeguarded",
    ReceiptUnallocated: "safeguarded",
    ClaimBuyerPaid: "lender",
    StatePaid: "mall",
}
_CLAIMED = """
    SELECT c.digest::text, c.event_id
      FROM unnest(%s::smallint[], %s::uuid[]) AS k(lane, digest) JOIN claim c USING (lane, digest)
  ORDER BY c.lane, c.digest
"""


class Receipt(NamedTuple):
    """account: into which of the house's own it came."""

    event_id: int
    account: str
    amount_minor: int


def receipts_under(connection: Connection, references: Sequence[str]) -> dict[str, Receipt]:
    """By reference, what was recorded under it; nothing for a reference that nobody has told us."""
    by_digest = {(one := claim(ClaimKind.BANK, 0, reference)).digest: (one.lane, reference) for reference in references}
    lanes = numbers([lane for lane, _ in by_digest.values()])
    rows = connection.execute(_CLAIMED, (lanes, numbers(list(by_digest)))).fetchall()
    references_of = {event_id: by_digest[digest.replace("-", "")][1] for digest, event_id in rows}
    events = load_events(connection, list(references_of))
    return {
        references_of[event_id]: Receipt(event_id, _ACCOUNT_OF[type(event)], event.amount_minor)  # type: ignore[attr-defined]
        for event_id, event in events.items()
        if type(event) in _ACCOUNT_OF
    }
