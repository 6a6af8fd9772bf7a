"""Which bank stands behind the port: chosen by the operator, kept in the database, so that every process speaks to the same."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from psycopg import Connection

from florin.bank.clockwork import ClockBank
from florin.bank.files import FileBank
from florin.bank.folder import BankFolder
from florin.bank.port import Bank
from florin.bank.simulated import SimulatedBank
from florin.store import StoreRefusal

Mode = Literal["prompt", "clock", "files"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)


class BankHasOrders(StoreRefusal):
    """Orders that the bank has not answered would be lost with it."""

    def __init__(self, *, orders: int) -> None:
        super().__init__(
            f"The bank has not answered {orders} orders.",
            "Let it answer them first: `florin bank orders` names them.",
        )


def bank_of(connection: Connection[Any], folder: BankFolder | None = None) -> Bank:
    """The house's bank, on a connection of the engine's role in autocommit. folder: else that of the data folder."""
    match mode_of(connection):
        case "clock":
            return ClockBank(connection, folder or BankFolder())
        case "files":
            return FileBank(connection, folder or BankFolder())
        case _:
            return SimulatedBank(connection)


def mode_of(connection: Connection[Any]) -> Mode:
    """prompt: a simulated bank that answers at once. clock: one that lives by the clock and by files. files: a real one's."""
    row = connection.execute("SELECT mode FROM bank_setup").fetchone()
    mode: Mode = row[0] if row is not None else "prompt"
    return mode


def choose_bank(connection: Connection[Any], mode: Mode) -> None:
    """Speak to this bank from the next round on. Raises BankHasOrders; choosing the one that is chosen changes nothing."""
    with connection.transaction():
        connection.execute(_LOCK, {"mode": mode_of(connection)})
        if mode_of(connection) == mode:
            return
        row = connection.execute(_OPEN_ORDERS).fetchone()
        if row is not None and row[0]:
            raise BankHasOrders(orders=row[0])
        connection.execute("UPDATE bank_setup SET mode = %(mode)s", {"mode": mode})


_LOCK = "INSERT INTO bank_setup (mode) VALUES (%(mode)s) ON CONFLICT (only_row) DO UPDATE SET mode = bank_setup.mode"
_OPEN_ORDERS = "SELECT count(*) FROM bank_order WHERE state IN ('queued', 'sent', 'accepted')"
