"""Bills as a living house gives them: published days only, to the fen, the same whenever they are asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from florin.documents.bills import bill_csv
from florin.payments.settle import SettlePayout
from florin.queries import ReadPool
from florin.queries.bills import Bill, NotPublished, read_bill, read_bills
from world import ESCROW_APP, SHOP, START, World


def day(number: int) -> date:
    return START + timedelta(days=number)


def bill_of(reads: ReadPool, number: int) -> Bill:
    with reads.connection() as connection:
        bill = read_bill(connection, merchant_id=SHOP, from_on=day(number), before_on=day(number + 1))
    assert bill is not None
    return bill


def test_bills_tell_every_fen_of_four_days_and_what_the_accounts_hold_after_each(world: World, reads: ReadPool):
    world.person("alice", wallet_minor=500_000, limit_minor=1_000_000)
    own = world.campaign(50_000, sponsor="merchant", merchants=(SHOP,))
    world.buy("alice", 60_000, 40_000)
    world.buy_with_coupon("alice", own, wallet_minor=80_00)
    world.buy("alice", 600_000, installments=12, fee_payer="merchant")
    waits = world.buy("alice", wallet_minor=50_000, app=ESCROW_APP)
    bought = world.buy("alice", wallet_minor=30_000)
    world.refund(bought.event_id, 10_000)
    with pytest.raises(NotPublished):
        bill_of(reads, 0)
    world.until(day(1))
    first = bill_of(reads, 0)
    assert [line.type for line in first.lines] == ["sale"] * 4 + ["refund"]
    assert first.closing_minor == world.balance("PAYOUT_IN_TRANSIT")
    assert {line.discount_minor for line in first.lines} == {0, 20_00}
    assert first.lines[2].earned.fees["installments"] > 0
    world.receive(waits.event_id)
    sent = world.one("SELECT id FROM payout")
    told = {"payout_id": sent, "merchant_id": SHOP, "amount_minor": first.closing_minor, "bank_reference": "b1"}
    world.do(SettlePayout(**told, returned=True, reason="account closed"))
    assert world.refund(bought.event_id, 5_000).refusal is None
    world.until(day(3))

    second, third = bill_of(reads, 1), bill_of(reads, 2)

    assert [line.type for line in second.lines] == ["payout", "sale", "payout-returned", "refund"]
    assert (second.opening_minor, third.opening_minor) == (first.closing_minor, second.closing_minor)
    assert second.lines[0].payout_id == second.lines[2].payout_id == sent
    kept = sum(world.balance(name, SHOP) for name in ("MERCHANT_PAYABLE", "MERCHANT_AVAILABLE"))
    assert third.closing_minor == kept
    before = bill_csv(first).content
    with reads.connection() as connection:
        assert [bill_csv(bill).content for bill in read_bills(connection, on=day(0))] == [before]
        together = read_bill(connection, merchant_id=SHOP, from_on=day(0), before_on=day(3))
    assert together is not None
    assert together.lines == first.lines + second.lines + third.lines
