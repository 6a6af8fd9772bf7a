"""The line's own agreements on the real engine: what lifts its limit, what lowers it, and what is on record of both."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from engine.together import at_once
from florin.credit.authorize import LineNotOpen
from florin.credit.close import CloseLine, LineClosesAlready, StillOwed
from florin.credit.limit import GiveUplift, SetLimit
from florin.credit.line import LineState
from florin.credit.particulars import ORDINARY
from florin.events import LineClosed
from florin.queries.limits import limit_history
from world import DIRECT_APP, ESCROW_APP, World


def lift(world: World, amount_minor: int, until_on: date) -> None:
    command = GiveUplift(
        line_id=world.line_ids["alice"], amount_minor=amount_minor, until_on=until_on, reason="festival"
    )
    assert world.do(command).event


def test_an_uplift_is_spent_through_its_last_day_and_ends_by_itself(world: World):
    world.person("alice", limit_minor=100_00)
    lift(world, 50_00, date(2026, 3, 4))
    assert world.buy("alice", 120_00).event
    world.until(date(2026, 3, 4))
    assert world.buy("alice", 30_00).event

    world.until(date(2026, 3, 5))

    assert world.line("alice").particulars == ORDINARY
    assert world.buy("alice", 1).refusal.available_minor == -50_00
    world.assert_books_hold()


def test_a_sale_between_midnight_and_the_close_is_judged_by_the_new_day(world: World):
    """Nobody has recorded the end, and still it has ended: the date decides, at each use."""
    from florin.engine import clock

    world.person("alice", limit_minor=100_00)
    lift(world, 50_00, world.today)
    clock.roll(world.connection, world.today)

    assert world.line("alice").particulars != ORDINARY
    assert world.buy("alice", 100_01).refusal.over_minor == 1
    assert world.buy("alice", 100_00).event


def test_the_payment_keeps_the_limit_that_was_in_force(world: World):
    world.person("alice", limit_minor=100_00)
    lift(world, 50_00, world.today)
    payment = world.payment(world.buy("alice", 130_00).event.payment_id)

    assert (payment.exposure_before_minor, payment.limit_effective_minor) == (0, 150_00)


def test_the_limits_history_tells_what_and_why(world: World):
    world.person("alice", limit_minor=100_00)
    lift(world, 50_00, date(2026, 3, 4))
    world.do(SetLimit(line_id=world.line_ids["alice"], limit_minor=90_00, reason="income not confirmed"))
    world.until(date(2026, 3, 6))

    history = limit_history(world.connection, line_id=world.line_ids["alice"])
    world.connection.commit()

    assert [(change.what, change.on.day, change.amount_minor, change.reason) for change in history] == [
        ("uplift-ended", 5, 50_00, ""),
        ("limit-set", 2, 90_00, "income not confirmed"),
        ("uplift-given", 2, 50_00, "festival"),
        ("opened", 2, 100_00, ""),
    ]
    assert history[2].until_on == history[0].until_on == date(2026, 3, 4)


def test_an_uplift_given_twice_over_a_year_is_two_rows_of_history_and_one_line(world: World):
    world.person("alice", limit_minor=100_00)
    for _ in range(2):
        lift(world, 10_00, world.today + timedelta(days=1))
        world.until(world.today + timedelta(days=3))

    assert len(limit_history(world.connection, line_id=world.line_ids["alice"])) == 5
    world.connection.commit()
    world.assert_books_hold()


# ── closing with plans running ────────────────────────────────────────────────────────────────────────────────────


def close(world: World, *, when_paid: bool = True) -> Any:
    return world.do(CloseLine(line_id=world.line_ids["alice"], reason="asked", when_paid=when_paid))


def test_a_line_that_is_to_close_sells_nothing_bills_its_plans_and_closes_with_the_last_repayment(world: World):
    world.person("alice", limit_minor=10_000_00, wallet_minor=10_000_00)
    world.buy("alice", 300_00, installments=3)
    assert isinstance(close(world, when_paid=False).refusal, StillOwed)

    assert close(world).event
    assert close(world).refusal == LineClosesAlready(line_id=world.line_ids["alice"])
    assert world.buy("alice", 1).refusal == LineNotOpen(state="closing", line_id=world.line_ids["alice"])
    for month in (4, 5, 6):
        world.until(date(2026, month, 5))
        assert world.line("alice").state is LineState.OPEN
        world.repay("alice", world.line("alice").due_minor)

    assert len(world.statements("alice")) == 3
    assert (world.line("alice").state, world.line("alice").principal_minor) == (LineState.CLOSED, 0)
    world.assert_books_hold()


def test_a_hold_that_runs_out_closes_a_line_that_waited_for_it(world: World):
    world.person("alice", limit_minor=1_000_00)
    held = world.authorize("alice", 100_00).event.payment_id
    close(world)

    world.void(held)

    assert world.line("alice").state is LineState.CLOSED
    world.assert_books_hold()


def test_what_is_in_escrow_is_still_received_and_a_refund_of_it_closes_the_line(world: World):
    world.person("alice", limit_minor=1_000_00)
    payment = world.buy("alice", 100_00, app=ESCROW_APP).event.payment_id
    close(world)
    world.receive(payment)
    assert world.line("alice").state is LineState.OPEN

    world.refund(payment, 100_00)

    assert world.line("alice").state is LineState.CLOSED
    world.assert_books_hold()


def test_who_owes_nothing_is_closed_at_once(world: World):
    world.person("alice", limit_minor=1_000_00)

    assert isinstance(close(world).event, LineClosed)


def test_repaying_the_last_fen_and_buying_once_more_at_the_same_moment_never_leaves_a_closed_line_in_debt(world: World):
    """Twelve at once: whoever comes first, nothing is sold by a line that is to close."""
    world.person("alice", limit_minor=1_000_00, wallet_minor=1_000_00)
    world.buy("alice", 100_00)
    close(world)
    trades = [world.ask(10_00, app=DIRECT_APP) for _ in range(6)]

    outcomes = at_once(
        [lambda: world.repay("alice", 100_00), *(lambda t=t: world.pay("alice", t, 10_00) for t in trades)]
    )

    assert outcomes[0].event
    assert all(isinstance(outcome.refusal, LineNotOpen) for outcome in outcomes[1:])
    line = world.line("alice")
    assert (line.state, line.exposure_minor) == (LineState.CLOSED, 0)
    world.assert_books_hold()
