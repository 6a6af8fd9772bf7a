"""Write: what a batch changed, one statement a table, and the events that say why."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from florin.credit.particulars import ORDINARY
from florin.engine.chain import Chain
from florin.engine.listeners import outbox_rows
from florin.engine.reference import MOVE_VERSION
from florin.engine.room import Room, Shelf
from florin.engine.tables import event as event_rows
from florin.engine.tables import line as line_rows
from florin.engine.tables import payment as payment_rows
from florin.engine.tables import trade as trade_rows
from florin.engine.tables.acceptance import ACCEPTANCE_TABLES
from florin.engine.tables.account import account_row, statement_changes
from florin.engine.tables.bank import BANK_BREAK, RECEIPT, break_row, receipt_row
from florin.engine.tables.campaign import BUDGET, CAMPAIGN, CAMPAIGN_USE, budget_rows, campaign_row, use_row
from florin.engine.tables.joint import FUNDING_AGREEMENT, agreement_row, joint_changes, store_joint
from florin.engine.tables.parent import PARENT_ORDER, parent_row
from florin.engine.tables.request import REFUND_REQUEST, request_row
from florin.engine.tables.small import (
    ACCOUNT,
    MERCHANT_BALANCE,
    OUTBOX,
    PAYOUT,
    RECEIVERS,
    RESERVE_HOLD,
    SHARED_EXPOSURE,
    STATEMENT,
    WALLET,
    balance_row,
    payout_row,
    receivers_row,
    reserve_hold_row,
    shared_row,
    wallet_row,
)
from florin.engine.tables.table import Table


def write(connection: Connection, room: Room, chain: Chain) -> bool:
    """One statement a table; the events close the batch with a link of the writer's chain.

    Returns whether somebody outside is to be told.
    """
    told: list[tuple[Any, ...]] = []
    _store(connection, trade_rows.TRADE, room.trades, trade_rows.row_of)
    _store(connection, PARENT_ORDER, room.parents, parent_row)
    _store(connection, payment_rows.PAYMENT, room.payments, payment_rows.row_of)
    _store(connection, REFUND_REQUEST, room.requests, request_row)
    _store_lines(connection, room)
    _store(connection, WALLET, room.wallets, wallet_row)
    _store(connection, SHARED_EXPOSURE, room.shared, shared_row)
    _store(connection, MERCHANT_BALANCE, room.balances, balance_row)
    _store(connection, RECEIVERS, room.receivers, receivers_row)
    _store(connection, PAYOUT, room.payouts, payout_row)
    _store(connection, RESERVE_HOLD, room.reserves, reserve_hold_row)
    _store(connection, BANK_BREAK, room.breaks, break_row)
    _store(connection, RECEIPT, room.receipts, receipt_row)
    _store(connection, ACCOUNT, room.accounts, account_row)
    if room.budgets or room.campaigns:
        _store_campaigns(connection, room)
    _store(connection, FUNDING_AGREEMENT, room.fundings, agreement_row)
    for table, rows in room.rows.items():
        table.insert(connection, rows)
    issued, changed = statement_changes(room.recorded, room.accounts_before, room.accounts)
    STATEMENT.insert(connection, issued)
    STATEMENT.update(connection, changed)
    if room.recorded:
        event_rows.EVENT.insert(connection, chain.link(connection, room.recorded, room.at))
        told = outbox_rows(room)
        OUTBOX.insert(connection, told)
    if room.fundings.added or room.fundings.changed or ACCEPTANCE_TABLES & room.rows.keys():
        connection.execute(MOVE_VERSION)
    store_joint(connection, joint_changes(room.recorded, room.accounts_before, room.accounts))
    return bool(told)


def _store_campaigns(connection: Connection, room: Room) -> None:
    """Campaigns, the slices held of their budgets, what persons have had of them.

    A campaign that changed is read again by every process.
    """
    _store(connection, CAMPAIGN, room.campaigns, campaign_row)
    _store(connection, CAMPAIGN_USE, room.uses, use_row)
    budgets = room.budgets
    BUDGET.insert(connection, [row for identifier in sorted(budgets.added) for row in budget_rows(budgets[identifier])])
    BUDGET.update(
        connection, [row for identifier in sorted(budgets.changed) for row in budget_rows(budgets[identifier])]
    )
    if room.campaigns:
        connection.execute(MOVE_VERSION)


def _store_lines(connection: Connection, room: Room) -> None:
    """New lines; lines whose account was folded, or with particulars, whole; of the others what a sale can change."""
    if room.lines.added:
        line_rows.LINE.insert(connection, [line_rows.row_of(room.lines[identifier]) for identifier in room.lines.added])
    # By identity: particulars that were taken away equal the ordinary ones, and still have to be written.
    own = {identifier for identifier in room.lines.changed if room.lines[identifier].particulars is not ORDINARY}
    whole = own | (room.lines.changed & room.accounts.keys())
    for change, identifiers in ((line_rows.LINE.update, whole), (line_rows.SALE.write, room.lines.changed - whole)):
        change(connection, [line_rows.row_of(room.lines[identifier]) for identifier in sorted(identifiers)])


def _store(connection: Connection, table: Table, shelf: Shelf, row_of: Any) -> None:
    if shelf.added:
        table.insert(connection, [row_of(shelf[identifier]) for identifier in shelf.added])
    if shelf.changed:
        table.update(connection, [row_of(shelf[identifier]) for identifier in sorted(shelf.changed)])
