"""Charge: ask and pay in one go, where the payer is known: a payment code at the till, or a standing agreement."""

from __future__ import annotations

from datetime import datetime

import msgspec

from florin.credit.line import Line
from florin.credit.shared_limit import SharedExposure
from florin.credit.terms import Terms
from florin.events import Event
from florin.events.refusals import Refusal
from florin.market import ANYWHERE, Acceptance
from florin.money.at import At
from florin.payments.ask import AMOUNT_MINOR_MAX, AmountOutOfRange
from florin.payments.items import refuse_lines
from florin.payments.merchant import Merchant, refuse_merchant
from florin.payments.pay import (
    NO_OFFERS,
    Offers,
    Pay,
    borne_plan,
    counted_by,
    paid_event,
    plan_of,
    refuse_coupon_offer,
    refuse_tenders,
)
from florin.payments.trade import NO_DETAIL, Flow, Trade, TradeDetail
from florin.wallet.wallet import Wallet


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One order with its payer. trade_id and payment_id: made by the caller, in the order's and in the payer's lane.

    agreement_id: the standing agreement that allows it; then person_id and line_id are the agreement's, and `tender` says
    which of the two it takes. capture: False reserves only (the trade's flow is then MANUAL).
    """

    trade_id: int
    payment_id: int
    app_id: int
    merchant_id: int
    out_trade_no: str
    amount_minor: int
    subject: str
    flow: Flow
    person_id: int = 0
    line_id: int = 0
    agreement_id: int = 0
    credit_minor: int = 0
    wallet_minor: int = 0
    installments: int = 0
    capture: bool = True
    expires_at: datetime | None = None
    detail: TradeDetail = NO_DETAIL
    campaign_id: int = 0
    coupon_minor: int = 0
    subsidy_id: int = 0
    subsidy_minor: int = 0


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A shopper's standing consent that this app may charge up to `limit_minor` at a time."""

    id: int
    lane: int
    app_id: int
    person_id: int
    line_id: int
    state: str
    limit_minor: int


class AgreementNotActive(Refusal, frozen=True, kw_only=True):
    en = (
        "There is no active agreement {agreement_id} between this shopper and this app. Ask the shopper to agree again."
    )
    zh = "该用户与本应用之间没有生效的代扣协议{agreement_id}，请用户重新签约。"

    agreement_id: int


class AgreementLimitExceeded(Refusal, frozen=True, kw_only=True):
    en = "The shopper agreed to at most {limit_minor} at a time; this charge is {over_minor} more."
    zh = "该协议单笔最高{limit_minor}，本次超出{over_minor}。"

    limit_minor: int
    over_minor: int


def refuse_agreement(agreement: Agreement | None, command: Charge) -> Refusal | None:
    if agreement is None or agreement.state != "active" or agreement.app_id != command.app_id:
        return AgreementNotActive(agreement_id=command.agreement_id)
    if command.amount_minor > agreement.limit_minor:
        return AgreementLimitExceeded(
            limit_minor=agreement.limit_minor, over_minor=command.amount_minor - agreement.limit_minor
        )
    return None


def trade_of(command: Charge, *, lane: int, at: At) -> Trade:
    """The trade that the charge asks and pays at once."""
    return Trade(
        id=command.trade_id,
        lane=lane,
        app_id=command.app_id,
        merchant_id=command.merchant_id,
        flow=command.flow,
        amount_minor=command.amount_minor,
        out_trade_no=command.out_trade_no,
        subject=command.subject,
        asked_at=at.instant,
        installments=command.installments,
        expires_at=command.expires_at,
        detail=command.detail,
    )


def pay_of(command: Charge) -> Pay:
    """The paying half of the charge."""
    return Pay(
        payment_id=command.payment_id,
        trade_id=command.trade_id,
        person_id=command.person_id,
        line_id=command.line_id,
        credit_minor=command.credit_minor,
        wallet_minor=command.wallet_minor,
        installments=command.installments,
        capture=command.capture,
        campaign_id=command.campaign_id,
        coupon_minor=command.coupon_minor,
        subsidy_id=command.subsidy_id,
        subsidy_minor=command.subsidy_minor,
    )


def decide(
    *,
    trade: Trade,
    merchant: Merchant,
    line: Line | None,
    wallet: Wallet,
    terms: Terms | None,
    command: Charge,
    at: At,
    offers: Offers = NO_OFFERS,
    shared: SharedExposure | None = None,
    acceptance: Acceptance = ANYWHERE,
) -> tuple[Event] | Refusal:
    """As `pay.decide`, for a trade that is made by the same command. Nothing is kept of a refused one but the refusal."""
    if not 0 < command.amount_minor <= AMOUNT_MINOR_MAX:
        return AmountOutOfRange(amount_minor=command.amount_minor)
    pay = pay_of(command)
    refusal = (
        refuse_merchant(merchant)
        or refuse_lines(command.detail.lines, command.amount_minor)
        or refuse_tenders(trade, merchant, line, wallet, terms, pay, at, shared, acceptance)
        or refuse_coupon_offer(trade, pay, offers.coupon, at)
    )
    if refusal is not None:
        return refusal
    plan = plan_of(command.installments, command.detail, command.credit_minor, terms)
    if not isinstance(plan, Refusal):
        plan = borne_plan(plan, trade, line, terms, pay, offers, at)
    if isinstance(plan, Refusal):
        return plan
    counted = counted_by(acceptance, line, trade, merchant, pay, at)
    return (paid_event(trade, merchant, plan, terms, pay, at, offers, counted),)
