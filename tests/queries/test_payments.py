"""Payments as a merchant reads them: found by id and by order number, in pages that are complete."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.engine import clock
from florin.queries import ReadPool
from florin.queries.payments import (
    CursorUnreadable,
    Place,
    payment_by_order,
    payment_by_trade,
    payments_page,
    place_of,
    refunds_of,
    trade_of_event,
)
from world import DIRECT_APP, ESCROW_APP, World


@given(st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)), st.integers(0, 2**47))
def test_a_cursor_names_its_place(asked_at, trade_id):
    place = Place(asked_at, trade_id)

    assert place_of(place.text()) == place


@pytest.mark.parametrize(
    "place",
    [
        Place(datetime(1, 1, 1, tzinfo=UTC), 1),  # a page would look back from it, before the first year
        Place(datetime(2026, 3, 5), 1),
        Place(datetime(2026, 3, 5, tzinfo=UTC), 2**63),
        Place(datetime(2026, 3, 5, tzinfo=UTC), -1),
    ],
)
def test_a_place_where_nothing_of_ours_can_be_is_refused(place):
    with pytest.raises(CursorUnreadable):
        place_of(place.text())


@given(st.text(max_size=60))
def test_a_text_that_is_no_cursor_is_refused_and_nothing_else(text):
    try:
        place = place_of(text)
    except CursorUnreadable:
        return
    assert isinstance(place, Place)


def test_a_payment_is_seen_with_its_trade_by_both_roles(reads: ReadPool, pages_reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    trade_id = world.ask(5_000)
    waiting = reads.ask(payment_by_trade, trade_id=trade_id)

    world.pay("alice", trade_id, 5_000)

    assert waiting is not None
    assert waiting.payment is None
    for pool in (reads, pages_reads):
        view = pool.ask(payment_by_trade, trade_id=trade_id, app_id=ESCROW_APP)
        assert view is not None
        assert view.payment == world.payment(view.trade.payment_id)
        assert pool.ask(payment_by_trade, trade_id=trade_id, app_id=DIRECT_APP) is None


def test_an_order_number_finds_its_payment_within_the_app(reads: ReadPool, world: World):
    trade_id = world.ask(5_000)
    view = reads.ask(payment_by_trade, trade_id=trade_id)
    assert view is not None
    number = view.trade.out_trade_no

    assert reads.ask(payment_by_order, app_id=ESCROW_APP, order_number=number) == view
    assert reads.ask(payment_by_order, app_id=DIRECT_APP, order_number=number) is None
    assert reads.ask(payment_by_order, app_id=ESCROW_APP, order_number="nothing") is None


def test_an_event_leads_to_its_trade(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    sold = world.buy("alice", 5_000)

    assert reads.ask(trade_of_event, event_id=sold.event_id) == sold.event.trade_id
    assert reads.ask(trade_of_event, event_id=12345) == 0


def test_refunds_come_oldest_first(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    sold = world.buy("alice", 5_000)
    for amount in (100, 200, 300):
        world.refund(sold.event.payment_id, amount)

    found = reads.ask(refunds_of, payment=world.payment(sold.event.payment_id))

    assert [event.credit_minor for _, event in found] == [100, 200, 300]


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_of_any_size_hold_every_order_once_newest_first(reads: ReadPool, world: World, limit):
    chance = random.Random(7)
    made = []
    for _ in range(25):
        made.append(world.ask(chance.randint(1, 9), app=DIRECT_APP))
        world.ask(1, app=ESCROW_APP)
        if chance.random() < 0.4:
            clock.shift(world.connection, chance.choice([1, 600, 7_200, 86_400, 86_400 * 40]))
    now = clock.read(world.connection).instant

    seen, after = [], None
    while True:
        page = reads.ask(payments_page, app_id=DIRECT_APP, limit=limit, now=now, after=after)
        assert len(page.views) <= limit
        seen += [view.trade.id for view in page.views]
        if (after := page.after) is None:
            break

    assert seen == made[::-1]


def test_bounds_leave_out_what_lies_outside(reads: ReadPool, world: World):
    times: list[datetime] = []
    made = []
    for _ in range(6):
        made.append(world.ask(1, app=DIRECT_APP))
        view = reads.ask(payment_by_trade, trade_id=made[-1])
        assert view is not None
        times.append(view.trade.asked_at)
        clock.shift(world.connection, 86_400)
    now = clock.read(world.connection).instant

    def between(start: datetime | None, end: datetime | None) -> list[int]:
        page = reads.ask(payments_page, app_id=DIRECT_APP, limit=50, now=now, created_from=start, created_before=end)
        return [view.trade.id for view in page.views]

    assert between(times[2], times[4]) == [made[3], made[2]]
    assert between(None, times[1]) == [made[0]]
    assert between(times[5], None) == [made[5]]
    assert between(now + timedelta(days=1), None) == []
    assert between(times[4], times[2]) == []
