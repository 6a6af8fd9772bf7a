"""Golden numbers of the real products: published examples, and the contrast that looks like a contradiction."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit.play import HUABEI, Play, day, program_with
from florin.credit.minimum import minimum_due_minor
from florin.credit.plans import quote
from florin.credit.terms import InstallmentTerms
from florin.ledger import Rule

OLDER_TABLE = program_with(
    installments=tuple(
        InstallmentTerms(count=count, fee_rate=Decimal(rate))
        for count, rate in ((3, "0.025"), (6, "0.045"), (9, "0.065"), (12, "0.088"))
    )
)


def test_1000_due_500_paid_in_time_the_rest_five_days_late_costs_1_25():
    alice = Play()
    alice.buy("03-05", "1000.00", 11)
    alice.repay("04-10", "500.00")
    alice.repay("04-15", "500.00")
    alice.until("05-01")

    assert alice.images["05-01"] == "1.25"


def test_10000_with_1000_paid_when_due_and_the_rest_on_10_may_costs_135():
    alice = Play()
    alice.buy("03-05", "10000.00", 11)
    alice.repay("04-10", "1000.00")
    alice.repay("05-10", "9094.50")
    alice.until("06-01")

    assert alice.images == {"04-01": "10000.00", "05-01": "94.50", "06-01": "40.50"}
    assert alice.posted(Rule.ACCRUE_INTEREST) == "135.00"


@pytest.mark.parametrize(
    ("count", "total_minor", "first", "last"),
    [
        (3, 1_025_00, 341_68, 341_66),
        (6, 1_045_00, 174_17, 174_16),
        (9, 1_065_00, 118_35, 118_33),
        (12, 1_088_00, 90_68, 90_66),
    ],
)
def test_1000_in_installments_by_the_older_table(count, total_minor, first, last):
    offer = quote(1_000_00, count, OLDER_TABLE.terms_on(day("03-05")))

    assert offer is not None
    payments = [part.principal_minor + part.fee_minor for part in offer.installments]
    assert offer.total_minor == sum(payments) == total_minor
    assert (payments[0], payments[-1], offer.per_period_minor) == (first, last, first)


def test_principal_and_fee_are_split_apart_so_1025_in_3_is_341_68_341_66_341_66():
    offer = quote(1_000_00, 3, OLDER_TABLE.terms_on(day("03-05")))

    assert offer is not None
    assert offer.installments == ((333_34, 8_34), (333_33, 8_33), (333_33, 8_33))


def test_with_equal_totals_as_a_term_it_is_341_67_341_67_341_66():
    terms = program_with(installment_split="equal_total", installments=OLDER_TABLE.versions[0].terms.installments)

    offer = quote(1_000_00, 3, terms.terms_on(day("03-05")))

    assert offer is not None
    assert [sum(part) for part in offer.installments] == [341_67, 341_67, 341_66]


def test_bought_on_5_april_in_3_it_is_due_on_10_may_10_june_and_10_july():
    alice = Play(opened="04-01")
    alice.buy("04-05", "300.00", 11, installments=3)
    alice.until("08-31")

    plan = [statement for statement in alice.statements if statement.lines[0].what == "installment"]
    assert [statement.due_on for statement in plan] == [day("05-10"), day("06-10"), day("07-10")]


def test_a_cycle_of_the_31st_bills_on_month_ends_and_comes_back():
    alice = Play(program_with(cycle_day=31, due_day=31), opened="01-01")
    alice.buy("01-30", "300.00", 11, installments=3)
    alice.until("06-30")

    assert [statement.closes_on for statement in alice.statements[:3]] == [day("01-31"), day("02-28"), day("03-31")]
    assert [statement.due_on for statement in alice.statements[:3]] == [day("02-28"), day("03-31"), day("04-30")]


@pytest.mark.parametrize(("balance", "interest", "minimum"), [(5_000_00, 60_00, 560_00), (4_500_00, 55_80, 505_80)])
def test_the_minimum_is_ten_percent_of_what_revolves_and_all_of_the_interest(balance, interest, minimum):
    terms = HUABEI.terms_on(day("03-05"))

    assert (
        minimum_due_minor(
            balance_minor=balance + interest, ordinary_minor=balance, due_in_full_minor=interest, terms=terms
        )
        == minimum
    )


def test_with_fees_in_the_base_the_penalty_runs_on_the_unpaid_fee_too():
    alice = Play(program_with(interest_on=("principal", "fee")))
    alice.buy("03-05", "1200.00", 11, installments=12)  # 100.00 and a fee of 7.50 each month
    alice.until("05-01")

    assert alice.posted(Rule.ACCRUE_INTEREST) == "1.13"  # 107.50 × 21 days × 0.05 %
