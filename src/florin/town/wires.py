"""A shop's side of the public wires: ask to be paid, and check what one is told. As small as a shop's own code would be."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from florin.money import yuan_text
from florin.wires.alipay.signing import notify_signing_bytes, request_signing_bytes, sign, verify
from florin.wires.keys.forms import read_public_key
from florin.wires.wechatpay.names import openid_of
from florin.wires.wechatpay.signing import SCHEME, answer_message, request_message
from florin.wires.wechatpay.signing import sign as wechat_sign
from florin.wires.wechatpay.signing import verify as wechat_verify

_CHINA = timezone(timedelta(hours=8))
_TIMEOUT_S = 10.0


class WireFailed(RuntimeError):
    """The house did not take the order; its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message whose signature is right."""

    number: str
    trade_id: int
    is_paid: bool


class Wire(Protocol):
    """thanks: what a message is answered with."""

    thanks: bytes

    def ask(
        self, *, number: str, amount_minor: int, subject: str, payer_id: int, installments: int, return_url: str
    ) -> str:
        """Ask for an order; returns where it is paid. payer_id: whom it is for, 0 for anybody. Raises WireFailed."""
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

    def ask(
        self, *, number: str, amount_minor: int, subject: str, payer_id: int, installments: int, return_url: str
    ) -> str:
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
        return Heard(
            number=form.get("out_trade_no", ""),
            trade_id=int(form["trade_no"]),
            is_paid=form.get("trade_status") == "TRADE_SUCCESS",
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

    def ask(
        self, *, number: str, amount_minor: int, subject: str, payer_id: int, installments: int, return_url: str
    ) -> str:
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
            is_paid=payment["state"] in ("escrowed", "captured"),
        )

    def close(self) -> None:
        self._http.close()


class WechatWire:
    """WeChat Pay's APIv3 in public-key mode, as a page inside the messenger uses it: the order names its payer, and the
    shop signs once more what the phone pays.

    settings: by the names of the sandbox's file.
    """

    thanks = b""

    def __init__(self, *, api_url: str, key: rsa.RSAPrivateKey, settings: Mapping[str, str], notify_url: str) -> None:
        self._api_url = api_url
        self._key = key
        self._mchid, self._appid = settings["WECHAT_MCHID"], settings["WECHAT_APPID"]
        self._serial_no = settings["WECHAT_SERIAL_NO"]
        self._apiv3_key = settings["WECHAT_APIV3_KEY"].encode()
        self._platform_key_id = settings["WECHAT_PUBLIC_KEY_ID"]
        self._platform_key = read_public_key(settings["WECHAT_PUBLIC_KEY"])
        self._notify_url = notify_url
        self._http = httpx.Client(base_url=api_url, timeout=_TIMEOUT_S, trust_env=False)

    def ask(
        self, *, number: str, amount_minor: int, subject: str, payer_id: int, installments: int, return_url: str
    ) -> str:
        """Where the messenger goes with the signed prepay_id. It takes no plan and knows no way back."""
        order = {
            "appid": self._appid,
            "mchid": self._mchid,
            "description": subject,
            "out_trade_no": number,
            "notify_url": self._notify_url,
            "amount": {"total": amount_minor, "currency": "CNY"},
            "payer": {"openid": openid_of(payer_id)},
        }
        prepay_id = self._call("/v3/pay/transactions/jsapi", order)["prepay_id"]
        fields = {
            "appId": self._appid,
            "timeStamp": str(int(datetime.now(UTC).timestamp())),
            "nonceStr": secrets.token_hex(16),
            "package": f"prepay_id={prepay_id}",
        }
        signature = wechat_sign("".join(f"{value}\n" for value in fields.values()).encode(), self._key)
        return f"{self._api_url}/wechatpay/phone?{urlencode({**fields, 'signType': 'RSA', 'paySign': signature})}"

    def hear(self, *, headers: Mapping[str, str], body: bytes) -> Heard | None:
        if not self._is_genuine(headers, body) or not _is_fresh(headers["wechatpay-timestamp"]):
            return None
        document = json.loads(body)
        resource = document["resource"]
        opened = AESGCM(self._apiv3_key).decrypt(
            resource["nonce"].encode(), base64.b64decode(resource["ciphertext"]), resource["associated_data"].encode()
        )
        told = json.loads(opened)
        return Heard(
            number=told["out_trade_no"],
            trade_id=int(told["transaction_id"]),
            is_paid=told.get("trade_state") == "SUCCESS",
        )

    def close(self) -> None:
        self._http.close()

    def _call(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """One call; the answer's signature is checked over the bytes that came."""
        body, now, nonce = json.dumps(document).encode(), int(datetime.now(UTC).timestamp()), secrets.token_hex(16)
        message = request_message(method="POST", target=path.encode(), timestamp=str(now), nonce=nonce, body=body)
        signed = (
            f'mchid="{self._mchid}",serial_no="{self._serial_no}",nonce_str="{nonce}",timestamp="{now}",'
            f'signature="{wechat_sign(message, self._key)}"'
        )
        headers = {
            "Authorization": f"{SCHEME} {signed}",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self._platform_key_id,
        }
        try:
            answer = self._http.post(path, content=body, headers=headers)
        except httpx.HTTPError as failure:
            raise WireFailed(f"{path}: {failure}") from failure
        if not self._is_genuine({name.lower(): value for name, value in answer.headers.items()}, answer.content):
            raise WireFailed(f"{path}: the answer is not signed by the house")
        if answer.status_code != 200:
            raise WireFailed(f"{path}: {answer.text}")
        told: dict[str, Any] = answer.json()
        return told

    def _is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        sent_at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        message = answer_message(timestamp=sent_at, nonce=nonce, body=body)
        by_us = headers.get("wechatpay-serial") == self._platform_key_id
        return by_us and wechat_verify(message, headers.get("wechatpay-signature", ""), self._platform_key)


def _is_fresh(sent_at: str) -> bool:
    """Within five minutes of the wall's clock, as Standard Webhooks ask: an old message that somebody sends again is not."""
    if not (sent_at.isascii() and sent_at.isdigit()):
        return False
    return abs(datetime.now(UTC).timestamp() - int(sent_at)) < 300
