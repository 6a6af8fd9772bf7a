"""What people read of a verb: sentences, amounts with their sign, no word of a programming language, nothing too wide."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from florin.sandbox.cli import app
from sandbox.conftest import RunningSandbox

WIDTH = 100


@pytest.fixture
def read(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a verb prints at 100 columns, each line without the blanks at its end."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--env-file", str(sandbox.env_file)])
        lines = [line.rstrip() for line in done.output.splitlines()]
        assert not re.search(r"True|False|None|[\[{]'|Decimal|\d\.\d{3}", done.output), done.output
        assert max(map(len, lines)) <= WIDTH, done.output
        return "\n".join(lines)

    return run


@pytest.mark.usefixtures("first_morning")
def test_a_purchase_and_its_refund_are_told_in_words(read, tea_house):
    tea_house.ask("S1", "1200.00", "[red] tea")

    paid = read("pay", "S1", "--installments", "12")
    received = read("receive", "S1")
    refunded = read("refund", "S1", "60.00", "--request-no", "R1")
    again = read("refund", "S1", "60.00", "--request-no", "R1")

    assert paid.startswith("[red] tea, ¥1,200.00, order S1: paid.\n")
    assert "installments  12, a fee of ¥90.00, borne by the shopper" in paid
    assert "in escrow until the buyer confirms receipt" in paid
    assert "captured: it is the shop's" in received
    assert refunded.startswith("Refunded ¥60.00 of order S1.\n  refund number  R1\n")
    assert again.startswith("Refunded ¥60.00 of order S1 before, under the same number; nothing was done now.\n")
    assert "¥60.00 so far" in again


@pytest.mark.usefixtures("first_morning")
def test_a_statement_is_a_table_that_lines_up(read, tea_house):
    for number in ("S2", "S3"):
        tea_house.ask(number, "800.00")
        read("pay", number)
        read("receive", number)
    read("clock", "2026-04-15")
    read("set", "alice", "--limit", "100.00")

    told = read("statement", "alice").splitlines()

    assert told[0] == "Alice on 2026-04-15"
    assert told[2] == "  credit line  open, ¥1,500.00 over its limit of ¥100.00"
    header = next(line for line in told if line.startswith("closed on"))
    row = told[told.index(header) + 1]
    assert row.split() == [
        "2026-04-01", "2026-04-10", "¥1,600.00", "¥160.00", "¥1,600.00", "¥160.00", "past", "due",
    ]  # fmt: skip
    assert row.index("¥1,600.00") + len("¥1,600.00") == header.index("charged") + len("charged")
    assert "2026-04-01  2 purchases ¥1,600.00" in told


@pytest.mark.usefixtures("first_morning")
def test_the_other_verbs_say_what_is_so(read):
    assert read("statement", "bob").endswith("none; give one: set bob --limit 1000.00\nNo statement yet.")
    assert re.fullmatch(r"\d{18}\nGood for one order until 09:0\d:\d\d .*; pays by credit\.", read("auth-code"))
    assert re.fullmatch(r"It is 2026-03-02 09:0\d:\d\d\.", read("clock"))
    assert read("fail", "decline", "--times", "2") == "From now on: the next 2 payments are declined."
    assert read("fail", "decline", "--times", "0") == "Taken back: no decline from now on."
    assert read("settle").endswith("The shop was paid ¥0.00; since the beginning ¥0.00.")
    assert read("reset").startswith("Back at the beginning, with the same keys: it is 2026-03-02 09:0")


def test_the_proof_says_that_the_books_hold_and_what_that_means(read):
    told = read("prove").splitlines()

    count = len([line for line in told if line.startswith("✓")])
    assert told[0] == f"The books hold: {count} of {count} checks."
    assert "✓  books balance  in each book debits equal credits" in told


def test_a_difference_in_the_books_is_shown_where_it_is():
    from rich.console import Console

    from florin.sandbox.show import show

    console = Console(width=WIDTH, file=io.StringIO(), record=True)
    checks = [
        {"name": "lines", "says": "rows equal accounts", "holds": True, "differences": []},
        {"name": "bank", "says": "the bank agrees", "holds": False, "differences": ["account own: books 5, bank 4"]},
    ]
    show("prove", {"holds": False, "checks": checks}, console)

    told = console.export_text()
    assert "The books do NOT hold: 1 of 2 checks." in told
    assert "✗  bank" in told
    assert "bank: account own: books 5, bank 4" in told


@pytest.mark.usefixtures("first_morning")
def test_the_webhook_stays_until_it_is_named(sandbox, read):
    url = "http://127.0.0.1:9/hook"
    sandbox.verb("set", "shop", "--webhook", url)

    asked = sandbox.verb("set", "shop")
    reset = sandbox.verb("reset")
    after = sandbox.verb("set", "shop")
    told = read("set", "shop")
    cleared = sandbox.verb("set", "shop", "--webhook", "")

    assert (asked["webhook"], reset["webhook"], after["webhook"]) == (url, url, url)
    assert told == f"The shop's REST webhooks go to {url}"
    assert cleared["webhook"] == ""
    assert "has no REST webhook; give it one" in read("set", "shop")
    assert sandbox.tried("set", "shop", "--limit", "5")[1]["refusal"] == "ShopHasNoLine"


@pytest.mark.parametrize("amount", ["1e2", "0.001", "-5", "¥5", "1,000.00", "٥", ""])
@pytest.mark.parametrize("verb", [("repay", "alice"), ("set", "alice", "--wallet")])
def test_what_is_no_amount_is_refused_with_one_that_is(sandbox, verb, amount):
    code, refused = sandbox.tried(*verb, amount)

    assert (code, refused["refusal"]) == (1, "AmountInvalid")
    assert repr(amount) in refused["sentence"]
    assert "1000.00" in refused["sentence"]


@pytest.mark.usefixtures("first_morning")
def test_the_clock_is_refused_in_words_what_it_cannot_do(sandbox):
    assert sandbox.tried("clock", "-1d")[1]["refusal"] == "TimeUnknown"
    assert sandbox.tried("clock", "2026-02-30")[1]["refusal"] == "TimeUnknown"
    assert sandbox.tried("clock", "2026-03-01")[1]["refusal"] == "ClockGoesForward"
    assert sandbox.tried("clock", "+99999d")[1]["refusal"] == "StepTooLong"
    assert sandbox.verb("clock", "+0d")["on"] == "2026-03-02"
    assert sandbox.verb("clock", "2026-03-02")["on"] == "2026-03-02"


def test_tenders_that_do_not_fit_are_refused(sandbox, tea_house):
    tea_house.ask("S9", "5.00")

    assert sandbox.tried("auth-code", "--tender", "moon")[1]["refusal"] == "TenderUnknown"
    assert sandbox.tried("pay", "S9", "--tender", "moon")[1]["refusal"] == "TenderUnknown"
    with_installments = sandbox.tried("pay", "S9", "--tender", "wallet", "--installments", "3")
    assert with_installments[1]["refusal"] == "WalletHasNoInstallments"
