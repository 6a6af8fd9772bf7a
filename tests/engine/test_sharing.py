"""A shared sale in the house: frozen, given, returned, refunded, released by the clock; every book proves itself each day."""

from __future__ import annotations

from datetime import timedelta

from conftest import FreshDatabase
from florin.engine.admin import set_settlement_terms
from florin.engine.ids import lane_of
from florin.events import SharePart
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.sharing.give_back import ReturnShare
from florin.payments.sharing.receivers import AddReceiver
from florin.payments.sharing.share import Share
from florin.queries.payout_statements import read_payout_statement
from world import SHOP, World

DRIVERS, DRIVERS_APP = (5 << 40) | 3, 30  # in another lane than the shop's


def drivers(world: World) -> None:
    """A second merchant, with whom the shop shares, and bob, who works there."""
    world.connection.execute(
        "INSERT INTO merchant (id, lane, name, mdr_ppm, mdr_refunded, negative_limit_minor)"
        " VALUES (%s, %s, 'Drivers', 6000, false, 0)",
        (DRIVERS, lane_of(DRIVERS)),
    )
    world.connection.execute(
        "INSERT INTO merchant_balance (lane, id, negative_limit_minor) VALUES (%s, %s, 0)", (lane_of(DRIVERS), DRIVERS)
    )
    world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    world.connection.commit()
    terms = SettlementTerms(from_on=world.today, freeze_days=3)
    set_settlement_terms(world.connection, SHOP, terms, by="anna", reason="test")
    world.connection.commit()
    bob = world.person("bob")
    for receiver, app in ((DRIVERS, DRIVERS_APP), (bob, 0)):
        added = AddReceiver(merchant_id=SHOP, receiver_id=receiver, app_id=app, relation="PARTNER")
        assert world.do(added).refusal is None


def given(world: World, payment_id: int, number: str, *parts: SharePart, finish: bool = False):
    command = Share(payment_id=payment_id, merchant_id=SHOP, order_no=number, parts=parts, finish=finish)
    return world.do(command)


def test_a_shared_sale_reaches_everybody_and_its_payout_says_how(fresh_database: FreshDatabase):
    with World(fresh_database.engine) as world:
        world.person("alice", limit_minor=5_000_00)
        drivers(world)
        sold = world.buy("alice", 100_00, shares=True).event
        kept = world.buy("alice", 200_00, shares=True).event
        to_drivers = SharePart(receiver_id=DRIVERS, app_id=DRIVERS_APP, amount_minor=20_00, title="ride")
        to_bob = SharePart(receiver_id=world.people["bob"], amount_minor=5_00, title="tip")

        assert given(world, sold.payment_id, "s1", to_drivers, to_bob).refusal is None
        over = given(world, sold.payment_id, "s2", to_drivers).refusal
        assert (type(over).__name__, over.over_minor) == ("ShareRatioExceeded", 15_00)
        back = ReturnShare(
            payment_id=sold.payment_id, merchant_id=SHOP, receiver_id=DRIVERS, app_id=DRIVERS_APP, order_no="s1",
            return_no="b1", amount_minor=8_00,
        )  # fmt: skip
        assert world.do(back).refusal is None
        assert world.refund(sold.payment_id, 80_00).refusal is None

        sharing = world.payment(sold.payment_id).particulars.sharing
        assert (sharing.frozen_minor, sharing.free_minor, sharing.given_minor) == (0, 240, 17_00)
        assert world.wallet_minor("bob") == 5_00
        assert world.balance("SHARES_FROZEN") == 198_80
        world.until(world.today + timedelta(days=1))
        assert world.balance("MERCHANT_AVAILABLE") == 0, "2.40 of the shop and 12.00 of the drivers were paid out"
        world.until(world.today + timedelta(days=3))
        assert world.balance("SHARES_FROZEN") == 0
        assert world.payment(kept.payment_id).share_until is None
        world.until(world.today + timedelta(days=1))
        world.assert_books_hold()
        rows = world.connection.execute(
            "SELECT id, merchant_id FROM event WHERE kind = 63 ORDER BY posted_on, merchant_id"
        ).fetchall()
        paid = [(merchant_id, read_payout_statement(world.connection, payout_id=i)) for i, merchant_id in rows]
        assert [(who, of.amount_minor) for who, of in paid] == [(SHOP, 2_40), (DRIVERS, 12_00), (SHOP, 198_80)]
        assert paid[1][1].moved_minor("shared") == 12_00
