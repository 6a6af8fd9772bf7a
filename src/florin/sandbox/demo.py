"""`florin demo`: tell the story on a fresh instance, then serve it until Ctrl-C; `--tour` stops after the story."""

from __future__ import annotations

import json
from contextlib import ExitStack, nullcontext
from typing import Annotated

import typer
from rich.console import Console

from florin.app.listening import Address
from florin.app.supervisor import StopSignals
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN
from florin.sandbox.storefront import Shop, choose_sdk
from florin.sandbox.story import STOREFRONTS, WANTED, Story
from florin.sandbox.teller import SilentTeller, Teller
from florin.sandbox.up import keep_terminal, leave


def demo(
    tour: Annotated[bool, typer.Option("--tour", help="Stop after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only the story's figures, as one JSON document.")] = False,
    api_port: Annotated[int, typer.Option(help="Where the wires listen; 0 is any free port.")] = 0,
    pages_port: Annotated[int, typer.Option(help="Where the pages listen; 0 is any free port.")] = 0,
) -> None:
    """Tell the story of a month of pay-later, then serve its pages until Ctrl-C."""
    keep_terminal()
    signals = StopSignals()
    console = Console(highlight=False)
    at = {"api": Address("127.0.0.1", api_port), "pages": Address("127.0.0.1", pages_port)}
    starting = nullcontext() if as_json else console.status("Starting a PostgreSQL and a Florin of their own …")
    with ExitStack() as stack:
        with starting:
            instance = stack.enter_context(Instance(WANTED, **at, with_pages=not tour))
        sdk = choose_sdk(port_80=instance.gateway_80 is not None, reason=instance.gateway_80_missing)
        shop = stack.enter_context(Shop(sdk, instance, STOREFRONTS))
        story = Story(instance, shop, SilentTeller() if as_json else Teller(console))
        story.run()
        if as_json:
            print(json.dumps(_document(story, sdk.package), ensure_ascii=False))
        if not tour:
            order = shop.call(
                "market", "alipay.trade.precreate", out_trade_no="TEA-2", total_amount="88.00", subject="Jasmine tea"
            )
            signals.started()
            _tell_addresses(console, instance, waiting_order=order["qr_code"])
            signals.wait()
    leave()


def _document(story: Story, package: str) -> dict[str, object]:
    figures = [{"on": str(figure.on), "what": figure.what, "value": figure.value} for figure in story.figures]
    return {"sdk": package, "figures": figures}


def _tell_addresses(console: Console, instance: Instance, *, waiting_order: str) -> None:
    api_url = instance.api_at[0].url
    told = [
        ("pages", f"[bold]{instance.pages_at.url}[/]"),
        (
            "sign in as",
            f"[bold]alice[/], [bold]bob[/] or [bold]merchant[/], password [bold]{PASSWORD}[/]; PIN [bold]{PIN}[/]",
        ),
        ("to be paid", f"[bold]{waiting_order}[/]  jasmine tea, ¥88.00, waits for alice"),
        ("gateway", f"[bold]{api_url}/gateway.do[/]  for an Alipay SDK"),
        ("REST", f"[bold]{api_url}/docs[/]  with the key {instance.provisioned.api_key}"),
    ]
    console.print()
    console.print("It is 1 May 2026 there. Look around; Ctrl-C ends it and leaves nothing behind.")
    for name, what in told:
        # Never broken: a terminal makes links of whole lines only.
        console.print(f"{name:>10}  {what}", soft_wrap=True)
