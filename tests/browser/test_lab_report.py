"""The lab's report in a real browser, from a file, as it is mailed around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from florin.lab.quantity import Unit, number, tick
from florin.lab.report import Entry, page
from lab.invented import INVENTED, grid, result


class Reader:
    """Somebody with the file open. requests: all but the file itself; complaints: what the console said."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(file.as_uri())

    @property
    def undisturbed(self) -> bool:
        return not self.complaints and all(
            url.startswith("file:") and url.endswith("lab.html") for url in self.requests
        )

    def curve(self) -> str:
        return str(self.page.get_attribute(".curve-over .curve path", "d"))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("report") / "lab.html"
    written.write_text(page([Entry(INVENTED, result())]), "utf-8")
    return written


@pytest.fixture
def reader(browser: Browser, file: Path) -> Iterator[Reader]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000)
    yield Reader(context.new_page(), file)
    context.close()


def test_every_chart_is_drawn_with_intervals_and_a_name_and_nothing_is_fetched(reader: Reader) -> None:
    drawings = reader.page.locator("figure.chart .drawing > svg, figure.chart .drawing > figure svg")

    assert drawings.count() == len(result().charts) - 1  # a game is a table
    assert drawings.first.get_attribute("aria-label") == "What free days bring"
    assert "40 free days: 0 % −¥5.00 → 8 % ¥9.40;" in str(drawings.first.get_attribute("aria-description"))
    assert all("table below" in str(each.get_attribute("aria-description")) for each in drawings.all())
    assert reader.page.locator("figure.chart .break-even path").count() >= 1
    assert not any("NaN" in each.inner_html() for each in drawings.all())
    assert reader.undisturbed, (reader.requests, reader.complaints)


def test_the_language_is_switched_and_remembered(reader: Reader) -> None:
    assert reader.page.inner_text("h1") == "Who gains when an ecosystem lends"

    reader.page.click("#language")
    reader.page.reload()

    assert reader.page.inner_text("h1") == "生态放贷，谁受益"
    assert "盈亏平衡" in reader.page.inner_text("figure.chart >> nth=0")
    assert reader.page.get_attribute("html", "lang") == "zh"
    assert reader.undisturbed, reader.complaints


def test_a_slider_moves_the_curve_by_keyboard_and_a_preset_brings_it_back(reader: Reader) -> None:
    kept = reader.page.locator(".kept strong")
    before, kept_before = reader.curve(), kept.inner_text()

    reader.page.focus("#invented-what-if-take")
    reader.page.keyboard.press("End")

    assert reader.curve() != before
    assert reader.page.get_attribute("#invented-what-if-take", "aria-valuetext") == "10 %"
    assert reader.page.get_attribute("[data-preset=alibaba]", "aria-pressed") == "false"
    reader.page.focus("[data-preset=alibaba]")
    reader.page.keyboard.press("Enter")
    assert (reader.curve(), kept.inner_text()) == (before, kept_before)
    assert reader.undisturbed, reader.complaints


def test_between_the_knots_is_what_lies_straight_between_them(reader: Reader) -> None:
    made = grid()
    asked = [(0, 0, 0, 0, 0), (250_000, 500_000, 50_000, 20, 10_000), (125_000, 500_000, 50_000, 20, 10_000)]
    values = reader.page.evaluate(
        "([axes, values, places]) => places.map((at) => florinLab.interpolated(axes, values, at))",
        [[{"knots": axis.knots} for axis in made.axes], made.kept_fen(), asked],
    )

    exact = dict(zip(made.places(), made.kept_fen(), strict=True))
    middle = (exact[0, 500_000, 50_000, 20, 10_000] + exact[250_000, 500_000, 50_000, 20, 10_000]) / 2
    assert values == [exact[asked[0]], exact[asked[1]], middle]


def test_the_script_writes_numbers_as_the_terminal_does(reader: Reader) -> None:
    samples = [
        0,
        1,
        -1,
        49,
        50,
        -2_050,
        12_345,
        99_999,
        100_000,
        999_999,
        1_000_000,
        -1_234_567,
        123_456_789,
        98_765_432_100,
    ]
    units = [unit for unit in Unit if unit is not Unit.TEXT]

    for language in ("en", "zh"):
        for unit in units:
            told = reader.page.evaluate(
                "([values, unit]) => values.map((value) => [florinLab.number(value, unit), florinLab.tick(value, unit)])",
                [samples, unit.value],
            )
            assert told == [[number(value, unit, language), tick(value, unit, language)] for value in samples]
        reader.page.click("#language")


def test_a_phone_shows_it_without_scrolling_aside_and_paper_shows_it_light(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark")
    reader = Reader(context.new_page(), file)

    assert reader.page.evaluate("document.documentElement.scrollWidth") == 390
    assert reader.page.evaluate("document.documentElement.dataset.light") == "dark"
    reader.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert reader.page.evaluate("document.documentElement.dataset.light") == "light"
    assert reader.undisturbed, reader.complaints
    context.close()
