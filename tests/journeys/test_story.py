"""The main story, told through a vendor's SDK on a whole Florin: the table of figures, to the cent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

ALL_OF_IT = [
    ("2026-03-05", "committed", "199.00"),
    ("2026-03-05", "owed", "0.00"),
    ("2026-03-06", "owed", "6000.00"),
    ("2026-03-06", "plan", "12 × 500.00"),
    ("2026-03-06", "fee of the plan, 7.50 %, borne by the shop", "450.00"),
    ("2026-03-06", "payable to the shop", "5514.00"),
    ("2026-03-07", "committed, coat and tea set", "579.00"),
    ("2026-03-07", "committed", "199.00"),
    ("2026-03-07", "available again", "3801.00"),
    ("2026-03-08", "committed", "0.00"),
    ("2026-03-08", "owed", "6199.00"),
    ("2026-03-08", "payable to the shop, less 0.60 %", "197.81"),
    ("2026-03-09", "above what is available", "1199.00"),
    ("2026-03-09", "refused, because she is", "CreditLimitExceeded"),
    ("2026-04-01", "to pay", "699.00"),
    ("2026-04-01", "due", "2026-04-10"),
    ("2026-04-01", "at least: 10 % of 199.00 and all of 500.00", "519.90"),
    ("2026-04-01", "lines", "purchase 199.00, installment 500.00"),
    ("2026-04-10", "remaining of the bill", "399.00"),
    ("2026-04-10", "minimum missed by", "219.90"),
    ("2026-04-11", "past due from today", "True"),
    ("2026-04-20", "remaining of the bill", "0.00"),
    ("2026-04-20", "past due", "None"),
    ("2026-04-20", "interest, 10 days: 1.995, rounded half up", "2.00"),
    ("2026-05-01", "to pay", "502.00"),
    ("2026-05-01", "lines", "installment 500.00, interest 2.00"),
    ("2026-05-01", "paid out to the shop, both sales", "5711.81"),
    ("2026-05-01", "fees of the platform", "37.19"),
    ("2026-05-01", "interest earned, charged once", "2.00"),
]


@pytest.fixture(scope="module")
def told(sdk_python: Any) -> dict[str, Any]:
    """The story's own figures, as `florin demo --tour --json` gives them."""
    sdk_python("alipay-official")
    done = subprocess.run(
        [sys.executable, "-m", "florin", "demo", "--tour", "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.sdk
def test_every_figure_of_the_story_is_right_to_the_cent(told):
    found = {(figure["on"], figure["what"]): figure["value"] for figure in told["figures"]}

    assert {(on, what): found.get((on, what)) for on, what, _ in ALL_OF_IT} == {
        (on, what): value for on, what, value in ALL_OF_IT
    }


@pytest.mark.sdk
def test_the_shop_is_paid_heard_and_the_books_hold(told):
    found = {figure["what"]: figure["value"] for figure in told["figures"]}

    genuine, of, heard = found["notifies that the SDK verified"].split()
    holding, _, checks = found["checks of the books that hold"].split()
    assert (genuine, of) == (heard, "of")
    assert int(heard) >= 4
    assert holding == checks
    assert int(checks) >= 12


@pytest.mark.sdk
def test_it_is_told_with_the_official_sdk_wherever_port_80_can_be_had(told):
    expected = "alipay-sdk-python" if os.geteuid() == 0 else told["sdk"]

    assert told["sdk"] == expected


@pytest.mark.sdk
def test_without_port_80_it_is_told_with_the_other_sdk_and_says_so(sdk_python):
    sdk_python("alipay-fzlee")
    program = (
        "import florin.sandbox.instance as instance\n"
        "instance.reserve_port_80 = lambda: (None, 'somebody has it')\n"
        "from florin.cli import main\n"
        "main()\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "demo", "--tour"], capture_output=True, text=True, timeout=240, check=False
    )

    assert done.returncode == 0, done.stderr[-4000:]
    opening = " ".join(done.stdout.split("March: she buys")[0].replace("│", " ").split())
    assert "through python-alipay-sdk, unmodified" in opening
    assert "alipay-sdk-python takes no port but 80: somebody has it" in opening
    assert "✓" in done.stdout
