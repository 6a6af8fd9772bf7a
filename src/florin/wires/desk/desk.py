"""One call's surroundings, whatever the wire: the engine, the reads, the app that calls and what it sells for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from florin.engine import Claim, ClaimKind, Engine, Outcome, Submission, claim
from florin.engine.gathered import Gathered
from florin.engine.reference import Reference
from florin.payments.merchant import App, Merchant
from florin.queries import ReadPool
from florin.wires.desk.trades import PaymentCode, Standing, find_codes, standing_of

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
    """codes: what shoppers show at tills, looked up. merchant: of the app. reference, on, at: what is in force, the business
    date and the business time, when the call came. faults: of the sandbox.
    """

    engine: Engine
    reads: ReadPool
    codes: Gathered[str, PaymentCode | None]
    app: App
    merchant: Merchant
    reference: Reference
    on: date
    at: datetime
    faults: Faults = field(default_factory=NoFaults)

    async def execute(self, command: Any, *claims: Claim) -> Outcome:
        """One command; a refusal leaves its numbers free, as users of these protocols expect."""
        submission = Submission(command=command, claims=claims, keeps_refusal=False)
        return (await self.engine.execute_async((submission,)))[0]

    async def ask(self, question: Callable[Concatenate[Any, P], Found], *args: P.args, **kwargs: P.kwargs) -> Found:
        return await self.reads.ask_async(question, *args, **kwargs)

    async def standing(self, trade_id: int) -> Standing:
        """How a trade stands that a command has named."""
        standing = await self.ask(standing_of, trade_id)
        assert standing is not None, f"trade {trade_id} was made and is not there"
        return standing

    async def paid(self, outcome: Outcome, code: PaymentCode) -> Standing:
        """How the trade stands that a command has paid by this code, now or before. What it has just left need not be read."""
        assert outcome.event is not None, "a refusal pays nothing"
        if outcome.trade is None or outcome.payment is None:
            return await self.standing(outcome.event.trade_id)
        return Standing(trade=outcome.trade, payment=outcome.payment, paid_at=outcome.at, buyer=code.buyer)


def codes_of(reads: ReadPool, *, name: str) -> Gathered[str, PaymentCode | None]:
    """What shoppers show at tills: one question for all who ask at a time."""
    return Gathered(lambda codes: reads.ask(find_codes, codes), name=f"{name}-codes")


def refund_claim(trade_id: int, request_no: str, *, amount_minor: int) -> Claim:
    return claim(ClaimKind.REFUND, trade_id, request_no, {"amount": amount_minor})
