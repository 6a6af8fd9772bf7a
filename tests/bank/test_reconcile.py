"""Reconciliation over days: each thing that a bank does wrong is one break, told once, owned, and explained."""

from __future__ import annotations

import psycopg
import pytest

from bank.house import START, House
from florin.bank import BankFolder, choose_bank, reconcile, settle_outgoing
from florin.bank.clockwork import ALTERED_MINOR, CHARGE_MINOR, STRAY_MINOR
from florin.bank.reconcile import (
    allocate_to_line,
    allocate_to_wallet,
    break_by_id,
    receipt_by_id,
    resolve_as_charge,
    send_back,
)
from florin.engine import KeyConflict, Submission
from florin.payments.bank_break import AssignBreak, BreakNotOpen, ReasonMissing, ResolveBreak
from florin.queries.bank import open_receipts
from florin.wallet.receipt import ReceiptNotOpen
from world import SHOP, World


@pytest.fixture
def world(fresh_database):
    with World(fresh_database.engine, start_on=START) as made:
        made.person("alice", limit_minor=100_000, wallet_minor=50_000)
        yield made


@pytest.fixture
def house(world, fresh_database, tmp_path):
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        connection.execute("UPDATE merchant SET payout_account = '6222-tea' WHERE id = %s", [SHOP])
        choose_bank(connection, "clock")
        yield House(world, connection, BankFolder(tmp_path / "bank"))


def do(house, command):
    return house.world.engine.execute([Submission(command=command, keeps_refusal=False)])[0]


@pytest.mark.parametrize(
    ("mishap", "what", "expected", "shown"),
    [
        ("lost-line", "missing-at-bank", -20_000, 0),
        ("double-line", "duplicate", 0, -20_000),
        ("altered-line", "amount-differs", -20_000, -20_000 - ALTERED_MINOR),
        ("charge", "missing-with-us", 0, -CHARGE_MINOR),
    ],
)
def test_what_the_bank_does_wrong_is_one_break_and_a_shortfall_stops_payouts_alone(
    house, mishap, what, expected, shown
):
    house.behind.do_wrong(mishap, 1)
    withdrawal = house.withdraw("alice", 20_000)

    short = mishap != "lost-line"
    house.tomorrow(holds=not short)
    house.tomorrow(holds=not short)

    (found,) = house.breaks()
    assert (found.what, found.expected_minor, found.found_minor, found.owner) == (what, expected, shown, "")
    assert found.reference == ("" if mishap == "charge" else f"payout/{withdrawal}")
    assert house.world.one("SELECT count(*) FROM event WHERE kind = 264") == 1
    assert house.prove() == (["bank"] if short else [])
    assert house.world.buy("alice", 5_000).event, "payments go on"
    house.withdraw("alice", 1_000)
    settle_outgoing(house.world.engine, house.connection, house.bank, on=house.world.today)
    assert house.payouts()[-1] == ("sent" if short else "settled", 1_000)


def test_a_charge_is_made_good_from_the_own_account_and_payouts_go_on(house):
    house.behind.do_wrong("charge", 1)
    house.tomorrow(holds=False)
    (found,) = house.breaks()
    engine, on = house.world.engine, house.world.today

    done = resolve_as_charge(
        engine, house.connection, house.bank, break_by_id(house.connection, found.id), by="mei", reason="fee", on=on
    )
    again = do(house, ResolveBreak(break_id=found.id, by="bo", reason="twice"))

    assert done.event
    assert isinstance(again.refusal, BreakNotOpen)
    assert house.world.balance("BANK_CHARGES") == CHARGE_MINOR
    house.tomorrow()
    assert (house.breaks(), house.prove()) == ([], [])
    assert (CHARGE_MINOR, f"charge/{found.id}") in house.shown()


def test_money_that_fits_nothing_is_kept_and_found_to_be_somebodys(house):
    house.behind.do_wrong("stray-line", 1)
    house.world.buy("alice", 30_000)
    house.tomorrow()
    house.tomorrow()
    (receipt,) = open_receipts(house.connection)
    (found,) = house.breaks()
    assert (receipt.amount_minor, found.what, found.entry_ref) == (
        STRAY_MINOR,
        "missing-with-us",
        receipt.bank_reference,
    )
    assert house.world.balance("UNALLOCATED_RECEIPTS") == STRAY_MINOR
    assert house.prove() == []

    kept = receipt_by_id(house.connection, receipt.id)
    done = allocate_to_line(
        house.world.engine, house.connection, kept, line_id=house.world.line_ids["alice"], by="mei", reason="she called",
        on=house.world.today,
    )  # fmt: skip
    again = allocate_to_wallet(
        house.world.engine, house.connection, kept, person_id=house.world.people["alice"], by="mei", reason=""
    )

    assert done.event
    assert isinstance(again.refusal, ReceiptNotOpen)
    assert house.world.line("alice").principal_minor == 30_000 - STRAY_MINOR
    assert house.world.one("SELECT value_on FROM event WHERE kind = 25") == START
    assert (house.breaks(), house.world.balance("UNALLOCATED_RECEIPTS")) == ([], 0)
    house.tomorrow()
    assert house.prove() == []


def test_money_that_fits_nothing_goes_back_to_where_it_came_from(house):
    house.behind.do_wrong("stray-line", 1)
    house.tomorrow()
    (receipt,) = open_receipts(house.connection)
    kept = receipt_by_id(house.connection, receipt.id)
    house.behind.treat(receipt.party_account, "reject", code="AC04")

    assert send_back(house.world.engine, house.connection, kept, by="mei", reason="nobody's").event
    house.live()
    rejected = [row.state for row in open_receipts(house.connection)]
    house.behind.forget(receipt.party_account)
    kept = receipt_by_id(house.connection, receipt.id)
    assert send_back(house.world.engine, house.connection, kept, by="mei", reason="nobody's").event
    house.live()

    assert (rejected, open_receipts(house.connection), house.breaks()) == (["open"], [], [])
    assert [house.world.balance(name) for name in ("UNALLOCATED_RECEIPTS", "PAYOUT_IN_TRANSIT")] == [0, 0]
    assert house.prove() == []


def test_money_that_is_kept_cannot_be_announced_as_something_else(house):
    house.behind.do_wrong("stray-line", 1)
    house.tomorrow()
    (receipt,) = open_receipts(house.connection)

    house.world.bank.book = lambda *_: None
    house.world.next_number = lambda prefix: receipt.bank_reference

    assert isinstance(house.world.top_up("alice", STRAY_MINOR).refusal, KeyConflict)


def test_a_break_is_somebodys_is_noted_and_is_resolved_with_a_reason_once(house):
    house.behind.do_wrong("lost-line", 1)
    house.withdraw("alice", 20_000)
    house.tomorrow()
    house.tomorrow()
    (found,) = house.breaks()

    assert do(house, AssignBreak(break_id=found.id, to="mei", note="asked the bank")).event
    assert do(house, AssignBreak(break_id=found.id, to="mei", note="they look")).event
    silent = do(house, ResolveBreak(break_id=found.id, by="mei", reason=" "))
    (noted,) = house.breaks()
    assert do(house, ResolveBreak(break_id=found.id, by="mei", reason="the bank will send it again")).event
    reconcile(house.world.engine, house.connection, on=house.world.today)

    assert isinstance(silent.refusal, ReasonMissing)
    assert (noted.owner, noted.note) == ("mei", "asked the bank\nthey look")
    assert house.breaks() == []


def test_what_agrees_again_is_resolved_by_itself(house):
    house.behind.treat("", "delay", days=3)
    house.withdraw("alice", 20_000)
    for _ in range(2):
        house.tomorrow()
    late = [each.what for each in house.breaks()]

    for _ in range(2):
        house.tomorrow()

    assert (late, house.breaks()) == (["missing-at-bank"], [])
    assert house.world.one("SELECT body->>'by' FROM event WHERE kind = 266") == "reconciliation"
