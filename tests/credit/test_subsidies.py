"""A plan whose fee a campaign bears in part: whatever becomes of it, each part is earned or goes back to who bore it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.play import Play, program_with
from credit.test_properties import a_fold_of_all_events_is_the_live_state, every_stage_is_in_the_book
from florin.campaigns.budget import drawn_by
from florin.credit.terms import InstallmentTerms
from florin.ledger import Account as Ledger
from florin.money import yuan_text

FLAT = InstallmentTerms(count=6, fee_rate=Decimal("0.045"))
UPFRONT = InstallmentTerms(count=6, fee_rate=Decimal("0.045"), fee_timing="upfront")
DECLINING = InstallmentTerms(count=6, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal("0.12"))
STEPS = st.lists(
    st.tuples(st.sampled_from(("refund", "month", "repay", "pay off")), st.fractions(0, 1)), min_size=1, max_size=6
)


@pytest.mark.parametrize("refund_fee", ["pro_rata", "keep", "full_return_only"])
@pytest.mark.parametrize("payoff_fee", ["owed", "waived", "current_period"])
@pytest.mark.parametrize("offer", [FLAT, UPFRONT, DECLINING], ids=["flat", "up front", "declining"])
@settings(max_examples=15, deadline=None)
@given(price_minor=st.integers(600_00, 3_000_00), share=st.fractions(0, 1), steps=STEPS)
def test_whatever_becomes_of_a_subsidized_plan_no_part_of_its_fee_is_lost(
    offer, payoff_fee, refund_fee, price_minor, share, steps
):
    program = program_with(installments=(offer,), plan_refund_fee=refund_fee, plan_payoff_fee=payoff_fee)
    play = Play(program)
    on = date(2026, 3, 5)
    play.buy(on, yuan_text(price_minor), 1, installments=6)
    fee_minor = play.balance(Ledger.DEFERRED_FEE_INCOME)
    borne_minor = int(fee_minor * share)
    play = Play(program)
    play.buy(on, yuan_text(price_minor), 1, installments=6, subsidy=yuan_text(borne_minor))
    assert play.balance(Ledger.DEFERRED_FEE_INCOME) == fee_minor
    assert play.line.fee_minor == fee_minor - borne_minor
    refundable_minor = price_minor

    for step, part in steps:
        if step == "month":
            on += timedelta(days=30)
            play.until(on)
        elif step == "refund" and (amount_minor := int(refundable_minor * part)):
            refundable_minor -= amount_minor
            play.refund(on, yuan_text(amount_minor), 1)
        elif step == "repay" and play.account.due_minor:
            play.repay(on, yuan_text(play.account.due_minor))
        elif step == "pay off":
            play.pay_off_plan(on, 1)
        play.until(on)
        every_stage_is_in_the_book(play)
        a_fold_of_all_events_is_the_live_state(play)

    spent: Counter[int] = Counter()
    for event in play.events:
        spent.update(drawn_by(event))
    assert play.balance(Ledger.CAMPAIGN_COST) == spent[9] == play.balance(Ledger.LENDER_DUE_FROM_MALL)
    assert sum(plan.borne_minor for plan in play.account.plans) <= spent[9] <= borne_minor
    earned = play.balance(Ledger.FEE_INCOME) + play.balance(Ledger.DEFERRED_FEE_INCOME)
    assert earned >= spent[9], "what a campaign has borne is income, or will be"
