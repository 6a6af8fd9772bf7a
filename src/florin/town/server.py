"""The street's server: the page, what a shopper does on it, and the door where the shops are told that they are paid.

It serves on loopback, beside the house and not in it. A page works without JavaScript; with it, what changes comes by itself.
What a browser sends must come from the street's own pages, because a button here signs a shopper in at the cashier.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from florin.app.listening import Address
from florin.events.refusals import Language
from florin.pages.language import COOKIE, accepted, known
from florin.sandbox.control import ControlServer
from florin.sandbox.instance import Instance
from florin.sandbox.provision import PIN
from florin.sandbox.thread import ServingThread
from florin.town.doors import DOORS
from florin.town.page import next_bill_on, show_street
from florin.town.people import MEI, RESIDENTS
from florin.town.render import asset, render_street
from florin.town.shops import Shops
from florin.town.texts import text
from florin.town.tickets import write_ticket
from florin.town.town import Town
from florin.town.wires import WireFailed

_BODY_BYTES_MAX = 64 * 1024
_YEAR_S = 365 * 24 * 3600

AnyRequest = Request[Any, Any, Any]

_log = structlog.get_logger(__name__)


class Street:
    """The street as a context manager: it serves at `at`, a reserved address, while it is entered."""

    def __init__(self, instance: Instance, town: Town, control: ControlServer, *, at: Address) -> None:
        self._instance = instance
        self._town = town
        self._control = control
        self._at = at
        self.shops = Shops(town, api_url=instance.api_at[0].url)
        self._thread = ServingThread([at], name="florin-street")
        self._engine = instance.engine
        self._asking = threading.Lock()
        self._pages: dict[tuple[str, str, str], tuple[tuple[Any, ...], str]] = {}

    @property
    def url(self) -> str:
        return self._at.url

    def __enter__(self) -> Street:
        self._thread.application = self._application()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()
        self.shops.close()

    # ── what is asked of it ───────────────────────────────────────────────────────────────────────────────────────────

    def page(self, *, logon: str, language: Language, notice: str = "") -> str:
        """The whole page. Asked again while nothing has happened, by whoever watches, it is the same one."""
        self._forget_after_reset()
        self._lay_out_code(language)
        asked, pulse = (logon, language, notice), self._pulse()
        kept = self._pages.get(asked)
        if kept is not None and kept[0] == pulse:
            return kept[1]
        shown = show_street(self._instance, self._town, self.shops, logon=logon, language=language, notice=notice)
        html = render_street(shown, pin=PIN, pages_url=self._instance.pages_at.url)
        self._pages[asked] = pulse, html
        return html

    def _forget_after_reset(self) -> None:
        """A reset house has another engine, and none of the orders that shops remember."""
        if self._instance.engine is not self._engine:
            self._engine = self._instance.engine
            self._pages.clear()
            self.shops.forget()

    def _pulse(self) -> tuple[Any, ...]:
        """What is another when anything has happened: in the house, with its reference rows, to its clock, in the shops."""
        with self._instance.reads.connection() as connection:
            row = connection.execute(_PULSE).fetchone()
        assert row is not None, "every house has its clock"
        return (*row, self.shops.heard)

    def buy(self, *, market: str, logon: str, language: Language, installments: int) -> str:
        """An order of one piece, and where the buyer's browser goes with it: past the entrance, to where it is paid."""
        door = DOORS[market]
        plan = installments if installments and installments == door.installments else 0
        order = self.shops.ask(market, buyer=logon, language=language, now=self._now(), installments=plan)
        return self._enter(logon, order.address)

    def go_on(self, *, number: str, logon: str) -> str | None:
        """Back to an order that waits; None when it does so no more."""
        order = next((each for each in self.shops.orders() if each.number == number), None)
        if order is None or order.buyer != logon or not order.waits(self._now()):
            return None
        return self._enter(logon, order.address)

    def scan(self, *, market: str, logon: str) -> str | None:
        """What a phone does with the stall's code: go where it says."""
        order = self.shops.waiting(market, now=self._now())
        return None if order is None else self._enter(logon, order.address)

    def receive(self, *, number: str, language: Language) -> str:
        """The buyer has it in her hands. Returns what the house said against it, empty when nothing."""
        return self._drive("receive", {"out_trade_no": number}, language)

    def pass_time(self, language: Language, *, until_bill: bool) -> str:
        """Let a day pass, or all until the next bills; each is closed. Returns what went wrong, empty when nothing."""
        today = self._instance.engine.at().on
        until = next_bill_on(today) if until_bill else today + timedelta(days=1)
        return self._drive("clock", {"to": str(until)}, language)

    def look_in(self, logon: str) -> str:
        """To the shopper's own pages."""
        return self._enter(logon, "/")

    def _drive(self, verb: str, wanted: Mapping[str, Any], language: Language) -> str:
        status, answer = self._control.do(verb, wanted)
        return "" if status == 200 else str(answer.get("sentence") or text(language, "went_wrong"))

    def _enter(self, logon: str, address: str) -> str:
        return f"{self._instance.pages_at.url}/enter/{write_ticket(logon=logon, going_to=address)}"

    def _lay_out_code(self, language: Language) -> None:
        """The stall always has a code that can be paid: after each sale, and when one has run out, another."""
        for door in DOORS.values():
            if not door.by_code:
                continue
            with self._asking:
                if self.shops.waiting(door.market, now=self._now()) is None:
                    self.shops.ask(door.market, buyer="", language=language, now=self._now())

    def _now(self) -> datetime:
        return self._instance.engine.at().instant

    # ── over HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _application(self) -> Litestar:
        street = self

        @get("/", media_type="text/html")
        async def page(request: AnyRequest) -> Response[str]:
            logon, language = _shopper(request), _language(request)
            asked = request.query_params.get("notice", "")
            notice = text(language, asked) if asked in _NOTICES else ""
            html = await asyncio.to_thread(street.page, logon=logon, language=language, notice=notice)
            response = Response(html, media_type="text/html; charset=utf-8")
            if known(request.query_params.get("lang")):
                response.set_cookie(COOKIE, language, max_age=_YEAR_S, samesite="lax")
            return response

        @get("/static/{version:str}/{name:str}")
        async def static(version: str, name: str) -> Response[bytes]:
            found = asset(name)
            if found is None or found.version != version:
                raise NotFoundException
            headers = {"Cache-Control": "public, max-age=31536000, immutable"}
            return Response(found.content, media_type=found.type, headers=headers)

        @post("/buy", status_code=303)
        async def buy(request: AnyRequest) -> Redirect:
            form = await _form(request)
            market, count = form.get("market", ""), form.get("installments", "0")
            if market not in DOORS:
                raise NotFoundException
            return await _go(
                lambda: street.buy(
                    market=market,
                    logon=_named(form),
                    language=_language(request),
                    installments=int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 0,
                ),
                back=_address(form),
            )

        @post("/continue", status_code=303)
        async def go_on(request: AnyRequest) -> Redirect:
            form = await _form(request)
            return await _go(
                lambda: street.go_on(number=form.get("number", ""), logon=_named(form)), back=_address(form)
            )

        @post("/scan", status_code=303)
        async def scan(request: AnyRequest) -> Redirect:
            form = await _form(request)
            return await _go(lambda: street.scan(market="street", logon=_named(form)), back=_address(form))

        @post("/receive", status_code=303)
        async def receive(request: AnyRequest) -> Redirect:
            form = await _form(request)
            said = await asyncio.to_thread(street.receive, number=form.get("number", ""), language=_language(request))
            return Redirect(_address(form, notice="not_received" if said else "", fragment="fen"), status_code=303)

        @post("/pages", status_code=303)
        async def pages(request: AnyRequest) -> Redirect:
            form = await _form(request)
            return Redirect(street.look_in(_named(form)), status_code=303)

        @post("/time", status_code=303)
        async def pass_time(request: AnyRequest) -> Redirect:
            form = await _form(request)
            until_bill = form.get("until") == "bill"
            said = await asyncio.to_thread(street.pass_time, _language(request), until_bill=until_bill)
            return Redirect(_address(form, notice="went_wrong" if said else ""), status_code=303)

        @get("/back")
        async def back(request: AnyRequest) -> Redirect:
            """Where the cashier sends the buyer: it says nothing of success, the page does when the shop was told."""
            return Redirect(f"/?{urlencode({'as': _shopper(request)})}#fen")

        @post("/told/{market:str}", status_code=200)
        async def told(request: AnyRequest, market: str) -> Response[bytes]:
            body = await request.body()
            if market not in DOORS or len(body) > _BODY_BYTES_MAX:
                raise NotFoundException
            headers = {name.lower(): value for name, value in request.headers.items()}
            thanks = await asyncio.to_thread(street.shops.hear, market, headers=headers, body=body)
            if thanks is None:
                raise PermissionDeniedException("the signature is not the house's")
            return Response(thanks, media_type="text/plain")

        return Litestar(
            route_handlers=[page, static, buy, go_on, scan, receive, pass_time, pages, back, told],
            before_request=self._refuse_strangers,
            after_request=self._with_policy,
            exception_handlers={HTTPException: _refused, Exception: _our_mistake},
            openapi_config=None,
            logging_config=None,
        )

    async def _refuse_strangers(self, request: AnyRequest) -> None:
        """Nobody reaches the street by another name, and no other site presses its buttons."""
        if request.headers.get("host", "") not in (str(self._at), f"localhost:{self._at.port}"):
            raise PermissionDeniedException("this street has another address")
        if request.method == "POST" and request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise PermissionDeniedException("sent from another site")

    async def _with_policy(self, response: Response[Any]) -> Response[Any]:
        """As the house's pages; a form may lead on to the cashier, and the page may ask itself for what has changed."""
        leads_to = f"'self' {self._instance.pages_at.url} {self._instance.api_at[0].url}"
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"form-action {leads_to}; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refused(request: AnyRequest, refusal: HTTPException) -> Response[str]:
    return Response(refusal.detail, status_code=refusal.status_code, media_type="text/plain")


def _our_mistake(request: AnyRequest, failure: Exception) -> Response[str]:
    _log.error("the street failed", path=request.url.path, exc_info=failure)
    return Response(text(_language(request), "went_wrong"), status_code=500, media_type="text/plain; charset=utf-8")


_PULSE = """
    SELECT business_on, reference_version, (SELECT coalesce(sum(events), 0) FROM batch)
      FROM clock
"""
# Texts that an address may ask the page to show.
_NOTICES = ("not_received", "not_taken", "went_wrong")


async def _go(where: Callable[[], str | None], *, back: str) -> Redirect:
    try:
        address = await asyncio.to_thread(where)
    except WireFailed:
        address = None
    return Redirect(address or f"{back}&notice=not_taken", status_code=303)


async def _form(request: AnyRequest) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body[:_BODY_BYTES_MAX].decode("utf-8", "replace")))


def _shopper(request: AnyRequest) -> str:
    asked = request.query_params.get("as", "")
    return asked if asked in RESIDENTS else MEI.logon


def _named(form: Mapping[str, str]) -> str:
    return form["as"] if form.get("as") in RESIDENTS else MEI.logon


def _address(form: Mapping[str, str], *, notice: str = "", fragment: str = "") -> str:
    query = {"as": _named(form)} | ({"notice": notice} if notice else {})
    return f"/?{urlencode(query)}" + (f"#{fragment}" if fragment else "")


def _language(request: AnyRequest) -> Language:
    chosen = known(request.query_params.get("lang")) or known(request.cookies.get(COOKIE))
    return chosen or accepted(request.headers.get("accept-language", ""))
