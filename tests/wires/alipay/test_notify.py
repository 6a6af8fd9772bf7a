from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from florin.engine.outbox import LADDERS
from florin.wires.alipay import notify

AT = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
PAID = {
    "trade_no": "7",
    "out_trade_no": "tea-0305",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "199.00",
    "subject": "茶具 & {more}",
    "body": "",
    "gmt_close": None,
    "fund_bill_list": notify.fund_bill_list([("199.00", "PCREDIT")]),
    "passback_params": "a%3D1",
}


def sent(key: rsa.RSAPrivateKey, charset: Any = "utf-8", sign_type: Any = "RSA2") -> dict[str, str]:
    body = notify.notify_body(
        PAID, notify_id="n1", app_id="20260302", notify_time=AT, charset=charset, sign_type=sign_type, key=key
    )
    return dict(parse_qsl(body.decode(), encoding=charset, keep_blank_values=True, strict_parsing=True))


def verify(form: dict[str, str], key: rsa.RSAPublicKey, charset: str = "utf-8") -> None:
    signed = "&".join(f"{name}={value}" for name, value in sorted(form.items()) if name not in ("sign", "sign_type"))
    digest = hashes.SHA256() if form["sign_type"] == "RSA2" else hashes.SHA1()
    key.verify(base64.b64decode(form["sign"]), signed.encode(charset), padding.PKCS1v15(), digest)


def test_a_notify_is_signed_without_sign_and_sign_type_and_has_no_empty_value(platform_key: rsa.RSAPrivateKey):
    form = sent(platform_key)

    verify(form, platform_key.public_key())
    assert all(form.values())
    assert "body" not in form
    assert "gmt_close" not in form
    assert form["notify_time"] == "2026-03-05 12:00:00"
    assert (form["notify_type"], form["app_id"], form["auth_app_id"]) == ("trade_status_sync", "20260302", "20260302")
    assert json.loads(form["fund_bill_list"]) == [{"amount": "199.00", "fundChannel": "PCREDIT"}]


def test_a_notify_speaks_the_charset_and_the_digest_of_its_order(platform_key: rsa.RSAPrivateKey):
    verify(sent(platform_key, charset="gbk"), platform_key.public_key(), charset="gbk")
    verify(sent(platform_key, sign_type="RSA"), platform_key.public_key())
    assert sent(platform_key, charset="gbk")["subject"] == PAID["subject"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"SUCCESS"),
        (200, b"success\n"),
        (200, b'"success"'),
        (200, b""),
        (302, b"success"),
        (500, b"success"),
        (200, b"fail"),
    ],
)
def test_nothing_but_the_seven_characters_of_success_is_delivery(status: int, body: bytes):
    assert not notify.is_delivered(status=status, body=body)
    assert notify.is_delivered(status=200, body=b"success")


def test_the_outbox_climbs_this_wires_ladder():
    minutes, hours = (lambda n: timedelta(minutes=n)), (lambda n: timedelta(hours=n))
    at_once = minutes(0)

    assert LADDERS["alipay"] == (
        at_once, at_once, at_once, minutes(4), minutes(10), minutes(10), hours(1), hours(2), hours(6), hours(15),
    )  # fmt: skip


def test_the_way_back_is_the_shops_address_with_our_signed_query(platform_key: rsa.RSAPrivateKey):
    address = notify.return_address(
        "https://shop.example/paid?order=7&x=#top",
        {"out_trade_no": "tea-0305", "trade_no": "7", "total_amount": "199.00", "seller_id": "2088"},
        method="alipay.trade.page.pay",
        app_id="20260302",
        at=AT,
        charset="utf-8",
        sign_type="RSA2",
        key=platform_key,
    )

    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    assert (parts.netloc, parts.path, parts.fragment) == ("shop.example", "/paid", "top")
    assert (query.pop("order"), query.pop("x")) == ("7", "")
    assert query["method"] == "alipay.trade.page.pay.return"
    assert "trade_status" not in query
    verify(query, platform_key.public_key())
