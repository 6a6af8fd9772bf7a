"""Credit: a line, what is owed on it, and the rules that say so.

A *program* is a product as data (`terms.py`, `program.py`). A *line* (`line.py`) is one row, enough for the till
(`authorize.py`). Its *account* (`account.py`) is what the line's sums consist of: purchases, plans and statements
(`items.py`), folded from events. Each action is a file: `open`, `limit`, `freeze`, `close`, `repay`, and `refund` for
the credit side of a refund. When the clock acts says `appointments.py`, what it does then `closing.py` (a cycle closes)
and `late.py`; interest, the minimum and the order of clearing have a file each; what counts on a day that is over is
`correction.py`. `schedules` is a loan's table, `explain` says why somebody owes something. All of it is
pure: values in, values out.

What a program without a house needs is here by name: `load_program`, `Simulation`, `offers`, `schedule`, `yearly_price`
and the types that they take and give (docs/reference/credit.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from florin.credit.correction import as_of, fold
    from florin.credit.items import Account
    from florin.credit.minimum import minimum_due_minor
    from florin.credit.payoff import PayoffQuote
    from florin.credit.plans import PlanQuote, offers, quote
    from florin.credit.program import ProgramInvalid, load_program, program_of
    from florin.credit.schedules import Convention, Every, Loan, Rules, Schedule, history, schedule, yearly_price
    from florin.credit.simulation import DayIsOver, Simulation, SimulationRefused
    from florin.credit.statement import StatementShown
    from florin.credit.terms import Program, Terms

# Asked for by name, loaded on demand: the rules import each other from here, and the till needs few of them.
_HOMES = {
    "Account": "items",
    "Convention": "schedules",
    "DayIsOver": "simulation",
    "Every": "schedules",
    "Loan": "schedules",
    "PayoffQuote": "payoff",
    "PlanQuote": "plans",
    "Program": "terms",
    "ProgramInvalid": "program",
    "Rules": "schedules",
    "Schedule": "schedules",
    "Simulation": "simulation",
    "SimulationRefused": "simulation",
    "StatementShown": "statement",
    "Terms": "terms",
    "as_of": "correction",
    "fold": "correction",
    "history": "schedules",
    "load_program": "program",
    "minimum_due_minor": "minimum",
    "offers": "plans",
    "program_of": "program",
    "quote": "plans",
    "schedule": "schedules",
    "yearly_price": "schedules",
}

__all__ = [
    "Account",
    "Convention",
    "DayIsOver",
    "Every",
    "Loan",
    "PayoffQuote",
    "PlanQuote",
    "Program",
    "ProgramInvalid",
    "Rules",
    "Schedule",
    "Simulation",
    "SimulationRefused",
    "StatementShown",
    "Terms",
    "as_of",
    "fold",
    "history",
    "load_program",
    "minimum_due_minor",
    "offers",
    "program_of",
    "quote",
    "schedule",
    "yearly_price",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"florin.credit.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
