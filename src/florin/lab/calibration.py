"""Calibration: which draws of the parameters the facts allow.

Rejection, the plainest of the likelihood-free methods (Pritchard and others 1999): draw the parameters from their
distributions, simulate what was measured, keep the draw if every moment lies in its range. What the lab reports as an
interval is the spread of a result over the draws that were kept. The kept draws are a file, `presets/lab/kept.toml`, which
`florin lab calibrate` makes again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache, partial

import msgspec
import numpy as np

from florin.lab.arrays import Bits
from florin.lab.lanes import Progress, run_lanes
from florin.lab.parameters import Parameters, drawn
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import lost_minor
from florin.lab.world import ECOSYSTEM_CREDIT, World, preset_world
from florin.presets import lab_text


class NothingAllowed(ValueError):
    """None of the draws gives every fact within its range."""


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measured fact. within: a draw that gives a moment outside is dropped."""

    moment: str
    value: float
    within: tuple[float, float]
    fact: str
    grade: str
    source: str


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a calibration found. draws: the numbers kept of the first `tried`. reached: by moment, of each."""

    seed: int
    people: int
    months: int
    tried: int
    draws: tuple[int, ...]
    reached: dict[str, tuple[float, ...]]


@cache
def targets() -> tuple[Target, ...]:
    """The facts, in the file's order."""
    return msgspec.convert(tomllib.loads(lab_text("calibration")), _Targets).targets


class _Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    targets: tuple[Target, ...]


@cache
def kept() -> Kept:
    """The draws that the facts allow, as they were found last."""
    return msgspec.convert(tomllib.loads(lab_text("kept")), Kept)


@cache
def calibrated(number: int) -> Parameters:
    """The parameters of the kept draw `number`, from 0; numbers beyond the last begin anew."""
    found = kept()
    return drawn(found.seed, found.draws[number % len(found.draws)])


def moments(parameters: Parameters, people: Bits, seed: int, months: int) -> dict[str, float]:
    """What was measured, measured in the lab."""
    world = preset_world(parameters, months=months)
    cards = simulate_lane(world.launch("bank-card"), people, seed)
    offering = simulate_lane(one_merchant_offers(world), people, seed)
    every = simulate_lane(world, people, seed)
    web = world.market_at("web")
    sales = [lane.met.price_minor[lane.met.market == web].sum() for lane in (cards, offering)]
    orders = [(lane.met.market == web).sum() for lane in (cards, offering)]
    huabei, baitiao = world.lender_at("huabei"), world.lender_at("baitiao-bill")
    asked = every.people.reach[[world.market_at("taobao"), world.market_at("tmall")]].any(axis=0)
    return {
        "merchant_sales_lift": float(sales[1] / sales[0] - 1),
        "merchant_orders_lift": float(orders[1] / orders[0] - 1),
        "huabei_90_days_of_balance": _late_share(every, huabei, 90),
        "huabei_30_days_of_balance": _late_share(every, huabei, 30),
        "baitiao_90_days_of_balance": _late_share(every, baitiao, 90),
        "approved": float((every.people.limits_minor[huabei][asked] > 0).mean()),
        "card_charge_off_of_balance": _lost_a_year(cards, world.lender_at("bank-card")),
    }


def one_merchant_offers(world: World) -> World:
    """Cards alone, but for the shops of the web, which take one pay-later program: the world of K1 and K2."""
    offering = world.launch("bank-card", ECOSYSTEM_CREDIT[0])
    for market in world.markets:
        offering = offering.accept(ECOSYSTEM_CREDIT[0], market, 1.0 if market == "web" else 0.0)
    return offering


def _late_share(lane: Lane, place: int, days: int) -> float:
    book = lane.books[place]
    assert book is not None
    balance = book.principal_minor()
    return float(balance[book.days_past_due() > days].sum() / max(int(balance.sum()), 1))


def _lost_a_year(lane: Lane, place: int) -> float:
    """What is lost of what is owed, a year: of the mean balance."""
    book = lane.books[place]
    assert book is not None
    return float(lost_minor(book).sum() * 365 / max(int(book.principal_days().sum()), 1))


def _try(seed: int, people: int, months: int, numbers: Bits) -> list[dict[str, float]]:
    ids = np.arange(people, dtype=np.uint64)
    return [moments(drawn(seed, int(number)), ids, seed, months) for number in numbers]


def calibrate(
    *, seed: int, people: int, months: int, tries: int, processes: int | None = None, progress: Progress | None = None
) -> Kept:
    """Try draws 0 to `tries` and keep what the facts allow. Raises NothingAllowed."""
    numbers = [np.array([number], dtype=np.uint64) for number in range(tries)]
    tried = run_lanes(partial(_try, seed, people, months), numbers, processes=processes, progress=progress)
    found = [(number, reached[0]) for number, reached in enumerate(tried) if _allowed(reached[0])]
    if not found:
        raise NothingAllowed(f"None of {tries} draws is allowed by the facts.")
    return Kept(
        seed=seed,
        people=people,
        months=months,
        tried=tries,
        draws=tuple(number for number, _ in found),
        reached={
            target.moment: tuple(round(reached[target.moment], 5) for _, reached in found) for target in targets()
        },
    )


def _allowed(reached: dict[str, float]) -> bool:
    return all(target.within[0] <= reached[target.moment] <= target.within[1] for target in targets())


def kept_text(found: Kept) -> str:
    """The file of a calibration."""

    def listed(values: Sequence[float]) -> str:
        rows = [", ".join(f"{value:g}" for value in values[first : first + 12]) for first in range(0, len(values), 12)]
        return "[\n    " + ",\n    ".join(rows) + ",\n]"

    head = "# Made by `florin lab calibrate`: the draws of the parameters that the facts of calibration.toml allow.\n\n"
    sizes = f"seed = {found.seed}\npeople = {found.people}\nmonths = {found.months}\ntried = {found.tried}\n"
    reached = "".join(f"{moment} = {listed(values)}\n" for moment, values in found.reached.items())
    return f"{head}{sizes}draws = {listed(found.draws)}\n\n[reached]\n{reached}"
