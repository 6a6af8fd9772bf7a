"""Ready code for one app, an SDK each, with what must be known about that SDK: addresses and numbers filled in, no secret.

What a program must keep to itself is read from its environment by the names that `florin app add` and the sandbox print.
"""

from __future__ import annotations

from dataclasses import dataclass

from florin.events.refusals import Language
from florin.pages.hooks import Gateway
from florin.pages.texts import text
from florin.payments.merchant import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """quirk: what users of this SDK stumble over."""

    title: str
    quirk: str
    code: str


def snippets_of(app: App, gateway: Gateway, language: Language) -> tuple[Snippet, ...]:
    """Those of the app's wire; none while nothing is known of where its gateway is."""
    if not gateway.address:
        return ()
    given = {
        "app_id": str(app.id),
        "address": gateway.address,
        "origin": gateway.address.removesuffix("/gateway.do").removesuffix("/v1"),
        "public_key": gateway.public_key,
        **{name.lower(): value for name, value in gateway.names},
    }
    return tuple(
        Snippet(title=title, quirk=text(language, f"snippet.{name}"), code=_filled(code, given))
        for name, title, code in _SNIPPETS.get(app.wire, ())
    )


def _filled(code: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        code = code.replace(f"«{name}»", value)
    return code.strip()


_PEM = """
def pem(kind, text):
    lines = "\\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\\n{lines}\\n-----END {kind}-----\\n"
"""

_SNIPPETS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "alipay": (
        (
            "fzlee",
            "Python · python-alipay-sdk",
            f"""
import os

from alipay import AliPay

{_PEM}

shop = AliPay(
    appid="«app_id»",
    app_notify_url=None,
    app_private_key_string=pem("RSA PRIVATE KEY", os.environ["APP_PRIVATE_KEY"]),
    alipay_public_key_string=pem("PUBLIC KEY", "«public_key»"),
)
shop._gateway = "«address»"
print(shop.api_alipay_trade_precreate(out_trade_no="tea-1", total_amount="199.00", subject="Tea set"))
""",
        ),
        (
            "official",
            "Python · alipay-sdk-python",
            """
import os

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.domain.AlipayTradePrecreateModel import AlipayTradePrecreateModel
from alipay.aop.api.request.AlipayTradePrecreateRequest import AlipayTradePrecreateRequest

config = AlipayClientConfig()
config.server_url = "«address»"
config.app_id = "«app_id»"
config.app_private_key = os.environ["APP_PRIVATE_KEY"]
config.alipay_public_key = "«public_key»"

order = AlipayTradePrecreateModel()
order.out_trade_no, order.total_amount, order.subject = "tea-1", "199.00", "Tea set"
print(DefaultAlipayClient(config).execute(AlipayTradePrecreateRequest(order)))
""",
        ),
        (
            "npm",
            "Node · alipay-sdk",
            """
const { AlipaySdk } = require('alipay-sdk');

const shop = new AlipaySdk({
  gateway: '«address»',
  appId: '«app_id»',
  privateKey: process.env.APP_PRIVATE_KEY,
  alipayPublicKey: '«public_key»',
});
const bizContent = { out_trade_no: 'tea-1', total_amount: '199.00', subject: 'Tea set' };
shop.exec('alipay.trade.precreate', { bizContent }, { validateSign: true }).then(console.log);
""",
        ),
    ),
    "wechatpay": (
        (
            "wechatpayv3",
            "Python · wechatpayv3",
            """
import os

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

Core._gate_way = property(lambda core: "«origin»", lambda core, given: None)
shop = WeChatPay(
    wechatpay_type=WeChatPayType.NATIVE,
    mchid="«app_id»",
    appid="«appid»",
    private_key=os.environ["WECHAT_PRIVATE_KEY"],
    cert_serial_no="«serial_no»",
    apiv3_key=os.environ["WECHAT_APIV3_KEY"],
    notify_url="https://shop.example/notify",
)
print(shop.pay("Tea set", "tea-0001", {"total": 19900, "currency": "CNY"}))
""",
        ),
        (
            "axios",
            "Node · wechatpay-axios-plugin",
            """
const { Wechatpay } = require('wechatpay-axios-plugin');

const pem = (kind, text) => `-----BEGIN ${kind}-----\\n${text.match(/.{1,64}/g).join('\\n')}\\n-----END ${kind}-----\\n`;
const shop = new Wechatpay({
  mchid: '«app_id»',
  serial: '«serial_no»',
  privateKey: pem('PRIVATE KEY', process.env.WECHAT_PRIVATE_KEY),
  certs: { '«wechatpay-serial»': pem('PUBLIC KEY', '«public_key»') },
  baseURL: '«origin»',
  headers: { 'Wechatpay-Serial': '«wechatpay-serial»' },
});
shop.v3.pay.transactions.outTradeNo.$out_trade_no$
  .get({ params: { mchid: '«app_id»' }, out_trade_no: 'tea-0001' })
  .then(({ data }) => console.log(data));
""",
        ),
    ),
    "rest": (
        (
            "curl",
            "curl",
            """
curl «origin»/v1/payments \\
  -H "Authorization: Bearer $API_KEY" -H "Idempotency-Key: tea-1" -H "Content-Type: application/json" \\
  -d '{"amount_minor": 19900, "subject": "Tea set", "order_number": "tea-1"}'
""",
        ),
        (
            "httpx",
            "Python · httpx",
            """
import os

import httpx

shop = httpx.Client(base_url="«origin»", headers={"Authorization": f"Bearer {os.environ['API_KEY']}"})
order = {"amount_minor": 19900, "subject": "Tea set", "order_number": "tea-1"}
answer = shop.post("/v1/payments", json=order, headers={"Idempotency-Key": "tea-1"})
print(answer.raise_for_status().json()["checkout_url"])
""",
        ),
    ),
}
