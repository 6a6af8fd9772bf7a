"""An answer: its status, its exact bytes, and the headers that sign them.

Every answer is signed, also an error and an empty 204: SDKs check those of 2xx alone, a careful shop checks all. The
content type names its charset, because a client that guesses Latin-1 finds the signature of Chinese text wrong.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from florin.wires.desk.signatures import ToSign, signature_of
from florin.wires.wechatpay.clients import SigningKey
from florin.wires.wechatpay.signing import SCHEME, answer_message, to_sign

JSON: Final = "application/json; charset=utf-8"
SIGNATURE: Final = "Wechatpay-Signature"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a method answers: a document with 200, or nothing with 204. raw: a file instead, with its content type.

    accepted: 202, the document says what is still awaited.
    """

    document: Document | None = None
    raw: bytes | None = None
    content_type: str = JSON
    accepted: bool = False

    @property
    def status(self) -> int:
        if self.accepted:
            return 202
        return 204 if self.document is None and self.raw is None else 200

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.document is None else json_bytes(self.document)


DONE: Final = Answered()


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is a refusal: HTTP status, the protocol's code, and what the developer reads.

    message: Chinese first, then English, with the numbers that explain it. detail: the protocol's own, where it has one.
    """

    status: int
    code: str
    message: str
    detail: Document = field(default_factory=dict)

    def body(self) -> bytes:
        document: dict[str, Any] = {"code": self.code, "message": self.message}
        return json_bytes(document | ({"detail": self.detail} if self.detail else {}))


def parameter_wrong(where: str, sentence: str, *, location: str = "body", value: str = "") -> Problem:
    """400: a field of the request. where: its JSON pointer, or the name of a query parameter."""
    detail = {"location": location, "field": where, "value": value[:200], "issue": sentence}
    return Problem(400, "PARAM_ERROR", f"参数错误 {where}：{sentence}", detail)


def json_bytes(document: Document) -> bytes:
    """Compact JSON; what is None is left out, at every depth."""
    return json.dumps(_present(document), ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(body: bytes, key: SigningKey, *, wall_now: datetime) -> dict[str, str]:
    """The headers with which a client checks these bytes."""
    headers, wanted = stamped(body, key, wall_now=wall_now)
    return headers | {SIGNATURE: signature_of(wanted)}


def stamped(body: bytes, key: SigningKey, *, wall_now: datetime) -> tuple[dict[str, str], ToSign]:
    """(those headers but for the signature, what that one is made of)."""
    timestamp, nonce = str(int(wall_now.timestamp())), secrets.token_hex(16).upper()
    headers = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key.name,
        "Wechatpay-Signature-Type": SCHEME,
    }
    return headers, to_sign(answer_message(timestamp=timestamp, nonce=nonce, body=body), key.private)


def _present(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _present(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_present(each) for each in value]
    return value
