"""What the shop is told afterwards: the notify, and the browser's way back to `return_url`.

A notify is a form POSTed to the order's `notify_url`; delivered means that the answer's body is exactly `success`,
seven characters, and nothing else (opendocs open/00f7nj: no JSON, no quotes, no redirect). It is signed without `sign`
and `sign_type`, and empty values are not even sent, because python-alipay-sdk signs an empty value and the others drop
it: left out, all agree. The same `notify_id` goes with every try of one notify, so that a shop can tell a repeat from a
second event.

Pure: who is told, when the next try is (opendocs open/00f7nu), and what the answer was are the outbox's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote_from_bytes, urlsplit, urlunsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from florin.wires.alipay.answers import json_text
from florin.wires.alipay.parameters import Charset
from florin.wires.alipay.shapes import china_text
from florin.wires.alipay.signing import SignType, notify_signing_bytes, sign

DELIVERED: Final = b"success"
NOTIFY_TYPE: Final = "trade_status_sync"


def is_delivered(*, status: int, body: bytes) -> bool:
    """Whether the shop's answer ends the tries. A redirect, an empty page or `"success"` in quotes does not."""
    return status == 200 and body == DELIVERED


def notify_body(
    fields: Mapping[str, str | None],
    *,
    notify_id: str,
    app_id: str,
    notify_time: datetime,
    charset: Charset,
    sign_type: SignType,
    key: rsa.RSAPrivateKey,
) -> bytes:
    """The signed form, ready to be POSTed with `notify_content_type`.

    fields: the trade's, all text; None and empty ones are not sent. notify_time: of this try; notify_id stays.
    """
    all_fields = {
        "notify_time": china_text(notify_time),
        "notify_type": NOTIFY_TYPE,
        "notify_id": notify_id,
        "app_id": app_id,
        "auth_app_id": app_id,
        "charset": charset,
        "version": "1.0",
        "sign_type": sign_type,
        **fields,
    }
    return _signed_form(all_fields, charset=charset, sign_type=sign_type, key=key)


def notify_content_type(charset: Charset) -> str:
    return f"application/x-www-form-urlencoded; charset={charset}"


def fund_bill_list(bills: Sequence[tuple[str, str]]) -> str:
    """(amount, channel) pairs as a notify writes them: JSON text with `fundChannel`, camel case only here."""
    return json_text([{"amount": amount, "fundChannel": channel} for amount, channel in bills])


def return_address(
    return_url: str,
    fields: Mapping[str, str | None],
    *,
    method: str,
    app_id: str,
    at: datetime,
    charset: Charset,
    sign_type: SignType,
    key: rsa.RSAPrivateKey,
) -> str:
    """The shop's `return_url` with our signed query: where the browser goes from the cashier. It says nothing of
    success.

    fields: `out_trade_no`, `trade_no`, `total_amount`, `seller_id`. method: of the order; `.return` is added.
    Parameters that the shop's address has already stay before ours, and are not signed: a shop verifies what we added,
    by name.
    """
    ours = {
        "app_id": app_id,
        "auth_app_id": app_id,
        "method": f"{method}.return",
        "charset": charset,
        "timestamp": china_text(at),
        "version": "1.0",
        "sign_type": sign_type,
        **fields,
    }
    parts = urlsplit(return_url)
    signed = _signed_form(ours, charset=charset, sign_type=sign_type, key=key).decode("ascii")
    return urlunsplit(parts._replace(query=f"{parts.query}&{signed}" if parts.query else signed))


def _signed_form(
    fields: Mapping[str, str | None], *, charset: Charset, sign_type: SignType, key: rsa.RSAPrivateKey
) -> bytes:
    pairs = [(name, _in_charset(value, charset)) for name, value in fields.items() if value]
    signature = sign(notify_signing_bytes(pairs), key=key, sign_type=sign_type)
    pairs.append(("sign", signature.encode("ascii")))
    return "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in pairs).encode("ascii")


def _in_charset(value: str, charset: Charset) -> bytes:
    """A form has no escapes: what the charset lacks (an emoji in GBK) is told with a question mark."""
    return value.encode(charset, "replace")
