"""What if, on a book that was played by the engine's rules: two worlds that differ by their cause alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace as replace_struct

from florin.credit.line import LineState
from florin.lab.book import tables, taking
from florin.lab.whatif import ChangeInvalid, Outcome, WhatIfTooLarge, no_change, read_change, what_if
from florin.lab.whatif.live import LiveBook
from florin.lab.whatif.outcome import MEASURED, Compared
from florin.lab.whatif.run import LOT_LEAST, dealt
from florin.lab.whatif.told import LEFT_OUT_ZH, page, told
from florin.market import Acceptance
from florin.market.load import load_ecosystem
from lab.live_books import ON, live_book

BOUGHT = ("amount_minor", "shop", "count", "free")
HUABEI = '\nprogram = "huabei"\n'


def tried(change: str, book: LiveBook | None = None, *, months: int = 4, draws: int = 3) -> Outcome:
    book = book or live_book()
    return what_if(book, read_change(change, book, source="change.toml"), months=months, draws=draws, processes=1)


def total(outcome: Outcome, name: str) -> Compared:
    return next(each for each in outcome.totals if each.name == name)


def people(outcome: Outcome, name: str) -> int:
    return next(each.people.mid for each in outcome.hurt if each.name == name)


def test_nothing_changed_is_no_difference_at_all():
    book = live_book()

    outcome = what_if(book, no_change(book), months=4, draws=3, processes=1)

    measures = [*outcome.totals, *(each for part in (*outcome.months, *outcome.groups) for each in part.measures)]
    assert {(each.difference.low, each.difference.high) for each in measures} == {(0, 0)}
    assert all(each.today == each.changed for each in measures)
    assert {each.people.high for each in outcome.hurt} == {0}
    assert min(total(outcome, name).today.mid for name in ("sales", "interest", "plan_fees", "credit_fees")) > 0


def test_a_version_that_says_what_holds_already_is_no_difference_either():
    outcome = tried(f"[[terms]]{HUABEI}due_day = 10")

    assert {each.difference.mid for each in outcome.totals} == {0}


def test_without_limits_nothing_is_sold_and_whoever_bought_is_declined():
    outcome = tried(f"[[limits]]{HUABEI}scale = 0")

    assert total(outcome, "sales").changed.high == 0
    assert total(outcome, "sales").today.low > 0
    assert people(outcome, "declined") == people(outcome, "any_hurt") > 0
    assert people(outcome, "newly_served") == 0


def test_a_limit_change_reaches_those_who_are_meant_and_nobody_else():
    outcome = tried(f"[[limits]]{HUABEI}scale = 0\nwhere = {{ utilization_from = 0.8 }}")

    by_use = [group for group in outcome.groups if group.by == "utilization"]
    moved = [next(each for each in group.measures if each.name == "sales").difference.mid for group in by_use]
    assert moved[0] == moved[1] == 0 > moved[2]


def test_dearer_credit_earns_more_of_each_fen_lent_and_sells_less():
    outcome = tried(f"[[terms]]{HUABEI}interest_daily_rate = 0.00065", months=6)

    assert total(outcome, "sales").difference.high < 0
    assert people(outcome, "pays_more") > 0
    assert _of_funding(outcome, "changed") > _of_funding(outcome, "today")


def test_fewer_free_days_raise_interest_on_what_is_lent_and_let_some_fall_past_due():
    outcome = tried(f"[[terms]]{HUABEI}due_day = 4", months=6)

    assert _of_funding(outcome, "changed") > _of_funding(outcome, "today")
    assert people(outcome, "newly_late") > 0
    assert total(outcome, "sales").difference.mid < 0


def test_where_credit_is_no_longer_taken_nothing_is_sold_and_elsewhere_as_much():
    rule = f'[[acceptance]]{HUABEI}market = "street"\nchannel = "offline"\ncategory = "dining"\nanswer = "no"'
    book = live_book(acceptance=Acceptance([load_ecosystem("ali")]))

    outcome = tried(rule, book)
    both = tried(f'[[acceptance]]{HUABEI}channel = "home"\nanswer = "no"\n{rule}', book)

    assert total(outcome, "sales").today.low > total(outcome, "sales").changed.low > 0
    assert total(both, "sales").changed.high == 0
    assert [each.ecosystem for each in both.change.acceptance] == ["ali", "ali"]
    with pytest.raises(ChangeInvalid, match="line 7: a part above says of this place"):
        tried(f"{rule}\n{rule}".replace('"no"', '"yes"', 1), book)


def test_a_cap_of_a_month_holds_in_every_month_and_counts_who_is_declined():
    book = live_book(acceptance=Acceptance([load_ecosystem("ali")]))
    capped = 70_000

    outcome = tried(f'[[acceptance]]{HUABEI}channel = "home"\nanswer = "yes"\ncap_month_minor = {capped}', book)

    street = tried(f'[[acceptance]]{HUABEI}channel = "home"\nanswer = "no"', book)
    for capped_month, street_month in zip(outcome.months, street.months, strict=True):
        home = _sales(capped_month.measures).changed.high - _sales(street_month.measures).changed.low
        assert 0 < home <= 2 * capped * book.count, "a month of the book touches two of the calendar"
    assert people(outcome, "declined") > 0


def test_higher_limits_serve_some_who_were_declined_and_hurt_nobody_by_declining():
    outcome = tried(f"[[limits]]{HUABEI}scale = 2")

    assert people(outcome, "newly_served") > 0 == people(outcome, "declined")
    assert total(outcome, "sales").difference.low > 0


def test_a_change_that_begins_later_changes_nothing_before():
    outcome = tried(f"[[terms]]{HUABEI}from_on = 2026-08-20\ninterest_daily_rate = 0.00065")

    moved = [next(each for each in month.measures if each.name == "sales").difference.mid for month in outcome.months]
    assert moved[:2] == [0, 0]
    assert sum(moved[2:]) < 0


def test_equal_seeds_say_the_same_however_many_processes():
    book = live_book(40)
    change = read_change(f"[[limits]]{HUABEI}scale = 0.5", book, source="change.toml")

    one, two, other = (
        what_if(book, change, months=2, draws=2, seed=seed, processes=processes)
        for seed, processes in ((7, 1), (7, 2), (8, 1))
    )

    assert msgspec.json.encode(one) == msgspec.json.encode(two)
    assert one.digest == two.digest != other.digest


def test_each_line_of_a_large_book_lives_as_often_as_the_others_and_a_draw_has_all_kinds():
    portfolio = live_book(3 * LOT_LEAST).portfolios[0]

    lots = dealt(portfolio, 15, 30 * portfolio.count)

    lived = np.bincount(np.concatenate(lots), minlength=portfolio.count)
    owed = np.array([line.principal_minor for line in portfolio.lines])
    means = [owed[lot].mean() for lot in lots]
    assert set(lived.tolist()) == {5}
    assert max(means) < 1.01 * min(means)


def test_parts_of_a_result_add_up_and_are_told_in_both_languages():
    outcome = tried(f"[[limits]]{HUABEI}scale = 0.5")

    income = sum(total(outcome, name).today.mid for name in ("interest", "late_fees", "plan_fees", "credit_fees"))
    months = sum(next(m for m in month.measures if m.name == "sales").changed.mid for month in outcome.months)
    hurt = {each.name: each.people.mid for each in outcome.hurt}
    kinds = [hurt[name] for name in ("pays_more", "declined", "newly_late", "newly_lost")]
    result = told(outcome)
    assert max(kinds) <= hurt["any_hurt"] <= sum(kinds)
    assert abs(income - total(outcome, "income").today.mid) <= 2
    assert abs(months - total(outcome, "sales").changed.mid) <= len(outcome.months)
    assert [each.name for each in outcome.totals] == list(MEASURED)
    assert "scale = 0.5" in str(result.tables[0].rows)
    assert "受损" in page(outcome)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("", "changes nothing"),
        ("[[limit]]\n", "perhaps `limits`"),
        ('[[terms]]\nprogram = "huabe"\ndue_day = 3', "programs of this book that can be lived on are huabei"),
        (f"[[terms]]{HUABEI}due_dya = 3", "perhaps `due_day`"),
        (f"[[terms]]{HUABEI}due_day = 40", "line 3: `due_day` is 40"),
        (f'[[terms]]{HUABEI}draws_on = "payment"', "open a program of another name"),
        (f'[[terms]]{HUABEI}interest_free = "never"', "until the due day nothing is borne"),
        (f"[[terms]]{HUABEI}repayment_hold_days = 3", "it cannot be computed for many people at once"),
        (f"[[terms]]{HUABEI}from_on = 2026-01-01\ndue_day = 3", f"from {ON} on"),
        (f"[[terms]]{HUABEI}", "changes no term"),
        (f"[[terms]]{HUABEI}interest_daily_rate = 0.000512345678901", "round the rates"),
        (f"[[terms]]{HUABEI}interest_daily_rate = 0.01", "`yearly_rate_max`"),
        (f"[[limits]]{HUABEI}scale = -0.5", "`scale` is -0.5: write a number from 0 to 100"),
        (f"[[limits]]{HUABEI}scale = 0.5\namount_minor = 100", "write one of `scale`"),
        (f"[[limits]]{HUABEI}amount_minor = 99999999", "from 0 to 5000000"),
        (f"[[limits]]{HUABEI}scale = 0.5\nwhere = {{ score_from = 0.9, score_below = 0.5 }}", "or nobody is meant"),
        (f"[[limits]]{HUABEI}scale = 0.5\nwhere = {{ age = 3 }}", "there is no such field"),
        (f'[[acceptance]]{HUABEI}answer = "no"', "accepted everywhere"),
        ("[[limits]]\nscale = inf", "no number"),
        (f"[[limits]]{HUABEI}scale = 1e-400000000", "`scale`: write a number of 30 places or less"),
        (
            f"[[limits]]{HUABEI}scale = 1\nwhere = {{ score_below = 1e400000000 }}",
            "`score_below`: write a number of 30",
        ),
        (f"[[terms]]{HUABEI}interest_daily_rate = 1e400000000", "`interest_daily_rate`: write a number of 30 places"),
        (f"[[terms]]{HUABEI}from_on = 9999-12-31\ndue_day = 3", "write a day up to the end of 2999"),
        (f"[[limits]]{HUABEI}amount_minor = 1000.5", "`amount_minor`: write a whole number, without quotes"),
        (f'[[limits]]{HUABEI}scale = 1\nwhere = "all"', "`where`: write a table"),
    ],
)
def test_nonsense_is_refused_by_name_with_what_would_be_possible(change: str, says: str):
    book = live_book(6)

    with pytest.raises(ChangeInvalid) as refused:
        read_change(change, book, source="change.toml")

    assert says in str(refused.value)


def test_what_begins_after_the_last_month_is_refused_for_it_would_look_like_no_effect():
    with pytest.raises(
        WhatIfTooLarge, match="What begins on 2026-12-01 would change nothing before 2026-10-20"
    ) as refused:
        tried(f"[[limits]]{HUABEI}from_on = 2026-12-01\nscale = 0")

    assert refused.value.field == "months"


def test_a_limit_part_says_how_many_limits_it_makes_other_ones():
    outcome = tried(
        f"""
        [[terms]]{HUABEI}limit_minor_max = 9_000_000
        [[limits]]{HUABEI}scale = 1
        [[limits]]{HUABEI}from_on = 2026-07-01\nscale = 0
        [[limits]]{HUABEI}most_minor = 9_000_000
        """,
        months=1,
        draws=1,
    )

    assert outcome.change.limit_lines == (0, 0, 60)
    assert [each.scale for each in outcome.change.limits] == [1, None, 0]
    assert total(outcome, "sales").changed.high > 0, "they are set in the order of their days"


def test_a_book_in_which_nobody_buys_says_that_its_zeros_say_nothing():
    book = live_book(6)
    (portfolio,) = book.portfolios
    history = portfolio.history
    nothing = replace(history, starts=np.zeros(7, np.int64), **{name: getattr(history, name)[:0] for name in BOUGHT})
    book = replace(book, portfolios=(replace(portfolio, history=nothing),))

    outcome = tried(f"[[limits]]{HUABEI}scale = 2", book, months=1, draws=1)

    lost = [replace_struct(line, state=LineState.CHARGED_OFF) for line in portfolio.lines[:2]]
    with_lost = replace(book, portfolios=(replace(book.portfolios[0], lines=(*lost, *portfolio.lines[2:])),))
    assert (with_lost.idle, with_lost.charged_off) == (4, lost)
    assert (outcome.book.idle, total(outcome, "sales").today.high) == (6, 0)
    assert "the zeros say nothing" in told(outcome).paragraphs_en[0]
    assert live_book(6).idle == 0


def test_every_reason_for_which_lines_are_left_out_is_told_in_chinese_too():
    assert set(LEFT_OUT_ZH) == {reason for reason, _ in (*tables._UNFIT, *taking._UNFIT)}


@pytest.mark.parametrize(("months", "draws", "says"), [(0, 3, "choose 1 to 36"), (3, 999, "calibration kept")])
def test_a_size_that_cannot_be_is_refused_by_name(months: int, draws: int, says: str):
    book = live_book(6)

    with pytest.raises(WhatIfTooLarge, match=says):
        what_if(book, no_change(book), months=months, draws=draws)


def _sales(measures: Sequence[Compared]) -> Compared:
    return next(each for each in measures if each.name == "sales")


def _of_funding(outcome: Outcome, world: str) -> float:
    """Interest for each fen of funding, which goes with what is lent and for how long."""
    return getattr(total(outcome, "interest"), world).mid / getattr(total(outcome, "funding"), world).mid
