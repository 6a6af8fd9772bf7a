"""One call, verified and read: from raw parameters to a typed request, or to the problem that is answered instead.

The order of the tests is the real gateway's as far as it is known: the app first, then the signature, then the rest
(a request with a made-up app_id and no sign at all is told about the app_id). Nothing of a request is believed, not
even its JSON looked into, before its signature has been verified over the raw bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem, business, in_clear, invalid, missing
from florin.wires.alipay.certificates import Authority, explain_number, named_root, root_numbers
from florin.wires.alipay.diagnosis import Asked, diagnose, too_long
from florin.wires.alipay.encryption import Sealed, unseal
from florin.wires.alipay.mistakes import candidates, html_mended
from florin.wires.alipay.parameters import Charset, Parameters
from florin.wires.alipay.signing import SignType, is_sign_type, request_signing_bytes, verify
from florin.wires.desk.findings import PAUSED, Finding, RegisteredKey, shown

URL_LENGTH_MAX: Final = 400
EXPECTED_SHOWN_MAX: Final = 8_192
DIAGNOSED_BYTES_MAX: Final = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingApp:
    """An app as this wire needs it: its number in text, the keys it may sign with, and ours that answers it.

    retiring_keys: of ours that signed for it before. authorities: the roots under which certificates are numbered, the
    newest first; none where nobody made one. aes_key: for encrypted content; empty while it has none.
    """

    app_id: str
    public_keys: tuple[rsa.RSAPublicKey, ...]
    platform_key: rsa.RSAPrivateKey
    retiring_keys: tuple[rsa.RSAPublicKey, ...] = ()
    authorities: tuple[Authority, ...] = ()
    aes_key: bytes = b""

    @property
    def our_keys(self) -> tuple[rsa.RSAPublicKey, ...]:
        return (self.platform_key.public_key(), *self.retiring_keys)

    def registered(self, keys: Sequence[rsa.RSAPublicKey]) -> list[RegisteredKey]:
        return [RegisteredKey(self.app_id, key) for key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that may be believed. notify_url and return_url: http or https, not yet judged by where they lead."""

    method: str
    request: shapes.Request
    charset: Charset
    sign_type: SignType
    notify_url: str | None
    return_url: str | None


@dataclass(eq=False)
class SignatureWrong(Problem):
    """isv.invalid-signature, with what the merchant's page shows: the string we expected, and what was found out."""

    expected: bytes
    finding: Finding


def read_call(
    parameters: Parameters,
    app: CallingApp,
    *,
    wall_now: datetime,
    leeway: timedelta | None = None,
    other_keys: Iterable[RegisteredKey] = (),
    may_diagnose: Callable[[], bool] = lambda: True,
) -> Call:
    """Verify and read one request of `app`. Raises Problem; SignatureWrong when the signature does not fit.

    wall_now, leeway: for the request's own timestamp (`shapes.check_timestamp`). other_keys: of other apps, for the
    diagnosis. may_diagnose: whether a wrong signature may be explained now; it is asked for a wrong one alone.
    """
    try:
        if parameters.fault is not None:
            raise invalid(parameters.fault.sub_code, parameters.fault.sentence)
        sign_type = verified(parameters, app, other_keys=other_keys, may_diagnose=may_diagnose)
        if undecodable := parameters.undecodable():
            raise invalid(undecodable.sub_code, undecodable.sentence)
        biz_content = _opened(parameters, app)
    except Problem as problem:
        in_clear(problem)
        raise
    method = _needed(parameters, "method", "isv.missing-method", "缺少方法名参数")
    version = _needed(parameters, "version", "isv.missing-version", "缺少版本参数")
    timestamp = _needed(parameters, "timestamp", "isv.missing-timestamp", "缺少时间戳参数")
    if version != "1.0":
        raise invalid("isv.invalid-parameter", f"version 固定为 1.0: it is “{version[:20]}”")
    shapes.check_timestamp(timestamp, wall_now=wall_now, leeway=leeway)
    _refuse_what_is_not_spoken(parameters)
    return Call(
        method=method,
        request=_request(method, biz_content, parameters),
        charset=parameters.charset,
        sign_type=sign_type,
        notify_url=checked_address("notify_url", parameters.text("notify_url")),
        return_url=checked_address("return_url", parameters.text("return_url")),
    )


def verified(
    parameters: Parameters,
    app: CallingApp,
    *,
    other_keys: Iterable[RegisteredKey] = (),
    may_diagnose: Callable[[], bool] = lambda: True,
) -> SignType:
    """The digest that the request was signed with, once its signature is found right. Raises Problem."""
    sign_type = parameters.ascii("sign_type")
    if not is_sign_type(sign_type) and html_mended(parameters.entries) is not None:
        sentence = "参数经过了 HTML 转义: HTML made × of &timestamp= or ¬ of &notify_url=; write & as &amp; in HTML"
        raise invalid("isv.invalid-parameter", sentence)
    if sign_type is None:
        raise missing("isv.missing-signature-type", "缺少签名类型参数: sign_type is missing (RSA2)")
    if not is_sign_type(sign_type):
        raise invalid("isv.invalid-signature-type", f"无效的签名类型: “{sign_type[:20]}” is neither RSA2 nor RSA")
    signature = parameters.ascii("sign")
    if signature is None:
        raise missing("isv.missing-signature", "缺少签名参数: sign is missing")
    if not app.public_keys:
        raise Problem("40003", "isv.missing-signature-config", "未登记应用公钥: register the app's public key first")
    may_sign = signing_keys(parameters, app)
    expected = request_signing_bytes(parameters.pairs())
    if any(verify(expected, signature, key=key, sign_type=sign_type) for key in may_sign):
        return sign_type
    asked = Asked(
        signature=signature,
        sign_type=sign_type,
        expected=expected,
        candidates=partial(candidates, parameters),
        own_keys=app.registered(may_sign),
        unnamed_keys=app.registered([key for key in app.public_keys if key not in may_sign]),
        other_keys=other_keys,
    )
    raise signature_wrong(asked, may_diagnose=may_diagnose)


def signature_wrong(asked: Asked, *, may_diagnose: Callable[[], bool]) -> SignatureWrong:
    """The answer to a signature that does not fit, explained where there is room and time for it."""
    expected = asked.expected
    if len(expected) > DIAGNOSED_BYTES_MAX:
        finding = too_long(len(expected))
    elif not may_diagnose():
        finding = PAUSED
    else:
        finding = diagnose(asked)
    return SignatureWrong(
        code="40002",
        sub_code="isv.invalid-signature",
        sub_msg=f"验签出错，{finding.sentence}. 网关生成的验签字符串为: {shown(expected, limit=EXPECTED_SHOWN_MAX)}",
        expected=expected,
        finding=finding,
    )


def signing_keys(parameters: Parameters, app: CallingApp) -> Sequence[rsa.RSAPublicKey]:
    """The keys that may have made the signature: in certificate mode the one that the request names. Raises Problem."""
    return named_keys(parameters.ascii("app_cert_sn"), parameters.ascii("alipay_root_cert_sn"), app)


def named_keys(app_number: str | None, root_number: str | None, app: CallingApp) -> Sequence[rsa.RSAPublicKey]:
    """As `signing_keys`, of the two numbers themselves; with neither it is key mode."""
    if app_number is None and root_number is None:
        return app.public_keys
    if app_number is None:
        raise invalid("isv.missing-app-cert-sn", "缺少应用公钥证书序列号: app_cert_sn is missing")
    if root_number is None:
        sentence = "缺少支付平台根证书序列号: alipay_root_cert_sn is missing"
        raise invalid("isv.missing-alipay-root-cert-sn", sentence)
    root = named_root(app.authorities, root_number)
    if root is None:
        ours = root_numbers(app.authorities) or "none, nobody has asked for certificates yet"
        sentence = f"无效的根证书序列号: “{root_number[:80]}” names no root of this house ({ours})"
        raise invalid("isv.invalid-alipay-root-cert-sn", sentence)
    for authority in app.authorities:
        for key in app.public_keys:
            if authority.number_of(key) == app_number:
                return (key,)
    raise invalid("isv.app-cert-not-exist", f"应用公钥证书不存在: {_unknown_number(app_number, app)}")


def _unknown_number(number: str, app: CallingApp) -> str:
    why = explain_number(number, app.authorities, app_keys=app.public_keys, our_keys=app.our_keys)
    if why is not None:
        return f"{why.zh}。{why.en}"
    return f"“{number[:40]}” is the number of no certificate of this app; get it again with its keys of today"


def answering_certificate(parameters: Parameters, app: CallingApp) -> str:
    """The number of our certificate that goes with the answer, under the root that the request names; empty in key mode."""
    if parameters.ascii("app_cert_sn") is None or not app.authorities:
        return ""
    named = named_root(app.authorities, parameters.ascii("alipay_root_cert_sn") or "")
    return (named or app.authorities[0]).number_of(app.platform_key.public_key())


def answering_sign_type(parameters: Parameters) -> SignType:
    """The digest that an answer is signed with: the request's own, RSA2 where it names none that we know."""
    sign_type = parameters.ascii("sign_type")
    return sign_type if is_sign_type(sign_type) else "RSA2"


def _needed(parameters: Parameters, name: str, sub_code: str, chinese: str) -> str:
    text = parameters.text(name)
    if text is None:
        raise missing(sub_code, f"{chinese}: {name} is missing")
    return text


def _request(method: str, biz_content: str | None, parameters: Parameters) -> shapes.Request:
    """What is asked. A few methods have their parameters beside `biz_content`, of which some clients send an empty one then."""
    names = shapes.BESIDE.get(method)
    if names is None:
        return shapes.read_request(method, biz_content)
    document = {} if biz_content is None else shapes.read_document(biz_content)
    beside = {name: text for name in names if (text := parameters.text(name)) is not None}
    return shapes.request_of(method, {**document, **beside})


def _refuse_what_is_not_spoken(parameters: Parameters) -> None:
    form = parameters.text("format")
    if form is not None and form.lower() != "json":
        raise invalid("isv.invalid-format", f"无效的数据格式: format “{form[:20]}” is not JSON")
    if parameters.text("app_auth_token") is not None:
        raise Problem("40006", "isv.insufficient-isv-permissions", "不支持代调用: app_auth_token is not spoken here")


def _opened(parameters: Parameters, app: CallingApp) -> str | None:
    """`biz_content` in clear. Raises Problem."""
    content = parameters.text("biz_content")
    encrypt_type = parameters.text("encrypt_type")
    if encrypt_type is None:
        if content is not None and app.aes_key and _opens(content, app, parameters.charset):
            sentence = "解密出错，未指定加密算法: biz_content is encrypted and encrypt_type is missing (AES)"
            raise missing("isv.decryption-error-missing-encrypt-type", sentence)
        return content
    if encrypt_type != "AES":
        sentence = f"无效的加密类型: encrypt_type “{encrypt_type[:20]}” is not AES"
        raise invalid("isv.invalid-encrypt-type", sentence)
    if not app.aes_key:
        sentence = "应用未设置内容加密密钥: this app has no AES key yet, `florin app aes-key` makes one"
        raise Problem("40003", "isv.missing-encrypt-key", sentence)
    if content is None:
        return None
    try:
        return unseal(content, app.aes_key, parameters.charset)
    except Sealed as sealed:
        raise Problem("40003", "isv.decryption-error-unknown", f"解密出错，{sealed.zh}。{sealed.en}") from None


def _opens(content: str, app: CallingApp, charset: Charset) -> bool:
    if content.lstrip()[:1] in ("{", "["):
        return False
    try:
        unseal(content, app.aes_key, charset)
    except Sealed:
        return False
    return True


def checked_address(name: str, text: str | None) -> str | None:
    """An http(s) address with a host, and no characters that a header or a log could stumble over. Raises Problem."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or len(text) > URL_LENGTH_MAX or not text.isprintable() or " " in text:
        raise business(
            "INVALID_PARAMETER", f"参数无效 {name}: it is not an http or https address of at most 400 characters"
        )
    return text
