"""A merchant's webhook endpoints: topics, two secrets while one is rotated, each try in a log, told again on request."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

from florin.engine import clock
from florin.engine.outbox import Outbox
from florin.payments.settle import SettlePayout
from florin.wires.rest import RestRenderer, Settings
from wires.rest.house import RestHouse, checkout
from world import DIRECT_APP, SHOP

HOW_TO = (Path(__file__).parents[3] / "docs/how-to/webhooks.md").read_text(encoding="utf-8")


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", HOW_TO, re.DOTALL)
    return found


class Listener:
    """Keeps what it was told; answers what it is set to."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(listener.status)
                self.send_header("Content-Length", "4")
                self.end_headers()
                self.wfile.write(b"done")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/told"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def topics(self) -> list[str]:
        return [re.search(rb'"type":"([^"]+)"', body)[1].decode() for _, body in self.told]  # type: ignore[index]


@pytest.fixture
def listener():
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def shop(house: RestHouse):
    """The shop's app is on this machine, so its endpoints may be too."""
    house.world.connection.execute("UPDATE app SET allow_loopback = true WHERE id = %s", [DIRECT_APP])
    house.world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    house.world.connection.commit()
    house.world.person("alice", limit_minor=1_000_000)
    return house


def deliver(house: RestHouse, *, later: timedelta = timedelta(0)) -> int:
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        renderer = RestRenderer(Settings(checkout_url=checkout))
        outbox = Outbox(connection, {"rest": renderer}, now=lambda: clock.read(connection).instant + later)
        return asyncio.run(outbox.drain())


def test_an_endpoint_hears_its_topics_and_its_messages_are_signed_as_the_page_says(shop: RestHouse, listener: Listener):
    everything = shop.shop.post("/v1/webhooks/endpoints", {"url": listener.url})
    payouts = shop.shop.post("/v1/webhooks/endpoints", {"url": listener.url, "topics": ["payout.returned"]}).json()
    shop.sale("alice", 10_000)
    began = time.monotonic()
    deliver(shop)
    took_s = time.monotonic() - began
    assert (everything.status_code, listener.topics) == (201, ["payment.paid"])
    assert took_s < 1

    shop.world.until(shop.world.today + timedelta(days=1))
    payout_id = shop.world.one("SELECT id FROM payout")
    told = {"payout_id": payout_id, "merchant_id": SHOP, "amount_minor": 9_940, "bank_reference": "b1"}
    shop.world.do(SettlePayout(**told, returned=True, reason="account closed", reason_code="AC04"))
    deliver(shop)

    assert sorted(listener.topics) == ["payment.paid", "payout.returned", "payout.returned", "payout.sent"]
    namespace: dict[str, object] = {}
    exec(snippet("python"), namespace)
    verify = namespace["verify"]
    headers, body = listener.told[0]
    secret = everything.json()["secret"]
    assert verify(secret, headers, body)  # type: ignore[operator]
    assert not verify(secret, headers, body + b" ")  # type: ignore[operator]
    assert not verify(payouts["secret"], headers, body)  # type: ignore[operator]
    assert not verify(secret, {**headers, "webhook-timestamp": "1"}, body)  # type: ignore[operator]
    returned = [body for _, body in listener.told if b"payout.returned" in body]
    assert all(b'"reason_code":"AC04"' in body and f'"payout_id":"{payout_id}"'.encode() in body for body in returned)


def test_while_a_secret_is_rotated_both_sign(shop: RestHouse, listener: Listener):
    first = shop.shop.post("/v1/webhooks/endpoints", {"url": listener.url}).json()
    second = shop.shop.post(f"/v1/webhooks/endpoints/{first['id']}/rotate").json()
    shop.sale("alice", 10_000)
    deliver(shop)
    shop.world.connection.execute("UPDATE webhook_endpoint SET old_until = now() - interval '1 second'")
    shop.world.connection.commit()
    shop.sale("alice", 10_000)
    deliver(shop)

    namespace: dict[str, object] = {}
    exec(snippet("python"), namespace)
    fits = [
        [namespace["verify"](one["secret"], *told) for one in (first, second)]  # type: ignore[operator]
        for told in listener.told
    ]
    assert fits == [[True, True], [False, True]]


def test_each_try_is_in_the_log_and_what_nobody_heard_is_told_again_under_its_identity(
    shop: RestHouse, listener: Listener
):
    added = shop.shop.post("/v1/webhooks/endpoints", {"url": listener.url, "topics": ["payment.paid"]}).json()
    since = shop.world.engine.at().instant.isoformat()
    listener.status = 500
    shop.sale("alice", 10_000)
    deliver(shop)
    deliver(shop, later=timedelta(minutes=2))
    (second, first) = shop.shop.get("/v1/webhooks/deliveries").json()["items"]
    assert [(one["attempt"], one["status"], one["heard"], one["answer"]) for one in (first, second)] == [
        (1, 500, False, "500 done"), (2, 500, False, "500 done"),
    ]  # fmt: skip
    assert (first["endpoint_id"], first["state"], first["topic"]) == (added["id"], "waiting", "payment.paid")
    assert 0 <= first["latency_ms"] < 1_000

    listener.status = 204
    replayed = shop.shop.post("/v1/webhooks/replay", {"failed_since": since}).json()
    deliver(shop)
    one_more = shop.shop.post("/v1/webhooks/replay", {"message_id": first["message_id"]}).json()
    deliver(shop)

    assert (replayed, one_more) == ({"replayed": 1}, {"replayed": 1})
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 1
    assert len({body for _, body in listener.told}) == 1
    heard = [one["heard"] for one in shop.shop.get("/v1/webhooks/deliveries").json()["items"]]
    assert sorted(heard) == [False, False, True, True]


def test_what_cannot_be_an_endpoint_is_refused_by_name(shop: RestHouse, listener: Listener):
    def tried(**body: object) -> str:
        return shop.shop.post("/v1/webhooks/endpoints", body).json()["code"]

    assert tried(url="http://10.0.0.7/told") == "AddressNotPublic"
    assert tried(url="http://169.254.169.254/latest") == "AddressNotPublic"
    assert tried(url="https://user:secret@shop.test/told") == "AddressCarriesCredentials"
    assert tried(url="https://shop.test/told", topics=["payment.stolen"]) == "TopicUnknown"
    numbers = [shop.shop.post("/v1/webhooks/endpoints", {"url": listener.url}).json()["id"] for _ in range(10)]
    assert tried(url=listener.url) == "TooManyEndpoints"
    assert shop.shop.post("/v1/webhooks/endpoints/4242/rotate").json()["code"] == "NoSuchEndpoint"
    shop.sale("alice", 10_000)
    left = shop.shop.post(f"/v1/webhooks/endpoints/{numbers[0]}/remove").json()["items"]
    deliver(shop)

    assert (len(left), len(listener.told)) == (9, 9)


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")
def test_the_pages_snippet_for_node_verifies_a_message():
    check = (
        snippet("javascript")
        + """
        const key = Buffer.from("c2VjcmV0", "base64"), body = Buffer.from("{}"), at = String(Math.floor(Date.now() / 1000));
        const signed = "v1," + crypto.createHmac("sha256", key).update(`evt_1.${at}.{}`).digest("base64");
        const headers = { "webhook-id": "evt_1", "webhook-timestamp": at, "webhook-signature": "v1,old " + signed };
        if (!verify("whsec_c2VjcmV0", headers, body)) process.exit(1);
        if (verify("whsec_c2VjcmV0", headers, Buffer.from("{ }"))) process.exit(2);
        """
    )
    assert subprocess.run(["node", "-e", check], check=False, timeout=60).returncode == 0
