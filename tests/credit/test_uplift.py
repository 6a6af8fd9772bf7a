"""An uplift counts through its last day and not a day longer, whoever has looked meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.play import HUABEI, Play, day, program_with
from florin.credit.authorize import CreditLimitExceeded
from florin.credit.freeze import LineIsClosed
from florin.credit.limit import TooManyUplifts, UpliftDaysOutOfRange, UpliftOutOfRange
from florin.credit.particulars import ORDINARY
from florin.events import LineClosed, UpliftEnded

TEA_SET = 11


def test_an_uplift_counts_through_its_last_day_though_nobody_closes_it():
    alice = Play(limit="100.00")
    alice.uplift("03-05", "50.00", "03-20")

    assert alice.refused("03-20", "150.00") is None
    assert alice.refused("03-21", "150.00") == CreditLimitExceeded(
        requested_minor=150_00, available_minor=100_00, over_minor=50_00, line_id=1
    )


def test_the_clock_records_the_end_once_and_the_line_is_ordinary_again():
    alice = Play(limit="100.00")
    alice.uplift("03-05", "50.00", "03-20")
    alice.uplift("03-06", "20.00", "03-12")
    assert alice.line.next_action_on == day("03-13")

    alice.until("04-01")
    alice.until("04-02")

    ended = [event for event in alice.events if isinstance(event, UpliftEnded)]
    assert [(event.value_on, event.amount_minor) for event in ended] == [(day("03-13"), 20_00), (day("03-21"), 50_00)]
    assert alice.line.particulars == ORDINARY


def test_what_was_bought_above_the_limit_stays_owed_and_nothing_more_is_sold_when_the_uplift_ends():
    alice = Play(limit="100.00")
    alice.uplift("03-05", "50.00", "03-20")
    alice.buy("03-06", "140.00", TEA_SET)
    alice.until("03-21")

    assert alice.available_minor == -40_00
    assert alice.refused("03-21", "0.01") is not None


def test_the_minimum_asks_for_what_is_above_the_limit_only_when_the_uplift_has_ended():
    asking = program_with(minimum_in_full=("over_limit",), minimum_floor_minor=0)
    minima = []
    for until in ("03-31", "04-01"):
        alice = Play(asking, limit="100.00")
        alice.uplift("03-05", "50.00", until)
        alice.buy("03-06", "140.00", TEA_SET)
        alice.until("04-01")
        minima.append(alice.statements[0].minimum_minor)

    # A tenth of 100.00, and 40.00 in full; or a tenth of 140.00.
    assert minima == [50_00, 14_00]


def test_uplifts_never_lift_a_limit_above_the_highest_of_the_terms():
    alice = Play(limit="49000.00")

    assert alice.uplift("03-05", "600.00", "03-20") is None
    assert alice.uplift("03-05", "600.00", "03-20") == UpliftOutOfRange(
        amount_minor=600_00, most_minor=400_00, line_id=1
    )
    assert alice.uplift("03-21", "600.00", "03-30") is None


@pytest.mark.parametrize("until", ["2026-03-04", "2027-03-07"])
def test_an_uplift_ends_today_at_the_earliest_and_within_a_year(until: str):
    assert Play().uplift("03-05", "10.00", until) == UpliftDaysOutOfRange(
        until_on=day(until), first_on=day("03-05"), last_on=day("2027-03-06"), line_id=1
    )


def test_only_so_many_uplifts_run_at_a_time():
    alice = Play()
    given_ones = [alice.uplift("03-05", "1.00", f"03-{20 + n}") for n in range(8)]

    assert given_ones == [None] * 8
    assert alice.uplift("03-05", "1.00", "03-20") == TooManyUplifts(count=8, first_ends_on=day("03-20"), line_id=1)


def test_a_closed_line_is_not_lifted():
    alice = Play()
    alice._hot(LineClosed(value_on=day("03-05"), line_id=1, person_id=7, reason="asked"))

    assert alice.uplift("03-06", "1.00", "03-20") == LineIsClosed(line_id=1)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 100_00), st.integers(0, 40)), max_size=8),
    st.integers(0, 80),
)
def test_the_limit_in_force_is_the_limit_and_the_uplifts_of_that_day(uplifts: list[tuple[int, int, int]], after: int):
    """Whether the clock has recorded their ends or nobody has looked."""
    opened = day("03-02")
    looked, unseen = Play(HUABEI), Play(HUABEI)
    asked_on = opened + timedelta(days=after)
    for days, minor, length in sorted(uplifts):
        on = opened + timedelta(days=days)
        if on <= asked_on:
            for play in (looked, unseen):
                play.uplift(on, f"{minor / 100:.2f}", on + timedelta(days=length))
    looked.until(asked_on)

    in_force = sum(
        minor
        for days, minor, length in uplifts
        if opened + timedelta(days=days) <= asked_on <= opened + timedelta(days=days + length)
    )
    assert looked.line.limit_minor_on(asked_on) == unseen.line.limit_minor_on(asked_on) == 10_000_00 + in_force
