"""Campaigns as pure rules: what a coupon takes off and why not, and budgets that never give more than they have."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.campaigns.budget import BudgetAmountOutOfRange, RecallBudget, allot, decide_recall, draw, new_budget
from florin.campaigns.campaign import Campaign, CampaignState
from florin.campaigns.coupon import refuse_budget, refuse_coupon
from florin.campaigns.open import CampaignTermsInvalid, OpenCampaign, decide
from florin.events import CampaignOpened, CampaignTerms
from florin.money.at import At

TODAY = date(2026, 3, 5)
AT = At(on=TODAY, instant=datetime(2026, 3, 5, 4, tzinfo=UTC))
SHOP, OTHER_SHOP = 5, 6


def terms(**changes):
    fields = {
        "kind": "coupon", "sponsor": "mall", "opens_on": TODAY, "closes_on": date(2026, 4, 1),
        "amount_off_minor": 20_00, "threshold_minor": 100_00,
    }  # fmt: skip
    return CampaignTerms(**(fields | changes))


def spring(**changes):
    return Campaign(id=7, lane=8, name="Spring", name_zh="春天", state=CampaignState.OPEN, terms=terms(**changes))


def refused(campaign, **changes):
    asked = {"merchant_id": SHOP, "order_minor": 100_00, "coupon_minor": 20_00, "used": 0, "at": AT}
    refusal = refuse_coupon(campaign, **(asked | changes))
    return None if refusal is None else refusal.name


def test_a_coupon_holds_from_its_threshold_on_at_its_shops_within_its_days():
    assert refused(spring()) is None
    assert refused(spring(), order_minor=99_99) == "CouponNotForThisOrder"
    assert refused(spring(merchants=(OTHER_SHOP,))) == "CouponNotForThisOrder"
    assert refused(spring(closes_on=TODAY)) == "CampaignNotRunning"
    assert refused(spring(opens_on=date(2026, 3, 6))) == "CampaignNotRunning"
    assert refused(spring(), coupon_minor=25_00) == "CouponChanged"


def test_a_person_uses_a_coupon_as_often_as_the_campaign_says():
    assert refused(spring(per_person_max=2), used=1) is None
    assert refused(spring(per_person_max=2), used=2) == "CouponUsedUp"
    assert refused(spring(), used=99) is None


def test_a_coupon_never_takes_off_all_of_an_order():
    assert spring(threshold_minor=0).coupon_minor(15_00) == 14_99
    assert spring(threshold_minor=0).coupon_minor(1) == 0


def test_what_a_budget_has_left_is_said_by_name():
    budget = draw(new_budget(7, lane=8, budget_minor=50_00, slices=8), 35_00)

    refusal = refuse_budget(spring(), budget, 20_00)

    assert refusal is not None
    assert (refusal.left_minor, refusal.short_minor) == (15_00, 5_00)
    assert "¥15.00" in refusal.sentence("en")
    assert "¥15.00" in refusal.sentence("zh")
    assert refuse_budget(spring(), budget, 15_00) is None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("closes_on", {"closes_on": TODAY}),
        ("amount_off_minor", {"amount_off_minor": 0}),
        ("amount_off_minor", {"kind": "fee_subsidy", "share_ppm": 500_000}),
        ("share_ppm", {"share_ppm": 1}),
        ("share_ppm", {"kind": "fee_subsidy", "amount_off_minor": 0, "share_ppm": 1_000_001}),
        ("amount_off_minor", {"kind": "rate_subsidy", "yearly_rate_ppm": 10_000}),
        ("yearly_rate_ppm", {"kind": "rate_subsidy", "amount_off_minor": 0}),
        ("yearly_rate_ppm", {"yearly_rate_ppm": 10_000}),
        ("share_ppm", {"kind": "rate_subsidy", "amount_off_minor": 0, "yearly_rate_ppm": 10_000, "share_ppm": 1}),
        ("person_year_minor_max", {"person_year_minor_max": 1}),
        ("merchants", {"sponsor": "merchant"}),
        ("slices", {"slices": 0}),
        ("per_person_max", {"per_person_max": -1}),
    ],
)
def test_terms_that_contradict_themselves_open_nothing(field, changes):
    decided = decide(OpenCampaign(campaign_id=7, name="Spring", budget_minor=1_00, terms=terms(**changes)), AT)

    assert isinstance(decided, CampaignTermsInvalid)
    assert decided.field == field


def test_a_campaign_opens_with_its_budget_and_not_without():
    decided = decide(OpenCampaign(campaign_id=7, name="Spring", budget_minor=100_00, terms=terms()), AT)
    refusal = decide(OpenCampaign(campaign_id=7, name="Spring", budget_minor=0, terms=terms()), AT)

    assert isinstance(decided[0], CampaignOpened)
    assert isinstance(refusal, BudgetAmountOutOfRange)


@given(
    budget_minor=st.integers(1, 10**9),
    slices=st.integers(1, 64),
    moves=st.lists(
        st.tuples(st.sampled_from(("spend", "return", "top up", "recall")), st.fractions(0, 1)), max_size=20
    ),
)
def test_no_sequence_of_moves_loses_a_fen_of_a_budget_or_overspends_a_slice(budget_minor, slices, moves):
    budget = new_budget(7, lane=8, budget_minor=budget_minor, slices=slices)
    allotted, spent = budget_minor, 0

    for move, share in moves:
        if move == "spend":
            amount = int(budget.left_minor * share)
            budget, spent = draw(budget, amount), spent + amount
        elif move == "return":
            amount = int(spent * share)
            budget, spent = draw(budget, -amount), spent - amount
        elif move == "top up":
            amount = int(budget_minor * share)
            budget, allotted = allot(budget, amount), allotted + amount
        else:
            amount = int(budget.left_minor * share)
            decided = decide_recall(budget, RecallBudget(campaign_id=7, amount_minor=amount), AT)
            assert isinstance(decided, tuple) == (amount > 0)
            budget, allotted = allot(budget, -amount), allotted - amount
        assert budget.left_minor == allotted - spent >= 0
        assert sum(slice.spent_minor for slice in budget.slices) == spent >= 0
        assert all(slice.left_minor >= 0 for slice in budget.slices)
