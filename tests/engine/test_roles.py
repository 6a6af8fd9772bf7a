"""What each role of the database may do, tried on every table: the pages change no money, the engine changes no history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from florin.engine import Engine
from world import World

# Of the tables in the schema, those that are not the pages' own.
TABLES = (
    "account", "agreement", "api_key", "app", "bank_line", "batch", "campaign", "campaign_budget", "claim", "clock",
    "campaign_use", "event", "funding_agreement", "funding_cap", "joint_loan", "lane", "line", "line_account",
    "merchant", "merchant_balance", "merchant_day", "settlement_terms", "bank_holiday", "reserve_hold",
    "outbox", "owner_endpoint",
    "parent_order", "parked_line", "parked_window", "payment", "payment_code", "payout", "person", "platform_key", "posting",
    "program",
    "proof", "proven_balance", "proven_head", "proven_through", "refund_request", "shared_exposure", "signature_failure",
    "statement", "sweep", "trade", "wallet", "writer", "acceptance_version", "experiment", "experiment_end", "escrow_version",
    "oauth_code", "oauth_token", "bank_break", "receipt", "webhook_attempt", "webhook_endpoint",
    "bank_file", "bank_order", "bank_setup", "bank_statement", "simulated_day", "simulated_entry", "simulated_message",
    "simulated_mishap", "simulated_rule", "store", "terminal",
    "fee_plan", "fee_assignment", "merchant_application", "onboarding_step", "blocked_party", "licensed_category",
    "payout_policy", "payout_batch", "payout_approval", "wire_call",
)  # fmt: skip
HISTORY = ("acceptance_version", "escrow_version", "experiment", "experiment_end", "event", "batch", "sweep", "parent_order",
           "merchant_day",
           "onboarding_step", "writer", "bank_line", "bank_statement", "posting", "account")  # fmt: skip
SECRETS = (
    "experiment",
    "api_key",
    "platform_key",
    "payment_code",
    "owner_endpoint",
    "webhook_endpoint",
    "oauth_code",
    "oauth_token",
)


@pytest.fixture(scope="module")
def house(new_database) -> Iterator[Any]:
    """A house in which something has happened, so that there are rows to be changed."""
    with new_database() as database, World(database.engine) as world:
        world.person("alice", limit_minor=1_000_000, wallet_minor=200_000)
        world.buy("alice", 10_000, 10_000)
        world.until(world.today.replace(day=3))
        yield database


def tables_of(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in rows if not name.startswith(("django_", "auth_", "pages_"))}


def refused(dsn: str, statement: sql.Composable) -> bool:
    """Whether the role may not do this. It is undone if it may."""
    with psycopg.connect(dsn) as connection:
        try:
            connection.execute(statement)
        except errors.InsufficientPrivilege:
            return True
        finally:
            connection.rollback()
    return False


def attempts(table: str) -> dict[str, sql.Composable]:
    name, column = sql.Identifier(table), sql.Identifier("ctid")
    return {
        "INSERT": sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name),
        "UPDATE": sql.SQL("UPDATE {} SET {} = {}").format(name, first_column(table), first_column(table)),
        "DELETE": sql.SQL("DELETE FROM {} WHERE {} IS NULL").format(name, column),
        "TRUNCATE": sql.SQL("TRUNCATE {}").format(name),
        "DROP": sql.SQL("DROP TABLE {}").format(name),
        "ALTER": sql.SQL("ALTER TABLE {} ADD COLUMN more text").format(name),
        "DISABLE TRIGGER": sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(name),
    }


def first_column(table: str) -> sql.Identifier:
    known = {
        "clock": "business_on", "account": "name", "posting": "name", "writer": "process", "api_key": "prefix",
        "payment_code": "person_id", "proof": "holds", "bank_line": "amount_minor", "signature_failure": "finding",
        "wire_call": "asked",
        "platform_key": "wire", "merchant": "name", "app": "name", "program": "source", "store": "name", "terminal": "code",
        "owner_endpoint": "url", "merchant_day": "ended_on", "settlement_terms": "reason", "bank_holiday": "name",
        "proven_head": "seq", "proven_through": "proven_on",
        "webhook_endpoint": "url", "oauth_code": "scopes", "oauth_token": "scopes",
        "bank_file": "note", "bank_order": "party", "bank_setup": "mode", "bank_statement": "closing_minor",
        "simulated_day": "written", "simulated_entry": "text", "simulated_message": "message_id",
        "simulated_mishap": "times", "simulated_rule": "code",
        "acceptance_version": "from_on", "escrow_version": "source", "experiment": "closes_on", "experiment_end": "ended_on",
        "payout_policy": "approvals", "payout_batch": "payouts", "payout_approval": "reason",
        "merchant_application": "state", "onboarding_step": "reason", "blocked_party": "reason",
        "licensed_category": "document", "fee_plan": "source", "fee_assignment": "plan",
    }  # fmt: skip
    return sql.Identifier(known.get(table, "lane" if table not in ("batch",) else "events"))


def test_every_table_that_is_not_the_pages_own_is_tried(house):
    assert tables_of(house.owner) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_the_pages_role_cannot_change_a_row_of_any_of_them(house, table: str):
    assert {what for what, statement in attempts(table).items() if not refused(house.pages, statement)} == set()


def test_the_pages_role_reads_an_app_but_not_the_secret_of_its_webhook(house):
    assert not refused(house.pages, sql.SQL("SELECT id, merchant_id, name, public_keys FROM app LIMIT 1"))
    assert refused(house.pages, sql.SQL("SELECT webhook_secret FROM app LIMIT 1"))


@pytest.mark.parametrize("table", sorted(set(TABLES) - {*SECRETS, "app"}))
def test_the_pages_role_reads_what_it_shows(house, table: str):
    assert not refused(house.pages, sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table)))


@pytest.mark.parametrize("table", SECRETS)
def test_the_pages_role_does_not_read_keys_or_payment_codes(house, table: str):
    assert refused(house.pages, sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table)))


@pytest.mark.parametrize("table", HISTORY)
def test_the_engines_role_cannot_change_or_delete_what_was_written(house, table: str):
    tried = attempts(table)

    for what in ("UPDATE", "DELETE", "TRUNCATE"):
        assert refused(house.engine, tried[what]), what


@pytest.mark.parametrize("table", TABLES)
def test_the_engines_role_drops_alters_and_truncates_nothing(house, table: str):
    tried = attempts(table)

    for what in ("TRUNCATE", "DROP", "ALTER", "DISABLE TRIGGER"):
        assert refused(house.engine, tried[what]), what


@pytest.mark.parametrize("role", ["engine", "pages"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE OR REPLACE VIEW transfer AS SELECT 1",
        "DROP VIEW transfer CASCADE",
        "ALTER TABLE event DROP CONSTRAINT event_amounts_are_positive",
        "ALTER TABLE event OWNER TO CURRENT_USER",
        "GRANT UPDATE ON event TO CURRENT_USER",
        "SET ROLE florin_owner",
        "SET SESSION AUTHORIZATION florin_owner",
        "CREATE ROLE another SUPERUSER",
        "DROP OWNED BY florin_owner",
        "SET session_replication_role = replica",
        "COPY event TO PROGRAM 'cat'",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ],
)
def test_neither_role_can_make_itself_more_than_it_is(house, role: str, statement: str):
    with psycopg.connect(getattr(house, role)) as connection:
        try:
            connection.execute(statement)
        except (errors.InsufficientPrivilege, errors.WrongObjectType):
            return
        grants = connection.execute(
            "SELECT has_table_privilege(current_user, 'event', 'UPDATE'), current_user"
        ).fetchone()
        connection.rollback()
    # PostgreSQL only warns of a grant that grants nothing.
    assert statement.startswith("GRANT")
    assert grants == (False, f"florin_{role}")


def test_the_engine_works_with_no_more_than_its_own_role(house):
    with Engine(house.engine) as engine, psycopg.connect(house.engine) as connection:
        who = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert who == (False, False, False, False)
        assert engine.at().on.year == 2026


def test_a_stranger_may_not_connect(house):
    with psycopg.connect(house.superuser, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE stranger LOGIN")
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(house.engine.replace("florin_engine", "stranger"))
    finally:
        with psycopg.connect(house.superuser, autocommit=True) as superuser:
            superuser.execute("DROP ROLE stranger")
