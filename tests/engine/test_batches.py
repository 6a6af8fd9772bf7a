"""Batches: they gather while the last one commits, go round rows that somebody holds, and stop only the culprit of a guard."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from msgspec.structs import replace

from engine.together import at_once
from florin.engine import Busy, Engine, GuardRefused, NotFound, Submission
from florin.engine import batch as batches
from florin.engine.actions import ACTIONS
from florin.engine.submission import EngineFault
from florin.events.refusals import Refusal
from florin.payments.charge import Charge
from florin.payments.merchant import MerchantFrozen
from florin.payments.trade import TradeDetail
from florin.wallet.top_up import TopUp
from florin.wallet.withdraw import Withdraw
from world import DIRECT_APP, SHOP, World


@contextmanager
def holding(world: World, table: str, identifier: int) -> Iterator[psycopg.Connection]:
    """Somebody at a console holds this row, until the block ends."""
    with psycopg.connect(world.dsn) as console:
        console.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", (identifier,))
        yield console
        console.rollback()


def chain(world: World) -> list[tuple[int, int]]:
    rows = world.connection.execute("SELECT seq, events FROM batch ORDER BY writer, seq").fetchall()
    world.connection.commit()
    return rows


# ── gathering ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_comes_while_a_batch_commits_goes_into_the_next_one_together(world: World, monkeypatch):
    for n in range(40):
        world.person(f"shopper-{n}", limit_minor=100_000)
    charges = [world.charge_command(f"shopper-{n}", 1_000) for n in range(40)]
    before = len(chain(world))
    opened, transaction = threading.Event(), batches.Committer._transaction

    def slowly(committer, jobs, *, alone):
        if not opened.is_set():
            opened.set()
            time.sleep(0.5)
        return transaction(committer, jobs, alone=alone)

    monkeypatch.setattr(batches.Committer, "_transaction", slowly)
    outcomes = at_once([lambda charge=charge: world.engine.execute([charge])[0] for charge in charges])

    assert all(outcome.event is not None for outcome in outcomes)
    sizes = [events for _, events in chain(world)[before:]]
    assert sum(sizes) == 40
    assert max(sizes) > 10, sizes
    world.assert_books_hold()


def test_a_call_is_never_waited_for_when_nothing_else_is_there(world: World):
    world.person("alice", limit_minor=100_000)
    before = len(chain(world))

    for _ in range(3):
        assert world.engine.execute([world.charge_command("alice", 1_000)])[0].event

    assert [events for _, events in chain(world)[before:]] == [1, 1, 1]


def test_an_engine_takes_at_most_its_number_of_submissions_into_a_batch_of_many_calls(world: World):
    world.person("alice", limit_minor=1_000_000)
    with Engine(world.dsn, batch_max=5) as small:
        charges = [world.charge_command("alice", 1_000) for _ in range(30)]
        before = len(chain(world))
        at_once([lambda charge=charge: small.execute([charge])[0] for charge in charges])

    assert max(events for _, events in chain(world)[before:]) <= 5


def test_an_engine_with_two_connections_keeps_two_chains(world: World):
    for n in range(12):
        world.person(f"shopper-{n}", limit_minor=1_000_000)
    with Engine(world.dsn, connections=2, batch_max=4) as engine:

        def shop(n: int) -> list[bool]:
            return [
                engine.execute([world.charge_command(f"shopper-{n}", 100, key=f"{n}/{turn}")])[0].event is not None
                for turn in range(10)
            ]

        assert all(all(done) for done in at_once([lambda n=n: shop(n) for n in range(12)]))

    writers = world.one("SELECT count(DISTINCT writer) FROM event WHERE kind = 44")
    assert writers == 2
    assert world.one("SELECT count(*) FROM event WHERE kind = 44") == 120
    world.assert_books_hold()


async def submit_from_asyncio(engine: Engine, submissions: list[Submission]) -> list:
    return await engine.execute_async(submissions)


def test_asyncio_callers_get_the_same_answers(world: World):
    import asyncio

    world.person("alice", limit_minor=100_000)
    charge = world.charge_command("alice", 1_000)

    first = asyncio.run(submit_from_asyncio(world.engine, [charge]))[0]
    again = world.engine.execute([charge])[0]

    assert again == replace(first, replayed=True, trade=None, payment=None, at=None)


def test_an_empty_call_has_no_outcomes(world: World):
    before = chain(world)

    assert world.engine.execute([]) == []
    assert chain(world) == before


def test_a_command_that_nobody_knows_fails_its_own_call_and_no_other(world: World, monkeypatch):
    world.person("alice", limit_minor=100_000)
    opened, transaction = threading.Event(), batches.Committer._transaction

    def slowly(committer, jobs, *, alone):
        if not opened.is_set():
            opened.set()
            time.sleep(0.3)
        return transaction(committer, jobs, alone=alone)

    monkeypatch.setattr(batches.Committer, "_transaction", slowly)
    commands = [world.charge_command("alice", 1_000) for _ in range(7)] + [Submission(command="what?")]

    def submit(submission: Submission):
        try:
            return world.engine.execute([submission])[0]
        except (KeyError, TypeError) as failure:
            return failure

    outcomes = at_once([lambda one=one: submit(one) for one in commands])

    assert all(outcome.event is not None for outcome in outcomes[:7])
    assert isinstance(outcomes[7], Exception)


# ── busy rows ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def two(world: World) -> World:
    world.person("alice", limit_minor=100_000, wallet_minor=50_000)
    world.person("bob", limit_minor=100_000, wallet_minor=50_000)
    return world


def test_a_row_that_somebody_holds_stops_nobody_else(two: World):
    """Alice's line is held; bob's payment of the same batch goes through, hers is answered as busy and keeps no key."""
    alice, bob = two.charge_command("alice", 1_000), two.charge_command("bob", 1_000)
    claims = two.one("SELECT count(*) FROM claim")

    with holding(two, "line", two.line_ids["alice"]):
        started = time.monotonic()
        hers, his = two.engine.execute([alice, bob])
        waited = time.monotonic() - started

    assert his.event is not None
    assert hers.refusal == Busy(table="account")
    assert waited < batches.LOCK_TIMEOUT_MS / 1000 + 2
    assert two.one("SELECT count(*) FROM claim") == claims + 1, "only bob's key was kept"
    assert two.engine.execute([alice])[0].event is not None, "the same key, tried again, is free"
    two.assert_books_hold()


def test_a_row_that_is_let_go_in_time_is_waited_for(two: World):
    alice = two.charge_command("alice", 1_000)
    answers = []

    with holding(two, "line", two.line_ids["alice"]) as console:
        thread = threading.Thread(target=lambda: answers.append(two.engine.execute([alice])[0]))
        thread.start()
        time.sleep(0.3)
        console.rollback()
        thread.join(10)

    assert answers[0].event is not None
    two.assert_books_hold()


def test_what_a_call_does_later_to_a_busy_row_keeps_its_order(two: World):
    """The payment waits for her wallet, so the withdrawal after it in the same call may not take the money first."""
    trade = two.ask(50_000, app=DIRECT_APP)
    person_id = two.people["alice"]
    pay = replace(_pay(two, "alice", trade), wallet_minor=50_000)
    withdraw = Withdraw(withdrawal_id=two.engine.new_id(8), person_id=person_id, amount_minor=50_000)
    answers = []

    with holding(two, "trade", trade) as console:
        thread = threading.Thread(
            target=lambda: answers.extend(two.engine.execute([Submission(command=pay), Submission(command=withdraw)]))
        )
        thread.start()
        time.sleep(0.3)
        console.rollback()
        thread.join(10)

    assert answers[0].event is not None
    assert answers[1].refusal.name == "WalletTooLow"


def test_a_row_that_is_not_there_is_not_called_busy(two: World):
    with holding(two, "line", two.line_ids["alice"]):
        outcome = two.do(TopUp(person_id=two.engine.new_id(8), amount_minor=1, bank_reference="b"))

    assert isinstance(outcome.refusal, NotFound)


def test_the_clock_may_act_on_a_line_while_its_owner_shops_and_neither_is_lost(two: World):
    two.buy("alice", 10_000)
    two.until(two.today.replace(day=31))

    def shop() -> bool:
        return all(two.engine.execute([two.charge_command("alice", 100)])[0].event for _ in range(5))

    with Engine(two.dsn) as other, psycopg.connect(two.dsn) as connection:
        from florin.engine.close_day import close_through

        at_once([shop, lambda: close_through(other, connection, two.today + timedelta(days=1), bank=two.bank)])

    assert two.line("alice").principal_minor == 10_500
    two.assert_books_hold()


# ── guards ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _pay(world: World, name: str, trade_id: int):
    from florin.engine import lane_of
    from florin.payments.pay import Pay

    person_id = world.people[name]
    return Pay(
        payment_id=world.engine.new_id(lane_of(person_id)), trade_id=trade_id, person_id=person_id,
        line_id=world.line_ids[name],
    )  # fmt: skip


def sabotage(monkeypatch: pytest.MonkeyPatch, kind: type, wrong) -> None:
    """Replace the rule of one action, for some of its commands."""
    action = ACTIONS[kind]
    monkeypatch.setitem(ACTIONS, kind, action._replace(rule=lambda room, command: wrong(action.rule, room, command)))


def overdraws(rule, room, command):
    """A rule that forgot to look into the wallet when 666 is taken out."""
    if command.amount_minor != 666_00:
        return rule(room, command)
    wallet = room.wallets[command.person_id]
    room.wallets[command.person_id] = replace(wallet, balance_minor=wallet.balance_minor + 666_00)
    decided = rule(room, command)
    room.wallets[command.person_id] = wallet
    return decided


@pytest.mark.parametrize("culprits", [[5], [0], [15], [3, 11]])
def test_a_guard_that_fires_stops_the_culprit_alone_and_is_named(world: World, monkeypatch, culprits: list[int]):
    for n in range(16):
        world.person(f"shopper-{n}", wallet_minor=500_00)
    sabotage(monkeypatch, Withdraw, overdraws)
    submissions = [
        Submission(
            command=Withdraw(
                withdrawal_id=world.engine.new_id(8),
                person_id=world.people[f"shopper-{n}"],
                amount_minor=666_00 if n in culprits else 100_00,
            )
        )
        for n in range(16)
    ]

    outcomes = world.engine.execute(submissions)

    for n, outcome in enumerate(outcomes):
        if n in culprits:
            assert outcome.refusal == GuardRefused(constraint="wallet_is_never_overdrawn")
        else:
            assert outcome.event is not None
    assert [seq for seq, _ in chain(world)] == list(range(1, len(chain(world)) + 1)), "the chain has no gap"
    world.assert_books_hold()


def test_a_limit_that_a_wrong_rule_oversteps_is_refused_by_the_payments_own_row(world: World, monkeypatch):
    world.person("alice", limit_minor=100_000)
    sabotage(
        monkeypatch,
        Charge,
        lambda rule, room, command: (
            room.lines.update({command.line_id: replace(room.lines[command.line_id], limit_minor=10**9)})
            or _without_evidence(rule, room, command)
        ),
    )

    outcome = world.engine.execute([world.charge_command("alice", 100_001)])[0]

    assert outcome.refusal == GuardRefused(constraint="payment_within_the_limit")
    assert world.line("alice").principal_minor == 0


def _without_evidence(rule, room, command):
    decided = rule(room, command)
    payment = room.payments[command.payment_id]
    room.payments[command.payment_id] = replace(payment, limit_effective_minor=100_000)
    return decided


def test_the_key_of_what_a_guard_refused_is_free(world: World, monkeypatch):
    world.person("alice", limit_minor=100_000)
    charge = world.charge_command("alice", 1_000)
    with monkeypatch.context() as wrong:
        sabotage(wrong, Charge, _spends_what_was_never_paid)
        refused = world.engine.execute([charge])[0]

    assert isinstance(refused.refusal, GuardRefused)
    again = world.engine.execute([charge])[0]
    assert again.event is not None
    assert not again.replayed


def _spends_what_was_never_paid(rule, room, command):
    decided = rule(room, command)
    payment = room.payments[command.payment_id]
    room.payments[command.payment_id] = replace(payment, credit_refunded_minor=payment.amount_minor + 1)
    return decided


@pytest.mark.parametrize(
    "fault",
    [AssertionError("a bug"), KeyError("a bug"), RuntimeError("a bug"), psycopg.ProgrammingError("a bug")],
)
def test_a_mistake_of_ours_stops_the_command_that_met_it_and_says_so(world: World, monkeypatch, fault):
    world.person("alice", limit_minor=100_000)

    def stumbles(rule, room, command):
        if command.amount_minor == 666:
            raise fault
        return rule(room, command)

    sabotage(monkeypatch, Charge, stumbles)
    charges = [world.charge_command("alice", amount) for amount in (100, 666, 200)]

    first, second, third = world.engine.execute(charges)

    assert first.event is not None
    assert isinstance(second.refusal, EngineFault)
    assert isinstance(second.refusal, Refusal)
    assert "not been charged" in second.refusal.sentence()
    assert third.event is not None
    assert world.line("alice").principal_minor == 300
    world.assert_books_hold()


@pytest.mark.parametrize("text", ["tea\x00pot", "\ud800"])
def test_a_text_that_the_database_cannot_keep_stops_its_own_order_alone(world: World, text: str):
    world.person("alice", limit_minor=100_000)
    good, bad = world.charge_command("alice", 100), world.charge_command("alice", 200)
    bad = replace(bad, command=replace(bad.command, subject=text))

    first, second = world.engine.execute([good, bad])

    assert first.event is not None
    assert second.event is None
    assert second.refusal is not None
    assert world.line("alice").principal_minor == 100
    world.assert_books_hold()


def test_any_text_that_the_database_can_keep_comes_back_as_it_was(world: World):
    world.person("alice", limit_minor=100_000)
    odd = '{"茶"}, \\ \n\t\u2028 NULL \'"; DROP TABLE event; -- 🫖 %s'
    charge = world.charge_command("alice", 100, key=odd)
    detail = TradeDetail(body=odd, extra={odd: [odd, None, 1.5, True]})
    charge = replace(charge, command=replace(charge.command, subject=odd, detail=detail))

    outcome = world.engine.execute([charge])[0]

    assert outcome.event is not None
    assert world.one("SELECT subject FROM trade WHERE out_trade_no = %s", odd) == odd
    assert world.one("SELECT detail->'extra'->%s->>0 FROM trade WHERE out_trade_no = %s", odd, odd) == odd
    assert world.engine.execute([charge])[0].replayed
    world.assert_books_hold()


# ── reference ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_merchant_who_is_frozen_stops_in_every_process_from_its_next_batch_on(world: World):
    world.person("alice", limit_minor=100_000)
    with Engine(world.dsn) as other:
        assert other.execute([world.charge_command("alice", 100)])[0].event

        assert world.engine.freeze_merchant(SHOP)
        refused = [engine.execute([world.charge_command("alice", 100)])[0] for engine in (world.engine, other)]
        assert world.engine.unfreeze_merchant(SHOP)
        taken = other.execute([world.charge_command("alice", 100)])[0]

    assert [outcome.refusal for outcome in refused] == [MerchantFrozen(merchant="Tea House")] * 2
    assert taken.event is not None


def test_a_line_that_is_frozen_stops_in_every_process_at_once(world: World):
    from florin.credit.freeze import FreezeLine

    world.person("alice", limit_minor=100_000)
    with Engine(world.dsn) as other:
        assert other.execute([world.charge_command("alice", 100)])[0].event
        world.do(FreezeLine(line_id=world.line_ids["alice"], reason="lost phone"))
        refused = other.execute([world.charge_command("alice", 100)])[0]

    assert refused.refusal.name == "LineNotOpen"


# ── the database comes and goes ───────────────────────────────────────────────────────────────────────────────────


def test_connections_that_were_cut_while_idle_are_made_anew_by_whoever_asks_first(world: World, fresh_database):
    """After a restart of the database callers first ask for ids, the clock or reference: none of that may stay broken."""
    world.person("alice", limit_minor=100_000)
    for ask in (
        lambda: world.engine.at().on,
        lambda: world.engine.reference.merchants[SHOP].name,
        lambda: [world.engine.new_id(lane) for lane in (298, 60, 20)],
        lambda: world.engine.issue_payment_code(world.people["alice"]),
        lambda: world.engine.execute([world.charge_command("alice", 100)])[0].event,
        lambda: world.engine.execute([world.charge_command("alice", 100)])[0].event,
    ):
        with psycopg.connect(fresh_database.superuser, autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'florin-%'"
            )
        assert ask()
    world.assert_books_hold()
