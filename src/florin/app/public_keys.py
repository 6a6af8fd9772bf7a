"""Public keys as shops bring them, and key pairs made for shops: what is taken, and what is refused before it is stored."""

from __future__ import annotations

import base64
import binascii
import os
import sys
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from florin.store import StoreRefusal
from florin.wires.keys.forms import (
    KeyUnreadable,
    PrivateForm,
    new_private_key,
    private_key_pem,
    public_key_base64,
    read_private_key,
    read_public_key,
)

KEY_BITS_MIN = 2048
_TEXT_LENGTH_MAX = 64 * 1024


class PrivateKeyPasted(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "This is a private key. It was not stored, and it belongs to the shop alone.",
            "Give its public half (openssl pkey -in FILE -pubout); if it went through a mail or a chat, make a new pair.",
        )


class KeyTooShort(StoreRefusal):
    def __init__(self, *, bits: int) -> None:
        super().__init__(
            f"An RSA key of {bits} bits is too short: {KEY_BITS_MIN} are needed.",
            f"Make a new pair of {KEY_BITS_MIN} bits; `--make-key FILE` does it here.",
        )


class NoPublicKey(StoreRefusal):
    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"There is no public key to take: {reason}.",
            "Give the shop's RSA public key, as PEM or as one line of base64.",
        )


class KeyFileUnreadable(StoreRefusal):
    def __init__(self, *, reason: str) -> None:
        super().__init__(
            f"The key's file cannot be read: {reason}.",
            "Name a file that holds the public key, or - for standard input.",
        )


class KeyFileNotWritten(StoreRefusal):
    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(
            f"The private key cannot be written to {path}: {reason}.",
            "Name a file that does not exist, in a folder that does; a key is never written over.",
        )


def public_key_from(source: str) -> str:
    """The public key in a file, or on standard input for `-`, as one line of base64 (SubjectPublicKeyInfo).

    Raises PrivateKeyPasted, KeyTooShort, NoPublicKey, KeyFileUnreadable.
    """
    return public_key_of(_text_of(source))


def public_key_of(text: str) -> str:
    """As `public_key_from`, of the text itself."""
    if not text.strip():
        raise NoPublicKey(reason="the text is empty")
    if _is_private(text):
        raise PrivateKeyPasted
    try:
        key = read_public_key(text)
    except KeyUnreadable as unreadable:
        raise NoPublicKey(reason=str(unreadable)) from None
    if key.key_size < KEY_BITS_MIN:
        raise KeyTooShort(bits=key.key_size)
    return public_key_base64(key)


def make_key_pair(path: Path, form: PrivateForm = "PKCS1") -> str:
    """Write a new private key (PEM, 0600) to a file that did not exist; gives the public half. Raises KeyFileNotWritten."""
    key = new_private_key()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise KeyFileNotWritten(path=path, reason=error.strerror or str(error)) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(private_key_pem(key, form))
    return public_key_base64(key.public_key())


def _text_of(source: str) -> str:
    if source == "-":
        return sys.stdin.read(_TEXT_LENGTH_MAX)
    try:
        with Path(source).expanduser().open("rb") as file:
            return file.read(_TEXT_LENGTH_MAX).decode("utf-8", "replace")
    except OSError as error:
        # What was given is not told again: it may be a key itself.
        raise KeyFileUnreadable(reason=error.strerror or "no such file") from None


def _is_private(text: str) -> bool:
    """A private key of any kind, also one that we could not use."""
    if "PRIVATE KEY" in text:
        return True
    with suppress(KeyUnreadable):
        read_private_key(text)
        return True
    with suppress(ValueError, TypeError, UnsupportedAlgorithm, binascii.Error):
        serialization.load_der_private_key(base64.b64decode("".join(text.split()), validate=True), password=None)
        return True
    return False
