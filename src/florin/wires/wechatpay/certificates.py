"""Platform certificates: what clients download to check our signatures, each under the house's own authority.

The wire's own platform key is the authority; each app's platform keys are certified by it. A certificate is made of its
key's row alone and PKCS#1 v1.5 has no randomness in it, so it is made again, not stored, and is the same bytes every time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from florin.wires.wechatpay.names import serial_no_of

LIVES: Final = timedelta(days=5 * 365)
_EARLIER: Final = timedelta(days=1)  # a client whose clock is behind finds it valid all the same


def valid_from(made_at: datetime) -> datetime:
    return made_at.replace(microsecond=0) - _EARLIER


def valid_until(made_at: datetime) -> datetime:
    return valid_from(made_at) + LIVES


def platform_certificate(key: rsa.RSAPublicKey, authority: rsa.RSAPrivateKey, *, made_at: datetime) -> str:
    """PEM. made_at: when the key was made."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("Florin platform certificate"))
        .issuer_name(_name("Florin platform authority"))
        .public_key(key)
        .serial_number(int(serial_no_of(key), 16))
        .not_valid_before(valid_from(made_at))
        .not_valid_after(valid_until(made_at))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )
    return builder.sign(authority, SHA256()).public_bytes(Encoding.PEM).decode("ascii")


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Florin"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
