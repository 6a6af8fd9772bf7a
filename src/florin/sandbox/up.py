"""`florin sandbox up`: start an instance, write its environment file, say `ready`, and live until terminated."""

from __future__ import annotations

import base64
import io
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

import structlog
from rich.console import Console

from florin.app.listening import Address
from florin.app.supervisor import StopSignals
from florin.sandbox.control import ControlServer
from florin.sandbox.environment import write_environment, write_pems
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN, START_ON, AppWanted, ShopperWanted, Wanted
from florin.sandbox.verbs import Verbs
from florin.wires.alipay.keys import private_key_base64

APP_ID = 2021_0001_0000_0001
SHOPPERS = (
    ShopperWanted(logon="alice", name="Alice", wallet_minor=500_00, limit_minor=10_000_00),
    ShopperWanted(logon="bob", name="Bob", wallet_minor=0, limit_minor=0),
)


def run(*, env_file: Path, port: int, pages_port: int, market: str) -> None:
    """Ends the process when SIGTERM, SIGINT or SIGHUP came and everything is gone, the files too."""
    keep_terminal()
    signals = StopSignals()
    app = AppWanted(app_id=APP_ID, name="Sandbox shop", market=cast(Literal["direct", "escrow"], market))
    wanted = Wanted(
        merchant="Sandbox shop", merchant_zh="沙箱商店", apps=[app], shoppers=SHOPPERS, rest_market=app.market
    )
    console = Console(highlight=False)
    files = [env_file]
    try:
        with Instance(wanted, api=Address("127.0.0.1", port), pages=Address("127.0.0.1", pages_port)) as instance:
            control = ControlServer(Verbs(instance).all())
            control.start()
            values = environment_of(instance, app, control)
            files += write_pems(env_file, app.key, instance.provisioned.alipay_public_key)
            missing = {} if instance.gateway_80 else {"GATEWAY_URL_80": instance.gateway_80_missing}
            write_environment(env_file, values, notes=missing)
            _tell(console, values, missing)
            signals.started()
            print("ready", flush=True)
            signals.wait()
            control.close()
    finally:
        for file in files:
            file.unlink(missing_ok=True)
    leave()


def environment_of(instance: Instance, app: AppWanted, control: ControlServer) -> dict[str, str]:
    """What a shop needs to find this instance and to prove who it is, and what verbs need."""
    provisioned, api_url = instance.provisioned, instance.api_at[0].url
    values = {"GATEWAY_URL": f"{api_url}/gateway.do"}
    if instance.gateway_80 is not None:
        values["GATEWAY_URL_80"] = f"{instance.gateway_80.url}/gateway.do"
    return values | {
        "APP_ID": str(app.app_id),
        "APP_PRIVATE_KEY": private_key_base64(app.key),
        "ALIPAY_PUBLIC_KEY": provisioned.alipay_public_key,
        "API_URL": api_url,
        "API_KEY": provisioned.api_key,
        "OWNER_API_KEY": provisioned.owner_key,
        "WEBHOOK_SECRET": f"whsec_{base64.b64encode(provisioned.webhook_secret).decode()}",
        "PAGES_URL": instance.pages_at.url,
        "START_ON": str(START_ON),
        "SANDBOX_URL": control.url,
        "SANDBOX_TOKEN": control.token,
    }


def keep_terminal() -> None:
    """The terminal is for what the sandbox has to say: of the logs only what went wrong, on standard error.

    A terminal that cannot show a character shows another, instead of ending the story.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def leave() -> None:
    """End the process now: everything is closed, and the server's own threads need no farewell."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _tell(console: Console, values: Mapping[str, str], missing: Mapping[str, str]) -> None:
    console.print(f"It is [bold]{START_ON}[/], nine in the morning, and stays so until you move the clock.")
    console.print(f"gateway  [bold]{values['GATEWAY_URL']}[/]")
    if "GATEWAY_URL_80" in values:
        console.print(f"         [bold]{values['GATEWAY_URL_80']}[/]  for SDKs that refuse a port")
    for key, reason in missing.items():
        console.print(f"         no {key}: {reason}", style="yellow")
    console.print(f"REST     [bold]{values['API_URL']}[/]")
    console.print(f"pages    [bold]{values['PAGES_URL']}[/]  alice, bob or merchant; password {PASSWORD}, PIN {PIN}")
