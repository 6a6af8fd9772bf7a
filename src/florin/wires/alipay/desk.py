"""What the methods of this wire work with: the engine, the reads, the app that calls, and how this house answers.

The methods themselves are in `orders.py`, `till.py` and `existing.py`; each does no more than: a command, `execute`, an
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from florin.engine.reference import Reference
from florin.money.at import At
from florin.wires import desk
from florin.wires.alipay.answers import Content
from florin.wires.alipay.bill_links import BillLinks
from florin.wires.alipay.call import CallingApp
from florin.wires.alipay.parameters import Charset
from florin.wires.keys import CashierAddresses

TILL_CONFIRM_MINOR_ABOVE: Final = 200_000  # opendocs open/00ip3n: above 2,000.00 a payment code alone does not pay


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """cashier: where orders are paid. bills: where bills are fetched.

    timestamp_leeway: None takes any clock (`shapes.check_timestamp`).
    charset_when_absent: what a request without `charset` is read in; the real gateway reads GBK (yansongda/pay#125).
    till_confirm_minor_above: a larger amount at a till waits until the buyer has confirmed it herself (10003).
    """

    cashier: CashierAddresses
    bills: BillLinks
    timestamp_leeway: timedelta | None = None
    charset_when_absent: Charset = "utf-8"
    till_confirm_minor_above: int = TILL_CONFIRM_MINOR_ABOVE


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser on."""

    url: str


Answered = Content | Redirect


class Caller(NamedTuple):
    """Who calls, and what is in force while the call is served. at: when it came."""

    app: CallingApp
    at: At
    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(desk.Desk):
    """One call's surroundings. wall_now: wall time when it came, for what lives by it."""

    settings: GatewaySettings
    calling: CallingApp
    wall_now: datetime
