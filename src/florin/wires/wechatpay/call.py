"""One call, verified and read: from raw bytes to a typed request of a known client, or to the problem that is answered instead.

The client first, then the signature, then the clock and the nonce, then the path and the body. Nothing of a request is
believed, not even its JSON looked into, before its signature has been verified over the raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from florin.wires.desk.findings import PAUSED, Finding, RegisteredKey, shown
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Problem, parameter_wrong
from florin.wires.wechatpay.clients import Client
from florin.wires.wechatpay.diagnosis import DIAGNOSED_BYTES_MAX, Signed, diagnose, too_long
from florin.wires.wechatpay.freshness import Heard, seconds_off
from florin.wires.wechatpay.refusals import business
from florin.wires.wechatpay.signing import Authorization, verify
from florin.wires.wechatpay.table import Route, match

EXPECTED_SHOWN_MAX: Final = 4_096
BODY_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request as it came. target: raw path and query. headers: by lower-case name. body: whole, or empty with its size in
    `oversized`.
    """

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes
    oversized: int = 0

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("ascii", "replace")

    @property
    def query(self) -> bytes:
        return self.target.partition(b"?")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that may be believed. parts: of its path. seller_id: the app that it is about."""

    route: Route
    request: shapes.Caller
    parts: dict[str, str]
    seller_id: int


@dataclass(eq=False)
class SignatureWrong(Problem):
    """SIGN_ERROR, with what the merchant's page shows: the string we expected, and what was found out."""

    expected: bytes = b""
    finding: Finding = PAUSED


def check_signature(
    request: HttpRequest,
    authorization: Authorization,
    client: Client,
    *,
    other_keys: Iterable[RegisteredKey] = (),
    may_diagnose: Callable[[], bool] = lambda: True,
) -> None:
    """Raises SignatureWrong. may_diagnose: whether a wrong signature may be explained now; asked for a wrong one alone."""
    if not client.keys:
        raise business("SIGN_ERROR", f"商户未登记公钥：merchant {client.mchid} has no public key yet")
    signed = Signed(method=request.method, target=request.target, authorization=authorization, body=request.body)
    expected = signed.message()
    key = client.keys.get(authorization.serial_no)
    if key is not None and verify(expected, authorization.signature, key):
        return
    if len(expected) > DIAGNOSED_BYTES_MAX:
        finding = too_long(len(expected))
    elif not may_diagnose():
        finding = PAUSED
    else:
        finding = diagnose(signed, own_keys=client.registered(), other_keys=other_keys, is_own_serial=key is not None)
    raise _wrong(request, authorization, client, expected, finding)


def check_freshness(
    authorization: Authorization, client: Client, heard: Heard, *, wall_now: datetime, leeway: timedelta
) -> None:
    """A verified request must be of now, and new. Raises Problem."""
    off = seconds_off(authorization.timestamp, wall_now=wall_now)
    if off is None:
        raise business("SIGN_ERROR", "timestamp 须为秒数：the timestamp is not a number of seconds")
    if abs(off) > leeway.total_seconds():
        by = f"{abs(off)} seconds {'ahead of' if off > 0 else 'behind'} ours"
        raise business("SIGN_ERROR", f"时间戳与服务器相差 {abs(off)} 秒，请校准时钟：the clock of this request is {by}")
    if not heard.is_new(client.app_id, authorization.nonce_str, wall_now=wall_now, leeway=leeway):
        raise business("SIGN_ERROR", "随机串重复，请求已被处理过：this nonce was heard before, sign each request anew")


def read_call(request: HttpRequest, client: Client) -> Call:
    """The route, the typed request, and the seller it is about. Raises Problem."""
    matched = match(request.method, request.path)
    if matched is None:
        message = f"接口不存在：{request.method} {request.path[:128]} is not spoken here"
        raise Problem(404, "RESOURCE_NOT_EXISTS", message)
    route, parts = matched
    if route.method == "GET":
        asked = read_query(request.query, route.shape)
    else:  # a call that says nothing more than its path may come without a body
        asked = shapes.read_body(request.body or b"{}", route.shape)
    return Call(route=route, request=asked, parts=parts, seller_id=seller_of(client, asked, route))


def body_too_large(size: int) -> Problem:
    sentence = f"请求体过大: it may have {BODY_BYTES_MAX:,} bytes, this one has {size:,}"
    return parameter_wrong("body", sentence)


def read_query(query: bytes, shape: type[shapes.Caller]) -> shapes.Caller:
    """The typed request of a GET. Raises Problem."""
    fields = {name: value for name, value in parse_qsl(query.decode("ascii", "replace")) if value}
    try:
        return msgspec.convert(fields, shape, strict=False)
    except msgspec.ValidationError as error:
        raise parameter_wrong("query", f"查询参数有误: {error}", location="query") from None


def seller_of(client: Client, asked: shapes.Caller, route: Route) -> int:
    """The app that sells: the caller's own, or the one that a service provider names. Raises Problem."""
    location = "query" if route.method == "GET" else "body"
    if isinstance(asked, shapes.Combined | shapes.CombinedClose):
        _check_combining(client, asked)
        return client.app_id
    is_provider = route.side == "provider" or (route.side == "either" and asked.sub_mchid is not None)
    own_name, own = ("sp_mchid", asked.sp_mchid) if is_provider else ("mchid", asked.mchid)
    if own is None and route.side != "either":
        raise parameter_wrong(f"/{own_name}", "必填: it is required and is missing", location=location)
    if own is not None and own != client.mchid:
        sentence = f"与签名的商户号不一致: this request was signed by {client.mchid}"
        raise parameter_wrong(f"/{own_name}", sentence, location=location, value=own)
    if issubclass(route.shape, shapes.Order):
        _check_appid(client, asked, is_provider=is_provider)
    if not is_provider:
        return client.app_id
    if asked.sub_mchid is None:
        raise parameter_wrong("/sub_mchid", "必填: it is required and is missing", location=location)
    number = asked.sub_mchid
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def _check_combining(client: Client, asked: shapes.Combined | shapes.CombinedClose) -> None:
    """Who combines orders calls for himself; whom he may sell for, the engine says. Raises Problem."""
    if isinstance(asked, shapes.Combined) and asked.combine_mchid != client.mchid:
        sentence = f"与签名的商户号不一致: this request was signed by {client.mchid}"
        raise parameter_wrong("/combine_mchid", sentence, value=asked.combine_mchid)
    if asked.combine_appid != client.appid:
        sentence = f"combine_appid 与商户号不匹配：merchant {client.mchid} has the appid {client.appid}"
        raise business("APPID_MCHID_NOT_MATCH", sentence)


def _check_appid(client: Client, asked: shapes.Caller, *, is_provider: bool) -> None:
    name, appid = ("sp_appid", asked.sp_appid) if is_provider else ("appid", asked.appid)
    if appid is None:
        raise parameter_wrong(f"/{name}", "必填: it is required and is missing")
    if appid != client.appid:
        sentence = f"{name} 与商户号不匹配：merchant {client.mchid} has the appid {client.appid}"
        raise business("APPID_MCHID_NOT_MATCH", sentence)


def _wrong(
    request: HttpRequest, authorization: Authorization, client: Client, expected: bytes, finding: Finding
) -> SignatureWrong:
    known = authorization.serial_no in client.keys
    about = (
        "" if known else f"（证书序列号 {authorization.serial_no[:64]} 未登记；the serial number is not registered）"
    )
    return SignatureWrong(
        status=401,
        code="SIGN_ERROR",
        message=f"签名错误，{finding.sentence}{about}",
        detail={
            "location": "authorization",
            "field": "signature" if known else "serial_no",
            "value": authorization.signature[:400] if known else authorization.serial_no[:64],
            "detail": {"issue": "sign not match"},
            "sign_information": {
                "method": request.method,
                "url": request.target.decode("ascii", "replace"),
                "truncated_sign_message": shown(expected, limit=EXPECTED_SHOWN_MAX),
                "sign_message_length": len(expected),
            },
            "mistakes": [str(mistake) for mistake in finding.mistakes],
        },
        expected=expected,
        finding=finding,
    )
