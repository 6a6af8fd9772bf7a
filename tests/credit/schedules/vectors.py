"""The vector files: published loans, what happened to them, and the schedule that their source prints."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from florin.credit.schedules import (
    ChargeOff,
    Convention,
    Event,
    Every,
    History,
    Loan,
    Payment,
    RateChange,
    ReAge,
    ReAmortize,
    Refund,
    Rules,
    Schedule,
    history,
)

FOLDER = Path(__file__).parent / "vectors"
CONVENTION = (
    "day_count",
    "rounding",
    "installment_rounding",
    "installment_multiple_minor",
    "level_adjustment",
    "year_boundary",
    "leap_year",
)
RULES = ("interest_on", "overdue_interest", "after_maturity", "early_money", "refund_money")


def minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def vectors(name: str) -> Iterator[dict[str, Any]]:
    """The vectors of a file, the file's defaults filled in."""
    read = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    for vector in read["vector"]:
        vector["loan"] = {**read["defaults"], **vector["loan"]}
        yield vector


def history_of(vector: dict[str, Any]) -> History:
    terms = vector["loan"]
    loan = Loan(
        principal_minor=minor(terms["principal"]),
        yearly_rate=Decimal(terms["rate"]),
        periods=terms["periods"],
        every=every(terms["every"]),
        method=terms.get("method", "level"),
        disbursed_on=terms["disbursed"],
        first_due_on=terms.get("first_due"),
        due_day=terms.get("due_day"),
        down_payment_share=Decimal(terms["down_payment_share"]) if "down_payment_share" in terms else None,
        convention=Convention(**{name: terms[name] for name in CONVENTION if name in terms}),
        rules=Rules(
            order=tuple(terms.get("order", ("fee", "interest", "principal"))),
            **{name: terms[name] for name in RULES if name in terms},
        ),
    )
    events = [event(text) for text in vector.get("events", ())]
    return history(loan, events, down_payment_paid=terms.get("down_payment_paid", bool(events)))


def every(text: str) -> Every:
    count, unit = text.split()
    return Every(int(count), unit)  # type: ignore[arg-type]


def event(text: str) -> Event:
    on_text, kind, *rest = text.split()
    on = date.fromisoformat(on_text)
    match kind:
        case "payment" | "payoff":
            return Payment(on=on, amount_minor=minor(rest[0]))
        case "refund":
            return Refund(on=on, amount_minor=minor(rest[0]), with_interest=rest[1:] == ["with", "interest"])
        case "rate":
            kept = "kept" if rest[1:] == ["kept"] else "found_anew"
            return RateChange(on=on, yearly_rate=Decimal(rest[0]), installment=kept)
        case "charge-off":
            return ChargeOff(on=on, interest=rest[0])  # type: ignore[arg-type]
        case "re-age":
            first_due_on, periods = date.fromisoformat(rest[0]), int(rest[1])
            interest = rest[4] if len(rest) > 4 else "first_installment"
            return ReAge(
                on=on,
                first_due_on=first_due_on,
                periods=periods,
                every=every(" ".join(rest[2:4])),
                interest=interest,  # type: ignore[arg-type]
            )
        case "re-amortize":
            return ReAmortize(on=on)
    raise AssertionError(text)


def rows_of(schedule: Schedule) -> list[tuple[date, int, int, int]]:
    return [(line.due_on, line.principal_minor, line.interest_minor, line.paid_minor) for line in schedule.installments]


def expected_rows(texts: list[str]) -> list[tuple[date, int, int, int]]:
    return [
        (date.fromisoformat(due), minor(principal), minor(interest), minor(paid))
        for due, principal, interest, paid in (text.split() for text in texts)
    ]
