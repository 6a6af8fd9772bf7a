"""What every test may lean on: a real PostgreSQL, made once, with a fresh database for each test that asks.

One embedded server runs per test process (per xdist worker), in a folder that goes with it. A template database is
migrated once; a test's database is a copy of it. When the process ends, however it ends, its server stops.
"""

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from psycopg import sql

from florin.engine import close_day, proof
from florin.engine.proof import Proof
from florin.store import ENGINE, OWNER, PAGES, EmbeddedPostgres, temporary_data_dir
from florin.store.migrate import migrate
from florin.store.roles import create_database, create_roles
from small_server import SMALL
from street_world import RunningStreet, running_street

TEMPLATE = "florin_template"
ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Tests neither see nor touch the operator's Florin: no address of theirs, and a data folder of our own."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to end, a run cleans up as after Ctrl-C
    for name in [name for name in os.environ if name.startswith("FLORIN_")]:
        del os.environ[name]
    _put_databases_in_memory()
    folder = temporary_data_dir()
    config.add_cleanup(folder.cleanup)
    os.environ["FLORIN_DATA"] = folder.name


def _put_databases_in_memory() -> None:
    """Servers of tests on a disk that others use too take four times as long; what is killed loses nothing in memory."""
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return
    space = os.statvfs(memory)
    if space.f_bavail * space.f_frsize >= 4_000_000_000:
        tempfile.tempdir = str(memory)
        os.environ["TMPDIR"] = str(memory)  # for the processes that tests start


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshDatabase:
    """A migrated, empty database: its name and the address of each role."""

    name: str
    owner: str
    engine: str
    pages: str
    superuser: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """The server of this test process, with the three roles."""
    with temporary_data_dir() as folder, EmbeddedPostgres(Path(folder), SMALL) as server:
        with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as connection:
            create_roles(connection)
        yield server


@pytest.fixture(scope="session")
def database_template(postgres_server: EmbeddedPostgres) -> str:
    """The name of the migrated database that the others are copies of. Nobody may stay connected to it."""
    with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as connection:
        create_database(connection, TEMPLATE)
    migrate(postgres_server.dsn(OWNER, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def new_database(
    postgres_server: EmbeddedPostgres, database_template: str
) -> Callable[..., AbstractContextManager[FreshDatabase]]:
    """`with new_database() as database:` for fixtures of a wider scope, and for tests that need two.

    template: another's name, to begin with what is in it. Nobody may be connected to that one.
    """
    numbers = itertools.count(1)

    @contextmanager
    def make(template: str = database_template) -> Iterator[FreshDatabase]:
        name = f"test_{next(numbers)}"
        with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as connection:
            create_database(connection, name, template=template, strategy="FILE_COPY")
        try:
            yield FreshDatabase(
                name=name,
                owner=postgres_server.dsn(OWNER, name),
                engine=postgres_server.dsn(ENGINE, name),
                pages=postgres_server.dsn(PAGES, name),
                superuser=postgres_server.dsn("postgres", name),
            )
        finally:
            with psycopg.connect(postgres_server.dsn("postgres", "postgres"), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    return make


@pytest.fixture
def fresh_database(new_database: Callable[[], AbstractContextManager[FreshDatabase]]) -> Iterator[FreshDatabase]:
    """A database of this test's own, migrated and empty."""
    with new_database() as database:
        yield database


@pytest.fixture(autouse=True)
def _days_on_which_nothing_was_written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day close in a test's own process proves the books when something was written since its last proof.

    Nothing is left unproven by that: the proof of an idle day would ask the same of the same rows, and these were two thirds
    of what closing a month cost. Tests that change rows behind the engine's back, or are about the proof, say `every_proof`.
    """
    if request.node.get_closest_marker("every_proof"):
        return
    held: dict[str, tuple[Any, Proof]] = {}

    def prove_day(connection: psycopg.Connection[Any]) -> Proof:
        written = connection.execute(
            "SELECT (SELECT (count(*), sum(events)) FROM batch)::text, (SELECT count(*) FROM bank_line)"
        ).fetchone()
        key = connection.info.dsn
        if key not in held or held[key][0] != written or not held[key][1].holds:
            held[key] = written, proof.prove_day(connection)
        return held[key][1]

    monkeypatch.setattr(close_day, "prove_day", prove_day)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program. Without one a browser test is skipped, and under CI it fails."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    _missing("Chromium (Debian: apt-get install chromium fonts-noto-cjk)")


@pytest.fixture(scope="session")
def sdk_python() -> Callable[[str], Path]:
    """`sdk_python("alipay-official")`: the Python that has this SDK, in an environment of its own (make sdks)."""

    def find(name: str) -> Path:
        python = ROOT / ".venvs" / name / "bin" / "python"
        if python.exists():
            return python
        _missing(f"the environment {python.parent.parent.relative_to(ROOT)} (make sdks)")

    return find


@pytest.fixture(scope="session")
def node() -> Path:
    """Node, with the npm SDKs in tests/sdk/npm/node_modules (make sdks)."""
    if not (ROOT / "tests/sdk/npm/node_modules/alipay-sdk").exists():
        _missing("tests/sdk/npm/node_modules (make sdks)")
    own = ROOT / ".venvs" / "node" / "bin" / "node"
    if own.exists():
        return own
    if found := shutil.which("node"):
        return Path(found)
    _missing("Node (make sdks)")


def _missing(what: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing: {what}", pytrace=False)
    pytest.skip(f"missing: {what}")


@pytest.fixture(scope="session")
def street() -> Iterator[RunningStreet]:
    """`florin demo`, one for all tests of this process that walk the street: each buys its own things there."""
    with running_street() as running:
        yield running
