"""Many who share, return and refund one sale at the same moment: nobody is given what is not there, and no fen is lost."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from conftest import FreshDatabase
from engine.test_sharing import DRIVERS, DRIVERS_APP, drivers
from engine.together import at_once
from florin.engine import ClaimKind, Outcome, claim
from florin.events import Captured, SharePart
from florin.payments.refund import Refund
from florin.payments.sharing.give_back import ReturnShare
from florin.payments.sharing.share import Share
from world import SHOP, World

PARTS = 9_00, 4_00


def share(world: World, sold: Captured, number: str) -> Outcome:
    ride, tip = PARTS
    parts = (
        SharePart(receiver_id=DRIVERS, app_id=DRIVERS_APP, amount_minor=ride),
        SharePart(receiver_id=world.people["bob"], amount_minor=tip),
    )
    command = Share(payment_id=sold.payment_id, merchant_id=SHOP, order_no=number, parts=parts)
    return world.do(command, claim(ClaimKind.SHARE, 1, number, len(parts)))


def back(world: World, sold: Captured, number: str, order_no: str) -> Outcome:
    command = ReturnShare(
        payment_id=sold.payment_id, merchant_id=SHOP, receiver_id=DRIVERS, app_id=DRIVERS_APP, order_no=order_no,
        return_no=number, amount_minor=6_00,
    )  # fmt: skip
    return world.do(command, claim(ClaimKind.SHARE_RETURN, 1, number, 6_00))


def refund(world: World, sold: Captured, number: str) -> Outcome:
    command = Refund(payment_id=sold.payment_id, amount_minor=45_00, request_no=number)
    return world.do(command, claim(ClaimKind.REFUND, sold.trade_id, number, 45_00))


def test_eight_who_share_return_and_refund_one_sale_at_once_leave_every_fen_where_it_belongs(
    fresh_database: FreshDatabase,
):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=5_000_00)
        drivers(world)
        for n in range(4):
            race(world, n)
        world.until(world.today + timedelta(days=4))
        assert world.balance("SHARES_FROZEN") == 0
        world.assert_books_hold()


def race(world: World, n: int) -> None:
    sold, (ride, tip) = world.buy("alice", 100_00, shares=True).event, PARTS
    assert share(world, sold, f"first-{n}").refusal is None
    owed, wallet = world.line("alice").exposure_minor, world.wallet_minor("bob")
    theirs = world.balance("MERCHANT_AVAILABLE", DRIVERS)

    outcomes = at_once([
        *(partial(share, world, sold, f"s{n}-{i}") for i in range(3)),
        *(partial(back, world, sold, f"b{n}-{i}", f"first-{n}") for i in range(2)),
        *(partial(refund, world, sold, f"r{n}-{i}") for i in range(3)),
    ])  # fmt: skip

    done = [outcome.refusal is None for outcome in outcomes]
    shared, returned, refunded = sum(done[:3]), sum(done[3:5]), sum(done[5:])
    sharing = world.payment(sold.payment_id).particulars.sharing
    assert (returned <= 1, refunded <= 2) == (True, True), "of nine yuan six come back once, of a hundred 45 twice"
    assert sharing.given_minor == (ride + tip) * (1 + shared) - 6_00 * returned <= 30_00
    assert world.balance("MERCHANT_AVAILABLE", DRIVERS) - theirs == ride * shared - 6_00 * returned
    assert world.wallet_minor("bob") - wallet == tip * shared
    assert owed - world.line("alice").exposure_minor == 45_00 * refunded
    assert sharing.frozen_minor >= 0
    world.assert_books_hold()
