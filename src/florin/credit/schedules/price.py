"""The yearly price of a schedule: its dated money, priced by a convention of `florin.money.rates`."""

from __future__ import annotations

from decimal import Decimal

from florin.credit.schedules.loan import Schedule
from florin.money.rates import A_MONTH, Convention, Dated, UnitPeriod, yearly_rate


def yearly_price(schedule: Schedule, convention: Convention, unit: UnitPeriod = A_MONTH) -> Decimal:
    """The annualized rate of what the borrower gets and pays, fees included, as a share: 0.1445 is 14.45 %.

    A down payment and a fee up front count as paid on the day of disbursement. unit: the unit period of `us_actuarial`.
    Raises RateNotFound.
    """
    payments = [
        Dated(installment.due_on, installment.total_minor)
        for installment in schedule.installments
        if installment.total_minor > 0
    ]
    return yearly_rate([Dated(schedule.disbursed_on, schedule.principal_minor)], payments, convention, unit)
