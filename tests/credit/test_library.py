"""Credit as a library: what the page says runs, and a simulation is what the house would do."""

from __future__ import annotations

import doctest
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

import florin.credit as library
from florin.credit import DayIsOver, Simulation, SimulationRefused, load_program
from florin.credit.correction import fold

PAGE = Path(__file__).parents[2] / "docs/reference/credit.md"


def test_the_examples_of_the_page_run():
    results = doctest.testfile(str(PAGE), module_relative=False)

    assert results.attempted > 15
    assert results.failed == 0


def test_every_public_name_is_there():
    assert all(getattr(library, name) is not None for name in library.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = library.nothing_of_this_name


def test_the_card_bears_the_whole_bill_from_the_purchase():
    card = load_program("bank-card")
    version = card.versions[-1]
    simple = replace(card, versions=(replace(version, terms=replace(version.terms, interest_on=("principal",))),))
    line = Simulation(simple, limit_minor=50_000_00, opened_on=date(2026, 3, 2))
    line.buy(date(2026, 3, 5), 10_000_00)
    line.repay(date(2026, 4, 20), 1_000_00)
    line.until(date(2026, 5, 10))
    line.repay(date(2026, 5, 10), line.payoff().total_minor)

    assert line.posted()["ACCRUE_INTEREST"] == 320_00
    assert line.payoff().total_minor == 0


def test_a_simulations_events_fold_to_its_account():
    line = Simulation(load_program("huabei"), limit_minor=10_000_00, opened_on=date(2026, 3, 2))
    item = line.buy(date(2026, 3, 5), 1_200_00, installments=3)
    line.repay(date(2026, 4, 20), 200_00)
    line.refund(date(2026, 5, 3), item, 500_00)
    line.repay(date(2026, 5, 20), 10_00, value_on=date(2026, 4, 9))
    line.until(date(2026, 8, 1))

    assert fold(line.events, line.program).account == line.account


def test_days_do_not_go_back_and_offers_are_named():
    line = Simulation(load_program("huabei"), limit_minor=10_000_00, opened_on=date(2026, 3, 2))
    line.until(date(2026, 3, 10))

    with pytest.raises(DayIsOver, match="it is 2026-03-10"):
        line.buy(date(2026, 3, 9), 100)
    with pytest.raises(ValueError, match="offered are 3, 6, 12"):
        line.buy(date(2026, 3, 10), 1_000_00, installments=5)
    with pytest.raises(SimulationRefused, match="It cannot count on"):
        line.repay(date(2026, 3, 10), 100, value_on=date(2026, 3, 1))
