"""The API's process: all wires in one application, on one engine.

`make_application` joins them; `main` is what the supervisor starts. The sandbox makes the same application for itself.
"""

from __future__ import annotations

import asyncio
import gc
import os
from dataclasses import dataclass
from typing import Any

import uvloop
from litestar import Litestar
from litestar.exceptions import HTTPException

from florin.app.proxy.hosts import GATEWAY_HOSTS
from florin.app.renderers import cashier_addresses, make_apps, make_clients, rest_settings
from florin.app.serving import serve_asgi, stop_on_signals
from florin.app.settings import Settings
from florin.app.supervisor import watch_parent
from florin.engine import Engine
from florin.queries import ReadPool
from florin.wires import rest
from florin.wires.alipay.bill_links import BillLinks
from florin.wires.alipay.desk import GatewaySettings
from florin.wires.alipay.gateway import Gateway
from florin.wires.alipay.routes import AbsoluteFormTargets, BesideV3, alipay_routes
from florin.wires.desk import Faults, NoFaults
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.heard import CallLog
from florin.wires.keys import load_master_key
from florin.wires.rest.application import problem_response
from florin.wires.rest.what_if import end_what_ifs
from florin.wires.wechatpay.desk import Settings as WechatPaySettings
from florin.wires.wechatpay.gateway import Gateway as WechatPayGateway
from florin.wires.wechatpay.phone import Phone
from florin.wires.wechatpay.routes import wechatpay_routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the wires work with. reads: of the engine's role, because keys and codes are hidden from the pages'."""

    settings: Settings
    engine: Engine
    reads: ReadPool
    faults: Faults


def main() -> None:
    """The API's process."""
    watch_parent()
    settings = Settings.from_environment()
    with Engine(settings.engine_url, name="api") as engine, ReadPool(settings.engine_url, name="api") as reads:
        parts = Parts(settings=settings, engine=engine, reads=reads, faults=NoFaults())
        application = make_application(parts)
        # What is loaded now stays: the collector need not walk it at every turn (measured: half the p99 under load).
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        uvloop.run(_serve(application, settings))
    os._exit(0)  # the server's own threads need no farewell


def make_application(parts: Parts) -> Any:
    """`/gateway.do`, `/v3` and the REST API as one ASGI application; it has no lifespan of its own."""
    cashier, failures = cashier_addresses(parts.settings), SignatureFailures(parts.settings.engine_url)
    notes = CallLog(parts.settings.engine_url)
    notes.start()
    gateway = Gateway(
        engine=parts.engine,
        reads=parts.reads,
        apps=make_apps(parts.reads),
        failures=failures,
        settings=GatewaySettings(cashier=cashier, bills=BillLinks(parts.settings.api_url, load_master_key())),
        faults=parts.faults,
        notes=notes,
    )
    clients = make_clients(parts.reads)
    wechatpay = WechatPayGateway(
        engine=parts.engine,
        reads=parts.reads,
        clients=clients,
        failures=failures,
        settings=WechatPaySettings(cashier=cashier, tls_hosts=GATEWAY_HOSTS),
        faults=parts.faults,
        notes=notes,
    )
    phone = Phone(reads=parts.reads, clients=clients, cashier=cashier)
    rest_routes = rest.route_handlers(parts.engine, parts.reads, rest_settings(parts.settings), notes=notes)
    application = Litestar(
        route_handlers=[*alipay_routes(gateway), *wechatpay_routes(wechatpay, phone), *rest_routes],
        exception_handlers={HTTPException: problem_response, Exception: problem_response},
        openapi_config=None,
        logging_config=None,
    )
    return AbsoluteFormTargets(BesideV3(application, gateway))


async def _serve(application: Any, settings: Settings) -> None:
    stop = asyncio.Event()
    stop_on_signals(asyncio.get_running_loop(), stop)
    await serve_asgi(application, settings.api_at, stop, end_long=end_what_ifs)


if __name__ == "__main__":
    main()
