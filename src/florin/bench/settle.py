"""Settlement of a large day: closed, swept, proven, paid out by the bank, and every merchant's files written.

The sales are made through the engine, on credit and from wallets, some given back again; then the day is over. What is measured
is all that stands between midnight and money at the merchants' banks: the day close with its proof, the payouts handed to the
bank and its answers booked, and each merchant's bill in every form, on disk, written by two processes. Nothing of it is done
beforehand.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from florin.bank import SimulatedBank, settle_outgoing
from florin.bench.house import Say, own_store
from florin.bench.machine import describe
from florin.credit.open import OpenLine
from florin.documents.bills import bill_files
from florin.engine import ClaimKind, Engine, Submission, claim, clock, lane_for, lane_of
from florin.engine.admin import add_app, add_merchant
from florin.engine.close_day import DayClosed, close_through
from florin.engine.ids import IdBlocks
from florin.payments.charge import Charge
from florin.payments.refund import Refund
from florin.payments.trade import Flow
from florin.queries.bills import read_bills
from florin.store.migrate import migrate
from florin.wallet.join import Join
from florin.wallet.top_up import TopUp

WRITERS = 2  # processes that write files
_SOLD_ON = date(2026, 3, 2)
_CHUNK = 500
_REFUNDED_EVERY = 40
_SHOPPERS_A_THOUSAND_TRADES = 20
_MOST_MINOR = 20_000  # of one sale
_MONEY_MINOR = 5_000_000  # of each shopper: more than she can spend here


class SettleReport(msgspec.Struct, frozen=True, kw_only=True):
    """seconds: of each part, and `all`. files: written, with their bytes. holds: the proof of the close, and what the files
    say is owed is what was paid out.
    """

    trades: int
    refunds: int
    merchants: int
    machine: dict[str, object]
    seconds: dict[str, float]
    files: int
    megabytes: float
    paid_out_minor: int
    holds: bool


def measure(
    trades: int = 100_000, merchants: int = 200, *, parent: Path | None = None, say: Say = lambda text: None
) -> SettleReport:
    """On a server of its own, in a folder that goes with it. parent: where that is made."""
    with own_store(parent) as (store, _):
        say("making the tables")
        migrate(store.addresses.owner)
        engine_url = store.addresses.engine
        with (
            psycopg.connect(engine_url, autocommit=True) as connection,
            Engine(engine_url, connections=2, name="bench-settle") as engine,
        ):
            clock.start(connection, _SOLD_ON)
            refunds = _sell(engine, connection, trades, merchants, say)
            connection.execute("ANALYZE")
            say("midnight: close, pay out, write the files")
            folder = store.folder.path / "bills"
            folder.mkdir()
            with ProcessPoolExecutor(WRITERS, get_context("spawn")) as writers:
                list(writers.map(_is_up, range(WRITERS)))
                return _settle(engine, engine_url, trades, refunds, folder, writers)


def _settle(
    engine: Engine, engine_url: str, trades: int, refunds: int, folder: Path, writers: ProcessPoolExecutor
) -> SettleReport:
    paid_on = _SOLD_ON + timedelta(days=1)
    with psycopg.connect(engine_url, autocommit=True) as of_bank, psycopg.connect(engine_url) as connection:
        bank = SimulatedBank(of_bank)
        began = time.monotonic()
        [closed] = close_through(engine, connection, paid_on, bank=bank)
        assert closed.proof.holds, [check for check in closed.proof.checks if not check.holds]
        after_close = time.monotonic()
        settle_outgoing(engine, connection, bank, on=paid_on)
        after_bank = time.monotonic()
        shares = list(writers.map(_write_files, *zip(*_tasks(engine_url, folder), strict=True)))
        written, size, owed_minor = (sum(each) for each in zip(*shares, strict=True))
        ended = time.monotonic()
        row = connection.execute("SELECT sum(amount_minor)::bigint FROM payout WHERE state = 'settled'").fetchone()
        paid_out = 0 if row is None or row[0] is None else int(row[0])
        return SettleReport(
            trades=trades, refunds=refunds, merchants=closed.paid_out, machine=describe(connection, folder),
            seconds={
                **{f"close: {part}": seconds for part, seconds in closed.seconds.items()},
                "close": round(after_close - began, 3), "bank": round(after_bank - after_close, 3),
                "files": round(ended - after_bank, 3), "all": round(ended - began, 3),
            },
            files=written, megabytes=round(size / 1e6, 1), paid_out_minor=paid_out,
            holds=_holds(closed, owed_minor, paid_out),
        )  # fmt: skip


def _holds(closed: DayClosed, owed_minor: int, paid_out_minor: int) -> bool:
    return closed.proof.holds and closed.windows_parked == 0 and owed_minor == paid_out_minor


def _is_up(number: int) -> int:
    """Asked of a writer before midnight, so that it has started by then, as the processes of a house have."""
    time.sleep(0.5)
    return number


def _tasks(engine_url: str, folder: Path) -> list[tuple[str, Path, int]]:
    return [(engine_url, folder, number) for number in range(WRITERS)]


def _write_files(engine_url: str, folder: Path, number: int) -> tuple[int, int, int]:
    """(files, bytes, what the bills together say that is owed) of one writer's merchants."""
    written = size = owed_minor = 0
    with psycopg.connect(engine_url) as connection:
        for bill in read_bills(connection, on=_SOLD_ON, part=(number, WRITERS)):
            owed_minor += bill.closing_minor
            for file in bill_files(bill):
                written += 1
                size += (folder / file.name).write_bytes(file.content)
    return written, size, owed_minor


# ── the day's sales ───────────────────────────────────────────────────────────────────────────────────────────────


def _sell(engine: Engine, connection: psycopg.Connection[Any], trades: int, merchants: int, say: Say) -> int:
    """Merchants, shoppers, their sales and some refunds. Gives the number of refunds."""
    ids, shops = IdBlocks(connection), []
    for number in range(1, merchants + 1):
        shops.append(add_merchant(connection, ids, name=f"Merchant {number}", mdr_ppm=6_000))
        add_app(
            connection, app_id=number, merchant_id=shops[-1], name=f"App {number}", wire="rest", market="direct",
        )  # fmt: skip
    people = _shoppers(engine, connection, max(100, trades * _SHOPPERS_A_THOUSAND_TRADES // 1_000))
    say(f"{len(people):,} shoppers, {merchants} merchants; {trades:,} sales begin")
    draw = random.Random(1)  # noqa: S311 - a draw of amounts, not a secret
    refunds = 0
    for first in range(0, trades, _CHUNK):
        sales = [
            _sale(engine, draw.choice(people), 1 + number % merchants, shops, number, draw)
            for number in range(first, min(first + _CHUNK, trades))
        ]
        outcomes = _execute(engine, sales)
        given_back = [_refund(sale.command.payment_id, sale.command.amount_minor) for sale in sales[::_REFUNDED_EVERY]]
        refunds += len(given_back)
        _execute(engine, given_back)
        assert all(outcome.event is not None for outcome in outcomes)
        if first % (50 * _CHUNK) == 0:
            say(f"{first + len(sales):,} sales")
    return refunds


def _shoppers(engine: Engine, connection: psycopg.Connection[Any], count: int) -> list[tuple[int, int]]:
    """(person, line) of each, with money from her bank."""
    people = []
    for number in range(count):
        lane = lane_for(f"person/{number}")
        people.append((engine.new_id(lane), engine.new_id(lane)))
    bank = SimulatedBank(connection)
    for person, _ in people:
        bank.receive(amount_minor=_MONEY_MINOR, reference=f"b-{person}", on=_SOLD_ON)
    for steps in (
        [
            Submission(command=Join(person_id=person, logon=f"shopper-{person}", name=f"shopper-{person}"))
            for person, _ in people
        ],
        [
            Submission(command=OpenLine(person_id=person, line_id=line, program="huabei", limit_minor=_MONEY_MINOR))
            for person, line in people
        ],
        [
            Submission(command=TopUp(person_id=person, amount_minor=_MONEY_MINOR, bank_reference=f"b-{person}"))
            for person, _ in people
        ],
    ):
        for first in range(0, len(steps), _CHUNK):
            _execute(engine, steps[first : first + _CHUNK])
    return people


def _sale(
    engine: Engine, who: tuple[int, int], app_id: int, shops: Sequence[int], number: int, draw: random.Random
) -> Submission:
    """On credit or from the wallet, half and half."""
    person_id, line_id = who
    amount = draw.randint(100, _MOST_MINOR)
    credit = amount if number // 7 % 2 else 0
    command = Charge(
        trade_id=engine.new_id(lane_for(f"{app_id}/{number}")), payment_id=engine.new_id(lane_of(person_id)),
        app_id=app_id, merchant_id=shops[app_id - 1], out_trade_no=f"order-{number:08}", amount_minor=amount,
        subject="龙井茶 250g", flow=Flow.DIRECT, person_id=person_id, line_id=line_id, credit_minor=credit,
        wallet_minor=amount - credit,
    )  # fmt: skip
    return Submission(command=command, claims=(claim(ClaimKind.REQUEST, app_id, command.out_trade_no, amount),))


def _refund(payment_id: int, amount_minor: int) -> Submission:
    half = max(1, amount_minor // 2)
    number = f"refund-{payment_id}"
    command = Refund(payment_id=payment_id, amount_minor=half, request_no=number)
    return Submission(command=command, claims=(claim(ClaimKind.REFUND, payment_id, number, half),))


def _execute(engine: Engine, submissions: Sequence[Submission]) -> list[Any]:
    outcomes = engine.execute(list(submissions))
    for outcome in outcomes:
        assert outcome.refusal is None, outcome.refusal
    return outcomes
