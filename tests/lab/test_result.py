"""The record that every experiment gives back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from florin.lab.quantity import number, tick, ticks, written
from florin.lab.result import FigureInvalid, Holds, Interval, Table, Unit, from_json, holds, to_json
from lab.invented import around, grid, result, waterfall


def test_a_result_goes_to_json_and_back_without_loss() -> None:
    told = result()

    assert from_json(to_json(told)) == told


def test_a_result_whose_numbers_cannot_be_is_not_read() -> None:
    broken = to_json(result()).replace(b'"low":1380,"mid":1620', b'"low":1700,"mid":1620', 1)

    with pytest.raises(msgspec.ValidationError, match="from 1700 by 1620 to 1860 does not rise"):
        from_json(broken)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"caveats": ()}, "invented does not say where the model fails"),
        ({"paragraphs_zh": ()}, "as many in Chinese as in English"),
    ],
)
def test_a_result_without_words_is_refused(change: dict[str, tuple[str, ...]], said: str) -> None:
    with pytest.raises(FigureInvalid, match=said):
        msgspec.structs.replace(result(), **change)


def test_a_table_takes_only_what_its_column_counts() -> None:
    table = result().tables[0]

    with pytest.raises(FigureInvalid, match="'much' is no fen for the column 'gained'"):
        Table(table.title, table.columns, (("tea house", 1, "much", 0, 0),))
    with pytest.raises(FigureInvalid, match="has 2 cells for 5 columns"):
        Table(table.title, table.columns, (("tea house", 1),))


def test_the_steps_of_a_waterfall_must_reach_its_end() -> None:
    chart = waterfall()

    with pytest.raises(FigureInvalid, match="reach 1330, not 1620"):
        msgspec.structs.replace(chart, steps=chart.steps[:3])


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(500_001, 700_000, Holds.SUPPORTED), (500_000, 700_000, Holds.UNDECIDED), (100_000, 499_999, Holds.REJECTED)],
)
def test_a_claim_holds_only_with_its_whole_interval(low: int, high: int, said: Holds) -> None:
    assert holds(Interval(low, low, high), above=500_000) is said


def test_what_a_grid_keeps_is_the_sum_of_its_parts_in_every_place() -> None:
    made = grid()
    take, fee, loss, funding = (part.fen for part in made.parts)

    assert len(made.places()) == made.size == 5 * 3 * 4 * 3 * 3
    assert made.kept_fen()[17] == take[17] + fee[17] + loss[17] + funding[17]
    short = msgspec.structs.replace(made.parts[2], fen=made.parts[2].fen[1:])
    with pytest.raises(FigureInvalid, match="'loss' of the grid has 539 values, not 540"):
        msgspec.structs.replace(made, parts=(*made.parts[:2], short, made.parts[3]))
    outside = msgspec.structs.replace(made.presets[0], at=(0, 0, 0, 41, 0))
    with pytest.raises(FigureInvalid, match="'alibaba' lies outside of free_days: 41"):
        msgspec.structs.replace(made, presets=(outside,))


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (123_456, Unit.FEN, "¥1,234.56", "¥1,234.56"),
        (-50, Unit.FEN, "−¥0.50", "−¥0.50"),
        (123_456_789, Unit.FEN, "¥1,234,568", "¥123.46 万"),
        (6_000, Unit.PPM, "0.60 %", "0.60%"),
        (-6_123_456, Unit.PPM, "−612.3 %", "−612.3%"),
        (-1_300_000, Unit.RATIO, "−1.30", "−1.30"),
        (-1_000, Unit.RATIO, "0.00", "0.00"),
        (1_000_000, Unit.COUNT, "1,000,000", "100 万"),
        (1, Unit.DAYS, "1 day", "1 天"),
        (around(250_000, 50_000), Unit.SHARE, "25.0 % (20.0 % … 30.0 %)", "25.0% (20.0% … 30.0%)"),
        (Interval.sure(4_000), Unit.FEN, "¥40.00", "¥40.00"),
        (None, Unit.FEN, "–", "–"),
    ],
)
def test_numbers_are_written_as_each_language_writes_them(
    value: int | Interval | None, unit: Unit, english: str, chinese: str
) -> None:
    assert (written(value, unit, "en"), written(value, unit, "zh")) == (english, chinese)


def test_a_number_is_not_text() -> None:
    with pytest.raises(FigureInvalid, match="7 stands where there should be text"):
        number(7, Unit.TEXT, "en")


def test_an_axis_bears_no_idle_zeros() -> None:
    assert [tick(value, Unit.PPM, "en") for value in (500_000, 25_000, 2_050)] == ["50 %", "2.5 %", "0.21 %"]
    assert tick(123_000_000, Unit.FEN, "en") == "¥1,230,000"


@given(low=st.integers(-(10**9), 10**9), span=st.integers(0, 10**9), count=st.integers(2, 8))
@settings(max_examples=50)
def test_ticks_are_few_and_within(low: int, span: int, count: int) -> None:
    found = ticks(low, low + span, count)

    assert len(found) <= count
    assert all(low <= each <= low + span for each in found)
