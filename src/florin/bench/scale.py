"""How much is measured: the whole of it, a quick look, or next to nothing for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """rounds: how often everything runs, in turns. payments: of one engine run, by its batch size.

    tpcb_scale: pgbench's -s, 0 for a house without TPC-B. sockets: kept-alive connections of the HTTP client.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WireScale:
    """Of `florin bench wires`. requests_per_s_max: of one wire; so many are signed beforehand for each second. settled: trades.

    house: how many shoppers there are; TPC-B is not run. told_per_s: rates of sales that are told, each for told_seconds.
    """

    house: Scale
    rounds: int
    seconds: float
    sign_seconds: float
    sockets: int
    requests_per_s_max: int
    settled: int
    told_per_s: tuple[int, ...]
    told_seconds: float


def shoppers_alone(count: int) -> Scale:
    """A house with shoppers, for a benchmark with loads of its own."""
    return Scale(rounds=1, lines=count, tpcb_scale=0, tpcb_seconds=0, payments={}, http_seconds=0, sockets=0)


WIRES = WireScale(
    house=shoppers_alone(20_000),
    rounds=3,
    seconds=10,
    sign_seconds=5,
    sockets=32,
    requests_per_s_max=3_500,
    settled=100_000,
    told_per_s=(300, 1_000),
    told_seconds=10,
)
WIRES_QUICK = WireScale(
    house=shoppers_alone(5_000),
    rounds=1,
    seconds=4,
    sign_seconds=2,
    sockets=32,
    requests_per_s_max=3_500,
    settled=10_000,
    told_per_s=(300, 1_000),
    told_seconds=4,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabScale:
    """people in the lab over so many months, in lanes of `lane`. same_people: of whom one process and two must say the same.

    mesa_people, mesa_months: of the same model as agents. whatif_accounts: of a book that lives on for whatif_months.
    """

    people: int
    months: int
    lane: int
    same_people: int
    mesa_people: int
    mesa_months: int
    whatif_accounts: int
    whatif_months: int


LAB = LabScale(
    people=1_000_000,
    months=24,
    lane=31_250,
    same_people=16_000,
    mesa_people=10_000,
    mesa_months=2,
    whatif_accounts=100_000,
    whatif_months=12,
)
LAB_QUICK = LabScale(
    people=31_250,
    months=6,
    lane=15_625,
    same_people=4_000,
    mesa_people=1_000,
    mesa_months=2,
    whatif_accounts=2_000,
    whatif_months=3,
)
