"""The bar: pieces that cover it exactly, whatever the amounts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from florin.queries.shares import Share, Shares
from florin.town.fen import BAR, bar_of

PARTIES = ("shop", "escrow", "payment_institution", "lender", "mall", "bank", "network")


@given(amounts=st.dictionaries(st.sampled_from(PARTIES), st.integers(1, 10**12), min_size=1))
@settings(max_examples=60)
def test_the_pieces_cover_the_bar_without_a_gap_and_none_is_lost(amounts):
    shares = tuple(Share(party=party, name=party, amount_minor=minor, causes=()) for party, minor in amounts.items())
    given_minor = Share(party="shopper", name="", amount_minor=-sum(amounts.values()), causes=())

    bar = bar_of(Shares(payments=1, promised_minor=0, shares=(given_minor, *shares)))

    for pieces in (bar.whole, bar.rest):
        ends = [piece.x + piece.width for piece in pieces]
        assert [piece.x for piece in pieces] == [0, *ends[:-1]][: len(pieces)]
        assert ends[-1:] in ([BAR], [])
        assert all(piece.width > 0 for piece in pieces)
    assert {piece.party: piece.amount_minor for piece in bar.whole} == amounts
    assert {piece.party for piece in bar.rest} <= amounts.keys() - {"shop", "escrow"}
