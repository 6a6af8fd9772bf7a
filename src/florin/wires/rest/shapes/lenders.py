"""Who lends, as a shopper must be told."""

from __future__ import annotations

import msgspec


class Lender(msgspec.Struct, frozen=True, kw_only=True):
    """Who lends, and where to ask or complain; null where the house has not said (`FLORIN_LENDER`, `FLORIN_HOTLINE`)."""

    name: str | None
    hotline: str | None


class JointLender(msgspec.Struct, frozen=True, kw_only=True):
    """A partner bank, and its share of a loan that it lends beside the house: parts per million."""

    partner: str
    share_ppm: int
