"""What it costs to take money out of the wallet: nothing up to a lifetime allowance, a share of what is above it."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from florin.money import MILLION, share_minor


class WithdrawalTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shopper pays for taking money out: nothing for the first allowance_minor of a person's life, and of what is above
    it a share, at least floor_minor. The share is rounded half up to the fen.
    """

    rate: Decimal
    floor_minor: int = 0
    allowance_minor: int = 0

    def above_minor(self, amount_minor: int, used_minor: int) -> int:
        """The part of a withdrawal that the allowance does not cover. used_minor: what has been taken out before."""
        return min(amount_minor, max(used_minor + amount_minor - self.allowance_minor, 0))

    def fee_minor(self, amount_minor: int, used_minor: int) -> int:
        """The fee on a withdrawal."""
        above_minor = self.above_minor(amount_minor, used_minor)
        return max(share_minor(above_minor, int(self.rate * MILLION)), self.floor_minor) if above_minor else 0

    def most_minor(self, balance_minor: int, used_minor: int) -> int:
        """The most that a balance lets somebody take out, its fee beside it."""
        low, high = 0, balance_minor
        while low < high:
            amount_minor = (low + high + 1) // 2
            if amount_minor + self.fee_minor(amount_minor, used_minor) <= balance_minor:
                low = amount_minor
            else:
                high = amount_minor - 1
        return low


FREE_OF_CHARGE = WithdrawalTerms(rate=Decimal(0))
