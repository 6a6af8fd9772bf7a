"""Opening the store, whoever brings it."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from florin.store import DataFolder, EmbeddedPostgres, open_store, temporary_data_dir
from florin.store.folder import DataFolderInUse, is_supervised
from florin.store.roles import LoginAddressUnknown, LoginsMissing
from florin.store.session import NoHouseHere, open_house
from small_server import SMALL


def who(address):
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT current_user || ' in ' || current_database()").fetchone()[0]


def test_an_empty_folder_becomes_a_database_with_three_roles(data_dir):
    with open_store(data_dir, SMALL) as store:
        assert who(store.addresses.owner) == "florin_owner in florin"
        assert who(store.addresses.engine) == "florin_engine in florin"
        assert who(store.addresses.pages) == "florin_pages in florin"


def test_a_server_that_runs_already_is_shared_and_left_running(furnished_dir):
    with open_store(furnished_dir, SMALL) as first:
        with open_store(furnished_dir) as second:
            assert second.postgres is None
            assert who(second.addresses.pages) == "florin_pages in florin"

        assert who(first.addresses.owner) == "florin_owner in florin"

    assert not is_supervised(DataFolder(furnished_dir))


def test_a_keeper_does_not_lean_on_a_server_that_another_may_stop(furnished_dir):
    told = pytest.raises(DataFolderInUse, match=f"process {os.getpid()}")
    with open_store(furnished_dir, SMALL), told, open_store(furnished_dir, as_keeper=True):
        pass

    with open_store(furnished_dir, SMALL, as_keeper=True) as store:
        assert store.postgres is not None


def test_a_house_is_opened_where_there_is_one_and_never_made(furnished_dir, tmp_path):
    with open_house(furnished_dir) as store:
        assert who(store.addresses.engine) == "florin_engine in florin"

    with pytest.raises(NoHouseHere, match=str(tmp_path)), open_house(tmp_path / "mistyped"):
        pass
    assert not (tmp_path / "mistyped").exists()


def test_only_the_three_roles_may_enter_the_database(furnished_dir):
    with open_store(furnished_dir, SMALL) as store:
        with psycopg.connect(store.postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE stranger LOGIN")

        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(store.postgres.dsn("stranger"))


@pytest.fixture
def own_server():
    """A server that an operator would bring, with a database `shop` that the role `keeper` owns."""
    with temporary_data_dir() as folder, EmbeddedPostgres(Path(folder), SMALL) as server:
        with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN")
            connection.execute("CREATE DATABASE shop OWNER keeper")
        yield server


def grant_role_making(server):
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE keeper CREATEROLE")


def test_an_owner_who_may_creates_the_logins_and_their_passwords_stay_private(own_server, data_dir, monkeypatch):
    grant_role_making(own_server)
    monkeypatch.setenv("FLORIN_DATABASE_URL", own_server.dsn("keeper", "shop"))

    with open_store(data_dir) as store:
        assert who(store.addresses.owner) == "keeper in shop"
        assert who(store.addresses.engine) == "florin_engine in shop"
        assert who(store.addresses.pages) == "florin_pages in shop"

    assert stat.S_IMODE(DataFolder(data_dir).logins.stat().st_mode) == 0o600
    with open_store(data_dir) as again:
        assert again.addresses == store.addresses


def test_an_owner_who_may_not_is_told_what_to_create_and_which_addresses_to_set(own_server, data_dir, monkeypatch):
    monkeypatch.setenv("FLORIN_DATABASE_URL", own_server.dsn("keeper", "shop"))

    with (
        pytest.raises(LoginsMissing, match=r"keeper may not.*CREATE ROLE.*FLORIN_ENGINE_URL and FLORIN_PAGES_URL"),
        open_store(data_dir),
    ):
        pass


def test_logins_that_an_administrator_made_are_used_by_the_addresses_that_are_set(own_server, data_dir, monkeypatch):
    with psycopg.connect(own_server.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE florin_engine LOGIN")
        connection.execute("CREATE ROLE florin_pages LOGIN")
    monkeypatch.setenv("FLORIN_DATABASE_URL", own_server.dsn("keeper", "shop"))

    with pytest.raises(LoginAddressUnknown, match="FLORIN_ENGINE_URL"), open_store(data_dir):
        pass

    monkeypatch.setenv("FLORIN_ENGINE_URL", own_server.dsn("florin_engine", "shop"))
    monkeypatch.setenv("FLORIN_PAGES_URL", own_server.dsn("florin_pages", "shop"))
    with open_store(data_dir) as store:
        assert who(store.addresses.engine) == "florin_engine in shop"
