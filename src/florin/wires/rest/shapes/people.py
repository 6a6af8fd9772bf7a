"""People, their wallets, what they may owe on all their lines, and credit refused to them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Id, Name, Note, Text
from florin.wires.rest.shapes.base import LimitMinor, Taken


class NewPerson(Taken, frozen=True, kw_only=True):
    """logon: how the person signs in, unique in the house."""

    logon: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            pattern=r"^[^\x00-\x20\x7f-\xa0\u2028\u2029]+$",
            extra={"fix": "Send a string of 1 to 64 characters, without blanks."},
        ),
    ]
    name: Name


class NewTopUp(Taken, frozen=True, kw_only=True):
    """bank_reference: the bank's own number of the incoming money; one number, one top-up."""

    amount_minor: AmountMinor
    bank_reference: Name


class NewDecline(Taken, frozen=True, kw_only=True):
    """line_id: the line that she wanted more of; left out, she asked for a new one. amount: what she asked for. code: what she
    reads (docs/reference/adverse-actions.md); reason: for the record.
    """

    program: Name
    code: Name
    line_id: Id | None = None
    amount_minor: AmountMinor | None = None
    reason: Note = ""


class NewSharedLimit(Taken, frozen=True, kw_only=True):
    """group: as programs name it in `exposure_group`. limit_minor: the person's own; left out: the terms'. reason: for the
    record.
    """

    group: Annotated[str, Meta(min_length=1, max_length=64)]
    limit_minor: LimitMinor | None = None
    reason: Text


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """line_ids: of the person's lines that are not closed, the oldest first; line_id: the latest of them, if any."""

    id: str
    name: str
    logon: str
    wallet_balance_minor: int
    line_id: str | None
    line_ids: tuple[str, ...] = ()


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    person_id: str
    amount_minor: int
    bank_reference: str
    value_on: date


class SharedLimitUsed(msgspec.Struct, frozen=True, kw_only=True):
    """What the lines of a person in a group may come to together, what they use, and what is left; below zero after a cut."""

    group: str
    limit_minor: int
    exposure_minor: int
    available_minor: int


class SharedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """exposure_minor: what her lines in the group use together. limit_minor: her own; null: the terms'."""

    group: str
    limit_minor: int | None
    exposure_minor: int


class SharedLimitChange(msgspec.Struct, frozen=True, kw_only=True):
    """limit_minor: her own from then on; null: the terms'."""

    id: str
    group: str
    value_on: date
    limit_minor: int | None
    reason: str


class SharedLimits(msgspec.Struct, frozen=True, kw_only=True):
    """items: by group. changes: the newest first, 100 at most."""

    items: tuple[SharedLimit, ...]
    changes: tuple[SharedLimitChange, ...]


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was told no. reason: what she reads, in the language asked for."""

    id: str
    person_id: str
    line_id: str | None
    value_on: date
    code: str
    reason: str
