"""A house's own terms of escrow, and a clock that starts with the first parcel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from conftest import FreshDatabase
from engine.test_requests import Case
from florin.engine import admin
from florin.engine.reference import know_escrow_terms
from florin.payments.extend import ExtendReceipt
from florin.payments.payment import PaymentState
from florin.payments.requests.terms import EscrowTermsInvalid, escrow_terms, know_own_terms, versions_of
from florin.payments.requests.withdraw import WithdrawRequest
from florin.payments.ship import Ship
from florin.presets import escrow_text
from world import ESCROW_APP, SHOP, World

DAY = timedelta(days=1)
OF_PARCELS = escrow_text().replace('other = "paid"', 'other = "shipped"\nvirtual = "paid"', 1)


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    """From today on the clock of what is sent starts with the first parcel."""
    with World(fresh_database.engine) as made:
        made.person("alice", wallet_minor=500_00, limit_minor=1_000_00)
        own = OF_PARCELS.replace("from_on = 2000-01-01", f"from_on = {made.today}")
        assert admin.add_escrow_terms(made.connection, own, made.today, made.today)
        made.connection.commit()
        yield made
        made.assert_books_hold()
    know_own_terms(())


def bought(world: World, **detail: str) -> int:
    return world.buy("alice", 50_00, 50_00, app=ESCROW_APP, **detail).event.payment_id


def ship(world: World, payment_id: int, number: str = "SF1"):
    return world.do(Ship(payment_id=payment_id, merchant_id=SHOP, carrier="SF", tracking_no=number))


def test_the_clock_starts_with_the_first_parcel_and_confirms_by_itself(world: World):
    payment_id, paid_on = bought(world), world.today
    assert world.payment(payment_id).confirm_on is None
    world.until(paid_on + 20 * DAY)
    assert world.payment(payment_id).state is PaymentState.ESCROWED, "unsent, nothing runs"

    assert ship(world, payment_id).event.confirm_on == paid_on + 30 * DAY
    world.until(paid_on + 21 * DAY)
    assert ship(world, payment_id, "SF2").event.confirm_on is None, "further parcels move nothing"
    extended = world.do(ExtendReceipt(payment_id=payment_id, person_id=world.people["alice"])).event

    assert world.payment(payment_id).confirm_on == extended.confirm_on == paid_on + 33 * DAY
    world.until(paid_on + 34 * DAY)
    assert world.payment(payment_id).state is PaymentState.CAPTURED


def test_goods_that_the_terms_name_start_with_payment_and_a_shops_own_days_count_from_the_parcel(world: World):
    virtual = bought(world, goods="virtual")
    assert world.payment(virtual).confirm_on == world.today + DAY
    assert ship(world, virtual).event.confirm_on is None
    assert world.payment(virtual).confirm_on == world.today + DAY

    own = world.buy("alice", 10_00, app=ESCROW_APP, confirm_days=4).event.payment_id
    assert ship(world, own).event.confirm_on == world.today + 4 * DAY


def test_a_request_stops_a_clock_that_has_not_begun_and_one_that_begins_meanwhile(world: World):
    unsent, sent = bought(world), bought(world)
    cases = [Case(world, payment_id, 10_00) for payment_id in (unsent, sent)]
    shipped = ship(world, sent).event
    assert (shipped.confirm_on, shipped.days_left) == (None, 10)

    world.until(world.today + DAY)
    for case in cases:
        assert world.do(WithdrawRequest(**case.names, person_id=case.alice)).event

    assert world.payment(sent).confirm_on == world.today + 10 * DAY
    assert world.payment(unsent).confirm_on is None
    assert ship(world, unsent).event.confirm_on == world.today + 10 * DAY


def test_a_houses_terms_hold_from_their_day_in_every_process_and_are_never_replaced(world: World):
    today = world.today
    assert world.engine.reference
    assert escrow_terms(today).clock_starts("express") == "shipped"
    assert escrow_terms(today - DAY).clock_starts("express") == "paid"
    know_own_terms(())
    know_escrow_terms(world.connection)
    assert escrow_terms(today).clock_starts("express") == "shipped"

    assert not admin.add_escrow_terms(world.connection, escrow_text(), today, today), "what is stated stays"
    world.connection.commit()


def test_a_version_of_the_presets_own_day_stands_before_it():
    preset = escrow_terms(versions_of(escrow_text())[0].from_on)
    know_own_terms((replace(preset, seller_answer_days=3),))
    try:
        assert escrow_terms(preset.from_on).seller_answer_days == 3
    finally:
        know_own_terms(())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seller_answer_days = 2", "seller_answer_days = -2", "seller_answer_days"),
        ("return_fee_share_max = 0.3", "return_fee_share_max = 1.3", "a share, 0 to 1"),
        ("other = 10", "others = 10", "add `other`"),
        ('other = "paid"', 'other = "sent"', "clock_from"),
        ('"application/pdf"]', '"text/html"]', "evidence_types"),
        ("evidence_bytes_max = 5_000_000", "evidence_bytes_max = 50_000_000", "evidence_bytes_max"),
        ("decision_days = 15", "", "decision_days"),
        ("[[versions]]", "[versions]", "versions"),
    ],
)
def test_a_file_that_cannot_hold_says_which_field_and_what_to_write(old: str, new: str, said: str):
    assert old in escrow_text()

    with pytest.raises(EscrowTermsInvalid, match=said):
        versions_of(escrow_text().replace(old, new, 1))
