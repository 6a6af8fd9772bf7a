"""A merchant and his apps, as every process keeps them in memory: reference data, reloaded when its version moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from florin.events import (
    DisputeFunded,
    Event,
    MerchantPaidBack,
    PaidOut,
    PayoutReturned,
    PayoutsHeld,
    PayoutsReleased,
    RefundFunded,
    RefundOrder,
    ReserveHeld,
    ReserveReleased,
    ShareReceived,
    ShareTakenBack,
    TransferFunded,
    WindowReceived,
)
from florin.events.refusals import Refusal
from florin.money import share_minor
from florin.payments.fee_plan import FeeAssignment, FeeVersion, version_of
from florin.payments.settlement_terms import SettlementTerms, terms_on
from florin.payments.trade import Flow


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """mdr_ppm: merchant discount rate, parts per million of the sale. mdr_refunded: given back with a refund, or kept.

    market, category: where he sells and what kind of goods, in the owner's words, as sub-limits name them. refund_order: in
    which a refund gives the tenders back, where no campaign says another. fee_plans: that he is charged by in place of the mdr,
    each from a day on, the oldest first. settlement: his terms, the oldest version first.
    """

    id: int
    lane: int
    name: str
    name_zh: str
    state: str
    mdr_ppm: int
    mdr_refunded: bool
    negative_limit_minor: int
    category: str = "general"
    refund_order: RefundOrder = "credit_first"
    market: str = ""
    fee_plans: tuple[FeeAssignment, ...] = ()
    settlement: Sequence[SettlementTerms] = ()

    def fee_version(self, on: date) -> FeeVersion | None:
        """What his fee plan says on a day; None where he has none, and pays the mdr alone."""
        return version_of(self.fee_plans, on)

    def settlement_on(self, on: date) -> SettlementTerms:
        return terms_on(self.settlement, on)

    def mdr_minor(self, amount_minor: int) -> int:
        """The fee on a sale, rounded half up to the fen."""
        return share_minor(amount_minor, self.mdr_ppm)


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One of a merchant's integrations. market: `escrow` sells against confirmed receipt, `direct` at payment.

    mall: it may ask for every seller of its merchant's market, in one checkout.
    """

    id: int
    merchant_id: int
    name: str
    wire: str
    market: str
    state: str
    notify_url: str = ""
    allow_loopback: bool = False
    mall: bool = False

    @property
    def flow(self) -> Flow:
        return Flow.ESCROW if self.market == "escrow" else Flow.DIRECT


class MerchantBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What has been swept and not paid out. It may be below zero by at most the merchant's own limit and his reserve.

    reserve_minor: what is kept of it for a time. round: how many payouts there were. held_because: why none leaves; empty when
    they do.
    """

    id: int
    lane: int
    available_minor: int = 0
    negative_limit_minor: int = 0
    reserve_minor: int = 0
    round: int = 0
    held_because: str = ""


class MerchantFrozen(Refusal, frozen=True, kw_only=True):
    en = "{merchant} cannot take payments at the moment. You have not been charged."
    zh = "{merchant}暂时无法收款，未扣款。"

    merchant: str


class MerchantBalanceTooLow(Refusal, frozen=True, kw_only=True):
    en = "The shop's available balance is {short_minor} short for this refund: it holds {available_minor}."
    zh = "商户可用余额不足，还差{short_minor}，当前{available_minor}。"

    available_minor: int
    requested_minor: int
    short_minor: int


def refuse_merchant(merchant: Merchant) -> Refusal | None:
    """No new payment for a merchant who is frozen or closed; refunds and sweeps go on."""
    return None if merchant.state == "open" else MerchantFrozen(merchant=merchant.name)


def evolve_balance(balance: MerchantBalance, event: Event) -> MerchantBalance:
    """The available balance after the event."""
    match event:
        case WindowReceived(negative=False) | PayoutReturned() | MerchantPaidBack() | ShareReceived():
            change = event.amount_minor
        case WindowReceived() | RefundFunded() | DisputeFunded() | TransferFunded() | ShareTakenBack():
            change = -event.amount_minor
        case PaidOut():
            available = balance.available_minor - event.amount_minor
            return replace(balance, available_minor=available, round=balance.round + 1)
        case ReserveHeld() | ReserveReleased():
            kept = event.amount_minor if isinstance(event, ReserveHeld) else -event.amount_minor
            available, reserve = balance.available_minor - kept, balance.reserve_minor + kept
            return replace(balance, available_minor=available, reserve_minor=reserve)
        case PayoutsHeld():
            return replace(balance, held_because=event.reason)
        case PayoutsReleased():
            return replace(balance, held_because="")
        case _:
            raise AssertionError(f"{type(event).__name__} does not touch an available balance")
    return replace(balance, available_minor=balance.available_minor + change)
