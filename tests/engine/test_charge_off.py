"""Charge-off through the engine: by the clock and by command, and the proof holds after each step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.credit.authorize import LineNotOpen
from florin.credit.charge_off import ChargeOff, NothingToChargeOff
from florin.credit.collect import ChargeCost, NoOpenCase, NoteCase
from florin.credit.line import LineState
from florin.credit.open import OpenLine
from florin.credit.sell_claims import ClaimIsSold
from florin.engine import lane_of
from florin.events import ChargedOffByOwner
from florin.presets import preset_text
from world import DIRECT_APP, World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine) as made:
        yield made


def test_a_line_charged_off_by_command_is_claimed_and_recovered(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=50_000)
    world.until(date(2026, 3, 5))
    world.buy("alice", 100_000, app=DIRECT_APP)
    world.until(date(2026, 6, 1))

    charged_off = world.do(ChargeOff(line_id=world.line_ids["alice"], reason="insolvent"))

    assert isinstance(charged_off.event, ChargedOffByOwner)
    assert world.line("alice").state is LineState.CHARGED_OFF
    assert world.balance("MEMO_CLAIM_PRINCIPAL", world.line_ids["alice"]) == 100_000
    # 52 days of 0.50 from 10 April: all of it billed by 1 June.
    assert (world.balance("ALLOWANCE"), world.balance("MEMO_CLAIM_INTEREST")) == (-102_600, 2_600)
    assert world.balance("PRINCIPAL_PAST_DUE") == world.balance("INTEREST_BILLED") == 0
    world.assert_books_hold()

    refused = world.buy("alice", 100, app=DIRECT_APP)
    assert isinstance(refused.refusal, LineNotOpen)
    world.until(date(2026, 6, 3))
    assert world.repay("alice", 40_000).event is not None
    assert world.balance("RECOVERY_INCOME") == 40_000
    world.assert_books_hold()
    world.until(date(2026, 8, 1))
    assert world.line("alice").due_minor == 62_600
    again = world.do(ChargeOff(line_id=world.line_ids["alice"], reason="again"))
    assert isinstance(again.refusal, NothingToChargeOff)
    world.assert_books_hold()


def test_the_clock_charges_off_a_line_of_a_program_that_says_so(world: World, tmp_path: Path) -> None:
    assert world.person("bob", limit_minor=1_000_000)
    world.until(date(2026, 3, 5))
    world.buy("bob", 100_000, app=DIRECT_APP)
    world.until(date(2026, 10, 6))
    assert world.line("bob").state is LineState.OPEN

    world.until(date(2026, 10, 7))

    assert world.line("bob").state is LineState.CHARGED_OFF
    assert world.balance("MEMO_CLAIM_PRINCIPAL", world.line_ids["bob"]) == 100_000
    assert world.balance("MEMO_CLAIM_INTEREST", world.line_ids["bob"]) == 9_000
    world.assert_books_hold()


def test_the_first_of_the_month_makes_the_allowance_good_and_buckets_say_what_is_where(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    world.person("bob", limit_minor=1_000_000)
    world.person("carol", limit_minor=1_000_000)
    world.until(date(2026, 3, 5))
    world.buy("bob", 100_000, app=DIRECT_APP)
    world.until(date(2026, 4, 30))
    world.do(ChargeOff(line_id=world.line_ids["bob"], reason="insolvent"))
    world.buy("carol", 30_000, app=DIRECT_APP)
    # 10.00 of interest ran since the bill: claimed, never income, so no loss.
    assert world.balance("ALLOWANCE") == -100_000

    # The proof of 1 May is the first that knows of the loss: the run beside it makes it good.
    world.until(date(2026, 5, 1))
    assert (world.balance("ALLOWANCE"), world.balance("IMPAIRMENT")) == (0, 100_000)
    world.assert_books_hold()
    world.until(date(2026, 6, 1))
    assert world.balance("IMPAIRMENT") == 100_000

    operator = Operator(fresh_database, tmp_path)
    report = operator.json("report", "buckets")
    found = {bucket["bucket"]: (bucket["owed_minor"], bucket["claimed_minor"]) for bucket in report["buckets"]}
    assert found == {"1-29": (30_330, 0), "30-59": (0, 101_000)}
    assert "1010.00" in operator("report", "buckets")


def test_the_bureau_file_of_a_month_by_command(world: World, fresh_database: FreshDatabase, tmp_path: Path) -> None:
    world.person("bob", limit_minor=1_000_000)
    world.until(date(2026, 3, 5))
    world.buy("bob", 100_000, app=DIRECT_APP)
    world.until(date(2026, 5, 2))
    operator = Operator(fresh_database, tmp_path)

    (row,) = operator.json("report", "bureau", "2026-04")["rows"]
    assert (row["line_id"], row["state"], row["days_past_due"]) == (str(world.line_ids["bob"]), "past_due", 20)
    heading, line = operator("report", "bureau", "2026-04", "--csv").splitlines()
    assert heading.startswith("record,known_on,line_id,person_id,program,currency,opened_on,limit_minor")
    assert ",past_due" in line
    assert "past due" in operator("report", "bureau", "2026-04")
    assert "is not over" in operator.refused("report", "bureau", "2026-05").problem
    assert "no month" in operator.refused("report", "bureau", "April").problem


def test_a_cost_of_collection_and_a_note_through_the_engine(world: World) -> None:
    world.person("bob", limit_minor=1_000_000)
    world.until(date(2026, 3, 5))
    world.buy("bob", 100_000, app=DIRECT_APP)
    world.until(date(2026, 4, 20))
    line_id = world.line_ids["bob"]

    assert world.do(ChargeCost(line_id=line_id, amount_minor=2_000, reason="registered letter")).event is not None
    refused = world.do(NoteCase(line_id=line_id, note="moved house", by="chen"))

    assert isinstance(refused.refusal, NoOpenCase)
    assert refused.refusal.days_past_due == 10
    assert world.line("bob").cost_minor == world.balance("COST_BILLED", line_id) == 2_000
    world.until(date(2026, 5, 2))
    world.assert_books_hold()


def test_claims_are_tried_and_sold_by_a_file_and_a_sold_line_says_so(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    for name in ("bob", "carol", "dora"):
        world.person(name, limit_minor=1_000_000, wallet_minor=50_000)
    world.until(date(2026, 3, 5))
    sold_payment = world.buy("bob", 100_000, app=DIRECT_APP).event.payment_id
    world.buy("carol", 30_000, app=DIRECT_APP)
    world.until(date(2026, 6, 1))
    for name in ("bob", "carol"):
        world.do(ChargeOff(line_id=world.line_ids[name], reason="insolvent"))
    bob, carol, dora = (world.line_ids[name] for name in ("bob", "carol", "dora"))
    operator = Operator(fresh_database, tmp_path)
    assert {row["line_id"]: row["claimed_minor"] for row in operator.json("claims", "list")} == {
        str(bob): 102_600,
        str(carol): 30_780,
    }
    file = tmp_path / "sale.csv"
    file.write_text(f"line_id,price\n{bob},51.30\n{carol},15.00\n{dora},1.00\n")
    sale = ("claims", "sell", file, "--buyer", "Blue River", "--contact", "tel 400", "--reference", "2026-06")

    tried = operator.ask(*sale, "--dry-run", "--json").document
    assert (tried["sold_minor"], tried["price_minor"]) == (133_380, 6_630)
    assert tried["lines"][2]["refused"] == "NoClaimToSell"
    assert world.line("bob").due_minor == 102_600
    said = operator.ask(*sale)
    assert "2 lines sold: claims of ¥1333.80 for ¥66.30 (4.97% of it)." in said.said
    assert type(said.refusal).__name__ == "NotAllSold"
    again = operator.ask(*sale, "--json").document
    assert again["sold_minor"] == 133_380

    assert world.line("bob").particulars.sold_to == "Blue River"
    assert (world.balance("CLAIM_SALE_INCOME"), world.balance("DUE_FROM_CLAIM_BUYERS")) == (6_630, 6_630)
    assert world.balance("MEMO_CLAIM_PRINCIPAL") == 0
    refused = world.repay("bob", 1_000)
    assert isinstance(refused.refusal, ClaimIsSold)
    world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 40000")
    world.connection.commit()
    assert world.refund(sold_payment, 40_000).event is not None
    assert world.balance("DUE_TO_CLAIM_BUYERS") == 40_000
    assert operator.json("claims", "list") == []
    assert "sold to Blue River" in operator("line", "show", bob)
    world.assert_books_hold()
    world.until(date(2026, 6, 3))
    world.assert_books_hold()


def test_roll_rates_say_which_share_of_a_bucket_stands_in_the_next_one_a_month_later(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    operator = Operator(fresh_database, tmp_path)
    file = tmp_path / "provided.toml"
    rates = "[[versions.provision_rates]]\nfrom_days_past_due = 0\nrate = 0.01\n"
    file.write_text(preset_text("huabei").replace('name = "huabei"', 'name = "provided"') + rates)
    operator("program", "add", file)
    for name in ("bob", "carol", "dora"):
        person_id = world.person(name, wallet_minor=200_000)
        line_id = world.line_ids[name] = world.engine.new_id(lane_of(person_id))
        assert world.do(OpenLine(person_id=person_id, line_id=line_id, program="provided", limit_minor=1_000_000)).event
    world.until(date(2026, 3, 5))
    for name in ("bob", "carol"):
        world.buy(name, 100_000, app=DIRECT_APP)
    world.until(date(2026, 4, 5))
    world.buy("dora", 100_000, app=DIRECT_APP)
    world.until(date(2026, 5, 20))
    assert world.repay("carol", 102_000).event
    world.until(date(2026, 6, 1))

    rolls = operator.json("report", "buckets")["rolls"]

    found = {
        (roll["from_on"], roll["bucket"]): (roll["owed_before_minor"], roll["owed_after_minor"], roll["rate"])
        for roll in rolls
    }
    # April: 2,000.00 on the books, none past due. May: both 21 days late, 10.50 of interest each; dora's 1,000.00 is new.
    assert found["2026-04-01", "1-29"] == (200_000, 202_100, "1.0105")
    # June: carol has paid; bob's 1,026.00 of 2,021.00 rolled on, and dora's first bill of 1 May is 22 days late.
    assert found["2026-05-01", "1-29"] == (100_000, 101_100, "1.0110")
    assert found["2026-05-01", "30-59"] == (202_100, 102_600, "0.5077")
    assert found["2026-05-01", "60-89"] == (0, 0, None)


def test_the_bank_card_needs_an_allowance_by_the_five_categories(world: World) -> None:
    person_id = world.person("bob")
    line_id = world.line_ids["bob"] = world.engine.new_id(lane_of(person_id))
    world.do(OpenLine(person_id=person_id, line_id=line_id, program="bank-card", limit_minor=1_000_000))
    world.until(date(2026, 3, 5))
    world.buy("bob", 100_000, app=DIRECT_APP)

    world.until(date(2026, 4, 1))
    assert world.balance("ALLOWANCE") == 1_000  # 1 % of 1,000.00, which is due
    world.until(date(2026, 5, 1))
    line = world.line("bob")
    owed_minor = line.principal_minor + line.interest_minor + line.penalty_minor
    assert line.past_due_on == date(2026, 4, 20)
    assert world.balance("ALLOWANCE") == (owed_minor * 2 + 50) // 100  # special mention: 2 %
    world.until(date(2026, 8, 1))
    line = world.line("bob")
    owed_minor = (
        world.balance("PRINCIPAL_PAST_DUE") + world.balance("INTEREST_BILLED") + world.balance("PENALTY_BILLED")
    )
    assert (date(2026, 8, 1) - date(2026, 4, 20)).days == 103
    on_books_minor = line.principal_minor + line.interest_minor + line.penalty_minor
    assert owed_minor <= on_books_minor
    assert world.balance("ALLOWANCE") == (on_books_minor * 25 + 50) // 100  # substandard: 25 %
    world.assert_books_hold()
