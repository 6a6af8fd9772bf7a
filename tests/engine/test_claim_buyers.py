"""Settling with who bought claims: his price comes in by bank, what still arrives goes out to him, nothing is left between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.house import Refused
from florin.bank import SimulatedBank
from florin.credit.charge_off import ChargeOff
from florin.credit.sell_claims import SellClaims
from florin.credit.settle_buyer import BuyerPaymentNotPositive, RecordBuyerPayment
from florin.engine import lane_for
from florin.engine.proof import prove
from florin.payments.reverse_refund import ReverseRefund
from world import DIRECT_APP, LivedOnce, World

pytestmark = pytest.mark.every_proof

JUNE = date(2026, 6, 1)
BUYER = "Blue River"


@pytest.fixture(scope="module")
def until_the_claims_are_sold(new_database: Any) -> Iterator[LivedOnce]:
    def live(made: World) -> None:
        made.until(date(2026, 3, 5))
        for name, amount_minor in (("bob", 1000_00), ("carol", 300_00)):
            made.person(name, limit_minor=10_000_00)
            made.buy(name, amount_minor, app=DIRECT_APP)
        made.until(JUNE)
        for name, price_minor in (("bob", 51_30), ("carol", 15_00)):
            made.do(ChargeOff(line_id=made.line_ids[name], reason="insolvent"))
            sold = made.do(
                SellClaims(
                    line_id=made.line_ids[name], buyer=BUYER, contact="tel", price_minor=price_minor, reference="s1"
                )
            )
            assert sold.event is not None

    with LivedOnce(new_database, live, negative_limit_minor=1_000_000) as lived:
        yield lived


@pytest.fixture
def world(until_the_claims_are_sold: LivedOnce) -> Iterator[World]:
    """Bob's 1,026.00 and Carol's 307.80 are charged off and sold to Blue River, for 51.30 and 15.00."""
    with until_the_claims_are_sold.again() as made:
        yield made
        made.assert_books_hold()


@pytest.fixture
def fresh_database(world: World) -> FreshDatabase:
    return world.database


def bought(world: World, name: str) -> int:
    return int(world.one("SELECT id FROM payment WHERE line_id = %s", world.line_ids[name]))


def figures(world: World, *names: str) -> tuple[int, ...]:
    return tuple(world.balance(name) for name in names)


def buyer_lines(world: World) -> list[tuple[Any, ...]]:
    found = world.connection.execute(
        "SELECT amount_minor, booked_on FROM bank_line WHERE account = 'buyer' ORDER BY id"
    ).fetchall()
    world.connection.commit()
    return found


def test_the_price_comes_in_by_bank_and_the_buyer_owes_nothing_any_more(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
):
    operator = Operator(fresh_database, tmp_path)
    before = world.balance("LENDER_BANK")
    assert world.balance("DUE_FROM_CLAIM_BUYERS") == 66_30

    first = operator.json("claims", "settle", BUYER, "50.00", "--reference", "B-1")
    again = operator.json("claims", "settle", BUYER, "50.00", "--reference", "B-1")
    rest = operator("claims", "settle", BUYER, "16.30", "--reference", "B-2")

    assert first == again
    assert (first["price_minor"], first["paid_minor"], first["owes_minor"]) == (66_30, 50_00, 16_30)
    assert f"{BUYER} has paid ¥66.30 of ¥66.30; ¥0.00 is left." in rest
    assert figures(world, "DUE_FROM_CLAIM_BUYERS", "LENDER_BANK", "CLAIM_SALE_INCOME") == (0, before + 66_30, 66_30)
    (row,) = operator.json("claims", "buyers")
    assert (row["buyer"], row["lines"], row["sold_minor"], row["owes_minor"]) == (BUYER, 2, 1333_80, 0)
    world.until(date(2026, 6, 3))


def test_a_payment_of_nobody_or_of_nothing_is_refused_by_name(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
):
    operator = Operator(fresh_database, tmp_path)

    nobody = operator.refused("claims", "settle", "Bleu River", "1.00", "--reference", "B-1")
    nothing = world.do(RecordBuyerPayment(lane=lane_for("buyer/x"), buyer=BUYER, amount_minor=0, bank_reference="B-2"))

    assert isinstance(nobody, Refused)
    assert nobody.refusal.name == "NoSuchClaimBuyer"
    assert f"Known buyers: {BUYER}." in f"{nobody} {nobody.remedy}"
    assert nothing.refusal == BuyerPaymentNotPositive(amount_minor=0)


def test_what_still_arrives_of_what_was_sold_goes_to_the_buyer_with_the_next_close(world: World):
    before = world.balance("LENDER_BANK")
    assert world.refund(bought(world, "bob"), 400_00).event is not None
    assert world.refund(bought(world, "carol"), 100_00).event is not None
    assert world.balance("DUE_TO_CLAIM_BUYERS") == 500_00

    world.until(date(2026, 6, 2))
    paid = buyer_lines(world)
    world.until(date(2026, 6, 4))

    assert world.balance("DUE_TO_CLAIM_BUYERS") == 0
    assert sum(amount for amount, _ in paid) == 500_00
    assert {on for _, on in paid} == {date(2026, 6, 2)}
    assert buyer_lines(world) == paid
    # What the institution paid the lender for the refunds, the lender paid on to the buyer.
    assert world.balance("LENDER_BANK") == before + 500_00 - 500_00


def test_a_day_on_which_a_refund_was_taken_back_the_buyer_owes_it_beside_the_price(
    world: World, fresh_database: FreshDatabase, tmp_path: Path
):
    refunded = world.refund(bought(world, "bob"), 400_00)
    world.until(date(2026, 6, 2))
    reverse = ReverseRefund(
        payment_id=bought(world, "bob"), request_no=refunded.event.request_no, reason="the shop won"
    )

    assert world.do(reverse).refusal is None
    assert world.balance("DUE_TO_CLAIM_BUYERS") == -400_00
    world.until(date(2026, 6, 3))

    assert figures(world, "DUE_TO_CLAIM_BUYERS", "DUE_FROM_CLAIM_BUYERS") == (0, 66_30 + 400_00)
    (row,) = Operator(fresh_database, tmp_path).json("claims", "buyers")
    assert (row["passed_on_minor"], row["taken_back_minor"], row["owes_minor"]) == (400_00, 400_00, 466_30)
    assert [amount for amount, _ in buyer_lines(world)] == [400_00]


def test_a_payment_that_the_bank_has_not_booked_is_in_transit_until_it_has(world: World):
    command = RecordBuyerPayment(lane=lane_for("buyer/x"), buyer=BUYER, amount_minor=66_30, bank_reference="B-1")
    world.do(command)

    bank = next(check for check in prove(world.connection).checks if check.name == "bank")
    assert bank.holds
    assert bank.figures["in transit: B-1"] == 66_30

    assert SimulatedBank(world.connection).book_announced() == 1
    bank = next(check for check in prove(world.connection).checks if check.name == "bank")
    assert bank.holds
    assert "in transit: B-1" not in bank.figures


def test_the_proof_compares_what_buyers_owe_with_prices_and_payments(world: World, fresh_database: FreshDatabase):
    change = "UPDATE event SET body = %s::json WHERE kind = 163 AND line_id = %s"
    line_id = world.line_ids["carol"]
    body = str(world.one("SELECT body::text FROM event WHERE kind = 163 AND line_id = %s", line_id))
    dearer = body.replace('"price_minor":1500', '"price_minor":1600')
    with psycopg.connect(fresh_database.owner, autocommit=True) as owner:
        owner.execute(change, (dearer, line_id))
        checks = {check.name: check for check in prove(world.connection, chains=False).checks}
        owner.execute(change, (body, line_id))

    assert checks["claim buyers"].differences == ("buyers of claims owe: expected 6730, found 6630",)
