"""The environment file: KEY=VALUE lines that a shop, a test or a verb reads to find the sandbox and to prove who it is.

It holds a private key, so it is the owner's alone (0600), as are the PEM files beside it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def write_environment(path: Path, values: Mapping[str, str], *, notes: Mapping[str, str]) -> None:
    """Write all lines at once. notes: why a key is left out, as a comment in its place."""
    lines = [f"{key}={value}" for key, value in values.items()]
    lines += [f"# {key} is left out: {reason}" for key, reason in notes.items()]
    _write_private(path, "\n".join(lines) + "\n")


def write_pems(path: Path, app_key: rsa.RSAPrivateKey, alipay_public_key: str) -> list[Path]:
    """Beside the environment file: the app's private key and our public key, for SDKs that take PEM."""
    private = app_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    body = "\n".join(alipay_public_key[start : start + 64] for start in range(0, len(alipay_public_key), 64))
    public = f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    written = {_beside(path, "app-private-key.pem"): private, _beside(path, "alipay-public-key.pem"): public}
    for pem, text in written.items():
        _write_private(pem, text)
    return list(written)


def _beside(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}")


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all: whoever waits for the file never reads half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    unfinished.replace(path)
