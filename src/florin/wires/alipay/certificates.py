"""Certificate mode: a request names its key by the number of a certificate, and an answer names ours.

Certificates are a function of keys. The root is made from a platform key of its own (wire `alipay-root`), those of apps and
of ours are issued under it, each with a serial that is a digest of its public key: asked for again, the same certificate
comes, byte for byte, and nothing but the root's key is kept. A key that is registered has a certificate; one that was taken
away has none any more.

A number (`app_cert_sn`, `alipay_cert_sn`) is the MD5 of the issuer's name, written from the common name up, and of the
serial in decimal (alipay-sdk-nodejs `antcertutil.ts`, python-alipay-sdk `get_cert_sn`). Every name has a CN, OU, O and C,
because python-alipay-sdk writes all four whether they are there or not.

Pure: keys and moments are handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

ROOT_WIRE: Final = "alipay-root"
VALID_FOR: Final = timedelta(days=20 * 365)
_NAME_PARTS: Final = (
    (NameOID.COUNTRY_NAME, "C"),
    (NameOID.ORGANIZATION_NAME, "O"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "OU"),
    (NameOID.COMMON_NAME, "CN"),
)
_ROOT_NAME: Final = ("CN", "Florin", "Certification Authority", "Florin Root")


@dataclass(frozen=True)
class Authority:
    """A root and what it vouches for. made_at: wall time from which its certificates count, less a day for slow clocks."""

    key: rsa.RSAPrivateKey
    made_at: datetime

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The root itself."""
        return self._issued(self.key.public_key(), _ROOT_NAME, is_root=True)

    @cached_property
    def number(self) -> str:
        """The root's own number, as `alipay_root_cert_sn` names it."""
        return self.number_of(self.key.public_key())

    def number_of(self, key: rsa.RSAPublicKey) -> str:
        """The number of the key's certificate under this root; no certificate needs to be made for it."""
        return _md5(_written(_ROOT_NAME, reverse=True) + str(serial_of(key)))

    def certificate_of(self, key: rsa.RSAPublicKey, *, organization: str, name: str) -> x509.Certificate:
        """Vouch for a key. organization: whose it is; name: what it is for. At most 64 characters of each are taken."""
        return self._issued(key, ("CN", organization[:64], "Florin", name[:64]), is_root=False)

    def _issued(self, key: rsa.RSAPublicKey, name: Sequence[str], *, is_root: bool) -> x509.Certificate:
        begins_at = self.made_at.replace(microsecond=0) - timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(_ROOT_NAME))
            .public_key(key)
            .serial_number(serial_of(key))
            .not_valid_before(begins_at)
            .not_valid_after(begins_at + VALID_FOR)
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=0 if is_root else None), critical=True)
        )
        return builder.sign(self.key, hashes.SHA256())


def serial_of(key: rsa.RSAPublicKey) -> int:
    """The serial of a key's certificate: 127 bits of its digest, never zero."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return (int.from_bytes(hashlib.blake2b(der, digest_size=16, person=b"florin alipay").digest(), "big") >> 1) | 1


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def root_file(authorities: Sequence[Authority]) -> str:
    """The roots in one file, a blank line between them: where python-alipay-sdk splits it."""
    return "\n".join(pem_of(authority.certificate) for authority in authorities)


def root_numbers(authorities: Sequence[Authority]) -> str:
    """What an SDK makes of that file: the roots' numbers, joined by `_`."""
    return "_".join(authority.number for authority in authorities)


def named_root(authorities: Sequence[Authority], text: str) -> Authority | None:
    """The newest of our roots that an `alipay_root_cert_sn` names; None for one that names none of them."""
    named = text.split("_")
    return next((authority for authority in authorities if authority.number in named), None)


@dataclass(frozen=True, slots=True)
class Misnamed:
    """Why a number is not an app certificate's: each a sentence of its own."""

    zh: str
    en: str


def explain_number(
    text: str,
    authorities: Sequence[Authority],
    *,
    app_keys: Sequence[rsa.RSAPublicKey],
    our_keys: Sequence[rsa.RSAPublicKey],
) -> Misnamed | None:
    """The known mistake that leads to this number; None when it is none of them."""
    for authority in authorities:
        if text.lower() == authority.number:
            return Misnamed("这是根证书的序列号", "this is the root certificate's number; name the app's own")
        if any(text.lower() == authority.number_of(key) for key in our_keys):
            return Misnamed("这是支付平台公钥证书的序列号", "this is our certificate's number; name the app's own")
        for key in app_keys:
            for number, zh, en in _mistaken(serial_of(key), authority):
                if text.lower() == number:
                    return Misnamed(zh, en)
            if text != text.lower() and text.lower() == authority.number_of(key):
                return Misnamed("序列号须为小写", "the MD5 is written with small letters")
    return None


def _mistaken(serial: int, authority: Authority) -> Iterator[tuple[str, str, str]]:
    """(number, zh, en) of each known way to make it wrongly."""
    issuer = _written(_ROOT_NAME, reverse=True)
    in_order = "颁发者名称顺序有误，须为 CN、OU、O、C", "the issuer's name is to be written from CN up: CN, OU, O, C"
    yield _md5(_written(_ROOT_NAME, reverse=False) + str(serial)), *in_order
    spaced = (
        "颁发者名称各部分之间不能有空格",
        "the parts of the issuer's name are joined by a comma alone, without a blank",
    )
    yield _md5(issuer.replace(",", ", ") + str(serial)), *spaced
    in_hex = "证书序列号须为十进制", "the serial is to be written in decimal, not in hex"
    for written in (f"{serial:x}", f"{serial:X}", f"{serial:032x}", f"{serial:032X}"):
        yield _md5(issuer + written), *in_hex
    alone = (
        "须对颁发者名称与序列号一起做 MD5",
        "the MD5 is over the issuer's name and the serial, not over the serial alone",
    )
    yield _md5(str(serial)), *alone
    plain = "须为 MD5，而不是证书自身的序列号", "an MD5 is wanted, not the certificate's own serial"
    for written in (str(serial), f"{serial:x}", f"{serial:032x}"):
        yield written, *plain


def _name(values: Sequence[str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for (oid, _), value in zip(_NAME_PARTS, values, strict=True)])


def _written(values: Sequence[str], *, reverse: bool) -> str:
    parts = [f"{short}={value}" for (_, short), value in zip(_NAME_PARTS, values, strict=True)]
    return ",".join(reversed(parts) if reverse else parts)


def _md5(text: str) -> str:
    """The protocol's own; nothing of ours rests on it: the key that it names must have made the signature."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
