"""A shop's side of the public wires: ask to be paid, and check what one is told. As small as a shop's own code would be."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from florin.money import yuan_text
from florin.wires.alipay.signing import notify_signing_bytes, request_signing_bytes, sign, verify
from florin.wires.keys.forms import read_public_key

_CHINA = timezone(timedelta(hours=8))
_TIMEOUT_S = 10.0


class WireFailed(RuntimeError):
    """The house did not take the order; its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message whose signature is right. said: the state in the wire's own word."""

    number: str
    trade_id: int
    said: str
    is_paid: bool


class Wire(Protocol):
    """thanks: what a message is answered with."""

    thanks: bytes

    def ask(self, *, number: str, amount_minor: int, subject: str, installments: int, return_url: str) -> str:
        """Ask for an order; returns the address where it is paid. Raises WireFailed."""
        ...

    def hear(self, *, headers: Mapping[str, str], body: bytes) -> Heard | None:
        """What a message says; None when its signature is not the house's. headers: names in small letters."""
        ...

    def close(self) -> None: ...


class AlipayWire:
    """Alipay's gateway, signed with the shop's own key (RSA2). by_code: asks for a QR code instead of sending the buyer there.

    platform_key: the house's public key for this shop, base64.
    """

    thanks = b"success"

    def __init__(
        self,
        *,
        gateway: str,
        app_id: int,
        key: rsa.RSAPrivateKey,
        platform_key: str,
        notify_url: str,
        by_code: bool,
    ) -> None:
        self._gateway = gateway
        self._app_id = app_id
        self._key = key
        self._platform_key = read_public_key(platform_key)
        self._notify_url = notify_url
        self._by_code = by_code
        self._http = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)

    def ask(self, *, number: str, amount_minor: int, subject: str, installments: int, return_url: str) -> str:
        """A QR code's text, or the signed address to which the buyer's browser goes."""
        order: dict[str, Any] = {"out_trade_no": number, "total_amount": yuan_text(amount_minor), "subject": subject}
        if installments:
            order["extend_params"] = {"hb_fq_num": str(installments), "hb_fq_seller_percent": "100"}
        if not self._by_code:
            query = self._signed("alipay.trade.wap.pay", {**order, "product_code": "QUICK_WAP_WAY"}, return_url)
            return f"{self._gateway}?{urlencode(query)}"
        answer = self._call("alipay.trade.precreate", order)
        return str(answer["qr_code"])

    def hear(self, *, headers: Mapping[str, str], body: bytes) -> Heard | None:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        signed = notify_signing_bytes([(name, value.encode()) for name, value in form.items()])
        if not verify(signed, form.get("sign", ""), key=self._platform_key, sign_type="RSA2"):
            return None
        status = form.get("trade_status", "")
        return Heard(
            number=form.get("out_trade_no", ""),
            trade_id=int(form["trade_no"]),
            said=status,
            is_paid=status == "TRADE_SUCCESS",
        )

    def close(self) -> None:
        self._http.close()

    def _call(self, method: str, biz: dict[str, Any]) -> dict[str, Any]:
        """One call; the answer's signature is checked over the bytes that were signed."""
        try:
            text = self._http.post(self._gateway, data=self._signed(method, biz, "")).text
        except httpx.HTTPError as failure:
            raise WireFailed(f"{method}: {failure}") from failure
        name = f"{method.replace('.', '_')}_response"
        document = json.loads(text)
        answer: dict[str, Any] = document[name]
        signed = text[text.index("{", text.index(name)) : text.rindex(',"sign"')]
        if not verify(signed.encode(), document["sign"], key=self._platform_key, sign_type="RSA2"):
            raise WireFailed(f"{method}: the answer is not signed by the house")
        if answer["code"] != "10000":
            raise WireFailed(f"{method}: {answer.get('sub_code')} {answer.get('sub_msg')}")
        return answer

    def _signed(self, method: str, biz: dict[str, Any], return_url: str) -> dict[str, str]:
        fields = {
            "app_id": str(self._app_id),
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{datetime.now(_CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "notify_url": self._notify_url,
            "biz_content": json.dumps(biz, ensure_ascii=False),
        }
        if return_url:
            fields["return_url"] = return_url
        message = request_signing_bytes([(name, value.encode()) for name, value in fields.items()])
        return {**fields, "sign": sign(message, key=self._key, sign_type="RSA2")}


class RestWire:
    """The REST API with the shop's key. secret: what the house signs its webhooks with."""

    thanks = b""

    def __init__(self, *, api_url: str, api_key: str, secret: bytes) -> None:
        self._secret = secret
        headers = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx.Client(base_url=api_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)

    def ask(self, *, number: str, amount_minor: int, subject: str, installments: int, return_url: str) -> str:
        """The checkout's address."""
        order = {
            "amount_minor": amount_minor,
            "subject": subject,
            "order_number": number,
            "installments": installments,
            "return_url": return_url,
        }
        try:
            answer = self._http.post("/v1/payments", json=order, headers={"Idempotency-Key": number})
        except httpx.HTTPError as failure:
            raise WireFailed(f"POST /v1/payments: {failure}") from failure
        if answer.status_code != 201:
            raise WireFailed(f"POST /v1/payments: {answer.text}")
        return str(answer.json()["checkout_url"])

    def hear(self, *, headers: Mapping[str, str], body: bytes) -> Heard | None:
        sent_at = headers.get("webhook-timestamp", "")
        signed = f"{headers.get('webhook-id', '')}.{sent_at}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(self._secret, signed, "sha256")).decode()
        if not hmac.compare_digest(expected, headers.get("webhook-signature", "")) or not _is_fresh(sent_at):
            return None
        document = json.loads(body)
        payment = document["data"]["payment"]
        return Heard(
            number=payment["order_number"],
            trade_id=int(payment["id"]),
            said=document["type"],
            is_paid=payment["state"] in ("escrowed", "captured"),
        )

    def close(self) -> None:
        self._http.close()


def _is_fresh(sent_at: str) -> bool:
    """Within five minutes of the wall's clock, as Standard Webhooks ask: an old message that somebody sends again is not."""
    if not (sent_at.isascii() and sent_at.isdigit()):
        return False
    return abs(datetime.now(UTC).timestamp() - int(sent_at)) < 300
