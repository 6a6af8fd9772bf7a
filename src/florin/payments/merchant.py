"""A merchant and his apps, as every process keeps them in memory: reference data, reloaded when its version moves."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec.structs import replace

from florin.events import DisputeFunded, Event, PaidOut, PayoutReturned, RefundFunded, RefundOrder, WindowReceived
from florin.events.refusals import Refusal
from florin.money import share_minor
from florin.payments.fee_plan import FeeAssignment, FeeVersion, version_of
from florin.payments.trade import Flow


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """mdr_ppm: merchant discount rate, parts per million of the sale. mdr_refunded: given back with a refund, or kept.

    market, category: where he sells and what kind of goods, in the owner's words, as sub-limits name them. refund_order: in
    which a refund gives the tenders back, where no campaign says another. fee_plans: that he is charged by in place of the mdr,
    each from a day on, the oldest first.
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

    def fee_version(self, on: date) -> FeeVersion | None:
        """What his fee plan says on a day; None where he has none, and pays the mdr alone."""
        return version_of(self.fee_plans, on)

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
    """What has been swept and not paid out. It may be below zero by at most the merchant's own limit."""

    id: int
    lane: int
    available_minor: int = 0
    negative_limit_minor: int = 0


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
    """No new payment for a merchant who is frozen or closed; refunds and settlement go on."""
    return None if merchant.state == "open" else MerchantFrozen(merchant=merchant.name)


def evolve_balance(balance: MerchantBalance, event: Event) -> MerchantBalance:
    """The available balance after the event."""
    match event:
        case WindowReceived(negative=False) | PayoutReturned():
            change = event.amount_minor
        case WindowReceived() | RefundFunded() | DisputeFunded() | PaidOut():
            change = -event.amount_minor
        case _:
            raise AssertionError(f"{type(event).__name__} does not touch an available balance")
    return replace(balance, available_minor=balance.available_minor + change)
