"""`florin explain`: the question on the command line, the answer in words or for programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from world import World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=100_000, wallet_minor=80_000)
        world.buy("alice", 50_000)
        world.until(date(2026, 4, 10))
        world.repay("alice", 10_000)
        world.until(date(2026, 4, 20))
        yield world


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path, world: World) -> Operator:
    return Operator(fresh_database, tmp_path)


def test_interest_is_told_with_its_days_rate_and_rounding(operator: Operator):
    said = operator("explain", "alice", "--what", "interest").splitlines()

    assert said[:3] == [
        "Interest that runs and is on no bill yet, up to 20 April 2026: ¥2.00",
        "- Interest on what was unpaid of the bill of 1 April 2026: ¥2.00",
        "  - ¥400.00 × 10 days (10 April 2026 up to 20 April 2026) × 0.05% = ¥2; rounded once, ¥2.00",
    ]
    assert "interest_daily_rate = 0.0005" in said[3]


def test_it_is_asked_by_login_by_person_and_by_line_on_any_day_in_chinese_too(operator: Operator, world: World):
    for whose in ("alice", world.people["alice"], world.line_ids["alice"]):
        assert operator.json("explain", whose)["answer"]["amount_minor"] == 40_000
    then = operator("explain", "alice", "--on", "2026-04-09", "--lang", "zh")

    assert then.startswith("截至2026年4月9日，您共欠 ¥500.00。")


def test_what_cannot_be_explained_is_refused_by_name(operator: Operator):
    assert "There is no question 'everything'" in operator.refused("explain", "alice", "--what", "everything").problem
    assert "statement=2026-04" in operator.refused("explain", "alice", "--what", "statement=2025-01").remedy
    assert "nobody" in operator.refused("explain", "nobody").problem
    assert "payout=7" in operator.refused("explain", "alice", "--what", "payout=7").problem


def test_a_payout_is_explained_by_its_number(operator: Operator, world: World):
    (payout_id,) = (row[0] for row in world.connection.execute("SELECT id FROM payout"))
    world.connection.commit()

    said = operator("explain", "shop", "--what", f"payout={payout_id}")

    assert "Fee on sales: -¥3.00" in said


def test_who_got_which_fen_of_a_payment_is_told_by_its_number_and_by_its_trades(operator: Operator, world: World):
    rows = world.connection.execute("SELECT id, trade_id FROM payment WHERE credit_paid_minor = 50000").fetchall()
    world.connection.commit()

    for number in rows[0]:
        said = operator("explain", number, "--what", "shares").splitlines()
        assert "Shop: ¥497.00 = Paid later ¥500.00, Fee on the sale -¥3.00" in said
    assert "机构" in operator("explain", rows[0][0], "--what", "shares", "--lang", "zh")
    assert operator.json("explain", rows[0][0], "--what", "shares")["payments"] == 1
    assert "There is no payment 7" in operator.refused("explain", 7, "--what", "shares").problem
