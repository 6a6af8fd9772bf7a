"""`florin merchant fees`: plans listed, checked, added; merchants and shoppers charged by them; each fee explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.engine import lane_of
from florin.wallet.withdraw import Withdraw
from world import World

OWN = """
name = "lotus"
title_en = "Lotus Mall"
title_zh = "莲花商城"
[[versions]]
from_on = 2026-01-01
fees = [
    { fee = "mdr", rate = 0.01, floor_minor = 10, cap_minor = 500, counts = [12] },
    { fee = "mdr", rate = 0.006, refunded = true },
    { fee = "commission", rate = 0.05, until_on = 2026-06-01 },
]
"""


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, negative_limit_minor=10**9) as world:
        world.person("alice", limit_minor=50_000_00, wallet_minor=50_000_00)
        yield world


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path, world: World) -> Operator:
    return Operator(fresh_database, tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "lotus.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_merchant_is_charged_by_a_preset_and_reads_what_a_sale_costs(operator: Operator, world: World):
    assert {row["name"] for row in operator.json("merchant", "fees", "list")} == {"ali", "bank", "jd", "tencent"}
    assert "own rate, no plan" in operator("merchant", "fees", "show", "Tea House")
    operator("merchant", "set", "Tea House", "--market", "tmall", "--category", "phones")

    assert "is charged by the plan ali" in operator("merchant", "fees", "set", "Tea House", "ali")

    said = operator("merchant", "fees", "price", "Tea House", "1000.00", "--tender", "credit").splitlines()
    assert said == [
        "Fee for being paid on credit: 0.6% of ¥1,000.00 = ¥6.00",
        "Commission of the mall: 2% of ¥1,000.00 = ¥20.00",
        "Software fee of the mall: 0.6% of ¥1,000.00 = ¥6.00",
        "Tea House gets ¥968.00 of ¥1,000.00.",
    ]
    shown = operator.json("merchant", "fees", "show", "Tea House")
    assert (shown["plan"], shown["market"], shown["plans"]) == (
        "ali",
        "tmall",
        [{"plan": "ali", "from_on": "2026-03-02"}],
    )
    sale = world.buy("alice", 1_000_00).event
    assert {part.fee: part.amount_minor for part in sale.fees} == {
        "credit_fee": 6_00, "commission": 20_00, "software_fee": 6_00,
    }  # fmt: skip
    assert "2% of ¥1,000.00 = ¥20.00" in operator("explain", sale.payment_id, "--what", "fees")
    world.refund(sale.payment_id, 500_00)
    assert "¥10.00 of it was given back" in operator("explain", sale.payment_id, "--what", "fees")
    assert "其中¥10.00已随退款退还" in operator("explain", sale.trade_id, "--what", "fees", "--lang", "zh")


def test_the_merchants_own_rate_and_bounds_are_explained_too(operator: Operator, world: World, own: Path):
    first = world.buy("alice", 0, 385_00).event.payment_id
    assert operator("explain", first, "--what", "fees").strip() == "Fee on the sale: 0.6% of ¥385.00 = ¥2.31"
    operator("merchant", "fees", "check", own)
    operator("merchant", "fees", "add", own)
    operator("merchant", "fees", "set", "1", "lotus")

    capped = operator("merchant", "fees", "price", "1", "1000.00", "--tender", "credit", "--count", "12")
    least = operator.json("merchant", "fees", "price", "1", "5.00", "--tender", "credit", "--count", "12")

    assert "1% of ¥1,000.00 would be more than the greatest fee, ¥5.00" in capped
    assert least["fees_minor"] == 10 + 25
    assert "kept when a sale is refunded" in operator("merchant", "fees", "show", "1")


def test_a_plan_that_holds_is_not_changed_and_a_day_that_is_over_is_not_charged_anew(
    operator: Operator, world: World, own: Path
):
    operator("merchant", "fees", "add", own)
    own.write_text(OWN + "[[versions]]\nfrom_on = 2026-09-01\nfees = []\n", encoding="utf-8")
    assert "2 versions" in operator("merchant", "fees", "add", own)

    own.write_text(OWN.replace("rate = 0.05", "rate = 0.06"), encoding="utf-8")
    assert "in force and says otherwise" in operator.refused("merchant", "fees", "add", own).problem
    own.write_text(OWN.replace('fee = "mdr"', 'fee = "gift"'), encoding="utf-8")
    assert "gift" in operator.refused("merchant", "fees", "check", own).problem
    assert "no file" in operator.refused("merchant", "fees", "check", own.with_name("none.toml")).problem
    past = operator.refused("merchant", "fees", "set", "1", "ali", "--from", "2026-03-01")
    assert "2026-03-01 is over" in past.problem
    assert "bank, jd" in operator.refused("merchant", "fees", "set", "1", "nobody").remedy
    assert "does not say" in operator.refused("merchant", "fees", "withdrawals", "bank").problem


def test_shoppers_pay_for_taking_money_out_as_a_plan_says(operator: Operator, world: World):
    said = operator("merchant", "fees", "withdrawals", "tencent")
    assert "0.1% of what is above ¥1,000.00 in a person's life, at least ¥0.10, from 2026-03-02" in said

    alice = world.people["alice"]
    command = Withdraw(withdrawal_id=world.engine.new_id(lane_of(alice)), person_id=alice, amount_minor=4_850_00)
    assert world.do(command).event.fee_minor == 3_85


def test_a_payout_is_explained_down_to_each_fee_of_each_sale(operator: Operator, world: World):
    operator("merchant", "set", "Tea House", "--market", "tmall", "--category", "phones")
    operator("merchant", "fees", "set", "Tea House", "ali")
    world.buy("alice", 1_000_00)
    world.until(date(2026, 3, 3))
    payout_id = world.one("SELECT id FROM payout")

    said = operator("explain", "shop", "--what", f"payout={payout_id}")

    for line in ("paid on credit: -¥6.00", "Commission of the mall: -¥20.00", "Software fee of the mall: -¥6.00"):
        assert line in said
    assert "¥968.00" in said
    assert "商城佣金：-¥20.00" in operator("explain", "shop", "--what", f"payout={payout_id}", "--lang", "zh")
