"""The example shop on django-oscar: a foreign shop system sells tea, and its forked checkout pays at our cashier."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.test_checkout import Browser

SHOP = Path(__file__).parents[2] / "examples" / "oscar"
PIN = "246810"
ADDRESS = {
    "first_name": "Alice",
    "last_name": "Lin",
    "line1": "1 West Lake Road",
    "line4": "Hangzhou",
    "postcode": "310000",
    "country": "CN",
}


class Shopper(Browser):
    """Somebody with a browser who knows Oscar's pages."""

    def send(self, url: str, **fields: str) -> None:
        (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page)[:1])
        self._seen(self._client.post(url, data={"csrfmiddlewaretoken": token, **fields}, headers={"Referer": self.url}))

    def buy(self, shop: str, tea: str) -> str:
        """From the shelf to the cashier; the order's number."""
        self.open(f"{shop}/catalogue/")
        (path,) = re.findall(rf'href="([^"]*/catalogue/{tea}_\d+/)"', self.page)[:1]
        self.open(shop + path)
        (basket,) = re.findall(r'action="([^"]*/basket/add/\d+/)"', self.page)[:1]
        self.send(shop + basket, quantity="1")
        self.open(f"{shop}/checkout/")
        self.send(f"{shop}/checkout/", username="alice@example.com", options="anonymous")
        self.send(f"{shop}/checkout/shipping-address/", **ADDRESS)
        assert "/checkout/preview/" in self.url, self.text[:500]
        self.send(f"{shop}/checkout/preview/", action="place_order")
        (asked,) = [parse_qs(urlsplit(url).query)["biz_content"][0] for url in self.way if "/gateway.do?" in url]
        return str(json.loads(asked)["out_trade_no"])

    def _seen(self, response: httpx.Response) -> None:
        super()._seen(response)
        self.way = [str(each.url) for each in response.history]


@pytest.fixture(scope="module")
def shop(only_sandbox: Any, sdk_python: Callable[[str], Path], tmp_path_factory) -> Iterator[Callable[..., Any]]:
    """Serves; called with Django code, runs it in the shop's shell."""
    only_sandbox.verb("reset")
    environment = {**only_sandbox.env, "SHOP_DATA": str(tmp_path_factory.mktemp("oscar"))}
    manage = [sdk_python("example-oscar"), "-W", "ignore", SHOP / "manage.py"]
    subprocess.run([*manage, "open_shop"], env=environment, check=True, timeout=120)
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port = tried.getsockname()[1]
    serving = subprocess.Popen(
        [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    class Open:
        url = f"http://127.0.0.1:{port}"

        @staticmethod
        def order(number: str) -> list[str]:
            """Its status, and what its payment source has taken and given back."""
            code = (
                "from shop.payments import Order\n"
                f"o = Order.objects.get(number={number!r}); s = o.sources.get()\n"
                "print(o.status, s.amount_debited, s.amount_refunded, sep='|')"
            )
            done = subprocess.run(
                [*manage, "shell", "--no-imports", "-c", code],
                env=environment, check=True, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            return done.stdout.strip().splitlines()[-1].split("|")

    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(Open.url, trust_env=False, timeout=30)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the shop does not answer"
                time.sleep(0.2)
        yield Open
    finally:
        serving.terminate()
        serving.wait(timeout=30)


@pytest.mark.sdk
def test_a_shopper_buys_tea_on_credit_and_is_thanked(only_sandbox, shop):
    shopper = Shopper()

    number = shopper.buy(shop.url, "longjing-250-g")
    waiting = shop.order(number)
    shopper.sign_in("alice")
    next_month = re.findall(r'name="way"[^>]*value="(credit[^"]*)"', shopper.page)[0]
    shopper.submit(way=next_month, pin=PIN)
    shopper.open(shopper.link("Return to"))

    assert waiting == ["Pending payment", "0.00", "0.00"]
    assert "/checkout/thank-you/" in shopper.url
    assert number in shopper.text
    assert shop.order(number) == ["Paid", "199.00", "0.00"]

    only_sandbox.verb("refund", number)

    assert shop.order(number) == ["Refunded", "199.00", "199.00"]


@pytest.mark.sdk
def test_who_pays_and_never_comes_back_has_an_order_all_the_same(only_sandbox, shop):
    number = Shopper().buy(shop.url, "tea-set-for-six")

    only_sandbox.verb("pay", number)

    assert shop.order(number) == ["Paid", "1280.00", "0.00"]


@pytest.mark.sdk
def test_a_message_that_the_gateway_did_not_sign_changes_nothing(shop):
    number = Shopper().buy(shop.url, "puer-cake-2012")
    forged = {"out_trade_no": number, "trade_status": "TRADE_SUCCESS", "trade_no": "1", "total_amount": "380.00"}

    answers = [
        httpx.post(f"{shop.url}/checkout/notify/", data={**forged, "sign": "AAAA"}, trust_env=False, timeout=30),
        httpx.get(f"{shop.url}/checkout/paid/", params=forged, trust_env=False, timeout=30),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert shop.order(number)[0] == "Pending payment"
