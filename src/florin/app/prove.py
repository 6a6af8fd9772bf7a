"""`florin prove`: ask the books everything, and say what does not hold."""

from __future__ import annotations

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from florin.app.house import DataOption, JsonOption, entered
from florin.engine.admin import ParkedWindow, parked_windows
from florin.engine.proof import Proof
from florin.engine.proof import prove as ask
from florin.money import yuan_text


def prove(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Prove the books: every account, row, statement and hash. Exit code 1 when something differs.

    A merchant's window that could not be swept is named with its reason and is no difference.
    """
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        proof = ask(connection)
        parked = parked_windows(connection)
    if as_json:
        windows = [{**window._asdict(), "merchant_id": str(window.merchant_id)} for window in parked]
        typer.echo(msgspec.json.encode({**proof_document(proof), "parked_windows": windows}))
    else:
        Console().print(proof_table(proof))
        for window in parked:
            Console().print(_says(window), style="yellow", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if proof.holds else 1)


def _says(window: ParkedWindow) -> str:
    amount = f"{yuan_text(window.amount_minor)} of {window.window_on}"
    return f"not swept: {amount}, merchant {window.merchant_id} ({window.name or 'unknown'}), because: {window.reason}"


def proof_document(proof: Proof) -> dict[str, object]:
    """The proof as data: whether it holds, and each check with its differences and figures."""
    checks = [{**check._asdict(), "holds": check.holds} for check in proof.checks]
    return {"holds": proof.holds, "checks": checks}


def proof_table(proof: Proof) -> Table:
    """The proof as people read it: a line a check, and below it what differs."""
    table = Table("", "what is proven", "says", box=None, pad_edge=False)
    for check in proof.checks:
        table.add_row("[green]holds[/]" if check.holds else "[bold red]differs[/]", check.name, check.says)
        for difference in check.differences:
            table.add_row("", "", f"[red]{difference}[/]")
    return table
