"""Settling: sweeps, payouts and the daily pair between lender and payment institution."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.events import PaidOut, PayoutReturned, PayoutSettled, PayoutsHeld, RefundFunded
from florin.payments import settle
from florin.payments.merchant import evolve_balance
from florin.payments.settlement_terms import CUT_OFFS_MAX, SettlementTerms, refuse_terms
from florin.wallet.payout import Payout
from payments.builders import AT, TEA_HOUSE, TODAY, balance

YESTERDAY = TODAY - timedelta(days=1)


@given(amount_minor=st.integers(-(10**12), 10**12).filter(bool), available_minor=st.integers(-(10**9), 10**9))
def test_a_sweep_makes_available_what_the_window_sums_to_above_or_below_zero(amount_minor, available_minor):
    command = settle.Sweep(merchant_id=TEA_HOUSE, lane=60, window_on=YESTERDAY, amount_minor=amount_minor)

    swept, received = settle.decide_sweep(command, AT)

    assert (swept.amount_minor, swept.negative) == (received.amount_minor, received.negative)
    assert received.from_lane == 60
    assert evolve_balance(balance(available_minor), received).available_minor == available_minor + amount_minor


def test_a_payout_takes_all_that_is_available_and_nothing_below_zero():
    command = settle.PayOut(payout_id=9, merchant_id=TEA_HOUSE)

    (paid_out,) = settle.decide_payout(balance(55_14), command, AT)

    assert paid_out == PaidOut(value_on=TODAY, merchant_id=TEA_HOUSE, amount_minor=55_14)
    assert evolve_balance(balance(55_14), paid_out).available_minor == 0
    for available_minor in (0, -1):
        assert settle.decide_payout(balance(available_minor), command, AT) == settle.NothingToPayOut(
            available_minor=available_minor
        )


@pytest.mark.parametrize(("returned", "kind"), [(False, PayoutSettled), (True, PayoutReturned)])
def test_the_bank_settles_a_payout_or_sends_it_back(returned, kind):
    command = settle.SettlePayout(
        payout_id=9, merchant_id=TEA_HOUSE, amount_minor=55_14, bank_reference="b1", returned=returned, reason="closed"
    )
    sent = Payout(id=9, lane=8, amount_minor=55_14, requested_on=TODAY, merchant_id=TEA_HOUSE)

    event, *held = settle.decide_settled_payout(sent, command, AT, balance())

    assert type(event) is kind
    assert (event.payout_id, event.amount_minor, event.bank_reference) == (9, 55_14, "b1")
    assert [type(each) for each in held] == ([PayoutsHeld] if returned else [])
    if returned:
        assert evolve_balance(balance(), event).available_minor == 55_14


def test_a_refund_of_a_swept_sale_lowers_what_is_available():
    funded = RefundFunded(value_on=TODAY, merchant_id=TEA_HOUSE, amount_minor=30_00, to_lane=8)

    assert evolve_balance(balance(20_00), funded).available_minor == -10_00


@given(
    minutes=st.lists(st.integers(1, 1439), max_size=CUT_OFFS_MAX, unique=True).map(sorted),
    cuts=st.lists(st.integers(0, 1439), min_size=2, max_size=2).map(sorted),
)
def test_cut_offs_part_the_day_without_gap_or_overlap_whatever_other_merchants_have(minutes, cuts):
    terms = SettlementTerms(from_on=TODAY, cut_offs=tuple(time(*divmod(minute, 60)) for minute in minutes))
    earlier, later = cuts

    for cut in cuts:
        assert terms.window_from(cut) <= cut < terms.window_until(cut)
    between = any(earlier < minute <= later for minute in minutes)
    assert (terms.window_until(earlier) <= terms.window_from(later)) == between
    assert (terms.window_from(earlier) == terms.window_from(later)) == (not between)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"cut_offs": (time(12), time(12))}, "They rise"),
        ({"cut_offs": (time(0),)}, "They rise"),
        ({"cut_offs": (time(12, 0, 30),)}, "whole minutes"),
        ({"cut_offs": tuple(time(hour) for hour in range(1, 11))}, "At most 8"),
        ({"pays": "cut_off"}, "name them"),
    ],
)
def test_cut_offs_that_part_no_day_are_refused(terms, why):
    refusal = refuse_terms(SettlementTerms(from_on=TODAY + timedelta(days=1), **terms), on=TODAY)

    assert refusal is not None
    assert why in refusal.fix


OWES = st.integers(-(10**9), 10**12)


@given(lender_owes_minor=OWES, institution_owes_minor=OWES)
def test_the_pair_is_netted_first_and_the_rest_is_paid_by_who_owes_it(lender_owes_minor, institution_owes_minor):
    command = settle.SettleBooks(
        lane=8, lender_owes_minor=lender_owes_minor, institution_owes_minor=institution_owes_minor
    )

    (event,) = settle.decide_books(command, AT)

    assert event.net_minor >= 0
    assert event.net_minor + event.lender_pays_minor == lender_owes_minor
    assert event.net_minor + event.institution_pays_minor == institution_owes_minor
    assert min(event.lender_pays_minor, event.institution_pays_minor) <= 0


@given(amount_minor=OWES.filter(bool))
def test_own_fees_are_taken_out_and_refunded_ones_brought_back(amount_minor):
    (event,) = settle.decide_fees(settle.SweepFees(lane=8, amount_minor=amount_minor), AT)

    assert event.amount_minor == abs(amount_minor)
    assert event.negative == (amount_minor < 0)


def test_an_event_that_does_not_touch_an_available_balance_is_a_bug():
    (swept, _) = settle.decide_sweep(
        settle.Sweep(merchant_id=TEA_HOUSE, lane=60, window_on=YESTERDAY, amount_minor=1), AT
    )

    with pytest.raises(AssertionError, match="WindowSwept"):
        evolve_balance(balance(), swept)
