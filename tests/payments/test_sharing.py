"""Profit sharing: what is frozen of a sale is given to others, released, or refunded, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.events import Refunded, RefundFunded, SharePart, ShareReceived, ShareReturned, SharesGiven, ShareTakenBack
from florin.events.refusals import Refusal
from florin.money.at import At
from florin.payments import capture, refund
from florin.payments.capture import Capture
from florin.payments.merchant import MerchantBalance, evolve_balance
from florin.payments.payment import Payment, PaymentState, evolve
from florin.payments.receive import Receive
from florin.payments.receive import decide as receive
from florin.payments.refund import NO_PREVIEW, Refund
from florin.payments.settlement_terms import SettlementTerms
from florin.payments.sharing import give_back, receivers, share
from florin.payments.sharing.freeze import frozen, payable_minor
from florin.payments.sharing.state import Receivers
from florin.payments.trade import TradeDetail
from payments.builders import ALICE, AT, TEA_HOUSE, TODAY, balance, merchant, payment

SHARED = TradeDetail(shares=True)
HALF = SettlementTerms(from_on=TODAY, share_ppm_max=500_000)
SHOP = merchant(settlement=[HALF])
PARTNER, PARTNER_APP = 9, 77


def known() -> Receivers:
    asked = [
        receivers.AddReceiver(merchant_id=TEA_HOUSE, app_id=PARTNER_APP, receiver_id=PARTNER, relation="PARTNER"),
        receivers.AddReceiver(merchant_id=TEA_HOUSE, receiver_id=ALICE, relation="STAFF"),
    ]
    all_of_them = Receivers(id=TEA_HOUSE, lane=8)
    for command in asked:
        decided = receivers.decide_add(all_of_them, command, AT)
        assert not isinstance(decided, Refusal)
        all_of_them = receivers.evolve(all_of_them, decided[0])
    return all_of_them


def sold(credit_minor: int = 100_00) -> Payment:
    """A sale that is to be shared, captured: after the fee of 0.6 % all of it is frozen."""
    before = payment(credit_minor)
    decided = capture.decide(before, SHOP, None, Capture(payment_id=before.id), AT)
    assert not isinstance(decided, Refusal)
    return evolve(before, frozen(decided[0], SHARED, HALF))


def asked(*parts: SharePart, finish: bool = False, number: str = "s1") -> share.Share:
    return share.Share(payment_id=2, merchant_id=TEA_HOUSE, order_no=number, parts=parts, finish=finish)


def to_partner(amount_minor: int) -> SharePart:
    return SharePart(app_id=PARTNER_APP, receiver_id=PARTNER, amount_minor=amount_minor)


def partners(available_minor: int = 0) -> dict[int, MerchantBalance]:
    return {PARTNER: MerchantBalance(id=PARTNER, lane=16, available_minor=available_minor)}


def test_all_that_the_merchant_gets_of_a_shared_sale_is_frozen_until_its_day():
    of_sale = sold()

    sharing = of_sale.particulars.sharing
    assert sharing is not None
    assert (sharing.frozen_minor, of_sale.share_until) == (99_40, TODAY + timedelta(days=HALF.freeze_days))


def test_an_escrowed_sale_is_frozen_when_it_is_received_and_one_that_is_not_shared_never():
    escrowed = payment(credit_minor=100_00, state=PaymentState.ESCROWED, credit_paid_minor=100_00)
    decided = receive(escrowed, SHOP, None, Receive(payment_id=2, by="clock"), AT)
    assert not isinstance(decided, Refusal)

    assert payable_minor(frozen(decided[0], SHARED, HALF)) == 0
    assert payable_minor(frozen(decided[0], TradeDetail(), HALF)) == 99_40


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (asked(to_partner(50_01)), "ShareRatioExceeded"),
        (asked(to_partner(99_41)), "SharesExceedFrozen"),
        (asked(to_partner(0)), "ShareAmountNotPositive"),
        (asked(to_partner(1), to_partner(2)), "ReceiverTwice"),
        (asked(SharePart(app_id=78, receiver_id=PARTNER, amount_minor=1)), "ReceiverUnknown"),
        (asked(), "NobodyToShareWith"),
        (replace(asked(to_partner(1)), merchant_id=PARTNER), "NotShared"),
    ],
)
def test_a_share_that_cannot_be_is_refused_by_name(command, refused):
    decided = share.decide(sold(), SHOP, known(), partners(), command, AT)

    assert type(decided).__name__ == refused
    assert isinstance(decided, Refusal)
    assert decided.sentence("zh") != decided.sentence("en")


def test_a_sale_whose_buyer_asks_for_a_refund_waits_and_one_that_is_finished_is_over():
    of_sale = sold()
    waiting = replace(of_sale, particulars=replace(of_sale.particulars, request_id=7))
    finished = share.decide(of_sale, SHOP, None, {}, asked(finish=True), AT)
    assert not isinstance(finished, Refusal)

    assert type(share.decide(waiting, SHOP, known(), partners(), asked(to_partner(1)), AT)).__name__ == "ShareWaits"
    after = evolve(of_sale, finished[0])
    assert (after.share_until, after.particulars.sharing.free_minor) == (None, 99_40)
    again = share.decide(after, SHOP, known(), partners(), asked(to_partner(1)), AT)
    assert type(again).__name__ == "SharingFinished"


def test_nobody_shares_with_himself_and_a_receiver_is_added_once():
    own = receivers.AddReceiver(merchant_id=TEA_HOUSE, app_id=3, receiver_id=TEA_HOUSE, relation="STORE")
    twice = receivers.AddReceiver(merchant_id=TEA_HOUSE, receiver_id=ALICE, relation="STAFF")
    away = receivers.RemoveReceiver(merchant_id=TEA_HOUSE, receiver_id=ALICE)

    assert type(receivers.decide_add(known(), own, AT)).__name__ == "ReceiverIsSelf"
    assert receivers.decide_add(known(), twice, AT) == ()
    (removed,) = receivers.decide_remove(known(), away, AT)
    left = receivers.evolve(known(), removed)
    assert receivers.decide_remove(left, away, AT) == ()


STEPS = st.lists(
    st.tuples(st.sampled_from(("share", "person", "finish", "return", "refund", "night")), st.integers(1, 60_00)),
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_whatever_is_shared_returned_and_refunded_every_fen_of_the_sale_is_somebodys(steps):
    of_sale, own, theirs, wallet, at, window = sold(), balance(10**6), partners()[PARTNER], 0, AT, 0
    refunded = 0
    for number, (step, minor) in enumerate(steps):
        events = _step(step, minor, of_sale, own, theirs, at, f"n{number}")
        if step == "night":
            own, window = replace(own, available_minor=own.available_minor + window), 0
            at = At(on=at.on + timedelta(days=1), instant=at.instant + timedelta(days=1))
        if isinstance(events, Refusal):
            continue
        for event in events:
            window += payable_minor(event) if event.merchant_id == TEA_HOUSE else 0
            if isinstance(event, SharesGiven | ShareReturned | Refunded):
                of_sale = evolve(of_sale, event)
            if isinstance(event, ShareReceived) and event.to_person:
                wallet += event.amount_minor
            elif isinstance(event, ShareReceived | ShareTakenBack):
                theirs = evolve_balance(theirs, event)
            elif isinstance(event, RefundFunded):
                own = evolve_balance(own, event)
            refunded += event.credit_minor if isinstance(event, Refunded) else 0
        sharing = of_sale.particulars.sharing
        whole = sharing.frozen_minor + window + theirs.available_minor + wallet + own.available_minor - 10**6
        assert whole == 99_40 - refunded
        assert min(sharing.frozen_minor, window, theirs.available_minor) >= 0
        assert sharing.given_minor == theirs.available_minor + wallet <= 50_00


def _step(step, minor, of_sale, own, theirs, at, number):
    if step == "share":
        return share.decide(of_sale, SHOP, known(), {PARTNER: theirs}, asked(to_partner(minor), number=number), at)
    if step == "person":
        part = SharePart(receiver_id=ALICE, amount_minor=minor)
        return share.decide(of_sale, SHOP, known(), {}, asked(part, number=number), at)
    if step == "finish":
        return share.decide(of_sale, SHOP, None, {}, asked(finish=True), at)
    if step == "return":
        given = next((g.order_no for g in of_sale.particulars.sharing.given if g.app_id and g.left_minor), "")
        command = give_back.ReturnShare(
            payment_id=2, merchant_id=TEA_HOUSE, receiver_id=PARTNER, app_id=PARTNER_APP, order_no=given,
            return_no=number, amount_minor=minor,
        )  # fmt: skip
        return give_back.decide(of_sale, theirs, command, at)
    if step == "refund":
        command = Refund(payment_id=2, amount_minor=minor, request_no=number)
        return refund.decide(payment=of_sale, merchant=SHOP, balance=own, preview=NO_PREVIEW, command=command, at=at)
    return ()
