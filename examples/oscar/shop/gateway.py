"""The gateway, spoken to with python-alipay-sdk: the way to the cashier, what became of an order, what is genuine."""

from functools import cache

from alipay import AliPay
from django.conf import settings

PAID_STATES = ("TRADE_SUCCESS", "TRADE_FINISHED")


def cashier_url(*, number, total, subject, notify_url, return_url):
    """Where the shopper's browser pays. total: Decimal yuan."""
    order = {
        "out_trade_no": number,
        "total_amount": f"{total:.2f}",
        "subject": subject,
        "product_code": "FAST_INSTANT_TRADE_PAY",
    }
    query = client().client_api("alipay.trade.page.pay", order, notify_url=notify_url, return_url=return_url)
    return f"{settings.GATEWAY_URL}?{query}"


def trade_of(number):
    """What the gateway knows of an order: {"trade_status": …, "trade_no": …, "total_amount": …}; {} when it knows nothing.

    Raises AliPayException, and OSError when the gateway is not reached.
    """
    answer = client().server_api("alipay.trade.query", {"out_trade_no": number})
    return answer if answer.get("code") == "10000" else {}


def is_genuine(message):
    """Whether a notify, or the query of the way back, was signed by the gateway, and is for this shop."""
    fields = dict(message)
    signature = fields.pop("sign", "")
    return bool(signature) and fields.get("app_id") == settings.APP_ID and client().verify(fields, signature)


@cache
def client():
    shop = AliPay(
        appid=settings.APP_ID,
        app_notify_url=None,
        app_private_key_string=pem("RSA PRIVATE KEY", settings.APP_PRIVATE_KEY),
        alipay_public_key_string=pem("PUBLIC KEY", settings.ALIPAY_PUBLIC_KEY),
        sign_type="RSA2",
    )
    shop._gateway = settings.GATEWAY_URL  # there is no setting for it
    return shop


def pem(kind, text):
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"
