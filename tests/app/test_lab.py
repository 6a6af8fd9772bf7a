"""`florin lab` in a terminal; the experiment is invented, what is shown of it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner, Result

from florin.app.lab import (
    DrawsTooFew,
    ExperimentUnknown,
    ExtraMissing,
    PageNotWritten,
    ResultTwice,
    ResultUnreadable,
    StudyUnusable,
    told,
)
from florin.cli import app
from florin.lab.experiments import EXPERIMENTS
from florin.lab.quantity import LANGUAGES, Interval, Language
from florin.lab.result import from_json, to_json
from florin.lab.sensitivity import ExtraMissing as LibraryMissing
from florin.presets import study_text
from lab.invented import INVENTED, result


@pytest.fixture(autouse=True)
def only_the_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(EXPERIMENTS):
        monkeypatch.delitem(EXPERIMENTS, name)
    monkeypatch.setitem(EXPERIMENTS, "invented", INVENTED)


def ask(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["lab", *map(str, arguments)], env={"COLUMNS": "80"})


def test_the_list_says_what_each_experiment_asks() -> None:
    assert "Does it draw?" in ask("list").stdout
    assert json.loads(ask("list", "--json").stdout)[0]["asks_zh"] == "画得出来吗？"


def test_a_run_prints_table_charts_paragraph_and_where_the_model_fails() -> None:
    said = ask("run", "invented", "--people", 250, "--seed", 3)

    assert said.exit_code == 0, said.output
    for part in (
        "tea house",
        "¥9,345.67 … ¥15,346",
        "├━",
        "░",
        "▲ breaks even",
        "supported",
        "Nothing follows from this",
    ):
        assert part in said.stdout
    assert said.stdout.index("Where the model fails") < said.stdout.index("It is not a model at all.")
    assert "seed 3, 250 people × 12 months × 40 draws" in said.stdout
    assert "funding_tech = 4.5 % (else 3.0 %)" in " ".join(said.stdout.split())


def test_a_run_as_json_is_the_result() -> None:
    assert from_json(ask("run", "invented", "--seed", 3, "--json").stdout.encode()) == result(seed=3)


def test_chinese_is_chosen() -> None:
    said = ask("run", "invented", "--language", "zh").stdout

    assert "虚构的图" in said
    assert "▲ 盈亏平衡" in said
    assert "成立" in said


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(width: int, language: Language) -> None:
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(told(result(), width=width, language=language))
    lines = captured.get().splitlines()

    assert max(cell_len(line.rstrip()) for line in lines) <= width
    assert not any("..." in line or (line.rstrip().endswith("…") and "(" not in line) for line in lines)
    for whole in ("¥23.10 (¥20.10 … ¥26.10)", "−¥4.10 … ¥1.10"):  # a bar's and a spot's, each in one line
        assert any(whole in line for line in lines)


def test_an_unknown_experiment_is_refused_by_name_with_those_there_are() -> None:
    refusal = ask("run", "inventend").exception

    assert isinstance(refusal, ExperimentUnknown)
    assert "inventend" in refusal.problem
    assert "There are invented;" in refusal.remedy


@pytest.mark.parametrize(
    ("option", "beyond"),
    [
        ("--people", (0, 99, 10**12)),  # fewer tell nothing, more do not fit into memory
        ("--months", (0, 121)),
        ("--draws", (0, 10**6)),
        ("--seed", (-1, 2**53)),  # what JSON cannot hold
    ],
)
def test_nonsense_for_a_size_is_refused_by_its_option(option: str, beyond: tuple[int, ...]) -> None:
    for value in beyond:
        said = ask("run", "invented", option, value)

        assert said.exit_code == 2
        assert option in said.output


def test_one_draw_is_refused_where_it_would_be_without_an_interval(tmp_path: Path) -> None:
    for said in (ask("run", "invented", "--draws", 1), ask("report", "--draws", 1, "--out", tmp_path / "page.html")):
        assert isinstance(said.exception, DrawsTooFew)
        assert "invented cannot say how sure its numbers are by --draws 1" in said.exception.problem


def test_the_report_is_written_from_runs_or_from_kept_results(tmp_path: Path) -> None:
    kept, ran, one = tmp_path / "kept.json", tmp_path / "ran.html", tmp_path / "one.html"
    kept.write_bytes(ask("run", "invented", "--seed", 3, "--json", "--html", one).stdout.encode())

    said = ask("report", "--seed", 3, "--out", ran)
    again = ask("report", kept, "--out", tmp_path / "again.html")

    assert said.exit_code == again.exit_code == 0
    assert f"{ran}: 1 experiment" in said.stderr
    assert ran.read_bytes() == (tmp_path / "again.html").read_bytes() == one.read_bytes()


def test_what_is_no_result_and_where_no_page_can_be_written_are_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name": "invented"}')

    refusal = ask("report", wrong).exception
    missing = ask("report", tmp_path / "nowhere.json").exception
    unwritten = ask("report", "--out", tmp_path / "no" / "page.html").exception

    assert isinstance(refusal, ResultUnreadable)
    assert "missing required field `title_en`" in refusal.problem
    assert isinstance(missing, ResultUnreadable)
    assert isinstance(unwritten, PageNotWritten)
    assert f"there is no folder {tmp_path / 'no'}" in unwritten.problem


def test_where_no_page_can_be_written_nothing_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(**_: object) -> Never:
        raise AssertionError("minutes of work for nothing")

    monkeypatch.setitem(EXPERIMENTS, "invented", replace(INVENTED, run=run))

    for said in (ask("run", "invented", "--html", tmp_path), ask("report", "--out", tmp_path / "no" / "page.html")):
        assert isinstance(said.exception, PageNotWritten)


def test_a_page_that_cannot_be_finished_leaves_the_older_one_and_nothing_half(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    older = tmp_path / "page.html"
    older.write_text("older")

    def full(*_: object) -> Never:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    said = ask("report", "--out", older)

    assert isinstance(said.exception, PageNotWritten)
    assert "No space left" in said.exception.problem
    assert [(each, each.read_text()) for each in tmp_path.iterdir()] == [(older, "older")]


def test_kept_results_come_in_the_order_of_the_argument_and_each_experiment_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "later", replace(INVENTED, name="later"))
    first, second = tmp_path / "b.json", tmp_path / "a.json"
    first.write_bytes(to_json(result()))
    second.write_bytes(to_json(result(name="later")))
    page = tmp_path / "page.html"

    said = ask("report", second, first, "--out", page)
    twice = ask("report", first, first, "--out", page).exception

    assert page.read_text().index('id="invented"') < page.read_text().index('id="later"')
    assert f"{first} was made with other parameters than this version draws" in said.stderr
    assert isinstance(twice, ResultTwice)
    assert "invented stands in" in twice.problem


def test_a_study_is_told_beside_what_was_published_and_where_the_model_fails() -> None:
    said = ask("study", "k1-sales-lift", "--people", 300, "--draws", 0, "--no-drivers", "--json")
    told_to_people = ask(
        "study", "k7-flow-and-line", "--people", 2000, "--draws", 0, "--no-drivers", "--language", "zh"
    )

    rows = from_json(said.stdout.encode()).tables[0].rows
    assert rows[-1][1] == Interval.sure(200_000)
    assert "已发表" in told_to_people.stdout
    assert "模型的局限" in told_to_people.stdout


def test_a_study_that_cannot_be_is_refused_with_all_that_is_wrong(tmp_path: Path) -> None:
    spec = tmp_path / "mine.toml"
    spec.write_text(study_text("k1-sales-lift").replace("months = 6", "months = 600").replace('"sales"', '"sale"'))

    with pytest.raises(StudyUnusable, match=r"population\.months is 600") as refused:
        CliRunner().invoke(app, ["lab", "study", str(spec)], catch_exceptions=False)

    assert "observable.name is 'sale'; write 'sales'" in str(refused.value)


def test_an_experiment_whose_library_is_missing_is_refused_and_left_out_of_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def without(**_: object) -> Never:
        raise LibraryMissing("SALib")

    monkeypatch.setitem(EXPERIMENTS, "bare", replace(INVENTED, name="bare", run=without))

    refusal = ask("run", "bare").exception
    said = ask("report", "--out", tmp_path / "page.html")

    assert isinstance(refusal, ExtraMissing)
    assert "florin[lab]" in refusal.remedy
    assert "bare is left out" in said.stderr
    assert ": 1 experiment," in said.stderr
