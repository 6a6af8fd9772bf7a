"""What an app is told: the payment as it was, signed so that a listener of Standard Webhooks believes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

from florin.engine.outbox import Outbox, Rendered
from florin.wires.rest import RestRenderer, Settings
from wires.rest.house import RestHouse, checkout
from world import DIRECT_APP

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECRET = b"a secret of the shop"


def listening(house: RestHouse, secret: bytes | None) -> None:
    house.world.connection.execute(
        "UPDATE app SET notify_url = 'https://shop.test/told', webhook_secret = %s WHERE id = %s", [secret, DIRECT_APP]
    )
    house.world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    house.world.connection.commit()


def rendered(house: RestHouse) -> list[Rendered]:
    """What would go over the line for each message that waits, oldest first."""
    renderer = RestRenderer(Settings(checkout_url=checkout), wall_now=lambda: NOW)
    with house.reads.connection() as connection:
        connection.execute("SET default_transaction_read_only = off")
        outbox = Outbox(connection, {"rest": renderer}, now=lambda: datetime.now(UTC))
        messages = outbox._lease(datetime.now(UTC), 100, 100, {})
        connection.execute("SET default_transaction_read_only = on")
    return [renderer.render(message, NOW) for message in sorted(messages, key=lambda message: message.event_id)]


def test_a_sale_is_told_with_the_payment_as_it_was(house: RestHouse):
    listening(house, SECRET)
    house.world.person("alice", limit_minor=1_000_000)
    sale = house.sale("alice", 10_000)
    house.shop.post(f"/v1/payments/{sale['id']}/refunds", {"amount_minor": 4_000}, key="back")

    paid, refunded = (json.loads(one.body) for one in rendered(house))

    assert (paid["type"], refunded["type"]) == ("payment.paid", "payment.refunded")
    payment = paid["data"]["payment"]
    assert payment.pop("created_at")
    assert payment == sale
    assert refunded["data"]["payment"]["refunded_minor"] == 4_000
    assert refunded["data"]["event"]["credit_minor"] == 4_000


def test_a_message_is_signed_over_its_id_its_time_and_its_body(house: RestHouse):
    listening(house, SECRET)
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 10_000)

    (told,) = rendered(house)

    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.".encode() + told.body
    expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert told.headers["webhook-signature"] == f"v1,{expected}"
    assert told.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert told.url == "https://shop.test/told"


def test_an_app_without_a_secret_is_told_unsigned(house: RestHouse):
    listening(house, None)
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 10_000)

    assert "webhook-signature" not in rendered(house)[0].headers


def test_any_2xx_is_heard():
    renderer = RestRenderer(Settings(checkout_url=str))

    assert [renderer.is_success(status, b"") for status in (200, 204, 299, 302, 404, 500)] == [True] * 3 + [False] * 3
