"""The benchmark of the wires runs, at a size where its figures mean nothing; no time is ever asserted."""

import io

import msgspec
from rich.console import Console

from florin.bench.scale import WireScale, shoppers_alone
from florin.bench.wires import measure
from florin.bench.wires_show import wires_view

TINY = WireScale(
    house=shoppers_alone(200),
    rounds=1,
    seconds=0.3,
    sign_seconds=0.2,
    sockets=2,
    requests_per_s_max=300,
    settled=200,
    told_per_s=(100,),
    told_seconds=0.2,
)


def test_every_wire_is_paid_through_each_notify_is_answered_and_the_books_hold():
    report = measure(TINY)

    told = msgspec.to_builtins(report)
    assert report.holds
    assert report.notified > 0
    for wire in ("alipay", "wechatpay"):
        assert told[wire].keys() >= {"share_of_limit", "rate", "p99_ms"}
        assert told[wire]["rate"] > 0
        assert told["with_notify"][wire]["rate"] > 0
    assert {name: one["heard"] for name, one in told["told"]["100"].items()} == {
        "alipay": 20, "wechatpay": 20, "webhooks": 20
    }  # fmt: skip
    assert told["rest"]["share_of_limit"] is None
    shown = io.StringIO()
    Console(width=120, file=shown).print(wires_view(report))
    assert "signatures alone: the limit" in shown.getvalue()
