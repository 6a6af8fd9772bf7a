"""Numbers: amounts in minor units, rounding, dates of cycles, and the yearly price of a credit.

An amount is an integer of minor units (fen), a rate a `Decimal` or an exact `Fraction`; nothing here is a float. Every
rounding has a name, and every remainder an owner.
"""

from florin.money.amounts import (
    MILLION,
    AmountTextInvalid,
    parse_yuan,
    round_half_even,
    round_half_up,
    round_up,
    share_minor,
    share_out,
    split_minor,
    yuan_text,
)
from florin.money.at import At
from florin.money.dates import due_on_after, last_close_on, months_after, next_close_on, on_day, remaining_share
from florin.money.display import shown

__all__ = [
    "MILLION",
    "AmountTextInvalid",
    "At",
    "due_on_after",
    "last_close_on",
    "months_after",
    "next_close_on",
    "on_day",
    "parse_yuan",
    "remaining_share",
    "round_half_even",
    "round_half_up",
    "round_up",
    "share_minor",
    "share_out",
    "shown",
    "split_minor",
    "yuan_text",
]
