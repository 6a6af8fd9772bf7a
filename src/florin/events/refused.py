"""A command that was refused is an event too."""

from __future__ import annotations

from typing import Any

from florin.events.base import Event


class Refused(Event, frozen=True, kw_only=True):
    """A command was refused: which, why, and the numbers that explain it."""

    kind = 90
    command: str
    refusal: str
    numbers: dict[str, Any]
