"""The story's pictures and its width."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from florin.sandbox.teller import BillLine, Part, Teller, share_cells


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.integers(6, 200))
def test_a_bars_parts_fill_it_and_each_can_be_seen(amounts, cells):
    shares = share_cells(amounts, cells)

    assert sum(shares) == cells
    assert min(shares) >= 1


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=4))
def test_more_money_never_has_fewer_cells(amounts):
    shares = share_cells(amounts, 60)

    ordered = sorted(zip(amounts, shares, strict=True))
    assert [share for _, share in ordered] == sorted(shares)


@pytest.mark.parametrize("width", [72, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(width):
    console = Console(width=width, record=True, file=io.StringIO())
    teller = Teller(console)

    teller.open("A title", "Long words about money that need more than one line of a narrow terminal. " * 3)
    teller.chapter("A chapter")
    teller.day(date(2026, 9, 30), "A headline")
    teller.say("What happened, in a sentence that is longer than the body of a narrow terminal can hold in one line.")
    teller.figure("a figure whose name is far too long for the column that it has to fit in somehow", "¥1,234,567.89")
    teller.quote("What she reads on the screen, which may take more than one line as well, when there is little room.")
    teller.picture(
        "who gets which part of", [Part("shop", 551_400, "green"), Part("nobody", 0, "red"), Part("us", 1, "")]
    )
    teller.bill("Bill", [BillLine("Tea set", 19_900)], "¥199.00, due 10 April; at least ¥19.90")
    teller.table([("", ""), ("paid", "green")], [["tea", 19_900], ["nothing", 0]])

    lines = console.export_text().splitlines()
    assert max(len(line) for line in lines) <= width
    assert not any("nobody" in line for line in lines)
    assert any(line.split() == ["nothing", "–"] for line in lines)
