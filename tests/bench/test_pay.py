"""The benchmark runs, at a size where its figures mean nothing; no time is ever asserted."""

import io
import json

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from florin.bench import cli, scale
from florin.bench.pay import Report, document, measure
from florin.bench.plans import NotEnoughRoom, Plans, check, plans_view
from florin.bench.scale import Scale
from florin.bench.show import report_view

TINY = Scale(
    rounds=1,
    lines=1_000,
    tpcb_scale=1,
    tpcb_seconds=1,
    payments={1: 4, 10: 40, 100: 400, 1_000: 1_000},
    http_seconds=0.3,
    sockets=4,
)
ROWS = {
    "tpcb", "batch_1", "batch_10", "batch_100", "batch_1000", "batch_1_one_process", "batch_10_one_process",
    "batch_100_one_process", "batch_1000_one_process", "batch_100_two_connections", "batch_100_listening", "http",
}  # fmt: skip
OF_A_ROW = {
    "says", "rate", "ratio", "cpu_ratio", "runs", "processes", "connections", "listening", "payments", "seconds", "batch",
    "lanes", "latency_us", "client_cpu_us", "python_cpu_us", "server_cpu_us", "other_server_cpu_us", "wal_bytes",
    "prepared_us",
}  # fmt: skip


@pytest.fixture(scope="module")
def report() -> Report:
    return measure(TINY)


def test_the_document_has_a_key_for_each_row_and_what_is_beside_them(report: Report) -> None:
    told = json.loads(msgspec.json.encode(document(report)))

    beside = {"machine", "load_average", "lines", "bytes_per_payment", "memory_bytes", "proof"}
    assert told.keys() == ROWS | beside
    assert all(told[name].keys() == OF_A_ROW for name in ROWS)
    assert told["machine"]["settings"]["fsync"] == told["machine"]["settings"]["synchronous_commit"] == "on"
    assert told["bytes_per_payment"].keys() == {"table", "index", "total", "wal", "by_table", "outbox"}
    assert {"api", "client", "engine", "largest backend"} <= told["memory_bytes"].keys()


def test_every_run_is_told_and_each_sale_was_made(report: Report) -> None:
    told = document(report)

    assert [len(told[name]["runs"]) for name in ROWS] == [TINY.rounds] * len(ROWS)
    assert told["batch_100"]["payments"] == 400
    assert told["http"]["payments"] > 0


def test_the_books_are_proven_with_every_event(report: Report) -> None:
    proof = report.proof

    assert proof.holds
    assert proof.events > proof.payments > TINY.lines


def test_only_sales_with_a_listener_have_an_outbox(report: Report) -> None:
    assert report.stored.outbox > 0
    assert "outbox" not in report.stored.by_table


def test_people_read_a_table(report: Report) -> None:
    console = Console(width=200, record=True, file=io.StringIO())

    console.print(report_view(report))

    shown = console.export_text()
    assert "TPC-B (pgbench)" in shown
    assert "The books hold" in shown


def test_the_command_prints_the_document(monkeypatch: pytest.MonkeyPatch, report: Report) -> None:
    monkeypatch.setattr("florin.bench.pay.measure", lambda size, **_: report if size is scale.QUICK else None)

    done = CliRunner().invoke(cli.app, ["pay", "--quick", "--json"])

    assert done.exit_code == 0
    assert json.loads(done.stdout)["batch_100"]["ratio"] > 0


@pytest.fixture(scope="module")
def plans() -> Plans:
    return check(2_000)


def test_statements_of_a_batch_use_their_indexes_after_the_tables_were_filled(plans: Plans) -> None:
    assert plans.holds, [seen for seen in plans.plans if seen.wrong]
    assert {seen.phase for seen in plans.plans} == {"filled", "filled and analyzed"}
    told = {seen.statement for seen in plans.plans}
    assert {"insert claim", "insert event", "read line and lock", "update line", "read payment and lock"} <= told
    assert plans.sizes["payment"][0] >= 1_900


def test_people_read_the_plans(plans: Plans) -> None:
    console = Console(width=200, record=True, file=io.StringIO())

    console.print(plans_view(plans))

    assert "Every statement of a batch finds its rows by index." in console.export_text()


def test_too_little_room_is_refused_by_name() -> None:
    with pytest.raises(NotEnoughRoom, match="GB free; so many payments take"):
        check(10**12)
