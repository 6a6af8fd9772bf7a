"""The terms of escrow: the clock by the kind of goods, deadlines, and limits, as data with versions."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import msgspec

from florin.presets import escrow_text


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """fee: whether the seller may keep a return fee. shipping: who pays the carrier of what goes back."""

    fee: bool
    shipping: Literal["buyer", "seller"]


class EscrowTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days are calendar days: a deadline is the last day on which one may act. return_fee_share_max: of what is asked.

    undecided: what a dispute that nobody decides comes to.
    """

    from_on: date
    extension_times: int
    extension_days: int
    hold_extension_times: int
    hold_extension_days: int
    requests_max: int
    after_receipt_days: int
    seller_answer_days: int
    send_back_days: int
    return_arrives_days: int
    appeal_days: int
    evidence_days: int
    decision_days: int
    undecided: Literal["refund", "release"]
    return_fee_share_max: Decimal
    evidence_files_max: int
    evidence_bytes_max: int
    evidence_types: tuple[str, ...]
    confirm_days: dict[str, int]
    reasons: dict[str, Reason]


def escrow_terms(on: date) -> EscrowTerms:
    """The terms in force on a day."""
    return max((version for version in _versions() if version.from_on <= on), key=lambda version: version.from_on)


@cache
def _versions() -> tuple[EscrowTerms, ...]:
    # Decimals, never floats: a share is multiplied with money.
    versions: list[dict[str, Any]] = tomllib.loads(escrow_text(), parse_float=Decimal)["versions"]
    return tuple(msgspec.convert(version, EscrowTerms) for version in versions)
