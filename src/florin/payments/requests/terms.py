"""The terms of escrow: the clock by the kind of goods, deadlines, and limits, as data with versions.

The preset comes along; a house states its own beside it, each version whole and from a day on. Of one day the house's holds.
"""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

import msgspec

from florin.presets import escrow_text

DAYS_MAX = 366


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """fee: whether the seller may keep a return fee. shipping: who pays the carrier of what goes back."""

    fee: bool
    shipping: Literal["buyer", "seller"]


class EscrowTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days are calendar days: a deadline is the last day on which one may act. return_fee_share_max: of what is asked.

    undecided: what a dispute that nobody decides comes to. confirm_days: to the clock's confirmation, by the kind of goods;
    clock_from: whether they count from payment or from the first parcel, by the same kinds.
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
    clock_from: dict[str, Literal["paid", "shipped"]] = {}
    reasons: dict[str, Reason]

    def clock_starts(self, goods: str) -> Literal["paid", "shipped"]:
        return self.clock_from.get(goods, self.clock_from.get("other", "paid"))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    versions: tuple[EscrowTerms, ...] = ()


class EscrowTermsInvalid(ValueError):
    """A file of terms cannot be used: the field and what to write."""


def escrow_terms(on: date) -> EscrowTerms:
    """The terms in force on a day."""
    # Of two of one day the last: the house's own stand behind the preset's.
    return max(
        (version for version in (*_preset(), *_own) if version.from_on <= on),
        key=lambda version: (version.from_on, version in _own),
    )


def know_own_terms(versions: tuple[EscrowTerms, ...]) -> None:
    """Let this process know the house's own versions, as they are now."""
    global _own
    _own = versions


_own: tuple[EscrowTerms, ...] = ()


@cache
def versions_of(text: str) -> tuple[EscrowTerms, ...]:
    """The versions that a file states, in its order. Raises EscrowTermsInvalid."""
    try:
        # Decimals, never floats: a share is multiplied with money.
        found = msgspec.convert(tomllib.loads(text, parse_float=Decimal), _File).versions
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise EscrowTermsInvalid(str(error)) from error
    if not found:
        raise EscrowTermsInvalid("there is no version: write [[versions]] with `from_on`, and all terms")
    for number, version in enumerate(found):
        wrong = _wrong(version)
        if wrong:
            raise EscrowTermsInvalid(f"versions[{number}].{wrong}")
    return found


def _wrong(version: EscrowTerms) -> str:
    """The first thing that a version may not say; empty when there is none."""
    numbers = {name: getattr(version, name) for name in version.__struct_fields__ if name.endswith(("_days", "_times"))}
    numbers |= {f"confirm_days.{goods}": days for goods, days in version.confirm_days.items()}
    numbers = {name: value for name, value in numbers.items() if isinstance(value, int)}
    rules = (
        *((name, 0 <= value <= DAYS_MAX, f"write 0 to {DAYS_MAX}") for name, value in numbers.items()),
        ("requests_max", version.requests_max > 0, "a buyer may ask at least once: write 1 or more"),
        ("return_fee_share_max", 0 <= version.return_fee_share_max <= 1, "write a share, 0 to 1"),
        ("evidence_files_max", version.evidence_files_max > 0, "write 1 or more"),
        ("evidence_bytes_max", 0 < version.evidence_bytes_max <= EVIDENCE_BYTES_MAX,
         f"write 1 to {EVIDENCE_BYTES_MAX}: larger ones are not taken"),
        ("evidence_types", set(version.evidence_types) <= set(KNOWN_TYPES), f"choose of {', '.join(KNOWN_TYPES)}"),
        ("confirm_days", "other" in version.confirm_days, "add `other`, for goods that are not listed"),
        ("reasons", bool(version.reasons), "give at least one reason"),
    )  # fmt: skip
    return next((f"{field}: {fix}" for field, holds, fix in rules if not holds), "")


KNOWN_TYPES = ("image/jpeg", "image/png", "application/pdf")
EVIDENCE_BYTES_MAX = 5_000_000


@cache
def _preset() -> tuple[EscrowTerms, ...]:
    return versions_of(escrow_text())
