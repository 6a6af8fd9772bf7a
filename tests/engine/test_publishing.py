"""Books that differ stop payouts, never payments; money on its way is listed, not a difference."""

from datetime import date

import psycopg
import pytest

from conftest import FreshDatabase
from florin.bank import SimulatedBank, settle_outgoing
from florin.engine.close_day import close_through
from florin.engine.proof import prove
from florin.wallet.top_up import TopUp
from world import SHOP, World

pytestmark = pytest.mark.every_proof


def bank_check(world: World):
    return next(check for check in prove(world.connection).checks if check.name == "bank")


def test_no_payout_leaves_while_the_books_differ_and_payments_go_on(world: World, fresh_database: FreshDatabase):
    world.person("alice", limit_minor=1_000_000)
    world.buy("alice", 10_000)
    with psycopg.connect(fresh_database.superuser, autocommit=True) as superuser:
        superuser.execute("UPDATE merchant_balance SET available_minor = 90000000")

        (closed,) = close_through(world.engine, world.connection, date(2026, 3, 3), bank=world.bank)

        assert not closed.proof.holds
        assert (closed.paid_out, world.one("SELECT count(*) FROM payout")) == (0, 0)
        assert world.buy("alice", 10_000).event is not None

        superuser.execute("UPDATE merchant_balance SET available_minor = available_minor - 90000000")
        (mended,) = close_through(world.engine, world.connection, date(2026, 3, 4), bank=world.bank)

    assert mended.proof.holds
    assert world.one("SELECT amount_minor FROM payout WHERE merchant_id = %s", SHOP) == 2 * (10_000 - 60)


def test_the_bank_is_not_asked_to_pay_after_a_proof_that_did_not_hold(world: World, fresh_database: FreshDatabase):
    world.person("alice", limit_minor=1_000_000)
    world.buy("alice", 10_000)
    world.until(date(2026, 3, 3))
    with psycopg.connect(fresh_database.superuser, autocommit=True) as superuser:
        superuser.execute("UPDATE proof SET holds = false")
        bank = SimulatedBank(world.connection)

        assert settle_outgoing(world.engine, world.connection, bank, on=world.today) == 0

        superuser.execute("UPDATE proof SET holds = true")
    assert settle_outgoing(world.engine, world.connection, bank, on=world.today) == 1


def test_money_that_is_announced_and_not_on_the_statement_yet_is_listed_in_transit(world: World):
    alice = world.person("alice")
    assert world.do(TopUp(person_id=alice, amount_minor=5_000, bank_reference="bank-7")).event

    assert bank_check(world).holds
    assert bank_check(world).figures["in transit: bank-7"] == 5_000

    assert SimulatedBank(world.connection).book_announced() == 1
    world.connection.commit()
    assert bank_check(world).figures == {"safeguarded": 5_000, "own": 0, "lender": 0, "mall": 0}


def test_money_in_transit_for_more_than_a_business_day_is_a_difference(world: World):
    alice = world.person("alice")
    world.do(TopUp(person_id=alice, amount_minor=5_000, bank_reference="bank-7"))

    close_through(world.engine, world.connection, date(2026, 3, 4), bank=world.bank)

    assert not bank_check(world).holds
