"""A client of the wire that can be told to make each mistake, and makes no other.

It is written from the protocol's rules alone and shares nothing with the code under test but the numbers of the keys.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from florin.wires.alipay.parameters import Parameters, read_parameters

TEA = {
    "out_trade_no": "tea-0305",
    "total_amount": "199.00",
    "subject": "雨前龙井 tea set / 茶具 {gift} & more",
    "extend_params": {"hb_fq_num": "3", "hb_fq_seller_percent": "0"},
}


@dataclass
class Client:
    """`entries` as they are sent, in order; `sign_over` and `digest` say what is done wrong."""

    key: rsa.RSAPrivateKey
    method: str = "alipay.trade.precreate"
    biz: dict[str, Any] = field(default_factory=lambda: dict(TEA))
    charset: str = "utf-8"
    sign_type: str = "RSA2"
    app_id: str = "2026030200000001"
    biz_text: str | None = None
    more: Sequence[tuple[str, str]] = ()

    def entries(self) -> list[tuple[str, bytes]]:
        biz = (
            self.biz_text
            if self.biz_text is not None
            else json.dumps(self.biz, ensure_ascii=False, separators=(",", ":"))
        )
        common = [
            ("method", self.method),
            ("app_id", self.app_id),
            ("timestamp", "2026-03-05 10:00:00"),
            ("version", "1.0"),
            ("charset", self.charset),
            ("sign_type", self.sign_type),
            ("notify_url", "http://127.0.0.1:9000/notify?shop=tea house"),
            *self.more,
        ]
        return [(name, value.encode(self.charset)) for name, value in [*common, ("biz_content", biz)]]

    def right_string(self) -> bytes:
        return b"&".join(name.encode() + b"=" + value for name, value in sorted(self.entries()) if value)

    def signature(self, message: bytes | None = None, digest: hashes.HashAlgorithm | None = None) -> str:
        digest = digest or (hashes.SHA256() if self.sign_type == "RSA2" else hashes.SHA1())
        signed = self.key.sign(self.right_string() if message is None else message, padding.PKCS1v15(), digest)
        return base64.b64encode(signed).decode()

    def received(self, signature: str) -> Parameters:
        """What the wire reads: biz_content in the body, the rest in the query, as two of the SDKs send it."""
        query = form([(n, v) for n, v in self.entries() if n != "biz_content"] + [("sign", signature.encode())])
        body = form([(n, v) for n, v in self.entries() if n == "biz_content"])
        return read_parameters(query=query, content_type="application/x-www-form-urlencoded", body=body)


def form(entries: Sequence[tuple[str, bytes]]) -> bytes:
    return b"&".join(f"{name}={quote_from_bytes(value, safe='')}".encode() for name, value in entries)
