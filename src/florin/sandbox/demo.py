"""`florin demo`: tell the story on a fresh instance, then serve it until Ctrl-C; `--tour` stops after the story."""

from __future__ import annotations

import json
from contextlib import ExitStack, nullcontext
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from florin.app.listening import Address
from florin.app.supervisor import StopSignals
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN
from florin.sandbox.storefront import Shop, choose_sdk
from florin.sandbox.story import STOREFRONTS, WANTED, Story
from florin.sandbox.teller import SilentTeller, Teller
from florin.sandbox.up import leave, quiet_logs


def demo(
    tour: Annotated[bool, typer.Option("--tour", help="Stop after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only the story's figures, as one JSON document.")] = False,
    api_port: Annotated[int, typer.Option(help="Where the wires listen; 0 is any free port.")] = 0,
    pages_port: Annotated[int, typer.Option(help="Where the pages listen; 0 is any free port.")] = 0,
) -> None:
    """Tell the story of a month of pay-later, then serve its pages until Ctrl-C."""
    quiet_logs()
    signals = StopSignals()
    console = Console(highlight=False)
    at = {"api": Address("127.0.0.1", api_port), "pages": Address("127.0.0.1", pages_port)}
    starting = nullcontext() if as_json else console.status("Starting a PostgreSQL and a Florin of their own …")
    with ExitStack() as stack:
        with starting:
            instance = stack.enter_context(Instance(WANTED, **at, with_pages=not tour))
        sdk = choose_sdk(port_80=instance.gateway_80 is not None, reason=instance.gateway_80_missing)
        with Shop(sdk, instance, STOREFRONTS) as shop:
            story = Story(instance, shop, SilentTeller() if as_json else Teller(console))
            story.run()
        if as_json:
            print(json.dumps(_document(story, sdk.package), ensure_ascii=False))
        if not tour:
            _tell_addresses(console, instance)
            signals.wait()
    leave()


def _document(story: Story, package: str) -> dict[str, object]:
    figures = [{"on": str(figure.on), "what": figure.what, "value": figure.value} for figure in story.figures]
    return {"sdk": package, "figures": figures}


def _tell_addresses(console: Console, instance: Instance) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row("pages", f"[bold]{instance.pages_at.url}[/]", "sign in as alice, bob or merchant")
    table.add_row("", f"password [bold]{PASSWORD}[/], PIN [bold]{PIN}[/]", "")
    table.add_row("gateway", f"[bold]{instance.api_at[0].url}/gateway.do[/]", "for an Alipay SDK")
    table.add_row("REST", f"[bold]{instance.api_at[0].url}/docs[/]", f"key {instance.provisioned.api_key}")
    console.print()
    console.print("It is 1 May 2026 there. Look around; Ctrl-C ends it and leaves nothing behind.")
    console.print(table)
