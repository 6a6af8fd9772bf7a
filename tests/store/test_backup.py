"""Backup and restore: the whole house in one file, but for its key."""

import stat
from pathlib import Path

import psycopg
import pytest

from florin.store import open_store, temporary_data_dir
from florin.store.backup import (
    BackupFileExists,
    BackupFileMissing,
    DatabaseNotEmpty,
    MasterKeyDiffers,
    PostgresProgramFailed,
    back_up,
    key_beside,
    restore,
)
from florin.store.doctor import Health, check_grants, check_roles
from florin.store.migrate import pending_migrations
from small_server import SMALL


@pytest.fixture
def store(furnished_dir):
    """A migrated store with one merchant in it and a master key beside it."""
    with open_store(furnished_dir, SMALL) as opened:
        with psycopg.connect(opened.addresses.engine) as connection:
            connection.execute("INSERT INTO merchant (id, lane, name, mdr_ppm) VALUES (1, 0, 'tea house', 6000)")
        opened.folder.master_key.write_bytes(b"sesame")
        opened.folder.master_key.chmod(0o600)
        yield opened


@pytest.fixture
def other_dir():
    with temporary_data_dir() as folder:
        yield Path(folder)


def test_a_backup_restored_into_an_empty_folder_is_the_same_house(store, other_dir, tmp_path):
    back_up(store, tmp_path / "monday.dump")

    with open_store(other_dir, SMALL) as moved:
        restore(moved, tmp_path / "monday.dump")

        assert pending_migrations(moved.addresses.owner) == []
        with psycopg.connect(moved.addresses.pages) as connection:
            assert connection.execute("SELECT name FROM merchant").fetchall() == [("tea house",)]


def test_the_roles_and_grants_hold_after_a_restore(store, other_dir, tmp_path):
    back_up(store, tmp_path / "monday.dump")

    with open_store(other_dir, SMALL) as moved:
        restore(moved, tmp_path / "monday.dump")

        with psycopg.connect(moved.addresses.owner) as connection:
            assert check_roles(connection).health is Health.OK
            assert check_grants(connection).health is Health.OK
        with psycopg.connect(moved.addresses.pages) as pages, pytest.raises(psycopg.errors.InsufficientPrivilege):
            pages.execute("UPDATE merchant SET mdr_ppm = 0")
        with psycopg.connect(moved.addresses.engine) as engine:
            engine.execute("UPDATE merchant SET name = 'tea garden'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                engine.execute("DELETE FROM event")


def test_the_master_key_is_not_in_a_backup_and_the_operator_is_told(store, tmp_path):
    copy = back_up(store, tmp_path / "monday.dump")

    assert copy.at is None
    assert "NOT in the backup" in copy.note
    assert b"sesame" not in (tmp_path / "monday.dump").read_bytes()


def test_a_key_that_was_asked_for_lies_beside_and_comes_back(store, other_dir, tmp_path):
    copy = back_up(store, tmp_path / "monday.dump", with_key=True)

    assert copy.at == key_beside(tmp_path / "monday.dump")
    with open_store(other_dir, SMALL) as moved:
        restore(moved, tmp_path / "monday.dump")
        assert moved.folder.master_key.read_bytes() == b"sesame"
        assert stat.S_IMODE(moved.folder.master_key.stat().st_mode) == 0o600


def test_a_backup_is_for_the_operators_eyes_only(store, tmp_path):
    back_up(store, tmp_path / "monday.dump", with_key=True)

    for name in ("monday.dump", "monday.dump.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_backup_never_replaces_a_file(store, tmp_path):
    (tmp_path / "monday.dump").write_text("something dear")

    with pytest.raises(BackupFileExists):
        back_up(store, tmp_path / "monday.dump")

    assert (tmp_path / "monday.dump").read_text() == "something dear"


def test_a_database_with_tables_is_not_restored_into(store, tmp_path):
    back_up(store, tmp_path / "monday.dump")

    with pytest.raises(DatabaseNotEmpty, match="FLORIN_DATA to an empty folder"):
        restore(store, tmp_path / "monday.dump")


def test_another_key_in_the_folder_stops_the_restore_before_it_begins(store, other_dir, tmp_path):
    back_up(store, tmp_path / "monday.dump", with_key=True)

    with open_store(other_dir, SMALL) as moved:
        moved.folder.master_key.write_bytes(b"another")
        with pytest.raises(MasterKeyDiffers):
            restore(moved, tmp_path / "monday.dump")


def test_a_file_that_is_no_backup_leaves_the_database_empty(data_dir, tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")

    with open_store(data_dir, SMALL) as store:
        with pytest.raises(PostgresProgramFailed, match="pg_restore failed"):
            restore(store, tmp_path / "letter.txt")
        with pytest.raises(BackupFileMissing):
            restore(store, tmp_path / "nowhere")
        with psycopg.connect(store.addresses.owner) as connection:
            assert connection.execute("SELECT to_regclass('event')").fetchone() == (None,)


def test_half_a_backup_restores_nothing(store, other_dir, tmp_path):
    back_up(store, tmp_path / "monday.dump")
    whole = (tmp_path / "monday.dump").read_bytes()
    (tmp_path / "half.dump").write_bytes(whole[: len(whole) // 2])

    with open_store(other_dir, SMALL) as moved:
        with pytest.raises(PostgresProgramFailed):
            restore(moved, tmp_path / "half.dump")
        with psycopg.connect(moved.addresses.owner) as connection:
            assert connection.execute("SELECT to_regclass('event')").fetchone() == (None,)
