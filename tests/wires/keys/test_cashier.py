"""Addresses that cannot be guessed: from the master key alone, the same everywhere, short enough for a coarse QR code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import segno
from hypothesis import given
from hypothesis import strategies as st

from florin.wires.keys import CashierAddresses, MasterKey, load_master_key

TRADE = 123145302310913
ids = st.integers(1, 128 << 40)


def addresses(key: bytes = b"k" * 32, *, public_url: str = "https://pay.example.com") -> CashierAddresses:
    return CashierAddresses(public_url, MasterKey(key, Path("master.key")))


@given(ids, ids)
def test_a_token_fits_its_own_trade_and_no_other(trade_id, other_id):
    shop = addresses()

    token = shop.token(trade_id)

    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", token)
    assert shop.fits(trade_id, token)
    assert shop.fits(other_id, token) == (trade_id == other_id)


@given(ids, st.text())
def test_whatever_comes_as_a_token_is_judged_and_not_raised_at(trade_id, text):
    assert addresses().fits(trade_id, text) == (text == addresses().token(trade_id))


def test_another_master_key_makes_other_tokens():
    assert not addresses(b"x" * 32).fits(TRADE, addresses().token(TRADE))


def test_the_addresses_key_is_neither_the_master_key_nor_another_purposes():
    master = MasterKey(b"k" * 32, Path("master.key"))

    assert len({b"k" * 32, master.derive("cashier addresses"), master.derive("something else")}) == 3


def test_the_token_of_a_key_never_changes_because_it_is_printed():
    assert addresses().page(TRADE) == f"https://pay.example.com/pay/{TRADE}/yZs_b8WpQrY2hvew"


def test_another_process_with_the_same_key_file_makes_the_same_address(tmp_path):
    ours = CashierAddresses("https://pay.example.com", load_master_key(tmp_path / "master.key"))
    program = (
        "from florin.wires.keys import CashierAddresses, load_master_key;"
        f"print(CashierAddresses('https://pay.example.com', load_master_key()).code({TRADE}))"
    )
    environment = {**os.environ, "FLORIN_MASTER_KEY_FILE": str(tmp_path / "master.key")}

    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )

    assert told.stdout.strip() == ours.code(TRADE)


def test_a_qr_code_of_the_longest_number_stays_coarse():
    """Version 4 has 33 modules a side: readable from an ordinary receipt printer."""
    longest = (128 << 40) - 1

    code = segno.make(addresses().code(longest), error="m", micro=False)

    assert code.version <= 4
