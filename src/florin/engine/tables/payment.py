"""Payments to rows and back."""

from __future__ import annotations

from typing import Any

import msgspec

from florin.engine.tables.table import Table, bigint, day, instant, integer, json, smallint
from florin.events import CampaignPart, InstallmentChoice, Place
from florin.payments.fees import FeeTaken
from florin.payments.particulars import ORDINARY, PaymentParticulars
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Flow

_FEE_PAYERS = {"": 0, "shopper": 1, "merchant": 2}

PAYMENT = Table(
    "payment",
    [
        smallint("lane"), smallint("state"), smallint("flow"), smallint("plan_count", 0),
        smallint("plan_fee_payer", 0), smallint("drawn", 0), smallint("payable_cut", 0), integer("mdr_ppm"),
        day("authorized_on"), day("payable_on", None), day("confirm_on", None), bigint("id"), bigint("trade_id"),
        bigint("app_id"), bigint("merchant_id"), bigint("person_id"), bigint("line_id", 0),
        bigint("credit_authorized_minor"), bigint("credit_paid_minor", 0),
        bigint("credit_released_minor", 0), bigint("credit_refunded_minor", 0), bigint("wallet_authorized_minor"),
        bigint("wallet_paid_minor", 0), bigint("wallet_released_minor", 0), bigint("wallet_refunded_minor", 0),
        bigint("received_minor", 0), bigint("refunded_before_receipt_minor", 0), bigint("plan_fee_minor", 0),
        bigint("merchant_fee_back_minor", 0), bigint("mdr_minor", 0), bigint("mdr_back_minor", 0),
        bigint("exposure_before_minor", 0), bigint("limit_effective_minor", 0), bigint("tolerance_minor", 0),
        instant("expires_at", None), json("plan_priced", None), json("coupon", None), bigint("coupon_paid_minor", None),
        bigint("coupon_released_minor", None), bigint("coupon_refunded_minor", None), json("place", None),
        bigint("group_exposure_before_minor", None), bigint("group_limit_minor", None),
        bigint("subsidy_promised_minor", None), bigint("dispute_held_minor", None), json("particulars", None),
        json("fees", None), day("share_until", None),
    ],
    changing=(
        "state", "drawn", "plan_count", "plan_fee_payer", "plan_fee_minor", "payable_on", "payable_cut", "confirm_on",
        "credit_paid_minor",
        "credit_released_minor", "credit_refunded_minor", "wallet_paid_minor", "wallet_released_minor",
        "wallet_refunded_minor", "received_minor", "refunded_before_receipt_minor", "merchant_fee_back_minor", "mdr_minor",
        "mdr_back_minor", "expires_at", "plan_priced", "coupon_paid_minor", "coupon_released_minor", "coupon_refunded_minor",
        "subsidy_promised_minor", "dispute_held_minor", "particulars", "fees",
        "share_until",
    ),
)  # fmt: skip


def row_of(p: Payment) -> tuple[Any, ...]:
    plan = p.plan
    return (
        p.lane, int(p.state), int(p.flow), plan.count if plan else 0, _FEE_PAYERS[plan.fee_payer if plan else ""],
        int(p.drawn), p.payable_cut, p.mdr_ppm, p.authorized_on, p.payable_on, p.confirm_on, p.id, p.trade_id, p.app_id,
        p.merchant_id, p.person_id, p.line_id, p.credit_authorized_minor, p.credit_paid_minor, p.credit_released_minor,
        p.credit_refunded_minor, p.wallet_authorized_minor, p.wallet_paid_minor, p.wallet_released_minor,
        p.wallet_refunded_minor, p.received_minor, p.refunded_before_receipt_minor, plan.fee_minor if plan else 0,
        p.merchant_fee_back_minor, p.mdr_minor, p.mdr_back_minor, p.exposure_before_minor, p.limit_effective_minor,
        p.tolerance_minor, p.expires_at, _priced(plan) if plan else None,
        msgspec.json.encode(p.coupon).decode() if p.coupon else None, p.coupon_paid_minor or None,
        p.coupon_released_minor or None, p.coupon_refunded_minor or None,
        None if p.place is None else msgspec.json.encode(p.place).decode(), p.group_exposure_before_minor, p.group_limit_minor,
        p.subsidy_promised_minor or None, p.dispute_held_minor or None,
        None if p.particulars == ORDINARY else msgspec.json.encode(p.particulars).decode(),
        msgspec.json.encode(p.fees).decode() if p.fees else None, p.share_until,
    )  # fmt: skip


def choice_of(count: int, fee_minor: int, fee_payer: int, priced: dict[str, Any] | None) -> InstallmentChoice:
    """What was agreed, from the columns of a payment that has a plan."""
    found = {"count": count, "fee_minor": fee_minor, "fee_payer": "merchant" if fee_payer == 2 else "shopper"}
    return msgspec.convert({**found, **(priced or {})}, InstallmentChoice)


def _priced(plan: InstallmentChoice) -> str | None:
    """All of what was agreed that has no column of its own; nothing for a flat fee with each installment."""
    rest = msgspec.to_builtins(plan)
    for name in ("count", "fee_minor", "fee_payer"):
        del rest[name]
    return msgspec.json.encode(rest).decode() if rest else None


def payment_of(row: tuple[Any, ...]) -> Payment:
    (lane, state, flow, plan_count, fee_payer, drawn, payable_cut, mdr_ppm, authorized_on, payable_on, confirm_on, identifier,
     trade_id, app_id, merchant_id, person_id, line_id, credit_authorized, credit_paid, credit_released, credit_refunded,
     wallet_authorized, wallet_paid, wallet_released, wallet_refunded, received, refunded_before, plan_fee,
     merchant_fee_back, mdr, mdr_back, exposure_before, limit_effective, tolerance, expires_at,
     plan_priced, coupon, coupon_paid, coupon_released, coupon_refunded, place,
     group_exposure_before, group_limit, subsidy_promised, dispute_held, particulars, fees,
     share_until) = row  # fmt: skip
    plan = None
    if plan_count:
        plan = choice_of(plan_count, plan_fee, fee_payer, plan_priced)
    return Payment(
        id=identifier, lane=lane, trade_id=trade_id, app_id=app_id, merchant_id=merchant_id, person_id=person_id,
        line_id=line_id, flow=Flow(flow), state=PaymentState(state), mdr_ppm=mdr_ppm, authorized_on=authorized_on,
        credit_authorized_minor=credit_authorized, wallet_authorized_minor=wallet_authorized,
        credit_paid_minor=credit_paid, credit_released_minor=credit_released, credit_refunded_minor=credit_refunded,
        wallet_paid_minor=wallet_paid, wallet_released_minor=wallet_released, wallet_refunded_minor=wallet_refunded,
        received_minor=received, refunded_before_receipt_minor=refunded_before, plan=plan, drawn=bool(drawn),
        merchant_fee_back_minor=merchant_fee_back, mdr_minor=mdr, mdr_back_minor=mdr_back, payable_on=payable_on,
        payable_cut=payable_cut,
        confirm_on=confirm_on, expires_at=expires_at, exposure_before_minor=exposure_before,
        limit_effective_minor=limit_effective, tolerance_minor=tolerance,
        coupon=None if coupon is None else msgspec.convert(coupon, CampaignPart), coupon_paid_minor=coupon_paid or 0,
        coupon_released_minor=coupon_released or 0, coupon_refunded_minor=coupon_refunded or 0,
        place=None if place is None else msgspec.convert(place, Place),
        group_exposure_before_minor=group_exposure_before, group_limit_minor=group_limit,
        subsidy_promised_minor=subsidy_promised or 0, dispute_held_minor=dispute_held or 0,
        particulars=ORDINARY if particulars is None else msgspec.convert(particulars, PaymentParticulars),
        fees=() if fees is None else msgspec.convert(fees, tuple[FeeTaken, ...]), share_until=share_until,
    )  # fmt: skip
