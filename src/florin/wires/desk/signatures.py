"""Signatures of answers: made in threads beside the event loop, since each takes a quarter of a millisecond of OpenSSL's time,
for which cryptography lets go of the interpreter.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from florin.engine.gathered import Gathered

SIGNERS: Final = 2


class ToSign(NamedTuple):
    """PKCS#1 v1.5 over a digest of these bytes."""

    message: bytes
    key: rsa.RSAPrivateKey
    digest: HashAlgorithm


def signature_of(wanted: ToSign) -> str:
    """Base64 on one line."""
    return base64.b64encode(wanted.key.sign(wanted.message, padding.PKCS1v15(), wanted.digest)).decode("ascii")


def signer(*, name: str) -> Gathered[ToSign, str]:
    """As `signature_of`, for the callers of an event loop."""
    return Gathered(_signatures_of, at_once=SIGNERS, name=f"{name}-signs")


def _signatures_of(wanted: Sequence[ToSign]) -> list[str]:
    return [signature_of(each) for each in wanted]
