"""What the methods of this wire work with: the engine, the reads, the app that calls, and how this house answers.

The methods themselves are in `orders.py`, `till.py` and `existing.py`; each does no more than: a command, `execute`, an
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from florin.engine import Claim, ClaimKind, Engine, Outcome, Submission, claim
from florin.payments.merchant import App, Merchant
from florin.queries import ReadPool
from florin.wires.alipay.answers import Content
from florin.wires.alipay.call import CallingApp
from florin.wires.alipay.parameters import Charset
from florin.wires.keys import CashierAddresses

P = ParamSpec("P")
Found = TypeVar("Found")

TILL_CONFIRM_MINOR_ABOVE: Final = 200_000  # opendocs open/00ip3n: above 2,000.00 a payment code alone does not pay


class Faults(Protocol):
    """Where the sandbox spoils an answer on purpose: `timeout` carries a call out and does not tell its result."""

    def take(self, fault: str) -> bool:
        """Whether this fault was asked for; asking uses it up."""


class NoFaults:
    def take(self, fault: str) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """cashier: where orders are paid. timestamp_leeway: None takes any clock (`shapes.check_timestamp`).

    charset_when_absent: what a request without `charset` is read in; the real gateway reads GBK (yansongda/pay#125).
    till_confirm_minor_above: a larger amount at a till waits until the buyer has confirmed it herself (10003).
    """

    cashier: CashierAddresses
    timestamp_leeway: timedelta | None = None
    charset_when_absent: Charset = "utf-8"
    till_confirm_minor_above: int = TILL_CONFIRM_MINOR_ABOVE


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser on."""

    url: str


Answered = Content | Redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One call's surroundings. at: business time when it came."""

    engine: Engine
    reads: ReadPool
    settings: GatewaySettings
    app: App
    merchant: Merchant
    calling: CallingApp
    at: datetime

    def execute(self, command: Any, *claims: Claim) -> Outcome:
        """One command; a refusal leaves its numbers free, as this protocol's users expect."""
        return self.engine.execute([Submission(command=command, claims=claims, keeps_refusal=False)])[0]

    def ask(self, question: Callable[Concatenate[Any, P], Found], *args: P.args, **kwargs: P.kwargs) -> Found:
        return self.reads.ask(question, *args, **kwargs)


def refund_claim(trade_id: int, request_no: str, *, amount_minor: int) -> Claim:
    return claim(ClaimKind.REFUND, trade_id, request_no, {"amount": amount_minor})
