"""A signature that fits is taken in any form that is right; one that does not is told why; nothing is heard twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.diagnosis import Mistake
from florin.wires.wechatpay.freshness import Heard
from wires.wechatpay.house import DIRECT_SHOP, House, Shop

TARGET = f"/v3/pay/transactions/out-trade-no/tea%7C00001?mchid={DIRECT_SHOP}"


def now(seconds: int = 0) -> str:
    return str(int(datetime.now(UTC).timestamp()) + seconds)


@pytest.fixture
def direct(house: House) -> Shop:
    return Shop(house, DIRECT_SHOP)


def test_the_fields_of_the_header_come_in_any_order(direct: Shop):
    request = direct.request("GET", TARGET, b"")
    scheme, _, fields = request.headers["authorization"].partition(" ")
    turned = ", ".join(reversed(fields.split(",")))

    answered = direct.send(replace(request, headers={**request.headers, "authorization": f"{scheme} {turned}"}))

    assert answered[1]["code"] == "ORDER_NOT_EXIST"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header: "", "missing"),
        (lambda header: header.replace("WECHATPAY2-SHA256-RSA2048", "WECHATPAY2-SM2-WITH-SM3"), "scheme"),
        (lambda header: header.replace("nonce_str", "nonce"), "nonce_str"),
        (lambda header: header + ',mchid="1"', "twice"),
        (lambda header: header + ",x", "cannot be read"),
    ],
)
def test_a_header_that_cannot_be_read_says_what_is_wrong(house: House, direct: Shop, change, said):  # type: ignore[no-untyped-def]
    request = direct.request("GET", TARGET, b"")
    answer = asyncio.run(
        house.gateway.answer(replace(request, headers={"authorization": change(request.headers["authorization"])}))
    )

    document = json.loads(answer.body)
    assert (answer.status, document["code"]) == (401, "SIGN_ERROR")
    assert said in document["message"]


def test_a_stale_or_early_request_is_told_how_far_its_clock_is_off(direct: Shop):
    stale = direct.send(direct.request("GET", TARGET, b"", timestamp=now(-8 * 3_600)))
    early = direct.send(direct.request("GET", TARGET, b"", timestamp=now(400)))
    fresh = direct.send(direct.request("GET", TARGET, b"", timestamp=now(-250)))

    assert (stale[0], stale[1]["code"]) == (401, "SIGN_ERROR")
    assert "behind ours" in stale[1]["message"]
    assert "ahead of ours" in early[1]["message"]
    assert fresh[1]["code"] == "ORDER_NOT_EXIST"


def test_a_replayed_request_is_refused(direct: Shop):
    request = direct.request("POST", "/v3/pay/transactions/native", json.dumps(direct.order("replay-1")).encode())

    first, second = direct.send(request), direct.send(request)

    assert (first[0], second[0], second[1]["code"]) == (200, 401, "SIGN_ERROR")
    assert "nonce" in second[1]["message"]


def test_a_nonce_is_remembered_for_as_long_as_its_timestamp_would_be_taken():
    heard, begin, leeway = Heard(), datetime(2026, 3, 2, tzinfo=UTC), timedelta(minutes=5)

    def is_new(seconds: int, nonce: str = "n", app_id: int = 1) -> bool:
        return heard.is_new(app_id, nonce, wall_now=begin + timedelta(seconds=seconds), leeway=leeway)

    assert [is_new(0), is_new(0), is_new(599), is_new(0, app_id=2), is_new(601)] == [True, False, False, True, True]


BODY = json.dumps({"mchid": str(DIRECT_SHOP), "text": "茶 tea"}, ensure_ascii=False, separators=(",", ":")).encode()


def wrongly(shop: Shop, mistake: str, body: bytes, *, method: str = "POST", target: str = TARGET) -> HttpRequest:
    """A request in which one thing is signed in another way."""
    timestamp, nonce = now(), f"nonce-{mistake}-{len(body)}"
    lines = [method, target, timestamp, nonce, body.decode()]
    changed = {
        "method": [method.lower(), *lines[1:]],
        "query": [method, target.partition("?")[0], *lines[2:]],
        "decoded": [method, target.replace("%7C", "|"), *lines[2:]],
        "host": [method, f"https://api.mch.weixin.qq.com{target}", *lines[2:]],
        "no-body": [*lines[:4], ""],
        "a-body": [*lines[:4], "{}"],
        "reprinted": [*lines[:4], json.dumps(json.loads(body)) if body else ""],
        "order": [lines[0], lines[1], lines[3], lines[2], lines[4]],
        "millis": [*lines[:2], timestamp + "000", *lines[3:]],
        "two": [method, target.partition("?")[0], *lines[2:4], ""],
    }.get(mistake, lines)
    text = "\n".join(changed) + ("" if mistake == "end" else "\n")
    return shop.request(method, target, body, signed=text.encode(), timestamp=timestamp, nonce=nonce)


@pytest.mark.parametrize(
    ("mistake", "method", "found"),
    [
        ("method", "POST", [Mistake.METHOD]),
        ("query", "POST", [Mistake.TARGET]),
        ("decoded", "POST", [Mistake.TARGET]),
        ("host", "POST", [Mistake.TARGET]),
        ("no-body", "POST", [Mistake.BODY_LEFT_OUT]),
        ("a-body", "GET", [Mistake.BODY_ADDED]),
        ("reprinted", "POST", [Mistake.BODY_PRINTED_TWICE]),
        ("order", "POST", [Mistake.ORDER]),
        ("millis", "POST", [Mistake.OTHER_TIMESTAMP]),
        ("end", "GET", [Mistake.LINE_ENDS]),
        ("two", "POST", [Mistake.TARGET, Mistake.BODY_LEFT_OUT]),
    ],
)
def test_a_known_mistake_is_named_with_the_string_that_was_expected(
    direct: Shop, mistake: str, method: str, found: list[Mistake]
):
    body = b"" if method == "GET" else BODY
    status, problem = direct.send(wrongly(direct, mistake, body, method=method))

    assert (status, problem["code"]) == (401, "SIGN_ERROR")
    assert problem["detail"]["mistakes"] == found
    signed = problem["detail"]["sign_information"]
    assert signed["truncated_sign_message"].startswith(f"{method}\n{TARGET}\n")
    assert signed["url"] == TARGET


def test_a_strangers_key_and_an_unknown_serial_number_are_told_apart(
    house: House, direct: Shop, stranger_key: rsa.RSAPrivateKey
):
    house.gateway = house.new_gateway()  # with its pace of explaining unspent
    with_another = Shop(house, DIRECT_SHOP, key=stranger_key)
    wrong_key = with_another.get(TARGET)[1]
    wrong_serial = direct.send(direct.request("GET", TARGET, b"", serial_no="4" * 40))[1]
    no_base64 = direct.send(direct.request("GET", TARGET, b"", signature="no base64"))[1]

    assert wrong_key["detail"]["mistakes"] == [Mistake.WRONG_KEY]
    assert wrong_serial["detail"]["field"] == "serial_no"
    assert no_base64["detail"]["mistakes"] == [Mistake.SIGNATURE_NOT_BASE64]


def test_an_unknown_merchant_is_answered_without_a_signature(house: House):
    answer = asyncio.run(house.gateway.answer(Shop(house, 7).request("GET", TARGET, b"")))

    assert answer.status == 401
    assert "Wechatpay-Signature" not in answer.headers


def test_a_wrong_signature_is_kept_for_the_merchants_page(house: House, direct: Shop):
    house.gateway = house.new_gateway()
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM signature_failure")
        direct.send(wrongly(direct, "query", BODY))
        row = connection.execute(
            "SELECT app_id, request_line, finding, received_text FROM signature_failure"
        ).fetchone()

    assert row is not None
    assert (row[0], row[1]) == (DIRECT_SHOP, "POST /v3/pay/transactions/out-trade-no/tea%7C00001")
    assert "without its query" in row[2]
    assert row[3].startswith("POST\n")


def test_a_flood_of_wrong_signatures_is_refused_unexplained(house: House, direct: Shop):
    gateway = house.new_gateway()
    request = wrongly(direct, "query", BODY)

    answers = [direct.send(request, gateway=gateway) for _ in range(25)]

    assert {status for status, _ in answers} == {401}
    assert answers[-1][1]["detail"]["mistakes"] == ["not-examined"]
