"""Numbers of ours as this protocol writes them: appid, openid, prepay_id, serial numbers, ids of keys.

All of them follow from a number of ours, so that nothing is stored twice. A serial number follows from the public key: 40
hexadecimal digits that begin with 4 to 7, since clients compare them as text and as numbers, and a leading zero would make
the two disagree.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from florin.engine.ids import is_id

_OPENID: Final = re.compile(r"o(\d{27})", re.ASCII)
_PREPAY_ID: Final = re.compile(r"wx(\d{18})([\w-]{16})", re.ASCII)
PUBLIC_KEY_ID: Final = "PUB_KEY_ID_"


def appid_of(app_id: int) -> str:
    """`wx` and sixteen hexadecimal digits."""
    return f"wx{app_id:016x}"


def app_id_of(mchid: str) -> int | None:
    """The app whose number this is; None for a text that is none."""
    return int(mchid) if mchid.isascii() and mchid.isdigit() and len(mchid) < 19 else None


def openid_of(person_id: int) -> str:
    return f"o{person_id:027d}"


def person_id_of(openid: str) -> int | None:
    found = _OPENID.fullmatch(openid)
    return int(found[1]) if found and is_id(int(found[1])) else None


def prepay_id_of(trade_id: int, token: str) -> str:
    """36 characters. token: of the trade's cashier address, so that nobody makes one up."""
    return f"wx{trade_id:018d}{token}"


def trade_of_prepay_id(prepay_id: str) -> tuple[int, str] | None:
    """(trade, token) of a prepay_id; None for a text that is none of ours."""
    found = _PREPAY_ID.fullmatch(prepay_id)
    return (int(found[1]), found[2]) if found and is_id(int(found[1])) else None


def serial_no_of(key: rsa.RSAPublicKey) -> str:
    """The serial number of this key's certificate."""
    digest = bytearray(sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:20])
    digest[0] = digest[0] & 0x3F | 0x40
    return digest.hex().upper()


def public_key_id_of(platform_key_id: int) -> str:
    """By what name a client in public-key mode knows a platform key."""
    return f"{PUBLIC_KEY_ID}01{platform_key_id:032d}"
