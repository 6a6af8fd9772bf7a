"""Races: several engines, as in several processes, and eight threads or more let go at the same moment."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import cycle

import psycopg
import pytest
from msgspec.structs import replace

from engine import processes
from engine.together import at_once
from florin.credit.authorize import CreditLimitExceeded
from florin.engine import AlreadyUsed, ClaimKind, Engine, KeyConflict, Submission, claim, lane_of
from florin.engine.close_day import close_day, close_through
from florin.payments.capture import Capture
from florin.payments.pay import Pay, TradeAlreadyPaid
from florin.payments.receive import Receive
from florin.payments.refund import Refund, RefundExceedsPayment
from florin.payments.void import Void
from florin.wallet.withdraw import WalletTooLow, Withdraw
from world import DIRECT_APP, ESCROW_APP, SHOP, SimpleBank, World

THREADS = 12


@pytest.fixture
def engines(world: World) -> Iterator[list[Engine]]:
    """Three processes' engines, one of them with two connections."""
    with ExitStack() as stack:
        others = [stack.enter_context(Engine(world.dsn, connections=n)) for n in (2, 1)]
        yield [world.engine, *others]


def race(engines: list[Engine], submissions: list[Submission]):
    """Each submission in a thread of its own, dealt to the engines in turn."""
    return at_once(
        [
            lambda engine=engine, one=one: engine.execute([one])[0]
            for engine, one in zip(cycle(engines), submissions, strict=False)
        ]
    )


def reasons(outcomes) -> Counter[str]:
    return Counter("done" if outcome.refusal is None else outcome.refusal.name for outcome in outcomes)


def pay(world: World, name: str, trade_id: int, credit_minor: int = 0, wallet_minor: int = 0) -> Submission:
    person_id = world.people[name]
    return Submission(
        command=Pay(
            payment_id=world.engine.new_id(lane_of(person_id)),
            trade_id=trade_id,
            person_id=person_id,
            line_id=world.line_ids.get(name, 0),
            credit_minor=credit_minor,
            wallet_minor=wallet_minor,
        )
    )


@pytest.mark.parametrize("stage", ["direct", "escrow", "swept"])
def test_two_refunds_of_60_on_100_exactly_one_succeeds(world: World, engines, stage):
    world.person("alice", limit_minor=100_00, wallet_minor=40_00)
    app = ESCROW_APP if stage == "escrow" else DIRECT_APP
    payment_id = world.buy("alice", 60_00, 40_00, app=app).event.payment_id
    if stage == "swept":
        world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 1000000")
        world.until(world.today + timedelta(days=1))
    refunds = [
        Submission(
            command=Refund(payment_id=payment_id, amount_minor=60_00, request_no=f"r{n}"),
            claims=(claim(ClaimKind.REFUND, payment_id, f"r{n}", 60_00),),
            keeps_refusal=False,
        )
        for n in range(THREADS)
    ]

    outcomes = race(engines, refunds)

    assert reasons(outcomes) == {"done": 1, "RefundExceedsPayment": THREADS - 1}
    assert world.payment(payment_id).refunded_minor == 60_00
    refused = next(outcome.refusal for outcome in outcomes if outcome.refusal)
    assert refused == RefundExceedsPayment(requested_minor=60_00, refundable_minor=40_00, over_minor=20_00)
    world.assert_books_hold()


def test_one_code_scanned_by_many_makes_one_payment(world: World, engines):
    names = [f"shopper-{n}" for n in range(THREADS)]
    for name in names:
        world.person(name, limit_minor=500_00, wallet_minor=500_00)
    trade = world.ask(100_00, app=DIRECT_APP)

    outcomes = race(
        engines, [pay(world, name, trade, *((100_00, 0), (0, 100_00))[n % 2]) for n, name in enumerate(names)]
    )

    assert reasons(outcomes) == {"done": 1, "TradeAlreadyPaid": THREADS - 1}
    winner = next(outcome for outcome in outcomes if outcome.event)
    refused = next(outcome.refusal for outcome in outcomes if outcome.refusal)
    assert refused == TradeAlreadyPaid(trade_id=trade, payment_id=winner.event.payment_id)
    assert world.one("SELECT count(*) FROM payment") == 1
    assert (
        world.one("SELECT sum(principal_minor) FROM line")
        + world.one("SELECT 50000 * %s - sum(balance_minor) FROM wallet", THREADS)
        == 100_00
    )
    world.assert_books_hold()


def test_purchases_that_together_exceed_the_limit_never_do(world: World, engines):
    world.person("alice", limit_minor=500_00)
    charges = [world.charge_command("alice", 60_00, capture=n % 2 == 0) for n in range(THREADS)]

    outcomes = race(engines, charges)

    assert reasons(outcomes) == {"done": 8, "CreditLimitExceeded": THREADS - 8}
    line = world.line("alice")
    assert (line.held_minor + line.principal_minor, line.available_minor_on(world.today)) == (480_00, 20_00)
    refused = next(outcome.refusal for outcome in outcomes if outcome.refusal)
    assert isinstance(refused, CreditLimitExceeded)
    assert refused.available_minor == 20_00
    world.assert_books_hold()


def test_a_wallet_never_pays_more_than_it_holds(world: World, engines):
    world.person("alice", wallet_minor=100_00)
    person_id = world.people["alice"]
    takings = [
        pay(world, "alice", world.ask(30_00, app=(DIRECT_APP, ESCROW_APP)[n % 2]), wallet_minor=30_00)
        if n % 3
        else Submission(
            command=Withdraw(
                withdrawal_id=world.engine.new_id(lane_of(person_id)), person_id=person_id, amount_minor=30_00
            )
        )
        for n in range(THREADS)
    ]

    outcomes = race(engines, takings)

    assert reasons(outcomes) == {"done": 3, "WalletTooLow": THREADS - 3}
    assert world.wallet_minor("alice") == 10_00
    refused = next(outcome.refusal for outcome in outcomes if outcome.refusal)
    assert refused == WalletTooLow(balance_minor=10_00, requested_minor=30_00, short_minor=20_00)
    world.assert_books_hold()


def test_the_same_key_from_many_threads_is_one_event_with_one_answer(world: World, engines):
    world.person("alice", limit_minor=500_00)
    charges = [world.charge_command("alice", 60_00, key="order-7") for _ in range(THREADS)]

    outcomes = race(engines, charges)

    assert {outcome.event_id for outcome in outcomes} == {outcomes[0].event_id}
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert world.line("alice").principal_minor == 60_00
    assert world.one("SELECT count(*) FROM event WHERE kind = 44") == 1
    world.assert_books_hold()


def test_the_same_key_with_other_content_from_many_threads_is_done_for_one_of_them(world: World, engines):
    world.person("alice", limit_minor=10_000_00)
    charges = [world.charge_command("alice", 60_00 + n, key="order-7") for n in range(THREADS)]

    outcomes = race(engines, charges)

    done = [outcome for outcome in outcomes if outcome.event]
    assert len(done) == 1
    for outcome in outcomes:
        assert outcome in done or outcome.refusal == KeyConflict(
            kind="request", key="order-7", event_id=done[0].event_id
        )
    world.assert_books_hold()


def test_a_refusal_of_a_key_that_is_not_kept_lets_the_others_try(world: World, engines):
    """On the wires a declined attempt leaves the order payable: the one that has the money gets through."""
    world.person("poor", wallet_minor=1)
    world.person("rich", wallet_minor=100_00)
    trade = world.ask(100_00, app=DIRECT_APP)
    attempts = [
        replace(
            pay(world, "rich" if n == 5 else "poor", trade, wallet_minor=100_00),
            claims=(claim(ClaimKind.FORM, n, "attempt"),),
            keeps_refusal=False,
        )
        for n in range(THREADS)
    ]

    outcomes = race(engines, attempts)

    assert outcomes[5].event is not None
    assert set(reasons(outcomes)) <= {"done", "WalletTooLow", "TradeAlreadyPaid"}
    world.assert_books_hold()


def test_one_payment_code_pays_one_of_many_orders(world: World, engines):
    world.person("alice", limit_minor=10_000_00)
    code = claim(ClaimKind.CODE, 0, "28-1")
    charges = [world.charge_command("alice", 10_00) for _ in range(THREADS)]
    charges = [replace(charge, claims=(*charge.claims, code)) for charge in charges]

    outcomes = race(engines, charges)

    assert reasons(outcomes) == {"done": 1, "AlreadyUsed": THREADS - 1}
    winner = next(outcome for outcome in outcomes if outcome.event)
    refused = next(outcome.refusal for outcome in outcomes if outcome.refusal)
    assert refused == AlreadyUsed(kind="code", key="28-1", event_id=winner.event_id)
    world.assert_books_hold()


def test_capture_void_receipt_and_refund_at_once_take_nothing_twice(world: World, engines):
    world.person("alice", limit_minor=10_000_00, wallet_minor=1_000_00)
    held = world.authorize("alice", 60_00, 40_00).event.payment_id
    escrowed = world.buy("alice", 60_00, 40_00, app=ESCROW_APP).event.payment_id
    commands = [
        *(Capture(payment_id=held, amount_minor=60_00) for _ in range(4)),
        *(Void(payment_id=held) for _ in range(3)),
        *(Receive(payment_id=escrowed, by="seller") for _ in range(3)),
        *(Refund(payment_id=escrowed, amount_minor=60_00, request_no=f"r{n}") for n in range(4)),
    ]

    outcomes = race(engines, [Submission(command=command) for command in commands])

    assert sum(outcome.event is not None for outcome in outcomes[:4]) <= 1
    assert sum(outcome.event is not None for outcome in outcomes[4:7]) == 1
    assert sum(outcome.event is not None for outcome in outcomes[7:10]) == 1
    assert sum(outcome.event is not None for outcome in outcomes[10:]) == 1
    assert world.payment(held).open_minor == 0
    assert (world.line("alice").held_minor, world.line("alice").committed_minor) == (0, 0)
    world.assert_books_hold()


def test_people_paying_each_others_trades_in_both_directions_do_not_stop_each_other(world: World, engines):
    """Rows are locked in one order, whatever the order of the commands: no deadlock, nobody is told to come back."""
    names = [f"shopper-{n}" for n in range(6)]
    for name in names:
        world.person(name, limit_minor=10_000_00, wallet_minor=1_000_00)
    calls = []
    for n in range(THREADS):
        order = names if n % 2 else names[::-1]
        calls.append([pay(world, name, world.ask(10_00, app=DIRECT_APP), 5_00, 5_00) for name in order])

    answers = at_once(
        [lambda engine=e, call=call: engine.execute(call) for e, call in zip(cycle(engines), calls, strict=False)]
    )

    assert reasons(outcome for outcomes in answers for outcome in outcomes) == {"done": THREADS * len(names)}
    for name in names:
        assert world.line(name).principal_minor == THREADS * 5_00
        assert world.wallet_minor(name) == 1_000_00 - THREADS * 5_00
    world.assert_books_hold()


def test_ids_of_many_engines_and_threads_never_repeat(world: World, engines):
    taken = at_once(
        [lambda e=e: [e.new_id(298) for _ in range(500)] for e, _ in zip(cycle(engines), range(9), strict=False)]
    )

    ids = [identifier for some in taken for identifier in some]
    assert len(set(ids)) == len(ids) == 4_500
    assert {lane_of(identifier) for identifier in ids} == {298}


# ── the day ───────────────────────────────────────────────────────────────────────────────────────────────────────


def close_at_once(world: World, engines: list[Engine], close) -> list:
    def run(engine: Engine):
        with psycopg.connect(world.dsn) as connection:
            return close(engine, connection, SimpleBank(connection))

    return at_once([lambda engine=engine: run(engine) for engine, _ in zip(cycle(engines), range(8), strict=False)])


def test_eight_closes_of_one_day_do_everything_once(world: World, engines):
    world.until(world.today.replace(day=31))
    names = [f"shopper-{n}" for n in range(20)]
    for name in names:
        world.person(name, limit_minor=10_000_00)
        world.buy(name, 100_00)
        world.buy(name, 50_00, app=ESCROW_APP, confirm_days=1)
        world.authorize(name, 10_00)
    tomorrow = world.today + timedelta(days=1)

    closed = close_at_once(
        world, engines, lambda engine, connection, bank: close_through(engine, connection, tomorrow, bank=bank)
    )

    assert all(day.parked == 0 and day.on == tomorrow for days in closed for day in days)
    assert world.today == tomorrow
    for name in names:
        assert [row[2] for row in world.statements(name)] == [100_00]
        assert world.line(name).committed_minor == 0
    assert world.one("SELECT count(*) FROM event WHERE kind = 27") == len(names)
    assert world.one("SELECT count(*) FROM event WHERE kind = 45") == len(names)
    assert world.one("SELECT count(*) FROM event WHERE kind = 63") == 1
    assert world.one("SELECT sum(amount_minor) FROM payout") == 20 * (100_00 - 60)
    world.assert_books_hold()


def test_two_sweeps_of_one_window_and_two_payouts_of_one_day_are_one(world: World, engines):
    world.person("alice", limit_minor=10_000_00)
    world.buy("alice", 100_00)
    world.until(world.today + timedelta(days=1))

    close_at_once(
        world, engines, lambda e, connection, bank: close_day(e, connection, world_today(connection), bank=bank)
    )

    assert world.one("SELECT count(*) FROM sweep") == 1
    assert world.one("SELECT count(*) FROM event WHERE kind IN (60, 61)") == 2
    assert world.one("SELECT count(*) FROM payout") == 1
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 0
    world.assert_books_hold()


def world_today(connection: psycopg.Connection):
    on = connection.execute("SELECT business_on FROM clock").fetchone()[0]
    connection.commit()
    return on


def test_shopping_goes_on_while_the_day_closes_and_each_sale_is_in_one_day(world: World, engines):
    names = [f"shopper-{n}" for n in range(8)]
    for name in names:
        world.person(name, limit_minor=10_000_00, wallet_minor=1_000_00)
    until = world.today + timedelta(days=4)

    def shop(n: int) -> Counter[str]:
        engine, name = engines[n % len(engines)], names[n]
        charges = [world.charge_command(name, 1_00, key=f"{name}/{turn}") for turn in range(40)]
        return reasons(engine.execute([charge])[0] for charge in charges)

    def close() -> Counter[str]:
        with psycopg.connect(world.dsn) as connection:
            days = close_through(world.engine, connection, until, bank=SimpleBank(connection))
        return Counter(parked=sum(day.parked for day in days))

    answers = at_once([*(lambda n=n: shop(n) for n in range(8)), close])

    assert sum(answers, Counter()) == {"done": 320}
    world.until(until + timedelta(days=1))
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 0
    assert world.one("SELECT sum(amount_minor) FROM payout") == 320 * (1_00 - 1)
    world.assert_books_hold()


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_twins_of_a_key_in_several_processes_are_one_event(world: World):
    world.person("alice", limit_minor=10_000_00)
    keys = [f"order-{n}" for n in range(10)]
    method = multiprocessing.get_context("spawn")
    gate, answers = method.Barrier(4), method.Queue()
    started = [
        method.Process(
            target=processes.execute,
            args=(world.dsn, [world.charge_command("alice", 1_00, key=key) for key in keys], gate, answers),
        )
        for _ in range(4)
    ]
    for process in started:
        process.start()
    given = [answers.get(timeout=60) for _ in started]
    for process in started:
        process.join(60)

    for at, key in enumerate(keys):
        assert len({answer[at][0] for answer in given}) == 1, key
        assert sum(not answer[at][1] for answer in given) == 1, key
    assert world.line("alice").principal_minor == 10 * 1_00
    world.assert_books_hold()
