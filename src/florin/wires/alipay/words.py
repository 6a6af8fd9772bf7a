"""A trade in this protocol's words: its status, its amounts as text, its channels.

Ours on the left, theirs on the right: a waiting trade is WAIT_BUYER_PAY until its time is over, a paid one
TRADE_SUCCESS whatever of it was refunded, a fully refunded or closed one TRADE_CLOSED, and one whose refund period is
over TRADE_FINISHED. Escrow is not a status here: a shop that was told TRADE_SUCCESS ships, whether the money is
committed or owed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from florin.events import CampaignPart
from florin.money import yuan_text
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Trade, TradeState
from florin.wires.alipay.answers import Leaf
from florin.wires.alipay.shapes import china_text
from florin.wires.desk.trades import RefundSeen, Standing

TradeStatus = Literal["WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_CLOSED", "TRADE_FINISHED"]

REFUND_PERIOD: Final = timedelta(days=365)  # opendocs open/00dn7k: twelve months


def trade_status(standing: Standing, at: datetime) -> TradeStatus:
    """The status at `at` (business time)."""
    trade, payment = standing.trade, standing.payment
    if trade.state is TradeState.WAITING:
        return "WAIT_BUYER_PAY" if trade.is_open(at) else "TRADE_CLOSED"
    if payment is None or payment.state in (PaymentState.REFUNDED, PaymentState.VOIDED):
        return "TRADE_CLOSED"
    if payment.state is PaymentState.AUTHORIZED:
        return "WAIT_BUYER_PAY"
    return "TRADE_FINISHED" if is_finished(standing, at) else "TRADE_SUCCESS"


def is_finished(standing: Standing, at: datetime) -> bool:
    """Whether the time to refund is over."""
    return standing.paid_at is not None and at >= standing.paid_at + REFUND_PERIOD


def numbers_of(trade: Trade) -> dict[str, Leaf | None]:
    """The two numbers of a trade: ours, and the shop's."""
    return {"trade_no": str(trade.id), "out_trade_no": trade.out_trade_no}


def paid_fields(standing: Standing) -> dict[str, Leaf | None]:
    """What `pay` and `query` say of who paid how much with what; empty before anybody did."""
    trade, payment = standing.trade, standing.payment
    if payment is None or standing.paid_at is None:
        return {"total_amount": yuan_text(trade.amount_minor)}
    return {
        "total_amount": yuan_text(trade.amount_minor),
        **amounts_of(payment),
        "point_amount": "0.00",
        "fund_bill_list": [{"fund_channel": channel, "amount": text} for text, channel in bills_of(payment)],
        "hb_fq_pay_info": {"user_install_num": str(payment.plan.count)} if payment.plan else None,
        "store_id": trade.detail.store_id or None,
        "terminal_id": trade.detail.terminal_id or None,
        **buyer_fields(standing),
    }


def buyer_fields(standing: Standing) -> dict[str, Leaf | None]:
    buyer = standing.buyer
    if buyer is None:
        return {}
    return {"buyer_user_id": str(buyer.id), "buyer_logon_id": masked(buyer.logon)}


def amounts_of(payment: Payment) -> dict[str, str | None]:
    """What the shop receives and what the buyer pays of it herself; discounts stand there only with a coupon."""
    coupon_minor, funded_minor = 0, 0
    if payment.coupon is not None:
        coupon_minor, funded_minor = payment.coupon.amount_minor, payment.coupon.funded_minor
    own_minor = coupon_minor - funded_minor
    return {
        "receipt_amount": yuan_text(payment.amount_minor - own_minor),
        "buyer_pay_amount": yuan_text(payment.amount_minor - coupon_minor),
        "invoice_amount": yuan_text(payment.amount_minor - coupon_minor),
        "discount_amount": yuan_text(funded_minor) if funded_minor else None,
        "mdiscount_amount": yuan_text(own_minor) if own_minor else None,
    }


def bills_of(payment: Payment) -> list[tuple[str, str]]:
    """(amount, channel) of each tender that paid."""
    tenders = (
        (_line_channel(payment.particulars.card), payment.credit_paid_minor),
        ("ALIPAYACCOUNT", payment.wallet_paid_minor),
        (_coupon_channel(payment.coupon), payment.coupon_paid_minor),
    )
    return [(yuan_text(minor), channel) for channel, minor in tenders if minor]


def refund_bills_of(refund: RefundSeen) -> list[Leaf]:
    """Where one refund went, by channel."""
    tenders = (
        (_line_channel(refund.card), refund.credit_minor),
        ("ALIPAYACCOUNT", refund.wallet_minor),
        (_coupon_channel(refund.coupon), refund.coupon.amount_minor if refund.coupon else 0),
    )
    return [{"fund_channel": channel, "amount": yuan_text(minor)} for channel, minor in tenders if minor]


def _line_channel(card: bool) -> str:
    return "BANKCARD" if card else "PCREDIT"


def _coupon_channel(coupon: CampaignPart | None) -> str:
    """A platform's coupon, or one of the shop's own."""
    return "MCOUPON" if coupon is not None and coupon.sponsor == "merchant" else "COUPON"


def query_fields(standing: Standing, at: datetime) -> dict[str, Leaf | None]:
    """All that `query` answers."""
    trade = standing.trade
    return {
        **numbers_of(trade),
        "trade_status": trade_status(standing, at),
        "subject": trade.subject,
        "body": trade.detail.body or None,
        "send_pay_date": china_text(standing.paid_at) if standing.paid_at else None,
        **paid_fields(standing),
    }


def masked(logon: str) -> str:
    """A logon as a shop may see it: `159****5620`, `ali***@example.com`."""
    name, at, domain = logon.partition("@")
    if not at and logon.isdigit() and len(logon) >= 8:
        return f"{logon[:3]}****{logon[-4:]}"
    return f"{name[:3]}***{at}{domain}"
