"""Provision: an allowance by days past due, brought to what it should be by its difference."""

from __future__ import annotations

from decimal import Decimal

import pytest

from credit.play import at, program_with
from florin.credit.provision import Overdue, Provision, bucket_of, bucketed, decide
from florin.credit.terms import ProvisionRate, Terms
from florin.ledger import Rule
from florin.payments.post import entries_of

RATES = tuple(
    ProvisionRate(from_days_past_due=days, rate=Decimal(rate))
    for days, rate in ((0, "0.01"), (1, "0.03"), (30, "0.25"), (91, "1"))
)
TERMS: Terms = program_with(provision_rates=RATES).versions[0].terms


def overdue(days: int, owed_minor: int, claimed_minor: int = 0) -> Overdue:
    return Overdue(program="huabei", days=days, lines=1, owed_minor=owed_minor, claimed_minor=claimed_minor)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-3, "current"),
        (0, "current"),
        (1, "1-29"),
        (29, "1-29"),
        (30, "30-59"),
        (89, "60-89"),
        (90, "90-179"),
        (400, "180+"),
    ],
)
def test_a_debt_is_in_the_bucket_of_its_days(days, bucket):
    assert bucket_of(days) == bucket


def test_each_debt_has_the_rate_of_its_days_and_each_bucket_is_rounded_once():
    found = bucketed(
        [overdue(0, 10_050), overdue(0, 10_000), overdue(90, 40_000), overdue(91, 10_001)], lambda _: TERMS
    )

    assert [(each.bucket, each.lines, each.owed_minor, each.allowance_minor) for each in found] == [
        ("current", 2, 20_050, 201),
        ("90-179", 2, 50_001, 10_000 + 10_001),
    ]


def test_the_difference_alone_is_posted_and_may_go_back():
    def moved(before_minor: int) -> dict[tuple[Rule, bool], int]:
        command = Provision(lane=3, overdue=(overdue(30, 40_000),), allowance_minor=before_minor)
        (event,) = decide(command, at("05-01"), lambda _: TERMS)
        return {(entry.rule, entry.reversed): entry.amount_minor for entry in entries_of(event)}

    assert moved(0) == {(Rule.PROVIDE, False): 10_000}
    assert moved(10_000) == {}
    assert moved(12_500) == {(Rule.PROVIDE, True): 2_500}
    assert moved(-4_000) == {(Rule.PROVIDE, False): 14_000}


def test_what_is_charged_off_needs_no_allowance():
    (bucket,) = bucketed([overdue(200, 0, 100_000)], lambda _: TERMS)

    assert (bucket.owed_minor, bucket.claimed_minor, bucket.allowance_minor) == (0, 100_000, 0)
