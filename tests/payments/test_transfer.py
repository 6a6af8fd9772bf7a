"""A merchant gives a person money: only what is available, in both books alike."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.events import TransferFunded, TransferReceived
from florin.payments.merchant import evolve_balance
from florin.payments.transfer import Transfer, TransferExceedsAvailable, decide
from florin.wallet.wallet import change_minor
from payments.builders import ALICE, AT, TEA_HOUSE, balance, merchant


def asked(amount_minor: int) -> Transfer:
    return Transfer(merchant_id=TEA_HOUSE, person_id=ALICE, amount_minor=amount_minor, number="t1", title="bonus")


@settings(max_examples=50)
@given(amount_minor=st.integers(-5, 10**9), available_minor=st.integers(-(10**9), 10**9))
def test_what_is_given_was_there_and_what_leaves_the_merchant_arrives(amount_minor, available_minor):
    decided = decide(merchant(), balance(available_minor), asked(amount_minor), AT)

    if not isinstance(decided, tuple):
        assert amount_minor <= 0 or amount_minor > available_minor
        if isinstance(decided, TransferExceedsAvailable):
            assert decided.short_minor == amount_minor - available_minor
        return
    received, funded = decided
    assert (type(received), type(funded)) == (TransferReceived, TransferFunded)
    after = evolve_balance(balance(available_minor), funded)
    assert after.available_minor == available_minor - amount_minor >= 0
    assert change_minor(received) == amount_minor


def test_a_frozen_merchant_gives_nothing():
    frozen = replace(merchant(), state="frozen")

    assert type(decide(frozen, balance(100), asked(1), AT)).__name__ == "MerchantFrozen"
