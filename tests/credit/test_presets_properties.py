"""Whatever happens to a line of a preset: no fen is lost, and it does not matter when the account was looked at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import preset_with
from credit.test_properties import (
    HAPPENINGS,
    PLANS,
    a_fold_of_all_events_is_the_live_state,
    every_stage_is_in_the_book,
    money_in_is_money_out,
    play_out,
    the_line_is_the_book_and_will_be_the_account,
    without_charge_off,
)
from florin.credit.account import advance

NAMES = ("baitiao-bill", "baitiao-order", "fenfu", "bank-card", "pay-in-4")
PRESETS = [
    without_charge_off(preset_with(name, installments=PLANS, installment_amount_minor_min=100_00)) for name in NAMES
]


@pytest.mark.parametrize("program", PRESETS, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(HAPPENINGS, min_size=3, max_size=14))
def test_whatever_happens_the_books_hold(program, happenings):
    play = play_out(program, happenings, the_line_is_the_book_and_will_be_the_account).play

    every_stage_is_in_the_book(play)
    money_in_is_money_out(play)
    a_fold_of_all_events_is_the_live_state(play)


@pytest.mark.parametrize("program", PRESETS, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(happenings=st.lists(HAPPENINGS, max_size=10), days=st.integers(0, 300), between=st.integers(0, 300))
def test_advancing_at_once_or_in_two_steps_is_the_same(program, happenings, days, between):
    play = play_out(program, happenings, lambda history: None).play
    b, c = (play.today + timedelta(days=n) for n in sorted((between, days)))

    at_once, steps = advance(play.account, c, program)
    first, first_steps = advance(play.account, b, program)
    second, second_steps = advance(first, c, program)

    assert second == at_once
    assert (*first_steps, *second_steps) == steps
