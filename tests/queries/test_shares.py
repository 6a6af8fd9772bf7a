"""Who got which fen of a payment: read from the books, summing to zero whatever has happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import FreshDatabase
from florin.queries.shares import Shares, shares_of_days, shares_of_payment
from world import DIRECT_APP, ESCROW_APP, SHOP, World


@pytest.fixture
def world(fresh_database: FreshDatabase) -> Iterator[World]:
    with World(fresh_database.engine, mdr_refunded=True, negative_limit_minor=10**9) as made:
        made.person("alice", limit_minor=50_000_00, wallet_minor=50_000_00)
        yield made


def shares(world: World, payment_id: int) -> Shares:
    found = shares_of_payment(world.connection, payment_id=payment_id)
    world.connection.commit()
    assert found is not None
    assert sum(share.amount_minor for share in found.shares) == 0
    assert found.of("between") == 0, "what entities owe each other is on both sides"
    for share in found.shares:
        assert share.amount_minor == sum(cause.amount_minor for cause in share.causes)
    return found


def parties(found: Shares) -> dict[str, int]:
    return {share.party: share.amount_minor for share in found.shares if share.amount_minor}


def test_a_sale_by_wallet_and_credit_is_the_shops_but_for_the_fee(world):
    found = shares(world, world.buy("alice", 80_00, 20_00).event.payment_id)

    assert parties(found) == {"shopper": -100_00, "shop": 99_40, "payment_institution": 60}
    shop = next(share for share in found.shares if share.party == "shop")
    assert {cause.what: cause.amount_minor for cause in shop.causes} == {"credit": 80_00, "wallet": 20_00, "mdr": -60}
    assert shop.name == "Shop"


def test_before_receipt_the_wallets_money_is_in_escrow_and_credit_is_only_promised(world):
    sale = world.buy("alice", 80_00, 20_00, app=ESCROW_APP).event.payment_id

    found = shares(world, sale)
    assert parties(found) == {"shopper": -20_00, "escrow": 20_00}
    assert found.promised_minor == 80_00

    world.receive(sale)
    found = shares(world, sale)
    assert parties(found) == {"shopper": -100_00, "shop": 99_40, "payment_institution": 60}
    assert found.promised_minor == 0


def test_installments_that_the_shop_bears_a_coupon_and_a_subsidy_each_name_their_payer(world):
    borne = shares(world, world.buy("alice", 1_200_00, installments=6, fee_payer="merchant").event.payment_id)
    assert parties(borne) == {
        "shopper": -1_200_00, "shop": 1_200_00 - 7_20 - 54_00, "payment_institution": 7_20, "lender": 54_00,
    }  # fmt: skip

    for sponsor, payer in (("mall", "campaign"), ("state", "state")):
        coupon = world.campaign(10_000_00, sponsor=sponsor)
        found = shares(world, world.buy_with_coupon("alice", coupon, wallet_minor=180_00).event.payment_id)
        assert parties(found) == {"shopper": -180_00, payer: -20_00, "shop": 198_80, "payment_institution": 1_20}


def test_of_all_days_each_party_has_what_its_payments_give_it_and_a_stranger_has_none(world):
    payments = [world.buy("alice", amount, amount).event.payment_id for amount in (1, 99, 333_33)]
    world.refund(payments[2], 100_00)

    every = shares_of_days(world.connection, from_on=world.today, until_on=world.today + timedelta(1), merchant_id=SHOP)

    assert every.payments == 3
    for party in ("shopper", "shop", "payment_institution"):
        assert every.of(party) == sum(shares(world, payment).of(party) for payment in payments)
    elsewhere = shares_of_days(
        world.connection, from_on=world.today, until_on=world.today + timedelta(1), merchant_id=9
    )
    assert (elsewhere.payments, elsewhere.shares) == (0, ())
    assert shares_of_payment(world.connection, payment_id=world.people["alice"]) is None
    assert shares_of_payment(world.connection, payment_id=2**62) is None


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(("capture", "receive", "refund", "refund", "repay", "day", "month")),
        st.integers(1, 4),
    ),
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.tuples(st.sampled_from((0, 1, 100_00, 333_33)), st.sampled_from((0, 1, 55_55))).filter(any),
    flow=st.sampled_from(("direct", "escrow", "manual")),
    installments=st.sampled_from((0, 3)),
    fee_payer=st.sampled_from(("shopper", "merchant")),
    happenings=HAPPENINGS,
)
def test_whatever_happens_to_a_payment_its_parties_sum_to_zero(
    world: World, amounts, flow, installments, fee_payer, happenings
):
    credit, wallet = amounts
    detail: dict[str, Any] = {"installments": installments if credit >= 100_00 else 0, "fee_payer": fee_payer}
    if flow == "manual":
        sale = world.authorize("alice", credit, wallet, **detail)
    else:
        sale = world.buy("alice", credit, wallet, app=ESCROW_APP if flow == "escrow" else DIRECT_APP, **detail)
    payment_id = sale.event.payment_id
    for what, part in happenings:
        payment = world.payment(payment_id)
        if what == "capture" and payment.open_minor:
            world.capture(payment_id, -(-payment.open_minor // part))
        elif what == "receive" and flow == "escrow":
            world.receive(payment_id)
        elif what == "refund" and payment.refundable_minor:
            world.refund(payment_id, -(-payment.refundable_minor // part))
        elif what == "repay" and world.line("alice").principal_minor:
            world.repay("alice", -(-world.line("alice").principal_minor // part), "bank")
        elif what in ("day", "month"):
            world.until(world.today + timedelta(1 if what == "day" else 25))

    found = shares(world, payment_id)

    payment = world.payment(payment_id)
    held = payment.wallet_open_minor if flow == "manual" else 0
    if flow == "escrow" and not payment.received_minor:
        held += payment.wallet_left_minor
    assert found.of("escrow") == held
    assert found.of("payment_institution") == payment.mdr_minor - payment.mdr_back_minor
