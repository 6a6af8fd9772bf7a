"""Published schedules of other libraries, to the cent."""

from __future__ import annotations

from typing import Any

import pytest

from credit.schedules.vectors import expected_rows, history_of, minor, rows_of, vectors

ALL = [*vectors("fineract"), *vectors("others")]


def named(*keys: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in ALL if any(key in vector for key in keys)]


def as_of(vector: dict[str, Any]):
    return vector.get("as_of", vector["loan"]["disbursed"])


@pytest.mark.parametrize("vector", named("rows", "first_rows"))
def test_a_published_schedule_comes_out_to_the_cent(vector):
    rows = rows_of(history_of(vector).schedule_on(as_of(vector)))

    expected = expected_rows(vector.get("rows") or vector["first_rows"])
    assert (rows if "rows" in vector else rows[: len(expected)]) == expected, vector["source"]


@pytest.mark.parametrize("vector", named("entries", "first_entries"))
def test_money_goes_where_the_source_says(vector):
    position = history_of(vector).on(as_of(vector))

    entries = [
        (entry.cause, entry.principal_minor, entry.interest_minor, entry.excess_minor) for entry in position.entries
    ]
    expected = [
        (cause, minor(principal), minor(interest), minor(excess))
        for cause, principal, interest, excess in (
            text.split() for text in vector.get("entries") or vector["first_entries"]
        )
    ]
    assert (entries if "entries" in vector else entries[: len(expected)]) == expected, vector["source"]


@pytest.mark.parametrize("vector", named("overpaid"))
def test_what_is_paid_too_much_belongs_to_the_borrower(vector):
    position = history_of(vector).on(as_of(vector))

    assert (position.overpaid_minor, position.payoff_minor) == (minor(vector["overpaid"]), 0), vector["source"]


@pytest.mark.parametrize("vector", [vector for vector in named("events") if "payoff" in vector.values[0]["events"][-1]])
def test_the_payoff_is_the_published_one(vector):
    whole = history_of(vector)
    before = history_of({**vector, "events": vector["events"][:-1]})

    assert before.payoff_on(as_of(vector)) == minor(vector["events"][-1].split()[-1])
    assert whole.on(as_of(vector)).payoff_minor == 0
