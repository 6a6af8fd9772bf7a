"""`florin payouts`: nothing is told to the bank before as many people as it takes have approved the sum."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg

from app.operator import Operator
from conftest import FreshDatabase
from florin.bank import SimulatedBank, settle_outgoing
from world import START, World


def test_four_eyes_see_the_sum_before_the_bank_is_told(fresh_database: FreshDatabase, tmp_path: Path):
    operator = Operator(fresh_database, tmp_path)
    day = START + timedelta(days=1)
    with World(fresh_database.engine) as world, psycopg.connect(fresh_database.engine, autocommit=True) as of_bank:
        world.person("alice", wallet_minor=100_000)
        world.buy("alice", wallet_minor=50_000)
        operator("payouts", "policy", 2)
        world.until(day)
        bank = SimulatedBank(of_bank)

        def told() -> int:
            return settle_outgoing(world.engine, world.connection, bank, on=day)

        assert told() == 0
        wrong = operator.refused("payouts", "approve", day, "--sum", "500.00", "--by", "anna")
        first = operator("payouts", "approve", day, "--sum", "497.00", "--by", "anna")
        again = operator("payouts", "approve", day, "--sum", "497.00", "--by", "anna")
        assert told() == 0
        operator("payouts", "approve", day, "--sum", "497.00", "--by", "bob")
        assert told() == 1
        nothing = operator.refused("payouts", "approve", "2026-02-01", "--sum", "1", "--by", "bob")
        [batch] = operator.json("payouts", "list")
        [line] = operator.json("payouts", "show", day)

    assert "PayoutSumChanged" in str(wrong)
    assert "NoPayoutsThatDay" in str(nothing)
    assert first == again
    assert "approved by anna (1 of 2). 1 more must approve." in first
    assert (batch["approved"], batch["settled"], batch["waits"]) == (["anna", "bob"], 1, False)
    assert (line["amount_minor"], line["state"]) == (49_700, "settled")
