"""Fees of a plan: which are charged, on what, and that parts add up to the whole however it is cut."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.credit.program import load_program
from florin.events import FeePart
from florin.ledger import Rule as LedgerRule
from florin.payments.earned import earned
from florin.payments.fee_plan import (
    FeeAssignment,
    FeePlan,
    FeePlanInvalid,
    FeeTerms,
    FeeVersion,
    fee_plan_of,
    fee_preset,
    version_of,
)
from florin.payments.fees import (
    NO_FEES,
    FeeSchedule,
    FeeTaken,
    Rule,
    back_after,
    charged,
    given_back,
    mdr_of,
    merchant_fees_of,
    schedule_of,
    taken_after,
)
from florin.presets import fee_preset_names, fee_preset_text
from florin.wallet.fee import FREE_OF_CHARGE, WithdrawalTerms
from florin.wallet.withdraw import WalletTooLowForFee, Withdraw, WithdrawalFeeChanged, decide
from payments.builders import ALICE, AT, TERMS, TODAY, merchant, wallet

CARD = load_program("bank-card").terms_on(TODAY)


def plan(*fees: FeeTerms) -> tuple[FeeAssignment, ...]:
    version = FeeVersion(from_on=date(2020, 1, 1), fees=fees)
    return (
        FeeAssignment(
            from_on=date(2020, 1, 1), plan=FeePlan(name="p", title_en="P", title_zh="P", versions=(version,))
        ),
    )


def on_preset(name: str, market: str, category: str = "general") -> Any:
    assigned = (FeeAssignment(from_on=date(2026, 1, 1), plan=fee_preset(name)),)
    return merchant(market=market, category=category, fee_plans=assigned)


def amounts(parts: tuple[FeePart, ...]) -> dict[str, int]:
    return {part.fee: part.amount_minor for part in parts if part.amount_minor}


@pytest.mark.parametrize(
    ("preset", "market", "category", "channel", "tenders", "expected"),
    [
        # Taobao: paid from the wallet it costs the seller the software fee alone; on credit 0.6 % more.
        ("ali", "taobao", "general", "online", (0, 1_000_00), {"software_fee": 6_00}),
        ("ali", "taobao", "general", "online", (1_000_00, 0), {"credit_fee": 6_00, "software_fee": 6_00}),
        (
            "ali",
            "tmall",
            "phones",
            "online",
            (1_000_00, 0),
            {"credit_fee": 6_00, "commission": 20_00, "software_fee": 6_00},
        ),
        ("ali", "tmall", "clothes", "online", (0, 1_000_00), {"commission": 50_00, "software_fee": 6_00}),
        # A stall in the street, and a guest online.
        ("ali", "street", "food", "offline", (1_000_00, 0), {"mdr": 3_80, "credit_fee": 8_00}),
        ("ali", "guest", "games", "online", (600_00, 400_00), {"mdr": 6_00, "credit_fee": 7_20}),
        ("jd", "jd", "own", "online", (1_000_00, 0), {}),
        ("jd", "jd", "clothes", "online", (1_000_00, 0), {"mdr": 6_00, "commission": 50_00}),
        ("tencent", "street", "food", "offline", (1_000_00, 0), {"mdr": 6_00}),
        ("bank", "", "charity", "online", (1_000_00, 0), {}),
    ],
)
def test_each_preset_charges_what_its_file_says(preset, market, category, channel, tenders, expected):
    schedule = schedule_of(on_preset(preset, market, category), TERMS, TODAY, channel)

    parts = charged(schedule, (), credit_minor=tenders[0], wallet_minor=tenders[1])

    assert amounts(parts) == expected


def test_the_credit_fee_of_taobao_was_one_percent_until_the_cut_of_august_2023():
    shop = merchant(market="taobao", fee_plans=(FeeAssignment(from_on=date(2017, 1, 1), plan=fee_preset("ali")),))

    rates = {
        on: amounts(charged(schedule_of(shop, TERMS, on, "online"), (), credit_minor=1_000_00, wallet_minor=0))
        for on in (date(2023, 7, 31), date(2023, 8, 1), date(2024, 9, 1))
    }

    assert [fees["credit_fee"] for fees in rates.values()] == [10_00, 6_00, 6_00]
    assert [fees.get("software_fee", 0) for fees in rates.values()] == [0, 0, 6_00]
    assert shop.fee_version(date(2016, 12, 31)) is None, "not on the plan yet"


def test_a_card_of_1000_00_pays_4_50_to_its_issuer_and_65_fen_to_its_network_whose_odd_fen_is_the_acquirers():
    parts = charged(schedule_of(merchant(), CARD, TODAY, "online"), (), credit_minor=1_000_00, wallet_minor=0)

    assert amounts(parts) == {"interchange": 4_50, "network_acquirer": 33, "network_issuer": 32}
    # Of an MDR of 6.00 the acquirer keeps 1.17, the issuer has 4.18, the network 0.65.
    assert schedule_of(merchant(), TERMS, TODAY, "online") is NO_FEES
    exempt = schedule_of(merchant(category="charity"), CARD, TODAY, "online")
    assert charged(exempt, (), credit_minor=1_000_00, wallet_minor=0) == ()


def test_the_first_fee_that_fits_is_charged_and_a_promotion_ends_by_itself():
    usual = FeeTerms(fee="mdr", rate_ppm=6_000)
    plans = FeeTerms(fee="mdr", rate_ppm=20_000, tenders=("credit",), counts=(6, 12))
    free = FeeTerms(fee="mdr", rate_ppm=0, from_on=date(2026, 3, 1), until_on=TODAY, categories=("tea",))
    shop = merchant(category="tea", fee_plans=plan(free, plans, usual))

    on = {
        (day, count): amounts(
            charged(schedule_of(shop, TERMS, day, "online"), (), credit_minor=100_00, wallet_minor=50_00, count=count)
        )
        for day, count in ((date(2026, 3, 4), 6), (TODAY, 6), (TODAY, 3))
    }

    assert on[date(2026, 3, 4), 6] == {}
    assert charged(schedule_of(shop, TERMS, TODAY, "online"), (), credit_minor=100_00, wallet_minor=50_00, count=6) == (
        FeePart(fee="mdr", rule=1, rate_ppm=20_000, credit_minor=100_00, amount_minor=2_00),
        FeePart(fee="mdr", rule=2, rate_ppm=6_000, wallet_minor=50_00, amount_minor=30),
    )
    assert on[TODAY, 3] == {"mdr": 90}, "one fee for both tenders, rounded once"


@pytest.mark.parametrize(
    ("base_minor", "expected", "bound"),
    [(0, 0, ""), (5, 5, "floor"), (100, 10, "floor"), (10_00, 10, ""), (100_00, 50, "cap")],
)
def test_a_fee_is_held_between_its_floor_and_its_cap_and_is_never_more_than_the_sale(base_minor, expected, bound):
    terms = FeeTerms(fee="mdr", rate_ppm=10_000, floor_minor=10, cap_minor=50)
    schedule = FeeSchedule(rules=(Rule(0, terms),), planned=True)

    parts = charged(schedule, (), credit_minor=base_minor, wallet_minor=0)

    assert terms.minor(base_minor) == expected == mdr_of(parts)
    assert [part.bound for part in parts] == ([bound] if base_minor else [])


FEES = st.lists(
    st.builds(
        FeeTerms,
        fee=st.sampled_from(("mdr", "credit_fee", "commission", "software_fee")),
        rate_ppm=st.integers(0, 100_000),
        floor_minor=st.sampled_from((0, 0, 10)),
        cap_minor=st.sampled_from((0, 0, 25)),
        refunded=st.booleans(),
        tenders=st.just(()),
    ),
    max_size=5,
).map(tuple)
CUTS = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)), min_size=1, max_size=8)


@given(fees=FEES, cuts=CUTS, card=st.booleans(), kept=st.booleans())
def test_parts_pay_what_the_whole_would_and_refunds_give_back_exactly_what_is_to_be_given_back(fees, cuts, card, kept):
    terms = replace(CARD, network_refunded=not kept) if card else TERMS
    schedule = schedule_of(merchant(fee_plans=plan(*fees)), terms, TODAY, "online")
    taken: tuple[FeeTaken, ...] = ()

    for credit, money in cuts:
        taken = taken_after(taken, charged(schedule, taken, credit_minor=credit, wallet_minor=money))

    credit, money = (sum(part) for part in zip(*cuts, strict=True))
    whole = taken_after((), charged(schedule, (), credit_minor=credit, wallet_minor=money))
    assert {(one.fee, one.rule): one.amount_minor for one in taken if one.base_minor} == {
        (one.fee, one.rule): one.amount_minor for one in whole
    }

    undone = taken
    for credit, money in reversed(cuts):
        back = given_back(taken, credit_minor=credit, wallet_minor=money)
        assert all(part.amount_minor >= 0 for part in back)
        taken = back_after(taken, back)
    for one in taken:
        assert one.back_minor == (one.amount_minor if one.refunded else 0), one
    last = given_back(taken, credit_minor=1, wallet_minor=1)
    assert not merchant_fees_of(last) + mdr_of(last), "there is nothing left"
    everything = tuple(
        FeePart(
            fee=one.fee, rule=one.rule, credit_minor=one.back_credit_minor, wallet_minor=one.back_wallet_minor,
            amount_minor=one.back_minor,
        )
        for one in taken
    )  # fmt: skip
    assert back_after(taken, everything, sign=-1) == undone


@pytest.mark.parametrize("name", fee_preset_names())
def test_every_number_of_a_preset_names_its_grade(name):
    for line in fee_preset_text(name).splitlines():
        if "rate =" in line and "{" in line:
            assert re.search(r"# .*\b[ABCUX]\b", line), line
    assert fee_preset(name).name == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title_en = 'Own'", "title_en = ' '"),
        ("rate = 0.006", "rate = 1.2"),
        ("rate = 0.006", "floor_minor = 6, rate = '0.6%'"),
        (", rate = 0.006", ", channels = ['online']"),
        ("rate = 0.006", "rate = nan"),
        ("rate = 0.006", "rate = 0.00000012"),
        ("rate = 0.006", "rate = 0.006, floor_minor = 20, cap_minor = 10"),
        ("rate = 0.006", "rate = 0.006, from_on = 2026-03-02, until_on = 2026-03-02"),
        ('fee = "mdr"', 'fee = "gift"'),
        ('fee = "mdr"', 'fee = "credit_fee", tenders = ["wallet"]'),
        ("rate = 0.006", "rate = 0.006, market = 'x'"),
        ("from_on = 2026-01-01", "from_on = 2027-01-01"),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_the_fields_name(text, says):
    good = """
        name = 'own'
        title_en = 'Own'
        title_zh = '自有'
        [[versions]]
        from_on = 2026-01-01
        fees = [{ fee = "mdr", rate = 0.006 }]
        [[versions]]
        from_on = 2026-06-01
        withdrawal = { rate = 0.001, floor_minor = 10 }
    """
    plan = fee_plan_of(good, source="own.toml")
    assert plan.versions[1].fees == plan.versions[0].fees, "a later version states only what changes"
    assert text in good

    with pytest.raises(FeePlanInvalid) as refused:
        fee_plan_of(good.replace(text, says, 1), source="own.toml")

    field = "rate" if text.startswith(",") else says.split(", ")[-1].split(" =")[0]
    assert field in str(refused.value)
    assert str(refused.value).startswith("own.toml: ")


def test_before_its_first_day_a_plan_says_nothing():
    assert fee_preset("ali").version_on(date(2016, 10, 11)) is None
    assert version_of((), TODAY) is None


# ── taking money out ──────────────────────────────────────────────────────────────────────────────────────────────

WECHAT = fee_preset("tencent").version_on(TODAY).withdrawal


@pytest.mark.parametrize(
    ("amount_minor", "used_minor", "fee_minor"),
    [
        (1_000_00, 0, 0), (1, 1_000_00, 10), (50_00, 1_000_00, 10), (3_850_00, 1_000_00, 3_85), (1_500_00, 0, 50),
        (1_000_01, 0, 10), (4_444_44, 5_000_00, 4_44), (4_445_00, 5_000_00, 4_45),
    ],
)  # fmt: skip
def test_taking_out_is_free_up_to_the_allowance_of_a_life_and_costs_a_share_of_what_is_above(
    amount_minor, used_minor, fee_minor
):
    assert WECHAT.fee_minor(amount_minor, used_minor) == fee_minor


@given(
    balance_minor=st.integers(0, 10**9),
    used_minor=st.integers(0, 10**7),
    terms=st.builds(
        WithdrawalTerms,
        rate=st.sampled_from((Decimal(0), Decimal("0.001"), Decimal("0.5"))),
        floor_minor=st.sampled_from((0, 10)),
        allowance_minor=st.sampled_from((0, 1_000_00)),
    ),
)
def test_the_most_that_can_be_taken_out_is_all_that_the_balance_pays_for(balance_minor, used_minor, terms):
    most = terms.most_minor(balance_minor, used_minor)

    assert most + terms.fee_minor(most, used_minor) <= balance_minor
    assert most == balance_minor or most + 1 + terms.fee_minor(most + 1, used_minor) > balance_minor


def test_a_withdrawal_is_refused_when_its_fee_was_shown_otherwise_or_is_not_there():
    purse = replace(wallet(1_000_00), withdrawn_minor=1_000_00)

    def withdraw(amount_minor: int, **more: Any) -> Any:
        command = Withdraw(withdrawal_id=9, person_id=ALICE, amount_minor=amount_minor, **more)
        return decide(purse, command, AT, WECHAT)

    assert withdraw(500_00, fee_minor=50)[0].fee_minor == 50
    assert withdraw(500_00)[0].fee_minor == 50
    assert withdraw(500_00, fee_minor=0) == WithdrawalFeeChanged(fee_minor=50, shown_minor=0)
    assert withdraw(1_000_00) == WalletTooLowForFee(balance_minor=1_000_00, fee_minor=1_00, most_minor=999_00)
    assert FREE_OF_CHARGE.fee_minor(10**9, 0) == 0


def test_a_merchants_bill_counts_each_fee_by_its_kind_and_no_fee_as_a_tender():
    rules = (
        LedgerRule.CHARGE_MDR,
        LedgerRule.CHARGE_CREDIT_FEE,
        LedgerRule.CHARGE_COMMISSION,
        LedgerRule.CHARGE_SOFTWARE_FEE,
    )

    found = earned([(int(LedgerRule.DRAW_CREDIT), 100_00), *((int(rule), 10**at) for at, rule in enumerate(rules))])

    assert found.fees == {"payment": 1, "credit-fee": 10, "commission": 100, "software": 1_000}
    assert (found.credit_minor, found.net_minor) == (100_00, 100_00 - 1_111)
