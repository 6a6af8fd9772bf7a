"""Fees, and who got which part."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from florin.queries.fees import FeeLine, FeePlanRow
from florin.wires.rest.fields import IdOrNone
from florin.wires.rest.shapes.base import Taken


class FeePlans(msgspec.Struct, frozen=True, kw_only=True):
    """Every plan that merchants can be on."""

    items: tuple[FeePlanRow, ...]


class NewFeePlan(Taken, frozen=True, kw_only=True):
    """toml: the plan's file, whole."""

    toml: Annotated[str, Meta(min_length=1, max_length=200_000)]


class FeePlanAdded(msgspec.Struct, frozen=True, kw_only=True):
    """versions: the days from which each of its versions holds."""

    name: str
    title_en: str
    title_zh: str
    versions: tuple[date, ...]


class FeesQuery(Taken, frozen=True, kw_only=True):
    """on: the day; today when it is left out."""

    on: date | None = None


class NewMerchantFees(Taken, frozen=True, kw_only=True):
    """plan: its name. from_on: the first day, today or later; today when it is left out."""

    plan: Annotated[str, Meta(min_length=1, max_length=64)]
    from_on: date | None = None


class PaymentFees(msgspec.Struct, frozen=True, kw_only=True):
    """Each fee of a payment, and why it is what it is."""

    items: tuple[FeeLine, ...]


class SharesQuery(Taken, frozen=True, kw_only=True):
    """The days [from_on, until_on): today when they are left out. merchant_id: of one merchant; of all when it is left out."""

    from_on: date | None = None
    until_on: date | None = None
    merchant_id: IdOrNone = ""
