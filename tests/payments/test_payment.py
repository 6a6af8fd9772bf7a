"""The counters of a payment: each only rises, and what is taken, released and given back never exceeds what there was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.credit.plans import installment_choice
from florin.events import Authorized, Escrowed
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments import capture, receive, refund, void
from florin.payments.payment import Payment, PaymentState, evolve
from florin.payments.trade import Flow
from payments.builders import ALICE, AT, BOB, LINE, NOW, PAYMENT, TERMS, TODAY, balance, merchant, paid, payment

COUNTERS = (
    "credit_paid_minor", "credit_released_minor", "credit_refunded_minor", "wallet_paid_minor", "wallet_released_minor",
    "wallet_refunded_minor", "received_minor", "refunded_before_receipt_minor", "mdr_minor", "mdr_back_minor",
)  # fmt: skip

MERCHANTS = st.builds(merchant, mdr_ppm=st.sampled_from((0, 6_000, 38_000, 1_000_000)), mdr_refunded=st.booleans())
ACTIONS = st.tuples(st.sampled_from(("capture", "void", "refund", "receive")), st.integers(0, 3_000))


def decide(of, shop, what, amount_minor):
    match what:
        case "capture":
            return capture.decide(of, shop, TERMS, capture.Capture(payment_id=PAYMENT, amount_minor=amount_minor), AT)
        case "void":
            return void.decide(of, void.Void(payment_id=PAYMENT, amount_minor=amount_minor % 1_500), AT)
        case "receive":
            return receive.decide(of, shop, None, receive.Receive(payment_id=PAYMENT, by="clock"), AT)
        case "refund":
            command = refund.Refund(payment_id=PAYMENT, amount_minor=amount_minor, request_no="r")
            return refund.decide(
                payment=of, merchant=shop, balance=balance(), preview=refund.NO_PREVIEW, command=command, at=AT
            )
    raise AssertionError(what)


def hold_what_the_database_guards(before: Payment, after: Payment) -> None:
    for counter in COUNTERS:
        assert getattr(after, counter) >= getattr(before, counter), f"{counter} fell"
    for tender in ("credit", "wallet"):
        authorized, taken, released, refunded = (
            getattr(after, f"{tender}_{what}_minor") for what in ("authorized", "paid", "released", "refunded")
        )
        assert taken + released <= authorized
        assert refunded <= taken
    assert after.received_minor <= after.paid_minor - after.refunded_before_receipt_minor
    assert after.mdr_back_minor <= after.mdr_minor
    assert min(after.open_minor, after.refundable_minor) >= 0


@given(
    credit_minor=st.integers(0, 2_000),
    wallet_minor=st.integers(0, 2_000),
    flow=st.sampled_from(Flow),
    shop=MERCHANTS,
    actions=st.lists(ACTIONS, max_size=12),
)
def test_whatever_is_asked_of_a_payment_its_counters_stay_within_each_other(
    credit_minor, wallet_minor, flow, shop, actions
):
    of = payment(credit_minor, wallet_minor, flow=flow)
    if flow is Flow.ESCROW:
        event = Escrowed(value_on=TODAY, credit_minor=credit_minor, wallet_minor=wallet_minor)
    else:
        event = Authorized(
            value_on=TODAY, credit_minor=credit_minor, wallet_minor=wallet_minor, expires_at=NOW + timedelta(days=7)
        )
    of = evolve(of, event)

    for what, amount_minor in actions:
        decided = decide(of, shop, what, amount_minor)
        if isinstance(decided, Refusal):
            continue
        before = of
        for event in decided:
            of = evolve(of, event)
        hold_what_the_database_guards(before, of)

    taken_back = of.refunded_minor + of.open_minor
    assert taken_back + (of.paid_minor - of.refunded_minor) <= of.amount_minor
    assert (of.state is PaymentState.REFUNDED) <= (of.refundable_minor == 0)


# ── capture ───────────────────────────────────────────────────────────────────────────────────────────────────────


def captured(of: Payment, amount_minor: int = 0) -> Payment:
    (event,) = decide(of, merchant(), "capture", amount_minor)
    return evolve(of, event)


def test_a_capture_takes_credit_before_wallet_money_and_releases_their_holds():
    of = payment(60_00, 40_00)

    (first,) = decide(of, merchant(), "capture", 70_00)

    assert (first.credit_minor, first.wallet_minor) == (60_00, 10_00)
    assert (first.held_credit_minor, first.held_wallet_minor) == (60_00, 10_00)
    after = evolve(of, first)
    assert (after.open_minor, after.state) == (30_00, PaymentState.AUTHORIZED)


def test_captures_end_when_nothing_is_open():
    of = captured(captured(payment(60_00, 40_00), 70_00))

    assert (of.state, of.paid_minor, of.open_minor) == (PaymentState.CAPTURED, 100_00, 0)
    assert decide(of, merchant(), "capture", 1) == capture.NothingAuthorized(state="captured")


@pytest.mark.parametrize("amount_minor", [100_01, -1])
def test_a_capture_beyond_the_authorization_says_what_is_open(amount_minor):
    assert decide(payment(60_00, 40_00), merchant(), "capture", amount_minor) == capture.CaptureExceedsAuthorization(
        requested_minor=amount_minor, open_minor=100_00
    )


def test_a_hold_that_has_run_out_is_not_captured_whether_or_not_that_was_recorded():
    command = capture.Capture(payment_id=PAYMENT)
    of = payment(100_00, expires_at=NOW)
    just_before = At(on=TODAY, instant=NOW - timedelta(seconds=1))

    assert capture.decide(of, merchant(), TERMS, command, AT) == capture.NothingAuthorized(state="expired")
    assert isinstance(capture.decide(of, merchant(), TERMS, command, just_before), tuple)


def test_a_part_captured_alone_is_a_plan_of_its_own_at_its_own_price():
    plan = installment_choice(1_000_00, 12, TERMS, "merchant")
    of = payment(1_000_00, plan=plan)

    (part,) = decide(of, merchant(), "capture", 400_00)
    (whole,) = decide(of, merchant(), "capture", 0)

    assert (part.plan.count, part.plan.fee_minor, part.plan.fee_payer) == (12, 30_00, "merchant")
    assert whole.plan == plan


def test_a_part_too_small_for_a_plan_is_refused():
    of = payment(1_000_00, plan=installment_choice(1_000_00, 12, TERMS))

    assert decide(of, merchant(), "capture", 99_99).name == "PlanNotOffered"


# ── void ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_void_releases_what_is_open_of_each_tender():
    of = captured(payment(60_00, 40_00), 70_00)

    (event,) = decide(of, merchant(), "void", 0)

    assert (event.credit_minor, event.wallet_minor, event.line_id) == (0, 30_00, 0)
    after = evolve(of, event)
    assert (after.state, after.open_minor, after.refundable_minor) == (PaymentState.CAPTURED, 0, 70_00)


def test_a_void_of_all_ends_the_payment():
    of = evolve(payment(60_00, 40_00), decide(payment(60_00, 40_00), merchant(), "void", 0)[0])

    assert of.state is PaymentState.VOIDED
    for what in ("void", "capture", "refund", "receive"):
        assert isinstance(decide(of, merchant(), what, 10_00), Refusal)


@pytest.mark.parametrize("state", [PaymentState.ESCROWED, PaymentState.CAPTURED])
def test_what_was_captured_is_not_voided_but_refunded(state):
    refusal = decide(paid(100_00, state=state), merchant(), "void", 0)

    assert refusal == void.AlreadyCaptured(state=state.name.lower())
    assert refusal.sentence().endswith("Refund it instead.")


def test_what_was_refunded_has_nothing_to_void():
    refusal = decide(paid(100_00, state=PaymentState.REFUNDED), merchant(), "void", 0)

    assert refusal == void.NothingAuthorized(state="refunded")


# ── receive ───────────────────────────────────────────────────────────────────────────────────────────────────────


def escrowed(credit_minor, wallet_minor=0, **changes):
    return paid(
        credit_minor, wallet_minor, state=PaymentState.ESCROWED, flow=Flow.ESCROW, received_minor=0, payable_on=None,
        **changes,
    )  # fmt: skip


def test_receipt_makes_owed_what_was_not_given_back_before_it():
    of = escrowed(100_00, 50_00)
    for event in decide(of, merchant(), "refund", 30_00):
        of = evolve(of, event)

    (event,) = decide(of, merchant(), "receive", 0)

    assert (event.credit_minor, event.wallet_minor, event.mdr_minor) == (70_00, 50_00, 72)
    assert evolve(of, event).received_minor == 120_00


def test_only_the_buyer_the_clock_or_the_seller_confirms_receipt_and_once():
    of = escrowed(100_00)

    stranger = receive.decide(of, merchant(), None, receive.Receive(payment_id=PAYMENT, person_id=BOB), AT)
    (buyer,) = receive.decide(of, merchant(), None, receive.Receive(payment_id=PAYMENT, person_id=ALICE), AT)

    assert stranger == receive.NotYourPayment(payment_id=PAYMENT)
    assert (buyer.by, buyer.line_id) == ("buyer", LINE)
    assert decide(evolve(of, buyer), merchant(), "receive", 0) == receive.NothingToReceive(state="captured")


# ── refund ────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(credit_minor=st.integers(0, 10**6), wallet_minor=st.integers(0, 10**6), amounts=st.lists(st.integers(1, 10**6)))
def test_credit_goes_back_before_wallet_money_and_all_of_it_in_the_end(credit_minor, wallet_minor, amounts):
    of = paid(credit_minor, wallet_minor)
    for amount_minor in (*amounts, of.refundable_minor):
        amount_minor = min(amount_minor, of.refundable_minor)
        if amount_minor == 0:
            continue
        credit, from_wallet, _ = refund.split(of, merchant(), None, amount_minor)
        assert credit + from_wallet == amount_minor
        assert from_wallet == 0 or credit == of.credit_left_minor, "wallet money only after the credit part"
        for event in decide(of, merchant(), "refund", amount_minor):
            of = evolve(of, event)
    rest = of.refundable_minor
    if rest:
        for event in decide(of, merchant(), "refund", rest):
            of = evolve(of, event)

    assert (of.credit_refunded_minor, of.wallet_refunded_minor) == (credit_minor, wallet_minor)


@given(
    paid_minor=st.integers(1, 10**6),
    mdr_ppm=st.integers(0, 1_000_000),
    amounts=st.lists(st.integers(1, 10**6), min_size=1, max_size=20),
)
def test_refunds_in_parts_give_back_the_same_fee_as_one(paid_minor, mdr_ppm, amounts):
    """The fee given back is the rounded share of all refunds so far, so that no fen is made or lost by splitting."""
    shop = merchant(mdr_ppm=mdr_ppm, mdr_refunded=True)
    of = paid(paid_minor, mdr_minor=shop.mdr_minor(paid_minor))
    for amount_minor in amounts:
        part = min(amount_minor, of.refundable_minor)
        if part == 0:
            break
        back = refund.mdr_back_minor(of, shop, part)
        whole = refund.mdr_back_minor(paid(paid_minor, mdr_minor=of.mdr_minor), shop, of.refunded_minor + part)
        assert 0 <= back <= part
        assert of.mdr_back_minor + back == whole
        for event in decide(of, shop, "refund", part):
            of = evolve(of, event)

    if of.refundable_minor == 0:
        assert of.mdr_back_minor == of.mdr_minor


def test_a_merchant_whose_fee_is_kept_gets_none_back():
    assert refund.mdr_back_minor(paid(100_00, mdr_minor=60), merchant(mdr_refunded=False), 100_00) == 0


@pytest.mark.parametrize(
    ("of", "amount_minor", "refusal"),
    [
        (paid(100_00), 0, refund.RefundAmountNotPositive(requested_minor=0)),
        (paid(100_00), -1, refund.RefundAmountNotPositive(requested_minor=-1)),
        (payment(100_00), 1, refund.NothingToRefund(state="authorized")),
        (
            paid(60_00, 40_00, credit_refunded_minor=60_00),
            60_00,
            refund.RefundExceedsPayment(requested_minor=60_00, refundable_minor=40_00, over_minor=20_00),
        ),
    ],
)
def test_a_refund_that_cannot_be_says_why(of, amount_minor, refusal):
    assert decide(of, merchant(), "refund", amount_minor) == refusal


@pytest.mark.parametrize(
    ("available_minor", "negative_limit_minor", "short_minor"),
    [(100_00, 0, 0), (99_99, 0, 1), (0, 100_00, 0), (0, 99_99, 1), (-50_00, 100_00, 50_00)],
)
def test_a_swept_sale_is_refunded_from_what_is_available_and_no_deeper_than_the_terms_allow(
    available_minor, negative_limit_minor, short_minor
):
    swept = paid(100_00, payable_on=TODAY - timedelta(days=1))
    decided = refund.decide(
        payment=swept,
        merchant=merchant(),
        balance=balance(available_minor, negative_limit_minor),
        preview=refund.NO_PREVIEW,
        command=refund.Refund(payment_id=PAYMENT, amount_minor=100_00, request_no="r"),
        at=AT,
    )

    if short_minor:
        assert decided.short_minor == short_minor
    else:
        refunded, funded = decided
        assert refunded.swept_minor == funded.amount_minor == 100_00


def test_what_the_merchant_pays_for_a_swept_refund_is_net_of_the_fees_he_gets_back():
    swept = paid(1_000_00, payable_on=TODAY - timedelta(days=1), mdr_minor=6_00)
    refunded, funded = refund.decide(
        payment=swept,
        merchant=merchant(mdr_refunded=True),
        balance=balance(1_000_00),
        preview=refund.CreditRefundPreview(merchant_fee_back_minor=75_00),
        command=refund.Refund(payment_id=PAYMENT, amount_minor=1_000_00, request_no="r"),
        at=AT,
    )

    assert funded.amount_minor == refunded.swept_minor == 919_00


def test_an_open_window_pays_its_own_refunds():
    (refunded,) = decide(paid(100_00), merchant(), "refund", 100_00)

    assert (refunded.swept_minor, refunded.before_receipt) == (0, False)
