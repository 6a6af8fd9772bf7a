"""The minimum due: the least payment that keeps a line current."""

from __future__ import annotations

from fractions import Fraction

from florin.credit.terms import Terms
from florin.money.amounts import round_up


def minimum_due_minor(*, balance_minor: int, ordinary_minor: int, due_in_full_minor: int, terms: Terms) -> int:
    """A share of what may revolve, rounded up, and all of what may not; at least the floor, never more than the
    balance, and all of a balance below `minimum_whole_below_minor`.

    ordinary: purchases billed now, and what revolves from statements whose minimum was met. due_in_full: what the terms
    list in `minimum_in_full`. Source: `docs/explanation/credit.md`, "The minimum".
    """
    if balance_minor < terms.minimum_whole_below_minor:
        return balance_minor
    share_minor = round_up(ordinary_minor * Fraction(terms.minimum_share))
    return max(0, min(balance_minor, max(share_minor + due_in_full_minor, terms.minimum_floor_minor)))
