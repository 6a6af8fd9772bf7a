"""11.11: a peak of sales with campaign budgets, and what credit adds to it.

The peak is three things. *When* people look at what they need moves to the sale: needs of the thirty days around it gather on
11 November and the ten presale days before, their number unchanged, groceries and dinners left out (X: how strongly). Malls'
shops *cut prices* on those days. And a *campaign* gives coupons, paid by the malls, or merchants bear the fee of
installments, until a budget is spent. What is then bought, on what, and by whom it is paid, is the model's answer.

Each need is found again in the world without the peak, so what is sold at the peak is known to be new, pulled forward, put
off until the sale, taken from another market, or sold on those days anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits, Flags, Index, Minor, Real, Whole
from florin.lab.book import Book
from florin.lab.campaign import Campaign
from florin.lab.chart import Axis, Bars, BarSeries, ByDays, DayBin, Mark
from florin.lab.experiments.drawing import each_draw, interval, ppm, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.telling import HOLDS, paragraphs, said
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Result, Table, Verdict
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account
from florin.lab.units import MILLION, OfVolume
from florin.lab.world import World, preset_world

# So that the thirty days whose needs gather are 23 October to 21 November.
BEGINS_ON = date(2026, 7, 25)
MALLS = ("taobao", "tmall", "jd")
SPONSORS = ("ali", "jd")


def _day(month: int, day: int, year: int = 2026) -> int:
    return (date(year, month, day) - BEGINS_ON).days


PRESALE, PEAK = _day(11, 1), _day(11, 11)
SALE = (PRESALE, PEAK + 1)
# Days without a season, before it: what is usual.
USUAL = (30, 90)
TWO_MONTHS_LATER = _day(1, 11, 2027)
MONTHS_LEAST = 6

# X: how much more people look at what they need on the day, and in the days of presale.
PEAK_WEIGHT, PRESALE_WEIGHT = 8.0, 1.5
_GATHERED = (90, 120)
EVERYDAY = ("groceries", "dining")

# X: prices cut by 8 %; 30 yuan off orders from 200 on.
CUT = OfVolume(80_000)
COUPON_OFF_MINOR, COUPON_FROM_MINOR = 3_000, 20_000

# Of what people would ask of a campaign without a limit.
BUDGETS = (None, 0.5, 0.25)
_BUDGET_TITLES = {
    None: Words("as much as is asked", "不设上限"),
    0.5: Words("half of that", "其一半"),
    0.25: Words("a quarter of that", "其四分之一"),
}
CAMPAIGNS = {
    "coupon": Words("coupons, paid by the malls", "优惠券，平台承担"),
    "installments": Words("installments, their fee borne by merchants", "分期，手续费由商户承担"),
}
KINDS = {
    "anyway": Words("sold on those days anyway", "那几天本来也会卖出"),
    "new": Words("new", "新增"),
    "forward": Words("pulled forward", "提前"),
    "off": Words("put off until the sale", "推迟到大促"),
    "outlet": Words("taken from another market", "夺自其他市场"),
}
AROUND = 20


class Campaigned(NamedTuple):
    """A campaign against the peak without it, in fen a person; sales: of the malls, over the whole run; sponsor: what who pays
    it gains, the cost taken off. ended: days after it opened; None: it did not end.
    """

    spent: float
    used: float
    sales: float
    sponsor: float
    ended: float | None
    late_share: float


class Drawn(NamedTuple):
    """One draw. kinds: shares of malls' sales of the sale, by `KINDS`, with credit and without. lift, usual_lift: what credit
    adds to malls' sales in the sale and on usual days; new, usual_new: the new in it. more: what the peak adds to malls'
    sales over the run. by_day: (cash or credit, day around the peak) orders per 1,000 people. short: share of lines with
    less than a tenth of the limit left, usual and at the peak. declined: per 1,000 needs, usual and in the sale. late:
    30 days past due, of balance, two months on, without a peak and with it. load: at the peak, times a usual day.
    """

    kinds: dict[str, float]
    kinds_of_cash: dict[str, float]
    lift: float
    usual_lift: float
    new: float
    usual_new: float
    more: float
    more_of_cash: float
    by_day: Real
    short: tuple[float, float]
    declined: tuple[float, float]
    late: tuple[float, float]
    load: dict[str, tuple[float, float, float]]
    campaigns: dict[tuple[str, float | None], Campaigned]


class Seen:
    """A watch of `simulate_lane`: what is left of limits and who is late on some days, and how many repayments each day has."""

    def __init__(self, *days: int) -> None:
        self._days = days
        self._repaid: list[Minor] = []
        self.available: dict[int, list[Minor]] = {}
        self.late: dict[int, float] = {}
        self.repayments: list[int] = []

    def __call__(self, day: int, books: Sequence[Book | None], spending_minor: Minor) -> None:
        lending = [book for book in books if book is not None]
        before = self._repaid or [np.zeros(len(spending_minor), dtype=np.int64) for _ in lending]
        self._repaid = [book.sums.repaid.copy() for book in lending]
        self.repayments.append(sum(int((now > then).sum()) for now, then in zip(self._repaid, before, strict=True)))
        if day in self._days:
            balance = sum(int(book.principal_minor().sum()) for book in lending)
            late = sum(int(book.principal_minor()[book.days_past_due() > 30].sum()) for book in lending)
            self.available[day] = [book.available_minor() for book in lending]
            self.late[day] = late / max(balance, 1)

    def short(self, day: int, lane: Lane) -> float:
        """The share of lines with less than a tenth of the limit left."""
        limits = [each for each, book in zip(lane.people.limits_minor, lane.books, strict=True) if book is not None]
        holds = [limit > 0 for limit in limits]
        low = [10 * left < limit for left, limit in zip(self.available[day], limits, strict=True)]
        short = sum(int((few & held).sum()) for few, held in zip(low, holds, strict=True))
        return short / max(sum(int(held.sum()) for held in holds), 1)


# ---------------------------------------------------------------- worlds


def usual_world(parameters: Parameters, *, months: int) -> World:
    """The year's end without a sale."""
    return replace(preset_world(parameters, begins_on=BEGINS_ON, months=months), everyday=EVERYDAY)


def peaked(world: World, *more: Campaign) -> World:
    """The same with the peak: when people look, and prices cut; and these campaigns."""
    first, last = _GATHERED
    weights = np.ones(last - first)
    weights[PRESALE - first : PEAK - first] = PRESALE_WEIGHT
    weights[PEAK - first] = PEAK_WEIGHT
    season = world.season.copy()
    season[first:last] = weights * (len(weights) / weights.sum())
    cut = Campaign(name="cut", kind="cut", opens=SALE[0], closes=SALE[1], markets=MALLS, cut_ppm=CUT.ppm)
    return replace(world, season=season, campaigns=(cut, *more))


def campaign(kind: str, budget_minor: int | None) -> Campaign:
    """Coupons, or installments whose fee merchants bear, in the sale."""
    if kind == "coupon":
        return Campaign(
            name=kind, kind="coupon", opens=SALE[0], closes=SALE[1], markets=MALLS, off_minor=COUPON_OFF_MINOR,
            from_minor=COUPON_FROM_MINOR, budget_minor=budget_minor,
        )  # fmt: skip
    return Campaign(
        name=kind, kind="installments", opens=SALE[0], closes=SALE[1], markets=MALLS,
        lenders=("huabei", "baitiao-bill"), budget_minor=budget_minor,
    )  # fmt: skip


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Drawn:
    usual = usual_world(parameters, months=months)
    cards = usual.launch("bank-card")
    seen, seen_usual = (Seen(USUAL[1] - 1, PEAK, TWO_MONTHS_LATER) for _ in range(2))
    none, peak_none = simulate_lane(cards, people, seed), simulate_lane(peaked(cards), people, seed)
    lent = simulate_lane(usual, people, seed, watch=seen_usual, note_declined=True)
    peak = simulate_lane(peaked(usual), people, seed, watch=seen, note_declined=True)
    return Drawn(
        kinds=kinds_of(peak, lent),
        kinds_of_cash=kinds_of(peak_none, none),
        lift=_sales(peak, SALE) / max(_sales(peak_none, SALE), 1) - 1,
        usual_lift=_sales(lent, USUAL) / max(_sales(none, USUAL), 1) - 1,
        new=_new_share(peak, peak_none, SALE),
        usual_new=_new_share(lent, none, USUAL),
        more=_sales(peak) / max(_sales(lent), 1) - 1,
        more_of_cash=_sales(peak_none) / max(_sales(none), 1) - 1,
        by_day=_by_day(peak),
        short=(seen_usual.short(PEAK, lent), seen.short(PEAK, peak)),
        declined=(_declined(peak, USUAL), _declined(peak, SALE)),
        late=(seen_usual.late[TWO_MONTHS_LATER], seen.late[TWO_MONTHS_LATER]),
        load=_load(peak, seen),
        campaigns=_campaigned(usual, people, seed, peak),
    )


def _campaigned(usual: World, people: Bits, seed: int, peak: Lane) -> dict[tuple[str, float | None], Campaigned]:
    found: dict[tuple[str, float | None], Campaigned] = {}
    before = account(peak)
    for kind in CAMPAIGNS:
        asked = 0.0
        for share in BUDGETS:
            budget_minor = None if share is None else int(share * asked)
            seen = Seen(TWO_MONTHS_LATER)
            lane = simulate_lane(peaked(usual, campaign(kind, budget_minor)), people, seed, watch=seen)
            spent, gained = lane.spent[-1], account(lane) - before
            if share is None:
                asked = spent.spent_minor / len(people)
            sponsor = (
                sum(gained.group_minor(group, lane.world) for group in SPONSORS)
                if kind == "coupon"
                else gained.party_minor("merchants")
            )
            found[kind, share] = Campaigned(
                spent=spent.spent_minor / len(people),
                used=spent.used / len(people),
                sales=(_sales(lane) - _sales(peak)) / len(people),
                sponsor=sponsor / len(people),
                ended=None if spent.ended_on < 0 else spent.ended_on + spent.moment - SALE[0],
                late_share=seen.late[TWO_MONTHS_LATER],
            )
    return found


# ---------------------------------------------------------------- what came of it


def twins(one: Lane, other: Lane) -> tuple[Index, Index]:
    """The same needs in two worlds whose seasons differ: their places in each, in one order."""
    orders = [np.lexsort((lane.needs.draws, lane.needs.person)) for lane in (one, other)]
    mine, theirs = (
        (lane.needs.person[order], lane.needs.draws[order]) for lane, order in zip((one, other), orders, strict=True)
    )
    assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True)), "a season moves needs and makes none"
    return orders[0], orders[1]


def kinds_of(peak: Lane, usual: Lane) -> dict[str, float]:
    """Shares of what malls sold in the sale, by what it would have been."""
    mine, theirs = twins(peak, usual)
    malls = [peak.world.market_at(name) for name in MALLS]
    day, market, price = (getattr(peak.met, name)[mine] for name in ("day", "market", "price_minor"))
    then, where = usual.met.day[theirs], usual.met.market[theirs]
    sold: Flags = np.isin(market, malls) & _within(day, SALE)
    new, elsewhere = then < 0, ~np.isin(where, malls)
    found = {
        "new": new,
        "outlet": ~new & elsewhere,
        "forward": ~new & ~elsewhere & (then >= SALE[1]),
        "off": ~new & ~elsewhere & (then < SALE[0]),
        "anyway": ~new & ~elsewhere & _within(then, SALE),
    }
    whole = max(int(price[sold].sum()), 1)
    return {kind: int(price[sold & found[kind]].sum()) / whole for kind in KINDS}


def _within(day: Whole, days: tuple[int, int]) -> Flags:
    found: Flags = (day >= days[0]) & (day < days[1])
    return found


def _in_malls(lane: Lane, days: tuple[int, int]) -> Flags:
    malls = [lane.world.market_at(name) for name in MALLS]
    return np.isin(lane.met.market, malls) & _within(lane.met.day, days)


def _sales(lane: Lane, days: tuple[int, int] | None = None) -> int:
    """What malls sold in these days, fen; in all, if None."""
    return int(lane.met.price_minor[_in_malls(lane, days or (0, lane.world.days))].sum())


def _new_share(having: Lane, lacking: Lane, days: tuple[int, int]) -> float:
    """Of what malls sold, what nobody would have bought without credit. The same needs in the same order."""
    sold = _in_malls(having, days)
    price = having.met.price_minor
    return int(price[sold & ~lacking.met.bought].sum()) / max(int(price[sold].sum()), 1)


def _declined(lane: Lane, days: tuple[int, int]) -> float:
    """Per 1,000 needs of these days."""
    here = _within(lane.needs.day, days)
    return 1_000 * float(lane.met.declined[here].mean()) if here.any() else 0.0


def _by_day(lane: Lane) -> Real:
    found = np.zeros((2, 2 * AROUND + 1))
    for tender, at in ((0, lane.met.tender == 0), (1, lane.met.tender > 0)):
        days = lane.met.day[at] - PEAK + AROUND
        found[tender] = np.bincount(days[(days >= 0) & (days <= 2 * AROUND)], minlength=2 * AROUND + 1)
    return 1_000 * found / lane.people.count


def _load(lane: Lane, seen: Seen) -> dict[str, tuple[float, float, float]]:
    """Per 1,000 people: a usual day, the busiest, and how many times that is."""
    days = lane.world.days
    orders = np.bincount(lane.met.day[lane.met.bought], minlength=days)
    malls = np.bincount(lane.met.day[_in_malls(lane, (0, days))], minlength=days)
    credit = np.bincount(lane.met.day[lane.met.tender > 0], minlength=days)
    repayments = np.array(seen.repayments)
    scale = 1_000 / lane.people.count

    def of(counts: Whole) -> tuple[float, float, float]:
        usual, most = float(counts[USUAL[0] : USUAL[1]].mean()), float(counts[USUAL[1] :].max())
        return usual * scale, most * scale, most / max(usual, 1e-9)

    # Repayments gather on due days: the busiest of the usual days is their measure.
    busiest = float(repayments[USUAL[0] : USUAL[1]].max())
    later = float(repayments[USUAL[1] :].max())
    return {
        "orders": of(orders),
        "malls": of(malls),
        "credit": of(credit),
        "repayments": (busiest * scale, later * scale, later / max(busiest, 1e-9)),
    }


# ---------------------------------------------------------------- the result


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The peak, what credit adds to it, its campaigns, and what is left of it in January."""
    chosen = sized(size, people=4_000, months=6, draws=10)
    assert chosen.people and chosen.months and chosen.draws
    months = max(chosen.months, MONTHS_LEAST)
    drawn = each_draw(partial(_draw, months), seed=seed, size=chosen, progress=progress, step="worlds of the peak")
    more = ppm([each.lift - each.usual_lift for each in drawn])
    verdict = Verdict(
        claim=Words(
            "Credit adds more to the sales of a peak than to those of usual days.", "信用对大促销售的提升大于平日。"
        ),
        measure=Words(
            "what credit adds to malls' sales in the sale, less what it adds on usual days",
            "大促期间信用对商城销售的提升，减去平日的提升",
        ),
        unit=Unit.PPM,
        found=more,
        threshold=0,
    )
    late = ppm([each.late[1] - each.late[0] for each in drawn])
    return Result(
        name="11.11",
        title_en="11.11: a peak with campaign budgets",
        title_zh="双十一：有预算的大促",
        seed=seed,
        people=chosen.people,
        months=months,
        draws=chosen.draws,
        parameters=used(),
        tables=(_kinds_table(drawn), _campaigns_table(drawn), _strain_table(drawn), _load_table(drawn)),
        charts=(_days_chart(drawn), _kinds_chart(drawn), _campaigns_chart(drawn)),
        **paragraphs(*_told(drawn, verdict, late)),
        caveats=(
            Words(
                "That people wait for the sale, and gather on its day, is put in (of the needs of thirty days, 8 times as many "
                "on the day and half as many again in presale; X); what they then buy is not. Nobody waits longer than that.",
                "人们等待大促并集中在当天是设定的（三十天的需求中，当天为8倍、预售期为1.5倍；自行设定），买什么则不是；没有人会等得更久。",
            ),
            Words(
                "Limits are not lifted for the sale, as lenders commonly do; so who is short of limit here need not be there.",
                "此处大促期间不提额，而放贷方通常会临时提额；因此这里的额度不足在现实中未必发生。",
            ),
            Words(
                "Moments within a day are even: there is no rush at midnight, so loads are of days, never of seconds, and for "
                "the people who were simulated.",
                "一天之内均匀分布，没有零点高峰；负载按天计，绝非按秒，且只就被模拟的人而言。",
            ),
        ),
        findings=(
            Finding(
                Words("New, of what malls sell in the sale", "大促销售中的新增"),
                Unit.SHARE,
                ppm([d.kinds["new"] for d in drawn]),
            ),
            Finding(Words("What credit adds to the sale", "信用对大促的提升"), Unit.PPM, ppm([d.lift for d in drawn])),
            Finding(Words("More of the balance late two months on", "两个月后逾期余额占比之增"), Unit.PPM, late),
        ),
        verdict=verdict,
    )


def _each(drawn: list[Drawn], number: Callable[[Drawn], float], scale: float = 1.0) -> Interval:
    return interval([scale * number(each) for each in drawn])


def _kinds_table(drawn: list[Drawn]) -> Table:
    rows: tuple[tuple[Words | Interval, ...], ...] = (
        (
            Words("banks' cards alone", "只有银行信用卡"),
            *(_each(drawn, lambda each, kind=kind: each.kinds_of_cash[kind], MILLION) for kind in KINDS),  # type: ignore[misc]
            ppm([each.more_of_cash for each in drawn]),
        ),
        (
            Words("everybody lends", "各家都放贷"),
            *(_each(drawn, lambda each, kind=kind: each.kinds[kind], MILLION) for kind in KINDS),  # type: ignore[misc]
            ppm([each.more for each in drawn]),
        ),
    )
    return Table(
        Words("What malls sell in the sale, against no sale", "商城大促所售，对照无大促"),
        (
            Column(Words("World", "世界")),
            *(Column(title, Unit.SHARE) for title in KINDS.values()),
            Column(Words("malls' sales of the half year", "商城半年销售"), Unit.PPM),
        ),
        rows,
    )


def _of_campaign(drawn: list[Drawn], key: tuple[str, float | None], number: Callable[[Campaigned], float]) -> Interval:
    return interval([number(each.campaigns[key]) for each in drawn])


def _of_100(minor: float, spent: float) -> float:
    return 10_000 * minor / spent if spent else 0.0


def _campaigns_table(drawn: list[Drawn]) -> Table:
    def row(kind: str, share: float | None) -> tuple[Words | Interval | int | None, ...]:
        key = kind, share
        ends = [ended for each in drawn if (ended := each.campaigns[key].ended) is not None]
        return (
            CAMPAIGNS[kind],
            _BUDGET_TITLES[share],
            _of_campaign(drawn, key, lambda each: each.spent),
            round(MILLION * len(ends) / len(drawn)),
            interval([MILLION * ended for ended in ends]) if ends else None,
            _of_campaign(drawn, key, lambda each: _of_100(each.sales, each.spent)),
            _of_campaign(drawn, key, lambda each: _of_100(each.sponsor, each.spent)),
        )

    return Table(
        Words("Campaigns, against the peak without one", "活动，对照无活动的大促"),
        (
            Column(Words("Campaign", "活动")),
            Column(Words("budget", "预算")),
            Column(Words("spent a person", "人均花费"), Unit.FEN),
            Column(Words("ended early in", "提前用完的抽样占比"), Unit.SHARE),
            Column(Words("after days of eleven", "用完时已过天数（共十一天）"), Unit.RATIO),
            Column(Words("more sold, of each ¥100 spent", "每花费¥100多售"), Unit.FEN),
            Column(Words("who pays it gains, cost taken off", "出资方所得（已减成本）"), Unit.FEN),
        ),
        tuple(row(kind, share) for kind in CAMPAIGNS for share in BUDGETS),
    )


def _strain_table(drawn: list[Drawn]) -> Table:
    free = ppm([each.campaigns["installments", None].late_share for each in drawn])
    return Table(
        Words("Limits, declined purchases, and January", "额度、被拒与一月"),
        (
            Column(Words("Measure", "指标")),
            Column(Words("without the peak", "无大促"), Unit.PPM),
            Column(Words("with it", "有大促"), Unit.PPM),
            Column(Words("and installments borne by merchants", "且商户承担分期费"), Unit.PPM),
        ),
        (
            (
                Words("lines with less than a tenth left on 11 November", "11月11日额度余量不足十分之一的账户"),
                ppm([each.short[0] for each in drawn]),
                ppm([each.short[1] for each in drawn]),
                None,
            ),
            (
                Words("needs declined for want of limit (usual days; the sale)", "因额度不足被拒的需求（平日；大促）"),
                ppm([each.declined[0] / 1_000 for each in drawn]),
                ppm([each.declined[1] / 1_000 for each in drawn]),
                None,
            ),
            (
                Words("30 days past due on 11 January, of balance", "1月11日逾期30天以上，占余额"),
                ppm([each.late[0] for each in drawn]),
                ppm([each.late[1] for each in drawn]),
                free,
            ),
        ),
    )


_LOADS = {
    "orders": Words("orders, all markets", "订单，全部市场"),
    "malls": Words("orders, malls", "订单，商城"),
    "credit": Words("payments on credit", "信用支付"),
    "repayments": Words("repayments (busiest day before; after)", "还款（此前最忙日；此后）"),
}


def _load_table(drawn: list[Drawn]) -> Table:
    return Table(
        Words("Load by the day, per 1,000 people simulated", "按天负载，每千名被模拟者"),
        (
            Column(Words("What", "内容")),
            Column(Words("a usual day", "平日"), Unit.COUNT),
            Column(Words("the busiest", "最忙日"), Unit.COUNT),
            Column(Words("times", "倍数"), Unit.RATIO),
        ),
        tuple(
            (
                title,
                interval([each.load[name][0] for each in drawn]),
                interval([each.load[name][1] for each in drawn]),
                interval([MILLION * each.load[name][2] for each in drawn]),
            )
            for name, title in _LOADS.items()
        ),
    )


def _days_chart(drawn: list[Drawn]) -> ByDays:
    def cell(tender: int, at: int) -> Interval:
        return interval([float(each.by_day[tender, at]) for each in drawn])

    return ByDays(
        Words("Orders around 11.11", "双十一前后的订单"),
        Words("days from 11 November", "距11月11日天数"),
        Axis(Words("per 1,000 people", "每千人"), Unit.COUNT),
        (Words("paid from the wallet", "钱包支付"), Words("on credit", "信用支付")),
        tuple(
            DayBin(at - AROUND, (cell(0, at), cell(1, at))) for at in range(2 * AROUND + 1)
        ),
        marks=(Mark(PRESALE - PEAK, Words("presale", "预售")), Mark(0, Words("11.11", "双十一"))),
    )  # fmt: skip


def _kinds_chart(drawn: list[Drawn]) -> Bars:
    def values(kind: str) -> tuple[Interval, Interval]:
        return (
            ppm([each.kinds_of_cash[kind] for each in drawn]),
            ppm([each.kinds[kind] for each in drawn]),
        )

    return Bars(
        Words("What malls sell in the sale", "商城大促所售"),
        (Words("banks' cards alone", "只有银行信用卡"), Words("everybody lends", "各家都放贷")),
        Axis(Words("share of sales", "占销售"), Unit.SHARE),
        tuple(BarSeries(title, values(kind)) for kind, title in KINDS.items()),
    )


def _campaigns_chart(drawn: list[Drawn]) -> Bars:
    def values(number: Callable[[Campaigned], float]) -> tuple[Interval, ...]:
        return tuple(
            _of_campaign(drawn, (kind, share), lambda each: _of_100(number(each), each.spent))
            for kind in CAMPAIGNS
            for share in BUDGETS
        )

    return Bars(
        Words("Of each ¥100 that a campaign spends", "活动每花费¥100"),
        tuple(
            Words(f"{title.en}: {_BUDGET_TITLES[share].en}", f"{title.zh}：{_BUDGET_TITLES[share].zh}")
            for title in CAMPAIGNS.values()
            for share in BUDGETS
        ),
        Axis(Words("of each ¥100 spent", "每花费¥100"), Unit.FEN),
        (
            BarSeries(Words("more sold by malls over the half year", "商城半年多售"), values(lambda each: each.sales)),
            BarSeries(
                Words("who pays it gains, cost taken off", "出资方所得（已减成本）"), values(lambda each: each.sponsor)
            ),
        ),
    )


def _told(drawn: list[Drawn], verdict: Verdict, late: Interval) -> tuple[Words, ...]:
    kinds = {kind: said(ppm([each.kinds[kind] for each in drawn]), Unit.SHARE) for kind in KINDS}
    half_year = said(ppm([each.more for each in drawn]), Unit.PPM)
    lift, usual = (said(ppm([getattr(each, name) for each in drawn]), Unit.PPM) for name in ("lift", "usual_lift"))
    new, usual_new = (said(ppm([getattr(each, name) for each in drawn]), Unit.SHARE) for name in ("new", "usual_new"))
    orders = said(interval([MILLION * each.load["malls"][2] for each in drawn]), Unit.RATIO)
    repaid = said(interval([MILLION * each.load["repayments"][2] for each in drawn]), Unit.RATIO)
    short = [said(ppm([each.short[at] for each in drawn]), Unit.SHARE) for at in (0, 1)]
    declined = [said(_each(drawn, lambda each, at=at: each.declined[at]), Unit.COUNT) for at in (0, 1)]  # type: ignore[misc]
    more_late = said(late, Unit.PPM)
    ended = _ended(drawn)
    return (
        Words(
            f"Of what malls sell in the sale, {kinds['new'].en} is new, {kinds['forward'].en} pulled forward, "
            f"{kinds['off'].en} put off until then, {kinds['outlet'].en} taken from other markets, and "
            f"{kinds['anyway'].en} would have been sold on those days anyway. "
            f"Over the half year malls sell {half_year.en} more for it, at their lower prices.",
            f"商城大促所售中，{kinds['new'].zh}是新增，{kinds['forward'].zh}是提前，{kinds['off'].zh}是推迟到此时，"
            f"{kinds['outlet'].zh}夺自其他市场，{kinds['anyway'].zh}那几天本来也会卖出。半年计，商城按降价后多售{half_year.zh}。",
        ),
        Words(
            f"Credit adds {lift.en} to malls' sales in the sale and {usual.en} on usual days. Nobody would have bought "
            f"{new.en} of what is sold in the sale without it, and {usual_new.en} of what is sold on usual days. "
            f"That it adds more to a peak is {HOLDS[verdict.holds].en}.",
            f"信用使商城大促销售提高{lift.zh}，平日提高{usual.zh}；没有信用就无人购买的，在大促所售中占{new.zh}，平日占{usual_new.zh}。"
            f"“信用对大促提升更大”{HOLDS[verdict.holds].zh}。",
        ),
        ended,
        Words(
            f"On 11 November {short[1].en} of lines have less than a tenth of the limit left, without the peak {short[0].en}; "
            f"{declined[1].en} of 1,000 needs are declined for want of limit, on usual days {declined[0].en}. Two months on "
            f"the share of balance that is 30 days late is larger by {more_late.en}. "
            f"Malls take {orders.en} times the orders of "
            f"a usual day on the busiest; repayments of their busiest day are {repaid.en} times those before.",
            f"11月11日，{short[1].zh}的账户额度余量不足十分之一，无大促时为{short[0].zh}；每千个需求中{declined[1].zh}个因额度不足被拒，"
            f"平日为{declined[0].zh}个。两个月后，逾期30天以上的余额占比增加{more_late.zh}。商城最忙日的订单是平日的{orders.zh}倍；"
            f"还款最忙日是此前最忙日的{repaid.zh}倍。",
        ),
    )


def _ended(drawn: list[Drawn]) -> Words:
    """When budgets of a half end, and what they bring."""
    en, zh = [], []
    for kind, title in CAMPAIGNS.items():
        half = [each.campaigns[kind, 0.5] for each in drawn]
        ends = [each.ended for each in half if each.ended is not None]
        sold = said(interval([_of_100(each.sales, each.spent) for each in half]), Unit.FEN)
        gain = said(interval([_of_100(each.sponsor, each.spent) for each in half]), Unit.FEN)
        when = said(interval([MILLION * end for end in ends]), Unit.RATIO) if ends else Words("never", "从未")
        en.append(
            f"For {title.en}: a budget of half of what is asked ends after {when.en} of eleven days in {len(ends)} of "
            f"{len(drawn)} draws; each ¥100 of it sells {sold.en} more and leaves who pays it with {gain.en}."
        )
        zh.append(
            f"{title.zh}：预算为所需一半时，{len(drawn)}组抽样中有{len(ends)}组在十一天中的第{when.zh}天后用完；"
            f"每花费¥100多售{sold.zh}，出资方净得{gain.zh}。"
        )
    return Words(" ".join(en), "".join(zh))


ELEVEN = Experiment(
    name="11.11",
    title_en="11.11: a peak with campaign budgets",
    title_zh="双十一：有预算的大促",
    run=run,
    asks_en="What does a peak move, what is new, what does credit add, when do budgets end, and what is left in January?",
    asks_zh="大促提前了什么、新增了什么？信用添了多少？预算何时用完？一月还剩什么？",
)
