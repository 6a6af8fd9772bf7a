"""OpenAPI v3: one request's Authorization header, verified, and its body as the same typed request that `/gateway.do` reads.

`Authorization: ALIPAY-SHA256withRSA app_id=…[,app_cert_sn=…],nonce=…,timestamp=…,sign=…` (opendocs open-v3/054q58, and the
source of npm alipay-sdk). Signed are lines, each with a line break after it: what stands before `,sign=`, the HTTP method,
path and query as they were sent, the body as it was sent, and the app_auth_token where there is one. The timestamp is in
milliseconds since 1970, so it has no zone to be wrong about: one far off is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem, invalid, missing
from florin.wires.alipay.call import Call, CallingApp, checked_address, named_keys, signature_wrong
from florin.wires.alipay.diagnosis import Asked
from florin.wires.alipay.encryption import Sealed, unseal
from florin.wires.alipay.mistakes import Mistake, Step
from florin.wires.alipay.signing import verify
from florin.wires.desk.findings import RegisteredKey

PATH: Final = "/v3/alipay/"
SCHEME: Final = "ALIPAY-SHA256withRSA"
# How far a request's own timestamp may be off (X: ours; none is documented).
LEEWAY: Final = timedelta(minutes=15)
_FIELDS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class V3Request:
    """One request as it came. target: path and query, as sent. Headers that did not come are empty."""

    http_method: str
    target: str
    authorization: str
    body: bytes
    app_auth_token: str = ""
    encrypt_type: str = ""
    root_number: str = ""
    oversized: int = 0

    @property
    def method(self) -> str:
        """`/v3/alipay/trade/fastpay/refund/query` is `alipay.trade.fastpay.refund.query`."""
        return self.target.partition("?")[0].removeprefix("/v3/").strip("/").replace("/", ".")

    def lines(self, auth: str) -> bytes:
        """What must have been signed; the bytes of headers and target as they came."""
        head = f"{auth}\n{self.http_method}\n{self.target}\n".encode("latin-1")
        tail = f"{self.app_auth_token}\n".encode("latin-1") if self.app_auth_token else b""
        return head + self.body + b"\n" + tail


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The header, taken apart. text: what stands before `,sign=`, as it was sent, which is signed."""

    text: str
    app_id: str
    app_number: str | None
    nonce: str
    timestamp: str
    sign: str


def read_authorization(header: str) -> Authorization:
    """Raises Problem."""
    if not header:
        raise missing("isv.missing-signature", f"缺少签名: the Authorization header is missing ({SCHEME} app_id=…)")
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME:
        raise invalid("isv.invalid-signature-type", f"无效的签名类型: “{scheme[:30]}” is not {SCHEME}")
    text, found, sign = rest.strip().rpartition(",sign=")
    if not found or not sign:
        raise missing("isv.missing-signature", "缺少签名: `sign` is missing, last in the Authorization header")
    pairs = [part.partition("=") for part in text.split(",")[:_FIELDS_MAX]]
    fields = {name.strip(): value for name, _, value in pairs}
    for name, sub_code in (("app_id", "isv.missing-app-id"), ("timestamp", "isv.missing-timestamp")):
        if not fields.get(name):
            raise missing(sub_code, f"缺少 {name}: {name} is missing in the Authorization header")
    if not fields.get("nonce"):
        raise invalid("isv.invalid-parameter", "缺少 nonce: nonce is missing in the Authorization header")
    return Authorization(
        text=text,
        app_id=fields["app_id"],
        app_number=fields.get("app_cert_sn"),
        nonce=fields["nonce"],
        timestamp=fields["timestamp"],
        sign=sign,
    )


def read_v3_call(
    request: V3Request,
    authorization: Authorization,
    app: CallingApp,
    *,
    wall_now: datetime,
    other_keys: Iterable[RegisteredKey] = (),
    may_diagnose: Callable[[], bool] = lambda: True,
) -> Call:
    """Verify and read one request of `app`. Raises Problem; SignatureWrong when the signature does not fit."""
    _verify(request, authorization, app, other_keys=other_keys, may_diagnose=may_diagnose)
    _check_timestamp(authorization.timestamp, wall_now=wall_now)
    if request.app_auth_token:
        raise Problem("40006", "isv.insufficient-isv-permissions", "不支持代调用: app_auth_token is not spoken here")
    shapes.shape_of(request.method)
    document = _document(request, app)
    addresses = {name: document.pop(name, None) for name in ("notify_url", "return_url")}
    for name, value in addresses.items():
        if value is not None and not isinstance(value, str):
            raise invalid("isv.invalid-parameter", f"参数无效 {name}: text is wanted")
    return Call(
        method=request.method,
        request=shapes.request_of(request.method, document),
        charset="utf-8",
        sign_type="RSA2",
        notify_url=checked_address("notify_url", addresses["notify_url"]),
        return_url=checked_address("return_url", addresses["return_url"]),
    )


def _verify(
    request: V3Request,
    authorization: Authorization,
    app: CallingApp,
    *,
    other_keys: Iterable[RegisteredKey],
    may_diagnose: Callable[[], bool],
) -> None:
    if not app.public_keys:
        raise Problem("40003", "isv.missing-signature-config", "未登记应用公钥: register the app's public key first")
    may_sign = named_keys(authorization.app_number, request.root_number or None, app)
    expected = request.lines(authorization.text)
    if any(verify(expected, authorization.sign, key=key, sign_type="RSA2") for key in may_sign):
        return
    asked = Asked(
        signature=authorization.sign,
        sign_type="RSA2",
        expected=expected,
        candidates=partial(v3_candidates, request, authorization),
        own_keys=app.registered(may_sign),
        unnamed_keys=app.registered([key for key in app.public_keys if key not in may_sign]),
        other_keys=other_keys,
    )
    raise signature_wrong(asked, may_diagnose=may_diagnose)


def v3_candidates(request: V3Request, authorization: Authorization) -> Iterator[tuple[list[Step], bytes]]:
    """The right lines, then those that each known mistake leads to."""
    auth, token = authorization.text, request.app_auth_token
    right = [auth, request.http_method, request.target]
    last = [token] if token else []
    yield [], request.lines(auth)

    def lines(*wanted: str, body: bytes | None = request.body, after: list[str] = last) -> bytes:
        middle = b"" if body is None else body + b"\n"
        head, tail = ("".join(f"{line}\n" for line in some).encode("latin-1") for some in (wanted, after))
        return head + middle + tail

    def wrong(detail: str, zh: str) -> list[Step]:
        return [Step(Mistake.LINES_WRONG, detail, zh)]

    path, _, query = request.target.partition("?")
    yield (
        wrong("HTTP method and path are left out", "缺少 HTTP 方法和路径两行"),
        lines(auth),
    )
    yield wrong("the HTTP method is left out", "缺少 HTTP 方法"), lines(auth, request.target)
    yield wrong("the path is left out", "缺少路径"), lines(auth, request.http_method)
    yield wrong("the HTTP method in small letters", "HTTP 方法须为大写"), lines(auth, right[1].lower(), right[2])
    yield wrong("the line break at the end is missing", "末尾缺少换行"), request.lines(auth)[:-1]
    if query:
        yield wrong("the query is left out of the path", "路径缺少查询参数"), lines(auth, right[1], path)
    for host in ("https://openapi.alipay.com", "http://openapi.alipay.com"):
        yield wrong("the whole address in place of the path", "路径须不含域名"), lines(auth, right[1], host + right[2])
    yield wrong("the body is left out", "缺少请求体"), lines(*right, body=b"")
    yield wrong("the empty line of the body is left out", "请求体为空时也须保留空行"), lines(*right, body=None)
    yield wrong("the scheme is signed too", "不能包含签名算法名"), lines(f"{SCHEME} {auth}", *right[1:])
    if token:
        yield wrong("app_auth_token is left out", "缺少 app_auth_token"), lines(*right, after=[])
    for how, chinese, body in _printed_otherwise(request.body):
        yield [Step(Mistake.JSON_RESERIALIZED, how, chinese)], lines(*right, body=body)


def _printed_otherwise(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    for how, chinese, separators in (
        ("compact", "紧凑格式", (",", ":")),
        ("with blanks after , and :", "逗号和冒号后有空格", (", ", ": ")),
    ):
        for is_ascii in (False, True):
            said = f"{how}, \\u escapes" if is_ascii else how
            told = f"{chinese}、使用 \\u 转义" if is_ascii else chinese
            text = json.dumps(document, separators=separators, ensure_ascii=is_ascii)
            yield said, told, text.encode("utf-8", "replace")


def _check_timestamp(text: str, *, wall_now: datetime) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise invalid("isv.invalid-timestamp", f"须为毫秒时间戳: “{text[:40]}” is no count of milliseconds since 1970")
    sent_at = datetime.fromtimestamp(int(text) / 1000, UTC)
    if abs(sent_at - wall_now) > LEEWAY:
        minutes = int(LEEWAY.total_seconds() // 60)
        ours = int(wall_now.timestamp() * 1000)
        sentence = f"时间戳超出允许范围: sent {text}, it is {ours} here; {minutes} minutes apart are taken"
        raise invalid("isv.illegal-timestamp", sentence)


def _document(request: V3Request, app: CallingApp) -> shapes.Document:
    """The body's JSON object in clear, or for GET the query as one. Raises Problem."""
    if request.http_method == "GET":
        return {name: value for name, value in parse_qsl(request.target.partition("?")[2]) if value}
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise invalid("isv.invalid-charset", f"请求体须为 UTF-8: byte {error.start} is not") from None
    if request.encrypt_type:
        text = _opened(text, request.encrypt_type, app)
    return shapes.read_document(text or None)


def _opened(text: str, encrypt_type: str, app: CallingApp) -> str:
    if encrypt_type != "AES":
        raise invalid("isv.invalid-encrypt-type", f"无效的加密类型: “{encrypt_type[:20]}” is not AES")
    if not app.aes_key:
        sentence = "应用未设置内容加密密钥: this app has no AES key yet, `florin app aes-key` makes one"
        raise Problem("40003", "isv.missing-encrypt-key", sentence)
    try:
        return unseal(text, app.aes_key, "utf-8")
    except Sealed as sealed:
        raise Problem("40003", "isv.decryption-error-unknown", f"解密出错，{sealed.zh}。{sealed.en}") from None
