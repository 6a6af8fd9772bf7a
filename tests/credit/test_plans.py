"""Plans: what the cashier page shows before anybody agrees, and what is agreed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from credit.play import HUABEI, day, program_with
from florin.credit.plans import installment_choice, installments_to_come, offers, quote
from florin.credit.terms import InstallmentTerms
from florin.events import InstallmentChoice

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
