"""`florin keys`: the keys that clients show us and those that we sign with: list, make, rotate, take back, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import psycopg
import typer
from psycopg import Connection
from rich.console import Console
from rich.table import Table

from florin.store import StoreRefusal
from florin.store.session import open_store
from florin.wires import keys

app = typer.Typer(
    help="Platform keys and API keys.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

AppOption = Annotated[int | None, typer.Option("--app", help="The app's number; else the wire's own, or the owner's.")]
KeyId = Annotated[int, typer.Argument(help="The key's number, from `florin keys list`.")]


class WireUnknown(StoreRefusal):
    def __init__(self, *, wire: str) -> None:
        super().__init__(f"There is no wire {wire} that signs with a platform key.", "Name alipay.")


class NotMigrated(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "The database has no tables yet.", "Run `florin migrate`, or `florin serve`, which does it too."
        )


@app.command("list")
def list_() -> None:
    """Every key, revoked and retired ones too; never a secret."""
    with _connected() as connection:
        table = Table("API key", "scope", "app", "made", "revoked", box=None, pad_edge=False)
        for each in keys.list_api_keys(connection):
            revoked = f"{each.revoked_at:%Y-%m-%d}" if each.revoked_at else ""
            table.add_row(each.prefix, each.scope, str(each.app_id or ""), f"{each.created_at:%Y-%m-%d}", revoked)
        signing = Table("platform key", "wire", "app", "state", "public key", box=None, pad_edge=False)
        for key in keys.list_platform_keys(connection):
            signing.add_row(str(key.id), key.wire, str(key.app_id or ""), key.state, f"…{key.public_key[-24:]}")
        console = Console()
        console.print(table)
        console.print()
        console.print(signing)


@app.command()
def make(app_id: AppOption = None) -> None:
    """Make an API key: a merchant's with --app, else the owner's. Its text is shown this once."""
    with _connected() as connection:
        typer.echo(keys.create_api_key(connection, "owner" if app_id is None else "merchant", app_id))


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's first letters, or all of it.")]) -> None:
    """Revoke an API key in every process within seconds."""
    with _connected() as connection:
        keys.revoke_api_key(connection, key)
    typer.echo("Revoked.")


@app.command()
def rotate(wire: Annotated[str, typer.Argument(help="alipay.")], app_id: AppOption = None) -> None:
    """Make a new platform key that signs from now on; the former one stays valid until it is retired."""
    if wire != "alipay":
        raise WireUnknown(wire=wire)
    with _connected() as connection:
        key = keys.rotate_platform_key(connection, wire, app_id)
    typer.echo(f"Key {key.id} signs now. Its public half, for the shops:\n{key.public_key}")


@app.command()
def reinstate(key_id: KeyId) -> None:
    """Take a rotation back: the former key signs again."""
    with _connected() as connection:
        keys.reinstate_platform_key(connection, key_id)
    typer.echo(f"Key {key_id} signs again.")


@app.command()
def retire(key_id: KeyId) -> None:
    """End a key that no longer signs."""
    with _connected() as connection:
        keys.retire_platform_key(connection, key_id)
    typer.echo(f"Key {key_id} is retired.")


@contextmanager
def _connected() -> Iterator[Connection[Any]]:
    with open_store() as store, psycopg.connect(store.addresses.engine, autocommit=True) as connection:
        try:
            yield connection
        except psycopg.errors.UndefinedTable:
            raise NotMigrated from None
