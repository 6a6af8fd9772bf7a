"""What the answers stand on, as the report tells it."""

from __future__ import annotations

import pytest

from florin.lab.calibration import kept, targets
from florin.lab.chart import Bars
from florin.lab.experiments import EXPERIMENTS, Size, sensitive, unheard
from florin.lab.parameters import Parameters, uncertain
from florin.lab.result import Interval, Result, Words


def told(name: str) -> Result:
    return EXPERIMENTS[name].run(seed=1, size=Size(), progress=unheard)


def test_every_uncertain_parameter_is_told_in_words_with_its_range_and_its_grade() -> None:
    rows = {row[5]: row for row in told("parameters").tables[0].rows}

    assert list(rows) == [each.name for each in uncertain()]
    funding, cost = rows["funding_tech"], rows["purchase_cost_minor"]
    assert funding[0] == Words("Funding of a technology firm, of balance a year", "科技公司的资金成本，占余额，每年")
    assert (funding[1], funding[3]) == (Words("3.50 % (2.50 % … 5.00 %)", "3.50% (2.50% … 5.00%)"), "B")
    assert funding[4].en.startswith("One-year prime rate of 3.0 %, January 2026 (Xinhua, K15)")
    assert all(source.en.startswith("Our choice") for *_, grade, source, _ in rows.values() if grade == "X")
    assert all(
        "a draw is kept only where all facts" in source.en for *_, grade, source, _ in rows.values() if grade == "K"
    )
    assert cost[1] == Words("¥0.12 (¥0.05 … ¥0.30)", "¥0.12 (¥0.05 … ¥0.30)")


def test_every_fact_is_told_with_what_the_kept_draws_reach() -> None:
    result = told("calibration")
    rows = result.tables[0].rows

    assert len(rows) == len(targets())
    assert rows[0][1] == Interval(100_000, 200_000, 320_000)
    assert str(rows[0][3]).startswith("K1, A: Berg")
    for (_, aimed, reached, _), chosen in zip(rows, targets(), strict=True):
        assert isinstance(aimed, Interval) and isinstance(reached, Interval)  # noqa: PT018
        assert aimed.low <= reached.low <= reached.high <= aimed.high, chosen.moment
    assert result.draws == len(kept().draws)


def test_the_assumption_that_moves_the_answer_most_stands_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("SALib")

    def launched(_people: int, _months: int, _seed: int, parameters: Parameters) -> dict[str, float]:
        return {"gained": 10 * parameters.limit_months + parameters.card_share, "lift": parameters.revolving}

    monkeypatch.setattr(sensitive, "_launched", launched)
    result = EXPERIMENTS["sensitivity"].run(seed=1, size=Size(draws=2), progress=unheard)
    effects, shares = result.charts

    assert isinstance(effects, Bars)
    assert isinstance(shares, Bars)
    assert [each.en for each in effects.categories[:2]] == [
        "Limit, in months of spending",
        "People who hold a bank's credit card",
    ]
    assert effects.series[0].values[0].mid > 20 * effects.series[0].values[1].mid > 0
    assert shares.series[0].values[0].mid > 900_000 > shares.series[0].values[1].high
    assert "“Limit, in months of spending” moves most" in result.paragraphs_en[0]
