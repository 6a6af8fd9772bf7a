"""A trade: what a merchant asks to be paid. Its terms never change; its state says whether it still waits."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any, Literal

import msgspec

from florin.events import Channel, FeePayer
from florin.payments.items import OrderLine

# Doors that are there for tills alone: what is asked by them needs no word of its own to be offline.
OF_TILLS = frozenset({"alipay.trade.pay", "alipay.trade.precreate"})


class Flow(IntEnum):
    """When a paid trade becomes owed and payable: at payment, at receipt, or at capture."""

    DIRECT = 1
    ESCROW = 2
    MANUAL = 3


class TradeState(IntEnum):
    WAITING = 1
    PAID = 2
    CLOSED = 3


class TradeDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What rides along with a trade and decides nothing about money, except who may pay and with what.

    buyer_id: only this person may pay. fee_payer: who bears the fee of installments; merchant_bears: the counts of which the
    merchant bears it, whatever fee_payer says. tenders: those the merchant allows.
    store_id, terminal_id: where it was sold, in the merchant's own numbers; counter: our number of the till whose printed code
    asked for it.
    product: by which door it came. channel: bought online or in a shop; empty: by the door. goods: their
    kind, which sets the days to auto-confirm. parent_id: it is paid only with the other orders of that parent.
    lines: what was bought, if it was said. shares: its money is frozen until it is shared or released. extra: a wire's own
    fields that it wants back.
    """

    product: str = ""
    channel: Literal["", "online", "offline"] = ""
    body: str = ""
    notify_url: str = ""
    return_url: str = ""
    quit_url: str = ""
    buyer_id: int = 0
    fee_payer: str = "shopper"
    merchant_bears: tuple[int, ...] = ()
    tenders: tuple[str, ...] = ("wallet", "credit", "card")
    passback: str = ""
    store_id: str = ""
    terminal_id: str = ""
    counter: int = 0
    goods: str = "express"
    confirm_days: int = 0
    charset: str = ""
    parent_id: int = 0
    lines: tuple[OrderLine, ...] = ()
    shares: bool = False
    extra: dict[str, Any] = {}

    def fee_payer_of(self, count: int) -> FeePayer:
        """Who bears the fee of so many installments."""
        return "merchant" if self.fee_payer == "merchant" or count in self.merchant_bears else "shopper"

    @property
    def sold(self) -> Channel:
        """By which channel it is sold."""
        return self.channel or ("offline" if self.product in OF_TILLS else "online")


NO_DETAIL = TradeDetail()


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade. installments: chosen by the merchant; 0 leaves it to the shopper. amount above zero, minor units."""

    id: int
    lane: int
    app_id: int
    merchant_id: int
    flow: Flow
    amount_minor: int
    out_trade_no: str
    subject: str
    asked_at: datetime
    state: TradeState = TradeState.WAITING
    installments: int = 0
    payment_id: int = 0
    expires_at: datetime | None = None
    detail: TradeDetail = NO_DETAIL

    def is_open(self, instant: datetime) -> bool:
        """Waiting, and not expired at `instant`: expiry is judged at each use, whenever it is recorded."""
        return self.state is TradeState.WAITING and (self.expires_at is None or instant < self.expires_at)
