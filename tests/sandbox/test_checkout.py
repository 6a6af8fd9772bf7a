"""A shopper's way through the real pages, over HTTP, from either wire and back to the shop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

PIN = "246810"


class Browser:
    """As much of one as forms and links need."""

    def __init__(self) -> None:
        self._client = httpx.Client(trust_env=False, follow_redirects=True, timeout=30)
        self.page = ""
        self.url = ""

    def open(self, url: str) -> None:
        self._seen(self._client.get(url))

    def submit(self, **filled: str) -> None:
        """Send the page's form as it is, with what was filled in."""
        (hidden,) = [re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form) for form in self._forms()]
        self._seen(self._client.post(self.url, data={**dict(hidden), **filled}, headers={"Referer": self.url}))

    def sign_in(self, name: str) -> None:
        self.submit(logon=name, password="sandbox")

    def link(self, text: str) -> str:
        found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>[^<]*(?:{text})', self.page)
        assert found is not None, self.text
        return found[1].replace("&amp;", "&")

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page))

    def _forms(self) -> list[str]:
        return [form for form in re.findall(r"<form.*?</form>", self.page, re.DOTALL) if 'type="password"' in form]

    def _seen(self, response: httpx.Response) -> None:
        self.page, self.url = response.text, str(response.url)


class Webhooks:
    """The REST shop's listener."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    made = Webhooks()
    yield made
    made.close()


def ask_by_rest(sandbox: Any, number: str, amount_minor: int) -> dict[str, Any]:
    answer = httpx.post(
        f"{sandbox.env['API_URL']}/v1/payments",
        json={"amount_minor": amount_minor, "subject": "Tea set", "order_number": number},
        headers={"Authorization": f"Bearer {sandbox.env['API_KEY']}", "Idempotency-Key": number},
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    asked: dict[str, Any] = answer.json()
    return asked


@pytest.mark.usefixtures("first_morning")
def test_a_rest_order_is_paid_in_installments_at_the_cashier_and_the_shop_is_told(sandbox, webhooks):
    sandbox.verb("set", "shop", "--webhook", webhooks.url)
    asked = ask_by_rest(sandbox, "C1", 120_000)
    browser = Browser()
    browser.open(asked["checkout_url"])
    browser.sign_in("alice")

    browser.submit(way="credit-3", pin=PIN)
    sandbox.verb("clock")

    assert "¥1,200.00" in browser.text
    line = sandbox.verb("statement", "alice")["line"]
    assert (line["committed"], line["owed"]) == ("1200.00", "0.00")
    headers, body = webhooks.heard[0]
    told = json.loads(body)
    assert (told["type"], told["data"]["payment"]["order_number"]) == ("payment.paid", "C1")
    assert headers["webhook-signature"] == signature_of(sandbox.env["WEBHOOK_SECRET"], headers, body)


@pytest.mark.usefixtures("first_morning")
def test_a_wrong_pin_a_decline_on_purpose_and_then_paid(sandbox):
    asked = ask_by_rest(sandbox, "C2", 5_000)
    browser = Browser()
    browser.open(asked["checkout_url"])
    browser.sign_in("alice")

    browser.submit(way="credit-0", pin="000000")
    wrong_pin = browser.text
    sandbox.verb("fail", "decline")
    browser.submit(way="credit-0", pin=PIN)
    declined = browser.text
    browser.open(asked["checkout_url"])
    browser.submit(way="wallet-0", pin=PIN)

    assert "PIN" in wrong_pin
    assert "declined because the sandbox was told to" in declined
    assert sandbox.verb("statement", "alice")["wallet"] == "450.00"


@pytest.mark.usefixtures("first_morning")
def test_a_page_pay_order_leads_to_the_cashier_and_back_with_a_signed_query(sandbox, tea_house, sdk_python):
    order = {"out_trade_no": "C3", "total_amount": "88.00", "subject": "Tea", "product_code": "FAST_INSTANT_TRADE_PAY"}
    browser = Browser()
    browser.open(tea_house.page("alipay.trade.page.pay", order, return_url="http://127.0.0.1:9/thanks?cart=7"))
    browser.sign_in("alice")
    browser.submit(way="credit-0", pin=PIN)

    back = httpx.get(browser.link("Back|Return|back"), trust_env=False)

    location = urlsplit(back.headers["location"])
    query = dict(parse_qsl(location.query))
    assert (back.status_code, location.path, query.pop("cart")) == (302, "/thanks", "7")
    assert (query["out_trade_no"], query["total_amount"]) == ("C3", "88.00")
    assert tea_house.is_genuine(query)


def test_after_a_reset_the_same_pages_know_nobody_and_sell_as_on_the_first_morning(sandbox):
    browser = Browser()
    browser.open(ask_by_rest(sandbox, "C4", 5_000)["checkout_url"])
    browser.sign_in("alice")
    browser.submit(way="wallet-0", pin=PIN)

    sandbox.verb("reset")
    browser.open(ask_by_rest(sandbox, "C4", 7_000)["checkout_url"])
    assert 'name="password"' in browser.page
    browser.sign_in("alice")
    browser.submit(way="wallet-0", pin=PIN)

    assert sandbox.verb("statement", "alice")["wallet"] == "430.00"
    assert sandbox.verb("prove")["holds"]


def signature_of(secret: str, headers: dict[str, str], body: bytes) -> str:
    """As a listener computes it, by the specification of Standard Webhooks."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"
