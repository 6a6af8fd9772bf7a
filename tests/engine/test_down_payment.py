"""A down payment on the engine: both tenders in one authorization, at the cashier's order and by agreement; or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from florin.credit.open import OpenLine
from florin.credit.program import load_program
from florin.credit.terms import InstallmentTerms
from florin.engine import Submission, lane_of
from florin.wallet.withdraw import WalletTooLow
from own_programs import own_programs
from world import World

SPLIT = {
    "down_payment_share": Decimal("0.25"),
    "installments": (InstallmentTerms(count=3, fee_rate=Decimal(0)),),
    "installment_amount_minor_min": 100,
}


@pytest.fixture(autouse=True)
def four() -> Iterator[None]:
    """Pay in four: a quarter today, three installments."""
    with own_programs(four=SPLIT):
        yield


def with_four(world: World, *, wallet_minor: int) -> int:
    person_id = world.person("alice", wallet_minor=wallet_minor)
    line_id = world.line_ids["alice"] = world.engine.new_id(lane_of(person_id))
    command = OpenLine(person_id=person_id, line_id=line_id, program="four", limit_minor=2_000_00)
    assert world.do(command).refusal is None
    return line_id


def test_an_order_of_100_in_three_installments_takes_25_today_and_owes_75(world: World):
    with_four(world, wallet_minor=60_00)

    paid = world.buy("alice", 100_00, installments=3)

    assert paid.refusal is None
    assert (paid.event.credit_minor, paid.event.wallet_minor, paid.event.plan.count) == (75_00, 25_00, 3)
    assert world.wallet_minor("alice") == 35_00
    assert world.line("alice").principal_minor == 75_00
    payment = world.payment(paid.event.payment_id)
    assert (payment.credit_authorized_minor, payment.wallet_authorized_minor) == (75_00, 25_00)
    world.assert_books_hold()


def test_a_charge_of_the_whole_on_credit_is_split_in_the_same_way(world: World):
    with_four(world, wallet_minor=60_00)
    submission = world.charge_command("alice", 100_00)
    command = submission.command
    in_three = type(command)(
        **{name: getattr(command, name) for name in command.__struct_fields__} | {"installments": 3}
    )

    [outcome] = world.engine.execute([Submission(command=in_three, claims=submission.claims)])

    assert outcome.refusal is None
    assert (outcome.event.credit_minor, outcome.event.wallet_minor) == (75_00, 25_00)
    world.assert_books_hold()


def test_who_has_less_than_the_down_payment_in_the_wallet_buys_nothing(world: World):
    with_four(world, wallet_minor=24_99)

    refused = world.buy("alice", 100_00, installments=3)

    assert refused.refusal == WalletTooLow(balance_minor=24_99, requested_minor=25_00, short_minor=1)
    assert world.wallet_minor("alice") == 24_99
    assert world.line("alice").principal_minor == 0


def test_what_goes_back_goes_back_to_both(world: World):
    with_four(world, wallet_minor=60_00)
    paid = world.buy("alice", 100_00, installments=3)

    assert world.refund(paid.event.payment_id, 100_00).refusal is None

    assert world.wallet_minor("alice") == 60_00
    assert world.line("alice").principal_minor == 0
    world.assert_books_hold()


def test_the_preset_of_four_equal_parts_asks_for_none():
    assert load_program("pay-in-4").versions[0].terms.down_payment_share == 0
