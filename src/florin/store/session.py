"""Open the store, whoever brings it: an operator's own server, one that runs already, or one that we start.

Every command goes through `open_store`. It leaves things as it found them: a server that it started stops with it, one
that another Florin supervises goes on.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import psycopg

from florin.store.binaries import Binaries, find_binaries, installed
from florin.store.folder import DataFolder, default_data_dir, is_supervised
from florin.store.locator import DATABASE, ENGINE, OWNER, PAGES, dsn_of
from florin.store.postgres import SUPERUSER, EmbeddedPostgres
from florin.store.refusal import StoreRefusal
from florin.store.roles import Addresses, addresses_of_own_server, create_database, create_roles, ensure_logins

_ANSWER_WITHIN_S = 30.0


class ServerNotAnswering(StoreRefusal):
    def __init__(self, *, folder: DataFolder, reason: str) -> None:
        super().__init__(
            f"A Florin supervises {folder.path}, and its database does not answer: {reason.strip()}",
            f"See {folder.log}; stop that Florin and start it again.",
        )


class NoHouseHere(StoreRefusal):
    def __init__(self, *, folder: DataFolder) -> None:
        super().__init__(
            f"There is no house in {folder.path}.",
            "Run `florin serve` to make one, or name the folder of yours with --data or FLORIN_DATA.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store. `postgres` is the server when we started it ourselves, none when it is somebody else's."""

    folder: DataFolder
    addresses: Addresses
    postgres: EmbeddedPostgres | None
    own_server: bool

    def binaries(self) -> Binaries:
        """The PostgreSQL programs that fit this store: for an operator's own server, the newest we have."""
        if self.own_server and (available := installed()):
            return max(available, key=lambda each: each.major)
        return find_binaries(cluster=self.folder.cluster)


@contextmanager
def open_store(
    data_dir: Path | None = None, settings: Mapping[str, str] = MappingProxyType({}), *, as_keeper: bool = False
) -> Iterator[Store]:
    """The store of FLORIN_DATABASE_URL, else that of the data folder: running already, or started for the while.

    On the embedded server the three roles and an empty database are made when they are missing; tables are not, see
    `migrate`. as_keeper: never lean on a server that somebody else started and may stop; then DataFolderInUse says who.
    Raises StoreRefusal.
    """
    folder = DataFolder(data_dir or default_data_dir())
    own = os.environ.get("FLORIN_DATABASE_URL")
    if own:
        ensure_logins(own, folder)
        addresses = addresses_of_own_server(own, folder)
        yield Store(folder=folder, addresses=addresses, postgres=None, own_server=True)
    elif is_supervised(folder) and not as_keeper:
        _wait_for_answer(folder)
        yield Store(folder=folder, addresses=addresses_in(folder), postgres=None, own_server=False)
    else:
        with EmbeddedPostgres(folder.path, settings) as postgres:
            prepare(postgres)
            yield Store(folder=folder, addresses=addresses_in(folder), postgres=postgres, own_server=False)


@contextmanager
def open_house(data_dir: Path | None = None) -> Iterator[Store]:
    """The store of a house that is there already: a mistyped folder does not become a new one. Raises NoHouseHere."""
    folder = DataFolder(data_dir or default_data_dir())
    if not os.environ.get("FLORIN_DATABASE_URL") and not folder.cluster.exists():
        raise NoHouseHere(folder=folder)
    with open_store(data_dir) as store:
        yield store


def prepare(postgres: EmbeddedPostgres) -> None:
    """On a running embedded server: the three roles and the database, where they are missing."""
    with psycopg.connect(postgres.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        create_roles(connection)
        create_database(connection, DATABASE)


def addresses_in(folder: DataFolder) -> Addresses:
    return Addresses(
        owner=dsn_of(folder, role=OWNER), engine=dsn_of(folder, role=ENGINE), pages=dsn_of(folder, role=PAGES)
    )


def _wait_for_answer(folder: DataFolder) -> None:
    """The supervisor may have taken the folder a moment ago and still be making the database."""
    deadline = time.monotonic() + _ANSWER_WITHIN_S
    while True:
        try:
            psycopg.connect(dsn_of(folder, role=OWNER)).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise ServerNotAnswering(folder=folder, reason=str(error)) from None
            time.sleep(0.1)
        else:
            return
