"""Terms: what days free, the price of installments, limits and caps do to profit, losses and people in too much debt.

Huabei lends beside banks' cards, as its preset says, and each of its terms is changed by itself; then some together. Profit
is what the group gains against cards alone, as mall, rail and issuer; and, for contrast, what it gains as issuer alone.
Terms are *dominated* where others that were tried bring the group more and leave fewer people over-indebted (`lab.burden`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np

from florin.credit.terms import Program
from florin.lab.arrays import Bits
from florin.lab.burden import Burden
from florin.lab.chart import Axis, Curve, Curves, Point
from florin.lab.experiments.drawing import each_draw, interval, ppm, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.sliders import with_free_days
from florin.lab.experiments.telling import HOLDS, paragraphs, said
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Result, Table, Verdict
from florin.lab.simulate import simulate_lane
from florin.lab.surplus import account, lost_minor
from florin.lab.units import MILLION
from florin.lab.world import UNCAPPED, World, preset_world

LENDER, GROUP = "huabei", "ali"


class Terms(NamedTuple):
    """What is changed of the program. free: mean days; price, limit: times what they are; cap_minor: of one purchase."""

    free: int = 25
    price: float = 1.0
    limit: float = 1.0
    cap_minor: int = int(UNCAPPED)

    @property
    def title(self) -> Words:
        changed = [
            *([_FREE[self.free]] if self.free != TODAY.free else []),
            *([_PRICE[self.price]] if self.price != TODAY.price else []),
            *([_times("limits", "额度", self.limit)] if self.limit != TODAY.limit else []),
            *([_cap(self.cap_minor)] if self.cap_minor != TODAY.cap_minor else []),
        ]
        if not changed:
            return Words("today's terms", "现行条款")
        return Words(", ".join(each.en for each in changed), "，".join(each.zh for each in changed))


def _times(en: str, zh: str, factor: float) -> Words:
    return Words(f"{en} × {factor:g}", f"{zh}×{factor:g}")


def _cap(cap_minor: int) -> Words:
    return Words(f"at most ¥{cap_minor // 100} a purchase", f"单笔最高¥{cap_minor // 100}")


_FREE = {0: Words("interest from the day of purchase", "自购买日起计息"), 40: Words("40 days free", "免息40天")}
_PRICE = {
    0.0: Words("installments free", "分期免手续费"),
    **{factor: _times("fee of installments", "分期手续费", factor) for factor in (0.5, 1.5)},
}
TODAY = Terms()

# One term at a time, in its order with today's among them.
FACTORS = {
    Words("days free", "免息天数"): (TODAY._replace(free=0), TODAY, TODAY._replace(free=40)),
    Words("price of installments", "分期价格"): tuple(
        TODAY if factor == 1 else TODAY._replace(price=factor) for factor in (0.0, 0.5, 1.0, 1.5)
    ),
    Words("limits", "额度"): tuple(
        TODAY if factor == 1 else TODAY._replace(limit=factor) for factor in (0.25, 0.5, 1.0, 1.5, 2.0)
    ),
    Words("cap of a purchase", "单笔上限"): (
        *(TODAY._replace(cap_minor=cap) for cap in (20_000, 50_000, 100_000)),
        TODAY,
    ),
}
LIMITS = tuple(FACTORS)[2]
TOGETHER = (
    *(Terms(free=0, limit=limit) for limit in (0.5, 2.0)),
    *(Terms(cap_minor=50_000, limit=limit) for limit in (0.5, 2.0)),
    *(Terms(free=0, limit=limit, cap_minor=50_000) for limit in (0.5, 1.0, 2.0)),
)
EVERY = tuple(dict.fromkeys([TODAY, *(each for terms in FACTORS.values() for each in terms), *TOGETHER]))


class Came(NamedTuple):
    """What came of some terms. group, issuer: gained against cards alone; lost: both in fen a person and year. lost_share: of
    volume. over, heavy, arrears: shares of people.
    """

    group: float
    issuer: float
    lost: float
    lost_share: float
    over: float
    heavy: float
    arrears: float


Drawn = tuple[Came, ...]  # in the order of EVERY


def _draw(months: int, tried: tuple[Terms, ...], parameters: Parameters, people: Bits, seed: int) -> Drawn:
    base = preset_world(parameters, months=months).launch("bank-card", LENDER)
    lacking = account(simulate_lane(base.launch("bank-card"), people, seed))
    scale = 12 / months / len(people)

    def came(terms: Terms) -> Came:
        world = with_terms(base, terms)
        burden = Burden(world)
        having = simulate_lane(world, people, seed, watch=burden)
        created = account(having) - lacking
        book = having.books[world.lender_at(LENDER)]
        assert book is not None
        lost = int(lost_minor(book).sum())
        volume = int(having.met.price_minor[having.met.tender == 1 + world.lender_at(LENDER)].sum())
        return Came(
            group=created.group_minor(GROUP, world) * scale,
            issuer=created.party_minor("issuer", LENDER) * scale,
            lost=lost * scale,
            lost_share=lost / max(volume, 1),
            over=float(burden.over_indebted().mean()),
            heavy=float(burden.heavy.mean()),
            arrears=float(burden.in_arrears.mean()),
        )

    return tuple(came(terms) for terms in tried)


def with_terms(world: World, terms: Terms) -> World:
    """The same world with other terms of the program."""
    lender = world.lender(LENDER)
    return world.change(
        LENDER,
        program=with_price(with_free_days(lender.program, terms.free), terms.price),
        limit_ppm=round(lender.limit_ppm * terms.limit),
        cap_minor=np.minimum(lender.cap_minor, terms.cap_minor),
    )


def with_price(program: Program, factor: float) -> Program:
    """A program whose installments cost so many times the fee."""
    version = program.versions[-1]
    offers = tuple(
        msgspec.structs.replace(offer, fee_rate=offer.fee_rate * Decimal(str(factor)))
        for offer in version.terms.installments
    )
    terms = msgspec.structs.replace(version.terms, installments=offers)
    return msgspec.structs.replace(program, versions=(msgspec.structs.replace(version, terms=terms),))


def dominated(found: Sequence[tuple[float, float]]) -> list[bool]:
    """Of each (profit, harm): whether another has no less profit and no more harm, and one of the two better."""
    return [
        any(
            other[0] >= mine[0] and other[1] <= mine[1] and (other[0] > mine[0] or other[1] < mine[1])
            for other in found
        )
        for mine in found
    ]


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """Each term by itself, the frontier of all that were tried, and limits for who earns on the sale and who does not."""
    chosen = sized(size, people=800, months=12, draws=10)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months, EVERY), seed=seed, size=chosen, progress=progress, step="worlds of other terms"
    )
    doubled = interval([_of_doubling(each, "group") - _of_doubling(each, "issuer") for each in drawn])
    verdict = Verdict(
        claim=Words(
            "Who also earns on the sale gains more by higher limits than who lends alone (Huang, SSRN 3950954).",
            "同时赚取销售收益者，从提高额度中得益多于单纯放贷者（Huang, SSRN 3950954）。",
        ),
        measure=Words(
            "gain of doubled limits, as a group less as an issuer alone, a person and year",
            "额度翻倍的得益：作为集团减去仅作为放贷方，人均每年",
        ),
        unit=Unit.FEN,
        found=doubled,
        threshold=0,
    )
    today = EVERY.index(TODAY)
    return Result(
        name="terms",
        title_en="Terms: profit, losses, and people in too much debt",
        title_zh="条款：利润、坏账与过度负债的人",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(_factors_table(drawn), _frontier_table(drawn)),
        charts=(*_frontier_charts(drawn), _limits_chart(drawn)),
        **paragraphs(*_told(drawn, verdict)),
        caveats=(
            Words(
                "Over-indebted is two payments behind, charged off, or more than a month's spending money owed at three "
                "month's ends in a row, to all lenders together; another line drawn there moves the level, perhaps the order.",
                "过度负债指落后两期、被核销，或连续三个月末对所有放贷方的欠款超过一个月的支出；换一条界线会改变水平，也可能改变排序。",
            ),
            Words(
                "The lender's rivals do not answer, and nobody leaves for better terms but from one purchase to the next.",
                "对手不会应对；除了每次购买时的选择，没有人因别处条款更好而离开。",
            ),
            Words(
                "Losses of a year: debts of the last months have not had the time to go bad.",
                "坏账按一年计：最后几个月的欠款还来不及变坏。",
            ),
        ),
        findings=(
            Finding(
                Words("Over-indebted under today's terms", "现行条款下过度负债者"),
                Unit.SHARE,
                ppm([each[today].over for each in drawn]),
            ),
            Finding(
                Words("What the group gains by them, a person and year", "集团由此所得，人均每年"),
                Unit.FEN,
                interval([each[today].group for each in drawn]),
            ),
        ),
        verdict=verdict,
    )


def _of_doubling(each: Drawn, whose: str) -> float:
    at = dict(zip(EVERY, each, strict=True))
    return float(getattr(at[TODAY._replace(limit=2.0)], whose) - getattr(at[TODAY], whose))


def _mean(drawn: list[Drawn], terms: Terms, name: str) -> float:
    return float(np.mean([getattr(each[EVERY.index(terms)], name) for each in drawn]))


def _spread(drawn: list[Drawn], terms: Terms, number: Callable[[Came], float]) -> Interval:
    return interval([number(each[EVERY.index(terms)]) for each in drawn])


def _on_frontier(drawn: list[Drawn]) -> list[Terms]:
    """Terms that none dominates on the mean, from the least harm."""
    points = [(_mean(drawn, terms, "group"), _mean(drawn, terms, "over")) for terms in EVERY]
    beaten = dominated(points)
    kept = [(point[1], terms) for point, terms, worse in zip(points, EVERY, beaten, strict=True) if not worse]
    return [terms for _, terms in sorted(kept, key=lambda pair: pair[0])]


# ---------------------------------------------------------------- figures


def _row(drawn: list[Drawn], terms: Terms) -> tuple[Words | Interval, ...]:
    return (
        terms.title,
        _spread(drawn, terms, lambda came: came.group),
        _spread(drawn, terms, lambda came: came.issuer),
        _spread(drawn, terms, lambda came: came.lost_share * MILLION),
        _spread(drawn, terms, lambda came: came.over * MILLION),
    )


_COLUMNS = (
    Column(Words("Terms", "条款")),
    Column(Words("group gains, a person and year", "集团所得，人均每年"), Unit.FEN),
    Column(Words("as issuer alone", "仅作为放贷方"), Unit.FEN),
    Column(Words("lost, of volume", "坏账占交易额"), Unit.PPM),
    Column(Words("over-indebted", "过度负债者"), Unit.SHARE),
)


def _factors_table(drawn: list[Drawn]) -> Table:
    return Table(
        Words("One term at a time", "逐项变动"),
        (Column(Words("Term", "项目")), *_COLUMNS),
        tuple((name, *_row(drawn, terms)) for name, every in FACTORS.items() for terms in every),
    )


def _frontier_table(drawn: list[Drawn]) -> Table:
    beaten = [dominated([(came.group, came.over) for came in each]) for each in drawn]
    order = sorted(EVERY, key=lambda terms: _mean(drawn, terms, "over"))
    frontier = set(_on_frontier(drawn))
    return Table(
        Words("All that were tried, from the least harm", "所有尝试过的条款，按危害从小到大"),
        (
            _COLUMNS[0],
            _COLUMNS[1],
            _COLUMNS[-1],
            Column(Words("heavy debt", "债务沉重"), Unit.SHARE),
            Column(Words("in arrears", "逾期"), Unit.SHARE),
            Column(Words("dominated in", "被支配的抽样占比"), Unit.SHARE),
            Column(Words("on the mean", "平均而言")),
        ),
        tuple(
            (
                terms.title,
                _spread(drawn, terms, lambda came: came.group),
                _spread(drawn, terms, lambda came: came.over * MILLION),
                _spread(drawn, terms, lambda came: came.heavy * MILLION),
                _spread(drawn, terms, lambda came: came.arrears * MILLION),
                round(MILLION * float(np.mean([each[EVERY.index(terms)] for each in beaten]))),
                Words("on the frontier", "在前沿上") if terms in frontier else Words("dominated", "被支配"),
            )
            for terms in order
        ),
    )


def _frontier_charts(drawn: list[Drawn]) -> tuple[Curves, ...]:
    """One; none in a world so small or short that no term brings more people into debt than another."""

    def path(title: Words, every: Sequence[Terms]) -> Curve | None:
        points = {round(_mean(drawn, terms, "over") * MILLION): terms for terms in every}
        if len(points) < 2:
            return None
        spread = [Point(at, _spread(drawn, points[at], lambda came: came.group)) for at in sorted(points)]
        return Curve(title, tuple(spread))

    paths = [path(Words("the frontier", "前沿"), _on_frontier(drawn))]
    paths += [path(name, every) for name, every in FACTORS.items()]
    curves = tuple(each for each in paths if each is not None)
    if not curves:
        return ()
    chart = Curves(
        Words("Profit by people in too much debt, as each term moves", "各条款变动时：利润与过度负债者"),
        Axis(Words("Over-indebted", "过度负债者"), Unit.SHARE),
        Axis(Words("group gains, a person and year", "集团所得，人均每年"), Unit.FEN),
        curves,
    )
    return (chart,)


def _limits_chart(drawn: list[Drawn]) -> Curves:
    def curve(title: Words, number: Callable[[Came], float]) -> Curve:
        return Curve(
            title, tuple(Point(round(each.limit * MILLION), _spread(drawn, each, number)) for each in FACTORS[LIMITS])
        )

    return Curves(
        Words("How much to lend", "放多少贷"),
        Axis(Words("limits, against today's", "额度，相对现行"), Unit.RATIO),
        Axis(Words("gain, a person and year", "所得，人均每年"), Unit.FEN),
        (
            curve(Words("as a group that earns on the sale", "作为赚取销售收益的集团"), lambda came: came.group),
            curve(Words("as an issuer alone", "仅作为放贷方"), lambda came: came.issuer),
        ),
    )


# ---------------------------------------------------------------- sentences


def _told(drawn: list[Drawn], verdict: Verdict) -> tuple[Words, ...]:
    frontier = _on_frontier(drawn)
    beaten = len(EVERY) - len(frontier)
    today = Words("on it", "在前沿上") if TODAY in frontier else Words("dominated", "被支配")
    most = max(EVERY, key=lambda terms: _mean(drawn, terms, "group"))
    least = min(frontier, key=lambda terms: _mean(drawn, terms, "over"))
    best = {
        whose: max(FACTORS[LIMITS], key=lambda terms, whose=whose: _mean(drawn, terms, whose)).limit  # type: ignore[misc]
        for whose in ("group", "issuer")
    }
    gain, over = (
        said(_spread(drawn, most, lambda came: came.group), Unit.FEN),
        said(_spread(drawn, most, lambda came: came.over * MILLION), Unit.SHARE),
    )
    small_gain, small_over = (
        said(_spread(drawn, least, lambda came: came.group), Unit.FEN),
        said(_spread(drawn, least, lambda came: came.over * MILLION), Unit.SHARE),
    )
    doubled = said(verdict.found, Unit.FEN)
    return (
        Words(
            f"Of {len(EVERY)} terms tried, {beaten} are dominated on the mean: others bring the group more and leave fewer "
            f"people over-indebted. Today's are {today.en}.",
            f"在尝试的{len(EVERY)}组条款中，平均而言{beaten}组被支配：另有条款使集团所得更多而过度负债者更少。现行条款{today.zh}。",
        ),
        Words(
            f"The group gains most by “{most.title.en}”, {gain.en} a person and year, with {over.en} of people over-indebted; "
            f"the mildest of the frontier, “{least.title.en}”, brings {small_gain.en} with {small_over.en}.",
            f"集团所得最多的是“{most.title.zh}”，人均每年{gain.zh}，过度负债者{over.zh}；"
            f"前沿上最温和的“{least.title.zh}”带来{small_gain.zh}，过度负债者{small_over.zh}。",
        ),
        Words(
            f"Of the limits tried, best for the group are {_as_today(best['group'])}, for the issuer alone "
            f"{_as_today(best['issuer'])}. Doubling them brings the group {doubled.en} more than it would an issuer alone: "
            f"that who earns on the sale gains more by lending more is {HOLDS[verdict.holds].en}.",
            f"在尝试的额度中，对集团最有利的是现行的{best['group']:g}倍，仅作为放贷方则为{best['issuer']:g}倍。"
            f"额度翻倍给集团带来的比单纯放贷方多{doubled.zh}：“赚取销售收益者更愿多贷”{HOLDS[verdict.holds].zh}。",
        ),
    )


def _as_today(limit: float) -> str:
    return "today's" if limit == 1 else f"{limit:g} times today's"


TERMS = Experiment(
    name="terms",
    title_en="Terms: profit, losses, and people in too much debt",
    title_zh="条款：利润、坏账与过度负债的人",
    run=run,
    asks_en="Which terms earn more without driving more people into debt, and which could be bettered for both?",
    asks_zh="哪些条款既多赚又不使更多人陷入债务？哪些条款对双方都还可以改进？",
)
