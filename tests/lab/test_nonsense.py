"""Nonsense is refused by name: what was wrong, and what would be possible."""

from __future__ import annotations

import numpy as np
import pytest

from florin.lab.lanes import lanes_of
from florin.lab.parameters import ParametersInvalid, likeliest, parameters_at, read_parameters
from florin.lab.units import OfBalance, OfVolume, RateInvalid, parts_minor, read_rate, share_minor, volume_of_balance
from florin.lab.world import UnknownHere, preset_world

WORLD = preset_world(likeliest(), months=1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3.0 %", "has no unit"),
        ("0.03", "has no unit"),
        ("3.0 % of balance", "over which time"),
        ("0.6 % of volume a year", "had once"),
        ("101 % of volume", "between 0 % and 100 %"),
        ("-1 % of volume", "between 0 % and 100 %"),
        ("0.00001 % of volume", "finer than a millionth"),
        ("1 % of turnover", "has no unit"),
    ],
)
def test_a_rate_without_its_unit_or_outside_its_range_is_refused(text, says):
    with pytest.raises(RateInvalid, match=says) as refused:
        read_rate(text, "funding")

    assert "funding" in str(refused.value)


def test_a_rate_is_read_with_its_unit():
    assert read_rate("3.0 % of balance a year", "funding") == OfBalance(30_000, "year")
    assert read_rate("0.6 % of volume", "fee") == OfVolume(6_000)
    assert OfBalance(1_000, "month").yearly_ppm() == 12_000


def test_losses_of_balance_and_of_volume_are_ten_times_apart_for_a_book_of_a_month():
    of_balance = read_rate("1.0 % of balance a year", "loss")
    assert isinstance(of_balance, OfBalance)

    assert volume_of_balance(of_balance, turns_a_year=10) == OfVolume(1_000)
    with pytest.raises(RateInvalid, match="turns over"):
        volume_of_balance(of_balance, turns_a_year=0)


def test_shares_of_amounts_round_half_away_from_zero_alone_and_in_arrays():
    amounts = np.array([0, 1, 83, 84, 250, -250, 10_000], dtype=np.int64)

    shares = parts_minor(amounts, 6_000)

    assert shares.tolist() == [share_minor(int(amount), OfVolume(6_000)) for amount in amounts]
    assert shares.tolist() == [0, 0, 0, 1, 2, -2, 60]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"card_share": 1.2}, "card_share = 1.2 is a share"),
        ({"outlet_noise": -0.1}, "below zero"),
        ({"fulness": 1.0}, "There is no parameter 'fulness'"),
        ({"funding_tech": 0.03}, "has not the unit"),
        ({"mall_cost": OfBalance(10, "year")}, "has not the unit"),
    ],
)
def test_parameters_that_cannot_be_are_refused(changes, says):
    with pytest.raises(ParametersInvalid, match=says):
        likeliest().with_(**changes)


def test_unknown_names_are_refused_with_those_that_there_are():
    with pytest.raises(UnknownHere, match=r"no lender 'klarna'. There are bank-card, huabei, baitiao-bill, fenfu"):
        WORLD.launch("klarna")
    with pytest.raises(UnknownHere, match="no market 'amazon'"):
        WORLD.accept("huabei", "amazon", 1.0)
    with pytest.raises(UnknownHere, match="no group 'meituan'"):
        WORLD.own("jd", "meituan")
    with pytest.raises(ParametersInvalid, match="no parameter 'luck'"):
        parameters_at({"luck": 0.5})


def test_shares_of_merchants_above_one_and_worlds_without_days_are_refused():
    with pytest.raises(UnknownHere, match=r"A share of 1.5"):
        WORLD.accept("huabei", "street", 1.5)
    with pytest.raises(UnknownHere, match="0 months"):
        preset_world(likeliest(), months=0)
    with pytest.raises(ValueError, match="0 people"):
        lanes_of(0)


def test_a_file_whose_values_are_out_of_order_or_unknown_is_refused_by_name():
    head = '[[parameters]]\nname = "prudence"\nvalues = [0.9, 0.6, 0.3]\ngrade = "X"\n'

    with pytest.raises(ParametersInvalid, match="prudence is out of order"):
        read_parameters("needs = []\n" + head + "[reach]\njd = 0.5\n", source="own.toml")
    with pytest.raises(ParametersInvalid, match=r"own.toml"):
        read_parameters("moods = 3\n", source="own.toml")
