"""An engine and a store that do nothing: what the wire itself does is tested, and measured, against them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from litestar import Litestar

from florin.engine import Outcome, Submission
from florin.events import Captured, TradeAsked
from florin.payments.charge import Charge
from florin.wires.keys import ApiKey, KnownApiKeys, hash_of
from florin.wires.rest import Settings, create_app

MERCHANT_KEY = "flk_live_" + "m" * 8 + "_" + "M" * 43
OWNER_KEY = "flk_live_" + "o" * 8 + "_" + "O" * 43
ON = date(2026, 3, 5)


class FakeEngine:
    """Says yes to every charge and order, or what `says` holds; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Submission] = []
        self.says: Any = None
        self.number = 0
        self.remembers = True

    def new_id(self, lane: int) -> int:
        self.number += 1
        return self.number

    async def execute_async(self, submissions: Sequence[Submission]) -> list[Outcome]:
        if self.remembers:
            self.asked += submissions
        if isinstance(self.says, Exception):
            raise self.says
        return [self.says or self._yes(submission.command) for submission in submissions]

    def _yes(self, command: Any) -> Outcome:
        if isinstance(command, Charge):
            event: Any = Captured(
                value_on=ON,
                trade_id=command.trade_id,
                payment_id=command.payment_id,
                person_id=7,
                line_id=8,
                merchant_id=command.merchant_id,
                credit_minor=command.credit_minor,
                wallet_minor=command.wallet_minor,
                mdr_minor=1,
            )
        else:
            event = TradeAsked(value_on=ON, trade_id=command.trade_id, amount_minor=command.amount_minor)
        return Outcome(event=event, events=(event,), event_id=1)


class FakeReads:
    """A read pool without a database: every question has the answer it was given, or None."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked = 0

    async def ask_async(self, question: Any, *args: Any, **kwargs: Any) -> Any:
        self.asked += 1
        await asyncio.sleep(0.01)
        return self.answers.get(getattr(question, "__name__", ""))


class FixedKeys(KnownApiKeys):
    """Two keys that are never looked up."""

    def __init__(self) -> None:
        super().__init__()
        self._fixed = {
            hash_of(MERCHANT_KEY): api_key(MERCHANT_KEY, "merchant", 1),
            hash_of(OWNER_KEY): api_key(OWNER_KEY, "owner", None),
        }

    def recall(self, key_hash: bytes) -> ApiKey | None:
        return self._fixed.get(key_hash)


def fake_app(engine: FakeEngine | None = None, reads: FakeReads | None = None) -> Litestar:
    """The whole application, in front of nothing."""
    settings = Settings(checkout_url="https://pay.test/{}".format)
    return create_app(engine or FakeEngine(), reads or FakeReads(), settings, keys=FixedKeys())  # type: ignore[arg-type]


def api_key(text: str, scope: Any, app_id: int | None) -> ApiKey:
    return ApiKey(
        hash=hash_of(text),
        prefix=text.split("_")[2],
        scope=scope,
        app_id=app_id,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        revoked_at=None,
        merchant_id=None if app_id is None else 1,
        market=None if app_id is None else "direct",
        app_state=None if app_id is None else "open",
    )
