"""`florin bank`: the operator chooses it, carries its files, and explains where it and the books differ."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.bank import NoFiles
from florin.app.house import Refused
from florin.bank.folder import SIMULATED, BankFolder
from florin.bank.iso20022 import Entry, Statement, write_statement
from world import START, World


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    return Operator(fresh_database, tmp_path)


def test_an_operator_takes_a_banks_file_and_finds_whose_the_money_is(
    operator: Operator, fresh_database: FreshDatabase, tmp_path: Path
):
    with World(fresh_database.engine) as world:
        world.person("alice")
        nothing = operator.refused("bank", "send")
        chosen = operator("bank", "use", "files")
        entries = tuple(
            Entry(entry_ref=ref, amount_minor=minor, booked_on=START, value_on=START, party="Chen", text="hello")
            for ref, minor in (("E1", 5_000), ("E2", -700))
        )
        content = write_statement(
            Statement(
                kind="notification", message_id="N1", made_at=datetime(2026, 3, 1, 9), account=SIMULATED.numbers["safeguarded"],
                on=START, entries=entries,
            )
        )  # fmt: skip
        (tmp_path / "n1.xml").write_bytes(content)
        taken = operator.json("bank", "take", str(tmp_path / "n1.xml"))
        again = operator.refused("bank", "take", str(tmp_path / "n1.xml"))
        world.connection.execute("UPDATE clock SET business_on = business_on + 1")
        world.connection.commit()
        done = operator.json("bank", "reconcile")
        shown = operator("bank", "breaks")
        (receipt,) = operator.json("bank", "receipts")
        operator("bank", "allocate", receipt["id"], "--wallet", "alice", "--reason", "she called", "--by", "mei")
        (left,) = operator.json("bank", "breaks")
        operator("bank", "break", left["id"], "--to", "mei", "--note", "asked the bank")
        charged = operator("bank", "break", left["id"], "--charge", "--resolve", "yearly fee", "--by", "mei")

        assert isinstance(nothing, NoFiles)
        assert "your own bank" in chosen
        assert taken == [{"file": "n1.xml", "message": "camt.054.001.08", "message_id": "N1", "items": 2}]
        assert isinstance(again, Refused)
        assert again.refusal.name == "BankFileTakenBefore"
        assert [(each["account"], each["found"], each["receipts"]) for each in done] == [("safeguarded", 2, 1)]
        assert "Missing with us" in shown
        assert "¥7.00 less than it should" in shown
        assert world.wallet_minor("alice") == 5_000
        assert "resolved" in charged
        assert "yearly fee" in charged
        assert operator("bank", "breaks") == "The bank and the books agree.\n"
        assert [each["state"] for each in operator.json("bank", "list")] == ["refused", "taken"]
        assert [each["reference"] for each in operator.json("bank", "orders")] == [f"charge/{left['id']}"]
        assert BankFolder(tmp_path / "bank").waiting("taken")
        world.assert_books_hold()
