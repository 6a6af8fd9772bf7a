"""Laws of every schedule: sums, the balance at the end, payoffs, and that looking or splitting changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from florin.credit.schedules import (
    ChargeOff,
    Convention,
    DayCount,
    Every,
    History,
    Loan,
    Payment,
    Period,
    RateChange,
    ReAge,
    ReAmortize,
    Refund,
    Rounding,
    Rules,
    history,
    rounded,
    schedule,
    year_share,
)
from florin.credit.schedules.invalid import EventImpossible

LENT_ON = date(2026, 1, 15)
RATES = st.integers(0, 6_000).map(lambda points: Decimal(points) / 10_000)
EVERY = st.one_of(
    st.integers(1, 3).map(lambda count: Every(count, "months")),
    st.integers(1, 4).map(lambda count: Every(count, "weeks")),
    st.integers(5, 45).map(lambda count: Every(count, "days")),
)
CONVENTIONS = st.builds(
    Convention,
    day_count=st.sampled_from(get_args(DayCount)),
    rounding=st.sampled_from(get_args(Rounding)),
    installment_multiple_minor=st.sampled_from((1, 1, 10, 100)),
    level_adjustment=st.sampled_from(("none", "spread", "lower_last")),
    year_boundary=st.sampled_from(("january_1", "december_31")),
    leap_year=st.sampled_from(("calendar", "february_29_in_period")),
)
ACTUAL_RULES = st.builds(
    Rules,
    overdue_interest=st.booleans(),
    after_maturity=st.sampled_from(("stops", "continues")),
    early_money=st.sampled_from(
        ("next_installment", "last_installment", "spread", "reduce_installment", "reduce_count")
    ),
    refund_money=st.sampled_from(("next_installment", "last_installment", "reduce_count")),
    order=st.permutations(("fee", "interest", "principal")).map(tuple),
)
SCHEDULED_RULES = st.builds(
    Rules,
    interest_on=st.just("scheduled_balance"),
    early_money=st.sampled_from(("next_installment", "last_installment", "spread")),
    refund_money=st.sampled_from(("next_installment", "last_installment")),
)


ALL_RULES = st.one_of(ACTUAL_RULES, SCHEDULED_RULES)


@st.composite
def loans(draw, methods=("level", "equal_principal", "flat"), rules=ALL_RULES):
    periods = draw(st.integers(1, 14))
    principal_minor = draw(st.integers(periods * 100, 2_000_000))
    every = draw(EVERY)
    first = draw(st.one_of(st.none(), st.integers(1, 60)))
    return Loan(
        principal_minor=principal_minor,
        yearly_rate=draw(RATES),
        periods=periods,
        every=every,
        disbursed_on=LENT_ON,
        convention=draw(CONVENTIONS),
        method=draw(st.sampled_from(methods)),
        first_due_on=None if first is None else LENT_ON + timedelta(days=first),
        down_payment_minor=draw(st.integers(0, principal_minor // 2)),
        fee_minor=draw(st.sampled_from((0, 0, 1_234))),
        fee=draw(st.sampled_from(("spread", "up_front"))),
        rules=draw(rules),
    )


@st.composite
def histories(draw, **terms):
    loan = draw(loans(**terms))
    span = (loan.calendar()[-1].due_on - LENT_ON).days
    days = st.integers(0, span + 40).map(lambda count: LENT_ON + timedelta(days=count))
    share = st.integers(1, loan.principal_minor // 2)
    payments = draw(st.lists(st.builds(Payment, on=days, amount_minor=share), max_size=5))
    others = draw(
        st.lists(
            st.one_of(
                st.builds(RateChange, on=days, yearly_rate=RATES, installment=st.sampled_from(("found_anew", "kept"))),
                st.builds(ReAmortize, on=days),
                days.flatmap(
                    lambda on: st.builds(
                        ReAge,
                        on=st.just(on),
                        first_due_on=st.integers(0, 40).map(lambda count: on + timedelta(days=count)),
                        periods=st.integers(1, 6),
                        every=EVERY,
                        interest=st.sampled_from(
                            (
                                "first_installment",
                                "equal_parts",
                                "equal_parts_to_maturity",
                                "capitalized",
                                "waived",
                            )
                        ),
                    )
                ),
            ),
            max_size=2,
        )
    )
    ends = draw(
        st.lists(
            st.one_of(
                st.builds(ChargeOff, on=days, interest=st.sampled_from(("stops", "continues", "accelerates"))),
                st.builds(Refund, on=days, amount_minor=share, with_interest=st.booleans()),
            ),
            max_size=1,
        )
    )
    told = history(loan, [*payments, *others, *ends], down_payment_paid=draw(st.booleans()))
    return possible(told)


def possible(told: History) -> History:
    """Without the events that this loan could not have on their day."""
    kept = History(loan=told.loan, events=(), down_payment_paid=told.down_payment_paid)
    for event in told.events:
        tried = kept.with_events(event)
        try:
            tried.on(event.on)
        except EventImpossible:
            continue
        kept = tried
    return kept


def last_day(told: History) -> date:
    return max([told.loan.calendar()[-1].due_on, *(event.on for event in told.events)])


@settings(max_examples=15, deadline=None)
@given(loan=loans())
def test_principal_parts_add_up_and_the_balance_ends_at_zero(loan):
    agreed = schedule(loan)

    installments = agreed.installments
    assert sum(line.principal_minor for line in installments) == loan.principal_minor
    assert installments[-1].balance_minor == 0
    assert agreed.fee_minor == loan.fee_minor
    assert all(line.principal_minor >= 0 and line.interest_minor >= 0 for line in installments)
    assert [line.due_on for line in installments] == sorted(line.due_on for line in installments)


@settings(max_examples=15, deadline=None)
@given(loan=loans(methods=("level",)))
def test_all_level_installments_but_the_last_are_equal_where_interest_leaves_room(loan):
    lines = [line for line in schedule(loan).installments if line.number > 0]

    totals = {line.principal_minor + line.interest_minor for line in lines[:-1] if line.balance_minor > 0}
    assert len(totals) <= 1


@settings(max_examples=15, deadline=None)
@given(told=histories(), days=st.integers(0, 400))
def test_whatever_happened_the_parts_of_principal_are_what_was_lent(told, days):
    as_of = LENT_ON + timedelta(days=days)

    position = told.on(as_of)

    shown = position.schedule
    parts = sum(line.principal_minor for line in shown.installments)
    assert parts + shown.prepaid_minor == shown.principal_minor + shown.capitalized_minor
    assert position.principal_minor >= 0
    assert position.past_due_minor <= position.due_minor <= position.payoff_minor
    assert all(line.unpaid_minor >= 0 for line in position.schedule.installments)


@settings(max_examples=15, deadline=None)
@given(told=histories(), days=st.integers(0, 400))
def test_money_in_is_money_applied(told, days):
    as_of = LENT_ON + timedelta(days=days)

    entries = told.on(as_of).entries

    of_events = sum(entry.amount_minor for entry in entries if entry.cause in ("payment", "refund"))
    assert of_events == sum(
        event.amount_minor for event in told.events if isinstance(event, Payment | Refund) and event.on <= as_of
    )
    assert all(
        min(entry.principal_minor, entry.interest_minor, entry.fee_minor, entry.excess_minor) >= 0 for entry in entries
    )


@settings(max_examples=15, deadline=None)
@given(told=histories(), days=st.integers(0, 400), later=st.integers(0, 200))
def test_the_payoff_of_a_day_settles_the_loan_for_good_and_a_cent_less_does_not(told, days, later):
    as_of = max(LENT_ON + timedelta(days=days), *(event.on for event in told.events), LENT_ON)
    payoff_minor = told.payoff_on(as_of)
    if payoff_minor == 0:
        return

    settled = told.with_events(Payment(on=as_of, amount_minor=payoff_minor))

    assert settled.balance_on(as_of) == 0
    assert settled.payoff_on(as_of) == 0
    assert settled.payoff_on(as_of + timedelta(days=later)) == 0
    assert settled.on(as_of).overpaid_minor == told.on(as_of).overpaid_minor
    if payoff_minor > 1:
        short = told.with_events(Payment(on=as_of, amount_minor=payoff_minor - 1))
        assert short.payoff_on(as_of) == 1


@settings(max_examples=15, deadline=None)
@given(told=histories(), days=st.integers(0, 400), amount_minor=st.integers(2, 500_000), part=st.integers(1, 99))
def test_two_payments_of_one_day_are_one_when_they_pay_installments(told, days, amount_minor, part):
    on = LENT_ON + timedelta(days=days)
    first_minor = max(amount_minor * part // 100, 1)
    modes = ("next_installment", "last_installment")

    for mode in modes:
        whole = told.with_events(Payment(on=on, amount_minor=amount_minor, early_money=mode))
        split = told.with_events(
            Payment(on=on, amount_minor=first_minor, early_money=mode),
            Payment(on=on, amount_minor=amount_minor - first_minor, early_money=mode),
        )
        # Events after that day could refuse either alike; up to it the two must be the same.
        assert split.payoff_on(on) == whole.payoff_on(on)
        assert split.balance_on(on) == whole.balance_on(on)


@settings(max_examples=15, deadline=None)
@given(told=histories(), early=st.integers(0, 400), late=st.integers(0, 400))
def test_an_early_look_changes_no_later_answer(told, early, late):
    fresh = told.on(LENT_ON + timedelta(days=late))

    told.on(LENT_ON + timedelta(days=early))

    assert told.on(LENT_ON + timedelta(days=late)) == fresh


@settings(max_examples=15, deadline=None)
@given(told=histories())
def test_events_told_in_another_order_of_arrival_make_the_same_history(told):
    days = [event.on for event in told.events]
    if len(set(days)) < len(days):
        return

    backwards = history(told.loan, reversed(told.events), down_payment_paid=told.down_payment_paid)

    assert backwards.on(last_day(told)) == told.on(last_day(told))


@settings(max_examples=15, deadline=None)
@given(loan=loans(rules=ACTUAL_RULES), amount_minor=st.integers(1, 1_000_000), days=st.integers(0, 300))
def test_an_early_payment_never_makes_the_loan_dearer(loan, amount_minor, days):
    on = LENT_ON + timedelta(days=days)
    if on >= loan.calendar()[0].due_on:
        return
    agreed = history(loan).on(LENT_ON).schedule

    paid = history(loan, [Payment(on=on, amount_minor=amount_minor)]).on(on).schedule

    # Rounding, once a period, may cost a cent each.
    assert paid.interest_minor <= agreed.interest_minor + len(agreed.installments)


@settings(max_examples=15, deadline=None)
@given(loan=loans(methods=("level",), rules=ACTUAL_RULES), days=st.integers(0, 200))
def test_when_everything_is_refunded_with_interest_all_interest_so_far_comes_back(loan, days):
    on = LENT_ON + timedelta(days=days)
    before = history(loan, down_payment_paid=False)
    interest_minor = before.payoff_on(on) - loan.principal_minor - loan.fee_minor

    after = before.with_events(Refund(on=on, amount_minor=loan.principal_minor, with_interest=True)).on(on)

    given_back = [entry.amount_minor for entry in after.entries if entry.cause == "interest_refund"]
    assert sum(given_back) == interest_minor
    assert after.payoff_minor == loan.fee_minor


@given(
    convention=CONVENTIONS,
    every=EVERY,
    start=st.dates(date(2023, 1, 1), date(2029, 12, 31)),
    length=st.integers(1, 120),
    cut=st.integers(0, 100),
)
def test_the_share_of_a_year_is_additive_over_split_days(convention, every, start, length, cut):
    period = Period(start, start + timedelta(days=length), None)
    middle = start + timedelta(days=length * cut // 100)

    parts = year_share(convention, every, period, start, middle) + year_share(
        convention, every, period, middle, period.due_on
    )

    assert parts == year_share(convention, every, period, *period[:2])


@given(numerator=st.integers(-(10**12), 10**12), denominator=st.integers(1, 10**6))
def test_rounding_agrees_with_the_decimal_module_on_exact_halves_and_quarters(numerator, denominator):
    exact = Fraction(numerator, denominator)

    assert abs(rounded(exact, "HALF_EVEN") - exact) <= Fraction(1, 2)
    assert rounded(exact, "FLOOR") == exact.__floor__()
    assert rounded(exact, "CEILING") == exact.__ceil__()
    assert abs(rounded(exact, "UP")) >= abs(exact) >= abs(rounded(exact, "DOWN"))
    assert rounded(exact, "HALF_EVEN") == round(exact)
