"""`florin operator`: who works for the owner and signs in to the console."""

from __future__ import annotations

from typing import Annotated

import typer

from florin.app.house import DataOption, JsonOption, ask_password, entered, group, say, say_table
from florin.app.logins import end_operator_login, make_operator_login, refuse_logon
from florin.queries.directory import operators
from florin.store import StoreRefusal

app = group("Operators, who sign in to the console: add, list, remove.")

LogonArgument = Annotated[str, typer.Argument(metavar="NAME", help="The name to sign in with.")]


class NoSuchOperator(StoreRefusal):
    def __init__(self, *, logon: str) -> None:
        super().__init__(f"No operator signs in as {logon[:80]}.", "See `florin operator list`.")


@app.command()
def add(logon: LogonArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let somebody sign in to the console; the password is asked for. Run again it gives a new one."""
    with entered(data) as house:
        refuse_logon(house.connection, logon, operator=True)
        password = ask_password(logon)
        make_operator_login(house.store, logon=logon, password=password)
    say(as_json, {"ok": True, "logon": logon}, f"{logon} may sign in to the console.")


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Who may sign in to the console."""
    with entered(data) as house:
        found = operators(house.connection)
    say_table(as_json, [{"logon": logon} for logon in found], ("operator",), [(logon,) for logon in found])


@app.command()
def remove(logon: LogonArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Take a login away; whoever is signed in by it is out at once. What he changed stays, with his name."""
    with entered(data) as house:
        if not end_operator_login(house.store, logon=logon):
            raise NoSuchOperator(logon=logon)
    say(as_json, {"ok": True, "logon": logon}, f"{logon} signs in no more.")
