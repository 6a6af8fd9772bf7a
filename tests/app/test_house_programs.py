"""An owner's own program in the house: added by its file, used by its name, its past never changed."""

from __future__ import annotations

import re
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
from florin.engine.tables.account import account_of
from florin.engine.tables.small import ACCOUNT
from florin.engine.tables.table import READ
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


def owed_on(world: World, name: str) -> tuple[object, ...]:
    """What the line's row and its plan say, without the purchase's own number."""
    line = world.line(name)
    ((_, _, _, document),) = ACCOUNT.load(world.connection, [(line.lane, line.id)], READ)
    (plan,) = account_of(document).plans
    spread = (plan.yearly_rate, plan.repriced_on, plan.future, plan.deferred_fee_minor)
    return spread, line.principal_minor, line.fee_minor, line.interest_minor, line.credit_balance_minor


def test_a_backdated_rate_makes_of_plans_what_it_would_have_made_in_time(
    fresh_database: FreshDatabase, operator: Operator, tmp_path: Path
):
    at_12, at_6 = (
        f'installments = [{{ count = 12, fee_rate = 0, method = "declining", yearly_rate = {rate} }}]\n'
        for rate in ("0.12", "0.06")
    )
    first = re.sub(r"installments = \[\n.*?\n\]\n", at_12, preset_text("huabei"), count=1, flags=re.DOTALL)
    cheaper = f'\n[[versions]]\nfrom_on = 2026-04-10\napplies_to = "balances"\n{at_6}'

    def file_of(name: str, text: str) -> Path:
        file = tmp_path / f"{name}.toml"
        file.write_text(text.replace('name = "huabei"', f'name = "{name}"'), encoding="utf-8")
        add_program(program_of(file.read_text(encoding="utf-8"), source=file.name))
        return file

    with World(fresh_database.engine) as world:
        for person, program, text in (("alice", "told-late", first), ("bob", "in-time", first + cheaper)):
            operator("program", "add", file_of(program, text))
            world.person(person, limit_minor=2_000_000, program=program)
            assert world.buy(person, 1_200_000, installments=12).refusal is None
        for closes_on in (date(2026, 4, 2), date(2026, 5, 2), date(2026, 6, 2)):
            world.until(closes_on)
            paid_minor = world.line("alice").due_minor
            assert world.repay("alice", paid_minor, "bank").refusal is None
            assert world.repay("bob", paid_minor, "bank").refusal is None
        assert owed_on(world, "alice") != owed_on(world, "bob")

        operator("program", "add", file_of("told-late", first + cheaper), "--backdated")
        posted = operator("fold", "--post", "--reason", "the board's word of April")

        assert posted.startswith("Posted on 1 of every line")
        assert owed_on(world, "alice") == owed_on(world, "bob")
        world.connection.commit()
        world.assert_books_hold()
        world.until(date(2026, 7, 2))
        assert owed_on(world, "alice") == owed_on(world, "bob")
        assert drift_of_sample(world.connection, 10, 1) == []
