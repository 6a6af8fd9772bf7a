"""Plans: what the cashier page shows before anybody agrees, and what is agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from credit.play import HUABEI, Play, day, program_with
from florin.credit.plans import installment_choice, installments_to_come, offers, quote
from florin.credit.terms import InstallmentTerms
from florin.events import InstallmentChoice
from florin.ledger import Account as Ledger
from florin.ledger import Rule

TERMS = HUABEI.terms_on(day("03-05"))


def test_the_phone_in_twelve_for_7_50_percent():
    offer = quote(6_000_00, 12, TERMS)

    assert offer is not None
    assert (offer.fee_minor, offer.total_minor, offer.per_period_minor) == (450_00, 6_450_00, 537_50)
    assert offer.installments == ((500_00, 37_50),) * 12
    assert (offer.annualized_rate, offer.convention) == (Decimal("0.1444282"), "china_compound")


def test_when_the_merchant_bears_the_fee_the_shopper_pays_the_price_and_no_rate():
    offer = quote(6_000_00, 12, TERMS, fee_payer="merchant")

    assert offer is not None
    assert (offer.fee_minor, offer.total_minor, offer.per_period_minor) == (450_00, 6_000_00, 500_00)
    assert offer.annualized_rate == 0
    assert offer.choice() == InstallmentChoice(count=12, fee_minor=450_00, fee_payer="merchant")


def test_all_offers_for_an_amount_the_shortest_first():
    assert [offer.count for offer in offers(6_000_00, TERMS)] == [3, 6, 12]


def test_below_the_least_amount_there_are_no_offers():
    assert offers(99_99, TERMS) == ()
    assert installment_choice(99_99, 3, TERMS) is None


def test_a_count_that_is_not_offered_is_no_plan():
    assert quote(6_000_00, 9, TERMS) is None


def test_a_fee_of_half_a_fen_is_rounded_up():
    choice = installment_choice(100_30, 6, TERMS)

    assert choice is not None
    assert choice.fee_minor == 4_51  # 4.5135


def test_each_installment_is_billed_at_one_close_from_the_first_after_the_purchase():
    choice = InstallmentChoice(count=3, fee_minor=2_30, fee_payer="shopper")

    installments = installments_to_come(100_00, choice, day("04-01"), HUABEI, opens_on=day("04-01"))

    assert [i.bills_on for i in installments] == [day("05-01"), day("06-01"), day("07-01")]
    assert [(i.principal_minor, i.fee_minor) for i in installments] == [(33_34, 77), (33_33, 77), (33_33, 76)]


@given(
    principal_minor=st.integers(1, 10**9),
    fee_rate=st.decimals(Decimal(0), Decimal("0.3"), places=4),
    count=st.integers(2, 36),
    split=st.sampled_from(["each", "equal_total"]),
    fee_payer=st.sampled_from(["shopper", "merchant"]),
    bought_on=st.dates(date(2026, 1, 1), date(2027, 1, 1)),
)
def test_installments_sum_to_principal_and_fee_and_the_quote_is_what_is_billed(
    principal_minor, fee_rate, count, split, fee_payer, bought_on
):
    program = program_with(
        installments=(InstallmentTerms(count=count, fee_rate=fee_rate),),
        installment_amount_minor_min=0,
        installment_split=split,
    )
    terms = program.terms_on(bought_on)
    choice = installment_choice(principal_minor, count, terms, fee_payer)
    if choice is None:
        assert principal_minor < count
        return

    to_come = installments_to_come(principal_minor, choice, bought_on, program, opens_on=bought_on)

    assert sum(installment.principal_minor for installment in to_come) == principal_minor
    assert sum(installment.fee_minor for installment in to_come) == choice.fee_minor
    assert all(installment.principal_minor >= 0 and installment.fee_minor >= 0 for installment in to_come)
    payments = [i.principal_minor + (i.fee_minor if fee_payer == "shopper" else 0) for i in to_come]
    assert sum(payments) == principal_minor + (choice.fee_minor if fee_payer == "shopper" else 0)
    if split == "equal_total":
        assert max(payments) - min(payments) <= 1


# ── declining balance, and a fee up front ─────────────────────────────────────────────────────────────────────────


def declining(count: int = 12, rate: str = "0.12", **terms):
    offer = InstallmentTerms(count=count, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal(rate))
    return program_with(installments=(offer,), **terms)


def test_a_declining_plan_is_the_level_schedule_and_its_fee_is_the_interest():
    """12,000.00 at 12 % a year in 12: the annuity of 1 % a month is 1,066.19."""
    offer = quote(12_000_00, 12, declining().terms_on(day("03-05")))

    assert offer is not None
    assert offer.installments[0] == (946_19, 120_00)
    assert {part.principal_minor + part.fee_minor for part in offer.installments[:-1]} == {1_066_19}
    assert sum(part.principal_minor for part in offer.installments) == 12_000_00
    assert offer.fee_minor == sum(part.fee_minor for part in offer.installments) == 794_23
    assert (offer.annualized_rate, offer.convention) == (
        Decimal("0.1268262"),
        "china_compound",
    )  # 1.01^12 - 1 is 0.1268250


def test_orders_with_an_interval_in_days_bear_declining_interest_by_days():
    program = declining(4, "0.365", billing="order", due_day=0, order_interval_days=10, order_notice_days=3)
    offer = quote(1_000_00, 4, program.terms_on(day("03-05")))

    assert offer is not None
    assert offer.installments[0].fee_minor == 10_00  # 0.1 % a day for 10 days


def test_a_declining_plan_that_the_merchant_bears_is_equal_principal_for_the_shopper():
    offer = quote(12_000_00, 12, declining().terms_on(day("03-05")), fee_payer="merchant")

    assert offer is not None
    assert (offer.installments, offer.fee_minor) == (((1_000_00, 0),) * 12, 794_23)


def test_a_declining_plan_is_billed_as_it_was_offered_and_earned_as_it_is_billed():
    alice = Play(declining(3, interest_daily_rate=Decimal(0)), limit="50000.00")
    alice.buy("03-06", "3000.00", 11, installments=3)
    alice.until("06-02")

    assert list(alice.images.values()) == ["1020.07", "1020.07", "1020.06"]
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 0
    assert alice.posted(Rule.EARN_FEE) == alice.posted(Rule.CHARGE_SHOPPER_FEE) == "60.20"


def upfront(**terms):
    offer = InstallmentTerms(count=12, fee_rate=Decimal("0.06"), fee_timing="upfront")
    return program_with(installments=(offer,), **terms)


def test_a_fee_up_front_is_all_in_the_first_installment_and_costs_more_a_year():
    offer = quote(12_000_00, 12, upfront().terms_on(day("03-05")))
    each = program_with(installments=(InstallmentTerms(count=12, fee_rate=Decimal("0.06")),))
    spread = quote(12_000_00, 12, each.terms_on(day("03-05")))

    assert offer is not None
    assert spread is not None
    assert offer.installments == ((1_000_00, 720_00), *((1_000_00, 0),) * 11)
    assert offer.per_period_minor == 1_720_00
    assert offer.annualized_rate > spread.annualized_rate


def test_a_fee_up_front_is_billed_at_once_and_earned_installment_by_installment():
    alice = Play(upfront(interest_daily_rate=Decimal(0)), limit="50000.00")
    alice.buy("03-06", "12000.00", 11, installments=12)
    alice.until("06-02")

    assert list(alice.images.values()) == ["1720.00", "1000.00", "1000.00"]
    assert alice.posted(Rule.BILL_FEE) == "720.00"
    assert alice.posted(Rule.EARN_FEE) == "180.00"
    assert alice.balance(Ledger.DEFERRED_FEE_INCOME) == 540_00


@given(
    principal_minor=st.integers(12, 10**9),
    yearly_rate=st.decimals(Decimal("0.0001"), Decimal("0.36"), places=4),
    count=st.integers(2, 36),
    rounding=st.sampled_from(["half_up", "half_even"]),
)
def test_a_declining_plan_pays_off_exactly_and_never_amortizes_the_wrong_way(
    principal_minor, yearly_rate, count, rounding
):
    terms = declining(count, str(yearly_rate), rounding=rounding, installment_amount_minor_min=0).terms_on(day("03-05"))
    offer = quote(principal_minor, count, terms)
    if offer is None:
        assert principal_minor < count
        return

    principals = [part.principal_minor for part in offer.installments]
    assert sum(principals) == principal_minor
    assert all(part.principal_minor >= 0 and part.fee_minor >= 0 for part in offer.installments)
    assert sum(part.fee_minor for part in offer.installments) == offer.fee_minor
