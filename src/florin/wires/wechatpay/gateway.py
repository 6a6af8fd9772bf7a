"""The gateway: every path under `/v3`.

One call runs as it reads: the client, the signature, the clock, the request, the command, the answer. Whatever goes wrong
on the way is answered in the wire's own form, signed as soon as the client is known.

Nothing here knows a server; `routes.py` does. All of it runs in the event loop, so nothing here waits but for a future: what
takes its time (a question, a signature, the reason of a wrong one) is done in a thread.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple

import structlog

from florin.engine import Engine
from florin.engine.reference import Reference
from florin.money.at import At
from florin.queries import ReadPool
from florin.wires.desk import Faults, NoFaults, codes_of
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.heard import NoNotes, Notes
from florin.wires.desk.pace import DiagnosisPace
from florin.wires.desk.signatures import signer
from florin.wires.wechatpay.answers import JSON, SIGNATURE, Answered, Problem, stamped
from florin.wires.wechatpay.call import (
    Call,
    HttpRequest,
    SignatureWrong,
    body_too_large,
    check_freshness,
    check_signature,
    read_call,
)
from florin.wires.wechatpay.clients import WIRE, Client, Clients, SigningKey
from florin.wires.wechatpay.desk import Desk, Settings
from florin.wires.wechatpay.freshness import Heard
from florin.wires.wechatpay.names import PUBLIC_KEY_ID, app_id_of
from florin.wires.wechatpay.refusals import business, unknown_result
from florin.wires.wechatpay.signing import Authorization, AuthorizationUnreadable, read_authorization

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Caller(NamedTuple):
    """Who calls, the key that answers, and what is in force while the call is served. at: when it came."""

    client: Client
    answering: SigningKey
    at: At
    reference: Reference


class Gateway:
    """Answers requests, in the event loop."""

    def __init__(
        self,
        *,
        engine: Engine,
        reads: ReadPool,
        clients: Clients,
        failures: SignatureFailures,
        settings: Settings,
        faults: Faults | None = None,
        notes: Notes | None = None,
        pace: DiagnosisPace | None = None,
        heard: Heard | None = None,
        wall_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reads = reads
        self._clients = clients
        self._failures = failures
        self._settings = settings
        self._faults = faults or NoFaults()
        self._notes: Notes = notes or NoNotes()
        self._pace = pace or DiagnosisPace()
        self._heard = heard or Heard()
        self._wall_now = wall_now
        self._codes = codes_of(reads, name=WIRE)
        self._sign = signer(name=WIRE)

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer to anything that comes to `/v3`. Never raises."""
        began, caller, is_theirs = perf_counter(), None, False
        answered: Answered | Problem
        try:
            authorization = _authorization(request)
            caller = await self._caller(authorization, request)
            await self._verify(request, authorization, caller)
            is_theirs = True
            answered = await self._serve(request, caller)
        except Problem as problem:
            answered = problem
        except Exception:  # the one place where a mistake of ours still has to be answered in the wire's own form
            log.exception("a call failed", target=request.path)
            answered = unknown_result()
        if caller is not None and is_theirs:
            code = f" {answered.code}" if isinstance(answered, Problem) else ""
            self._notes.note(
                app_id=caller.client.app_id,
                wire=WIRE,
                asked=f"{request.method} {request.path}",
                answered=f"{answered.status}{code}",
                began=began,
            )
        return await self._signed(answered, caller)

    async def _caller(self, authorization: Authorization, request: HttpRequest) -> Caller:
        at, reference = await self._engine.look_async()
        client = await self._client(app_id_of(authorization.mchid), reference.version)
        if client is None:
            raise business("SIGN_ERROR", f"商户号不存在：no merchant {authorization.mchid[:32]} is registered here")
        answering = self._clients.signing_key(client.app_id, request.headers.get("wechatpay-serial", ""))
        return Caller(client, answering, at, reference)

    async def _client(self, app_id: int | None, version: int) -> Client | None:
        if app_id is None:
            return None
        known = self._clients.recall(app_id, version)
        return known or await asyncio.to_thread(self._clients.calling, app_id, version)

    async def _verify(self, request: HttpRequest, authorization: Authorization, caller: Caller) -> None:
        """Raises Problem for a request that is not the client's, not of now, or not new."""
        if request.oversized:  # its body was not kept, so nothing can be said of its signature
            raise body_too_large(request.oversized)
        try:
            check_signature(request, authorization, caller.client, may_diagnose=lambda: False)
        except SignatureWrong:
            await asyncio.to_thread(self._refuse_signature, request, authorization, caller.client)
        wall_now, leeway = self._wall_now(), self._settings.timestamp_leeway
        check_freshness(authorization, caller.client, self._heard, wall_now=wall_now, leeway=leeway)

    async def _serve(self, request: HttpRequest, caller: Caller) -> Answered:
        call = read_call(request, caller.client)
        desk = self._desk(request, call, caller, self._wall_now())
        answered = await call.route.serve(desk, call.request, **call.parts)
        if not call.route.reads and self._faults.take("timeout"):
            raise unknown_result()
        return answered

    def _refuse_signature(self, request: HttpRequest, authorization: Authorization, client: Client) -> None:
        """Find out why it is wrong, and keep it. Raises SignatureWrong."""
        try:
            check_signature(
                request,
                authorization,
                client,
                other_keys=self._clients.others(client.app_id),
                may_diagnose=lambda: self._pace.may_diagnose(client.app_id),
            )
        except SignatureWrong as wrong:
            line = f"{request.method} {request.path}"[:512]
            self._failures.keep(wrong, app_id=client.app_id, request_line=line, received_at=self._wall_now())
            raise

    def _desk(self, request: HttpRequest, call: Call, caller: Caller, wall_now: datetime) -> Desk:
        client, reference = caller.client, caller.reference
        seller = client if call.seller_id == client.app_id else self._clients.known(call.seller_id)
        if seller is None or client.app_id not in (seller.app_id, seller.provider_id):
            sentence = f"与子商户无绑定关系：{client.mchid} may not call for merchant {call.seller_id}"
            raise business("NO_AUTH", sentence)
        app = reference.apps[seller.app_id]
        closed = next((each for each in (client, seller) if reference.apps[each.app_id].state != "open"), None)
        if closed is not None:
            raise business("NO_AUTH", f"商户号已停用：merchant {closed.mchid} is closed")
        named = request.headers.get("wechatpay-serial", "").upper()
        return Desk(
            engine=self._engine,
            reads=self._reads,
            codes=self._codes,
            settings=self._settings,
            app=app,
            merchant=reference.merchants[app.merchant_id],
            client=client,
            clients=self._clients,
            reference=reference,
            on=caller.at.on,
            at=caller.at.instant,
            wall_now=wall_now,
            key_name=named if named.startswith(PUBLIC_KEY_ID) else "",
            origin=_origin(request, self._settings.tls_hosts),
            faults=self._faults,
        )

    async def _signed(self, answered: Answered | Problem, caller: Caller | None) -> HttpAnswer:
        body = answered.body()
        headers = {"Request-ID": secrets.token_hex(16)}
        if answered.status != 204:
            headers["Content-Type"] = answered.content_type if isinstance(answered, Answered) else JSON
        if caller is not None:
            stamps, wanted = stamped(body, caller.answering, wall_now=self._wall_now())
            headers |= stamps | {SIGNATURE: await self._sign(wanted)}
        return HttpAnswer(status=answered.status, headers=headers, body=body)


def _authorization(request: HttpRequest) -> Authorization:
    try:
        return read_authorization(request.headers.get("authorization", ""))
    except AuthorizationUnreadable as unreadable:
        raise business("SIGN_ERROR", f"Authorization 头有误：{unreadable}") from None


def _origin(request: HttpRequest, tls_hosts: Collection[str]) -> str:
    """The address by which the client reached us: what begins a link in an answer. Whoever ends TLS before us says so in a
    header, or stands for a name that is reached by TLS alone.
    """
    host = request.headers.get("host", "")
    scheme = request.headers.get("x-forwarded-proto") or ("https" if host in tls_hosts else "http")
    return f"{scheme}://{host}"
