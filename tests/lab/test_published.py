"""Published figures beside the lab's, in one table."""

import pytest

from florin.lab.experiments import EXPERIMENTS, Size, unheard
from florin.lab.experiments.published import _lies
from florin.lab.quantity import Interval


@pytest.mark.parametrize(
    ("published", "seen", "lies"),
    [
        (Interval.sure(200_000), Interval(150_000, 210_000, 270_000), "inside"),
        (Interval.sure(200_000), Interval(210_000, 250_000, 290_000), "outside"),
        (Interval(100_000, 120_000, 140_000), Interval(130_000, 150_000, 170_000), "inside"),
        (Interval.sure(200_000), Interval(-50_000, 200_000, 450_000), "too wide to tell"),
        (Interval.sure(0), Interval(-50_000, 20_000, 90_000), "inside"),
        (Interval.sure(0), Interval(-700_000, 20_000, 740_000), "too wide to tell"),
    ],
)
def test_a_figure_lies_inside_only_of_an_interval_that_could_have_missed_it(published, seen, lies):
    assert _lies(published, seen).en == lies


def test_each_study_is_a_row_with_its_source_and_grade(monkeypatch):
    monkeypatch.setattr(
        "florin.lab.experiments.published.study_names", lambda: ("k2-basket", "k5-first-quarter", "k7-flow-and-line")
    )

    result = EXPERIMENTS["studies"].run(seed=3, size=Size(people=600, draws=2), progress=unheard)

    rows = result.tables[0].rows
    assert [row[0].en.split(":")[0] for row in rows] == ["K5", "K7"]
    assert rows[0][1].en == "0.11"
    assert all(row[3] is not None or row[0].en.startswith("K7") for row in rows)
    assert all("…" in row[4].en for row in rows)
    assert [chart.title.en for chart in result.charts] == ["Slopes and elasticities"]
    assert [len(series.values) for series in result.charts[0].series] == [2, 2]
    assert result.paragraphs_en[1].startswith("The model knows its own answer of 1 of these studies")
    assert str(rows[1][-1]).endswith("(A)")
