"""Contradictory input is named, and says what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from credit.schedules.builders import MONTHLY, convention, day, loan, paid
from florin.credit.schedules import (
    AmountOutOfRange,
    ChargeOff,
    ConventionUnknown,
    DownPaymentInvalid,
    DueBeforeDisbursement,
    EventBeforeDisbursement,
    EventImpossible,
    Every,
    LookBeforeDisbursement,
    PeriodsOutOfRange,
    RateChange,
    RateNotExact,
    RateOutOfRange,
    ReAge,
    ReAmortize,
    Refund,
    Rules,
    ScheduleInputInvalid,
    history,
    schedule,
)


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"periods": 0}, PeriodsOutOfRange),
        ({"periods": -3}, PeriodsOutOfRange),
        ({"periods": 100_000}, PeriodsOutOfRange),
        ({"periods": True}, PeriodsOutOfRange),
        ({"principal_minor": 0}, AmountOutOfRange),
        ({"principal_minor": -1}, AmountOutOfRange),
        ({"principal_minor": 10**16}, AmountOutOfRange),
        ({"principal_minor": 100.0}, AmountOutOfRange),
        ({"yearly_rate": 0.12}, RateNotExact),
        ({"yearly_rate": "0.12"}, RateNotExact),
        ({"yearly_rate": Decimal("-0.01")}, RateOutOfRange),
        ({"yearly_rate": Decimal("10.01")}, RateOutOfRange),
        ({"yearly_rate": Decimal("NaN")}, RateOutOfRange),
        ({"first_due_on": date(2026, 1, 1)}, DueBeforeDisbursement),
        ({"first_due_on": date(2025, 12, 31)}, DueBeforeDisbursement),
        ({"due_day": 32}, ConventionUnknown),
        ({"down_payment_minor": -1}, DownPaymentInvalid),
        ({"down_payment_minor": 1_200_00}, DownPaymentInvalid),
        ({"down_payment_share": Decimal(1)}, DownPaymentInvalid),
        ({"down_payment_share": Decimal("0.1"), "down_payment_minor": 1}, DownPaymentInvalid),
        ({"fee_minor": -1}, AmountOutOfRange),
        ({"method": "balloon"}, ConventionUnknown),
        ({"fee": "equal_total"}, ConventionUnknown),
        ({"remainder": "middle"}, ConventionUnknown),
    ],
)
def test_a_contradictory_loan_is_named(terms, error):
    with pytest.raises(error) as caught:
        schedule(loan(**terms))

    assert isinstance(caught.value, ScheduleInputInvalid)


@pytest.mark.parametrize(
    "changes",
    [
        {"day_count": "31/360"},
        {"rounding": "HALF"},
        {"installment_rounding": "NEAR"},
        {"installment_multiple_minor": 0},
        {"level_adjustment": "some"},
        {"year_boundary": "july_1"},
        {"leap_year": "never"},
    ],
)
def test_an_unknown_convention_is_named_with_those_that_exist(changes):
    with pytest.raises(ConventionUnknown, match=next(iter(changes))):
        convention(**changes)


@pytest.mark.parametrize(
    "rules",
    [
        {"interest_on": "nothing"},
        {"after_maturity": "doubles"},
        {"early_money": "vanishes"},
        {"order": ("interest", "principal")},
        {"interest_on": "scheduled_balance", "early_money": "reduce_count"},
    ],
)
def test_unknown_or_contradictory_rules_are_named(rules):
    with pytest.raises(ConventionUnknown):
        Rules(**rules)


def test_a_period_has_a_length_and_a_unit():
    with pytest.raises(PeriodsOutOfRange):
        Every(0, "months")
    with pytest.raises(ConventionUnknown):
        Every(1, "fortnights")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([paid("2025-12-31", 1)], EventBeforeDisbursement),
        ([paid("2026-02-01", 0)], AmountOutOfRange),
        ([paid("2026-02-01", -5)], AmountOutOfRange),
        ([paid("2026-02-01", 5, early_money="vanishes")], ConventionUnknown),
        ([Refund(on=day("2026-02-01"), amount_minor=1_200_01, with_interest=False)], EventImpossible),
        ([RateChange(on=day("2026-02-01"), yearly_rate=0.1)], RateNotExact),
        ([RateChange(on=day("2026-02-01"), yearly_rate=Decimal(11))], RateOutOfRange),
        ([ChargeOff(on=day("2026-02-01"), interest="doubles")], ConventionUnknown),
        ([ChargeOff(on=day("2026-02-01"), interest="stops")] * 2, EventImpossible),
        ([paid("2026-01-01", 2_000_00), ChargeOff(on=day("2026-02-01"), interest="stops")], EventImpossible),
        ([ReAmortize(on=day("2027-02-01"))], EventImpossible),
        (
            [ReAge(on=day("2026-02-01"), first_due_on=day("2026-01-31"), periods=3, every=MONTHLY)],
            EventImpossible,
        ),
        ([ReAge(on=day("2026-02-01"), first_due_on=day("2026-03-01"), periods=0, every=MONTHLY)], PeriodsOutOfRange),
        (
            [
                paid("2026-01-01", 2_000_00),
                ReAge(on=day("2026-02-01"), first_due_on=day("2026-03-01"), periods=3, every=MONTHLY),
            ],
            EventImpossible,
        ),
    ],
)
def test_an_impossible_event_is_named(events, error):
    with pytest.raises(error):
        history(loan(), events).on(day("2027-06-01"))


def test_a_look_before_the_loan_is_named():
    with pytest.raises(LookBeforeDisbursement, match="2025-12-31"):
        history(loan()).balance_on(day("2025-12-31"))
