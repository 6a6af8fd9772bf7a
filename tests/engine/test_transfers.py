"""A merchant gives people money out of what is available: once, never more than there is, whoever asks at the same time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from engine.together import at_once
from florin.engine import ClaimKind, NotFound, Submission, claim, lane_of
from florin.engine.admin import set_settlement_terms
from florin.payments.settle import PayOut
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.transfer import Transfer, TransferExceedsAvailable
from world import DIRECT_APP, SHOP, World


@pytest.fixture(autouse=True)
def available(world: World) -> int:
    """What the tea house has: a day's sales, of which its terms pay nothing out yet."""
    world.person("alice", wallet_minor=100_000)
    world.person("bob")
    keep_everything(world)
    world.buy("alice", wallet_minor=50_000)
    world.until(world.today + timedelta(days=1))
    return int(world.balance("MERCHANT_AVAILABLE", SHOP))


def keep_everything(world: World) -> None:
    terms = SettlementTerms(from_on=world.today, payout_minor_min=10**9)
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


def test_more_than_there_is_and_nobody_are_refused_by_name(world: World, available: int):
    over = world.engine.execute([give(world, "bob", available + 1, "over")])[0]
    nobody = Transfer(merchant_id=SHOP, person_id=world.engine.new_id(8), amount_minor=1, number="x")

    assert isinstance(over.refusal, TransferExceedsAvailable)
    assert over.refusal.short_minor == 1
    assert isinstance(world.do(nobody).refusal, NotFound)
