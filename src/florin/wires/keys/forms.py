"""RSA keys in the forms that SDKs print and take.

The official Python SDK of Alipay takes a private key as one line of base64 DER, PKCS#1 only, and a public key as
SubjectPublicKeyInfo; python-alipay-sdk takes PEM of either form; npm alipay-sdk takes base64 or PEM and is told which
form by `keyType`; Java prints PKCS#8, and wechatpayv3 takes nothing else. A person pastes whichever of these is at hand,
so all are read here, and all are written.
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PrivateForm = Literal["PKCS1", "PKCS8"]

MODULUS_BITS_MIN = 1024  # RSA (SHA-1) apps of old; RSA2 asks for 2048, which is what `new_private_key` makes
MODULUS_BITS_MAX = 8192  # a larger one is nobody's key and costs each verification dearly
_TEXT_LENGTH_MAX = 16_384


class KeyUnreadable(ValueError):
    """The text is not an RSA key that this wire can use; the message says why, for the person who pasted it."""


def new_private_key() -> rsa.RSAPrivateKey:
    """A fresh 2048-bit key, the size that RSA2 asks for."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def read_private_key(text: str) -> rsa.RSAPrivateKey:
    """Read a private key: PEM or bare base64 DER, PKCS#1 or PKCS#8, unencrypted.

    Line breaks and blanks inside the base64 do not matter. Raises KeyUnreadable.
    """
    der = _der_of(text, kind="private key")
    try:
        key = serialization.load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if _is_public(der):
            raise KeyUnreadable("this is a public key; the private key is wanted here") from error
        raise KeyUnreadable("not an unencrypted RSA private key (PKCS#1 or PKCS#8)") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyUnreadable("a private key, but not an RSA one")
    _check_size(key.key_size)
    return key


def read_public_key(text: str) -> rsa.RSAPublicKey:
    """Read a public key: PEM or bare base64 DER, SubjectPublicKeyInfo or PKCS#1.

    A pasted private key is refused, not quietly reduced to its public half: it should not have been pasted. Raises
    KeyUnreadable.
    """
    der = _der_of(text, kind="public key")
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if _is_private(der):
            raise KeyUnreadable("this is a private key, keep it secret; its public half belongs here") from error
        raise KeyUnreadable("not an RSA public key (SubjectPublicKeyInfo or PKCS#1)") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise KeyUnreadable("a public key, but not an RSA one")
    _check_size(key.key_size)
    return key


def private_key_base64(key: rsa.RSAPrivateKey, form: PrivateForm = "PKCS1") -> str:
    """One line of base64 DER; the official Python SDK takes PKCS1 only, and says so by failing."""
    return base64.b64encode(key.private_bytes(Encoding.DER, _FORMATS[form], NoEncryption())).decode("ascii")


def public_key_base64(key: rsa.RSAPublicKey) -> str:
    """One line of base64 DER SubjectPublicKeyInfo: what every SDK calls the Alipay public key."""
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode("ascii")


def private_key_pem(key: rsa.RSAPrivateKey, form: PrivateForm = "PKCS1") -> str:
    return key.private_bytes(Encoding.PEM, _FORMATS[form], NoEncryption()).decode("ascii")


def public_key_pem(key: rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


_FORMATS = {"PKCS1": PrivateFormat.TraditionalOpenSSL, "PKCS8": PrivateFormat.PKCS8}


def _der_of(text: str, *, kind: str) -> bytes:
    if len(text) > _TEXT_LENGTH_MAX:
        raise KeyUnreadable(f"{len(text)} characters are too many for a {kind}")
    lines = [line.strip() for line in text.strip().lstrip("\ufeff").splitlines()]
    if any("CERTIFICATE" in line for line in lines):
        raise KeyUnreadable(f"this is a certificate; paste the {kind} itself")
    if any("ENCRYPTED" in line for line in lines):
        raise KeyUnreadable("the key is encrypted with a passphrase; paste it without one")
    body = "".join("".join(line.split()) for line in lines if "-----" not in line)
    if not body:
        raise KeyUnreadable(f"no {kind} in the text")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyUnreadable(f"the {kind} is not base64: a character was lost or added") from error


def _check_size(bits: int) -> None:
    if not MODULUS_BITS_MIN <= bits <= MODULUS_BITS_MAX:
        raise KeyUnreadable(f"an RSA key of {bits} bits; {MODULUS_BITS_MIN} to {MODULUS_BITS_MAX} are accepted")


def _is_public(der: bytes) -> bool:
    try:
        serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _is_private(der: bytes) -> bool:
    try:
        serialization.load_der_private_key(der, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
