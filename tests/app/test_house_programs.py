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
from florin.credit.open import OpenLine
from florin.credit.program import add_program, program_of
from florin.engine import clock, lane_of, reference
from florin.engine.drift import drift_of_sample
from florin.presets import preset_text
from world import World

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


def test_a_backdated_rate_is_drift_until_it_is_posted_with_a_reason(
    fresh_database: FreshDatabase, operator: Operator, tmp_path: Path
):
    add_program(program_of(campus(tmp_path).read_text(encoding="utf-8"), source="campus.toml"))
    with World(fresh_database.engine) as world:
        operator("program", "add", campus(tmp_path))
        person_id = world.person("alice")
        line_id = world.engine.new_id(lane_of(person_id))
        world.do(OpenLine(person_id=person_id, line_id=line_id, program="campus", limit_minor=1_000_000))
        world.line_ids["alice"] = line_id
        world.until(date(2026, 3, 5))
        world.buy("alice", 100_000)
        world.until(date(2026, 5, 2))
        assert world.balance("INTEREST_INCOME") == 10_50  # 1,000.00 for 21 days at 0.05 %
        halved = '\n[[versions]]\nfrom_on = 2026-04-10\napplies_to = "balances"\ninterest_daily_rate = 0.00025\n'
        assert type(operator.refused("program", "add", campus(tmp_path, halved))).__name__ == "VersionTooLate"
        operator("program", "add", campus(tmp_path, halved), "--backdated")

        drift = drift_of_sample(world.connection, 10, 1)
        world.connection.commit()
        assert world.balance("INTEREST_INCOME") == 10_50, "drift is only reported"
        refused = operator.refused("fold", "--post")
        said = operator("fold", "--post", "--reason", "approved by the board: the promised rate")

        assert [one.line_id for one in drift] == [line_id]
        assert "ACCRUE_INTEREST -5.25" in drift[0].says()
        assert type(refused).__name__ == "ReasonMissing"
        assert said.startswith("Posted on 1 of every line")
        assert world.balance("INTEREST_INCOME") == 5_25
        assert drift_of_sample(world.connection, 10, 1) == []
        world.assert_books_hold()
        world.until(date(2026, 6, 2))
        told = world.one("SELECT body->'lines' FROM event WHERE kind = 27 ORDER BY value_on DESC LIMIT 1")
        assert [line["amount_minor"] for line in told if line["what"] == "adjustment"] == [-5_25]
