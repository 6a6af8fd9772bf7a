"""Fulcrum: of each ¥100 that credit creates, what the group that lends keeps, by what it owns and by where it is accepted.

A group lends by one program beside banks' cards. *Breadth* is the share of merchants, in every market, who take its credit;
those with the highest margins first. *Ownership* is the share of their sales that happen in its own malls. Owning gives it
the mall's take of the sales that credit brings there, and a grip on who would not pay; everything else is the same. Surplus
created is the difference of the whole to the world of cards alone; so is what the group keeps, the fees that its own wallet
loses taken off.

Sales that credit only moves from one merchant to another bring the group its take and the whole nothing: it may keep more
than is created. That is counted as it is.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits, Flags
from florin.lab.chart import Axis, Curve, Curves, HeatMap, Point, Spot
from florin.lab.experiments.drawing import about, each_draw, interval, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.sliders import BREADTHS, Worlds, grid, parts_at, together, worlds
from florin.lab.experiments.telling import said
from florin.lab.grid import Grid
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Result, Table, Verdict
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import Accounts, account
from florin.lab.units import MILLION, OfVolume
from florin.lab.world import preset_world

OWNED = (0.0, 0.25, 0.5, 0.75, 1.0)
FREE = 25

# What a merchant pays a mall, all together, and what he pays for being paid on credit.
TAKE, CREDIT_FEE = OfVolume(60_000), OfVolume(6_000)

GROUPS = {
    "ali": (("huabei",), Words("Alibaba", "阿里巴巴")),
    "jd": (("baitiao-bill",), Words("JD", "京东")),
    "tencent": (("fenfu",), Words("Tencent", "腾讯")),
    "bank": (("bank-card",), Words("A bank", "银行")),
}


class Place(NamedTuple):
    """A group of the presets: where it stands on the two axes, as shares, and what it gains of what is created, in fen."""

    owned: float
    breadth: float
    gained: int
    created: int


class Drawn(NamedTuple):
    worlds: Worlds
    places: dict[str, Place]


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Drawn:
    cards = simulate_lane(preset_world(parameters, months=months).launch("bank-card"), people, seed)
    places = {group: _place(parameters, group, months, people, seed, cards) for group in GROUPS}
    return Drawn(worlds(parameters, people, seed, months=months), places)


def _place(parameters: Parameters, group: str, months: int, people: Bits, seed: int, cards: Lane) -> Place:
    """A group of the presets launches alone, beside cards; the bank launches its card where there was none."""
    programs, _ = GROUPS[group]
    world = preset_world(parameters, months=months)
    lacking = cards
    if group == "bank":
        lacking, launched = simulate_lane(world.launch(), people, seed), world.launch("bank-card")
    else:
        launched = world.launch("bank-card", *programs)
    having = simulate_lane(launched, people, seed)
    created: Accounts = account(having) - account(lacking)
    bought: Flags = having.met.bought
    by_it: Flags = bought & np.isin(having.met.tender, [1 + world.lender_at(name) for name in programs])
    volume = having.met.price_minor
    owns = np.array([owner == group for owner in world.owners])
    accepts: Flags = np.logical_or.reduce(world.lender(programs[0]).accepted > 0, axis=1)
    return Place(
        owned=float(volume[by_it & owns[having.met.market]].sum() / max(int(volume[by_it].sum()), 1)),
        breadth=float(volume[bought & accepts[having.met.market]].sum() / max(int(volume[bought].sum()), 1)),
        gained=created.group_minor(group, world),
        created=created.whole_minor,
    )


def kept(found: Worlds, *, breadth: float, owned: float, take: OfVolume = TAKE, fee: OfVolume = CREDIT_FEE) -> float:
    """Fen of each ¥100 of surplus created that the group keeps."""
    rates = {"take": take.ppm / MILLION, "fee": fee.ppm / MILLION}
    return sum(parts_at(found, own=owned, breadth=breadth, free=FREE, loss=1.0, **rates).values())


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The map of what is kept, the four groups on it, and the grid of the sliders."""
    chosen = sized(size, people=1_000, months=12, draws=10)
    assert chosen.months and chosen.people and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="worlds by breadth and ownership"
    )
    every = [each.worlds for each in drawn]
    pooled = together(every)

    def cell(breadth: float, owned: float) -> Interval:
        each = [kept(found, breadth=breadth, owned=owned) for found in every]
        return about(kept(pooled, breadth=breadth, owned=owned), each)

    def owning(found: Worlds) -> float:
        return kept(found, breadth=1.0, owned=1.0) - kept(found, breadth=1.0, owned=0.0)

    cells = tuple(tuple(cell(breadth, owned) for owned in OWNED) for breadth in BREADTHS)
    places = {group: [each.places[group] for each in drawn] for group in GROUPS}
    spots = tuple(
        Spot(
            title, _mean_ppm([p.owned for p in places[g]]), _mean_ppm([p.breadth for p in places[g]]), _kept(places[g])
        )
        for g, (_, title) in GROUPS.items()
    )
    found = about(owning(pooled), [owning(each) for each in every])
    return _result(seed, chosen, TAKE, cells, spots, places, grid(every), found)


def _kept(places: list[Place]) -> Interval:
    """Of ¥100 that all draws create together, in fen; the interval is that of each draw's own quotient."""

    def of(gained: int, created: int) -> float:
        return 10_000 * gained / created if created > 0 else 0.0

    pooled = of(sum(place.gained for place in places), sum(place.created for place in places))
    return about(pooled, [of(place.gained, place.created) for place in places])


def _mean_ppm(values: list[float]) -> int:
    return round(float(np.mean(values)) * MILLION)


def _result(
    seed: int,
    size: Size,
    take: OfVolume,
    cells: tuple[tuple[Interval, ...], ...],
    spots: tuple[Spot, ...],
    places: dict[str, list[Place]],
    sliders: Grid,
    owning: Interval,
) -> Result:
    x = Axis(Words("Own share of accepting sales", "自有场景在受理销售中的占比"), Unit.SHARE)
    y = Axis(Words("Merchants who accept", "受理商户占比"), Unit.SHARE)
    value = Axis(Words("Kept of each ¥100 created", "每创造¥100剩余中的留存"), Unit.FEN)
    xs, ys = tuple(round(o * MILLION) for o in OWNED), tuple(round(b * MILLION) for b in BREADTHS)
    heat = HeatMap(Words("What the lender's group keeps", "放贷集团的留存"), x, y, value, xs, ys, cells, spots)
    curves = Curves(
        Words("By ownership, at each breadth", "按自有占比，各受理广度"),
        x,
        value,
        tuple(
            Curve(
                Words(f"accepted by {round(b * 100)} % of merchants", f"{round(b * 100)}%的商户受理"),
                tuple(Point(o, cell) for o, cell in zip(xs, row, strict=True)),
            )
            for b, row in zip(BREADTHS, cells, strict=True)
        ),
    )
    table = Table(
        Words("Where the four stand", "四家的位置"),
        (
            Column(Words("Group", "集团")),
            Column(Words("Own share of its credit sales", "自有场景占比"), Unit.SHARE),
            Column(Words("Sales where it is accepted", "可受理销售占比"), Unit.SHARE),
            Column(Words("Kept of each ¥100", "每¥100的留存"), Unit.FEN),
        ),
        tuple(
            (
                GROUPS[g][1],
                interval([p.owned * MILLION for p in places[g]]),
                interval([p.breadth * MILLION for p in places[g]]),
                _kept(places[g]),
            )
            for g in GROUPS
        ),
    )
    none, full = cells[-1][0], cells[-1][-1]
    least, most = said(none, Unit.FEN), said(full, Unit.FEN)
    ali, jd, tencent, bank = (said(spot.value, Unit.FEN) for spot in spots)
    en = (
        f"A group that is accepted everywhere and owns nothing keeps {least.en} of each ¥100 that its credit creates; "
        f"one that owns all of it keeps {most.en}, at a mall's take of {take.ppm / 10_000:.1f} %. "
        f"On the map, Alibaba's credit keeps {ali.en}, JD's {jd.en}, Tencent's {tencent.en} and a bank's card {bank.en}.",
    )
    zh = (
        f"处处受理而毫无自有场景的集团，信用每创造¥100剩余可留存{least.zh}；"
        f"场景全部自有时，按{take.ppm / 10_000:.1f}%的平台抽成，可留存{most.zh}。"
        f"图中阿里留存{ali.zh}，京东{jd.zh}，腾讯{tencent.zh}，银行卡{bank.zh}。",
    )
    return Result(
        name="fulcrum",
        title_en="Fulcrum: what the lender keeps",
        title_zh="支点：放贷者留下多少",
        seed=seed,
        people=size.people or 0,
        months=size.months or 0,
        draws=size.draws or 0,
        parameters=used(),
        tables=(table,),
        charts=(heat, curves),
        paragraphs_en=en,
        paragraphs_zh=zh,
        caveats=(
            Words(
                "Malls do not answer a rival's credit by their take or their prices; sales moved between merchants bring the "
                "owner his take and the whole nothing, so more than ¥100 may be kept.",
                "各平台不会以抽成或价格应对对手的信用；仅在商户之间转移的销售给业主带来抽成，却不增加总剩余，故留存可超过¥100。",
            ),
            Words(
                "What a group keeps is a quotient; where its credit mostly moves sales from others' shops to its own, little "
                "is created to divide by and the quotient is large. Its middle is what all draws together keep of all that "
                "they create; its interval is of each draw's own quotient. The map's colors are of one stylized lender; a "
                "group's own terms and markets set its number apart from the ground below it.",
                "留存是一个商；若信用主要把别家的销售移到自家，所创造的剩余很少，商就很大。其中值是各次抽样合计的留存除以合计所创造的剩余；"
                "区间取自每次抽样各自的商。图的底色属于一个典型放贷者；各集团自身的条款与市场使它的数不同于所处位置的底色。",
            ),
            Words(
                "The sliders' take, fee and losses are priced on what people did: nobody leaves because of them, no merchant "
                "refuses a dearer fee, so that a large one may seem to keep more than ¥100.",
                "滑块中的抽成、手续费与坏账是按人们已有的行为计价的：没有人因此离开，没有商户因费率高而拒绝，所以费率很高时留存看似会超过¥100。",
            ),
            Words(
                "Between owning nothing and owning all, losses and the lender's knowledge are drawn as straight lines.",
                "在零自有与全自有之间，坏账与识别能力按直线内插。",
            ),
        ),
        grid=sliders,
        verdict=Verdict(
            claim=Words(
                "Owning the place of sale is what lets the lender keep what its credit creates.",
                "拥有销售场景，放贷者才能留住信用所创造的剩余。",
            ),
            measure=Words(
                "kept of each ¥100 by who owns all, above who owns nothing, accepted everywhere",
                "处处受理时，全部自有者比毫无自有者多留存（每¥100）",
            ),
            unit=Unit.FEN,
            found=owning,
            threshold=0,
        ),
        findings=(
            Finding(Words("Kept by who owns nothing", "毫无自有场景者留存"), Unit.FEN, none),
            Finding(Words("Kept by who owns all", "全部自有者留存"), Unit.FEN, full),
        ),
    )


FULCRUM = Experiment(
    name="fulcrum",
    title_en="Fulcrum: what the lender keeps",
    title_zh="支点：放贷者留下多少",
    run=run,
    asks_en="Of each ¥100 that credit creates, how much does the group that lends keep, by what it owns and where it is "
    "accepted?",
    asks_zh="信用每创造¥100剩余，放贷的集团能留下多少，取决于它拥有什么、在哪里受理？",
)
