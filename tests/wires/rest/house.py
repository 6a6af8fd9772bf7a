"""A house with the REST door open: a world, keys for two apps and the owner, and a client that speaks to the application."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import httpx
import psycopg
from litestar import Litestar

from florin.queries import ReadPool
from florin.wires.desk.heard import CallLog
from florin.wires.keys import create_api_key
from florin.wires.rest import Settings, create_app
from florin.wires.rest.openapi import document
from world import DIRECT_APP, ESCROW_APP, World

DOCUMENT = document()


def checkout(trade_id: int) -> str:
    return f"https://pay.test/cashier/{trade_id}"


class Loop:
    """An event loop in a thread of its own, so that a test reads from top to bottom."""

    def __enter__(self) -> Loop:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(timeout=60)


async def is_in_the_document(answer: httpx.Response) -> None:
    """Whatever is answered by name is named in the document, for that operation and under that status."""
    if answer.headers.get("content-type") != "application/problem+json":
        return
    await answer.aread()
    request = answer.request
    for path, methods in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path) and request.method.lower() in methods:
            told = methods[request.method.lower()]["responses"].get(str(answer.status_code), {"description": ""})
            assert f"`{answer.json()['code']}`" in told["description"], (request.method, path, answer.text)
            return


class Client:
    """Requests with one API key. `key` is the request's Idempotency-Key."""

    def __init__(self, loop: Loop, app: Litestar, api_key: str) -> None:
        self._loop = loop
        self.api_key = api_key
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(
            transport=transport,
            base_url="http://florin.test",
            headers=headers,
            event_hooks={"response": [is_in_the_document]},
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self._loop.run(self._client.get(path, params=query))

    def delete(self, path: str) -> httpx.Response:
        return self._loop.run(self._client.delete(path))

    def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        return self._loop.run(self._post(path, body, key, headers))

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request as it is, for what is malformed."""
        return self._loop.run(self._client.request(method, path, **options))

    def post_together(self, requests: Sequence[tuple[str, Any, str]]) -> list[httpx.Response]:
        """(path, body, key) of requests that are sent at the same instant."""

        async def together() -> list[httpx.Response]:
            return await asyncio.gather(*(self._post(path, body, key, {}) for path, body, key in requests))

        return self._loop.run(together())

    async def _post(self, path: str, body: Any, key: str | None, headers: dict[str, str]) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["idempotency-key"] = key
        return await self._client.post(path, json=body, headers=sent)


@dataclass
class RestHouse:
    """world: people, lines, clock. shop sells directly, market against receipt; each is an app's key, owner the owner's."""

    world: World

    def __enter__(self) -> RestHouse:
        with psycopg.connect(self.world.dsn, autocommit=True) as connection:
            keys = [create_api_key(connection, "merchant", app) for app in (DIRECT_APP, ESCROW_APP)]
            keys.append(create_api_key(connection, "owner"))
        self.reads = ReadPool(self.world.dsn)
        self.evidence = TemporaryDirectory(prefix="florin-evidence-")
        settings = Settings(checkout_url=checkout, evidence=Path(self.evidence.name))
        self.notes = CallLog(self.world.dsn)
        self.app = create_app(self.world.engine, self.reads, settings, notes=self.notes)
        self.loop = Loop().__enter__()
        self.shop, self.market, self.owner = (Client(self.loop, self.app, key) for key in keys)
        self.stranger = Client(self.loop, self.app, "")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.loop.__exit__(kind, error, trace)
        self.reads.close()
        self.evidence.cleanup()

    def client(self, api_key: str) -> Client:
        return Client(self.loop, self.app, api_key)

    def agreement(self, name: str, *, app: int = DIRECT_APP, limit_minor: int = 1_000_000) -> str:
        """A standing agreement of this person with the app; its id as text."""
        line_id = self.world.line_ids.get(name, 0)
        return str(
            self.world.engine.add_agreement(
                app_id=app, person_id=self.world.people[name], line_id=line_id, limit_minor=limit_minor
            )
        )

    def sale(self, name: str, amount_minor: int, **more: Any) -> dict[str, Any]:
        """A captured sale to this person by her agreement, as the API shows it."""
        body = {"amount_minor": amount_minor, "subject": "tea", "agreement_id": self.agreement(name), **more}
        answer = self.shop.post("/v1/payments", body, key=self.world.next_number("sale-"))
        assert answer.status_code == 201, answer.text
        return answer.json()
