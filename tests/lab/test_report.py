"""The report's page, read without a browser: what it says stands in it, and nothing in it leads out."""

from __future__ import annotations

import gzip
import hashlib
import re
from importlib.resources import files

import msgspec
import pytest

from florin.lab.chart import Chart
from florin.lab.experiments import Part
from florin.lab.report import Entry, Opening, page
from florin.lab.report.numbers import tables_of
from florin.lab.result import Column, Table, Words
from lab.invented import INVENTED, charts, result


def test_every_number_of_every_chart_stands_in_a_table_too() -> None:
    for chart in charts():
        in_tables = {str(cell) for table in tables_of(chart) for row in table.rows for cell in row}
        for interval in _intervals(chart):
            assert any(str(interval.mid) in cell or f"mid={interval.mid}," in cell for cell in in_tables) or (
                chart.title.en == "Calibration"
            )


def _intervals(chart: Chart) -> list[msgspec.Struct]:
    found, open_ones = [], [chart]
    while open_ones:
        each = open_ones.pop()
        if isinstance(each, tuple):
            open_ones.extend(each)
        elif isinstance(each, msgspec.Struct):
            if type(each).__name__ == "Interval":
                found.append(each)
            else:
                open_ones.extend(getattr(each, field) for field in each.__struct_fields__)
    return found


def test_the_page_says_it_all_in_both_languages_without_a_script() -> None:
    text = page([Entry(INVENTED, result())])
    shown = re.sub(r"<script.*?</script>|<style.*?</style>", "", text, flags=re.DOTALL)

    for said in (
        "Does it draw?",
        "画得出来吗？",
        "Supported",
        "成立",
        "It is not a model at all.",
        "这根本不是模型。",
        "¥91.00",
    ):
        assert said in shown
    assert "florin lab run invented --seed 7 --people 1000 --months 12 --draws 40" in shown
    assert "The model in one page" in shown
    assert "一页看懂模型" in shown


def test_the_model_stands_in_the_lab_s_report_alone_and_is_led_to() -> None:
    other = page([Entry(INVENTED, result())], Opening(Words("A trial", "试算"), (), "florin whatif"))

    assert page([Entry(INVENTED, result())]).count('href="#equations"') == 1
    assert "equations" not in re.sub(r"<script.*?</script>|<style.*?</style>", "", other, flags=re.DOTALL)


def test_no_line_ends_between_a_number_and_its_sign_and_ends_in_text_are_set_as_ends() -> None:
    table = Table(
        Words("T", "表"),
        (Column(Words("a", "甲")),),
        ((Words("3.50 % (−¥2.50 … 5.00 %)", "3.50% (−¥2.50 … 5.00%)"),),),
    )

    text = page([Entry(INVENTED, msgspec.structs.replace(result(), tables=(table,)))])

    assert '<span class="mid"><span lang="en">3.50\u00a0%</span>' in text
    assert '<span class="ends"><span lang="en">−\u2060¥2.50 … 5.00\u00a0%</span>' in text


def test_the_page_leads_nowhere_and_stays_small() -> None:
    text = page([Entry(INVENTED, result())] * 9)

    assert len(text.encode()) < 2_000_000
    assert "default-src 'none'" in text
    assert not re.search(r"""<(?:link|img|iframe|script)[^>]+(?:src|href)=""", text)


def test_words_of_a_result_cannot_become_markup() -> None:
    nasty = Words("</script><script>alert(1)</script>", "<b>粗</b>")
    bad = msgspec.structs.replace(
        result(), caveats=(nasty,), charts=tuple(msgspec.structs.replace(chart, title=nasty) for chart in charts())
    )

    text = page([Entry(INVENTED, bad)])

    assert "<script>alert" not in text
    assert "<b>粗" not in text


def test_what_answers_stand_on_comes_after_the_questions() -> None:
    ground = Entry(
        INVENTED.__class__(name="ground", title_en="G", title_zh="地", run=INVENTED.run, part=Part.GROUND),
        result(name="ground"),
    )

    text = page([ground, Entry(INVENTED, result())])

    assert text.index('id="invented"') < text.index("What the answers stand on") < text.index('id="ground"')


@pytest.mark.parametrize("name", ["d3.min.js", "plot.umd.min.js"])
def test_the_libraries_are_those_that_the_readme_names(name: str) -> None:
    vendor = files("florin.lab.report").joinpath("vendor")
    digest = hashlib.sha256(gzip.decompress(vendor.joinpath(f"{name}.gz").read_bytes())).hexdigest()

    assert f"{name} `{digest}`" in vendor.joinpath("README.md").read_text("utf-8")
