"""The command line of the store, as an operator meets it."""

import os
import subprocess
import sys

import psycopg

from florin.store import DataFolder, dsn_of, open_store
from small_server import SMALL


def florin(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "florin", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def test_help_lists_every_command():
    told = florin("--help")

    operating = (
        "serve",
        "migrate",
        "backup",
        "restore",
        "doctor",
        "prove",
        "merchant",
        "app",
        "shopper",
        "line",
        "keys",
    )
    for command in (*operating, "demo", "sandbox", "bench"):
        assert f"\n  {command} " in told.stdout


def test_a_house_is_migrated_backed_up_and_restored_by_three_commands(data_dir, tmp_path):
    old, new = data_dir / "old", data_dir / "new"
    data_dir.chmod(0o711)

    assert florin("migrate", "--data", old).returncode == 0
    kept = florin("backup", tmp_path / "monday.dump", "--data", old)
    came = florin("restore", tmp_path / "monday.dump", "--data", new)
    look = florin("doctor", "--data", new)

    assert "The database is in" in kept.stdout
    assert "is restored" in came.stdout
    assert (kept.returncode, came.returncode, look.returncode) == (0, 0, 0)


def test_commands_work_beside_a_running_florin(furnished_dir, tmp_path):
    with open_store(furnished_dir, SMALL):
        kept = florin("backup", tmp_path / "monday.dump", "--data", furnished_dir)

        assert kept.returncode == 0
        with psycopg.connect(dsn_of(DataFolder(furnished_dir), role="florin_owner")) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_refusal_is_two_lines_and_exit_code_one(furnished_dir, tmp_path):
    (tmp_path / "monday.dump").write_text("something dear")

    told = florin("backup", tmp_path / "monday.dump", "--data", furnished_dir)

    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        f"{tmp_path}/monday.dump exists already.",
        "Name another file; a backup never replaces one.",
    ]


def test_the_doctor_exits_with_one_when_something_is_wrong(data_dir):
    with open_store(data_dir, SMALL):
        told = florin("doctor", "--data", data_dir)

    assert told.returncode == 1
    assert "florin migrate" in told.stdout
