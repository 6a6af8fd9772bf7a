"""The day close: what the calendar owes everybody, once, whenever it runs and however often it was cut off."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from conftest import FreshDatabase
from florin.credit.limit import SetLimit
from florin.engine import Engine, clock
from florin.engine import close_day as day_close
from florin.engine.close_day import close_day, close_through
from florin.engine.fall_due import expire_due
from florin.payments.payment import PaymentState
from florin.payments.trade import TradeState
from world import DIRECT_APP, ESCROW_APP, SHOP, SimpleBank, World

MARCH_31, APRIL_1, APRIL_2 = date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 2)


@pytest.fixture(autouse=True)
def alice(world: World) -> None:
    world.person("alice", limit_minor=1_000_000, wallet_minor=200_000)


def rows(world: World, statement: str) -> list[tuple[Any, ...]]:
    found = world.connection.execute(statement).fetchall()
    world.connection.commit()
    return found


# ── missed days ───────────────────────────────────────────────────────────────────────────────────────────────────


def a_life(world: World, days: Callable[[date], None]) -> None:
    """Two people shop, pay too little, too late or not at all; `days` brings the world to a date."""
    world.person("bob", limit_minor=1_000_000, wallet_minor=500_000)
    world.buy("bob", 60_000)
    world.buy("bob", 120_000, installments=3)
    days(date(2026, 3, 9))
    world.receive(world.buy("bob", 40_000, app=ESCROW_APP).event.payment_id)
    world.authorize("bob", 5_000)
    days(date(2026, 4, 8))
    world.repay("bob", 10_000)
    days(date(2026, 4, 25))
    world.repay("bob", 30_000, "bank")
    world.buy("bob", wallet_minor=1_000)
    days(date(2026, 6, 3))


def what_became(world: World) -> dict[str, Any]:
    line = world.line("bob")
    return {
        "statements": world.statements("bob"),
        "line": (line.principal_minor, line.fee_minor, line.interest_minor, line.due_minor, line.past_due_on, line.sequence),
        "held": (line.held_minor, line.committed_minor, line.next_action_on),
        "wallet": world.wallet_minor("bob"),
        "book": rows(world, "SELECT name, sum(signed_minor)::bigint FROM posting_line WHERE NOT memo GROUP BY 1 ORDER BY 1"),
        "clock's events": rows(
            world, "SELECT kind, value_on, body FROM event WHERE kind IN (27, 28) ORDER BY line_id, sequence"
        ),
        "windows": rows(world, "SELECT window_on, sum(amount_minor)::bigint FROM sweep GROUP BY 1 ORDER BY 1"),
        "payouts": rows(world, "SELECT sum(amount_minor)::bigint FROM payout"),
    }  # fmt: skip


def test_missed_days_catch_up_to_the_same_as_day_by_day(
    world: World, new_database: Callable[[], AbstractContextManager[FreshDatabase]]
):
    """One house closes every day; the other rolls its clock and closes only when somebody gets round to it."""

    def missing(other: World, until: date) -> None:
        """Days pass, nobody closes them; then the whole backlog is closed as one day."""
        while other.today < until:
            clock.roll(other.connection, other.today)
        closed = close_day(other.engine, other.connection, until, bank=other.bank)
        assert closed.proof.holds, [check for check in closed.proof.checks if not check.holds]

    a_life(world, lambda on: world.until(on))
    with new_database() as database, World(database.engine) as late:
        late.person("alice", limit_minor=1_000_000, wallet_minor=200_000)
        a_life(late, lambda on: missing(late, on))
        late.assert_books_hold()
        daily, together = what_became(world), what_became(late)

    # The purchases' ids differ between the two houses; everything else is the same.
    for statement in (*daily["clock's events"], *together["clock's events"]):
        for line in statement[2].get("lines", ()):
            line.pop("item_id", None)
    assert daily == together


def test_days_nobody_closed_are_closed_one_after_the_other(world: World):
    world.buy("alice", 100_000)

    days = close_through(world.engine, world.connection, date(2026, 3, 6), bank=world.bank)

    assert [day.on for day in days] == [date(2026, 3, n) for n in (3, 4, 5, 6)]
    assert [day.paid_out for day in days] == [1, 0, 0, 0]
    assert world.one("SELECT closed_through FROM clock") == date(2026, 3, 5)
    assert world.one("SELECT count(*) FROM proof WHERE holds") == 4
    assert close_through(world.engine, world.connection, date(2026, 3, 6), bank=world.bank) == []


# ── the right cycle ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_purchase_of_the_1st_before_the_close_of_the_1st_lands_in_the_new_cycle(world: World):
    world.buy("alice", 10_000)
    world.until(MARCH_31)
    clock.roll(world.connection, world.today)
    assert world.today == APRIL_1

    early = world.buy("alice", 30_000)
    assert early.event.value_on == APRIL_1
    assert world.statements("alice") == []
    close_day(world.engine, world.connection, APRIL_1, bank=world.bank)

    assert [row[2] for row in world.statements("alice")] == [10_000]
    world.assert_books_hold()
    world.until(date(2026, 5, 1))
    # April's purchase alone, and interest on March's from its due day: 100.00 x 0.05 % x 21 days.
    assert [row[2] for row in world.statements("alice")] == [10_000, 30_000 + 105]


def test_a_repayment_of_the_1st_before_the_close_brings_the_line_up_to_date_itself(world: World):
    world.buy("alice", 10_000)
    world.until(MARCH_31)
    clock.roll(world.connection, world.today)

    assert world.repay("alice", 10_000).event

    assert world.statements("alice") == [(APRIL_1, date(2026, 4, 10), 10_000, 1_000, 0, 0)]
    closed = close_day(world.engine, world.connection, APRIL_1, bank=world.bank)
    assert closed.lines == 0, "there is nothing left to do for her"
    world.assert_books_hold()


def test_a_sale_between_the_roll_and_the_sweep_is_in_tomorrows_window(world: World):
    world.buy("alice", wallet_minor=10_000)
    clock.roll(world.connection, world.today)
    world.buy("alice", wallet_minor=20_000)
    closed = close_day(world.engine, world.connection, world.today, bank=world.bank)

    assert closed.swept == 1
    assert rows(world, "SELECT window_on, amount_minor FROM sweep") == [(date(2026, 3, 2), 10_000 - 60)]
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 20_000 - 120


# ── receipts and expiries ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("detail", "days"), [({}, 10), ({"goods": "virtual"}, 1), ({"confirm_days": 4}, 4)])
def test_the_clock_confirms_receipt_when_the_buyer_has_not(world: World, detail, days):
    sale = world.buy("alice", 20_000, 5_000, app=ESCROW_APP, **detail).event.payment_id
    due_on = world.today + timedelta(days=days)

    world.until(due_on - timedelta(days=1))
    assert world.payment(sale).state is PaymentState.ESCROWED
    (day,) = world.until(due_on)

    assert day.received == 1
    assert world.payment(sale).state is PaymentState.CAPTURED
    assert world.line("alice").principal_minor == 20_000
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 25_000 - 150
    world.until(due_on + timedelta(days=1))
    assert world.one("SELECT sum(amount_minor) FROM payout") == 25_000 - 150


def test_a_sale_returned_before_receipt_is_never_confirmed(world: World):
    sale = world.buy("alice", 20_000, app=ESCROW_APP, confirm_days=2).event.payment_id
    world.refund(sale, 20_000)

    days = world.until(world.today + timedelta(days=4))

    assert sum(day.received for day in days) == 0
    assert world.line("alice").principal_minor == 0


def test_a_hold_is_released_when_its_time_is_over(world: World):
    held = world.authorize("alice", 60_000, 40_000).event.payment_id
    clock.shift(world.connection, 7 * 86_400 - 60)
    assert expire_due(world.engine, world.connection) == 0
    clock.shift(world.connection, 61)

    assert expire_due(world.engine, world.connection) == 1

    assert world.payment(held).state is PaymentState.VOIDED
    assert (world.line("alice").held_minor, world.wallet_minor("alice")) == (0, 200_000)
    assert world.one("SELECT body->>'reason' FROM event WHERE kind = 46") == "expired"
    assert expire_due(world.engine, world.connection) == 0
    world.assert_books_hold()


def test_a_hold_whose_time_is_over_is_not_captured_even_before_that_is_recorded(world: World):
    held = world.authorize("alice", 60_000).event.payment_id
    clock.shift(world.connection, 8 * 86_400)

    assert world.capture(held).refusal.name == "NothingAuthorized"
    assert expire_due(world.engine, world.connection) == 1


def test_what_is_left_of_a_hold_partly_captured_expires_and_the_rest_is_kept(world: World):
    held = world.authorize("alice", 60_000).event.payment_id
    world.capture(held, 45_000)
    clock.shift(world.connection, 8 * 86_400)

    assert expire_due(world.engine, world.connection) == 1

    payment = world.payment(held)
    assert (payment.state, payment.credit_released_minor) == (PaymentState.CAPTURED, 15_000)
    assert (world.line("alice").held_minor, world.line("alice").principal_minor) == (0, 45_000)
    assert world.refund(held, 45_000).event
    world.assert_books_hold()


def test_an_unpaid_trade_closes_when_its_time_is_over_and_a_paid_one_stays_paid(world: World):
    expires_at = world.engine.at().instant + timedelta(minutes=30)
    unpaid = world.ask(1_000, app=DIRECT_APP, expires_at=expires_at)
    paid = world.ask(1_000, app=DIRECT_APP, expires_at=expires_at)
    world.pay("alice", paid, 1_000)
    clock.shift(world.connection, 1_801)

    refused = world.pay("alice", unpaid, 1_000)
    closed = expire_due(world.engine, world.connection)

    assert refused.refusal.name == "TradeNotOpen"
    assert closed == 1
    assert world.one("SELECT state FROM trade WHERE id = %s", unpaid) == TradeState.CLOSED
    assert world.one("SELECT state FROM trade WHERE id = %s", paid) == TradeState.PAID


# ── settlement ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_sold_today_is_swept_tomorrow_and_paid_out_once(world: World):
    for _ in range(3):
        world.buy("alice", 5_000, 5_000)
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 30_000 - 180

    (day,) = world.until(world.today + timedelta(days=1))

    assert (day.swept, day.paid_out) == (1, 1)
    assert world.balance("MERCHANT_PAYABLE", SHOP) == world.balance("MERCHANT_AVAILABLE", SHOP) == 0
    assert world.balance("LANE_CLEARING") == 0
    assert world.balance("PAYOUT_IN_TRANSIT") == 30_000 - 180
    assert world.balance("OWN_CASH") == 180
    assert world.balance("LENDER_DUE_TO_PAYMENTS") == world.balance("PAYMENTS_DUE_FROM_LENDER") == 0
    assert world.balance("LENDER_BANK") == -15_000
    (next_day,) = world.until(world.today + timedelta(days=1))
    assert (next_day.swept, next_day.paid_out) == (0, 0)


def test_a_window_below_zero_is_swept_all_the_same(world: World):
    sale = world.buy("alice", wallet_minor=50_000).event.payment_id
    world.until(world.today + timedelta(days=1))
    held = world.authorize("alice", 0, 10_000).event.payment_id
    world.capture(held, 5_000)
    world.connection.execute("UPDATE payment SET payable_on = %s WHERE id = %s", (world.today, sale))
    world.connection.commit()
    # Its window is open again for this test's sake: the refund outweighs today's sales.
    assert world.refund(sale, 50_000).event.swept_minor == 0

    world.until(world.today + timedelta(days=1))

    assert world.balance("MERCHANT_AVAILABLE", SHOP) == 5_000 - 30 - 50_000
    assert world.balance("MERCHANT_PAYABLE", SHOP) == 0
    assert world.one("SELECT count(*) FROM payout") == 1


# ── parked ────────────────────────────────────────────────────────────────────────────────────────────────────────


def break_account(fresh_database: FreshDatabase, world: World, name: str) -> Any:
    """As the owner: her account's snapshot names a purchase that is not there. Gives what it was."""
    with psycopg.connect(fresh_database.owner) as owner:
        row = owner.execute("SELECT account FROM line_account WHERE line_id = %s", (world.line_ids[name],)).fetchone()
        owner.execute(
            "UPDATE line_account SET account = %s, sequence = sequence + 5 WHERE line_id = %s",
            (Jsonb({**row[0], "sequence": row[0]["sequence"] + 5}), world.line_ids[name]),
        )
        return row[0]


def test_a_broken_account_is_parked_with_its_reason_and_the_others_go_on(world: World, fresh_database: FreshDatabase):
    for name in ("bob", "carol", "dave"):
        world.person(name, limit_minor=1_000_000)
        world.buy(name, 10_000)
    world.until(MARCH_31)
    before = break_account(fresh_database, world, "carol")

    (day,) = close_through(world.engine, world.connection, APRIL_1, bank=world.bank)

    assert (day.lines, day.parked) == (2, 1)
    assert [row[2] for name in ("bob", "dave") for row in world.statements(name)] == [10_000, 10_000]
    assert world.statements("carol") == []
    (parked,) = rows(world, "SELECT line_id, reason FROM parked_line")
    assert parked[0] == world.line_ids["carol"]
    assert "EngineFault" in parked[1]
    assert "lost events" in parked[1]

    again = close_day(world.engine, world.connection, APRIL_1, bank=world.bank)
    assert (again.lines, again.parked) == (0, 0)
    with psycopg.connect(fresh_database.owner) as owner:
        owner.execute(
            "UPDATE line_account SET account = %s, sequence = %s WHERE line_id = %s",
            (Jsonb(before), before["sequence"], world.line_ids["carol"]),
        )
        owner.execute("DELETE FROM parked_line")
    (mended,) = world.until(APRIL_2)
    assert mended.lines == 1
    assert [row[2] for row in world.statements("carol")] == [10_000]


def test_a_line_that_somebody_holds_for_a_moment_is_left_for_the_next_close_and_not_parked(world: World):
    world.person("bob", limit_minor=1_000_000)
    for name in ("alice", "bob"):
        world.buy(name, 10_000)
    world.until(MARCH_31)

    with psycopg.connect(world.dsn) as console:
        console.execute("SELECT FROM line WHERE id = %s FOR UPDATE", (world.line_ids["bob"],))
        (day,) = close_through(world.engine, world.connection, APRIL_1, bank=world.bank)

    assert (day.lines, day.parked) == (1, 0)
    assert world.statements("bob") == []
    (next_day,) = world.until(APRIL_2)
    assert next_day.lines == 1
    assert [(row[0], row[2]) for row in world.statements("bob")] == [(APRIL_1, 10_000)]


# ── cut off ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Cut(Exception):
    """The power went off here."""


STEPS = (
    "advance_lines",
    "receive_due",
    "expire_due",
    "sweep_windows",
    "settle_books",
    "sweep_fees",
    "pay_out",
    "prove_day",
)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_close_that_is_cut_off_and_run_again_does_nothing_twice(world: World, monkeypatch, step: str, when: str):
    world.person("bob", limit_minor=1_000_000, wallet_minor=100_000)
    world.until(MARCH_31)
    world.buy("bob", 30_000, 10_000)
    world.buy("bob", 120_000, installments=12, fee_payer="merchant")
    world.buy("bob", 20_000, app=ESCROW_APP, confirm_days=1)
    held = world.authorize("bob", 5_000).event.payment_id
    world.connection.execute("UPDATE payment SET expires_at = '2026-03-01' WHERE id = %s", (held,))
    world.connection.commit()
    done = getattr(day_close, step)

    def cut(*args: Any, **options: Any) -> Any:
        if when == "after":
            done(*args, **options)
        raise Cut

    with monkeypatch.context() as broken:
        broken.setattr(day_close, step, cut)
        with pytest.raises(Cut):
            close_through(world.engine, world.connection, APRIL_1, bank=world.bank)
    world.connection.rollback()
    world.until(APRIL_1)

    # 300.00 and 1/12 of 1,200.00; the goods received today are April's.
    assert [row[2] for row in world.statements("bob")] == [40_000]
    assert world.payment(held).state is PaymentState.VOIDED
    paid_out = 160_000 - 960 - 9_000
    assert rows(world, "SELECT count(*), sum(amount_minor)::bigint FROM payout") == [(1, paid_out)]
    assert rows(world, "SELECT count(*), sum(amount_minor)::bigint FROM sweep") == [(1, paid_out)]
    assert world.balance("LENDER_BANK") == 9_000 - 150_000
    assert world.balance("OWN_CASH") == 960
    for kind in (27, 45, 46, 60, 61, 63, 66, 67):
        assert world.one("SELECT count(*) FROM event WHERE kind = %s", kind) == 1, kind
    world.until(APRIL_2)
    assert world.one("SELECT sum(amount_minor) FROM payout") == paid_out + 20_000 - 120


@pytest.mark.parametrize("orders", range(1, 4))
def test_an_order_to_the_bank_that_was_given_before_the_cut_is_not_given_again(world: World, monkeypatch, orders: int):
    """The bank had moved the money, our own record was not made: the same reference says that it is the same move."""
    world.buy("alice", 120_000, installments=12, fee_payer="merchant")
    given: list[str] = []

    class Bank(SimpleBank):
        def move(self, *, reference: str, **move: Any) -> None:
            super().move(reference=reference, **move)
            given.append(reference)
            if len(given) == orders:
                raise Cut

    tomorrow = world.today + timedelta(days=1)
    try:
        close_through(world.engine, world.connection, tomorrow, bank=Bank(world.connection))
    except Cut:
        world.connection.rollback()
    world.until(tomorrow)

    moved = rows(world, "SELECT account, sum(amount_minor)::bigint FROM bank_line GROUP BY 1 ORDER BY 1")
    assert dict(moved) == {"lender": 9_000 - 120_000, "own": 720, "safeguarded": 200_000 + 120_000 - 9_000 - 720}
    world.assert_books_hold()


def test_a_process_that_dies_in_the_close_leaves_it_to_another(world: World):
    """Half of the lines are done by one engine; another one, elsewhere, does the rest."""
    for n in range(6):
        world.person(f"shopper-{n}", limit_minor=1_000_000)
        world.buy(f"shopper-{n}", 10_000)
    world.until(MARCH_31)
    clock.roll(world.connection, world.today)
    from florin.engine import Submission
    from florin.engine.actions import AdvanceLine

    world.engine.execute([Submission(command=AdvanceLine(line_id=world.line_ids[f"shopper-{n}"])) for n in range(3)])
    with Engine(world.dsn) as other:
        closed = close_day(other, world.connection, APRIL_1, bank=world.bank)

    assert closed.lines == 3
    assert all([row[2] for row in world.statements(f"shopper-{n}")] == [10_000] for n in range(6))
    world.assert_books_hold()


def test_a_cut_limit_and_posted_interest_may_exceed_the_limit_and_nothing_new_is_sold(world: World):
    world.buy("alice", 900_000)
    world.do(SetLimit(line_id=world.line_ids["alice"], limit_minor=100_000, reason="risk"))

    assert world.line("alice").available_minor_on(world.today) == -800_000
    assert world.buy("alice", 1).refusal.available_minor == -800_000
    world.until(date(2026, 5, 1))
    assert world.line("alice").interest_minor > 0
