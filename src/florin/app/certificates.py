"""What a shop in certificate mode is given: its app's certificate, ours, and the root; and a key for encrypted content."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from florin.wires.alipay.certificates import ROOT_WIRE, Authority, pem_of, root_file
from florin.wires.alipay.certified import our_certificate
from florin.wires.keys import MasterKey, ensure_platform_key, live_platform_keys, private_key_of
from florin.wires.keys.forms import read_public_key

AES_KEY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Each as PEM. root: all live roots, the one that vouches now first."""

    app: str
    alipay: str
    root: str


def certificates_of(
    connection: Connection[Any], *, app_id: int, merchant: str, public_key: str, master: MasterKey
) -> Certificates:
    """Of an app's registered key (base64 SPKI), under the root, which is made when there is none."""
    ensure_platform_key(connection, ROOT_WIRE, master=master)
    roots = [
        Authority(private_key_of(key, master), key.created_at) for key in live_platform_keys(connection, ROOT_WIRE)
    ]
    ours = live_platform_keys(connection, "alipay", app_id) or [
        ensure_platform_key(connection, "alipay", master=master)
    ]
    our_key = read_public_key(ours[0].public_key)
    certificate = roots[0].certificate_of(read_public_key(public_key), organization=merchant, name=str(app_id))
    return Certificates(
        app=pem_of(certificate),
        alipay=our_certificate(roots[0], our_key),
        root=root_file(roots),
    )


def new_aes_key() -> bytes:
    return secrets.token_bytes(AES_KEY_BYTES)
