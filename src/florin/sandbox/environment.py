"""The environment file: KEY=VALUE lines that a shop, a test or a verb reads to find the sandbox and to prove who it is.

It holds a private key, so it is the owner's alone (0600), as are the PEM files beside it. It belongs to one sandbox: nobody
writes over it while that one lives, and only that one removes it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from florin.sandbox.remote import EnvironmentFileMissing, read_environment
from florin.store import StoreRefusal
from florin.store.temporary import holder_of

# Which sandbox wrote the file: the folder that it lives in.
FOLDER = "SANDBOX_FOLDER"


# The certificates of the file, each with the name of the PEM file beside it.
_CERTIFICATES = {"APP_CERT": "app-cert", "ALIPAY_CERT": "alipay-cert", "ALIPAY_ROOT_CERT": "alipay-root-cert"}


class EnvironmentFileInUse(StoreRefusal):
    def __init__(self, *, path: Path, pid: int) -> None:
        super().__init__(
            f"The sandbox of process {pid} lives, and {path} says how to reach it.",
            f"Use that one; or stop it first (kill {pid}); or name another file with --env-file.",
        )


class EnvironmentFileForeign(StoreRefusal):
    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} exists and was not written by a sandbox.",
            "Name another file with --env-file: it would be written over, and removed at the end.",
        )


class EnvironmentFolderClosed(StoreRefusal):
    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"No file {path} can be written: its folder is not there or not open to this account.",
            "Make the folder, or name another file with --env-file.",
        )


def refuse_environment_file(path: Path) -> None:
    """Raises EnvironmentFileInUse, EnvironmentFileForeign or EnvironmentFolderClosed when a new sandbox may not write it."""
    if not os.access(path.parent, os.W_OK | os.X_OK) or path.is_dir():
        raise EnvironmentFolderClosed(path=path)
    try:
        values = read_environment(path)
    except EnvironmentFileMissing:
        return
    except (OSError, UnicodeDecodeError):
        raise EnvironmentFileForeign(path=path) from None
    if values and FOLDER not in values:
        raise EnvironmentFileForeign(path=path)
    if values and (holder := holder_of(Path(values[FOLDER]))):
        raise EnvironmentFileInUse(path=path, pid=holder.pid)


@contextmanager
def environment_file(
    path: Path, values: Mapping[str, str], *, notes: Mapping[str, str], app_key: rsa.RSAPrivateKey, authority: str
) -> Iterator[dict[str, str]]:
    """The file, and the PEM files beside it, for as long as it is entered; gives the keys that name such files.

    notes: why a key is left out, in its place. authority: the certificate, as PEM, that shops behind the proxy must trust.

    Raises the refusals of `refuse_environment_file`.
    """
    refuse_environment_file(path)
    ca = _beside(path, "ca.pem")
    pems = _pems(path, app_key, values) | {ca: authority}
    files = {"CA_FILE": str(ca.absolute())}
    try:
        for pem, text in pems.items():
            _write_private(pem, text)
        lines = [f"{key}={value}" for key, value in {**values, **files}.items()]
        lines += [f"# {key} is left out: {reason}" for key, reason in notes.items()]
        _write_private(path, "\n".join(lines) + "\n")  # the last: whoever finds it finds all of them
        yield files
    finally:
        if _is_of(path, values[FOLDER]):
            for file in (path, *pems):
                file.unlink(missing_ok=True)


def _is_of(path: Path, folder: str) -> bool:
    """Whether the file is that sandbox's still, or not there at all."""
    try:
        return read_environment(path).get(FOLDER) == folder
    except EnvironmentFileMissing:
        return True
    except (OSError, UnicodeDecodeError):
        return False


def _pems(path: Path, app_key: rsa.RSAPrivateKey, values: Mapping[str, str]) -> dict[Path, str]:
    """The keys of both wires and the three certificates, for SDKs that take PEM."""
    private = app_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    certificates = {
        _beside(path, f"{name}.pem"): base64.b64decode(values[key]).decode("ascii")
        for key, name in _CERTIFICATES.items()
    }
    return {
        _beside(path, "app-private-key.pem"): private,
        _beside(path, "alipay-public-key.pem"): _pem(values["ALIPAY_PUBLIC_KEY"], "PUBLIC KEY"),
        _beside(path, "wechat-private-key.pem"): _pem(values["WECHAT_PRIVATE_KEY"], "PRIVATE KEY"),
        _beside(path, "wechat-public-key.pem"): _pem(values["WECHAT_PUBLIC_KEY"], "PUBLIC KEY"),
        **certificates,
    }


def _pem(line: str, label: str) -> str:
    """A key of one line, as PEM."""
    body = "\n".join(line[start : start + 64] for start in range(0, len(line), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


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
