"""The gateway: every path under `/v3`.

One call runs as it reads: the client, the signature, the clock, the request, the command, the answer. Whatever goes wrong
on the way is answered in the wire's own form, signed as soon as the client is known.

Nothing here knows a server; `routes.py` does. The work waits for the engine's COMMIT, so it belongs in a thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from florin.engine import Engine
from florin.queries import ReadPool
from florin.wires.desk import Faults, NoFaults
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.pace import DiagnosisPace
from florin.wires.wechatpay.answers import JSON, Answered, Problem, signed_headers
from florin.wires.wechatpay.call import (
    Call,
    HttpRequest,
    SignatureWrong,
    body_too_large,
    check_freshness,
    check_signature,
    read_call,
)
from florin.wires.wechatpay.clients import Client, Clients
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


class Gateway:
    """Answers one request after the other, each in its caller's thread."""

    def __init__(
        self,
        *,
        engine: Engine,
        reads: ReadPool,
        clients: Clients,
        failures: SignatureFailures,
        settings: Settings,
        faults: Faults | None = None,
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
        self._pace = pace or DiagnosisPace()
        self._heard = heard or Heard()
        self._wall_now = wall_now

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer to anything that comes to `/v3`. Never raises."""
        client: Client | None = None
        answered: Answered | Problem
        try:
            authorization = _authorization(request)
            client = self._client(authorization)
            answered = self._serve(request, authorization, client)
        except Problem as problem:
            answered = problem
        except Exception:  # the one place where a mistake of ours still has to be answered in the wire's own form
            log.exception("a call failed", target=request.path)
            answered = unknown_result()
        return self._signed(answered, client, request)

    def _client(self, authorization: Authorization) -> Client:
        app_id = app_id_of(authorization.mchid)
        client = self._clients.find(app_id, self._engine.reference.version) if app_id is not None else None
        if client is None:
            raise business("SIGN_ERROR", f"商户号不存在：no merchant {authorization.mchid[:32]} is registered here")
        return client

    def _serve(self, request: HttpRequest, authorization: Authorization, client: Client) -> Answered:
        wall_now = self._wall_now()
        if request.oversized:  # its body was not kept, so nothing can be said of its signature
            raise body_too_large(request.oversized)
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
            self._failures.keep(wrong, app_id=client.app_id, request_line=line, received_at=wall_now)
            raise
        leeway = self._settings.timestamp_leeway
        check_freshness(authorization, client, self._heard, wall_now=wall_now, leeway=leeway)
        call = read_call(request, client)
        answered = call.route.serve(self._desk(request, call, client, wall_now), call.request, **call.parts)
        if not call.route.reads and self._faults.take("timeout"):
            raise unknown_result()
        return answered

    def _desk(self, request: HttpRequest, call: Call, client: Client, wall_now: datetime) -> Desk:
        at, reference = self._engine.look()
        seller = client if call.seller_id == client.app_id else self._clients.find(call.seller_id, reference.version)
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
            settings=self._settings,
            app=app,
            merchant=reference.merchants[app.merchant_id],
            client=client,
            clients=self._clients,
            at=at.instant,
            wall_now=wall_now,
            key_name=named if named.startswith(PUBLIC_KEY_ID) else "",
            origin=_origin(request, self._settings.tls_hosts),
            faults=self._faults,
        )

    def _signed(self, answered: Answered | Problem, client: Client | None, request: HttpRequest) -> HttpAnswer:
        body = answered.body()
        headers = {"Request-ID": secrets.token_hex(16)}
        if answered.status != 204:
            headers["Content-Type"] = answered.content_type if isinstance(answered, Answered) else JSON
        if client is not None:
            key = self._clients.signing_key(client.app_id, request.headers.get("wechatpay-serial", ""))
            headers |= signed_headers(body, key, wall_now=self._wall_now())
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
