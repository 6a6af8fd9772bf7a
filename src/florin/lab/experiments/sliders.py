"""The worlds behind the map and its sliders: what a group keeps of what its credit creates, part by part.

Three things are simulated, for they change what people do: how many merchants accept, how many days are free, and whether
owning gives a grip on who would not pay. The rest is priced on what happened: the mall's take by the share that is owned,
the merchant's fee, losses by a factor. All parts are per ¥100 of surplus created, in fen; costs are below zero.

What is kept is a quotient, and a draw that creates hardly anything would throw a mean of quotients far away. So the middle is
what all draws together keep of all that they create (`together`); its interval is the middle nine tenths of each draw's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import msgspec
import numpy as np

from florin.credit.terms import Program
from florin.lab.arrays import Bits
from florin.lab.experiments.drawing import about
from florin.lab.grid import Grid, GridAxis, GridPart, GridPreset
from florin.lab.merchants import places_of
from florin.lab.parameters import Parameters
from florin.lab.quantity import Unit, Words
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account
from florin.lab.units import MILLION, parts_minor
from florin.lab.world import World, preset_world

LENDER, GROUP = "huabei", "ali"
BREADTHS = (0.1, 0.3, 0.6, 1.0)
# Mean days free: interest from the day of purchase; due on the 10th of the next month, as it is; due on the 25th.
FREE_DAYS = (0, 25, 40)

PARTS = {
    "take": Words("Take on own sales", "自有销售抽成"),
    "fee": Words("Merchants' fee for credit", "商户信用手续费"),
    "rail": Words("Other fees for paying, less those lost", "其他支付手续费（已减流失）"),
    "interest": Words("Interest and installments", "利息与分期收入"),
    "loss": Words("Losses", "坏账"),
    "funding": Words("Funding", "资金成本"),
    "costs": Words("Operation and acquisition", "运营与获客"),
}


class Happened(NamedTuple):
    """One world against cards alone, in fen: what was created, sales paid by the credit, sales gained by those who accept,
    and what lending brought and cost, but for the merchants' fee.
    """

    whole: int
    volume: int
    gained: int
    rail: int
    interest: int
    loss: int
    funding: int
    costs: int

    def parts(self, *, own: float, take: float, fee: float, loss: float = 1.0) -> dict[str, float]:
        """Fen of each ¥100 created, 0 where nothing was. own: 0 to 1; take, fee: shares of sales; loss: times the losses."""
        scale = 10_000 / self.whole if self.whole > 0 else 0.0
        return {
            "take": scale * own * take * self.gained,
            "fee": scale * fee * self.volume,
            "rail": scale * self.rail,
            "interest": scale * self.interest,
            "loss": scale * loss * self.loss,
            "funding": scale * self.funding,
            "costs": scale * self.costs,
        }


World3 = tuple[float, int, bool]  # breadth, free days, all owned
Worlds = dict[World3, Happened]


def worlds(
    parameters: Parameters,
    people: Bits,
    seed: int,
    *,
    months: int,
    free_days: tuple[int, ...] = FREE_DAYS,
    alike: bool = False,
) -> Worlds:
    """Every simulated world of one draw. alike: a grip and an eye that owning does not better: it cannot matter then."""
    lacking = simulate_lane(_bare(preset_world(parameters, months=months).launch("bank-card")), people, seed)
    found = {}
    for breadth, free, owned in product(BREADTHS, free_days, (False, True)):
        world = stylized(parameters, months=months, breadth=breadth, free=free, grip=owned and not alike)
        found[breadth, free, owned] = _happened(simulate_lane(world, people, seed), lacking, breadth)
    return found


def stylized(parameters: Parameters, *, months: int, breadth: float, free: int, grip: bool) -> World:
    """One program beside cards, taken by a share of all merchants; what malls take is priced apart, so here it is nothing."""
    world = _bare(preset_world(parameters, months=months).launch("bank-card", LENDER))
    for market in world.markets:
        world = world.accept(LENDER, market, breadth)
    lender = world.lender(LENDER)
    return world.change(
        LENDER,
        program=with_free_days(lender.program, free),
        credit_fee_ppm=np.zeros_like(lender.credit_fee_ppm),
        enforcement=parameters.enforcement_mall if grip else parameters.enforcement_wallet,
        noise=parameters.noise_mall if grip else parameters.noise_wallet,
    )


def with_free_days(program: Program, free: int) -> Program:
    """A program with other free days: 0 bears from the purchase on; 25, 40: due on the 10th or the 25th."""
    version = program.versions[-1]
    changes = (
        {"interest_start": "posting", "interest_free": "never"} if free == 0 else {"due_day": 10 if free == 25 else 25}
    )
    terms = msgspec.structs.replace(version.terms, **changes)
    return msgspec.structs.replace(program, versions=(msgspec.structs.replace(version, terms=terms),))


def _bare(world: World) -> World:
    return replace(
        world,
        owners=tuple("others" for _ in world.markets),
        commission_ppm=np.zeros_like(world.commission_ppm),
        software_ppm=np.zeros_like(world.software_ppm),
        ads_ppm=np.zeros_like(world.ads_ppm),
        own_retail_ppm=np.zeros_like(world.own_retail_ppm),
    )


def _happened(having: Lane, lacking: Lane, breadth: float) -> Happened:
    created = account(having) - account(lacking)
    lent = having.met.tender == 1 + having.world.lender_at(LENDER)

    def of(*what: str) -> int:
        return sum(created.what_minor("issuer", each, LENDER) for each in what)

    gained = _accepting_minor(having, breadth) - _accepting_minor(lacking, breadth)
    return Happened(
        whole=created.whole_minor,
        volume=int(having.met.price_minor[lent].sum()),
        # Serving a sale costs the mall; it is taken off what it gains from.
        gained=gained - parts_minor(gained, having.world.parameters.mall_cost.ppm) if gained else 0,
        rail=created.party_minor("rail", GROUP),
        interest=of("interest", "penalty", "installment fee", "recovery"),
        loss=of("loss"),
        funding=of("funding"),
        costs=of("serving purchases", "serving lines", "acquisition"),
    )


def _accepting_minor(lane: Lane, breadth: float) -> int:
    """The sales of merchants who take credit at this breadth, however they are paid."""
    at = np.flatnonzero(lane.met.bought)
    return int(lane.met.price_minor[at][places_of(lane, at) >= 1.0 - breadth].sum())


def parts_at(
    found: Worlds, *, own: float, breadth: float, take: float, fee: float, free: int, loss: float
) -> dict[str, float]:
    """Between the two worlds that were simulated, owning nothing and owning all, by share."""
    nothing, everything = (
        found[breadth, free, owned].parts(own=own, take=take, fee=fee, loss=loss) for owned in (False, True)
    )
    return {name: (1 - own) * nothing[name] + own * everything[name] for name in PARTS}


def together(drawn: Sequence[Worlds]) -> Worlds:
    """The sums of all draws, world by world."""
    return {at: Happened(*map(sum, zip(*(found[at] for found in drawn), strict=True))) for at in drawn[0]}


_AXES = (
    GridAxis("own", Words("Own share of accepting sales", "自有场景占受理销售"), Unit.SHARE, (0, 500_000, MILLION)),
    GridAxis(
        "breadth", Words("Merchants who accept", "受理商户"), Unit.SHARE, tuple(round(b * MILLION) for b in BREADTHS)
    ),
    GridAxis("take", Words("Take rate of own malls", "自有平台抽成"), Unit.PPM, (0, 120_000)),
    GridAxis("fee", Words("Merchants' fee for credit", "商户信用手续费"), Unit.PPM, (0, 60_000)),
    GridAxis("free", Words("Days free of interest", "免息天数"), Unit.DAYS, FREE_DAYS),
    GridAxis("loss", Words("Losses, times the lab's", "坏账（实验室的倍数）"), Unit.RATIO, (0, MILLION, 5 * MILLION)),
)

_PRESETS = (
    GridPreset("ali", Words("Alibaba", "阿里巴巴"), (620_000, 810_000, 65_000, 6_000, 25, MILLION)),
    GridPreset("jd", Words("JD", "京东"), (MILLION, 120_000, 60_000, 0, 25, MILLION)),
    GridPreset("tencent", Words("Tencent", "腾讯"), (170_000, 510_000, 0, 0, 0, MILLION)),
    GridPreset("bank", Words("A bank", "银行"), (0, MILLION, 0, 4_500, 40, MILLION)),
    GridPreset("pay-later", Words("A pay-later firm", "独立先买后付公司"), (0, 300_000, 0, 40_000, 25, 5 * MILLION)),
)


def grid(drawn: list[Worlds]) -> Grid:
    """All combinations of the sliders' knots: of all draws together, and the middle nine tenths of each one's own."""
    pooled = together(drawn)
    parts: dict[str, list[int]] = {name: [] for name in PARTS}
    low, high = [], []
    for own, breadth, take, fee, free, loss in product(*(axis.knots for axis in _AXES)):
        at = {"own": own / MILLION, "take": take / MILLION, "fee": fee / MILLION, "loss": loss / MILLION}
        mids = {
            name: round(part) for name, part in parts_at(pooled, breadth=breadth / MILLION, free=free, **at).items()
        }
        each = [sum(parts_at(found, breadth=breadth / MILLION, free=free, **at).values()) for found in drawn]
        kept = about(sum(mids.values()), each)
        for name, mid in mids.items():
            parts[name].append(mid)
        low.append(kept.low)
        high.append(kept.high)
    return Grid(
        about=Words("surplus created", "所创造的剩余"),
        axes=_AXES,
        presets=_PRESETS,
        parts=tuple(GridPart(title, tuple(parts[name])) for name, title in PARTS.items()),
        low_fen=tuple(low),
        high_fen=tuple(high),
        along="own",
    )
