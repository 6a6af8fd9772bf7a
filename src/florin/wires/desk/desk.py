"""One call's surroundings, whatever the wire: the engine, the reads, the app that calls and what it sells for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from florin.engine import Claim, ClaimKind, Engine, Outcome, Submission, claim
from florin.payments.merchant import App, Merchant
from florin.queries import ReadPool

P = ParamSpec("P")
Found = TypeVar("Found")


class Faults(Protocol):
    """Where the sandbox spoils an answer on purpose: `timeout` carries a call out and does not tell its result, `in-progress`
    lets a till wait for the shopper's confirmation.
    """

    def take(self, fault: str) -> bool:
        """Whether this fault was asked for; asking uses it up."""


class NoFaults:
    def take(self, fault: str) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """merchant: of the app. at: business time when the call came. faults: of the sandbox."""

    engine: Engine
    reads: ReadPool
    app: App
    merchant: Merchant
    at: datetime
    faults: Faults = field(default_factory=NoFaults)

    def execute(self, command: Any, *claims: Claim) -> Outcome:
        """One command; a refusal leaves its numbers free, as users of these protocols expect."""
        return self.engine.execute([Submission(command=command, claims=claims, keeps_refusal=False)])[0]

    def ask(self, question: Callable[Concatenate[Any, P], Found], *args: P.args, **kwargs: P.kwargs) -> Found:
        return self.reads.ask(question, *args, **kwargs)


def refund_claim(trade_id: int, request_no: str, *, amount_minor: int) -> Claim:
    return claim(ClaimKind.REFUND, trade_id, request_no, {"amount": amount_minor})
