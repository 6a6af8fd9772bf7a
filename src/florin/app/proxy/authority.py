"""The authority: a certificate authority of this house's own, made on first use, that may sign for the gateways' names alone.

Its certificate carries critical name constraints (RFC 5280, 4.2.1.10): a program that trusts it would still refuse a
certificate of it for any other name. The key stays in the data folder, 0600.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from florin.app.proxy.hosts import GATEWAY_HOSTS
from florin.store import StoreRefusal

_CA_DAYS = 3650
# Programs refuse server certificates that live longer; one is made at every start.
_SERVER_DAYS = 397
_BACKDATED = timedelta(days=1)


class AuthorityUnreadable(StoreRefusal):
    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"The proxy's authority in {path} cannot be read, or key and certificate are not of each other.",
            f"Remove {path}: a new one is made at the next start, and shops must trust that one.",
        )


class Authority:
    """The authority of one data folder. Making the object touches nothing."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "authority"
        self.certificate = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"

    def ready(self) -> None:
        """Make it, if it is not there yet; both files or none. Raises AuthorityUnreadable."""
        if not self.folder.exists():
            self._make()
        self._load()

    def server_context(self) -> ssl.SSLContext:
        """What a server of the gateways' names needs: a new key and certificate, which no file keeps."""
        ca_key, ca = self._load()
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in _permitted(ca)])
        certificate = (
            _certificate(_name("Florin local gateway"), ca.subject, key.public_key(), days=_SERVER_DAYS)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".pem") as file:  # 0600; ssl reads files alone
            file.write(_key_pem(key) + _pem(certificate) + _pem(ca))
            file.flush()
            context.load_cert_chain(file.name)
        return context

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("Florin local authority")
        permitted = x509.NameConstraints([x509.DNSName(host) for host in GATEWAY_HOSTS], excluded_subtrees=None)
        certificate = (
            _certificate(subject, subject, key.public_key(), days=_CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(permitted, critical=True)
            .add_extension(_signs_certificates(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".authority-", dir=self.folder.parent))  # 0700
        _write(unfinished / self._key.name, _key_pem(key), mode=0o600)
        _write(unfinished / self.certificate.name, _pem(certificate), mode=0o644)
        unfinished.replace(self.folder)  # the folder appears with both

    def _load(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        try:
            key = load_pem_private_key(self._key.read_bytes(), password=None)
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthorityUnreadable(path=self.folder) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise AuthorityUnreadable(path=self.folder)
        return key, certificate


def _permitted(ca: x509.Certificate) -> list[str]:
    """The names that the authority may sign for: one that is older than a name does without it."""
    permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    theirs = {name.value for name in permitted}
    return [host for host in GATEWAY_HOSTS if host in theirs]


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, *, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)  # wall time: it is other programs' clocks that judge it
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=days))
    )


def _signs_certificates() -> x509.KeyUsage:
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only")
    return x509.KeyUsage(
        digital_signature=False, key_cert_sign=True, crl_sign=True, decipher_only=False, **dict.fromkeys(others, False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Florin"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, *, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(content)
