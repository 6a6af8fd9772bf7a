"""A plan whose fee a campaign bears in part: whatever becomes of it, each part is earned or goes back to who bore it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from credit.play import Play, program_with
from credit.test_properties import a_fold_of_all_events_is_the_live_state, every_stage_is_in_the_book
from florin.campaigns.budget import drawn_by
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.subsidy import subsidy_minor
from florin.credit.plans import installment_choice, lent_years_minor, quote_of, shopper_parts
from florin.credit.terms import InstallmentTerms
from florin.events import CampaignPart, CampaignTerms
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


@pytest.mark.parametrize("offer", [FLAT, UPFRONT, DECLINING], ids=["flat", "up front", "declining"])
@given(
    price_minor=st.integers(600_00, 300_000_00),
    rate_ppm=st.integers(1, 1_000_000),
    most_minor=st.integers(0, 5_000_00),
    had=st.fractions(0, 1),
)
def test_a_rate_subsidy_bears_its_rate_of_what_is_lent_up_to_the_fee_and_to_what_is_left_of_the_cap(
    offer, price_minor, rate_ppm, most_minor, had
):
    terms = program_with(installments=(offer,)).terms_on(date(2026, 3, 5))
    choice = installment_choice(price_minor, 6, terms)
    campaign = _rate_campaign(rate_ppm, most_minor)
    borne_minor = int(most_minor * had)
    lent = lent_years_minor(price_minor, choice, terms)

    found = subsidy_minor(
        campaign, choice, lent_years_minor=lent, merchant_id=5, program="huabei", borne_minor=borne_minor
    )

    left, principals = price_minor, [part.principal_minor for part in shopper_parts(price_minor, choice, terms)]
    by_hand = Fraction(0)
    for principal_minor in principals:
        by_hand += Fraction(left * rate_ppm, 12 * 1_000_000)
        left -= principal_minor
    assert left == 0
    room_minor = most_minor - borne_minor if most_minor else choice.fee_minor
    exact = min(by_hand, Fraction(choice.fee_minor), Fraction(room_minor))
    assert 0 <= found <= min(choice.fee_minor, room_minor)
    assert abs(found - exact) <= Fraction(1, 2)


def test_a_point_a_year_off_a_declining_plan_is_a_point_off_its_rate():
    terms = program_with(installments=(DECLINING,)).terms_on(date(2026, 3, 5))
    choice = installment_choice(12_000_00, 6, terms)
    lent = lent_years_minor(12_000_00, choice, terms)
    minor = subsidy_minor(_rate_campaign(10_000, 0), choice, lent_years_minor=lent, merchant_id=5, program="huabei")

    borne = replace(choice, subsidy=CampaignPart(campaign_id=9, amount_minor=minor))
    whole, less = quote_of(12_000_00, choice, terms), quote_of(12_000_00, borne, terms)

    assert minor * 12 == pytest.approx(choice.fee_minor, abs=12)
    assert whole.annualized_rate - less.annualized_rate == pytest.approx(Decimal("0.01"), rel=Decimal("0.15"))


def _rate_campaign(rate_ppm, most_minor):
    terms = CampaignTerms(
        kind="rate_subsidy", sponsor="state", opens_on=date(2026, 1, 1), closes_on=date(2027, 1, 1),
        yearly_rate_ppm=rate_ppm, person_year_minor_max=most_minor,
    )  # fmt: skip
    return Campaign(id=9, lane=8, name="Point", name_zh="贴息", state=CampaignState.OPEN, terms=terms)
