"""The outbox's messages as notifies of this wire: who was paid, refunded, closed; what was frozen, and let go.

A message says what was true when its event was written; it is rendered anew for each try, with the time of that try and
the key that signs now. Its `notify_id` is made of the message's own numbers, so it is the same on every try.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from florin.engine.outbox import Message, Rendered
from florin.money import yuan_text
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Flow
from florin.wires.alipay.apps import Apps
from florin.wires.alipay.notify import fund_bill_list, is_delivered, notify_body, notify_content_type
from florin.wires.alipay.parameters import charset_of
from florin.wires.alipay.shapes import china_text
from florin.wires.alipay.words import amounts_of, bills_of
from florin.wires.desk.told import Told, told_of


class AlipayRenderer:
    """`florin.engine.outbox.Renderer` for this wire."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps

    def render(self, message: Message, at: datetime) -> Rendered:
        told = told_of(message)
        charset = charset_of(told.trade.detail.charset)
        body = notify_body(
            fields_of(message.topic, told, operation_id=message.event_id),
            notify_id=notify_id_of(message),
            app_id=str(message.app_id),
            notify_time=at,
            charset=charset,
            sign_type="RSA" if told.trade.detail.extra.get("sign_type") == "RSA" else "RSA2",
            key=self._apps.platform_key(message.app_id),
        )
        return Rendered(url=message.url, headers={"Content-Type": notify_content_type(charset)}, body=body)

    def is_success(self, status: int, body: bytes) -> bool:
        return is_delivered(status=status, body=body)


def fields_of(topic: str, told: Told, *, operation_id: int = 0) -> dict[str, str | None]:
    """The trade's part of a notify: paid, refunded (all of it closes the trade), or closed unpaid; or that of a freeze."""
    trade, payment = told.trade, told.payment
    if trade.flow is Flow.MANUAL and payment is not None:
        return _freeze_fields(topic, told, payment, operation_id)
    fields: dict[str, str | None] = {
        "trade_no": str(trade.id),
        "out_trade_no": trade.out_trade_no,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": yuan_text(trade.amount_minor),
        "seller_id": str(trade.merchant_id),
        "subject": trade.subject,
        "body": trade.detail.body,
        "passback_params": trade.detail.passback,
        "gmt_create": china_text(trade.asked_at),
    }
    if payment is None:
        return {**fields, "trade_status": "TRADE_CLOSED", "gmt_close": china_text(told.at)}
    fields |= {
        **amounts_of(payment),
        "point_amount": "0.00",
        "buyer_id": str(payment.person_id),
        "fund_bill_list": fund_bill_list(bills_of(payment)),
    }
    if topic == "payment.paid":
        return {**fields, "gmt_payment": china_text(told.at)}
    if topic != "payment.refunded":
        return fields  # a receipt changes no status here: what the shop knows is said again
    all_refunded = payment.state is PaymentState.REFUNDED
    return {
        **fields,
        "trade_status": "TRADE_CLOSED" if all_refunded else "TRADE_SUCCESS",
        "refund_fee": yuan_text(payment.refunded_minor),
        "send_back_fee": yuan_text(told.event["credit_minor"] + told.event["wallet_minor"]),
        "out_biz_no": told.event["request_no"],
        "gmt_refund": f"{china_text(told.at)}.000",
        "gmt_close": china_text(told.at) if all_refunded else None,
    }


def _freeze_fields(topic: str, told: Told, payment: Payment, operation_id: int) -> dict[str, str | None]:
    """A freeze, or what was let go of it: by the shop under its number, or by time, under none."""
    trade, let_go, left_minor = told.trade, topic == "payment.voided", payment.open_minor
    credit_minor, wallet_minor = told.event["credit_minor"], told.event["wallet_minor"]
    coupon_minor = (told.event.get("coupon") or {}).get("amount_minor", 0)
    return {
        "notify_type": "fund_auth_unfreeze" if let_go else "fund_auth_freeze",
        "auth_no": str(trade.id),
        "out_order_no": trade.out_trade_no,
        "operation_id": str(operation_id if let_go else payment.id),
        "out_request_no": str(told.event["request_no"] if let_go else trade.detail.extra.get("out_request_no", "")),
        "operation_type": "UNFREEZE" if let_go else "FREEZE",
        "amount": yuan_text(credit_minor + wallet_minor + coupon_minor),
        "credit_amount": yuan_text(credit_minor),
        "fund_amount": yuan_text(wallet_minor),
        "status": "SUCCESS",
        "gmt_create": china_text(trade.asked_at),
        "gmt_trans": china_text(told.at),
        "payer_user_id": str(payment.person_id),
        "payee_user_id": str(trade.merchant_id),
        "total_freeze_amount": yuan_text(trade.amount_minor),
        "total_unfreeze_amount": yuan_text(trade.amount_minor - payment.paid_minor - left_minor),
        "total_pay_amount": yuan_text(payment.paid_minor),
        "rest_amount": yuan_text(left_minor),
    }


_DIGITS: Final = 18


def notify_id_of(message: Message) -> str:
    return f"{message.event_id:0{_DIGITS}d}{message.id:0{_DIGITS}d}"


def ids_of(notify_id: str) -> tuple[int, int] | None:
    """(message, event) of a `notify_id`; None for a text that is none of ours."""
    if not (len(notify_id) == 2 * _DIGITS and notify_id.isascii() and notify_id.isdigit()):
        return None
    return int(notify_id[_DIGITS:]), int(notify_id[:_DIGITS])
