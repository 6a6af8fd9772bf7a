"""What is said to be available is what the till accepts: the line, what it shares and its sub-limits, the other way round."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.credit.authorize import refuse_credit
from florin.credit.line import Line, LineState
from florin.credit.particulars import Outstanding, Particulars
from florin.credit.program import load_program
from florin.credit.shared_limit import SharedExposure, refuse_shared
from florin.credit.spendable import spendable
from florin.credit.terms import SubLimit
from florin.events import Place
from florin.money.at import At

ON = date(2026, 3, 5)
NOON = At(instant=datetime(2026, 3, 5, 12, tzinfo=ZoneInfo("Asia/Shanghai")), on=ON)
GAMES, FOOD = Place(market="home", category="games"), Place(market="home", category="food", channel="offline")
TERMS = replace(
    load_program("huabei").terms_on(ON),
    sub_limits=(SubLimit(category="games", limit_minor=200_00), SubLimit(channel="offline", share=Decimal("0.3"))),
    exposure_group="house",
    exposure_group_limit_minor=600_00,
)
AMOUNTS = st.integers(0, 700_00)


def line_with(*, held_minor: int, games_minor: int = 0, food_minor: int = 0) -> Line:
    outstanding = (
        Outstanding(place=GAMES, reserved_minor=games_minor),
        Outstanding(place=FOOD, owed_minor=food_minor),
    )
    return Line(
        id=1, lane=0, person_id=2, program="huabei", state=LineState.OPEN, opened_on=ON, limit_minor=500_00,
        held_minor=held_minor, particulars=Particulars(outstanding=outstanding),
    )  # fmt: skip


def shared_with(exposure_minor: int, limit_minor: int | None = None) -> SharedExposure:
    return SharedExposure(lane=0, person_id=2, group="house", exposure_minor=exposure_minor, limit_minor=limit_minor)


def accepted(line: Line, shared: SharedExposure | None, place: Place, amount_minor: int) -> bool:
    """By the till's own rules."""
    if refuse_credit(line, amount_minor, 0, NOON, TERMS, place=place) is not None:
        return False
    return shared is None or refuse_shared(shared, amount_minor, line.id, TERMS) is None


@given(
    held=AMOUNTS,
    games=AMOUNTS,
    food=AMOUNTS,
    shared=st.none() | st.builds(shared_with, AMOUNTS, st.none() | AMOUNTS),
    place=st.sampled_from([GAMES, FOOD, Place(market="home", category="books")]),
)
def test_what_is_left_at_a_place_is_accepted_there_and_a_cent_more_is_not(held, games, food, shared, place):
    line = line_with(held_minor=held, games_minor=games, food_minor=food)

    left_minor = spendable(line, TERMS, ON, shared).at(place)

    assert left_minor <= 0 or accepted(line, shared, place, left_minor)
    assert not accepted(line, shared, place, max(left_minor, 0) + 1)


def test_the_shared_limit_leaves_less_than_the_line():
    found = spendable(line_with(held_minor=100_00), TERMS, ON, shared_with(550_00))

    assert (found.line_minor, found.shared.left_minor, found.amount_minor) == (400_00, 50_00, 50_00)
    assert found.is_shared_less
    assert not spendable(line_with(held_minor=100_00), TERMS, ON, shared_with(100_00)).is_shared_less


def test_a_sub_limit_leaves_no_more_than_the_line_does():
    found = spendable(line_with(held_minor=400_00, games_minor=50_00), TERMS, ON)

    assert [(room.most_minor, room.outstanding_minor, room.left_minor) for room in found.rooms] == [
        (200_00, 50_00, 100_00),
        (150_00, 0, 100_00),
    ]
