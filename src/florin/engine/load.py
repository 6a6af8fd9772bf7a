"""Load: a batch's rows, locked and read once, one statement a table.

First the rows that commands name, then those that these rows name. In a shared batch a row that somebody else holds is not
waited for; it is looked at once more without a lock, which tells a busy row from one that does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from florin.credit import account as accounts
from florin.engine.actions import DRAWING, Needs
from florin.engine.budgets import load_budgets
from florin.engine.ids import is_id, lane_of
from florin.engine.jobs import Job, Missing
from florin.engine.room import Room
from florin.engine.shared import load_shared
from florin.engine.tables import event as event_rows
from florin.engine.tables import line as line_rows
from florin.engine.tables import payment as payment_rows
from florin.engine.tables import trade as trade_rows
from florin.engine.tables.account import account_of
from florin.engine.tables.arrays import numbers
from florin.engine.tables.bank import BANK_BREAK, RECEIPT, break_of, receipt_of
from florin.engine.tables.campaign import CAMPAIGN, CAMPAIGN_USE, campaign_of, use_of
from florin.engine.tables.joint import FUNDING_AGREEMENT, caps_left
from florin.engine.tables.joint import agreement_of as funding_of
from florin.engine.tables.parent import PARENT_ORDER, parent_of
from florin.engine.tables.request import REFUND_REQUEST, request_of
from florin.engine.tables.small import (
    ACCOUNT,
    AGREEMENT,
    MERCHANT_BALANCE,
    PAYOUT,
    RECEIVERS,
    RESERVE_HOLD,
    WALLET,
    agreement_of,
    balance_of,
    payout_of,
    receivers_of,
    reserve_hold_of,
    wallet_of,
)
from florin.engine.tables.table import READ, Lock, Table


def load(connection: Connection, room: Room, jobs: Sequence[Job], lock: Lock) -> None:
    """Load what the commands name, then what those rows name; note on each job the rows it did not get."""
    for job in jobs:
        job.needs, job.missing = [job.action.needs(job.command)], []
    _load_rows(connection, room, jobs, 0, lock)
    for job in jobs:
        job.needs.append(job.action.then_needs(room, job.command))
    _load_rows(connection, room, jobs, 1, lock)


def _load_rows(connection: Connection, room: Room, jobs: Sequence[Job], turn: int, lock: Lock) -> None:
    asked = []
    for wanted, (kind, table, state_of, shared) in zip(_wanted(jobs, turn), _LOADS, strict=True):
        shelf = getattr(room, _SHELVES[kind])
        wanted -= shelf.keys()
        keys = [(lane_of(identifier), identifier) for identifier in wanted if is_id(identifier)]
        rows = table.ask(connection, keys, READ if shared else lock) if keys else ()
        asked.append((wanted, kind, table, state_of, shelf, rows))
    for wanted, kind, table, state_of, shelf, rows in asked:
        for row in rows:
            state: Any = state_of(row)
            shelf[state.id] = state
        absent = wanted - shelf.keys()
        if absent:
            busy = _present(connection, table, absent)
            for job in jobs:
                for identifier in getattr(job.needs[turn], kind):
                    if identifier in absent:
                        job.missing.append(Missing(table.name, identifier, identifier in busy, shelf))
    if persons := {i for job in jobs for i in job.needs[turn].lines_seen}:
        _load_lines_of(connection, room, persons)
    held = load_shared(connection, room, jobs, turn, lock)
    lines = {i for job in jobs for i in job.needs[turn].accounts if i in room.lines and i not in room.accounts} - held
    if lines:
        _load_accounts(connection, room, lines)
    if histories := {i for job in jobs for i in job.needs[turn].histories if i in room.lines} - room.histories.keys():
        from_the_first = [(lane_of(line_id), line_id, 0) for line_id in histories]
        room.histories |= event_rows.load_events_since(connection, from_the_first)
    if not room.caps_left and any(_may_draw(room, job) for job in jobs):
        room.caps_left.update(caps_left(connection))
    if posted := {i for job in jobs for i in job.needs[turn].posted if i in room.lines} - room.posted.keys():
        room.posted |= event_rows.load_entries(connection, [(lane_of(line_id), line_id) for line_id in posted])
    if persons := {i for job in jobs for i in job.needs[turn].uses if i in room.wallets} - room.uses_of:
        _load_uses(connection, room, persons)
    if any(job.needs[turn].budgets for job in jobs):
        load_budgets(connection, room, jobs, turn, lock)


def _may_draw(room: Room, job: Job) -> bool:
    """Whether the command may begin a loan that a partner bank shares: of all others nothing more is loaded."""
    if not room.reference.fundings or not isinstance(job.command, DRAWING):
        return False
    lines = (room.lines.get(identifier) for needs in job.needs for identifier in (*needs.lines, *needs.accounts))
    return any(line is not None and room.reference.fundings_of(line.program, room.at.on) for line in lines)


def _present(connection: Connection, table: Table, absent: set[int]) -> set[int]:
    """Which of the rows that were not given are there all the same: somebody else holds them."""
    keys = [(lane_of(identifier), identifier) for identifier in absent if is_id(identifier)]
    at = [column.name for column in table.columns].index("id")
    return {row[at] for row in table.load(connection, keys, READ)}


def _load_lines_of(connection: Connection, room: Room, persons: set[int]) -> None:
    """All lines of these persons, as they are; read again for a command that has waited."""
    ordered = sorted((lane_of(identifier), identifier) for identifier in persons)
    parameters = (numbers([lane for lane, _ in ordered]), numbers([identifier for _, identifier in ordered]))
    keys = [(lane, line_id) for lane, line_id in connection.execute(_LINES_OF, parameters, prepare=True)]
    room.lines_seen |= {identifier: [] for identifier in persons}
    for row in line_rows.LINE.load(connection, keys, READ):
        line = line_rows.line_of(row)
        room.lines_seen[line.person_id].append(line)


def _load_uses(connection: Connection, room: Room, persons: set[int]) -> None:
    """What these persons have had of campaigns; their wallets are locked by now, so nobody changes it meanwhile."""
    room.uses_of |= persons
    for row in CAMPAIGN_USE.load(connection, [(lane_of(person_id), person_id) for person_id in persons], READ):
        use = use_of(row)
        room.uses[use.person_id, use.campaign_id, use.year] = use


def _load_accounts(connection: Connection, room: Room, wanted: set[int]) -> None:
    """The items of these lines: the snapshot, what the hot path has recorded since, and the clock up to today."""
    lines = [room.lines[identifier] for identifier in sorted(wanted)]
    snapshots = {
        line_id: account_of(document)
        for _, line_id, _, document in ACCOUNT.load(connection, [(line.lane, line.id) for line in lines], READ)
    }
    pending = event_rows.load_events_since(
        connection, [(line.lane, line.id, snapshots[line.id].sequence) for line in lines]
    )
    for line in lines:
        snapshot, program = snapshots[line.id], room.program(line)
        room.accounts_before[line.id] = snapshot
        account, steps = accounts.catch_up(snapshot, pending[line.id], room.at.on, program)
        assert account.sequence == line.sequence + len(steps), f"line {line.id} has lost events"
        room.begin_account(line, account, steps)


_LINES_OF = """
    SELECT l.lane, l.id FROM unnest(%s::smallint[], %s::bigint[]) AS k(lane, person_id) JOIN line l USING (lane, person_id)
"""

# In the order of `Needs`: which table, how its rows become states, and whether they are only read.
_LOADS = (
    ("trades", trade_rows.TRADE, trade_rows.trade_of, False),
    ("trades_seen", trade_rows.TRADE, trade_rows.trade_of, True),
    ("payments", payment_rows.PAYMENT, payment_rows.payment_of, False),
    ("agreements", AGREEMENT, agreement_of, True),
    ("lines", line_rows.LINE, line_rows.line_of, False),
    ("accounts", line_rows.LINE, line_rows.line_of, False),
    ("wallets", WALLET, wallet_of, False),
    ("balances", MERCHANT_BALANCE, balance_of, False),
    ("payouts", PAYOUT, payout_of, False),
    ("campaigns", CAMPAIGN, campaign_of, False),
    ("fundings", FUNDING_AGREEMENT, funding_of, False),
    ("parents", PARENT_ORDER, parent_of, True),
    ("requests", REFUND_REQUEST, request_of, False),
    ("reserves", RESERVE_HOLD, reserve_hold_of, False),
    ("breaks", BANK_BREAK, break_of, False),
    ("receipts", RECEIPT, receipt_of, False),
    ("receivers", RECEIVERS, receivers_of, False),
)
_SHELVES = {kind: {"trades_seen": "trades", "accounts": "lines"}.get(kind, kind) for kind, *_ in _LOADS}
assert (
    *(kind for kind, *_ in _LOADS),
    "lines_seen",
    "histories",
    "posted",
    "uses",
    "budgets",
    "shared",
) == Needs._fields, "every kind of need is loaded"


def _wanted(jobs: Sequence[Job], turn: int) -> list[set[int]]:
    """The ids that all jobs need, kind by kind."""
    wanted: list[set[int]] = [set() for _ in _LOADS]
    for job in jobs:
        for ids, identifiers in zip(wanted, job.needs[turn], strict=False):  # `lines_seen`, `histories`: apart
            if identifiers:
                ids.update(identifiers)  # type: ignore[arg-type]  # draws come after these
    return wanted
