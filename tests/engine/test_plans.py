"""Plans on the engine: a purchase and a bill go into installments, one plan is paid off; at once, only one of them wins."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, timedelta
from itertools import cycle

from engine.together import at_once
from florin.credit.convert import AlreadyConverted, ConvertBill, ConvertPurchase, NothingToConvert
from florin.credit.hardship import AgreeHardship, HardshipRuns
from florin.credit.open import OpenLine
from florin.credit.plan_payoff import NoPlanToPayOff, PayOffPlan
from florin.credit.reage import ReAge, ReAgeTooLittlePaid
from florin.credit.repay import Repay
from florin.engine import Engine, Submission, lane_of
from world import World

THREADS = 12
CLOSES_ON = date(2026, 4, 1)


def with_card(world: World, name: str, *, wallet_minor: int = 0) -> int:
    """A shopper with a bank card's line, which lets purchases and bills go into installments."""
    person_id = world.person(name, wallet_minor=wallet_minor)
    line_id = world.line_ids[name] = world.engine.new_id(lane_of(person_id))
    command = OpenLine(person_id=person_id, line_id=line_id, program="bank-card", limit_minor=20_000_00)
    assert world.do(command).refusal is None
    return line_id


def race(world: World, command: object):
    with ExitStack() as stack:
        engines = [world.engine, stack.enter_context(Engine(world.dsn, connections=2))]
        return at_once(
            [
                lambda engine=engine: engine.execute([Submission(command=command)])[0]
                for engine, _ in zip(cycle(engines), range(THREADS), strict=False)
            ]
        )


def refusals(outcomes) -> list[object]:
    return [outcome.refusal for outcome in outcomes if outcome.refusal is not None]


def test_of_many_conversions_of_one_purchase_at_once_exactly_one_succeeds(world: World):
    line_id = with_card(world, "alice")
    coat = world.buy("alice", 1_200_00).event.payment_id

    outcomes = race(world, ConvertPurchase(line_id=line_id, item_id=coat, installments=12))

    assert refusals(outcomes) == [NothingToConvert(line_id=line_id)] * (THREADS - 1)
    line = world.line("alice")
    assert (line.principal_minor, line.fee_minor) == (1_200_00, 103_68)
    assert world.one("SELECT count(*) FROM event WHERE kind = 70") == 1
    world.assert_books_hold()


def test_of_many_conversions_of_one_bill_at_once_exactly_one_succeeds(world: World):
    line_id = with_card(world, "alice")
    world.buy("alice", 1_200_00)
    world.until(CLOSES_ON)
    command = ConvertBill(line_id=line_id, closes_on=CLOSES_ON, amount_minor=700_00, installments=6)

    outcomes = race(world, command)

    assert refusals(outcomes) == [AlreadyConverted(closes_on=CLOSES_ON)] * (THREADS - 1)
    assert world.line("alice").due_minor == 500_00
    assert world.statements("alice")[0][2:5] == (1_200_00, 120_00, 500_00)
    world.assert_books_hold()


def test_of_many_payoffs_of_one_plan_at_once_exactly_one_takes_money_and_days_later_all_is_square(world: World):
    line_id = with_card(world, "alice", wallet_minor=5_000_00)
    phone = world.buy("alice", 1_200_00, installments=12).event.payment_id
    command = PayOffPlan(line_id=line_id, item_id=phone, amount_minor=1_303_68, source="wallet")

    outcomes = race(world, command)

    assert refusals(outcomes) == [NoPlanToPayOff(line_id=line_id, item_id=phone)] * (THREADS - 1)
    assert world.wallet_minor("alice") == 5_000_00 - 1_303_68
    assert world.line("alice").principal_minor == world.line("alice").fee_minor == 0
    world.until(world.today + timedelta(days=2))
    world.assert_books_hold()


def test_of_many_hardship_plans_at_once_exactly_one_is_agreed_and_the_books_hold_until_it_ends(world: World):
    line_id = with_card(world, "alice")
    world.buy("alice", 1_200_00)
    world.until(date(2026, 5, 25))
    command = AgreeHardship(line_id=line_id, installments=12, waive_penalty=True, reason="lost her work")

    outcomes = race(world, command)

    assert refusals(outcomes) == [HardshipRuns(since_on=date(2026, 5, 25), line_id=line_id)] * (THREADS - 1)
    line = world.line("alice")
    assert (line.particulars.hardship, line.past_due_on, line.due_minor) == (True, None, 0)
    world.assert_books_hold()
    world.until(date(2026, 7, 22))
    line = world.line("alice")
    assert (line.particulars.hardship, line.past_due_on) == (False, date(2026, 6, 20))
    world.assert_books_hold()


def test_of_many_re_ages_at_once_exactly_one_counts(world: World):
    line_id = with_card(world, "alice", wallet_minor=5_000_00)
    world.buy("alice", 1_200_00)
    world.until(date(2026, 6, 25))
    too_little = world.do(ReAge(line_id=line_id, reason="asked")).refusal
    assert isinstance(too_little, ReAgeTooLittlePaid)
    world.do(Repay(line_id=line_id, amount_minor=too_little.short_minor, source="wallet"))
    assert world.line("alice").past_due_on is not None

    outcomes = race(world, ReAge(line_id=line_id, reason="pays again"))

    assert len(refusals(outcomes)) == THREADS - 1
    assert world.one("SELECT count(*) FROM event WHERE kind = 150") == 1
    assert world.line("alice").past_due_on is None
    world.assert_books_hold()
