"""How much is measured: the whole of it, a quick look, or next to nothing for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """rounds: how often everything runs, in turns. payments: of one engine run, by its batch size.

    tpcb_scale: pgbench's -s. sockets: kept-alive connections of the HTTP client.
    """

    rounds: int
    lines: int
    tpcb_scale: int
    tpcb_seconds: int
    payments: Mapping[int, int]
    http_seconds: float
    sockets: int


FULL = Scale(
    rounds=3,
    lines=100_000,
    tpcb_scale=50,
    tpcb_seconds=30,
    payments={1: 8_000, 10: 40_000, 100: 150_000, 1_000: 150_000},
    http_seconds=30,
    sockets=64,
)
QUICK = Scale(
    rounds=1,
    lines=100_000,
    tpcb_scale=50,
    tpcb_seconds=5,
    payments={1: 1_500, 10: 8_000, 100: 30_000, 1_000: 30_000},
    http_seconds=5,
    sockets=64,
)
