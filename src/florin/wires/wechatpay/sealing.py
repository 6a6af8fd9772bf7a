"""AEAD_AES_256_GCM under a merchant's APIv3 key: certificates and notifies go over the line sealed.

The nonce is twelve ASCII characters, because clients take it as text; the tag stands at the end of the ciphertext.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ALGORITHM: Final = "AEAD_AES_256_GCM"
_LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def new_apiv3_key() -> str:
    """32 letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(32))


def sealed(text: bytes, apiv3_key: bytes, associated_data: str) -> dict[str, str]:
    """The fields of a resource: algorithm, nonce, associated_data, ciphertext. apiv3_key: 32 bytes."""
    nonce = "".join(secrets.choice(_LETTERS) for _ in range(12))
    ciphertext = AESGCM(apiv3_key).encrypt(nonce.encode(), text, associated_data.encode())
    return {
        "algorithm": ALGORITHM,
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(ciphertext).decode("ascii"),
    }
