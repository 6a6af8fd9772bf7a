"""The answer's exact bytes, and the codes in it.

An answer is text that is signed, not data that is printed: `{"<method>_response":<json>,"sign":"…"}`, where the
signature is over the bytes of `<json>`. Three SDKs find that part with three different parsers, so the shape is the
narrowest that all of them read (tried on each; tests/sdk does it again):

- HTTP 200 always; the official Python SDK breaks on anything else while it reports it;
- `sign` straight after the object: the official Python SDK and npm alipay-sdk find nothing otherwise;
- errors under the method's own key, and signed: npm alipay-sdk finds no signed string under `error_response`;
- `{` and `}` inside text written `\\u007b` and `\\u007d`: python-alipay-sdk counts braces without looking for quotes;
- every leaf is text, and what is absent is left out: the SDKs read an absent key as None, and money never becomes a
  float.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay.encryption import seal
from florin.wires.alipay.parameters import Charset
from florin.wires.alipay.signing import SignType, sign

Leaf: TypeAlias = "str | Mapping[str, Leaf | None] | Sequence[Leaf]"
Content: TypeAlias = Mapping[str, "Leaf | None"]

_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")

MESSAGES: Final = {
    "10000": "Success",
    "10003": "order success pay inprocess",
    "20000": "Service Currently Unavailable",
    "20001": "Insufficient Token Permissions",
    "40001": "Missing Required Arguments",
    "40002": "Invalid Arguments",
    "40003": "Insufficient Conditions",
    "40004": "Business Failed",
    "40005": "Call Limited",
    "40006": "Insufficient Permissions",
}


@dataclass(eq=False)
class Problem(Exception):
    """An answer that is a refusal: the gateway's code and sub_code, and what the developer reads.

    sub_msg: Chinese first, then English, with the numbers that explain it. in_clear: answered unencrypted, whatever was
    asked, because the content was never opened.
    """

    code: str
    sub_code: str
    sub_msg: str
    in_clear: bool = field(default=False, kw_only=True)

    def content(self) -> Content:
        return {"code": self.code, "msg": MESSAGES[self.code], "sub_code": self.sub_code, "sub_msg": self.sub_msg}


def missing(sub_code: str, sub_msg: str) -> Problem:
    """40001: a common parameter did not come."""
    return Problem("40001", sub_code, sub_msg)


def invalid(sub_code: str, sub_msg: str) -> Problem:
    """40002: a common parameter, or the form of the request, is wrong."""
    return Problem("40002", sub_code, sub_msg)


def in_clear(problem: Problem) -> Problem:
    """The same, answered unencrypted: the content was never opened."""
    problem.in_clear = True
    return problem


def business(sub_code: str, sub_msg: str) -> Problem:
    """40004: understood, and refused. sub_code without its `ACQ.`."""
    return Problem("40004", f"ACQ.{sub_code}", sub_msg)


def success(**fields: Leaf | None) -> Content:
    """10000 with these fields; None is left out."""
    return {"code": "10000", "msg": MESSAGES["10000"], **fields}


def response_key(method: str | None) -> str:
    """`alipay.trade.query` answers as `alipay_trade_query_response`; what names no method, as `error_response`."""
    if method is None or len(method) > 128 or not _METHOD.fullmatch(method):
        return "error_response"
    return method.replace(".", "_") + "_response"


def answer_bytes(
    content: Content,
    *,
    method: str | None,
    charset: Charset,
    key: rsa.RSAPrivateKey | None,
    sign_type: SignType,
    certificate_number: str = "",
    aes_key: bytes = b"",
) -> bytes:
    """The whole answer in the request's charset, signed over the exact bytes of its object.

    key: the platform's private key for this app; None, for an app that nobody knows, leaves the signature out.
    certificate_number: of the platform's certificate, in certificate mode; it stands last, where every SDK finds its way
    around it. aes_key: seals the object into one JSON string, which is signed with its quotes; empty leaves it in clear.
    Raises TypeError when a leaf is not text: that is a bug of ours, never input.
    """
    signed = object_bytes(content, charset=charset, aes_key=aes_key)
    signature = sign(signed, key=key, sign_type=sign_type) if key is not None else ""
    return enclosed(signed, signature, method=method, certificate_number=certificate_number)


def object_bytes(content: Content, *, charset: Charset, aes_key: bytes = b"") -> bytes:
    """The part of an answer that is signed."""
    signed = encoded(json_text(content), charset)
    return f'"{seal(signed, aes_key)}"'.encode("ascii") if aes_key else signed


def enclosed(signed: bytes, signature: str, *, method: str | None, certificate_number: str = "") -> bytes:
    """The whole answer around the part that is signed. signature: empty where nobody is known to sign for."""
    opening = f'{{"{response_key(method)}":'.encode("ascii")
    if not signature:
        return opening + signed + b"}"
    certificate = f',"alipay_cert_sn":"{certificate_number}"' if certificate_number else ""
    return opening + signed + f',"sign":"{signature}"{certificate}}}'.encode("ascii")


def json_text(value: Leaf) -> str:
    """Compact JSON whose leaves are all text; braces inside text are escaped, None in a mapping is left out."""
    if isinstance(value, str):
        text: str = encode_basestring(value)
        return text.replace("{", "\\u007b").replace("}", "\\u007d") if "{" in text or "}" in text else text
    if isinstance(value, dict | Mapping):
        return "{" + ",".join([f"{json_text(k)}:{json_text(v)}" for k, v in value.items() if v is not None]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([json_text(item) for item in value]) + "]"
    raise TypeError(f"an answer's leaf is text, not {type(value).__name__}")


def encoded(json_string: str, charset: Charset) -> bytes:
    """JSON in a charset; a character that the charset lacks (an emoji in GBK, a lone surrogate) becomes its `\\u`
    escape.
    """
    return json_string.encode(charset, _JSON_ESCAPE)


def _escape_for_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


_JSON_ESCAPE: Final = "florin-json-escape"
codecs.register_error(_JSON_ESCAPE, _escape_for_json)
