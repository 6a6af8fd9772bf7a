"""`florin demo`: tell the story on a fresh instance, then serve it until Ctrl-C; `--tour` stops after the story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from florin.app.listening import Address
from florin.app.supervisor import StopSignals
from florin.sandbox.environment import refuse_environment_file
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN
from florin.sandbox.storefront import Shop, choose_sdk
from florin.sandbox.story import FLAGSHIP, STOREFRONTS, WANTED, Story
from florin.sandbox.teller import SilentTeller, Teller
from florin.sandbox.up import as_called, keep_terminal, leave, reachable


def demo(
    tour: Annotated[bool, typer.Option("--tour", help="Stop after the story.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only the story's figures, as one JSON document.")] = False,
    api_port: Annotated[int, typer.Option(help="Where the wires listen; 0 is any free port.")] = 0,
    pages_port: Annotated[int, typer.Option(help="Where the pages listen; 0 is any free port.")] = 0,
    env_file: Annotated[
        Path | None, typer.Option(help="Where it writes how a shop reaches it; else in its own folder.")
    ] = None,
) -> None:
    """Tell the story of a month of pay-later, then serve its pages until Ctrl-C."""
    keep_terminal()
    if env_file is not None:
        refuse_environment_file(env_file)
    signals = StopSignals()
    console = Console(highlight=False, stderr=as_json)
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
            env_file = env_file or instance.folder / "demo.env"
            values = stack.enter_context(reachable(instance, FLAGSHIP, env_file))
            signals.started()
            _tell_addresses(console, values, env_file, waiting_order=order["qr_code"])
            signals.wait()
    leave()


def _document(story: Story, package: str) -> dict[str, object]:
    figures = [{"on": str(figure.on), "what": figure.what, "value": figure.value} for figure in story.figures]
    return {"sdk": package, "figures": figures}


def _tell_addresses(console: Console, values: Mapping[str, str], env_file: Path, *, waiting_order: str) -> None:
    gateway_80 = values.get("GATEWAY_URL_80")
    told = [
        ("pages", f"[bold]{values['PAGES_URL']}[/]"),
        (
            "sign in as",
            f"[bold]alice[/], [bold]bob[/] or [bold]merchant[/], password [bold]{PASSWORD}[/]; PIN [bold]{PIN}[/]",
        ),
        ("to be paid", f"[bold]{waiting_order}[/]  jasmine tea, ¥88.00, waits for alice"),
        ("REST", f"[bold]{values['API_URL']}/docs[/]  with the key {values['API_KEY']}"),
        ("", ""),
        ("", "Point a shop of your own at it:"),
        (
            "gateway",
            f"[bold]{values['GATEWAY_URL']}[/]" + (f"  or, without a port, {gateway_80}" if gateway_80 else ""),
        ),
        ("app", f"[bold]{values['APP_ID']}[/]  {FLAGSHIP.name}, a sale is owed at payment"),
        ("keys", f"in [bold]{env_file}[/]: APP_PRIVATE_KEY, ALIPAY_PUBLIC_KEY, and all of the above"),
        ("into a shell", f"set -a; . {env_file}; set +a"),
        ("drive it", f"{as_called()} sandbox clock +1d --env-file {env_file}"),
    ]
    console.print()
    console.print("It is 1 May 2026 there. Look around; Ctrl-C ends it and leaves nothing behind.")
    for name, what in told:
        # Never broken: a terminal makes links of whole lines only.
        console.print(f"{name:>12}  {what}", soft_wrap=True)
