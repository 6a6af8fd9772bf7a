"""`florin settlement`: what an operator sets, holds, and reads of a payout."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.operator import Operator
from conftest import FreshDatabase
from florin.payments.settle import SettlePayout
from world import SHOP, START, World


def test_an_operator_settles_a_merchant_by_terms_and_reads_what_a_payout_pays(
    fresh_database: FreshDatabase, tmp_path: Path
):
    operator = Operator(fresh_database, tmp_path)
    with World(fresh_database.engine, negative_limit_minor=10_000) as world:
        world.person("alice", wallet_minor=100_000)
        bought = world.buy("alice", wallet_minor=50_000)
        decided = ("--by", "anna", "--reason", "new shop")
        said = operator(
            "settlement", "set", SHOP, "--reserve", "5%", "--reserve-days", "30", "--minimum", "10", *decided
        )
        refused = operator.refused("settlement", "set", SHOP, "--from", "2026-03-01", *decided)
        same_day = operator(
            "settlement", "set", SHOP, "--cut-off", "12:00", "--same-day", "--from", "2026-05-01", *decided
        )
        no_time = operator.refused("settlement", "set", SHOP, "--cut-off", "25:00", *decided)
        world.until(START + timedelta(days=1))
        payout_id = world.one("SELECT id FROM payout")
        statement = operator("settlement", "statement", payout_id)
        told = {"payout_id": payout_id, "merchant_id": SHOP, "amount_minor": 47_215, "bank_reference": "b1"}
        assert world.do(SettlePayout(**told, returned=True, reason="account closed")).event
        held = operator.json("settlement", "show", "Tea House")
        operator("settlement", "account", "Tea House", "CN-9912", "--by", "anna")
        world.until(START + timedelta(days=2))
        world.refund(bought.event_id, 5_000)
        operator("settlement", "invoice", SHOP, "--due", "2026-04-30")
        paid_back = operator("settlement", "paid-back", SHOP, "12.50", "--reference", "B-1")
        world.assert_books_hold()
        days = operator.json("report", "safeguarding")
        terms = operator("report", "safeguarding", "--on", days[0]["proven_on"])

    assert "Paid every day; from ¥10.00 on; 5.00% of what a day brings is kept for 30 days." in said
    assert [(day["holds"], day["excess_minor"]) for day in days] == [(True, 0), (True, 0)]
    assert "payouts in transit" in terms
    assert "SettlementTermsInvalid" in str(refused)
    assert (
        "From 2026-05-01: Paid at each cut-off and every day; sales are available at 12:00 and the day's end"
        in same_day
    )
    assert "'25:00' is no time of day" in str(no_time)
    items = [tuple(line.rsplit(maxsplit=1)) for line in statement.splitlines()[1:]]
    assert items == [
        ("sales", "¥500.00"),
        ("fee: payment", "-¥3.00"),
        ("kept in reserve", "-¥24.85"),
        ("paid out", "¥472.15"),
    ]
    assert held["held_because"] == "the bank sent a payout back: account closed"
    assert paid_back == "Tea House has paid ¥12.50 back; -¥37.50 is available.\n"
    assert operator.json("settlement", "show", SHOP)["payouts"] == 2
