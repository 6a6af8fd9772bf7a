"""A message tells the moment of its event, however late it is sent and whatever has happened since."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from florin.engine.told import whole_of
from florin.payments.payment import Payment, PaymentState
from florin.payments.trade import Trade, TradeState
from world import ESCROW_APP, World


@pytest.fixture
def listened_to(world: World) -> World:
    world.connection.execute("UPDATE app SET notify_url = 'https://shop.example/'")
    world.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    world.connection.commit()
    world.person("alice", limit_minor=10_000_00, wallet_minor=1_000_00)
    return world


def messages(world: World) -> list[dict[str, Any]]:
    rows = world.connection.execute("SELECT event_id, payload FROM outbox ORDER BY id").fetchall()
    return [dict(payload) for payload in whole_of(world.connection, rows)]


def payment_in(message: dict[str, Any]) -> Payment:
    return msgspec.convert(message["payment"], Payment, strict=False)


def trade_in(message: dict[str, Any]) -> Trade:
    return msgspec.convert(message["trade"], Trade, strict=False)


def test_a_sale_its_receipt_and_its_refunds_each_tell_their_own_moment(listened_to: World) -> None:
    world = listened_to
    payment_id = world.buy("alice", 60_00, 40_00, app=ESCROW_APP).event.payment_id
    moments = [world.payment(payment_id)]
    world.receive(payment_id)
    moments.append(world.payment(payment_id))
    for amount_minor in (30_00, 70_00):
        world.refund(payment_id, amount_minor)
        moments.append(world.payment(payment_id))

    told = messages(world)

    assert [payment_in(message) for message in told] == moments
    assert [moment.state for moment in moments] == [
        PaymentState.ESCROWED, PaymentState.CAPTURED, PaymentState.CAPTURED, PaymentState.REFUNDED,
    ]  # fmt: skip
    assert {trade_in(message).state for message in told} == {TradeState.PAID}


def test_a_message_tells_the_event_and_the_trade_as_they_are_in_their_rows(listened_to: World) -> None:
    world = listened_to
    event = world.buy("alice", 60_00).event

    (message,) = messages(world)

    assert message["event_id"] == world.one("SELECT event_id FROM outbox")
    assert message["event"]["credit_minor"] == 60_00
    assert trade_in(message).id == event.trade_id
    assert trade_in(message).payment_id == event.payment_id


def test_what_a_message_keeps_is_short(listened_to: World) -> None:
    world = listened_to
    world.buy("alice", 60_00)

    kept = world.one("SELECT pg_column_size(payload) FROM outbox")

    assert kept < 400


def test_what_was_kept_whole_is_told_as_it_is(listened_to: World) -> None:
    """Messages from before: they hold all of it."""
    kept = {"event_id": 7, "at": "2026-03-02T00:00:00Z", "event": {}, "trade": {"id": 1}, "payment": None}

    assert whole_of(listened_to.connection, [(7, kept)]) == [kept]
