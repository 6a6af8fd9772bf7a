"""Trades, payments, lines and wallets for the pure rules; each takes only what a test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from florin.credit.line import Line, LineState
from florin.credit.program import load_program
from florin.money.at import At
from florin.payments.merchant import Merchant, MerchantBalance
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Flow, Trade
from florin.wallet.wallet import Wallet

TODAY = date(2026, 3, 5)
NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)
AT = At(on=TODAY, instant=NOW)
TERMS = load_program("huabei").terms_on(TODAY)
ALICE, BOB, TEA_HOUSE = 7, 8, 5
TRADE, PAYMENT, LINE = 1, 2, 3


def merchant(**changes: Any) -> Merchant:
    fields = {
        "id": TEA_HOUSE, "lane": 8, "name": "Tea House", "name_zh": "茶馆", "state": "open", "mdr_ppm": 6_000,
        "mdr_refunded": False, "negative_limit_minor": 0,
    }  # fmt: skip
    return Merchant(**(fields | changes))


def trade(amount_minor: int = 100_00, **changes: Any) -> Trade:
    fields = {
        "id": TRADE, "lane": 8, "app_id": 1, "merchant_id": TEA_HOUSE, "flow": Flow.DIRECT, "amount_minor": amount_minor,
        "out_trade_no": "tea-1", "subject": "tea", "asked_at": NOW,
    }  # fmt: skip
    return Trade(**(fields | changes))


def payment(credit_minor: int = 0, wallet_minor: int = 0, **changes: Any) -> Payment:
    """Tenders authorized, nothing taken."""
    fields = {
        "id": PAYMENT, "lane": 8, "trade_id": TRADE, "app_id": 1, "merchant_id": TEA_HOUSE, "person_id": ALICE,
        "line_id": LINE, "flow": Flow.MANUAL, "state": PaymentState.AUTHORIZED, "mdr_ppm": 6_000,
        "authorized_on": TODAY, "credit_authorized_minor": credit_minor, "wallet_authorized_minor": wallet_minor,
    }  # fmt: skip
    return Payment(**(fields | changes))


def paid(credit_minor: int = 0, wallet_minor: int = 0, **changes: Any) -> Payment:
    """All of it taken, and final."""
    fields = {
        "state": PaymentState.CAPTURED, "flow": Flow.DIRECT, "credit_paid_minor": credit_minor,
        "wallet_paid_minor": wallet_minor, "received_minor": credit_minor + wallet_minor, "payable_on": TODAY,
    }  # fmt: skip
    return payment(credit_minor, wallet_minor, **(fields | changes))


def line(limit_minor: int = 10_000_00, **changes: Any) -> Line:
    fields = {
        "id": LINE, "lane": 8, "person_id": ALICE, "program": "huabei", "state": LineState.OPEN,
        "opened_on": TODAY, "limit_minor": limit_minor, "sequence": 1,
    }  # fmt: skip
    return Line(**(fields | changes))


def wallet(balance_minor: int = 0, person_id: int = ALICE) -> Wallet:
    return Wallet(id=person_id, lane=8, balance_minor=balance_minor)


def balance(available_minor: int = 0, negative_limit_minor: int = 0) -> MerchantBalance:
    return MerchantBalance(
        id=TEA_HOUSE, lane=8, available_minor=available_minor, negative_limit_minor=negative_limit_minor
    )
