"""Over a real server: what was signed is what came over the line, however the target is written."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from litestar import Litestar

from florin.wires.alipay.routes import AbsoluteFormTargets
from florin.wires.wechatpay.call import BODY_BYTES_MAX
from florin.wires.wechatpay.routes import wechatpay_routes
from sdk.sdks import free_address
from sdk.stub import served
from wires.wechatpay.house import DIRECT_SHOP, House, Shop


@pytest.fixture(scope="module")
def url(house: House) -> Iterator[str]:
    address = free_address(0)
    assert address is not None
    application = Litestar(list(wechatpay_routes(house.gateway, house.phone)), logging_config=None)
    with served(AbsoluteFormTargets(application), *address) as found:
        yield found


def sent(
    url: str, shop: Shop, method: str, target: str, body: bytes = b"", *, absolute: bool = False
) -> tuple[int, bytes]:
    request = shop.request(method, target, body)
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
    try:
        headers = {"Authorization": request.headers["authorization"], "Content-Type": "application/json"}
        connection.request(method, f"{url}{target}" if absolute else target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("number", ["tea%7Cpot-1", "tea*pot-1", "tea%2Apot-1", "%74ea-pot-1"])
@pytest.mark.parametrize("absolute", [False, True], ids=["origin form", "absolute form"])
def test_a_path_is_verified_as_it_was_written(house: House, url: str, number: str, absolute: bool):
    target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={DIRECT_SHOP}"

    status, body = sent(url, Shop(house, DIRECT_SHOP), "GET", target, absolute=absolute)

    assert (status, json.loads(body)["code"]) == (404, "ORDER_NOT_EXIST")


def test_an_order_goes_through_and_a_close_answers_nothing(house: House, url: str):
    shop = Shop(house, DIRECT_SHOP)
    order = json.dumps(shop.order("served-1"), ensure_ascii=False, indent=2).encode()

    asked = sent(url, shop, "POST", "/v3/pay/transactions/native", order)
    closing = json.dumps({"mchid": shop.mchid}).encode()
    closed = sent(url, shop, "POST", "/v3/pay/transactions/out-trade-no/served-1/close", closing)

    assert asked[0] == 200
    assert closed == (204, b"")


def test_a_body_that_is_too_large_is_refused_in_a_signed_answer(house: House, url: str):
    body = b'{"a":"' + b"x" * BODY_BYTES_MAX + b'"}'

    status, answered = sent(url, Shop(house, DIRECT_SHOP), "POST", "/v3/pay/transactions/native", body)

    assert (status, json.loads(answered)["code"]) == (400, "PARAM_ERROR")
    assert "1,048,576" in json.loads(answered)["message"]


def test_an_unknown_path_and_a_method_that_is_not_spoken_are_answered(house: House, url: str):
    shop = Shop(house, DIRECT_SHOP)

    assert sent(url, shop, "GET", "/v3/nothing")[0] == 404
    assert sent(url, shop, "DELETE", "/v3/certificates")[0] == 404
