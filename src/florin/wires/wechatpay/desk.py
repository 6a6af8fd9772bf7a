"""What the methods of this wire work with: the engine, the reads, who calls, for whom, and how this house answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from florin.engine import GroupRefused, Outcome
from florin.events.refusals import Refusal
from florin.wires import desk
from florin.wires.keys import CashierAddresses
from florin.wires.wechatpay.clients import Client, Clients
from florin.wires.wechatpay.freshness import LEEWAY

TILL_CONFIRM_MINOR_ABOVE: Final = 100_000  # X, our choice: the real one asks for the PIN above 1,000.00, and by risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """cashier: where orders are paid. timestamp_leeway: how far a client's clock may be off.

    tls_hosts: names that clients reach by TLS alone, though we hear them without.

    till_confirm_minor_above: a larger amount at a till waits until the buyer has confirmed it herself (USERPAYING).
    """

    cashier: CashierAddresses
    timestamp_leeway: timedelta = LEEWAY
    tls_hosts: Collection[str] = ()
    till_confirm_minor_above: int = TILL_CONFIRM_MINOR_ABOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(desk.Desk):
    """One call's surroundings. app and merchant: of the one who sells; client: of the one who calls, the same unless he is a
    service provider. key_name: the public key by whose id the client asked to be answered; empty in certificate mode.
    """

    settings: Settings
    client: Client
    clients: Clients
    wall_now: datetime
    key_name: str = ""
    origin: str = ""

    @property
    def provider_id(self) -> int:
        """The service provider who calls; 0 when the seller calls himself."""
        return self.client.app_id if self.client.app_id != self.app.id else 0


def first_refusal(outcomes: Sequence[Outcome]) -> Refusal | None:
    """What refused a linked group, rather than who fell with it; None when nothing was."""
    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    own = [refusal for refusal in refusals if not isinstance(refusal, GroupRefused)]
    return next(iter((*own, *refusals)), None)
