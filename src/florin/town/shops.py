"""The shops behind the doors: programs of their own, which know of the house its addresses and what it signs.

A shop asks to be paid over its wire (`wires.py`), sends the buyer where the answer says, and believes nothing but a message
that bears the house's signature: only then is an order of its own "paid". It keeps its orders in memory, as small shops do.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from florin.town.doors import DOORS, Door
from florin.town.town import Town
from florin.town.wires import AlipayWire, Heard, RestWire, WechatWire, Wire

ORDERS_MAX = 500
# Shorter than any wire's own time for an order: what the street still offers can be paid.
_OFFERED = timedelta(minutes=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of a shop. buyer: for whom it was made, empty at the stall, where whoever scans it pays.

    address: where it is paid: the gateway, the phone's door, or what a QR code says. is_paid: the shop was told so; trade_id:
    as that message names it, 0 before; turn: which of the shops' paid orders it is.
    """

    number: str
    market: str
    buyer: str
    asked_at: datetime
    address: str
    is_paid: bool = False
    trade_id: int = 0
    turn: int = 0

    def waits(self, now: datetime) -> bool:
        """Nobody has paid it yet, and it is offered still. now: business time."""
        return not self.is_paid and now - self.asked_at < _OFFERED


class Shops:
    """All five. api_url: the wires. street_url: where this street is served, for the messages and the way back.

    heard: how many messages they have believed.
    """

    def __init__(self, town: Town, *, api_url: str) -> None:
        self._street_url = town.street_url
        self._people = town.people
        self._wires: dict[str, Wire] = {
            door.market: _wire_of(door, town, api_url=api_url, street_url=town.street_url) for door in DOORS.values()
        }
        self._orders: dict[str, Order] = {}
        self._numbers = itertools.count(1001)
        self._turns = itertools.count(1)
        self.heard = 0
        self._turn = threading.Lock()

    def ask(self, market: str, *, buyer: str, language: str, now: datetime, installments: int = 0) -> Order:
        """A new order of one piece, asked for over the shop's wire. now: business time. Raises WireFailed."""
        door = DOORS[market]
        with self._turn:
            number = f"{market.upper()}-{next(self._numbers)}"
        address = self._wires[market].ask(
            number=number,
            amount_minor=door.price_minor,
            subject=door.sells(language),
            payer_id=self._people.get(buyer, 0),
            installments=installments,
            return_url=f"{self._street_url}/back?as={buyer}" if buyer else "",
        )
        asked = Order(number=number, market=market, buyer=buyer, asked_at=now, address=address)
        with self._turn:
            # A message cannot overtake this: nobody could pay before the address was known.
            self._orders[number] = asked
            for old in list(self._orders)[:-ORDERS_MAX]:
                del self._orders[old]
        return asked

    def hear(self, market: str, *, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """A message from the house: kept when its signature is right. Returns what to answer; None when it is not."""
        wire = self._wires[market]
        heard: Heard | None = wire.hear(headers=headers, body=body)
        if heard is None:
            return None
        with self._turn:
            self.heard += 1
            order = self._orders.get(heard.number)
            if order is not None and order.market == market:
                paid_now = heard.is_paid and not order.is_paid
                self._orders[heard.number] = replace(
                    order,
                    is_paid=order.is_paid or heard.is_paid,
                    trade_id=heard.trade_id,
                    turn=next(self._turns) if paid_now else order.turn,
                )
        return wire.thanks

    def orders(self) -> list[Order]:
        """All that are remembered, the newest first."""
        with self._turn:
            return list(reversed(self._orders.values()))

    def waiting(self, market: str, *, now: datetime, buyer: str = "") -> Order | None:
        """The newest order of a door that waits to be paid: by this buyer, or by whoever comes."""
        own = (order for order in self.orders() if order.market == market and order.buyer == buyer)
        newest = next(own, None)
        return newest if newest is not None and newest.waits(now) else None

    def forget(self) -> None:
        """Forget every order: the house was reset, and knows none of them."""
        with self._turn:
            self._orders.clear()

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()


def _wire_of(door: Door, town: Town, *, api_url: str, street_url: str) -> Wire:
    keys, told_at = town.shops[door.market], f"{street_url}/told/{door.market}"
    match door.wire:
        case "rest":
            return RestWire(api_url=api_url, api_key=keys.api_key, secret=keys.webhook_secret)
        case "wechatpay":
            return WechatWire(api_url=api_url, key=keys.key, settings=keys.wechat, notify_url=told_at)
        case "alipay":
            return AlipayWire(
                gateway=f"{api_url}/gateway.do",
                app_id=door.app_id,
                key=keys.key,
                platform_key=keys.platform_key,
                notify_url=told_at,
                by_code=door.by_code,
            )
