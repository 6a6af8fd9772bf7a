"""What a wrong signature says of itself.

An RSA signature can say more than no: raised to the public exponent it gives back the digest that was signed. If that is not
the digest of the string we expected, it may be the digest of that string with a known mistake in it, and then the mistake has a
name. If no registered key opens the signature, the key is wrong, whatever the string. Each wire knows its own mistakes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

OTHER_KEYS_MAX: Final = 100  # each costs 0.2 ms, and anybody can send a wrong signature


@dataclass(frozen=True, slots=True)
class RegisteredKey:
    app_id: str
    key: rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a signature was refused.

    mistakes: what is proven, by the wire's own names, outermost first; never empty. zh, en: for the developer, each a sentence
    of its own. signed: the bytes that were signed instead, where they could be told. app_id: whose key made the signature,
    where one did.
    """

    mistakes: tuple[str, ...]
    zh: str
    en: str
    signed: bytes | None = None
    app_id: str | None = None

    @property
    def sentence(self) -> str:
        """Both, Chinese then English, as the protocol's answers are written."""
        return f"{self.zh}。{self.en}"


PAUSED: Final = Finding(
    ("not-examined",),
    zh="错误签名过于频繁，已暂停排查原因，请稍后再试",
    en="diagnosis is paused, too many wrong signatures came in this app's name; try again in some seconds to read the reason",
)


@dataclass(frozen=True, slots=True)
class RecoveredDigest:
    algorithm: str  # hashlib's name
    digest: bytes


def recover_digest(signature: bytes, key: rsa.RSAPublicKey) -> RecoveredDigest | None:
    """Open a PKCS#1 v1.5 signature with a public key; None when that key did not make it (RFC 8017, 8.2.2 and 9.2)."""
    numbers = key.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    if len(signature) != size:
        return None
    block = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(size, "big")
    padding, _, info = block[2:].partition(b"\x00")
    if block[:2] != b"\x00\x01" or len(padding) < 8 or set(padding) != {0xFF}:
        return None
    for algorithm, prefix in _DIGEST_INFO.items():
        if info.startswith(prefix) and len(info) == len(prefix) + hashlib.new(algorithm).digest_size:
            return RecoveredDigest(algorithm, info[len(prefix) :])
    return None


# DER of DigestInfo up to the digest itself (RFC 8017, 9.2, note 1).
_DIGEST_INFO: Final = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "md5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
}


def shown(text: bytes, *, limit: int = 4096) -> str:
    """Bytes as text for a log line or a record: what is not UTF-8 is shown as escapes, and a long string is cut."""
    shown = text[:limit].decode("utf-8", "backslashreplace")
    return shown if len(text) <= limit else f"{shown}… ({len(text):,} bytes)"
