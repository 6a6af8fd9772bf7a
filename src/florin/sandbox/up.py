"""`florin sandbox up`: start an instance, write its environment file, say `ready`, and live until terminated."""

from __future__ import annotations

import base64
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, cast

from rich.console import Console

from florin.app.listening import Address
from florin.app.supervisor import StopSignals, log_errors_alone
from florin.engine import clock
from florin.sandbox.control import ControlServer
from florin.sandbox.environment import FOLDER, environment_file, refuse_environment_file
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PASSWORD, PIN, AppWanted, ShopperWanted, Wanted
from florin.sandbox.verbs import Verbs
from florin.wires.keys.forms import private_key_base64

APP_ID = 2021_0001_0000_0001
SHOPPERS = (
    ShopperWanted(logon="alice", name="Alice", wallet_minor=500_00, limit_minor=10_000_00),
    ShopperWanted(logon="bob", name="Bob", wallet_minor=0, limit_minor=0),
)


def run(*, env_file: Path, port: int, pages_port: int, market: str) -> None:
    """Ends the process when SIGTERM, SIGINT or SIGHUP came and everything is gone, the files too."""
    keep_terminal()
    refuse_environment_file(env_file)  # told now, not after all is started
    signals = StopSignals()
    app = AppWanted(app_id=APP_ID, name="Sandbox shop", market=cast(Literal["direct", "escrow"], market))
    wanted = Wanted(
        merchant="Sandbox shop", merchant_zh="沙箱商店", apps=[app], shoppers=SHOPPERS, rest_market=app.market
    )
    console = Console(highlight=False)
    with (
        Instance(wanted, api=Address("127.0.0.1", port), pages=Address("127.0.0.1", pages_port)) as instance,
        controlled(instance) as control,
        reachable(instance, control, app, env_file) as values,
    ):
        _tell(console, values, instance, env_file)
        signals.started()
        print("ready", flush=True)
        signals.wait()
    leave()


@contextmanager
def controlled(instance: Instance) -> Iterator[ControlServer]:
    """Let verbs drive the instance for as long as it is entered."""
    control = ControlServer(Verbs(instance).all())
    control.start()
    try:
        yield control
    finally:
        control.close()


@contextmanager
def reachable(instance: Instance, control: ControlServer, app: AppWanted, env_file: Path) -> Iterator[dict[str, str]]:
    """Write what verbs and a shop must know, for as long as it is entered."""
    values = environment_of(instance, app, control)
    authority = instance.proxy.authority.certificate.read_text()
    with environment_file(env_file, values, notes=left_out(instance), app_key=app.key, authority=authority) as files:
        yield values | files


def left_out(instance: Instance) -> dict[str, str]:
    """The keys that this machine gives no value for, with the reason."""
    return {} if instance.gateway_80 else {"GATEWAY_URL_80": instance.gateway_80_missing}


def environment_of(instance: Instance, app: AppWanted, control: ControlServer) -> dict[str, str]:
    """What a shop needs to find this instance and to prove who it is, and what verbs need."""
    provisioned, api_url = instance.provisioned, instance.api_at[0].url
    certificates = provisioned.certificates[app.app_id]
    values = {"GATEWAY_URL": f"{api_url}/gateway.do"}
    if instance.gateway_80 is not None:
        values["GATEWAY_URL_80"] = f"{instance.gateway_80.url}/gateway.do"
    return values | {
        "APP_ID": str(app.app_id),
        "APP_PRIVATE_KEY": private_key_base64(app.key),
        "ALIPAY_PUBLIC_KEY": provisioned.alipay_public_key,
        "APP_CERT": _base64(certificates.app),
        "ALIPAY_CERT": _base64(certificates.alipay),
        "ALIPAY_ROOT_CERT": _base64(certificates.root),
        "AES_KEY": base64.b64encode(app.aes_key).decode(),
        **provisioned.wechat,
        "WECHAT_PRIVATE_KEY": private_key_base64(instance.wanted.wechat.key, "PKCS8"),
        "API_URL": api_url,
        "API_KEY": provisioned.api_key,
        "OWNER_API_KEY": provisioned.owner_key,
        "WEBHOOK_SECRET": f"whsec_{base64.b64encode(provisioned.webhook_secret).decode()}",
        "PAGES_URL": instance.pages_at.url,
        "PROXY_URL": instance.proxy.address.url,
        "START_ON": str(clock.read(instance.connection).on),
        "SANDBOX_URL": control.url,
        "SANDBOX_TOKEN": control.token,
        "SANDBOX_PID": str(os.getpid()),
        FOLDER: str(instance.folder),
    }


def _base64(pem: str) -> str:
    """A PEM file on one line."""
    return base64.b64encode(pem.encode()).decode()


def as_called() -> str:
    """This command as it was called, to be typed again."""
    return sys.argv[0] if Path(sys.argv[0]).name == "florin" else "florin"


def keep_terminal() -> None:
    """The terminal is for what the sandbox has to say: of the logs only what went wrong, on standard error.

    A terminal that cannot show a character shows another, instead of ending the story.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    log_errors_alone()


def leave() -> None:
    """End the process now: everything is closed, and the server's own threads need no farewell."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _tell(console: Console, values: Mapping[str, str], instance: Instance, env_file: Path) -> None:
    at = clock.read(instance.connection).instant.astimezone(clock.ZONE)
    told = [
        ("time", f"[bold]{at:%Y-%m-%d %H:%M}[/]; it passes as on the wall, and `clock` moves it on"),
        ("gateway", f"[bold]{values['GATEWAY_URL']}[/]"),
        *([("", f"[bold]{url}[/]  for SDKs that refuse a port")] if (url := values.get("GATEWAY_URL_80")) else []),
        *(("", f"[yellow]no {key}: {reason}[/]") for key, reason in left_out(instance).items()),
        (
            "proxy",
            f"[bold]{values['PROXY_URL']}[/]  for SDKs with hard-wired hosts, which must trust CA_FILE of the file",
        ),
        ("app", f"[bold]{values['APP_ID']}[/]; its keys are in the file below"),
        ("REST", f"[bold]{values['API_URL']}/docs[/]  with API_KEY of the file"),
        ("pages", f"[bold]{values['PAGES_URL']}[/]  alice, bob or merchant; password {PASSWORD}, PIN {PIN}"),
        (
            "file",
            f"[bold]{env_file}[/]  for the shop and the verbs: {as_called()} sandbox pay ORDER --env-file {env_file}",
        ),
    ]
    for name, what in told:
        # Never broken: a terminal makes links of whole lines only.
        console.print(f"{name:>8}  {what}", soft_wrap=True)
