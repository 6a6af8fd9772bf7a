"""Content encryption: `encrypt_type=AES`.

AES in CBC mode, an IV of sixteen zero bytes, PKCS#7 padding, key and ciphertext in base64 (opendocs common/02mse3, and the
source of npm alipay-sdk). The request's signature is over the ciphertext, so it is verified first and only a holder of the
app's key has anything opened. The fixed IV is the protocol's: equal texts have equal ciphertexts.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

KEY_BYTES: Final = (16, 24, 32)
_BLOCK_BYTES: Final = 16
_ZEROS: Final = bytes(_BLOCK_BYTES)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{32})+")


@dataclass(eq=False)
class Sealed(Exception):
    """A content that does not open, and why: each a sentence of its own."""

    zh: str
    en: str


def seal(text: bytes, key: bytes) -> str:
    """The text as base64 that only this key opens."""
    padder = padding.PKCS7(AES.block_size).padder()
    encryptor = Cipher(AES(key), CBC(_ZEROS)).encryptor()
    return base64.b64encode(encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()).decode()


def unseal(text: str, key: bytes, charset: str) -> str:
    """The content in clear. charset: of the text inside. Raises Sealed with the known mistake, where it is one."""
    if text.lstrip()[:1] in ("{", "["):
        raise Sealed("内容未加密", "biz_content came in clear, though encrypt_type says AES")
    try:
        sealed = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        sealed = b""
    if _HEX.fullmatch(text) and _clear(bytes.fromhex(text), key, CBC(_ZEROS), charset) is not None:
        raise Sealed("密文须为 base64，不是十六进制", "the ciphertext is hex; base64 is wanted")
    if not sealed or len(sealed) % _BLOCK_BYTES:
        raise Sealed("密文不是完整的 base64", f"the ciphertext is not base64 of whole blocks of {_BLOCK_BYTES} bytes")
    clear = _clear(sealed, key, CBC(_ZEROS), charset)
    if clear is not None and clear.lstrip()[:1] in ("{", "["):
        return clear
    if _is_json(_clear(sealed, key, ECB(), charset)):  # noqa: S305 - recognized, not used
        raise Sealed("须使用 CBC 模式，不是 ECB", "it was encrypted in ECB mode; CBC is wanted")
    if _is_json(_clear(sealed, key, CBC(key[:_BLOCK_BYTES]), charset)):
        raise Sealed("初始向量须为 16 个零字节，不是密钥", "its IV is the key; sixteen zero bytes are wanted")
    if _is_json(_clear(sealed[_BLOCK_BYTES:], key, CBC(sealed[:_BLOCK_BYTES]), charset)):
        raise Sealed(
            "密文前不能带初始向量", "its IV stands before the ciphertext; sixteen zero bytes are wanted, unsent"
        )
    if clear is not None:
        return clear
    raise Sealed("密钥或加密方式不符", "the key is another one, or it is not AES in CBC mode with PKCS#7 padding")


def _clear(sealed: bytes, key: bytes, mode: CBC | ECB, charset: str) -> str | None:
    if not sealed or len(sealed) % _BLOCK_BYTES:
        return None
    cipher: Cipher[CBC | ECB] = Cipher(AES(key), mode)
    decryptor = cipher.decryptor()
    unpadder = padding.PKCS7(AES.block_size).unpadder()
    try:
        return (unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()).decode(charset)
    except ValueError:
        return None


def _is_json(text: str | None) -> bool:
    return text is not None and text.lstrip()[:1] in ("{", "[")
