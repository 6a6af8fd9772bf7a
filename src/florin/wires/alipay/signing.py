"""The string that is signed, and the signature over it.

One rule with two faces. A *request* drops `sign` alone; a *notify* and the browser's way back drop `sign` and
`sign_type` (opendocs common/057k53 and common/02mse7, and the source of all three SDKs). The rest: drop empty values,
sort by name, join `name=value` with `&`, nothing encoded. Names unknown to us are signed too (`alipay_sdk`,
`app_cert_sn`, `ws_service_url`), so there is no list of signed names here.

Everything is bytes: a value is signed as the bytes that came off the wire, percent-decoding undone and nothing else, so
no guess about the charset and no re-serialized JSON can come between the client's signature and ours.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final, Literal, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from florin.wires.desk import signatures as desk
from florin.wires.desk.signatures import ToSign

SignType = Literal["RSA", "RSA2"]
SIGN_TYPES: Final[tuple[SignType, ...]] = ("RSA2", "RSA")

_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {"RSA2": hashes.SHA256(), "RSA": hashes.SHA1()}  # noqa: S303


def is_sign_type(text: str | None) -> TypeGuard[SignType]:
    return text in SIGN_TYPES


def request_signing_bytes(parameters: Iterable[tuple[str, bytes]]) -> bytes:
    """What a request must have signed: all but `sign`, without empty values, sorted by name.

    parameters: decoded from percent-encoding, each name once, any order.
    """
    return joined(sorted((name, value) for name, value in parameters if value and name != "sign"))


def notify_signing_bytes(parameters: Iterable[tuple[str, bytes]]) -> bytes:
    """What a notify, or the query of a return address, signs: as a request, and without `sign_type`."""
    return request_signing_bytes((name, value) for name, value in parameters if name != "sign_type")


def joined(parameters: Iterable[tuple[str, bytes]]) -> bytes:
    """`name=value&name=value`, in the order given, nothing encoded."""
    return b"&".join(name.encode("utf-8", "surrogateescape") + b"=" + value for name, value in parameters)


def sign(message: bytes, *, key: rsa.RSAPrivateKey, sign_type: SignType) -> str:
    """PKCS#1 v1.5 over SHA-256 (RSA2) or SHA-1 (RSA), as base64 on one line."""
    return desk.signature_of(to_sign(message, key=key, sign_type=sign_type))


def to_sign(message: bytes, *, key: rsa.RSAPrivateKey, sign_type: SignType) -> ToSign:
    """As `sign`, for who signs many at once."""
    return ToSign(message, key, _DIGESTS[sign_type])


def verify(message: bytes, signature: str, *, key: rsa.RSAPublicKey, sign_type: SignType) -> bool:
    """Whether `signature` (base64) was made over exactly these bytes; one that is not base64 is simply wrong."""
    signature_bytes = signature_of(signature)
    if signature_bytes is None:
        return False
    try:
        key.verify(signature_bytes, message, padding.PKCS1v15(), _DIGESTS[sign_type])
    except InvalidSignature:
        return False
    return True


def signature_of(text: str) -> bytes | None:
    """The bytes of a base64 signature, or None when it is not base64; line breaks in it do not matter."""
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None
