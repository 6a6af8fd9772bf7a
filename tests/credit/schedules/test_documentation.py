"""What the page about schedules shows is what comes out, and it names all there is."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import get_args

from florin.credit import schedules
from florin.credit.schedules import Convention, DayCount, EarlyMoney, Loan, Rounding, Rules, ScheduleInputInvalid
from florin.money import rates

PAGE = Path(__file__).parents[3] / "docs/reference/schedules.md"


def test_every_example_of_the_page_runs_as_it_stands():
    results = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL)

    assert results.attempted > 10
    assert results.failed == 0


def test_the_page_names_every_term_convention_rule_and_error():
    page = PAGE.read_text()

    fields = {name for struct in (Loan, Convention, Rules) for name in struct.__struct_fields__} - {"convention"}
    values = {*get_args(DayCount), *get_args(Rounding), *get_args(EarlyMoney), *get_args(rates.Convention)}
    errors = {
        name
        for name in schedules.__all__
        if isinstance(getattr(schedules, name), type) and issubclass(getattr(schedules, name), ScheduleInputInvalid)
    }
    assert {name for name in fields | values | errors if f"`{name}`" not in page} == set()
