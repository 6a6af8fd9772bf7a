"""`florin merchant store` and `florin merchant terminal`: stores with a door, the tills in them, and the tills' codes."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer
from psycopg import Connection

from florin.app.doorplate import addresses_of
from florin.app.fees import app as fees
from florin.app.house import DataOption, House, JsonOption, entered, group, say, say_table
from florin.app.merchants import MerchantArgument, merchant_of
from florin.app.merchants import app as merchant_group
from florin.engine.admin import close_store, close_terminal, put_store, put_terminal
from florin.queries.stores import StoreRow, stores_of
from florin.store import StoreRefusal
from florin.wires.keys import CashierAddresses, load_master_key

stores = group("Stores of a merchant: add, list, close.")
terminals = group("Terminals of a store, each a till with a code that shoppers scan: add, list, close.")
merchant_group.add_typer(stores, name="store")
merchant_group.add_typer(terminals, name="terminal")
merchant_group.add_typer(fees, name="fees")

StoreArgument = Annotated[str, typer.Argument(metavar="STORE", help="The merchant's own number of the store.")]
TerminalArgument = Annotated[str, typer.Argument(metavar="TERMINAL", help="The merchant's own number of the till.")]

_CODE = re.compile(r"[0-9A-Za-z._-]{1,32}", re.ASCII)


class CodeUnusable(StoreRefusal):
    def __init__(self, *, code: str) -> None:
        super().__init__(
            f"{code[:40]!r} is no number of a store or a terminal.",
            "Use 1 to 32 letters, digits, dots, underscores and dashes: it travels in requests.",
        )


class NoSuchStore(StoreRefusal):
    def __init__(self, *, merchant: str, store: str) -> None:
        super().__init__(f"{merchant} has no store {store[:40]}.", "See `florin merchant store list`.")


class NoSuchTerminal(StoreRefusal):
    def __init__(self, *, store: str, terminal: str) -> None:
        super().__init__(f"Store {store} has no terminal {terminal[:40]}.", "See `florin merchant terminal list`.")


class AppOfAnother(StoreRefusal):
    def __init__(self, *, app_id: int, merchant: str) -> None:
        super().__init__(f"{merchant} has no app {app_id}.", "See `florin app list`.")


@stores.command("add")
def add_store(
    merchant: MerchantArgument,
    store: StoreArgument,
    name: Annotated[str, typer.Option("--name", help="As shoppers know it.")],
    name_zh: Annotated[str, typer.Option("--name-zh", help="The name in Chinese.")] = "",
    address: Annotated[str, typer.Option("--address", help="Where it is.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a store, or change its name and address; a closed one opens again."""
    _refuse_code(store)
    with entered(data) as house:
        merchant_id, merchant_name = merchant_of(house.connection, merchant)
        put_store(house.connection, merchant_id, store, name=name, name_zh=name_zh, address=address)
        row = _store(house.connection, merchant_id, merchant_name, store)
    next_step = f"Next: florin merchant terminal add {merchant_id} {store} 1 --app APP"
    say(as_json, _document(row, None), f"{merchant_name} has the store {store}: {name}.", next_step)


@stores.command("list")
def list_stores(merchant: MerchantArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every store of a merchant, by its number."""
    with entered(data) as house:
        merchant_id, _ = merchant_of(house.connection, merchant)
        found, addresses = stores_of(house.connection, merchant_id=merchant_id), _addresses(house)
    say_table(
        as_json,
        [_document(row, addresses) for row in found],
        ("store", "name", "address", "state", "terminals"),
        [
            (row.code, f"{row.name} {row.name_zh}".strip(), row.address, row.state, ", ".join(t.code for t in row.terminals))
            for row in found
        ],
    )  # fmt: skip


@stores.command("close")
def close(
    merchant: MerchantArgument, store: StoreArgument, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """No sale by a code of this store, at once. `add` opens it again."""
    with entered(data) as house:
        merchant_id, merchant_name = merchant_of(house.connection, merchant)
        if not close_store(house.connection, merchant_id, store):
            raise NoSuchStore(merchant=merchant_name, store=store)
    say(
        as_json,
        {"store": store, "state": "closed"},
        f"Store {store} of {merchant_name} is closed: its codes sell nothing.",
    )


@terminals.command("add")
def add_terminal(
    merchant: MerchantArgument,
    store: StoreArgument,
    terminal: TerminalArgument,
    app_id: Annotated[
        int, typer.Option("--app", help="The merchant's app that its code sells for, and which is told.")
    ],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a till to a store, or give it another app, and print what its code says; a closed one opens again."""
    _refuse_code(terminal)
    with entered(data) as house:
        merchant_id, merchant_name = merchant_of(house.connection, merchant)
        _store(house.connection, merchant_id, merchant_name, store)
        terminal_id = put_terminal(house.connection, merchant_id, store, terminal, app_id=app_id)
        if terminal_id is None:
            raise AppOfAnother(app_id=app_id, merchant=merchant_name)
        address = _addresses(house).counter(terminal_id)
    say(
        as_json,
        {"id": str(terminal_id), "store": store, "terminal": terminal, "app_id": str(app_id), "code": address},
        f"Terminal {terminal} of store {store}. Its code says:",
        address,
        "The merchant prints it from the page Stores.",
    )


@terminals.command("list")
def list_terminals(merchant: MerchantArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every till of a merchant, with what its code says."""
    with entered(data) as house:
        merchant_id, _ = merchant_of(house.connection, merchant)
        found, addresses = stores_of(house.connection, merchant_id=merchant_id), _addresses(house)
    rows = [(store, till) for store in found for till in store.terminals]
    say_table(
        as_json,
        [document for store in found for document in _document(store, addresses)["terminals"]],
        ("store", "terminal", "app", "state", "code"),
        [
            (store.code, till.code, str(till.app_id), till.state if store.state == "open" else "store closed",
             addresses.counter(till.id))
            for store, till in rows
        ],
    )  # fmt: skip


@terminals.command("close")
def close_one_terminal(
    merchant: MerchantArgument,
    store: StoreArgument,
    terminal: TerminalArgument,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """No sale by this till's code, at once. `add` opens it again, with the same code."""
    with entered(data) as house:
        merchant_id, merchant_name = merchant_of(house.connection, merchant)
        if not close_terminal(house.connection, merchant_id, store, terminal):
            _store(house.connection, merchant_id, merchant_name, store)
            raise NoSuchTerminal(store=store, terminal=terminal)
    document = {"store": store, "terminal": terminal, "state": "closed"}
    say(as_json, document, f"Terminal {terminal} of store {store} is closed: its code sells nothing.")


def _refuse_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise CodeUnusable(code=code)


def _store(connection: Connection[Any], merchant_id: int, merchant: str, code: str) -> StoreRow:
    for row in stores_of(connection, merchant_id=merchant_id):
        if row.code == code:
            return row
    raise NoSuchStore(merchant=merchant, store=code)


def _addresses(house: House) -> CashierAddresses:
    _, pages_url = addresses_of(house.store.folder)
    return CashierAddresses(pages_url, load_master_key(house.store.folder.master_key))


def _document(row: StoreRow, addresses: CashierAddresses | None) -> dict[str, Any]:
    """addresses: None leaves the tills out."""
    document = {"store": row.code, "name": row.name, "name_zh": row.name_zh, "address": row.address, "state": row.state}
    if addresses is None:
        return document
    terminals = [
        {
            "id": str(till.id), "store": row.code, "terminal": till.code, "app_id": str(till.app_id), "state": till.state,
            "code": addresses.counter(till.id),
        }
        for till in row.terminals
    ]  # fmt: skip
    return {**document, "terminals": terminals}
