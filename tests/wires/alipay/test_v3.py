"""OpenAPI v3, pure: the header taken apart, every known mistake of the signed lines told, stale requests refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem
from florin.wires.alipay.call import CallingApp, SignatureWrong
from florin.wires.alipay.mistakes import Mistake
from florin.wires.alipay.v3_call import LEEWAY, V3Request, read_authorization, read_v3_call

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
BODY = '{"out_trade_no": "tea-1", "subject": "茶"}'.encode()
TARGET = "/v3/alipay/trade/query?a=b"


@pytest.fixture
def app(shop_key: rsa.RSAPrivateKey, platform_key: rsa.RSAPrivateKey) -> CallingApp:
    return CallingApp(app_id="7", public_keys=(shop_key.public_key(),), platform_key=platform_key)


def auth_of(at: datetime = NOW) -> str:
    return f"app_id=7,nonce=n1,timestamp={int(at.timestamp() * 1000)}"


def signed(key: rsa.RSAPrivateKey, lines: bytes, auth: str, digest: hashes.HashAlgorithm | None = None) -> V3Request:
    signature = base64.b64encode(key.sign(lines, padding.PKCS1v15(), digest or hashes.SHA256())).decode()
    header = f"ALIPAY-SHA256withRSA {auth},sign={signature}"
    return V3Request(http_method="POST", target=TARGET, authorization=header, body=BODY)


def read(request: V3Request, app: CallingApp):
    return read_v3_call(request, read_authorization(request.authorization), app, wall_now=NOW)


def right(auth: str) -> bytes:
    return f"{auth}\nPOST\n{TARGET}\n".encode() + BODY + b"\n"


def test_a_request_signed_over_its_lines_is_read_as_the_methods_own_request(app, shop_key):
    auth = auth_of()

    call = read(signed(shop_key, right(auth), auth), app)

    assert (call.method, call.request) == ("alipay.trade.query", shapes.Query(out_trade_no="tea-1"))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (lambda a: f"{a}\n".encode() + BODY + b"\n", "HTTP method and path are left out"),
        (lambda a: right(a)[:-1], "line break at the end"),
        (lambda a: right(a).replace(b"?a=b", b""), "query is left out"),
        (lambda a: right(a).replace(b"POST", b"post"), "small letters"),
        (lambda a: right(a).replace(b"\n/v3", b"\nhttps://openapi.alipay.com/v3"), "whole address"),
        (lambda a: right(a).replace(BODY, b""), "body is left out"),
        (lambda a: b"ALIPAY-SHA256withRSA " + right(a), "scheme is signed"),
        (lambda a: right(a).replace(b": ", b":").replace(b", ", b","), "compact"),
    ],
)
def test_the_known_mistakes_of_the_signed_lines_are_told(app, shop_key, lines, told):
    auth = auth_of()

    with pytest.raises(SignatureWrong) as wrong:
        read(signed(shop_key, lines(auth), auth), app)

    assert told in wrong.value.sub_msg


def test_a_wrong_key_and_a_wrong_digest_are_told_apart(app, shop_key, stranger_key):
    auth = auth_of()

    with pytest.raises(SignatureWrong) as key:
        read(signed(stranger_key, right(auth), auth), app)
    with pytest.raises(SignatureWrong) as digest:
        read(signed(shop_key, right(auth), auth, hashes.SHA1()), app)

    assert key.value.finding.mistakes == (Mistake.WRONG_KEY,)
    assert digest.value.finding.mistakes == (Mistake.OTHER_DIGEST,)


@pytest.mark.parametrize("off", [LEEWAY + timedelta(seconds=1), -LEEWAY - timedelta(seconds=1)])
def test_a_stale_request_is_refused_however_well_it_is_signed(app, shop_key, off):
    auth = auth_of(NOW + off)

    with pytest.raises(Problem) as stale:
        read(signed(shop_key, right(auth), auth), app)

    assert stale.value.sub_code == "isv.illegal-timestamp"


@pytest.mark.parametrize(
    ("header", "sub_code"),
    [
        ("", "isv.missing-signature"),
        ("Bearer x", "isv.invalid-signature-type"),
        ("ALIPAY-SHA256withRSA app_id=7,nonce=n,timestamp=1", "isv.missing-signature"),
        ("ALIPAY-SHA256withRSA nonce=n,timestamp=1,sign=x", "isv.missing-app-id"),
        ("ALIPAY-SHA256withRSA app_id=7,nonce=n,sign=x", "isv.missing-timestamp"),
        ("ALIPAY-SHA256withRSA app_id=7,timestamp=1,sign=x", "isv.invalid-parameter"),
    ],
)
def test_a_header_that_lacks_something_says_what(header: str, sub_code: str):
    with pytest.raises(Problem) as problem:
        read_authorization(header)

    assert problem.value.sub_code == sub_code


def test_an_iso_timestamp_and_a_body_that_is_no_object_are_refused(app, shop_key):
    for auth, sub_code in (("app_id=7,nonce=n,timestamp=2026-03-05T09:00:00+00:00", "isv.invalid-timestamp"),):
        with pytest.raises(Problem) as problem:
            read(signed(shop_key, right(auth), auth), app)
        assert problem.value.sub_code == sub_code
    auth = auth_of()
    lines = right(auth).replace(BODY, b"[]")
    request = signed(shop_key, lines, auth)
    broken = V3Request(http_method="POST", target=TARGET, authorization=request.authorization, body=b"[]")

    with pytest.raises(Problem) as problem:
        read(broken, app)

    assert problem.value.sub_code == "isv.illegal-json"
