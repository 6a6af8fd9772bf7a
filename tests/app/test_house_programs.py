"""An owner's own program in the house: added by its file, used by its name, its past never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.credit import program as programs
from florin.engine import clock, reference
from florin.presets import preset_text

SECRETS = "correct horse\n246810\n"


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[Operator]:
    yield Operator(fresh_database, tmp_path)
    programs._ADDED.clear()
    reference._known.clear()


def campus(tmp_path: Path, text: str = "") -> Path:
    file = tmp_path / "campus.toml"
    own = preset_text("huabei").replace('name = "huabei"', 'name = "campus"')
    file.write_text(own + text, encoding="utf-8")
    return file


def today(database: FreshDatabase) -> date:
    with psycopg.connect(database.engine) as connection:
        return clock.read(connection).on


def test_a_line_is_opened_under_an_own_program(operator: Operator, tmp_path: Path):
    said = operator("program", "add", campus(tmp_path))
    operator("shopper", "add", "alice", "--name", "Alice", "--limit", "500", "--program", "campus", given=SECRETS)

    assert "campus (Pay later, 花呗) was added." in said
    assert operator.json("shopper", "list")[0]["line"]["program"] == "campus"


def test_a_file_with_a_problem_is_not_added(operator: Operator, tmp_path: Path):
    file = campus(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("cycle_day = 1 ", "cycle_day = 45 "), encoding="utf-8")

    assert "`cycle_day` is 45" in operator.refused("program", "add", file).problem
    refused = operator.refused("shopper", "add", "alice", "--name", "A", "--program", "campus", given=SECRETS)
    assert refused.problem == "There is no program campus."


def test_a_later_version_is_added_and_a_past_one_never_changed(
    operator: Operator, fresh_database: FreshDatabase, tmp_path: Path
):
    operator("program", "add", campus(tmp_path))
    on = today(fresh_database)
    later = f"\n[[versions]]\nfrom_on = {on + timedelta(days=30)}\ninterest_daily_rate = 0.0004\n"
    now = f"\n[[versions]]\nfrom_on = {on}\ninterest_daily_rate = 0.0004\n"

    too_early = operator.refused("program", "add", campus(tmp_path, now))
    added = operator.json("program", "add", campus(tmp_path, later))
    other = campus(tmp_path)
    other.write_text(other.read_text(encoding="utf-8").replace("= 0.0005 ", "= 0.0004 "), encoding="utf-8")
    changed = operator.refused("program", "add", other)

    assert (type(too_early).__name__, added["versions"]) == ("VersionTooLate", 2)
    assert type(changed).__name__ == "HistoryChanged"
    assert "Version 1 of campus" in changed.problem
