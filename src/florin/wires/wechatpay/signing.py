"""The strings that are signed, and the header that carries a signature.

A request signs its method, its target as it goes over the line (path and query, nothing decoded), a timestamp, a nonce and
its body, each ended by a line feed; an answer and a notify sign timestamp, nonce and body. Everything is bytes, so that no
decoded path and no JSON printed again can come between the client's signature and ours.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from florin.wires.desk import signatures as desk
from florin.wires.desk.signatures import ToSign

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"

_FIELD: Final = re.compile(r'\s*([a-z_]+)\s*=\s*"([^"]*)"\s*(?:,|$)')
_NAMES: Final = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")
_HEADER_LENGTH_MAX: Final = 4_096
_SHA256: Final = SHA256()


class AuthorizationUnreadable(ValueError):
    """The header is not what it should be; the message says what is missing, for the developer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What the header says; nothing of it is believed yet. serial_no: upper case."""

    mchid: str
    nonce_str: str
    signature: str
    timestamp: str
    serial_no: str


def read_authorization(header: str) -> Authorization:
    """The five fields, in any order. Raises AuthorizationUnreadable."""
    scheme, _, rest = header.strip().partition(" ")
    if not header:
        raise AuthorizationUnreadable("缺少 Authorization: the header is missing")
    if scheme != SCHEME:
        raise AuthorizationUnreadable(f"认证类型应为 {SCHEME}: the scheme is “{scheme[:40]}”")
    fields: dict[str, str] = {}
    at = 0
    while at < len(rest) and len(header) <= _HEADER_LENGTH_MAX:
        found = _FIELD.match(rest, at)
        if found is None:
            raise AuthorizationUnreadable(f'格式须为 名称="值": it cannot be read from “{rest[at : at + 20]}” on')
        if found[1] in fields:
            raise AuthorizationUnreadable(f"字段重复: {found[1]} comes twice")
        fields[found[1]], at = found[2], found.end()
    missing = [name for name in _NAMES if not fields.get(name)]
    if missing:
        raise AuthorizationUnreadable(f"缺少字段: {', '.join(missing)} missing")
    return Authorization(**{name: fields[name] for name in _NAMES[:4]}, serial_no=fields["serial_no"].upper())


def request_message(*, method: str, target: bytes, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What a request signs. target: path and query as they came over the line."""
    return b"\n".join([method.encode(), target, timestamp.encode(), nonce.encode(), body, b""])


def answer_message(*, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What an answer or a notify signs."""
    return b"\n".join([timestamp.encode(), nonce.encode(), body, b""])


def sign(message: bytes, key: rsa.RSAPrivateKey) -> str:
    """PKCS#1 v1.5 over SHA-256, as base64 on one line."""
    return desk.signature_of(to_sign(message, key))


def to_sign(message: bytes, key: rsa.RSAPrivateKey) -> ToSign:
    """As `sign`, for who signs many at once."""
    return ToSign(message, key, _SHA256)


def verify(message: bytes, signature: str, key: rsa.RSAPublicKey) -> bool:
    """Whether `signature` (base64) was made over exactly these bytes; one that is not base64 is simply wrong."""
    signature_bytes = signature_of(signature)
    if signature_bytes is None:
        return False
    try:
        key.verify(signature_bytes, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def signature_of(text: str) -> bytes | None:
    """The bytes of a base64 signature, or None when it is not base64."""
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None
