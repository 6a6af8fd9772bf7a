"""Schedules: what a credit costs and when it is paid, with no database.

A `Loan` is what was agreed: principal, rate, periods, and a `Convention` that says how days are counted and amounts
rounded. `schedule(loan)` is its table. `history(loan, events)` folds what happened since (`Payment`, `Refund`,
`RateChange`, `ReAmortize`, `ReAge`, `ChargeOff`), by the `Rules` for early and late money, and answers for any day:
`on(day)`, `balance_on`, `payoff_on`, `schedule_on`.

It is told in this order: `convention.py` and `calendar.py` (days, rounding), `state.py` (the loan at a moment),
`projection.py` (what each installment amounts to, seen from a day), `level.py` (the level installment), `loan.py`,
`events.py`, `pay.py`, `replan.py`, `history.py`, `price.py` (the yearly price of a table); `invalid.py` names every
contradictory input.

Amounts are integers of minor units, rates exact shares a year, days are dates; nothing here is a float or asks what
day it is.
"""

from florin.credit.schedules.calendar import Every, Period, Unit, periods_of, year_share
from florin.credit.schedules.convention import Convention, DayCount, Rounding, rounded
from florin.credit.schedules.events import (
    ChargeOff,
    Entry,
    Event,
    Payment,
    RateChange,
    ReAge,
    ReAmortize,
    Refund,
)
from florin.credit.schedules.history import History, Position, history
from florin.credit.schedules.invalid import (
    AmountOutOfRange,
    ConventionUnknown,
    DownPaymentInvalid,
    DueBeforeDisbursement,
    EventBeforeDisbursement,
    EventImpossible,
    LookBeforeDisbursement,
    PeriodsOutOfRange,
    RateNotExact,
    RateOutOfRange,
    ScheduleInputInvalid,
)
from florin.credit.schedules.loan import Installment, Loan, Schedule, schedule
from florin.credit.schedules.price import yearly_price
from florin.credit.schedules.state import EarlyMoney, Method, Rules

__all__ = [
    "AmountOutOfRange",
    "ChargeOff",
    "Convention",
    "ConventionUnknown",
    "DayCount",
    "DownPaymentInvalid",
    "DueBeforeDisbursement",
    "EarlyMoney",
    "Entry",
    "Event",
    "EventBeforeDisbursement",
    "EventImpossible",
    "Every",
    "History",
    "Installment",
    "Loan",
    "LookBeforeDisbursement",
    "Method",
    "Payment",
    "Period",
    "PeriodsOutOfRange",
    "Position",
    "RateChange",
    "RateNotExact",
    "RateOutOfRange",
    "ReAge",
    "ReAmortize",
    "Refund",
    "Rounding",
    "Rules",
    "Schedule",
    "ScheduleInputInvalid",
    "Unit",
    "history",
    "periods_of",
    "rounded",
    "schedule",
    "year_share",
    "yearly_price",
]
