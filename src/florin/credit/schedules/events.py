"""What may happen to a loan after it is lent. Each event has a day; events of one day count in the order given.

`on` is the start of that day: interest of the day itself is already at the new balance, rate or plan.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from florin.credit.schedules.calendar import Every
from florin.credit.schedules.invalid import Rate
from florin.credit.schedules.state import EarlyMoney

ReAgedInterest = Literal["first_installment", "equal_parts", "equal_parts_to_maturity", "capitalized", "waived"]


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Money of the borrower. early_money: for this payment alone; None is as the rules say."""

    on: date
    amount_minor: int
    early_money: EarlyMoney | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """The merchant gives back what was bought with borrowed money; it goes where the rule `refund_money` says.

    with_interest: the lender gives back the interest that would not have accrued had the refunded principal never been
    lent: all interest to that day, less that of the same loan and the same payments without it, less what earlier
    refunds gave back already. It is paid to the coming installments in order.
    """

    on: date
    amount_minor: int
    with_interest: bool


class RateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A new yearly rate from a day. installment: `found_anew`, the level is found again for what is to come; `kept`, it
    stays and the last installment carries the difference. A pause of interest is a rate of 0, kept, and one back.
    """

    on: date
    yearly_rate: Rate
    installment: Literal["found_anew", "kept"] = "found_anew"


class ReAmortize(msgspec.Struct, frozen=True, kw_only=True):
    """Arrears are put into the installments to come, whose dates stay. Interest in arrears goes to the next one."""

    on: date


class ReAge(msgspec.Struct, frozen=True, kw_only=True):
    """All that is owed is put into a new plan of so many periods from `first_due_on`, which is `on` or later.

    interest, that is owed or accrued that day: `first_installment`, due with the first new one; `equal_parts`, spread
    evenly, as is the principal, and no interest accrues afterwards; `equal_parts_to_maturity`, likewise, with all the
    interest that the old plan would have borne; `capitalized`, becomes principal; `waived`.
    """

    on: date
    first_due_on: date
    periods: int
    every: Every
    interest: ReAgedInterest = "first_installment"


class ChargeOff(msgspec.Struct, frozen=True, kw_only=True):
    """Booked as a loss, yet still owed. interest: `stops` that day; `continues` as before; `accelerates`, all that is
    owed falls due that day and no installment remains after it.
    """

    on: date
    interest: Literal["stops", "continues", "accelerates"]


Event = Payment | Refund | RateChange | ReAmortize | ReAge | ChargeOff


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an event did. The parts of money and `excess_minor`, which nothing was left to pay, add up to its amount."""

    on: date
    cause: Literal["down_payment", "payment", "refund", "interest_refund", "re_age", "charge_off"]
    principal_minor: int = 0
    interest_minor: int = 0
    fee_minor: int = 0
    excess_minor: int = 0

    @property
    def amount_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fee_minor + self.excess_minor
