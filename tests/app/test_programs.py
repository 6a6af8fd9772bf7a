"""`florin program`: an owner's file is checked before it is used, and a preset can be read without reading TOML."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from florin.cli import app as florin_app
from florin.presets import preset_names, preset_text
from florin.store import StoreRefusal


def florin(*arguments: object) -> tuple[int, str]:
    """Exit code and what was said; a refusal is said too, as the command line does."""
    result = CliRunner().invoke(florin_app, ["program", *map(str, arguments)], env={"COLUMNS": "240"})
    if isinstance(result.exception, StoreRefusal):
        return 1, f"{result.exception.problem}\n{result.exception.remedy}"
    return result.exit_code, result.stdout


@pytest.fixture
def campus(tmp_path):
    """An owner's own file, made from huabei, with one thing changed."""

    def write(before: str, after: str) -> str:
        text = preset_text("huabei").replace('name = "huabei"', 'name = "campus"')
        assert before in text
        path = tmp_path / "campus.toml"
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        return str(path)

    return write


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_passes_its_own_check(name):
    code, said = florin("check", name)

    assert code == 0
    assert f"{name}: {name} (" in said
    assert "nothing contradicts" in said


def test_a_file_with_a_mistake_names_line_field_value_and_fix_and_fails(campus):
    code, said = florin("check", campus("interest_daily_rate = 0.0005", "interest_daily_rate = 0.0009"))

    assert code == 1
    assert (
        "campus.toml, version 1, line 33: `yearly_rate_max` is 0.24: a day's interest and penalty come to 32.85 %"
        in said
    )
    assert "There is 1 problem." in said


def test_all_mistakes_are_given_to_a_program_as_json(campus):
    code, said = florin("check", campus("due_day = 10 ", "due_day = 40 "), "--json")

    assert code == 1
    document = json.loads(said)
    assert document["ok"] is False
    assert [(each["line"], each["field"], each["value"]) for each in document["problems"]] == [(17, "due_day", "40")]


def test_a_file_that_is_not_there_is_refused_with_the_presets():
    code, said = florin("check", "nowhere.toml")

    assert code == 1
    assert "nowhere.toml: there is no preset of this name and no file that can be read" in said
    assert "bank-card" in said


def test_a_good_file_of_the_owner_can_be_used(campus):
    code, said = florin("check", campus("due_day = 10 ", "due_day = 12 "), "--json")

    assert (code, json.loads(said)["program"]) == (0, "campus")


def test_the_presets_are_listed_with_their_yearly_interest():
    code, said = florin("list")
    rows = json.loads(florin("list", "--json")[1])

    assert code == 0
    assert [row["name"] for row in rows] == list(preset_names())
    assert {row["name"]: row["yearly_interest"] for row in rows}["fenfu"] == "0.1460"
    assert "18.25 %" in said


def test_a_program_is_shown_with_the_yearly_rate_of_each_offer():
    code, said = florin("show", "huabei")
    document = json.loads(florin("show", "huabei", "--json")[1])

    assert code == 0
    assert "interest_daily_rate" in said
    assert "14.44 %" in said
    twelve = document["offers"][-1]
    assert (twelve["count"], twelve["fee_minor"], twelve["annualized_rate"]) == (12, 900_00, "0.1444282")
    assert document["terms"]["cycle_day"] == 1
