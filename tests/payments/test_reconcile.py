"""The bank's statement beside what we expect: exactly what was done to it is found."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florin.payments.reconcile import Expected, Found, business_days, compare, net_minor

MONTH = date(2026, 3, 2)
LATER = date(2026, 4, 8)

AMOUNTS = st.integers(-(10**9), 10**9).filter(lambda minor: abs(minor) > 100)
DONE = st.sampled_from(["nothing", "nothing", "nothing", "dropped", "doubled", "altered"])


@settings(max_examples=60)
@given(
    month=st.lists(st.tuples(AMOUNTS, st.integers(0, 29), DONE), max_size=40),
    strays=st.integers(0, 3),
    shuffle=st.randoms(),
)
def test_of_a_month_with_dropped_doubled_altered_and_strange_lines_exactly_these_are_found(month, strays, shuffle):
    expected, found, injected = [], [], Counter()
    for number, (amount, day, done) in enumerate(month):
        on = MONTH + timedelta(days=day)
        expected.append(Expected(f"payout/{number}", amount, on))
        shown = [] if done == "dropped" else [amount + 1 if done == "altered" else amount]
        for twin, minor in enumerate(shown * 2 if done == "doubled" else shown):
            found.append(Found(f"B{number}.{twin}", f"payout/{number}", minor, on + timedelta(days=twin)))
        kind = {"dropped": "missing-at-bank", "doubled": "duplicate", "altered": "amount-differs"}.get(done)
        if kind:
            injected[kind, f"payout/{number}"] += 1
    for number in range(strays):
        found.append(Found(f"S{number}", "", 7 * 10**9 + number, MONTH))
        injected["missing-with-us", ""] += 1
    shuffle.shuffle(found)

    result = compare(expected, found, stated_through=LATER)

    assert Counter((each.what, each.key[1]) for each in result.breaks) == injected
    assert result.in_transit == ()
    assert net_minor(result.breaks) == sum(line.amount_minor for line in found) - sum(
        one.amount_minor for one in expected
    )
    shown = [line.entry_ref for each in (*result.matches, *result.breaks) if (line := each.found) is not None]
    assert sorted(shown) == sorted(line.entry_ref for line in found)


def test_what_was_ordered_after_the_last_statement_is_in_transit_and_not_missing():
    ordered = Expected("payout/1", -100_00, date(2026, 3, 6))

    friday = compare([ordered], [], stated_through=date(2026, 3, 6))
    sunday = compare([ordered], [], stated_through=date(2026, 3, 8))
    monday = compare([ordered], [], stated_through=date(2026, 3, 9))
    never = compare([ordered], [], stated_through=None)

    assert [each.in_transit for each in (friday, sunday, never)] == [(ordered,)] * 3
    assert [each.what for each in monday.breaks] == ["missing-at-bank"]


def test_a_line_without_a_reference_of_ours_is_matched_by_its_amount_within_days():
    told = [Expected("b-1", 500_00, date(2026, 3, 4)), Expected("b-2", 500_00, date(2026, 3, 5))]
    line = Found("B1", "their own words", 500_00, date(2026, 3, 6))

    near = compare(told, [line], stated_through=None)
    far = compare(told, [line._replace(on=date(2026, 3, 20))], stated_through=None)

    assert [each.expected.reference for each in near.matches] == ["b-1"]
    assert [each.what for each in far.breaks] == ["missing-with-us"]


def test_a_second_line_of_what_the_bank_has_shown_is_a_duplicate():
    shown = Expected("payout/1", -100_00, MONTH, shown=True)

    result = compare([shown], [Found("B2", "payout/1", -100_00, MONTH)], stated_through=LATER)

    assert [(each.what, net_minor([each])) for each in result.breaks] == [("duplicate", -100_00)]


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [("2026-03-02", "2026-03-02", 0), ("2026-03-02", "2026-03-03", 1), ("2026-03-06", "2026-03-09", 1),
     ("2026-03-07", "2026-03-09", 1), ("2026-03-02", "2026-03-30", 20), ("2026-03-09", "2026-03-02", 0)],
)  # fmt: skip
def test_age_is_counted_in_business_days(since, until, days):
    assert business_days(date.fromisoformat(since), date.fromisoformat(until)) == days


def test_a_named_holiday_is_no_business_day_and_a_shifted_working_day_is_one():
    national_day, shifted = date(2026, 10, 1), date(2026, 10, 10)  # a Thursday; a Saturday on which banks work
    holidays = {national_day: False, shifted: True}

    assert business_days(date(2026, 9, 30), date(2026, 10, 2), holidays) == 1
    assert business_days(date(2026, 10, 9), date(2026, 10, 11), holidays) == 1
    ordered = Expected("payout/1", -100_00, date(2026, 9, 30))
    assert compare([ordered], [], stated_through=national_day, holidays=holidays).in_transit == (ordered,)
