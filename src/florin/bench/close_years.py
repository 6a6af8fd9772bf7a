"""An account with ten years of history: how long it takes to read it and to explain what it owes.

It is lived through the engine, month by month: a purchase, the statement, a repayment that sometimes is the minimum alone.
"""

from __future__ import annotations

import statistics
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from florin.bank import SimulatedBank, receive_repayment
from florin.bench.house import own_store
from florin.credit.explain import question_of
from florin.credit.open import OpenLine
from florin.engine import Engine, Submission, clock, lane_for
from florin.engine.actions import AdvanceLine
from florin.engine.admin import add_app, add_merchant
from florin.engine.ids import IdBlocks
from florin.payments.charge import Charge
from florin.payments.trade import Flow
from florin.queries.explain import explain_line
from florin.store.migrate import migrate
from florin.wallet.join import Join

YEARS = 10
_FROM = date(2016, 1, 5)
_TIMES = 20


def explain_ten_years_ms(parent: Path | None, *, years: int = YEARS) -> float:
    """The median time of reading the line's whole history and explaining what it owes."""
    with own_store(parent) as (store, _):
        migrate(store.addresses.owner)
        with psycopg.connect(store.addresses.engine, autocommit=True) as connection:
            clock.start(connection, _FROM)
            merchant_id = add_merchant(connection, IdBlocks(connection), name="Tea House", mdr_ppm=6_000)
            add_app(connection, app_id=1, merchant_id=merchant_id, name="till", wire="rest", market="direct")
            with Engine(store.addresses.engine, name="years") as engine:
                line_id = _live(engine, connection, merchant_id, years)
        with psycopg.connect(store.addresses.engine) as connection:
            at = clock.read(connection)
            took = []
            for _ in range(_TIMES):
                began = time.perf_counter()
                found = explain_line(connection, line_id=line_id, question=question_of("owed"), at=at, language="en")
                took.append(time.perf_counter() - began)
                connection.commit()
                assert found is not None
    return statistics.median(took) * 1000


def _live(engine: Engine, connection: psycopg.Connection[Any], merchant_id: int, years: int) -> int:
    lane = lane_for("years")
    person_id, line_id = engine.new_id(lane), engine.new_id(lane)

    def do(command: Any) -> None:
        outcome = engine.execute([Submission(command=command)])[0]
        assert outcome.refusal is None, outcome.refusal

    do(Join(person_id=person_id, logon="years", name="years"))
    do(OpenLine(person_id=person_id, line_id=line_id, program="huabei", limit_minor=5_000_000))
    bank, on = SimulatedBank(connection), _FROM
    until = _FROM.replace(year=_FROM.year + years)
    while on < until:
        on = clock.roll(connection, on)
        clock.shift(connection, 86_400)
        if on.day in (6, 16, 26):
            do(
                Charge(
                    trade_id=engine.new_id(lane), payment_id=engine.new_id(lane), app_id=1, merchant_id=merchant_id,
                    out_trade_no=f"{on}", amount_minor=10_000 + on.day * 7, subject="Tea", flow=Flow.DIRECT,
                    person_id=person_id, line_id=line_id, credit_minor=10_000 + on.day * 7,
                )
            )  # fmt: skip
        elif on.day == 1:
            do(AdvanceLine(line_id=line_id))
        elif on.day == 9 and on - _FROM > timedelta(days=31):
            due_minor, least_minor = _due(connection, line_id)
            amount_minor = least_minor if on.month % 4 == 0 else due_minor
            receive_repayment(engine, bank, line_id=line_id, amount_minor=amount_minor, reference=f"{on}", on=on)
    do(AdvanceLine(line_id=line_id))
    return line_id


def _due(connection: psycopg.Connection[Any], line_id: int) -> tuple[int, int]:
    row = connection.execute(_DUE, {"line_id": line_id}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


_DUE = """
    SELECT l.due_minor, s.minimum_left_minor FROM line l JOIN statement s ON s.lane = l.lane AND s.line_id = l.id
     WHERE l.id = %(line_id)s ORDER BY s.closes_on DESC LIMIT 1
"""
