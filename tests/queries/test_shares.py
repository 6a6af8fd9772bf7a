"""Who got which fen of a payment: read from the books, summing to zero whatever has happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import FreshDatabase
from florin.credit.funding import OpenFunding
from florin.credit.plans import installment_choice
from florin.credit.program import load_program
from florin.engine import lane_for
from florin.engine.admin import assign_fees, place_merchant
from florin.money import round_half_up
from florin.payments.trade import Flow
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


@pytest.fixture
def street(world: World) -> World:
    """A brand in a mall, a card beside huabei, a coupon, and a bank that funds a part of each loan."""
    place_merchant(world.connection, SHOP, market="tmall", category="phones")
    assign_fees(world.connection, merchant_id=SHOP, plan="ali", from_on=world.today)
    world.connection.commit()
    world.person("bob", wallet_minor=50_000_00)
    world.open_line("bob", "bank-card", 50_000_00)
    world.coupon = world.campaign(10_000_00)  # type: ignore[attr-defined]
    world.halves = world.campaign(10_000_00, kind="fee_subsidy", share_ppm=500_000)  # type: ignore[attr-defined]
    funded = OpenFunding(
        agreement_id=world.engine.new_id(lane_for("partner/p")),
        partner="p", programs=("huabei",), share_ppm=700_000, servicing_ppm=100_000, cap_minor=10**9,
    )  # fmt: skip
    assert world.do(funded).event
    return world


HAPPENINGS = st.lists(
    st.tuples(st.sampled_from(("capture", "receive", "refund", "refund", "repay", "day")), st.integers(1, 4)),
    max_size=5,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    who=st.sampled_from(("alice", "bob")),
    amounts=st.tuples(st.sampled_from((0, 1, 600_00, 1_333_33)), st.sampled_from((0, 1, 55_55))).filter(any),
    flow=st.sampled_from(("direct", "escrow", "manual")),
    coupon=st.booleans(),
    plan=st.sampled_from(("", "shopper", "merchant", "subsidy")),
    happenings=HAPPENINGS,
)
def test_whatever_happens_to_a_payment_its_parties_sum_to_zero(
    street: World, who, amounts, flow, coupon, plan, happenings
):
    payment_id = _pay(street, who, amounts, flow, plan, with_coupon=coupon and sum(amounts) > 80_00)
    for what, part in happenings:
        _happens(street, who, payment_id, what, part)

    found = shares(street, payment_id)

    payment = street.payment(payment_id)
    kept = {one.fee: 0 for one in payment.fees} | dict.fromkeys(
        ("interchange", "network_acquirer", "network_issuer"), 0
    )
    for one in payment.fees:
        kept[one.fee] += one.amount_minor - one.back_minor
    mdr = payment.mdr_minor - payment.mdr_back_minor
    assert found.of("payment_institution") == mdr - kept["interchange"] - kept["network_acquirer"]
    assert found.of("network") == kept["network_acquirer"] + kept["network_issuer"]
    assert found.of("mall") == kept.get("commission", 0) + kept.get("software_fee", 0)
    held = payment.wallet_open_minor + payment.coupon_open_minor
    if not payment.received_minor and flow == "escrow":
        held = payment.wallet_left_minor + payment.coupon_left_minor
    assert found.of("escrow") == held


def _pay(street: World, who: str, amounts: tuple[int, int], flow: str, plan: str, *, with_coupon: bool) -> int:
    credit, wallet = amounts
    offered: dict[str, Any] = {}
    if with_coupon:
        offered = {"campaign_id": street.coupon, "coupon_minor": 20_00}  # type: ignore[attr-defined]
    if plan == "subsidy" and who == "alice" and credit >= 600_00:
        choice = installment_choice(credit, 6, load_program("huabei").terms_on(street.today), "shopper")
        campaign = street.halves  # type: ignore[attr-defined]
        assert choice is not None
        offered |= {"subsidy_id": campaign, "subsidy_minor": round_half_up(Fraction(choice.fee_minor, 2))}
    detail = {
        "installments": 6 if plan and credit >= 600_00 else 0,
        "fee_payer": "merchant" if plan == "merchant" else "shopper",
    }
    flows = {"direct": Flow.DIRECT, "escrow": Flow.ESCROW, "manual": Flow.MANUAL}
    trade_id = street.ask(
        credit + wallet + offered.get("coupon_minor", 0), app=ESCROW_APP if flow == "escrow" else DIRECT_APP,
        flow=flows[flow], **detail,
    )  # fmt: skip
    outcome = street.pay(who, trade_id, credit, wallet, capture=flow != "manual", **offered)
    assert outcome.event, outcome.refusal
    return outcome.event.payment_id


def _happens(street: World, who: str, payment_id: int, what: str, part: int) -> None:
    payment, principal = street.payment(payment_id), street.line(who).principal_minor
    if what == "capture" and payment.open_minor:
        street.capture(payment_id, -(-payment.open_minor // part))
    elif what == "receive":
        street.receive(payment_id)
    elif what == "refund" and payment.refundable_minor:
        street.refund(payment_id, -(-payment.refundable_minor // part))
    elif what == "repay" and principal:
        street.repay(who, -(-principal // part), "bank")
    elif what == "day":
        street.until(street.today + timedelta(1))
