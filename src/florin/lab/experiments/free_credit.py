"""Free credit: above which take rate days free of interest pay for themselves, where credit is sold in the lender's own malls.

One program lends beside banks' cards, in Ali's malls alone. Its days are free, as Huabei's are, or it bears interest from the
day of purchase, or there is no such program. Free days cost their float and the interest that nobody pays; they bring sales,
of which the mall takes its share. Malls take nothing in the simulated worlds, and a take rate is then priced on what was
sold, so the profit is a line in the take rate for each draw, and the break-even is where it crosses zero.

The theory (*A platform's credit-offering strategy*, IEEE TSMC 2022): with independent sellers a platform never offers free
credit when its revenue share is low, and with a higher share may, without hurting the sellers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits
from florin.lab.chart import Axis, Curve, Curves, Mark, Point
from florin.lab.experiments.drawing import each_draw, interval, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.sliders import with_free_days
from florin.lab.experiments.telling import HOLDS, paragraphs, said
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Result, Table, Verdict
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import Accounts, account, shops
from florin.lab.units import MILLION, OfVolume, parts_minor
from florin.lab.world import World, preset_world

LENDER, GROUP = "huabei", "ali"
RIVALS = ("baitiao-bill", "fenfu")
FREE, BEARING = 25, 0  # mean days free

TAKES = tuple(OfVolume(percent * 10_000) for percent in range(13))
# Never, as a threshold: a take of the whole price.
NEVER = OfVolume(MILLION)

# What the presets' malls take, all together, at the likeliest value: advertising, software fee and commission.
TAOBAO, TMALL = OfVolume(36_000), OfVolume(71_000)

# The back of an envelope (facts 4.3): of a lift of 20 % a sixth of credit sales is incremental; float of 24.7 days costs this
# share of them at 3 %, 4.5 % and 6 % a year.
_LIFT, _FLOAT = 0.20, (0.0020, 0.0031, 0.0041)

FEES = {
    "fee": Words("with the merchants' fee for credit, 0.6 %", "含商户信用手续费0.6%"),
    "none": Words("without any fee from merchants", "不含商户手续费"),
}


class Free(NamedTuple):
    """What free days change against another world, in fen. sales: in own malls, on any tender; volume: on
    credit; sellers: margins less fees for being paid, at a take of nothing; whole: of the world.

    group: what the lender's group gains as issuer, rail and mall, at a take of nothing and without merchants' fee for credit;
    fee: that fee. parts: the group's, by name. mall_sales: with free days.
    """

    sales: int
    volume: int
    mall_sales: int
    credit_sales: int
    group: int
    fee: int
    sellers: int
    consumers: int
    whole: int
    parts: dict[str, int]

    def gain(self, take: OfVolume, *, with_fee: bool) -> int:
        """What the group gains by free days."""
        return self.group + with_fee * self.fee + parts_minor(self.sales, take.ppm)

    def sellers_gain(self, take: OfVolume) -> int:
        return self.sellers - parts_minor(self.sales, take.ppm)

    def threshold(self, *, with_fee: bool) -> float:
        """The take rate at which free days pay, as a share; `NEVER` where more is not sold."""
        if self.sales <= 0:
            return NEVER.ppm / MILLION
        return min(-(self.group + with_fee * self.fee) / self.sales, NEVER.ppm / MILLION)


PARTS = {
    "interest": Words("interest and penalties", "利息与罚息"),
    "installment fee": Words("fees of installments", "分期手续费"),
    "loss": Words("losses", "坏账"),
    "funding": Words("funding", "资金成本"),
    "costs": Words("operation and acquisition", "运营与获客"),
    "rail": Words("other fees for paying", "其他支付手续费"),
    "serving": Words("serving more sales in the mall", "商城多售之服务成本"),
}


class Drawn(NamedTuple):
    """Free days against interest from the day of purchase, alone and where rivals lend too; and against no such credit."""

    bearing: Free
    rivals: Free
    nothing: Free


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Drawn:
    def lived(free: int, *rivals: str) -> Lane:
        return simulate_lane(own_malls(parameters, months=months, free=free, rivals=rivals), people, seed)

    free, cards = lived(FREE), own_malls(parameters, months=months, free=FREE).launch("bank-card")
    return Drawn(
        bearing=freed(free, lived(BEARING)),
        rivals=freed(lived(FREE, *RIVALS), lived(BEARING, *RIVALS)),
        nothing=freed(free, simulate_lane(cards, people, seed)),
    )


def own_malls(parameters: Parameters, *, months: int, free: int, rivals: tuple[str, ...] = ()) -> World:
    """One program beside banks' cards, and rivals', taken in its owner's malls and nowhere else; malls take nothing."""
    world = preset_world(parameters, months=months).launch("bank-card", LENDER, *rivals)
    for market, owner in zip(world.markets, world.owners, strict=True):
        if owner != GROUP:
            world = world.accept(LENDER, market, 0.0)
    world = world.change(LENDER, program=with_free_days(world.lender(LENDER).program, free))
    return replace(
        world,
        commission_ppm=np.zeros_like(world.commission_ppm),
        software_ppm=np.zeros_like(world.software_ppm),
        ads_ppm=np.zeros_like(world.ads_ppm),
    )


def freed(free: Lane, bearing: Lane) -> Free:
    """What free days change."""
    world = free.world
    change: Accounts = account(free) - account(bearing)

    def issuer(*names: str) -> int:
        return sum(change.what_minor("issuer", name, LENDER) for name in names)

    own = [m for m, owner in enumerate(world.owners) if owner == GROUP]
    tender = 1 + world.lender_at(LENDER)
    mall_sales, credit_sales = (
        [int(lane.met.price_minor[chosen(lane)].sum()) for lane in (free, bearing)]
        for chosen in (lambda lane: np.isin(lane.met.market, own), lambda lane: lane.met.tender == tender)
    )
    sales = mall_sales[0] - mall_sales[1]
    parts = {
        "interest": issuer("interest", "penalty", "recovery"),
        "installment fee": issuer("installment fee"),
        "loss": issuer("loss"),
        "funding": issuer("funding"),
        "costs": issuer("serving purchases", "serving lines", "acquisition"),
        "rail": change.party_minor("rail", GROUP),
        "serving": -parts_minor(sales, world.parameters.mall_cost.ppm),
    }
    return Free(
        sales=sales,
        volume=credit_sales[0] - credit_sales[1],
        mall_sales=mall_sales[0],
        credit_sales=credit_sales[0],
        group=sum(parts.values()),
        fee=issuer("credit fee"),
        sellers=sum(
            sign * int(found.left()[np.isin(found.market, own)].sum())
            for sign, found in ((1, shops(free)), (-1, shops(bearing)))
        ),
        consumers=change.party_minor("consumers"),
        whole=change.whole_minor,
        parts=parts,
    )


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The gain of free days by take rate, where it begins, and who else gains."""
    chosen = sized(size, people=2_000, months=12, draws=10)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="free days and interest"
    )
    bearing, nothing = [each.bearing for each in drawn], [each.nothing for each in drawn]
    with_fee, without = thresholds(bearing, with_fee=True), thresholds(bearing, with_fee=False)
    verdict = Verdict(
        claim=Words(
            "With independent sellers, a platform that lives on its revenue share alone does not offer free credit when that "
            "share is low (IEEE TSMC 2022).",
            "面对独立卖家、只靠收入分成的平台，分成低时不会提供免息信用（IEEE TSMC 2022）。",
        ),
        measure=Words(
            "take rate from which free days pay, without any fee from merchants",
            "不含商户手续费时，免息回本所需的抽成率",
        ),
        unit=Unit.PPM,
        found=without,
        threshold=0,
    )
    return Result(
        name="free-credit",
        title_en="Free credit: the take rate it needs",
        title_zh="免息信用：需要多高的抽成",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(_thresholds_table(drawn), _takes_table(drawn), _parts_table(drawn)),
        charts=(_chart(drawn),),
        **paragraphs(*_told(drawn, verdict, with_fee)),
        caveats=(
            Words(
                "Rivals do not answer free days with free days, sellers do not raise prices for a higher take, and what people "
                "buy does not depend on the take.",
                "对手不会以免息回应免息，卖家不会因抽成提高而涨价，人们的购买与抽成无关。",
            ),
            Words(
                "What free days are worth to people is the interest until the bill, and nothing more: that free sounds better "
                "than cheap, or that nobody would take up a line that bears interest, is not in it.",
                "免息对人们的价值只按到账单日的利息计算；“免费”比“便宜”更动听、计息的额度无人愿开，都不在其中。",
            ),
            Words(
                "Thresholds are quotients; where free days hardly change sales they are far away. Their middle is the median.",
                "回本抽成是商；免息几乎不改变销售时会很远，因此取中位数为中值。",
            ),
        ),
        findings=(
            Finding(
                Words("Take rate from which free days pay, without a fee", "不含手续费时免息回本的抽成"),
                Unit.PPM,
                without,
            ),
            Finding(Words("the same, with the merchants' 0.6 %", "同上，含商户0.6%手续费"), Unit.PPM, with_fee),
            Finding(
                Words("against no such credit at all, without a fee", "与完全没有该信用相比，不含手续费"),
                Unit.PPM,
                thresholds(nothing, with_fee=False),
            ),
        ),
        verdict=verdict,
    )


def thresholds(drawn: list[Free], *, with_fee: bool) -> Interval:
    """The break-even take rate: median, and middle nine tenths of the draws, in parts per million."""
    found = [each.threshold(with_fee=with_fee) * MILLION for each in drawn]
    low, mid, high = (round(float(each)) for each in np.quantile(found, [0.05, 0.5, 0.95]))
    return Interval(low, mid, high)


def _lift(found: list[Free]) -> Interval:
    return interval([MILLION * each.sales / max(each.mall_sales - each.sales, 1) for each in found])


def _mean_of_100(found: list[Free], number: Callable[[Free], float]) -> Interval:
    """Fen of each ¥100 that own malls sell."""
    return interval([_of_100(number(each), each) for each in found])


def _of_100(minor: float, each: Free) -> float:
    return 10_000 * minor / max(each.mall_sales, 1)


# ---------------------------------------------------------------- figures


AGAINST = {
    "bearing": Words("against interest from the day of purchase", "与自购买日起计息相比"),
    "rivals": Words("the same, where rivals lend too", "同上，且对手也放贷"),
    "nothing": Words("against no such credit at all", "与完全没有该信用相比"),
}


def _chart(drawn: list[Drawn]) -> Curves:
    def curve(against: str, *, with_fee: bool) -> Curve:
        found = [getattr(each, against) for each in drawn]
        fee = FEES["fee" if with_fee else "none"]
        return Curve(
            Words(f"{AGAINST[against].en}, {fee.en}", f"{AGAINST[against].zh}，{fee.zh}"),
            tuple(
                Point(take.ppm, _mean_of_100(found, partial(Free.gain, take=take, with_fee=with_fee))) for take in TAKES
            ),
        )

    return Curves(
        Words("What free days bring the group", "免息给集团带来什么"),
        Axis(Words("Take rate of own malls", "自有平台抽成"), Unit.PPM),
        Axis(Words("gain of each ¥100 sold there", "每¥100成交的得失"), Unit.FEN),
        (
            curve("bearing", with_fee=False),
            curve("bearing", with_fee=True),
            curve("nothing", with_fee=False),
            curve("nothing", with_fee=True),
        ),
        marks=(
            Mark(TAOBAO.ppm, Words("Taobao's ads and software fee", "淘宝广告与软件服务费")),
            Mark(TMALL.ppm, Words("Tmall's, with commission", "天猫，含佣金")),
        ),
    )


def _thresholds_table(drawn: list[Drawn]) -> Table:
    incremental = _LIFT / (1 + _LIFT)
    envelope = Interval(*(round(share / incremental * MILLION) for share in _FLOAT))
    return Table(
        Words("Take rate from which free days pay; below zero: at any", "免息回本所需的抽成；为负则任何抽成都回本"),
        (
            Column(Words("Against", "相比于")),
            Column(FEES["none"], Unit.PPM),
            Column(FEES["fee"], Unit.PPM),
            Column(Words("what they add to own malls' sales", "自有商城销售增量"), Unit.PPM),
        ),
        (
            *(
                (
                    title,
                    thresholds([getattr(each, against) for each in drawn], with_fee=False),
                    thresholds([getattr(each, against) for each in drawn], with_fee=True),
                    _lift([getattr(each, against) for each in drawn]),
                )
                for against, title in AGAINST.items()
            ),
            (
                Words(
                    "the back of an envelope: float of 24.7 days at 3 %, 4.5 %, 6 % by the sixth of sales that a lift of 20 % "
                    "adds",
                    "粗略估算：24.7天浮存按3%、4.5%、6%计，除以20%提升带来的六分之一增量",
                ),
                envelope,
                None,
                round(_LIFT * MILLION),
            ),
        ),
    )


def _takes_table(drawn: list[Drawn]) -> Table:
    bearing = [each.bearing for each in drawn]

    def row(take: OfVolume) -> tuple[int, Interval, Interval, Interval]:
        return (
            take.ppm,
            _mean_of_100(bearing, lambda each: each.gain(take, with_fee=False)),
            _mean_of_100(bearing, lambda each: each.gain(take, with_fee=True)),
            _mean_of_100(bearing, lambda each: each.sellers_gain(take)),
        )

    return Table(
        Words("Free days against interest, per ¥100 sold in own malls", "免息与计息之差：自有商城每¥100成交"),
        (
            Column(Words("Take rate", "抽成"), Unit.PPM),
            Column(Words("group, without a fee", "集团，不含手续费"), Unit.FEN),
            Column(Words("group, with 0.6 %", "集团，含0.6%"), Unit.FEN),
            Column(Words("sellers, after 0.6 %", "卖家，付0.6%后"), Unit.FEN),
        ),
        tuple(row(take) for take in TAKES[::2]),
    )


def _parts_table(drawn: list[Drawn]) -> Table:
    worlds = [[getattr(each, against) for each in drawn] for against in AGAINST]

    def row(title: Words, number: Callable[[Free], float]) -> tuple[Words, *tuple[Interval, ...]]:
        return (title, *(_mean_of_100(found, number) for found in worlds))

    return Table(
        Words(
            "What free days change at a take of nothing, per ¥100 sold in own malls",
            "抽成为零时免息的得失：自有商城每¥100成交",
        ),
        (Column(Words("Part", "部分")), *(Column(title, Unit.FEN) for title in AGAINST.values())),
        (
            *(row(title, partial(_part, name)) for name, title in PARTS.items()),
            row(Words("merchants' fee for credit", "商户信用手续费"), lambda each: each.fee),
            row(Words("the group, all these", "集团合计"), lambda each: each.group + each.fee),
            row(Words("sellers", "卖家"), lambda each: each.sellers),
            row(Words("shoppers", "消费者"), lambda each: each.consumers),
        ),
    )


def _part(name: str, each: Free) -> float:
    return each.parts[name]


# ---------------------------------------------------------------- sentences


def _told(drawn: list[Drawn], verdict: Verdict, with_fee: Interval) -> tuple[Words, ...]:
    bearing, nothing = [each.bearing for each in drawn], [each.nothing for each in drawn]
    without, fee, lift = said(verdict.found, Unit.PPM), said(with_fee, Unit.PPM), said(_lift(bearing), Unit.PPM)
    forgone = said(_mean_of_100(bearing, lambda each: -each.parts["interest"]), Unit.FEN)
    hurt = _sellers(bearing)
    never = sum(each.threshold(with_fee=False) >= TAKES[-1].ppm / MILLION for each in bearing)
    beyond = _beyond(verdict.found)
    at_none, all_lift = said(thresholds(nothing, with_fee=False), Unit.PPM), said(_lift(nothing), Unit.PPM)
    return (
        Words(
            f"Against interest from the day of purchase, free days raise the sales of own malls by {lift.en}. Without any fee "
            f"from merchants they pay from a take of {without.en} on; with the merchants' 0.6 % from {fee.en} on. That a "
            f"platform with a low share does not offer them is {HOLDS[verdict.holds].en}.",
            f"与自购买日起计息相比，免息使自有商城销售提高{lift.zh}。不含商户手续费时，抽成从{without.zh}起回本；"
            f"含0.6%手续费时从{fee.zh}起。“分成低的平台不提供免息”{HOLDS[verdict.holds].zh}。",
        ),
        Words(
            f"They give up {forgone.en} of interest on each ¥100 sold there. In {never} of {len(drawn)} draws no take up to "
            f"{TAKES[-1].ppm // 10_000} % pays for them. {hurt.en}{beyond.en}",
            f"免息每¥100成交放弃利息{forgone.zh}。{len(drawn)}组抽样中有{never}组，抽成高至"
            f"{TAKES[-1].ppm // 10_000}%也不回本。{hurt.zh}{beyond.zh}",
        ),
        Words(
            f"Against no such credit at all, free credit raises those sales by {all_lift.en} and pays from a take of "
            f"{at_none.en} on. The back of an envelope, which knows the float and a lift of 20 % and neither losses nor the "
            f"installments that are sold with it, says {_FLOAT[0] * 600:.1f} % to {_FLOAT[2] * 600:.1f} %.",
            f"与完全没有该信用相比，免息信用使销售提高{all_lift.zh}，抽成从{at_none.zh}起回本。粗略估算只知浮存与20%的提升，"
            f"不知坏账，也不知随之卖出的分期，得出{_FLOAT[0] * 6:.1%}至{_FLOAT[2] * 6:.1%}。",
        ),
    )


def _beyond(threshold: Interval) -> Words:
    """What Huabei itself says against the model: it is free at the takes of the presets."""
    if threshold.low <= TMALL.ppm:
        return Words("", "")
    takes = f"{TAOBAO.ppm / 10_000:.1f} %", f"{TMALL.ppm / 10_000:.1f} %"
    return Words(
        f" Huabei is free at takes of {takes[0]} to {takes[1]}, where by the lab it would earn more by interest: what makes it "
        f"free is not in the model.",
        f"花呗在{takes[0]}至{takes[1]}的抽成下免息，而按实验室计息更划算：使它免息的原因不在模型之中。",
    )


def _sellers(found: list[Free]) -> Words:
    """Up to which take sellers gain on the mean."""
    gains = [take for take in TAKES if np.mean([_of_100(each.sellers_gain(take), each) for each in found]) > 0]
    if not gains:
        return Words("Sellers lose by them at any take.", "无论抽成多少，卖家都受损。")
    most = gains[-1].ppm // 10_000
    return Words(
        f"On the mean sellers gain by them at any take up to {most} %.",
        f"平均而言，抽成不超过{most}%时卖家都因免息得利。",
    )


FREE_CREDIT = Experiment(
    name="free-credit",
    title_en="Free credit: the take rate it needs",
    title_zh="免息信用：需要多高的抽成",
    run=run,
    asks_en="Above which take rate of its malls do days free of interest pay for themselves?",
    asks_zh="自有平台抽成高于多少时，免息天数能够回本？",
)
