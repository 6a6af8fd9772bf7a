"""Loans for tests: only what the test is about is said."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from florin.credit.schedules import Convention, Every, Loan, Payment

MONTHLY = Every(1, "months")


def day(text: str) -> date:
    return date.fromisoformat(text)


def convention(**changes: Any) -> Convention:
    return Convention(**{"day_count": "30/360", "rounding": "HALF_EVEN", **changes})


def loan(**changes: Any) -> Loan:
    """1,200.00 at 12 % in 12 months from 1 January 2026."""
    terms: dict[str, Any] = {
        "principal_minor": 1_200_00,
        "yearly_rate": Decimal("0.12"),
        "periods": 12,
        "every": MONTHLY,
        "disbursed_on": day("2026-01-01"),
        "convention": convention(),
    }
    return Loan(**{**terms, **changes})


def paid(on: str, amount_minor: int, **changes: Any) -> Payment:
    return Payment(on=day(on), amount_minor=amount_minor, **changes)
