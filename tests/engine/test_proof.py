"""The proof: it holds after honest work, and names what somebody changed behind our back."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine.proof import prove, record_proof
from world import ESCROW_APP, World


@pytest.fixture
def house(world: World) -> World:
    """Sales in every stage, a bill, a repayment, payouts."""
    world.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
    world.buy("alice", 50_000, 10_000)
    world.buy("alice", 120_000, installments=12)
    world.until(date(2026, 4, 2))
    world.repay("alice", 20_000)
    world.buy("alice", 10_000, 5_000, app=ESCROW_APP)
    world.authorize("alice", 3_000, 2_000)
    world.assert_books_hold()
    return world


def broken(world: World) -> dict[str, tuple[str, ...]]:
    """The checks that do not hold, with what they name."""
    return {check.name: check.differences for check in prove(world.connection).checks if not check.holds}


def tamper(database: FreshDatabase, statement: str) -> None:
    with psycopg.connect(database.superuser) as superuser:
        changed = superuser.execute(statement).rowcount
    assert changed == 1, "the test changes one row"


NEWEST = "(SELECT id FROM event WHERE kind = {} ORDER BY recorded_at DESC, id DESC LIMIT 1)"


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (f"UPDATE event SET amounts[1] = amounts[1] + 1 WHERE id = {NEWEST.format(2)}", "was changed after it was written"),
        (f"UPDATE event SET rules[1] = -rules[1] WHERE id = {NEWEST.format(2)}", "was changed after it was written"),
        (f"UPDATE event SET person_id = person_id + 1 WHERE id = {NEWEST.format(2)}", "was changed after it was written"),
        (f"UPDATE event SET posted_on = posted_on - 1 WHERE id = {NEWEST.format(44)}", "was changed after it was written"),
        (f"UPDATE event SET value_on = value_on - 1 WHERE id = {NEWEST.format(44)}", "was changed after it was written"),
        (f"UPDATE event SET kind = 45 WHERE id = {NEWEST.format(44)}", "was changed after it was written"),
        (f"UPDATE event SET sequence = 999 WHERE id = {NEWEST.format(44)}", "was changed after it was written"),
        (
            f"UPDATE event SET body = jsonb_set(body, '{{amount_minor}}', '1') WHERE id = {NEWEST.format(2)}",
            "was changed after it was written",
        ),
        (
            f"UPDATE event SET recorded_at = recorded_at - interval '1 hour' WHERE id = {NEWEST.format(2)}",
            "was changed after it was written",
        ),
        (f"DELETE FROM event WHERE id = {NEWEST.format(2)}", "events, found 0"),
        (
            "INSERT INTO event (lane, kind, writer, id, batch, recorded_at, value_on, posted_on, body)"
            " SELECT lane, kind, writer, id + 1000000, batch, recorded_at, value_on, posted_on, body"
            f" FROM event WHERE id = {NEWEST.format(2)}",
            "events, found 2",
        ),
        ("UPDATE batch SET hash = sha256('x') WHERE seq = 3", "was changed after it was written"),
        ("UPDATE batch SET previous = sha256('x') WHERE seq = 3", "does not follow the link before it"),
        ("UPDATE batch SET events = events + 1 WHERE seq = 3", "events, found"),
        ("UPDATE batch SET committed_at = now() WHERE seq = 3", "was changed after it was written"),
        ("DELETE FROM batch WHERE seq = 3", "link 3 is missing"),
        ("UPDATE batch SET seq = 1000000 WHERE seq = 3", "link 3 is missing"),
    ],
)  # fmt: skip
def test_the_chain_names_a_changed_missing_or_added_row(
    house: World, fresh_database: FreshDatabase, statement: str, names: str
):
    tamper(fresh_database, statement)

    found = broken(house)

    assert any(names in difference for difference in found["chains"]), found


@pytest.mark.parametrize(
    ("statement", "check", "names"),
    [
        ("UPDATE line SET principal_minor = principal_minor - 100", "lines", "principal: expected"),
        ("UPDATE line SET held_minor = held_minor + 1", "lines", "held: expected"),
        ("UPDATE line SET sequence = sequence + 1", "sequences", "events of line"),
        ("UPDATE wallet SET balance_minor = balance_minor + 100", "wallets", "wallet"),
        ("UPDATE merchant_balance SET available_minor = 100", "merchants", "available of merchant 1"),
        (
            "UPDATE payment SET credit_refunded_minor = 1"
            " WHERE id = (SELECT id FROM payment WHERE state = 3 AND credit_paid_minor > 0 LIMIT 1)",
            "payments", "refunded: expected 0, found 1",
        ),
        (
            "UPDATE payment SET state = 4 WHERE id = (SELECT id FROM payment WHERE state = 1 LIMIT 1)",
            "escrow", "funded escrow: expected 2000, found 0",
        ),
        ("UPDATE statement SET remaining_minor = remaining_minor - 1", "statements", "statements of line"),
        ("DELETE FROM statement", "statements", "statements of line"),
        ("UPDATE payout SET state = 'settled'", "payouts", "payouts in transit"),
        ("DELETE FROM bank_line WHERE account = 'own'", "bank", "account own"),
        ("UPDATE claim SET event_id = 7 WHERE kind = 8", "claims", "claim 8/alice"),
        (
            "UPDATE trade SET state = 1, payment_id = 0 WHERE id = (SELECT trade_id FROM payment WHERE state = 2)",
            "trades", "named by it",
        ),
        (
            "UPDATE trade SET amount_minor = 1 WHERE id = (SELECT trade_id FROM payment WHERE state = 2)",
            "trades", "amount: expected 1, found 15000",
        ),
        (f"DELETE FROM event WHERE id = {NEWEST.format(60)}", "settled", "MERCHANT_PAYABLE of closed days"),
        (f"DELETE FROM event WHERE id = {NEWEST.format(67)}", "settled", "MDR_INCOME of closed days"),
    ],
)  # fmt: skip
def test_a_row_that_differs_from_its_accounts_is_named(
    house: World, fresh_database: FreshDatabase, statement: str, check: str, names: str
):
    tamper(fresh_database, statement)

    found = broken(house)

    assert any(names in difference for difference in found[check]), found


def test_an_entry_of_a_rule_that_is_not_in_the_table_is_named(house: World, fresh_database: FreshDatabase):
    """Beside the broken chain: the money that such an entry should have moved is missing from a balance."""
    tamper(fresh_database, f"UPDATE event SET rules[1] = 999 WHERE id = {NEWEST.format(2)}")

    found = broken(house)

    assert {"wallets", "chains", "bank"} <= found.keys()


def test_a_fork_of_a_chain_is_named(house: World, fresh_database: FreshDatabase):
    """Somebody rewrites a link and all that its own hash covers, as if it had been written so: the next does not follow."""
    with psycopg.connect(fresh_database.superuser) as superuser:
        superuser.execute("UPDATE batch SET hash = sha256('another history') WHERE seq = 2")

    found = broken(house)["chains"]

    assert any("link 2 was changed" in difference for difference in found)
    assert any("link 3 does not follow" in difference for difference in found)


def test_the_days_proof_is_kept_with_its_figures(house: World):
    report = house.one("SELECT report FROM proof ORDER BY proven_on DESC LIMIT 1")

    assert house.one("SELECT bool_and(holds) FROM proof")
    assert {check["name"] for check in report} >= {"books balance", "books agree", "safeguarding", "bank", "chains"}


def test_a_proof_that_does_not_hold_is_kept_too_and_replaces_the_days_earlier_one(
    house: World, fresh_database: FreshDatabase
):
    tamper(fresh_database, "UPDATE wallet SET balance_minor = balance_minor + 100")

    record_proof(house.connection, house.today, prove(house.connection))

    assert house.one("SELECT holds FROM proof WHERE proven_on = %s", house.today) is False
    report = house.one("SELECT report FROM proof WHERE proven_on = %s", house.today)
    assert [check["name"] for check in report if check["differences"]] == ["wallets"]


def test_a_difference_stops_no_payment(house: World, fresh_database: FreshDatabase):
    tamper(fresh_database, "UPDATE merchant_balance SET available_minor = 100")

    assert house.buy("alice", 1_000).event
