"""The gateway: `/gateway.do`, GET and POST, for every method of this wire.

One call runs as it reads: the parameters, the app, the signature, the request, the command, the answer. Whatever goes
wrong on the way is answered in the wire's own form: HTTP 200, under the method's key, signed as soon as the app is
known. A browser that comes with a page call and is refused reads a page instead.

Nothing here knows a server; `routes.py` does. All of it runs in the event loop, so nothing here waits but for a future: what
takes its time (a question, a signature, the reason of a wrong one) is done in a thread.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

import structlog

from florin.documents.bills import BillFile
from florin.engine import Engine
from florin.money import yuan_text
from florin.payments.trade import Trade, TradeState
from florin.queries import ReadPool
from florin.wires.alipay import bills, certified, existing, funds, identity, orders, preauth, sharing, till
from florin.wires.alipay.answers import Content, Problem, business, enclosed, in_clear, invalid, missing, object_bytes
from florin.wires.alipay.apps import WIRE, Apps
from florin.wires.alipay.call import (
    Call,
    CallingApp,
    SignatureWrong,
    answering_certificate,
    answering_sign_type,
    read_call,
)
from florin.wires.alipay.desk import Answered, Caller, Desk, GatewaySettings, Redirect
from florin.wires.alipay.notify import return_address
from florin.wires.alipay.parameters import Parameters, body_too_large_sentence, charset_of, read_parameters
from florin.wires.alipay.refusals import sentence_of, unknown_result
from florin.wires.alipay.refused_page import POLICY, language_of, refused_page
from florin.wires.alipay.renderer import ids_of
from florin.wires.alipay.signing import to_sign
from florin.wires.alipay.vouching import find_notify
from florin.wires.desk import Faults, NoFaults, codes_of
from florin.wires.desk.addresses import refuse_notify_url
from florin.wires.desk.failures import SignatureFailures
from florin.wires.desk.findings import RegisteredKey
from florin.wires.desk.heard import NoNotes, Notes
from florin.wires.desk.pace import DiagnosisPace
from florin.wires.desk.signatures import signer
from florin.wires.desk.trades import standing_of

log = structlog.get_logger(__name__)

Handler = Callable[[Desk, Call, Any], Awaitable[Answered]]


async def _pay(desk: Desk, call: Call, order: Any) -> Answered:
    """With the shopper's code, or out of what she let be frozen."""
    return await (preauth.take if order.auth_no is not None else till.pay)(desk, call, order)


METHODS: Final[dict[str, Handler]] = {
    "alipay.trade.precreate": orders.precreate,
    "alipay.trade.page.pay": orders.page_pay,
    "alipay.trade.wap.pay": orders.page_pay,
    "alipay.trade.app.pay": orders.app_pay,
    "alipay.trade.create": orders.create,
    "alipay.trade.pay": _pay,
    "alipay.trade.query": existing.query,
    "alipay.trade.refund": existing.refund,
    "alipay.trade.fastpay.refund.query": existing.refund_query,
    "alipay.trade.close": existing.close,
    "alipay.trade.cancel": existing.cancel,
    "alipay.trade.orderinfo.sync": existing.sync,
    "alipay.fund.trans.uni.transfer": funds.transfer,
    "alipay.fund.trans.common.query": funds.query,
    "alipay.fund.account.query": funds.account,
    "alipay.fund.auth.order.freeze": preauth.freeze,
    "alipay.fund.auth.order.voucher.create": preauth.voucher,
    "alipay.fund.auth.order.unfreeze": preauth.unfreeze,
    "alipay.fund.auth.operation.detail.query": preauth.query,
    "alipay.fund.auth.operation.cancel": preauth.cancel,
    "alipay.trade.order.settle": sharing.settle,
    "alipay.trade.order.settle.query": sharing.query,
    "alipay.trade.order.onsettle.query": sharing.unsettled,
    "alipay.trade.royalty.relation.bind": sharing.bind,
    "alipay.trade.royalty.relation.unbind": sharing.unbind,
    "alipay.trade.royalty.relation.batchquery": sharing.relations,
    "alipay.trade.royalty.rate.query": sharing.rate,
    "alipay.data.dataservice.bill.downloadurl.query": bills.download_url,
    "alipay.open.app.alipaycert.download": certified.download,
    "alipay.system.oauth.token": identity.token,
    "alipay.user.info.share": identity.user,
}
PAGE_METHODS: Final = frozenset({"alipay.trade.page.pay", "alipay.trade.wap.pay"})
NOTHING_ALLOWED: Final = "default-src 'none'; frame-ancestors 'none'"
_READING: Final = frozenset({
    "alipay.trade.query", "alipay.trade.fastpay.refund.query", "alipay.open.app.alipaycert.download",
    "alipay.fund.trans.common.query", "alipay.fund.account.query", "alipay.fund.auth.operation.detail.query",
    "alipay.data.dataservice.bill.downloadurl.query", "alipay.trade.order.settle.query", "alipay.trade.order.onsettle.query",
    "alipay.trade.royalty.relation.batchquery", "alipay.trade.royalty.rate.query", "alipay.user.info.share",
    "alipay.trade.orderinfo.sync",
})  # fmt: skip
# How long after a notify was delivered the old `notify_verify` still vouches for it.
_VOUCHED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request as it came. query: raw. body: whole, or empty with its size in `oversized`. cookies: the header's text."""

    http_method: str
    path: str
    query: bytes
    content_type: str | None
    accept: str
    body: bytes
    oversized: int = 0
    accept_language: str = ""
    cookies: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """policy: what a browser may do with it."""

    status: int
    content_type: str
    body: bytes
    location: str | None = None
    policy: str = NOTHING_ALLOWED


class Gateway:
    """Answers requests, in the event loop."""

    def __init__(
        self,
        *,
        engine: Engine,
        reads: ReadPool,
        apps: Apps,
        failures: SignatureFailures,
        settings: GatewaySettings,
        faults: Faults | None = None,
        notes: Notes | None = None,
        pace: DiagnosisPace | None = None,
        wall_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._reads = reads
        self._apps = apps
        self._failures = failures
        self._settings = settings
        self._faults = faults or NoFaults()
        self.notes: Notes = notes or NoNotes()
        self._pace = pace or DiagnosisPace()
        self._codes = codes_of(reads, name=WIRE)
        self.sign = signer(name=WIRE)
        self.wall_now = wall_now

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """The answer to anything that comes to `/gateway.do`. Never raises."""
        began = perf_counter()
        parameters = read_parameters(
            query=request.query,
            content_type=request.content_type,
            body=request.body,
            charset_when_absent=self._settings.charset_when_absent,
        )
        app: CallingApp | None = None
        try:
            if parameters.ascii("service") == "notify_verify":
                return await self._verify_notify(parameters)
            caller = await self._caller(parameters)
            app = caller.app
            if request.oversized:
                raise in_clear(invalid("isv.invalid-parameter", body_too_large_sentence(request.oversized)))
            answered = await self._serve(parameters, caller, request)
        except Problem as problem:
            if app is not None and not problem.in_clear:  # else nobody knows whether it was the app
                self._note(app, parameters, problem.sub_code, began)
            if request_is_for_a_page(request, parameters):
                return _page(problem, request)
            return await self._json(problem.content(), parameters, app, sealed=not problem.in_clear)
        except Exception:  # the one place where a mistake of ours still has to be answered in the wire's own form
            log.exception("a call failed", method=parameters.ascii("method"))
            answered = unknown_result().content()
            if app is None:  # not even the app could be looked up: the database is away
                return await self._json(answered, parameters, self._apps.known(parameters.ascii("app_id")))
        if app is not None:
            self._note(app, parameters, _code_of(answered), began)
        if isinstance(answered, Redirect):
            return HttpAnswer(status=302, content_type="text/plain; charset=utf-8", body=b"", location=answered.url)
        return await self._json(answered, parameters, app)

    async def way_back(self, trade_id: int, key: str) -> str | None:
        """Where a browser that comes back from the cashier goes: the shop's address, signed once the trade is paid.

        None for a link that was not made by `way_back_link`.
        """
        standing = await self._reads.ask_async(standing_of, trade_id) if trade_id > 0 else None
        expected = _back_key(standing.trade) if standing is not None else ""
        if standing is None or not expected or not hmac.compare_digest(expected.encode(), key.encode()):
            return None
        trade = standing.trade
        if trade.state is not TradeState.PAID:
            return trade.detail.quit_url or trade.detail.return_url or None
        at, _ = await self._engine.look_async()
        # Its key may have to be read, and its signature is made: not in the event loop.
        return await asyncio.to_thread(self._signed_way_back, trade, at.instant)

    def sign_in(self, query: str) -> str:
        """Where a browser goes that asked us, by the name of the real one, for the page where she signs in."""
        return self._settings.cashier.sign_in(query)

    async def bill(self, query: Callable[[str], str]) -> BillFile | None:
        """The file behind a link of `BillLinks`; None for a link that is not ours or too old. query: its parameters."""
        period = self._settings.bills.read(query, self.wall_now())
        if period is None:
            return None
        _, reference = await self._engine.look_async()
        app = reference.apps.get(period.app_id)
        return await self._reads.ask_async(bills.bill_of, period, app.merchant_id) if app is not None else None

    # ── what both fronts do ───────────────────────────────────────────────────────────────────────────────────────────

    async def caller(self, text: str) -> Caller:
        """The app of that number, as a request names it. Raises Problem."""
        at, reference = await self._engine.look_async()
        app: CallingApp | None = None
        if text.isdigit() and len(text) < 19:
            wanted = int(text), reference.version
            app = self._apps.recall(*wanted) or await asyncio.to_thread(self._apps.calling, *wanted)
        if app is None:
            raise invalid("isv.invalid-app-id", f"无效的AppID参数: no app {text[:32]} is registered here")
        return Caller(app, at, reference)

    async def read(self, call: Callable[[Callable[[], bool]], Call], app_id: int, *, request_line: str) -> Call:
        """The call, verified. Raises Problem; why a signature is wrong is found out, and kept, in a thread.

        call: reads it, told whether a wrong signature may be explained.
        """
        try:
            return call(lambda: False)
        except SignatureWrong:
            return await asyncio.to_thread(self._read_thoroughly, call, app_id, request_line)

    async def served(self, call: Call, caller: Caller) -> Answered:
        """What the method answers to a request that may be believed. Raises Problem."""
        desk = self._desk(caller)
        if call.notify_url is not None:
            _check_notify_url(call.notify_url, allow_loopback=desk.app.allow_loopback)
        answered = await METHODS[call.method](desk, call, call.request)
        if call.method not in _READING and self._faults.take("timeout"):
            return unknown_result().content()
        return answered

    def keys_of_others(self, app_id: int) -> Iterator[RegisteredKey]:
        return self._apps.others(app_id)

    def _read_thoroughly(self, call: Callable[[Callable[[], bool]], Call], app_id: int, request_line: str) -> Call:
        try:
            return call(lambda: self._pace.may_diagnose(app_id))
        except SignatureWrong as wrong:
            line = request_line[:512]
            self._failures.keep(wrong, app_id=app_id, request_line=line, received_at=self.wall_now())
            raise

    # ── `/gateway.do` ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _caller(self, parameters: Parameters) -> Caller:
        """The app that the request names. Raises Problem: nothing else is looked at before."""
        text = parameters.ascii("app_id")
        if text is None:
            raise missing("isv.missing-app-id", "缺少 app_id 参数: app_id is missing")
        return await self.caller(text)

    async def _serve(self, parameters: Parameters, caller: Caller, request: HttpRequest) -> Answered:
        app_id = int(caller.app.app_id)

        def call(may_diagnose: Callable[[], bool]) -> Call:
            return read_call(
                parameters,
                caller.app,
                wall_now=self.wall_now(),
                leeway=self._settings.timestamp_leeway,
                other_keys=self.keys_of_others(app_id),
                may_diagnose=may_diagnose,
            )

        line = f"{request.http_method} {request.path} method={parameters.ascii('method') or ''}"
        return await self.served(await self.read(call, app_id, request_line=line), caller)

    def _note(self, app: CallingApp, parameters: Parameters, answered: str, began: float) -> None:
        asked = parameters.ascii("method") or ""
        self.notes.note(app_id=int(app.app_id), wire=WIRE, asked=asked, answered=answered, began=began)

    def _desk(self, caller: Caller) -> Desk:
        app = caller.reference.apps[int(caller.app.app_id)]
        if app.state != "open":
            raise invalid("isv.invalid-app-id", f"应用已下线: app {app.id} is closed")
        return Desk(
            engine=self._engine,
            reads=self._reads,
            codes=self._codes,
            settings=self._settings,
            app=app,
            merchant=caller.reference.merchants[app.merchant_id],
            calling=caller.app,
            reference=caller.reference,
            on=caller.at.on,
            at=caller.at.instant,
            wall_now=self.wall_now(),
            faults=self._faults,
        )

    async def _json(
        self, content: Content, parameters: Parameters, app: CallingApp | None, *, sealed: bool = True
    ) -> HttpAnswer:
        """sealed: whether an answer to an encrypted content is encrypted as well."""
        charset = parameters.charset
        is_sealed = sealed and parameters.ascii("encrypt_type") == "AES"
        signed = object_bytes(content, charset=charset, aes_key=app.aes_key if is_sealed and app is not None else b"")
        signature = certificate_number = ""
        if app is not None:
            sign_type = answering_sign_type(parameters)
            signature = await self.sign(to_sign(signed, key=app.platform_key, sign_type=sign_type))
            certificate_number = answering_certificate(parameters, app)
        body = enclosed(signed, signature, method=parameters.ascii("method"), certificate_number=certificate_number)
        return HttpAnswer(status=200, content_type=f"application/json; charset={charset}", body=body)

    async def _verify_notify(self, parameters: Parameters) -> HttpAnswer:
        """`service=notify_verify&partner=…&notify_id=…`: whether we are the one who sent this notify, just now."""
        ids = ids_of(parameters.ascii("notify_id") or "")
        seen = None if ids is None else await self._reads.ask_async(find_notify, message_id=ids[0], event_id=ids[1])
        is_ours = seen is not None and str(seen.merchant_id) == parameters.ascii("partner")
        if is_ours and seen is not None and seen.delivered_at is not None:
            at, _ = await self._engine.look_async()
            is_ours = at.instant < seen.delivered_at + _VOUCHED_FOR
        return HttpAnswer(status=200, content_type="text/plain; charset=utf-8", body=b"true" if is_ours else b"false")

    def _signed_way_back(self, trade: Trade, at: datetime) -> str:
        return return_address(
            trade.detail.return_url,
            {
                "out_trade_no": trade.out_trade_no,
                "trade_no": str(trade.id),
                "total_amount": yuan_text(trade.amount_minor),
                "seller_id": str(trade.merchant_id),
            },
            method=trade.detail.product,
            app_id=str(trade.app_id),
            at=at,
            charset=charset_of(trade.detail.charset),
            sign_type="RSA" if trade.detail.extra.get("sign_type") == "RSA" else "RSA2",
            key=self._apps.platform_key(trade.app_id),
        )


def _code_of(answered: Answered) -> str:
    return "302" if isinstance(answered, Redirect) else str(answered["code"])


def way_back_link(trade: Trade, api_url: str) -> str:
    """The link behind `back to the shop` on a cashier's page: to us, who sign the shop's address; empty where there is
    none.

    The key in it was made with the order, so that nobody walks through other people's trades.
    """
    key = _back_key(trade)
    if not key:
        return trade.detail.return_url
    return f"{api_url}/gateway.do/return?{urlencode({'trade': trade.id, 'key': key})}"


def request_is_for_a_page(request: HttpRequest, parameters: Parameters) -> bool:
    """Whether a browser is waiting: a page method, asked for by somebody who reads HTML."""
    return parameters.ascii("method") in PAGE_METHODS and "text/html" in request.accept


def _check_notify_url(url: str, *, allow_loopback: bool) -> None:
    """Raises Problem for an address that we would never call; names are resolved and judged again at each call."""
    if (refusal := refuse_notify_url(url, allow_loopback=allow_loopback)) is not None:
        raise business("INVALID_PARAMETER", f"参数无效 notify_url: {sentence_of(refusal)}")


def _back_key(trade: Trade) -> str:
    return str(trade.detail.extra.get(orders.BACK_KEY, ""))


def _page(problem: Problem, request: HttpRequest) -> HttpAnswer:
    language = language_of(request.accept_language, request.cookies)
    return HttpAnswer(
        status=200, content_type="text/html; charset=utf-8", body=refused_page(problem, language), policy=POLICY
    )
