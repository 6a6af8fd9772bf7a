"""A trade in this protocol's words: its state, its amounts in fen, who sold and who paid.

Ours on the left, theirs on the right: a waiting trade is NOTPAY until its time is over, then CLOSED; a paid one SUCCESS,
and REFUND as soon as anything of it was given back. One that waits at a till for the buyer's own confirmation is
USERPAYING. Escrow is no state here. PAYERROR is never said: a declined try leaves the order payable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from florin.events import CampaignPart
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Trade, TradeState
from florin.wires.desk.trades import RefundSeen, Standing
from florin.wires.wechatpay.names import appid_of, openid_of
from florin.wires.wechatpay.shapes import china_text

TradeStateName = Literal["SUCCESS", "REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING"]

REFUND_PERIOD: Final = timedelta(days=365)
PRODUCT: Final = "wechatpay."
# In the trade detail's `extra`: what the wire wants back.
PROVIDER, PROVIDER_SUB_APPID, KEY_NAME = "provider", "sub_appid", "key"
WAITS_AT_TILL, AUTH_CODE = "waits_at_till", "auth_code"

_TRADE_TYPES: Final = {"native": "NATIVE", "jsapi": "JSAPI", "app": "APP", "h5": "MWEB", "codepay": "MICROPAY"}
_DESCRIBED: Final[dict[TradeStateName, str]] = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "REVOKED": "订单已撤销",
    "USERPAYING": "用户支付中",
}


def trade_state(trade: Trade, payment: Payment | None, at: datetime) -> TradeStateName:
    """The state at `at` (business time)."""
    if trade.state is TradeState.WAITING:
        waiting: TradeStateName = "USERPAYING" if trade.detail.extra.get(WAITS_AT_TILL) else "NOTPAY"
        return waiting if trade.is_open(at) else "CLOSED"
    if payment is None:
        return "REVOKED" if trade_type(trade) == "MICROPAY" else "CLOSED"
    if payment.state is PaymentState.VOIDED:
        return "REVOKED"
    if payment.state is PaymentState.AUTHORIZED:
        return "NOTPAY"
    return "REFUND" if payment.refunded_minor else "SUCCESS"


def is_finished(standing: Standing, at: datetime) -> bool:
    """Whether the time to refund is over."""
    return standing.paid_at is not None and at >= standing.paid_at + REFUND_PERIOD


def trade_type(trade: Trade) -> str:
    return _TRADE_TYPES.get(trade.detail.product.removeprefix(PRODUCT), "NATIVE")


def seller_fields(trade: Trade) -> dict[str, Any]:
    """Who sells, and the service provider who called for him."""
    provider = trade.detail.extra.get(PROVIDER)
    if not provider:
        return {"appid": appid_of(trade.app_id), "mchid": str(trade.app_id)}
    return {
        "sp_appid": appid_of(int(provider)),
        "sp_mchid": str(provider),
        "sub_appid": trade.detail.extra.get(PROVIDER_SUB_APPID),
        "sub_mchid": str(trade.app_id),
    }


def transaction_fields(trade: Trade, payment: Payment | None, paid_at: datetime | None, at: datetime) -> dict[str, Any]:
    """All that a query answers and a paid order's notify tells."""
    state = trade_state(trade, payment, at)
    fields: dict[str, Any] = {
        **seller_fields(trade),
        "out_trade_no": trade.out_trade_no,
        "trade_type": trade_type(trade),
        "trade_state": state,
        "trade_state_desc": _DESCRIBED[state],
        "attach": trade.detail.passback or None,
        "scene_info": {"device_id": trade.detail.store_id} if trade.detail.store_id else None,
        "amount": {"total": trade.amount_minor, "currency": "CNY"},
    }
    if payment is None or paid_at is None:
        return fields
    return fields | {
        "transaction_id": str(trade.id),
        "bank_type": "CFT" if payment.wallet_paid_minor and not payment.credit_paid_minor else "OTHERS",
        "success_time": china_text(paid_at),
        "payer": payer_fields(trade, payment),
        "amount": {
            "total": trade.amount_minor,
            "payer_total": payment.amount_minor - _coupon_minor(payment),
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        "promotion_detail": [_promotion(payment.coupon)] if payment.coupon is not None else None,
    }


def payer_fields(trade: Trade, payment: Payment) -> dict[str, str]:
    openid = openid_of(payment.person_id)
    return {"sp_openid": openid} if trade.detail.extra.get(PROVIDER) else {"openid": openid}


def refund_fields(
    trade: Trade, payment: Payment, refund: RefundSeen, *, request_no: str, refund_id: int
) -> dict[str, Any]:
    """All that a refund answers. refund_id: of its event."""
    return {
        "refund_id": str(refund_id),
        "out_refund_no": request_no,
        "transaction_id": str(trade.id),
        "out_trade_no": trade.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": received_account(refund),
        "create_time": china_text(refund.refunded_at),
        "success_time": china_text(refund.refunded_at),
        "status": "SUCCESS",
        "funds_account": "UNSETTLED" if payment.payable_on is None else "AVAILABLE",
        "amount": refund_amounts(trade, payment, refund),
        "promotion_detail": [_given_back(refund.coupon)] if refund.coupon is not None else None,
    }


def refund_amounts(trade: Trade, payment: Payment, refund: RefundSeen) -> dict[str, Any]:
    """What went back, and of how much."""
    coupon_minor = refund.coupon.amount_minor if refund.coupon else 0
    own_minor = refund.coupon.amount_minor - refund.coupon.funded_minor if refund.coupon else 0
    return {
        "total": trade.amount_minor,
        "refund": refund.amount_minor,
        "payer_total": payment.amount_minor - _coupon_minor(payment),
        "payer_refund": refund.amount_minor - coupon_minor,
        "settlement_total": payment.amount_minor - _own_minor(payment),
        "settlement_refund": refund.amount_minor - own_minor,
        "discount_refund": coupon_minor,
        "currency": "CNY",
    }


def received_account(refund: RefundSeen) -> str:
    """Where it went, in a shopper's words."""
    if refund.credit_minor and refund.wallet_minor:
        return "退回信用额度及零钱"
    return "退回信用额度" if refund.credit_minor else "支付用户零钱"


def _promotion(coupon: CampaignPart) -> Mapping[str, Any]:
    return {
        "coupon_id": str(coupon.campaign_id),
        "scope": "GLOBAL",
        "type": "CASH",
        "amount": coupon.amount_minor,
        "wechatpay_contribute": coupon.funded_minor,
        "merchant_contribute": coupon.amount_minor - coupon.funded_minor,
        "other_contribute": 0,
        "currency": "CNY",
    }


def _given_back(coupon: CampaignPart) -> Mapping[str, Any]:
    return {
        "promotion_id": str(coupon.campaign_id),
        "scope": "GLOBAL",
        "type": "CASH",
        "amount": coupon.amount_minor,
        "refund_amount": coupon.amount_minor,
    }


def _coupon_minor(payment: Payment) -> int:
    return payment.coupon.amount_minor if payment.coupon is not None else 0


def _own_minor(payment: Payment) -> int:
    """Of the coupon what the merchant himself bears."""
    return payment.coupon.amount_minor - payment.coupon.funded_minor if payment.coupon is not None else 0
