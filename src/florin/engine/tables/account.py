"""A line's items to the snapshot row and back, and what a batch changed on its statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from florin.credit.account import Account
from florin.credit.items import missed_minor
from florin.engine.ids import lane_of
from florin.engine.tables.event import Recorded
from florin.events import StatementIssued

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Account, strict=False).decode


def account_of(document: Any) -> Account:
    return msgspec.convert(document, Account, strict=False)


def account_from(text: str) -> Account:
    """As `account_of`, from the document's text."""
    return _decode(text)


def account_row(account: Account) -> tuple[Any, ...]:
    return (lane_of(account.line_id), account.line_id, account.sequence, _encode(account).decode())


def statement_changes(
    recorded: Iterable[Recorded], before: Mapping[int, Account], after: Mapping[int, Account]
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """(issued, changed) statement rows: new statements with what remains of them now, and old ones whose rest has changed.

    An account forgets a statement that is paid; a repayment that comes back brings it back.
    """
    issued = [
        _row(one.event, one.id, after[one.event.line_id]) for one in recorded if isinstance(one.event, StatementIssued)
    ]
    new = {(row[1], row[8]) for row in issued}
    changed = []
    for line_id, earlier in before.items():
        rests, now = _rests(earlier), _rests(after[line_id])
        for closes_on in sorted(rests.keys() | now.keys()):
            remaining, minimum = now.get(closes_on, (0, 0))
            if (line_id, closes_on) not in new and rests.get(closes_on, (0, 0)) != (remaining, minimum):
                changed.append((lane_of(line_id), line_id, None, None, None, remaining, minimum, None, closes_on, None))
    return issued, changed


def _row(event: StatementIssued, event_id: int, account: Account) -> tuple[Any, ...]:
    remaining, minimum = _rests(account).get(event.closes_on, (0, 0))
    return (
        lane_of(event.line_id), event.line_id, event_id, event.image_minor, event.minimum_minor, remaining, minimum,
        event.opens_on, event.closes_on, event.due_on,
    )  # fmt: skip


def _rests(account: Account) -> dict[Any, tuple[int, int]]:
    return {s.closes_on: (s.remaining_minor, missed_minor(account, s.closes_on)) for s in account.statements}
