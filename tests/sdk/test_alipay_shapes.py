"""The three SDKs, with their signature checks on, against the pure half of the wire: transport, signatures, shapes."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay import notify
from florin.wires.alipay.call import read_call
from florin.wires.alipay.parameters import origin_form, read_parameters
from florin.wires.alipay.shapes import REQUESTS, Order
from florin.wires.keys import forms as keys
from sdk.sdks import Sdk, Shop
from sdk.stub import NASTY, Stub

pytestmark = pytest.mark.sdk

TEA = {"out_trade_no": "tea-0305", "total_amount": "199.00", "subject": "雨前龙井 {tea} & more = 100%"}
NUMBERS = {"out_trade_no": "tea-0305", "trade_no": "7", "out_request_no": "r1"}
NAMED = {
    **NUMBERS,
    "refund_amount": "60.00",
    "royalty_parameters": [{"trans_in_type": "userId", "trans_in": "2088000000000003", "amount": "9.00"}],
    "receiver_list": [{"type": "userId", "account": "2088000000000003", "memo": "茶农"}],
    "biz_type": "CREDIT_AUTH",
    "order_biz_info": {"status": "COMPLETE"},
}


def biz_of(method: str) -> dict[str, Any]:
    if issubclass(REQUESTS[method], Order):
        return {**TEA, "scene": "bar_code", "auth_code": "28000000000000001"} if method == "alipay.trade.pay" else TEA
    allowed = set(REQUESTS[method].__struct_fields__)
    return {name: value for name, value in NAMED.items() if name in allowed}


def test_every_method_goes_through_with_the_sdks_own_checks_on(sdk: Sdk, shop: Shop):
    trades = [method for method in REQUESTS if method.startswith("alipay.trade.")]
    calls = [{"do": "execute", "method": method, "biz": biz_of(method)} for method in trades]

    results = sdk.run(shop, *calls)

    for call, result in zip(calls, results, strict=True):
        answer = result.get("answer")
        assert answer is not None, f"{call}: {result}"
        assert (answer["code"], answer["store_name"]) == ("10000", NASTY)
        sent = {name: number for name, number in NUMBERS.items() if name in call["biz"]}
        assert sent.items() <= answer.items(), f"{call}: {answer}"
        assert sent, f"{call} names nothing that could come back"


@pytest.mark.parametrize("sign_type", ["RSA2", "RSA"])
def test_both_digests_and_a_notify_address_with_a_query_go_through(sdk: Sdk, shop: Shop, stub: Stub, sign_type: str):
    answer = sdk.answer(
        replace(shop, sign_type=sign_type),
        method="alipay.trade.precreate",
        biz={**TEA, "extend_params": {"hb_fq_num": "12", "hb_fq_seller_percent": "100"}},
        notify_url="http://127.0.0.1:9/notify?shop=7&a=b",
    )

    assert answer["qr_code"] == TEA["subject"]
    assert stub.seen[-1].text("notify_url") == "http://127.0.0.1:9/notify?shop=7&a=b"
    assert '"hb_fq_num"' in (stub.seen[-1].text("biz_content") or "")


def test_gbk_goes_through_where_the_sdk_speaks_it(sdk: Sdk, shop: Shop):
    if sdk.name != "alipay-sdk-python":
        pytest.skip(f"{sdk.name} writes UTF-8 whatever its charset says")

    answer = sdk.answer(replace(shop, charset="gbk"), method="alipay.trade.precreate", biz=TEA)

    assert (answer["qr_code"], answer["store_name"]) == (TEA["subject"], NASTY)


def test_a_refusal_is_read_as_one_and_not_as_a_broken_answer(sdk: Sdk, shop: Shop):
    answer = sdk.answer(shop, method="alipay.trade.precreate", biz={**TEA, "total_amount": "0.001"})

    assert (answer["code"], answer["sub_code"]) == ("40004", "ACQ.INVALID_PARAMETER")
    assert "total_amount" in answer["sub_msg"]
    assert answer.get("is_success", False) is False


def test_a_wrong_key_is_told_with_the_expected_string_in_an_answer_that_verifies(sdk: Sdk, shop: Shop):
    stranger = replace(shop, app_private_key=keys.private_key_base64(keys.new_private_key()))

    answer = sdk.answer(stranger, method="alipay.trade.precreate", biz=TEA)

    assert answer["sub_code"] == "isv.invalid-signature"
    assert "wrong key" in answer["sub_msg"]
    assert "{tea} & more = 100%" in answer["sub_msg"]


def test_an_sdk_with_another_platform_key_refuses_our_answers(sdk: Sdk, shop: Shop):
    other = replace(shop, platform_public_key=keys.public_key_base64(keys.new_private_key().public_key()))

    result = sdk.run(other, {"do": "execute", "method": "alipay.trade.precreate", "biz": TEA})[0]

    assert "error" in result


def test_the_official_sdks_absolute_target_reaches_the_path(sdk: Sdk, shop: Shop, stub: Stub):
    """It writes `POST http://host/gateway.do?…`; whatever the server makes of that, `origin_form` brings it to the path."""
    sdk.answer(shop, method="alipay.trade.query", biz={"out_trade_no": "a"})

    assert origin_form(stub.paths[-1]) == "/gateway.do"


@pytest.mark.parametrize("http_method", ["GET", "POST"])
def test_a_page_address_or_form_verifies_as_a_browser_would_send_it(sdk: Sdk, shop: Shop, stub: Stub, http_method: str):
    urls = {"notify_url": "http://127.0.0.1:9/n?a=1&b=2", "return_url": "http://127.0.0.1:9/r"}
    call = {"do": "page", "method": "alipay.trade.page.pay", "biz": TEA, "http_method": http_method, **urls}

    page = sdk.run(shop, call)[0]["answer"]

    query, body = browser_request(page)
    call_read = read_call(
        read_parameters(query=query, content_type="application/x-www-form-urlencoded", body=body),
        stub.app,
        wall_now=datetime.now(UTC),
    )
    assert (call_read.method, call_read.return_url) == ("alipay.trade.page.pay", urls["return_url"])
    assert isinstance(call_read.request, Order)
    assert call_read.request.subject == TEA["subject"]


def test_an_order_string_for_an_app_verifies(sdk: Sdk, shop: Shop, stub: Stub):
    order = sdk.run(shop, {"do": "order_string", "method": "alipay.trade.app.pay", "biz": TEA})[0]["answer"]

    parameters = read_parameters(query=b"", content_type=None, body=order.encode())

    assert read_call(parameters, stub.app, wall_now=datetime.now(UTC)).method == "alipay.trade.app.pay"


@pytest.mark.parametrize("sign_type", ["RSA2", "RSA"])
def test_a_notify_passes_the_sdks_own_check_and_a_changed_one_does_not(
    sdk: Sdk, shop: Shop, platform_key: rsa.RSAPrivateKey, sign_type: Any
):
    body = notify.notify_body(
        {"out_trade_no": "tea-0305", "total_amount": "199.00", "subject": NASTY, "body": "", "gmt_close": None},
        notify_id="n1",
        app_id=shop.app_id,
        notify_time=datetime(2026, 3, 5, tzinfo=UTC),
        charset="utf-8",
        sign_type=sign_type,
        key=platform_key,
    )
    form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    forged = {**form, "total_amount": "0.01"}

    right, wrong = sdk.run(
        replace(shop, sign_type=sign_type), {"do": "check_notify", "form": form}, {"do": "check_notify", "form": forged}
    )

    assert right == {"answer": True}
    assert wrong.get("answer") is not True


def browser_request(page: str) -> tuple[bytes, bytes]:
    """The query and body that a browser sends for an address, or for a form with its hidden inputs."""
    if not page.lstrip().startswith("<form"):
        return urlsplit(page).query.encode(), b""
    action = re.search('action="([^"]*)"', page)
    assert action is not None
    inputs = re.findall('<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    query = urlsplit(browsers_reading(action.group(1))).query
    return query.encode(), urlencode([(name, browsers_reading(value)) for name, value in inputs]).encode()


def browsers_reading(attribute: str) -> str:
    """An attribute as browsers read it (HTML, 13.2.5.73): `&notify_url=` stays, though `&not` is a name of ¬."""
    return re.sub("&[a-zA-Z0-9]+;", lambda reference: html.unescape(reference.group()), attribute)
