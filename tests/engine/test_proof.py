"""The proof: it holds after honest work, and names what somebody changed behind our back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from conftest import FreshDatabase
from florin.engine import clock
from florin.engine.proof import prove, record_proof
from florin.store import EmbeddedPostgres
from florin.store.postgres import SUPERUSER
from florin.store.roles import create_database
from world import ESCROW_APP, World

pytestmark = pytest.mark.every_proof


@pytest.fixture(scope="module")
def lived_in(new_database: Callable[[], AbstractContextManager[FreshDatabase]]) -> Iterator[str]:
    """A house with sales in every stage, a bill, a repayment, payouts. Nobody stays connected, so that it can be copied."""
    with new_database() as database:
        with World(database.engine) as world:
            world.person("alice", limit_minor=1_000_000, wallet_minor=500_000)
            world.buy("alice", 50_000, 10_000)
            world.buy("alice", 120_000, installments=12)
            world.until(date(2026, 4, 2))
            world.repay("alice", 20_000)
            world.buy("alice", 10_000, 5_000, app=ESCROW_APP)
            world.authorize("alice", 3_000, 2_000)
            world.assert_books_hold()
        yield database.name


_numbers = itertools.count(1)


@pytest.fixture
def house(postgres_server: EmbeddedPostgres, lived_in: str) -> Iterator[Connection[Any]]:
    """A copy of it for one test to tamper with, as its superuser."""
    name = f"{lived_in}_tampered_{next(_numbers)}"
    with psycopg.connect(postgres_server.dsn(SUPERUSER, "postgres"), autocommit=True) as superuser:
        create_database(superuser, name, template=lived_in)
        with psycopg.connect(postgres_server.dsn(SUPERUSER, name)) as connection:
            yield connection
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def broken(house: Connection[Any]) -> dict[str, tuple[str, ...]]:
    """The checks that do not hold, with what they name."""
    return {check.name: check.differences for check in prove(house).checks if not check.holds}


def tamper(house: Connection[Any], statement: Any) -> None:
    assert house.execute(statement).rowcount == 1, "the test changes one row"
    house.commit()


def one(house: Connection[Any], statement: Any, *parameters: Any) -> Any:
    row = house.execute(statement, parameters).fetchone()
    assert row is not None
    return row[0]


def test_after_honest_work_everything_holds(house: Connection[Any]):
    assert broken(house) == {}


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
            f"UPDATE event SET body = jsonb_set(body::jsonb, '{{amount_minor}}', '1') WHERE id = {NEWEST.format(2)}",
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
def test_the_chain_names_a_changed_missing_or_added_row(house: Connection[Any], statement: str, names: str):
    tamper(house, statement)

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
        ("UPDATE claim SET event_id = 7 WHERE kind = 8", "claims", "claim of kind 8"),
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
def test_a_row_that_differs_from_its_accounts_is_named(house: Connection[Any], statement: str, check: str, names: str):
    tamper(house, statement)

    found = broken(house)

    assert any(names in difference for difference in found[check]), found


def test_an_entry_of_a_rule_that_is_not_in_the_table_is_named(house: Connection[Any]):
    """Beside the broken chain: the money that such an entry should have moved is missing from a balance."""
    tamper(house, f"UPDATE event SET rules[1] = 999 WHERE id = {NEWEST.format(2)}")

    found = broken(house)

    assert {"wallets", "chains", "bank"} <= found.keys()


def test_a_fork_of_a_chain_is_named(house: Connection[Any]):
    """Somebody rewrites a link and all that its own hash covers, as if it had been written so: the next does not follow."""
    tamper(house, "UPDATE batch SET hash = sha256('another history') WHERE seq = 2")

    found = broken(house)["chains"]

    assert any("link 2 was changed" in difference for difference in found)
    assert any("link 3 does not follow" in difference for difference in found)


def test_the_days_proof_is_kept_with_its_figures(house: Connection[Any]):
    report = one(house, "SELECT report FROM proof ORDER BY proven_on DESC LIMIT 1")

    assert one(house, "SELECT bool_and(holds) FROM proof")
    assert {check["name"] for check in report} >= {"books balance", "books agree", "safeguarding", "bank", "chains"}


def test_a_proof_that_does_not_hold_is_kept_too_and_replaces_the_days_earlier_one(house: Connection[Any]):
    tamper(house, "UPDATE wallet SET balance_minor = balance_minor + 100")

    today = clock.read(house).on

    record_proof(house, today, prove(house))

    assert one(house, "SELECT holds FROM proof WHERE proven_on = %s", today) is False
    report = one(house, "SELECT report FROM proof WHERE proven_on = %s", today)
    assert [check["name"] for check in report if check["differences"]] == ["wallets"]


def test_a_difference_stops_no_payment(world: World, fresh_database: FreshDatabase):
    world.person("alice", limit_minor=1_000_000)
    with psycopg.connect(fresh_database.superuser) as superuser:
        tamper(superuser, "UPDATE merchant_balance SET available_minor = 100")

    assert world.buy("alice", 1_000).event
