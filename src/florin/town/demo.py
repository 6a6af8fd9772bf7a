"""`florin demo`: open the street on a fresh instance and serve it until Ctrl-C; `--tour` tells the story instead."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from florin.app.listening import Address
from florin.app.serve import reserved
from florin.app.supervisor import StopSignals
from florin.events.refusals import full_date
from florin.sandbox.environment import refuse_environment_file
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN
from florin.sandbox.story import FLAGSHIP, WANTED
from florin.sandbox.tour import tell_tour
from florin.sandbox.up import as_called, controlled, keep_terminal, leave, reachable
from florin.town.people import RESIDENTS
from florin.town.server import Street
from florin.town.town import BEGINS_ON, Town

# The story's people and shops live here too, for whoever points a shop of his own at it.
_WANTED = dataclasses.replace(WANTED, start_on=BEGINS_ON)


def demo(
    tour: Annotated[bool, typer.Option("--tour", help="Tell the story of a month in the terminal, and end.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The addresses, or the tour's figures, as one JSON document.")
    ] = False,
    street_port: Annotated[int, typer.Option(help="Where the street is; 0 is any free port.")] = 0,
    api_port: Annotated[int, typer.Option(help="Where the wires listen; 0 is any free port.")] = 0,
    pages_port: Annotated[int, typer.Option(help="Where the pages listen; 0 is any free port.")] = 0,
    env_file: Annotated[
        Path | None, typer.Option(help="Where it writes how a shop reaches it; else in its own folder.")
    ] = None,
) -> None:
    """Open the street, five shops that sell on credit, and serve it until Ctrl-C."""
    keep_terminal()
    if env_file is not None:
        refuse_environment_file(env_file)
    signals = StopSignals()
    if tour:
        tell_tour(api_port=api_port, as_json=as_json)
        leave()
    console = Console(highlight=False, stderr=as_json)
    starting = nullcontext() if as_json else console.status("Opening the street: a PostgreSQL, a Florin, five shops …")
    with ExitStack() as stack:
        with starting:
            street_at = stack.enter_context(reserved(Address("127.0.0.1", street_port)))
            town = Town(street_at.url)
            instance = stack.enter_context(
                Instance(
                    _WANTED,
                    api=Address("127.0.0.1", api_port),
                    pages=Address("127.0.0.1", pages_port),
                    pages_module="florin.town.pages",
                    furnish=town.furnish,
                )
            )
            control = stack.enter_context(controlled(instance))
            env_file = env_file or instance.folder / "demo.env"
            values = stack.enter_context(reachable(instance, control, FLAGSHIP, env_file))
            street = stack.enter_context(Street(instance, town, control, at=street_at))
        signals.started()
        if as_json:
            print(json.dumps({"STREET_URL": street.url, "ENV_FILE": str(env_file), **values}), flush=True)
        else:
            _tell_addresses(console, street.url, values, env_file, today=instance.engine.at().on)
        signals.wait()
    leave()


def _tell_addresses(
    console: Console, street_url: str, values: Mapping[str, str], env_file: Path, *, today: date
) -> None:
    gateway_80 = values.get("GATEWAY_URL_80")
    people = ", ".join(f"[bold]{logon}[/]" for logon in RESIDENTS)
    told = [
        ("the street", f"[bold]{street_url}[/]  open it in a browser; PIN at the cashier [bold]{PIN}[/]"),
        ("", ""),
        ("pages", f"[bold]{values['PAGES_URL']}[/]  what shoppers and shops see themselves"),
        ("sign in as", f"{people}, or a shop: [bold]taobao[/], [bold]tmall[/] …; password [bold]{PASSWORD}[/]"),
        ("REST", f"[bold]{values['API_URL']}/docs[/]  with the key {values['API_KEY']}"),
        ("", ""),
        ("", "Point a shop of your own at it, and pay as alice or bob:"),
        (
            "gateway",
            f"[bold]{values['GATEWAY_URL']}[/]" + (f"  or, without a port, {gateway_80}" if gateway_80 else ""),
        ),
        ("app", f"[bold]{values['APP_ID']}[/]  {FLAGSHIP.name}, a sale is owed at payment"),
        ("keys", f"in [bold]{env_file}[/]: APP_PRIVATE_KEY, ALIPAY_PUBLIC_KEY, and all of the above"),
        ("into a shell", f"set -a; . {env_file}; set +a"),
        ("drive it", f"{as_called()} sandbox clock +1d --env-file {env_file}"),
    ]
    for name, what in told:
        # Never broken: a terminal makes links of whole lines only.
        console.print(f"{name:>12}  {what}", soft_wrap=True)
    console.print(f"\nIt is {full_date(today, 'en')} there. Ctrl-C ends it and leaves nothing behind.")
