"""Particulars: what a line has of its own beside its sums. Most lines have nothing, and their row keeps nothing for it."""

from __future__ import annotations

from datetime import date

import msgspec

from florin.events import RepaymentSource


class Uplift(msgspec.Struct, frozen=True, kw_only=True):
    """So much above the line's limit, through `until_on`."""

    amount_minor: int
    until_on: date


class Particulars(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """uplifts: in the order in which they were given; one counts while its last day has not passed, recorded or not.
    autopay: her own order of sources, none when she has turned it off; None: as the terms say. closing: the line
    takes no purchases and closes by itself once nothing is left of it.
    """

    uplifts: tuple[Uplift, ...] = ()
    autopay: tuple[RepaymentSource, ...] | None = None
    closing: bool = False

    def uplift_minor_on(self, on: date) -> int:
        """What the uplifts of a day come to."""
        return sum(uplift.amount_minor for uplift in self.uplifts if on <= uplift.until_on)


ORDINARY = Particulars()
