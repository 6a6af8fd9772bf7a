"""Data folders for the tests of the store: one furnished once, the others copies of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from florin.store import open_store, temporary_data_dir
from florin.store.migrate import migrate
from small_server import SMALL


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A new, empty data folder."""
    with temporary_data_dir() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def furnished_once() -> Iterator[Path]:
    with temporary_data_dir() as folder:
        with open_store(Path(folder), SMALL) as store:
            migrate(store.addresses.owner)
        yield Path(folder)


@pytest.fixture
def furnished_dir(furnished_once: Path, data_dir: Path) -> Path:
    """A data folder with a migrated database, closed properly."""
    subprocess.run(["cp", "-a", str(furnished_once / "postgres"), str(data_dir)], check=True)
    return data_dir
