"""The benchmark of the day close runs, at a size where its figures mean nothing; no time is ever asserted."""

import io
import json

import msgspec
import pytest
from rich.console import Console

from florin.bench.close import CloseReport, CloseScale, measure
from florin.bench.close_show import close_view

TINY = CloseScale(
    accounts=300, idle_days=1, tpcb_seconds=1, tpcb_scale=1, catch_up=(100,), missed_days=(1, 5), years=1
)  # fmt: skip


@pytest.fixture(scope="module")
def report() -> CloseReport:
    return measure(TINY)


def test_every_account_is_closed_and_marked_while_nobody_is_refused_because_of_it(report: CloseReport) -> None:
    assert report.days["idle_1"].lines == 0
    assert report.days["cycle"].lines == TINY.accounts
    assert 0 < report.days["autopay"].debited < report.days["due"].lines <= TINY.accounts
    assert sum(day.parked for day in report.days.values()) == 0
    assert report.live_authorizations > 0
    assert report.refused_by_close == 0


def test_the_books_hold_every_day_and_at_the_end(report: CloseReport) -> None:
    assert report.holds
    assert report.differences == ()
    assert report.events > TINY.accounts


def test_the_document_has_what_its_readers_look_for(report: CloseReport) -> None:
    told = json.loads(msgspec.json.encode(report))

    assert {
        "idle_day_s", "cycle_day_accounts_per_s", "due_day_accounts_per_s", "autopay_accounts_per_s",
        "live_p50_ms", "live_p99_ms", "live_p999_ms",
        "refused_by_close", "rss_mb", "prove_s", "explain_ms", "catch_up", "machine", "to_tpcb",
    } <= told.keys()  # fmt: skip
    assert told["catch_up"].keys() == {"100"}
    assert told["catch_up"]["100"].keys() == {"1", "5"}
    assert told["machine"]["settings"]["fsync"] == "on"


def test_people_read_a_table(report: CloseReport) -> None:
    console = Console(width=200, record=True, file=io.StringIO())

    console.print(close_view(report))

    shown = console.export_text()
    assert "The books hold" in shown
    assert "missed days" in shown
