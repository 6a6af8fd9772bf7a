"""Who got which fen: the shares of one payment, and of a day, drawn as a bar that is cut into the parties' pieces.

The amounts are the books' own (`florin.queries.shares`). Here they only get places on a bar: a whole thousand of them, cut by
integers, with what the shop does not get enlarged on a second bar below, because next to a price a fee cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from florin.queries.shares import Share, Shares

BAR = 1_000
# A piece that is there is never thinner than this, so that one sees that somebody took it.
_THINNEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One party's piece of a bar of `BAR` places."""

    party: str
    name: str
    amount_minor: int
    x: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """whole: all that was given. rest: the same without the shop, enlarged; its pieces lie between rest_from and the end of
    `whole`. Empty where the shop got all of it, or nothing yet.
    """

    whole: tuple[Piece, ...]
    rest: tuple[Piece, ...]
    rest_from: int


def bar_of(shares: Shares) -> Bar:
    """The pieces of what was given, the shop's first. What parties lose beside the shopper is no piece: it is told in words."""
    got = [share for share in shares.shares if share.amount_minor > 0 and share.party != "shopper"]
    got.sort(key=lambda share: (share.party != "shop", share.party != "escrow"))
    whole = _cut(got)
    others = [share for share in got if share.party not in ("shop", "escrow")]
    rest_from = next((piece.x for piece in whole if piece.party not in ("shop", "escrow")), BAR)
    enlarged = _cut(others) if others and len(others) < len(got) else ()
    return Bar(whole=whole, rest=enlarged, rest_from=rest_from)


def _cut(shares: Sequence[Share]) -> tuple[Piece, ...]:
    """A bar of BAR places cut in proportion, each piece at least _THINNEST wide; the largest gives what that takes."""
    total = sum(share.amount_minor for share in shares)
    if not total:
        return ()
    widths = [max(_THINNEST, share.amount_minor * BAR // total) for share in shares]
    largest = max(range(len(widths)), key=widths.__getitem__)
    widths[largest] += BAR - sum(widths)
    pieces, x = [], 0
    for share, width in zip(shares, widths, strict=True):
        pieces.append(Piece(party=share.party, name=share.name, amount_minor=share.amount_minor, x=x, width=width))
        x += width
    return tuple(pieces)
