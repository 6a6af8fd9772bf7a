"""Credit, wallet, coupon and a subsidized plan in one payment: whatever becomes of it, every tender goes back whole."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from florin.campaigns.subsidy import subsidy_minor
from florin.credit.plans import installment_choice, lent_years_minor
from florin.credit.program import load_program
from florin.engine import lane_of
from florin.engine.reference import load_reference
from florin.engine.tables.campaign import CAMPAIGN_USE, use_of
from florin.payments.trade import Flow
from world import DIRECT_APP, ESCROW_APP, SHOP, World

CREDIT, WALLET, COUPON = 1_200_00, 100_00, 20_00
WHOLE = CREDIT + WALLET + COUPON
SUBSIDIES = (
    {"kind": "fee_subsidy", "share_ppm": 500_000},
    {"kind": "fee_subsidy", "share_ppm": 333_333, "person_year_minor_max": 100_00},
    {"kind": "rate_subsidy", "yearly_rate_ppm": 10_000, "person_year_minor_max": 3_000_00},
)
STEPS = st.lists(
    st.tuples(st.sampled_from(("capture", "void", "receive", "refund", "day")), st.fractions(0, 1)), max_size=7
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flow=st.sampled_from((Flow.DIRECT, Flow.ESCROW, Flow.MANUAL)),
    subsidy=st.sampled_from(SUBSIDIES),
    sponsors=st.tuples(*[st.sampled_from(("mall", "state", "merchant"))] * 2),
    refund_order=st.sampled_from(("credit_first", "proportional", "coupon_last")),
    count=st.sampled_from((3, 6, 12)),
    steps=STEPS,
)
def test_whatever_becomes_of_a_payment_by_every_tender_each_book_balances_and_each_tender_goes_back_whole(
    new_database, flow, subsidy, sponsors, refund_order, count, steps
):
    with new_database() as database, World(database.engine, mdr_refunded=True, negative_limit_minor=10**9) as world:
        world.person("alice", wallet_minor=10_000_00, limit_minor=50_000_00)
        own = [{"sponsor": one, "merchants": (SHOP,) if one == "merchant" else ()} for one in sponsors]
        coupon = world.campaign(500_00, refund_order=refund_order, **own[0])
        bearing = world.campaign(500_00, **subsidy, **own[1])
        payment_id = pay(world, flow, coupon, bearing, count)
        world.assert_books_hold()

        for step, part in steps:
            act(world, step, part, payment_id)
            counts_agree(world, payment_id, coupon, bearing)
            world.assert_books_hold()
        for step in ("void", "receive"):
            act(world, step, 1, payment_id)
        payment = world.payment(payment_id)
        if payment.refundable_minor:
            assert world.refund(payment_id, payment.refundable_minor).refusal is None
        world.assert_books_hold()

        payment = world.payment(payment_id)
        assert payment.credit_paid_minor == payment.credit_refunded_minor
        assert payment.wallet_paid_minor == payment.wallet_refunded_minor
        assert payment.coupon_paid_minor == payment.coupon_refunded_minor
        assert payment.credit_paid_minor + payment.credit_released_minor == CREDIT
        assert (world.budget(coupon).left_minor, world.budget(bearing).left_minor) == (500_00, 500_00)
        assert world.line("alice").exposure_minor == 0 == world.line("alice").fee_minor
        assert world.wallet_minor("alice") == 10_000_00
        for account in ("DEFERRED_FEE_INCOME", "CAMPAIGN_COST", "MEMO_SUBSIDY", "MEMO_DISCOUNT", "FUNDED_ESCROW"):
            assert world.balance(account) == 0, account
        assert borne_minor(world, bearing) in (None, 0)


def pay(world, flow, coupon, bearing, count):
    """One payment by every tender, its plan subsidized as the campaign says."""
    terms = load_program("huabei").terms_on(world.today)
    choice = installment_choice(CREDIT, count, terms)
    campaign = load_reference(world.connection, 0).campaigns[bearing]
    world.connection.commit()
    minor = subsidy_minor(
        campaign,
        choice,
        lent_years_minor=lent_years_minor(CREDIT, choice, terms),
        merchant_id=SHOP,
        program="huabei",
    )
    trade_id = world.ask(WHOLE, app=ESCROW_APP if flow is Flow.ESCROW else DIRECT_APP, flow=flow)
    outcome = world.pay(
        "alice", trade_id, CREDIT, WALLET, installments=count, capture=flow is not Flow.MANUAL,
        campaign_id=coupon, coupon_minor=COUPON, subsidy_id=bearing, subsidy_minor=minor,
    )  # fmt: skip
    assert outcome.refusal is None, outcome.refusal
    assert minor > 0
    return outcome.event_id


def act(world, step, part, payment_id):
    """One step where it can be taken; a plan too small for its part is refused, and nothing is done."""
    payment = world.payment(payment_id)
    if step == "capture" and (minor := int(payment.open_minor * part)):
        world.capture(payment_id, minor)
    elif step == "void" and payment.open_minor:
        assert world.void(payment_id).refusal is None
    elif step == "receive" and payment.flow is Flow.ESCROW and payment.state.name == "ESCROWED":
        assert world.receive(payment_id).refusal is None
    elif step == "refund" and (minor := int(payment.refundable_minor * part)):
        assert world.refund(payment_id, minor).refusal is None
    elif step == "day":
        world.until(world.today + timedelta(1))


def counts_agree(world, payment_id, coupon, bearing):
    """Budgets, the person's cap and the mall's book say the same of what is borne and promised."""
    payment = world.payment(payment_id)
    spent_minor = 500_00 - world.budget(bearing).left_minor
    booked = ("CAMPAIGN_COST", "MEMO_DISCOUNT", "MEMO_SUBSIDY")
    assert spent_minor == sum(world.balance(account, bearing) for account in booked)
    assert spent_minor >= payment.subsidy_promised_minor >= 0
    of_coupon = payment.coupon_open_minor + payment.coupon_left_minor
    assert 500_00 - world.budget(coupon).left_minor == of_coupon
    assert borne_minor(world, bearing) in (None, spent_minor)


def borne_minor(world, campaign_id):
    """What counts against alice's cap; None of a campaign that has none."""
    person_id = world.people["alice"]
    rows = CAMPAIGN_USE.load(world.connection, [(lane_of(person_id), person_id)], "")
    world.connection.commit()
    return next((use.borne_minor for use in map(use_of, rows) if use.campaign_id == campaign_id), None)
