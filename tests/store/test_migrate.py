"""Migrations: run once, in turns, by the owner alone."""

import threading

import psycopg
import pytest

from florin.store import OWNER, PAGES
from florin.store.migrate import migrate, migrations_from_later, pending_migrations
from florin.store.roles import create_database

EMPTY = "not_migrated"


@pytest.fixture
def empty_database(postgres_server):
    """A database that was never migrated: the owner's address."""
    with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as connection:
        create_database(connection, EMPTY)
        yield postgres_server.dsn(OWNER, EMPTY)
        connection.execute(f"DROP DATABASE {EMPTY} WITH (FORCE)")


def test_an_empty_database_has_everything_pending_and_a_migrated_one_nothing(empty_database):
    before = pending_migrations(empty_database)

    migrate(empty_database)

    assert "schema.0001_money" in before
    assert pending_migrations(empty_database) == []


def test_migrating_twice_changes_nothing(fresh_database):
    migrate(fresh_database.owner)

    assert pending_migrations(fresh_database.owner) == []


def test_two_migrations_at_once_take_turns(empty_database):
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [0x666C6F72])
        waiting = threading.Thread(target=migrate, args=[empty_database])
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        assert connection.execute("SELECT to_regclass('event')").fetchone() == (None,)

    waiting.join(60)

    assert not waiting.is_alive()
    assert pending_migrations(empty_database) == []


def test_a_database_that_a_later_version_migrated_is_recognized(fresh_database):
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('schema', '9999_gold', now())")

    assert migrations_from_later(fresh_database.owner) == ["schema.9999_gold"]


def test_the_serving_roles_cannot_migrate(fresh_database):
    with psycopg.connect(fresh_database.pages) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine ()")
    with psycopg.connect(fresh_database.engine) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER TABLE event ADD COLUMN mine integer")


def test_the_pages_login_is_not_the_owner(fresh_database):
    with psycopg.connect(fresh_database.owner) as connection:
        row = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [PAGES, OWNER]).fetchone()

    assert row == (False,)
