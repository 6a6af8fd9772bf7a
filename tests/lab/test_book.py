"""The lab's book of many people says of each, to the fen, what the engine's rules say of a line by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from credit.play import Play, load_program, preset_with
from florin.credit.terms import InstallmentTerms, LateCharge, Program, SubLimit, Version, Waterfall
from florin.lab.book import AccountNotVectorized, AmountsTooLarge, Book, DayIsOver, NotAllowed, ProgramNotVectorized
from lab.both_books import BothBooks, live

OPENED = date(2027, 11, 17)  # a leap day and two turns of the year follow
LIMITS = [0, 50_000, 300_000, 600_000, 600_000, 1_500_000, 200_000, 777_700]

PRINCIPAL_FIRST = ("principal", "interest", "fee", "penalty", "cost")
FLIPPED_LATE = (
    Waterfall(order=("cost", "penalty", "interest", "fee", "principal")),
    Waterfall(order=PRINCIPAL_FIRST, from_days_past_due=40),
)


def with_versions(name: str, *changes: tuple[date, str, dict[str, Any]]) -> Program:
    """A preset whose terms change on some days."""
    program = load_program(name)
    versions = list(program.versions)
    for on, applies_to, changed in changes:
        terms = replace(versions[-1].terms, **changed)
        versions.append(Version(from_on=on, applies_to=applies_to, terms=terms))
    return replace(program, versions=tuple(versions))


PROGRAMS = {name: load_program(name) for name in ("huabei", "baitiao-bill", "fenfu", "bank-card")} | {
    "fees up front, halves to even, days of grace": preset_with(
        "huabei",
        installments=tuple(
            InstallmentTerms(count=n, fee_rate=Decimal("0.0333"), fee_timing="upfront") for n in (3, 12)
        ),
        rounding="half_even",
        minimum_floor_minor=3000,
        minimum_tolerance_minor=100,
        full_payment_tolerance_minor=700,
        grace_days=4,
    ),
    "equal totals, a penalty on all, interest on interest, waived when lost": preset_with(
        "huabei",
        installment_split="equal_total",
        charge_off_mode="principal",
        charge_off_days=90,
        non_accrual_days=40,
        waterfall=FLIPPED_LATE,
        penalty_daily_rate=Decimal("0.0001"),
        penalty_on="principal_and_fee",
        interest_on=("principal", "fee", "interest", "penalty"),
    ),
    "two late charges under an all-in cap, past due alone is charged off": preset_with(
        "bank-card",
        charge_off_mode="past_due",
        charge_off_days=100,
        yearly_rate_max=Decimal("0.24"),
        late_charges=(
            LateCharge(days_past_due=4, share=Decimal("0.05"), floor_minor=500, cap_share=Decimal("0.02")),
            LateCharge(days_past_due=20, amount_minor=700, cap_minor=2000),
        ),
    ),
    "principal first, drawn at payment": preset_with(
        "fenfu",
        waterfall=(Waterfall(order=PRINCIPAL_FIRST, by="bucket"),),
        charge_off_days=60,
        minimum_in_full=("interest",),
        minimum_share=Decimal("0.333"),
        draws_on="payment",
    ),
    "closed at the month's end, all by a share": preset_with("huabei", cycle_day=31, due_day=15, minimum_in_full=()),
    "due after the next close": preset_with("huabei", due_day=0, due_days=45),
    "due as the next bill is made": preset_with("bank-card", due_day=1, due_days=0, grace_days=0),
    "rates, grace and caps that change": with_versions(
        "huabei",
        (date(2028, 2, 9), "balances", {"interest_daily_rate": Decimal("0.0003"), "grace_days": 3}),
        (
            date(2028, 7, 1),
            "new_cycles",
            {"interest_daily_rate": Decimal("0.0006"), "minimum_share": Decimal("0.2")},
        ),
        (
            date(2029, 1, 15),
            "new_cycles",
            {"yearly_rate_max": Decimal("0.15"), "interest_daily_rate": Decimal("0.0002"), "charge_off_days": 80},
        ),
    ),
    "a card whose rates, closes and rounding change": with_versions(
        "bank-card",
        (
            date(2028, 2, 9),
            "balances",
            {"interest_daily_rate": Decimal("0.0003"), "grace_days": 1, "cycle_day": 5},
        ),
        (
            date(2028, 7, 1),
            "new_cycles",
            {"interest_daily_rate": Decimal(0), "minimum_tolerance_minor": 100},
        ),
        (
            date(2029, 1, 15),
            "new_cycles",
            {"interest_daily_rate": Decimal("0.0002"), "rounding": "half_even", "grace_lost_for": 0},
        ),
    ),
    "a draw-down whose rates change": with_versions(
        "fenfu",
        (date(2028, 2, 29), "balances", {"interest_daily_rate": Decimal(0)}),
        (
            date(2028, 7, 1),
            "new_cycles",
            {
                "interest_daily_rate": Decimal("0.0006"),
                "penalty_daily_rate": Decimal("0.0003"),
                "yearly_rate_max": Decimal("0.36"),
            },
        ),
        (
            date(2029, 1, 15),
            "balances",
            {"interest_daily_rate": Decimal("0.0002"), "yearly_rate_max": Decimal("0.15")},
        ),
    ),
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_fen_of_every_person_is_the_one_that_the_engine_says(name: str) -> None:
    """Eight lives of fifteen months under each program; every week or so all of them are compared."""
    both = BothBooks(PROGRAMS[name], LIMITS, OPENED)

    assert live(both, seed=len(name), months=15) == []


@pytest.mark.parametrize("name", ["huabei", "a card whose rates, closes and rounding change"])
def test_a_live_book_goes_on_as_it_would_have(name: str) -> None:
    """Taken over in the middle of whatever people owe by then: late, in plans, charged off, with days of grace lost."""
    both = BothBooks(PROGRAMS[name], LIMITS, OPENED)
    live(both, seed=11, months=9, waits=(0,))

    both.take()

    assert both.differences() == []
    assert live(both, seed=12, months=7) == []


def test_a_line_keeps_the_bill_day_of_its_own() -> None:
    both = BothBooks(load_program("bank-card"), LIMITS, OPENED)
    for play, days in zip(both.plays, [(0, 0), (17, 6), (31, 30), (30, 31), (5, 5)] * 2, strict=False):
        cycle_day, due_day = days
        play.account = replace(play.account, cycle_day=cycle_day, due_day=due_day)

    both.take()

    assert live(both, seed=3, months=10) == []


def test_an_account_with_an_agreement_that_the_book_does_not_know_is_refused_by_name() -> None:
    play = Play(load_program("huabei"), opened=OPENED)
    play.buy(OPENED, "900.00", item=1)
    play.until(date(2027, 12, 20))
    assert play.agree_hardship(date(2027, 12, 20), 6) is None

    with pytest.raises(AccountNotVectorized, match="hardship"):
        Book.take_from(play.program, [play.account], [play.line], date(2027, 12, 20))


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (load_program("pay-in-4"), 'billing = "order"'),
        (load_program("baitiao-order"), 'billing = "order"'),
        (preset_with("huabei", repayment_hold_days=3), "repayment_hold_days"),
        (preset_with("huabei", sub_limits=(SubLimit(market="m", limit_minor=1),)), "sub_limits"),
        (preset_with("huabei", exposure_group="family"), "exposure_group"),
        (preset_with("huabei", charge_off_interest="memo"), "charge_off_interest"),
        (
            preset_with(
                "huabei",
                installments=(
                    InstallmentTerms(count=3, fee_rate=Decimal(0), method="declining", yearly_rate=Decimal("0.1")),
                ),
            ),
            "declining",
        ),
    ],
)
def test_terms_without_arithmetic_are_refused_by_name(program: Program, why: str) -> None:
    with pytest.raises(ProgramNotVectorized, match=why):
        Book(program, np.array([100_000]), OPENED)


def test_a_limit_of_zero_is_no_line() -> None:
    book = Book(load_program("huabei"), np.array([0, 10_000]), OPENED)

    book.buy(np.array([1]), np.array([10_000]), OPENED)

    assert book.blocked().tolist() == [True, False]
    assert book.available_minor().tolist() == [0, 0]
    with pytest.raises(NotAllowed, match="blocked"):
        book.buy(np.array([0]), np.array([1]), OPENED)


def test_a_purchase_above_what_is_available_changes_nothing() -> None:
    book = Book(load_program("huabei"), np.array([10_000]), OPENED)

    with pytest.raises(NotAllowed, match="above what is available"):
        book.buy(np.array([0, 0]), np.array([6_000, 4_001]), OPENED)

    assert (book.available_minor().tolist(), book.owed_minor().tolist()) == ([10_000], [0])


def test_days_go_forward_only() -> None:
    book = Book(load_program("huabei"), np.array([10_000]), OPENED)
    book.advance(date(2027, 12, 1))

    with pytest.raises(DayIsOver):
        book.advance(OPENED)


def test_amounts_that_would_not_fit_are_refused_before_they_are_computed() -> None:
    with pytest.raises(AmountsTooLarge):
        Book(load_program("huabei"), np.array([10**17]), OPENED)


def test_people_side_by_side_are_as_they_are_alone() -> None:
    """Doubling the people, with the same lives, doubles every sum: nobody's fen depend on who else is in the book."""
    program, once, twice = load_program("bank-card"), [600_000], [600_000, 600_000]
    books = [Book(program, np.array(limits), OPENED) for limits in (once, twice)]
    for book, people in zip(books, (np.array([0]), np.array([0, 1])), strict=True):
        book.buy(people, np.full(people.size, 123_457), date(2027, 11, 20), installments=3)
        book.buy(people, np.full(people.size, 33_333), date(2027, 11, 21))
        book.repay(people, np.full(people.size, 20_000), date(2028, 1, 5))
        book.advance(date(2028, 9, 1))

    for name, minor in vars(books[0].sums).items():
        assert getattr(books[1].sums, name).tolist() == [minor[0]] * 2, name
    assert books[0].sums.interest[0] > 0


@pytest.mark.parametrize("installments", [0, 3])
def test_several_purchases_of_one_person_at_once_are_as_one_after_the_other(installments: int) -> None:
    people, amounts = np.array([1, 0, 1]), np.array([30_001, 20_002, 10_003])
    together, apart = (Book(load_program("bank-card"), np.array([0, 0]) + 600_000, OPENED) for _ in range(2))
    amounts = amounts + 60_000 * (installments > 0)
    together.buy(people, amounts, OPENED, installments=installments)
    for person, minor in zip(people, amounts, strict=True):
        apart.buy(np.array([person]), np.array([minor]), OPENED, installments=installments)

    for book in (together, apart):
        book.repay(np.array([0, 1]), np.array([7_000, 50_000]), date(2027, 12, 5))
        book.advance(date(2028, 6, 1))

    for name, minor in vars(together.sums).items():
        assert minor.tolist() == getattr(apart.sums, name).tolist(), name
    assert together.owed_minor().tolist() == apart.owed_minor().tolist()
    assert together.available_minor().tolist() == apart.available_minor().tolist()
