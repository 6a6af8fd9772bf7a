"""Merchants who apply: what they say of themselves, what was checked, who decided."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.payments.onboarding import Check, Finding, Risk, State
from florin.wires.rest.fields import Name, Note, Text
from florin.wires.rest.shapes.base import Taken

_Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
_Words = Annotated[tuple[_Word, ...], Meta(max_length=50)]


class NewDocument(Taken, frozen=True, kw_only=True):
    """kind: in your words, as `food-licence`. sha256: 64 hex digits of the file, which you keep."""

    kind: _Word
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class NewApplication(Taken, frozen=True, kw_only=True):
    """What a merchant says of himself; what is left out is missing, and may follow. by: who takes it in.

    account_kind: a company's account, or a person's card. categories, markets: what he asks to sell, and where. mdr_ppm: his
    fee on each sale, parts per million.
    """

    name: Name
    by: Name
    legal_name: Note = ""
    registration_number: Annotated[str, Meta(max_length=64)] = ""
    representative: Note = ""
    bank_code: Annotated[str, Meta(max_length=64)] = ""
    account_name: Note = ""
    account_number: Annotated[str, Meta(max_length=64)] = ""
    account_kind: Literal["company", "card"] = "company"
    name_zh: Annotated[str, Meta(max_length=64)] = ""
    categories: _Words = ()
    markets: _Words = ()
    documents: Annotated[tuple[NewDocument, ...], Meta(max_length=50)] = ()
    risk: Risk = "medium"
    mdr_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 6_000


class Decided(Taken, frozen=True, kw_only=True):
    """Who decides."""

    by: Name


class DecidedWhy(Taken, frozen=True, kw_only=True):
    """Who decides, and why, for the record; the merchant reads why he was refused or waits."""

    by: Name
    reason: Text


class Approval(Taken, frozen=True, kw_only=True):
    """in_spite: although checks have failed; `reason` says why."""

    by: Name
    reason: Text
    in_spite: bool = False


class NewBlock(Taken, frozen=True, kw_only=True):
    """text: a name or a registration number; width, case, blanks and punctuation do not tell two apart."""

    text: Text
    by: Name
    reason: Text


class Unblock(Taken, frozen=True, kw_only=True):
    """text: as it was put on the list."""

    text: Text


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """blocked: whether the text stands on the list now."""

    text: str
    blocked: bool


class Licence(Taken, frozen=True, kw_only=True):
    """Goods of this category need this kind of document."""

    category: _Word
    document: _Word


class ApplicationStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of an application, who took it, and why."""

    state: State
    decided_by: str
    reason: str
    decided_at: datetime


class ApplicationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was shown."""

    kind: str
    sha256: str


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """missing: what is still to be given, by the names of fields, documents by their kinds. findings: of the last check."""

    id: str
    merchant_id: str
    state: State
    name: str
    name_zh: str
    legal_name: str
    registration_number: str
    representative: str
    bank_code: str
    account_name: str
    account_number: str
    account_kind: Literal["company", "card"]
    categories: tuple[str, ...]
    markets: tuple[str, ...]
    documents: tuple[ApplicationDocument, ...]
    risk: Risk
    mdr_ppm: int
    missing: tuple[str, ...]
    findings: tuple[Finding, ...]
    steps: tuple[ApplicationStep, ...]


class Applications(msgspec.Struct, frozen=True, kw_only=True):
    """Every application, the newest first."""

    items: tuple[Application, ...]


class OwnApplication(msgspec.Struct, frozen=True, kw_only=True):
    """Your application. reason: of the last step; failed: the checks that did not pass."""

    state: State
    missing: tuple[str, ...]
    failed: tuple[Check, ...]
    reason: str
