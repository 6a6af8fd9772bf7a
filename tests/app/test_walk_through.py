"""A house from nothing, by commands alone: a shop of each wire sells by HTTP, the shopper pays, and the books hold."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from app.serving import Serving, served
from florin.store import temporary_data_dir

PASSWORD, PIN = "correct horse", "246810"


def run(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "florin", *arguments, "--data", str(folder)],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "FLORIN_DATABASE_URL": "", "COLUMNS": "200"},
    )


class Walk:
    """One house, from its empty folder to its proof."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: dict[str, Any] = {}

    def florin(self, *arguments: str, given: str = "") -> Any:
        done = run(self.folder, *arguments, "--json", given=given)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


class Browser:
    """Somebody's browser, and the PIN that she knows."""

    def __init__(self, pages: str, pin: str = PIN) -> None:
        self.browser = httpx.Client(base_url=pages, trust_env=False, timeout=20, follow_redirects=True)
        self.pin = pin

    def open(self, url: str) -> tuple[str, dict[str, str]]:
        """(address, hidden fields) of the form to which this address leads."""
        page = self.browser.get(url)
        assert page.status_code == 200, page.text
        return str(page.url), dict(re.findall(r'name="(csrfmiddlewaretoken|key)" value="([^"]+)"', page.text))

    def sign_in(self, logon: str = "alice") -> str:
        """What is read after it."""
        return self._send("/sign-in", logon=logon, password=PASSWORD)

    def pay_later(self, url: str) -> str:
        return self._send(url, way="credit-0", pin=self.pin)

    def _send(self, url: str, **fields: str) -> str:
        address, hidden = self.open(url)
        here = {"Origin": str(self.browser.base_url).rstrip("/")}
        return self.browser.post(address, data={**hidden, **fields}, headers=here).text


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with temporary_data_dir() as folder:
        yield Walk(Path(folder) / "house")


@pytest.fixture(scope="module")
def shop_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def serving(walk: Walk, shop_key: rsa.RSAPrivateKey) -> Iterator[Serving]:
    """An empty house that serves, and then everybody who is needed, made by commands beside it."""
    for refused in (run(walk.folder, "merchant", "list"), run(walk.folder, "prove")):
        assert (refused.returncode, "There is no house" in refused.stderr) == (1, True)
    assert not walk.folder.exists()
    walk.folder.parent.chmod(0o711)
    with served(walk.folder) as serving:
        walk.florin("merchant", "add", "Tea House", "--mdr", "0.60%", "--login", "tea", given=f"{PASSWORD}\n")
        pem = shop_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        add = ("app", "add", "Tea House", "--market", "direct", "--wire")
        walk.made["alipay"] = walk.florin(*add, "alipay", "--public-key", "-", given=pem)["settings"]
        walk.made["rest"] = walk.florin(*add, "rest")["settings"]
        walk.florin("shopper", "add", "alice", "--name", "Alice", "--limit", "1000.00", given=f"{PASSWORD}\n{PIN}\n")
        yield serving


def test_commands_know_where_the_house_serves(walk: Walk, serving: Serving):
    assert walk.made["rest"]["API_URL"] == serving.api
    assert walk.made["alipay"]["GATEWAY_URL"] == f"{serving.api}/gateway.do"


def rest(walk: Walk, number: str, amount_minor: int = 0) -> dict[str, Any]:
    """An order of this number, asked for when an amount is given, and asked about when it is not."""
    url, key = walk.made["rest"]["API_URL"], walk.made["rest"]["API_KEY"]
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": number}
    if not amount_minor:
        return httpx.get(f"{url}/v1/payments/{number}", headers=headers, trust_env=False).json()
    order = {"amount_minor": amount_minor, "subject": "Tea set", "order_number": number}
    return httpx.post(f"{url}/v1/payments", json=order, headers=headers, trust_env=False).json()


def used_minor(walk: Walk) -> int:
    return walk.florin("shopper", "list")[0]["line"]["exposure_minor"]


def test_a_sale_through_the_rest_wire_paid_later_at_the_cashier(walk: Walk, serving: Serving):
    before = used_minor(walk)
    asked = rest(walk, "TEA-1", 19_900)
    alice = Browser(serving.pages)
    alice.sign_in()

    alice.pay_later(asked["checkout_url"])

    paid = rest(walk, asked["id"])
    assert (paid["state"], paid["paid_minor"]) == ("captured", 19_900)
    assert used_minor(walk) - before == 19_900


def call_gateway(walk: Walk, key: rsa.RSAPrivateKey, method: str, content: dict[str, str]) -> dict[str, Any]:
    """As a shop's SDK does: sign, send, and check the answer's signature with the key that the command printed."""
    fields = {
        "app_id": walk.made["alipay"]["APP_ID"],
        "method": method,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}",
        "version": "1.0",
        "biz_content": json.dumps(content),
    }
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()
    sign = base64.b64encode(key.sign(text, padding.PKCS1v15(), SHA256())).decode()
    body = httpx.post(walk.made["alipay"]["GATEWAY_URL"], data={**fields, "sign": sign}, trust_env=False).content
    name = method.replace(".", "_") + "_response"
    signed = body[body.index(name.encode()) + len(name) + 2 : body.rindex(b',"sign"')]
    ours = load_der_public_key(base64.b64decode(walk.made["alipay"]["ALIPAY_PUBLIC_KEY"]))
    assert isinstance(ours, rsa.RSAPublicKey)
    ours.verify(base64.b64decode(json.loads(body)["sign"]), signed, padding.PKCS1v15(), SHA256())
    return json.loads(body)[name]


def test_a_sale_through_the_alipay_wire_signed_with_the_keys_that_were_exchanged(walk, serving, shop_key):
    order = {"out_trade_no": "TEA-2", "total_amount": "250.00", "subject": "Tea set"}
    asked = call_gateway(walk, shop_key, "alipay.trade.precreate", order)
    alice = Browser(serving.pages)
    alice.sign_in()

    alice.pay_later(asked["qr_code"])

    found = call_gateway(walk, shop_key, "alipay.trade.query", {"out_trade_no": "TEA-2"})
    assert (asked["code"], found["trade_status"], found["total_amount"]) == ("10000", "TRADE_SUCCESS", "250.00")


def test_a_frozen_line_is_refused_at_the_cashier_and_an_unfrozen_one_pays(walk: Walk, serving: Serving):
    asked = rest(walk, "TEA-3", 100)
    walk.florin("shopper", "pin", "alice", given="135790\n")
    alice = Browser(serving.pages, pin="135790")
    alice.sign_in()
    walk.florin("shopper", "freeze", "alice")

    alice.pay_later(asked["checkout_url"])
    while_frozen = rest(walk, asked["id"])["state"]
    walk.florin("shopper", "unfreeze", "alice")
    alice.pay_later(asked["checkout_url"])

    walk.florin("shopper", "pin", "alice", given=f"{PIN}\n")
    assert (while_frozen, rest(walk, asked["id"])["state"]) == ("waiting", "captured")


def test_a_closed_app_is_refused_and_a_reopened_one_is_not(walk: Walk, serving: Serving, shop_key: rsa.RSAPrivateKey):
    app_id, order = walk.made["alipay"]["APP_ID"], {"out_trade_no": "TEA-4", "total_amount": "1.00", "subject": "A cup"}

    walk.florin("app", "close", app_id)
    closed = call_gateway(walk, shop_key, "alipay.trade.precreate", order)
    walk.florin("app", "reopen", app_id)
    reopened = call_gateway(walk, shop_key, "alipay.trade.precreate", order)

    assert (closed["sub_code"], reopened["code"]) == ("isv.invalid-app-id", "10000")


def test_the_merchants_login_shows_its_sales(walk: Walk, serving: Serving):
    alice = Browser(serving.pages)
    alice.sign_in()
    alice.pay_later(rest(walk, "TEA-5", 100)["checkout_url"])

    assert "TEA-5" in Browser(serving.pages).sign_in("tea")


def test_a_second_serve_on_the_folder_is_refused_with_the_firsts_process_and_addresses(walk: Walk, serving: Serving):
    refused = run(walk.folder, "serve", "--api", "127.0.0.1:0", "--pages", "127.0.0.1:0")

    assert refused.returncode == 1
    assert f"process {serving.process.pid}" in refused.stderr
    assert serving.api in refused.stderr
    assert serving.pages in refused.stderr
    assert httpx.get(f"{serving.pages}/sign-in", trust_env=False).status_code == 200


def test_the_books_hold_while_it_serves_and_everything_works_when_it_does_not(walk: Walk, serving: Serving):
    alice = Browser(serving.pages)
    alice.sign_in()
    alice.pay_later(rest(walk, "TEA-6", 500)["checkout_url"])
    used = used_minor(walk)
    assert walk.florin("prove")["holds"] is True

    serving.stop()

    assert walk.florin("prove")["holds"] is True
    assert used_minor(walk) == used >= 500
    walk.florin("shopper", "limit", "alice", "500.00")
    walk.florin("merchant", "freeze", "Tea House")
    walk.florin("app", "add", "Tea House", "--market", "escrow", "--wire", "rest")
    assert walk.florin("merchant", "list")[0]["state"] == "frozen"
    assert len(walk.florin("keys", "list")["api_keys"]) == 2
    with served(walk.folder) as again:
        assert httpx.get(f"{again.pages}/sign-in", trust_env=False).status_code == 200
