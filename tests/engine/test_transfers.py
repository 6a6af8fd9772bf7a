"""A merchant gives people money out of what is available: once, never more than there is, whoever asks at the same time."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest

from engine.together import at_once
from florin.engine import ClaimKind, NotFound, Submission, claim, lane_of
from florin.engine.admin import set_settlement_terms
from florin.payments.settle import PayOut
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.transfer import Transfer, TransferExceedsAvailable
from florin.queries.bills import read_bill
from florin.queries.explain import explain_payout
from florin.queries.payout_statements import read_payout_statement
from world import DIRECT_APP, SHOP, World


@pytest.fixture(autouse=True)
def available(world: World) -> int:
    """What the tea house has: a day's sales, of which its terms pay nothing out yet."""
    world.person("alice", wallet_minor=100_000)
    world.person("bob")
    keep(world, 10**9, from_on=world.today)
    world.buy("alice", wallet_minor=50_000)
    world.until(world.today + timedelta(days=1))
    return int(world.balance("MERCHANT_AVAILABLE", SHOP))


def keep(world: World, payout_minor_min: int, *, from_on: date) -> None:
    """The tea house's terms: less than this is not paid out."""
    terms = SettlementTerms(from_on=from_on, payout_minor_min=payout_minor_min)
    set_settlement_terms(world.connection, SHOP, terms, by="anna", reason="test")
    world.connection.commit()


def give(world: World, name: str, amount_minor: int, number: str) -> Submission:
    command = Transfer(merchant_id=SHOP, person_id=world.people[name], amount_minor=amount_minor, number=number)
    once = claim(ClaimKind.TRANSFER, DIRECT_APP, number, {"amount": amount_minor, "payee": world.people[name]})
    return Submission(command=command, claims=(once,), keeps_refusal=False)


def test_what_is_given_leaves_the_merchant_and_is_in_the_wallet_once(world: World, available: int):
    first, again = (world.engine.execute([give(world, "bob", 3_000, "bonus-1")])[0] for _ in range(2))
    other = world.engine.execute([give(world, "bob", 3_001, "bonus-1")])[0]

    assert (first.event_id, again.replayed) == (again.event_id, True)
    assert other.refusal is not None
    assert world.wallet_minor("bob") == 3_000
    assert world.balance("MERCHANT_AVAILABLE", SHOP) == available - 3_000
    world.assert_books_hold()


def test_eight_at_once_and_a_payout_never_give_more_than_there_is(world: World, available: int):
    each = available // 3
    pays = PayOut(payout_id=world.engine.new_id(lane_of(SHOP)), merchant_id=SHOP)
    asked = [give(world, name, each, f"{name}-{n}") for n in range(4) for name in ("alice", "bob")]

    everything = [*asked, Submission(command=pays)]
    outcomes = at_once([partial(world.engine.execute, [each]) for each in everything])
    outcomes = [outcome for [outcome] in outcomes]

    given = [outcome for outcome in outcomes[:-1] if outcome.refusal is None]
    refused = {type(outcome.refusal) for outcome in outcomes[:-1] if outcome.refusal is not None}
    assert len(given) <= 3
    assert refused <= {TransferExceedsAvailable}
    assert world.balance("MERCHANT_AVAILABLE", SHOP) >= 0
    world.assert_books_hold()


def test_what_was_given_stands_in_the_bill_and_in_the_statement_of_the_next_payout(world: World, available: int):
    world.engine.execute([give(world, "bob", 3_000, "bonus-1")])
    given_on = world.today
    keep(world, 0, from_on=given_on + timedelta(days=1))

    world.until(given_on + timedelta(days=2))

    (payout_id,) = world.connection.execute("SELECT id FROM payout").fetchone()
    statement = read_payout_statement(world.connection, payout_id=payout_id)
    world.connection.commit()
    told = explain_payout(world.connection, payout_id=payout_id, language="en")
    bill = read_bill(world.connection, merchant_id=SHOP, from_on=given_on, before_on=given_on + timedelta(days=1))
    assert statement is not None
    assert (statement.amount_minor, statement.moved_minor("transfer")) == (available - 3_000, -3_000)
    assert told is not None
    assert "given to a person" in str(told)
    assert bill is not None
    assert [(line.type, line.earned.net_minor) for line in bill.lines if line.type == "transfer"] == [
        ("transfer", -3_000)
    ]
    assert bill.closing_minor + sum(-line.earned.net_minor for line in bill.lines) == bill.opening_minor


def test_more_than_there_is_and_nobody_are_refused_by_name(world: World, available: int):
    over = world.engine.execute([give(world, "bob", available + 1, "over")])[0]
    nobody = Transfer(merchant_id=SHOP, person_id=world.engine.new_id(8), amount_minor=1, number="x")

    assert isinstance(over.refusal, TransferExceedsAvailable)
    assert over.refusal.short_minor == 1
    assert isinstance(world.do(nobody).refusal, NotFound)
