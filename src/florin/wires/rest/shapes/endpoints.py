"""A merchant's webhook endpoints, and what was told to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import Address, Id, Instant, Name
from florin.wires.rest.shapes.base import Taken


class NewEndpoint(Taken, frozen=True, kw_only=True):
    """topics: what it hears of; left out, all."""

    url: Annotated[Address, Meta(min_length=8)]
    topics: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told. old_until: while the secret before this one signs beside it."""

    id: str
    url: str
    topics: tuple[str, ...]
    created_at: datetime
    old_until: datetime | None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Yours, by number; topics: all that there are."""

    items: tuple[Endpoint, ...]
    topics: tuple[str, ...]


class EndpointSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What messages are signed with, shown this once."""

    id: str
    secret: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One try to tell. endpoint_id: absent where it went to the app's own address. status: of HTTP, absent where no answer
    came. answer: its first bytes, or why there is none. state: of the message now.
    """

    message_id: str
    webhook_id: str
    endpoint_id: str | None
    topic: str
    url: str
    attempt: int
    attempted_at: datetime
    status: int | None
    latency_ms: int
    heard: bool
    answer: str
    state: Literal["waiting", "delivered", "given-up"]


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    """The last hundred, the newest first."""

    items: tuple[Delivery, ...]


class Replay(Taken, frozen=True, kw_only=True):
    """One message, or all that nobody heard since a moment."""

    message_id: Id | None = None
    failed_since: Instant | None = None


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are told again."""

    replayed: int
