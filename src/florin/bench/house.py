"""The benched house: a server of its own with merchants, shoppers, lines and agreements in the state of a live book.

Shoppers join, lines are opened and every line makes one purchase, all through the engine: so each line's next action is
already the cycle's close, as it is for all but the first purchase of a cycle, and the books can be proven afterwards. Limits
are set so high that no sale is refused. Agreements, which are no money, are copied in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import psycopg

from florin.bench.scale import Scale
from florin.credit.open import OpenLine
from florin.engine import ClaimKind, Engine, Submission, claim, clock, lane_for, lane_of
from florin.engine.admin import add_app, add_merchant
from florin.engine.ids import IdBlocks
from florin.payments.charge import Charge
from florin.payments.trade import Flow
from florin.store import OWNER, EmbeddedPostgres, Store, dsn_of, held_data_dir
from florin.store.migrate import migrate
from florin.store.postgres import SUPERUSER
from florin.store.session import addresses_in, prepare
from florin.wallet.join import Join
from florin.wires.keys import create_api_key

TPCB = "tpcb"
MERCHANTS = 20
# An app number of the same merchant whose every sale is told to a listener.
LISTENING = 100
# The most that the program gives: far above what one line buys here, so no sale is refused.
_LIMIT_MINOR = 5_000_000
_AGREED_MINOR = 1_000_000
_CHUNK = 500
# Nobody listens there: port 9 of this machine. Nothing is delivered during a benchmark, only written.
LISTENER = "https://127.0.0.1:9/"

Say = Callable[[str], None]


class Shopper(msgspec.Struct, frozen=True, array_like=True):
    """agreements: with the app of the merchant who makes half of all sales, and with the app `other_app`."""

    person_id: int
    line_id: int
    other_app: int
    agreements: tuple[int, int]


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """What a load must know of the house. merchants: by app number; app 1 is the big merchant's. api_keys: by app."""

    engine_url: str
    merchants: dict[int, int]
    api_keys: dict[int, str]
    shoppers: list[Shopper]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The running house. population_file: what loads read."""

    postgres: EmbeddedPostgres
    store: Store
    population: Population
    population_file: Path

    @property
    def superuser_url(self) -> str:
        return dsn_of(self.store.folder, role=SUPERUSER)


@contextmanager
def open_house(scale: Scale, parent: Path | None, say: Say) -> Iterator[House]:
    """Made, filled and analyzed; it goes with its folder. parent: where the folder is made, else the usual temporary place."""
    with own_store(parent) as (store, postgres):
        say("making the tables")
        migrate(store.addresses.owner)
        with psycopg.connect(store.addresses.engine, autocommit=True) as connection:
            clock.start(connection)
            merchants, api_keys = _add_merchants(connection)
        with Engine(store.addresses.engine, connections=2, name="setup") as engine:
            shoppers = _add_shoppers(engine, merchants[1], scale.lines, say)
        _add_agreements(store.addresses.engine, shoppers)
        population = Population(
            engine_url=store.addresses.engine, merchants=merchants, api_keys=api_keys, shoppers=shoppers
        )
        population_file = store.folder.path / "population.json"
        population_file.write_bytes(msgspec.json.encode(population))
        if scale.tpcb_scale:
            say("filling the tables of TPC-B")
            _fill_tpcb(postgres, scale.tpcb_scale)
        say("vacuum, analyze")
        with psycopg.connect(dsn_of(store.folder, role=SUPERUSER), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
        yield House(postgres=postgres, store=store, population=population, population_file=population_file)


@contextmanager
def own_store(
    parent: Path | None, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[Store, EmbeddedPostgres]]:
    """An empty store on a server of its own, whatever FLORIN_DATABASE_URL says; it goes with its folder."""
    with (
        held_data_dir(parent) as folder,
        EmbeddedPostgres(folder, settings) as postgres,
    ):
        prepare(postgres)
        addresses = addresses_in(postgres.folder)
        yield Store(folder=postgres.folder, addresses=addresses, postgres=postgres, own_server=False), postgres


def _add_merchants(connection: psycopg.Connection[Any]) -> tuple[dict[int, int], dict[int, str]]:
    """(merchant by app, API key by app): each merchant has a silent app and, with another number, one that is listened to."""
    merchants: dict[int, int] = {}
    api_keys: dict[int, str] = {}
    ids = IdBlocks(connection)
    for number in range(1, MERCHANTS + 1):
        merchant_id = add_merchant(connection, ids, name=f"Merchant {number}", mdr_ppm=6_000)
        for app_id, listener in ((number, ""), (number + LISTENING, LISTENER)):
            add_app(
                connection, app_id=app_id, merchant_id=merchant_id, name=f"App {app_id}", wire="rest", market="direct",
                notify_url=listener,
            )  # fmt: skip
            merchants[app_id] = merchant_id
            api_keys[app_id] = create_api_key(connection, "merchant", app_id)
    return merchants, api_keys


def _add_shoppers(engine: Engine, merchant_id: int, count: int, say: Say) -> list[Shopper]:
    """They join, have a line opened and buy something: each step in chunks, on all committing connections."""
    shoppers = []
    for number in range(count):
        lane = lane_for(f"person/{number}")
        person_id, line_id, first, second = (engine.new_id(lane) for _ in range(4))
        shoppers.append(Shopper(person_id, line_id, 2 + number % (MERCHANTS - 1), (first, second)))
    say(f"{count:,} shoppers join")
    _execute_all(engine, [_join(shopper) for shopper in shoppers])
    say(f"{count:,} lines are opened")
    _execute_all(engine, [_open(shopper) for shopper in shoppers])
    say(f"{count:,} first purchases")
    _execute_all(engine, [_first_purchase(engine, shopper, merchant_id) for shopper in shoppers])
    return shoppers


def _join(shopper: Shopper) -> Submission:
    logon = f"shopper-{shopper.person_id}"
    command = Join(person_id=shopper.person_id, logon=logon, name=logon)
    return Submission(command=command, claims=(claim(ClaimKind.LOGON, 0, logon),))


def _open(shopper: Shopper) -> Submission:
    command = OpenLine(person_id=shopper.person_id, line_id=shopper.line_id, program="huabei", limit_minor=_LIMIT_MINOR)
    return Submission(command=command)


def _first_purchase(engine: Engine, shopper: Shopper, merchant_id: int) -> Submission:
    return sale(engine, shopper, app_id=1, merchant_id=merchant_id, key=f"first-{shopper.line_id}", amount_minor=100)


def sale(engine: Engine, shopper: Shopper, *, app_id: int, merchant_id: int, key: str, amount_minor: int) -> Submission:
    """One sale on credit, authorized and captured: the command as the REST wire makes it, with its claim."""
    command = Charge(
        trade_id=engine.new_id(lane_for(f"{app_id}/{key}")),
        payment_id=engine.new_id(lane_of(shopper.person_id)),
        app_id=app_id,
        merchant_id=merchant_id,
        out_trade_no=key,
        amount_minor=amount_minor,
        subject="Benchmark",
        flow=Flow.DIRECT,
        person_id=shopper.person_id,
        line_id=shopper.line_id,
        credit_minor=amount_minor,
    )
    content = (amount_minor, command.subject, shopper.line_id)
    return Submission(command=command, claims=(claim(ClaimKind.REQUEST, app_id, key, content),))


def _execute_all(engine: Engine, submissions: Sequence[Submission]) -> None:
    for first in range(0, len(submissions), _CHUNK):
        for outcome in engine.execute(submissions[first : first + _CHUNK]):
            assert outcome.refusal is None, outcome.refusal


def _add_agreements(engine_url: str, shoppers: Sequence[Shopper]) -> None:
    rows = sorted(
        (lane_of(agreement), agreement, app_id, shopper.person_id, shopper.line_id, _AGREED_MINOR)
        for shopper in shoppers
        for app_id, agreement in zip((1, shopper.other_app), shopper.agreements, strict=True)
    )
    with (
        psycopg.connect(engine_url) as connection,
        connection.cursor().copy(
            "COPY agreement (lane, id, app_id, person_id, line_id, limit_minor) FROM STDIN"
        ) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _fill_tpcb(postgres: EmbeddedPostgres, scale: int) -> None:
    with psycopg.connect(postgres.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TPCB} OWNER {OWNER}")
    postgres.run_binary("pgbench", "-i", "-q", "-s", str(scale), postgres.dsn(OWNER, TPCB))
