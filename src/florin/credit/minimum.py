"""The minimum due: the least payment that keeps a line current."""

from __future__ import annotations

from decimal import Decimal

from florin.credit.terms import Terms


def minimum_due_minor(*, balance_minor: int, ordinary_minor: int, due_in_full_minor: int, terms: Terms) -> int:
    """A share of what may revolve, rounded up, and all of what may not; at least the floor, never more than the
    balance, and all of a balance below `minimum_whole_below_minor`.

    ordinary: purchases billed now, and what revolves from statements whose minimum was met. due_in_full: what the terms
    list in `minimum_in_full`. Source: `docs/explanation/credit.md`, "The minimum".
    """
    if balance_minor < terms.minimum_whole_below_minor:
        return balance_minor
    share_minor = _share(ordinary_minor, terms.minimum_share)
    return max(0, min(balance_minor, max(share_minor + due_in_full_minor, terms.minimum_floor_minor)))


def _share(amount_minor: int, share: Decimal) -> int:
    """A share of an amount, rounded up; exact, since a decimal is a fraction of integers."""
    numerator, denominator = share.as_integer_ratio()
    return -(-amount_minor * numerator // denominator)
