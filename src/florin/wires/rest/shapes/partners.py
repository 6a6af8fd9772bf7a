"""Banks that lend together with the house."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from florin.wires.rest.fields import AmountMinor, Name
from florin.wires.rest.shapes.base import Taken


class NewPartner(Taken, frozen=True, kw_only=True):
    """share_ppm: the partner bank's part of each loan, parts per million: 700000 is 70 %. servicing_ppm: what the house keeps
    of the income that it collects for the partner. cap_minor: the most that may be owed to it at a time. from_on: today when
    it is left out. until_on: last day of new loans.
    """

    partner: Name
    programs: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)]
    share_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    cap_minor: AmountMinor
    servicing_ppm: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    from_on: date | None = None
    until_on: date | None = None


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement with a partner bank, and its loans as they are now. lent: the principal of all of them. owed: what of it is
    owed; own and partner are its parts; charged_off: of the partner's. left: what the cap leaves for new loans; below zero
    after a repayment was returned.
    """

    id: str
    partner: str
    state: Literal["open", "closed"]
    programs: tuple[str, ...]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None
    loans: int
    lent_minor: int
    owed_minor: int
    own_minor: int
    partner_minor: int
    charged_off_minor: int
    left_minor: int


class Partners(msgspec.Struct, frozen=True, kw_only=True):
    items: tuple[Partner, ...]
