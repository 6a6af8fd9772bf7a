"""`florin serve`: the store, the API, the pages and the worker, from one command, until it is told to stop."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from florin.app.doorplate import DoorPlate
from florin.app.listening import Address, Reservation
from florin.app.proxy import GATEWAY_HOSTS, Authority, refuse_public
from florin.app.proxy.process import PROXY, TLS
from florin.app.settings import DEFAULT_API, DEFAULT_PAGES, for_children
from florin.app.supervisor import Child, StopSignals, Supervisor
from florin.engine import clock
from florin.store import DataFolder, StoreRefusal, default_data_dir
from florin.store.migrate import migrate
from florin.store.session import Store, open_store


def serve(
    api: Annotated[
        list[str] | None, typer.Option(help=f"Where the wires listen, HOST:PORT; may be repeated. Else {DEFAULT_API}.")
    ] = None,
    pages: Annotated[
        str, typer.Option(envvar="FLORIN_PAGES", help="Where the pages listen, HOST:PORT; port 0 is any free one.")
    ] = DEFAULT_PAGES,
    public_url: Annotated[
        str, typer.Option(envvar="FLORIN_PUBLIC_URL", help="The pages as people's browsers reach them, behind a proxy.")
    ] = "",
    api_url: Annotated[
        str, typer.Option(envvar="FLORIN_API_PUBLIC_URL", help="The wires as shops reach them, behind a proxy.")
    ] = "",
    proxy: Annotated[
        str, typer.Option(envvar=PROXY, help="Also a CONNECT proxy for SDKs with hard-wired hosts, HOST:PORT.")
    ] = "",
    tls: Annotated[
        str, typer.Option(envvar=TLS, help="Beside the proxy, TLS itself for those hosts' names, HOST:PORT.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(envvar="FLORIN_DATA", help="The data folder; else the usual place.")
    ] = None,
) -> None:
    """Serve the pages and the wires, until stopped. One process serves a data folder at a time."""
    signals = StopSignals()
    wanted = os.environ.get("FLORIN_API", DEFAULT_API).split(",")
    with ExitStack() as stack:
        plate = DoorPlate(DataFolder(data or default_data_dir()))
        stack.callback(plate.release)
        api_at = [stack.enter_context(reserved(Address.parse(text))) for text in api or wanted]
        pages_at = stack.enter_context(reserved(Address.parse(pages)))
        proxy_at, tls_at = _proxy_addresses(stack, proxy, tls)
        plate.show(api=api_at, pages=pages_at, api_url=api_url or api_at[0].url, public_url=public_url or pages_at.url)
        store = stack.enter_context(open_store(data, as_keeper=True))
        migrate(store.addresses.owner)
        start_clock(store)
        children = children_of(store, api_at=api_at, pages_at=pages_at, public_url=public_url, api_url=api_url)
        if proxy_at is not None:
            children.append(_proxy_child(children[0], proxy_at, tls_at))
        stack.enter_context(Supervisor(children))
        signals.started()
        _print_addresses(api_at, pages_at)
        if proxy_at is not None:
            _print_proxy(proxy_at, tls_at, Authority(store.folder.path))
        Console().print("Ctrl-C stops everything.", style="dim")
        signals.wait()


def children_of(
    store: Store, *, api_at: Sequence[Address], pages_at: Address, public_url: str = "", api_url: str = ""
) -> list[Child]:
    """The three processes of an installation. The addresses are reserved ones."""
    environment = for_children(
        data_dir=store.folder.path,
        addresses=store.addresses,
        api_at=api_at,
        pages_at=pages_at,
        public_url=public_url or pages_at.url,
        api_url=api_url or api_at[0].url,
    )
    return [
        Child(name="API", module="florin.app.api", environment=environment, listens_at=api_at),
        Child(name="pages", module="florin.app.pages", environment=environment, listens_at=[pages_at]),
        Child(name="worker", module="florin.app.worker", environment=environment),
    ]


class TlsWithoutProxy(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("TLS for the gateways' names comes with the proxy.", "Say --proxy 127.0.0.1:8003 too.")


def _proxy_addresses(stack: ExitStack, proxy: str, tls: str) -> tuple[Address | None, Address | None]:
    """Where the proxy's doors are, reserved; checked before anything starts."""
    if tls and not proxy:
        raise TlsWithoutProxy
    doors = [Address.parse(text) if text else None for text in (proxy, tls)]
    for door in doors:
        if door is not None:
            refuse_public(door)
    proxy_at, tls_at = (None if door is None else stack.enter_context(reserved(door)) for door in doors)
    return proxy_at, tls_at


def _proxy_child(api: Child, proxy_at: Address, tls_at: Address | None) -> Child:
    doors = {PROXY: str(proxy_at), TLS: "" if tls_at is None else str(tls_at)}
    listens_at = [proxy_at] if tls_at is None else [proxy_at, tls_at]
    return Child(
        name="proxy", module="florin.app.proxy.process", environment={**api.environment, **doors}, listens_at=listens_at
    )


@contextmanager
def reserved(wanted: Address) -> Iterator[Address]:
    """The address with its port, kept for us. Raises AddressTaken."""
    reservation = Reservation(wanted)
    try:
        yield reservation.address
    finally:
        reservation.release()


def start_clock(store: Store) -> None:
    """Business time begins with the first start; afterwards this changes nothing."""
    with psycopg.connect(store.addresses.engine, autocommit=True) as connection:
        clock.start(connection)


def _print_proxy(proxy_at: Address, tls_at: Address | None, authority: Authority) -> None:
    console = Console()
    console.print(f"proxy  [bold]{proxy_at.url}[/]  (HTTPS_PROXY, for {', '.join(GATEWAY_HOSTS)})", soft_wrap=True)
    if tls_at is not None:
        console.print(f"       [bold]{tls_at}[/]  (TLS, for the same names in the hosts file)")
    console.print(f"       shops must trust [bold]{authority.certificate}[/]", soft_wrap=True)


def _print_addresses(api_at: Sequence[Address], pages_at: Address) -> None:
    console = Console()
    for address in api_at:
        console.print(f"wires  [bold]{address.url}[/]  (/gateway.do and REST)")
    console.print(f"pages  [bold]{pages_at.url}[/]")
