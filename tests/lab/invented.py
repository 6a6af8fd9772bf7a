"""Invented figures, one of each kind of chart: for the terminal and the page to show. They say nothing about any economy."""

from __future__ import annotations

from florin.lab.chart import (
    Axis,
    Bars,
    BarSeries,
    ByDays,
    Chart,
    Curve,
    Curves,
    DayBin,
    Equilibrium,
    Game,
    HeatMap,
    Mark,
    Point,
    Spot,
    Step,
    Target,
    Targets,
    Waterfall,
)
from florin.lab.experiments import Experiment, Part, Progress, Size
from florin.lab.grid import Grid, GridAxis, GridPart, GridPreset
from florin.lab.result import Changed, Column, Finding, Interval, ParametersUsed, Result, Table, Unit, Verdict, Words

KEPT = Axis(Words("kept of each ¥100", "每 ¥100 中留下"), Unit.FEN)
SHARE_X = Axis(Words("take rate", "佣金率"), Unit.PPM)


def around(mid: int, spread: int) -> Interval:
    return Interval(mid - spread, mid, mid + spread)


def curves() -> Curves:
    def line(en: str, zh: str, slope: int, start: int) -> Curve:
        points = tuple(
            Point(x * 5_000, around(start + slope * x, 60 + 12 * abs(x - 6))) for x in range(0, 17, 2)
        )  # fmt: skip
        return Curve(Words(en, zh), points)

    return Curves(
        Words("What free days bring", "免息期带来多少"),
        SHARE_X,
        KEPT,
        (line("40 free days", "免息 40 天", 90, -500), line("20 free days", "免息 20 天", 45, -180)),
        (Mark(30_000, Words("breaks even", "盈亏平衡")), Mark(60_000, Words("a mall of brands", "品牌商城"))),
    )


def bars(*, stacked: bool = False) -> Bars:
    return Bars(
        Words("Where a sale on credit came from", "赊购的销售从何而来"),
        (Words("Mall", "商城"), Words("Messenger", "社交钱包"), Words("Bank", "银行")),
        Axis(Words("of each ¥100", "每 ¥100"), Unit.FEN),
        (
            BarSeries(Words("new", "新增"), (around(2_310, 300), around(900, 250), around(400, 90))),
            BarSeries(Words("pulled forward", "提前"), (around(1_100, 200), around(700, 120), around(300, 150))),
            BarSeries(Words("taken", "转移"), (around(-800, 200), around(-350, 120), around(650, 150))),
        ),
        stacked,
    )


def heat_map() -> HeatMap:
    xs, ys = tuple(range(0, 1_000_001, 125_000)), tuple(range(0, 1_000_001, 250_000))
    cells = tuple(tuple(around(x // 400 - 900 + y // 1_500, 260) for x in xs) for y in ys)
    return HeatMap(
        Words("What the launching group keeps", "发起方留下多少"),
        Axis(Words("ownership of accepting sales", "受理销售中自有的份额"), Unit.SHARE),
        Axis(Words("breadth of acceptance", "受理的广度"), Unit.SHARE),
        KEPT,
        xs,
        ys,
        cells,
        (
            Spot(Words("Alibaba", "阿里"), 820_000, 700_000, around(1_620, 240)),
            Spot(Words("JD", "京东"), 930_000, 350_000, around(1_650, 300)),
            Spot(Words("Tencent", "腾讯"), 60_000, 900_000, around(-150, 260)),
            Spot(Words("a bank", "银行"), 10_000, 990_000, around(-215, 200)),
        ),
    )


def waterfall() -> Waterfall:
    return Waterfall(
        Words("The gap, part by part", "差距的来源"),
        KEPT,
        Step(Words("Tencent", "腾讯"), around(-150, 100)),
        (
            Step(Words("take on own sales", "自有销售的佣金"), around(1_240, 240)),
            Step(Words("rail fee", "通道费"), around(-120, 40)),
            Step(Words("loss", "损失"), around(360, 210)),
            Step(Words("acquisition", "获客"), around(290, 90)),
        ),
        Step(Words("Alibaba", "阿里"), around(1_620, 200)),
    )


def by_days() -> ByDays:
    return ByDays(
        Words("Purchases without cash in hand", "手中无现金时的购买"),
        Words("days to pay day", "距发薪日天数"),
        Axis(Words("purchases of 1,000", "每千笔中的笔数"), Unit.COUNT),
        (Words("on credit", "用信用"), Words("with a card", "用银行卡")),
        tuple(DayBin(day, (around(310 - 9 * day, 22), around(120 - 3 * day, 14))) for day in range(31)),
        (Mark(0, Words("pay day", "发薪日")),),
    )


def game() -> Game:
    yes, no = Words("launches", "推出"), Words("does not", "不推出")
    return Game(
        Words("Who launches", "谁会推出"),
        (Words("Alibaba", "阿里"), Words("JD", "京东"), Words("Tencent", "腾讯")),
        Axis(Words("net present value a person", "人均净现值"), Unit.FEN),
        (
            Equilibrium((yes, yes, no), around(640_000, 60_000), (around(9_100, 900), around(7_200, 800), around(0, 0))),
            Equilibrium((yes, yes, yes), around(360_000, 60_000), (around(8_000, 900), around(6_900, 800), around(300, 700))),
        ),
    )  # fmt: skip


def targets() -> Targets:
    return Targets(
        Words("Calibration", "校准"),
        (
            Target(Words("sales lift", "销售提升"), Unit.PPM, around(200_000, 20_000), around(207_000, 30_000), "K1"),
            Target(Words("loss of volume", "占交易额损失"), Unit.PPM, around(13_000, 2_000), around(15_500, 900), "K8"),
        ),
    )


def charts() -> tuple[Chart, ...]:
    return (curves(), bars(), bars(stacked=True), heat_map(), waterfall(), by_days(), game(), targets())


def grid() -> Grid:
    """Five axes, invented: own sales bring a take, breadth a fee, free days cost funding."""
    share = tuple(range(0, 1_000_001, 250_000))
    axes = (
        GridAxis("own_sales", Words("own sales", "自有销售"), Unit.SHARE, share),
        GridAxis("breadth", Words("breadth of acceptance", "受理广度"), Unit.SHARE, (0, 500_000, 1_000_000)),
        GridAxis("take", Words("take rate", "佣金率"), Unit.PPM, (0, 25_000, 50_000, 100_000)),
        GridAxis("free_days", Words("free days", "免息天数"), Unit.DAYS, (0, 20, 40)),
        GridAxis("loss", Words("loss of volume", "占交易额损失"), Unit.PPM, (0, 10_000, 30_000)),
    )
    places = [(o, b, t, d, s) for o in axes[0].knots for b in axes[1].knots for t in axes[2].knots
              for d in axes[3].knots for s in axes[4].knots]  # fmt: skip
    parts = (
        GridPart(Words("take on own sales", "自有销售佣金"), tuple(o * t // 10**8 + d for o, _, t, d, _ in places)),
        GridPart(Words("rail fee", "通道费"), tuple(30 + b * 30 // 10**6 for _, b, _, _, _ in places)),
        GridPart(Words("loss", "损失"), tuple(-(s * (150 - o // 10**4) // 15_000) for o, _, _, _, s in places)),
        GridPart(Words("funding", "资金成本"), tuple(-d for _, _, _, d, _ in places)),
    )
    kept = [sum(each) for each in zip(*(part.fen for part in parts), strict=True)]
    return Grid(
        about=Words("credit sales", "赊购"),
        axes=axes,
        presets=(
            GridPreset("alibaba", Words("Alibaba", "阿里"), (800_000, 600_000, 40_000, 25, 9_000)),
            GridPreset("tencent", Words("Tencent", "腾讯"), (50_000, 900_000, 10_000, 0, 16_000)),
        ),
        parts=parts,
        low_fen=tuple(each - 90 for each in kept),
        high_fen=tuple(each + 70 for each in kept),
        along="own_sales",
    )


def result(*, seed: int = 7, people: int = 1_000, name: str = "invented") -> Result:
    return Result(
        name=name,
        title_en="An invented figure",
        title_zh="虚构的图",
        seed=seed,
        people=people,
        months=12,
        draws=40,
        parameters=ParametersUsed("8d969eef6ecad3c2", (Changed("funding_tech", "4.5 %", "3.0 %"),)),
        tables=(
            Table(
                Words("Sales gained by a merchant, net of what was pulled forward", "商家净增的销售"),
                (
                    Column(Words("merchant", "商家")),
                    Column(Words("buyers", "买家"), Unit.COUNT),
                    Column(Words("gained", "净增"), Unit.FEN),
                    Column(Words("fee", "费用"), Unit.FEN),
                    Column(Words("lift", "提升"), Unit.PPM),
                ),
                (
                    (Words("tea house", "茶馆"), 12_340, around(1_234_567, 300_000), 45_678, around(123_400, 20_000)),
                    (Words("book shop", "书店"), 987, around(-4_321, 9_000), 1_234, None),
                ),
            ),
        ),
        charts=charts(),
        paragraphs_en=("Nothing follows from this: the numbers were invented to be drawn.",),
        paragraphs_zh=("这里什么也得不出：数字只是为了画图而虚构。",),
        caveats=(Words("It is not a model at all.", "这根本不是模型。"),),
        findings=(Finding(Words("kept of each ¥100", "每 ¥100 中留下"), Unit.FEN, around(1_620, 240)),),
        verdict=Verdict(
            Words("Ownership is the main reason.", "拥有商城是主因。"),
            Words("its share of the gap", "占差距的份额"),
            Unit.SHARE,
            around(610_000, 70_000),
            500_000,
        ),
        grid=grid(),
    )


def _run(*, seed: int, size: Size, progress: Progress) -> Result:
    for step in range(3):
        progress(step + 1, 3, "drawing")
    return result(seed=seed, people=size.people or 1_000)


INVENTED = Experiment(
    name="invented",
    title_en="An invented figure",
    title_zh="虚构的图",
    run=_run,
    asks_en="Does it draw?",
    asks_zh="画得出来吗？",
    part=Part.QUESTION,
)
