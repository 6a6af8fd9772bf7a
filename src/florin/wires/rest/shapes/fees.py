"""Fees, and who got which part."""

from __future__ import annotations

from datetime import date

from florin.wires.rest.fields import IdOrNone
from florin.wires.rest.shapes.base import Taken


class SharesQuery(Taken, frozen=True, kw_only=True):
    """The days [from_on, until_on): today when they are left out. merchant_id: of one merchant; of all when it is left out."""

    from_on: date | None = None
    until_on: date | None = None
    merchant_id: IdOrNone = ""
