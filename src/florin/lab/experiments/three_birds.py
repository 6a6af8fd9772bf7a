"""Three birds: shoppers buy without cash, shops sell more, and banks and card companies are kept out of the mall.

All four programs lend beside each other, against the world in which only banks' cards do. Each bird is one number that could
miss: new sales to people who had not the money; what shops are left with, after goods and every fee, of each ¥100 that is
sold on credit; and the interchange that banks lose in malls whose owners lend. What a shop gains is net: purchases that are
only pulled forward come off later, and what one market takes from another is lost there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits, Flags, Minor, Whole
from florin.lab.chart import Axis, Bars, BarSeries, ByDays, DayBin, Mark
from florin.lab.compare import CREDIT_KINDS, Compared, Kind, classify, compare, days_to_pay_day
from florin.lab.experiments.drawing import each_draw, interval, ppm, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.telling import HOLDS, MARKETS, paragraphs, said
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Result, Table, Verdict, holds
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import Shops, account, shops
from florin.lab.world import MARKETS as PLACES
from florin.lab.world import OWNERS, preset_world

# A market's shops by their margins, from half the mean of their kind to one and a half of it.
THIRDS = (
    Words("the third with the least margins", "毛利最低的三分之一"),
    Words("the middle third", "中间三分之一"),
    Words("the third with the best margins", "毛利最高的三分之一"),
)
KINDS = {
    Kind.NEW: Words("new", "新增"),
    Kind.PULLED_FORWARD: Words("pulled forward", "提前"),
    Kind.FROM_OUTLET: Words("taken from another market", "夺自其他市场"),
    Kind.FROM_TENDER: Words("paid otherwise without it", "原本以其他方式付款"),
}
# The same in the histogram, where two of them are too few for a bar of their own.
_BARS = {
    Words("new", "新增"): (Kind.NEW,),
    Words("pulled forward, or taken from another market", "提前，或夺自其他市场"): (
        Kind.PULLED_FORWARD,
        Kind.FROM_OUTLET,
    ),
    Words("paid otherwise without it", "原本以其他方式付款"): (Kind.FROM_TENDER,),
}
# Malls whose owners lend, and everywhere else.
MALLS = tuple(m for m, market in enumerate(PLACES) if OWNERS[market] in ("ali", "jd"))
ELSEWHERE = tuple(m for m in range(len(PLACES)) if m not in MALLS)
ALI = tuple(m for m, market in enumerate(PLACES) if OWNERS[market] == "ali")


class Gained(NamedTuple):
    """What credit did to shops, (market, third), in fen: sales on credit; sales, margins on them, fees for being paid and the
    malls' take, each with credit less without.
    """

    volume: Minor
    sales: Minor
    earned: Minor
    paying: Minor
    mall: Minor

    def left(self) -> Minor:
        return self.earned - self.paying - self.mall


class Drawn(NamedTuple):
    """One draw. short_days: (kind, day) orders on credit by people who had not the money, by days to their pay day. alone:
    Ali's malls where nobody else lends beside banks. banks: what they gain as issuers, fen. person_years: of the run.
    """

    compared: Compared
    short_days: Whole
    short_share: float
    gained: Gained
    alone: float
    interchange_ppm: int
    banks: float
    person_years: float


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Drawn:
    world = preset_world(parameters, months=months)
    lacking = simulate_lane(world.launch("bank-card"), people, seed)
    having = simulate_lane(world, people, seed)
    alone = compare(simulate_lane(world.launch("bank-card", "huabei"), people, seed), lacking)
    kinds = classify(having, lacking)
    short = (kinds > 0) & having.met.no_cash
    at = kinds[short].astype(np.int64) * 31 + days_to_pay_day(having)[short]
    card = next(lender for lender in world.lenders if lender.is_card)
    return Drawn(
        compared=compare(having, lacking),
        short_days=np.bincount(at, minlength=len(Kind) * 31).reshape(len(Kind), 31),
        short_share=float(short.sum() / max(int((kinds > 0).sum()), 1)),
        gained=gained(having, lacking, kinds > 0),
        alone=_of_100(_net(alone, ALI), _credit(alone, ALI)),
        interchange_ppm=round(card.program.terms_on(world.begins_on).interchange_rate * 1_000_000),
        banks=float((account(having) - account(lacking)).party_minor("issuer", card.name)),
        person_years=len(people) * months / 12,
    )


def gained(having: Lane, lacking: Lane, on_credit: Flags) -> Gained:
    """What credit did to shops by market and margin. on_credit: which needs were met on the credit in question."""
    given, missed = shops(having), shops(lacking)

    def change(name: str) -> Minor:
        return _by_shop(given, getattr(given, name)) - _by_shop(missed, getattr(missed, name))

    price, before = having.met.price_minor[given.at], lacking.met.price_minor[missed.at]
    return Gained(
        volume=_by_shop(given, np.where(on_credit[given.at], price, 0)),
        sales=_by_shop(given, price) - _by_shop(missed, before),
        earned=change("earned"),
        paying=change("paying"),
        mall=change("mall"),
    )


def _by_shop(found: Shops, amounts: Minor) -> Minor:
    """Sums by market and third."""
    sums = np.zeros((len(PLACES), len(THIRDS)), dtype=np.int64)
    third = np.minimum((found.merchant * len(THIRDS)).astype(np.intp), len(THIRDS) - 1)
    np.add.at(sums, (found.market, third), amounts)
    return sums


def _net(compared: Compared, markets: tuple[int, ...]) -> int:
    at = list(markets)
    return int(compared.with_minor[at].sum() - compared.without_minor[at].sum())


def _credit(compared: Compared, markets: tuple[int, ...]) -> int:
    return int(compared.volume_minor[list(CREDIT_KINDS)][:, list(markets)].sum())


def _of_100(minor: float, volume: float) -> float:
    """Fen of each ¥100 of a volume."""
    return 10_000 * minor / volume if volume else 0.0


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The three birds, by pay day, by shop and by tender."""
    chosen = sized(size, people=2_500, months=12, draws=10)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="worlds with and without credit"
    )
    left = _each(drawn, lambda each: _of_100(each.gained.left().sum(), each.gained.volume.sum()))
    short_new = _each(drawn, lambda each: _per_thousand(int(each.short_days[Kind.NEW].sum()), each))
    lost = ppm([_lost_share(each, MALLS) for each in drawn])
    lost_elsewhere = ppm([_lost_share(each, ELSEWHERE) for each in drawn])
    verdict = Verdict(
        claim=Words(
            "Shops gain more from credit at checkout than they pay for it.",
            "结账信用给商户带来的，多于商户为它付出的。",
        ),
        measure=Words(
            "left to shops, after goods and all fees, of each ¥100 sold on credit",
            "每¥100信用销售，扣除货本与各项费用后商户所余",
        ),
        unit=Unit.FEN,
        found=left,
        threshold=0,
    )
    return Result(
        name="three-birds",
        title_en="Three birds: who gains at the checkout",
        title_zh="一石三鸟：结账处谁得利",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(
            _birds_table(short_new, left, lost),
            _kinds_table(drawn),
            _shops_table(drawn),
            _cards_table(drawn),
        ),
        charts=(_short_chart(drawn), _shops_chart(drawn)),
        **paragraphs(*_told(drawn, verdict, short_new, lost, lost_elsewhere)),
        caveats=(
            Words(
                "A need meets one shop in each market, so shops take sales from other markets and never from the shop next "
                "door; what a single shop would gain by being the only one to accept is larger than what is shown.",
                "每个需求在每个市场只遇到一家店，商户只会从其他市场而不会从隔壁同行夺取销售；只有自己一家受理时，单店所得会大于此处。",
            ),
            Words(
                "Shops do not change their prices here, and who sells at a loss does not leave.",
                "此处商户不改价，亏本的商户也不退出。",
            ),
            Words(
                "Cards are banks' credit cards; debit cards behind the wallets are within what moving money costs.",
                "卡指银行信用卡；钱包背后的借记卡及其费用已计入资金通道成本。",
            ),
        ),
        findings=(
            Finding(
                Words("New orders without cash, per 1,000 people and year", "无现金新增订单，每千人每年"), Unit.COUNT, short_new
            ),
            Finding(Words("Left to shops of each ¥100 on credit", "每¥100信用销售商户所余"), Unit.FEN, left),
            Finding(Words("Interchange that banks lose in malls that lend", "银行在放贷商城失去的交换费"), Unit.SHARE, lost),
        ),
        verdict=verdict,
    )  # fmt: skip


def _each(drawn: list[Drawn], number: Callable[[Drawn], float]) -> Interval:
    return interval([number(each) for each in drawn])


def _per_thousand(count: int, each: Drawn) -> float:
    return 1_000 * count / each.person_years


def _lost_share(each: Drawn, markets: tuple[int, ...]) -> float:
    """Of the card sales of the world without, those that are not in the world with."""
    cards = each.compared.by_tender_minor[:, 1][:, list(markets)].sum(axis=1)
    return float(1 - cards[1] / max(int(cards[0]), 1))


# ---------------------------------------------------------------- figures


def _birds_table(short_new: Interval, left: Interval, lost: Interval) -> Table:
    def row(bird: Words, value: Interval, unit: Unit) -> tuple[Words, Words, Words]:
        return bird, said(value, unit), HOLDS[holds(value, above=0)]

    return Table(
        Words("The three birds, each a number above zero if it is hit", "三只鸟：命中则大于零"),
        (Column(Words("Bird", "鸟")), Column(Words("found", "结果")), Column(Words("hit", "命中"))),
        (
            row(
                Words(
                    "shoppers: new orders without the cash for them, per 1,000 people and year",
                    "消费者：没有现金的新增订单，每千人每年",
                ),
                short_new,
                Unit.COUNT,
            ),
            row(
                Words("shops: left of each ¥100 sold on credit, after all fees", "商户：每¥100信用销售，扣除各项费用后所余"),
                left,
                Unit.FEN,
            ),
            row(
                Words("banks kept out: card sales lost in malls that lend", "银行被挡在门外：放贷商城中失去的卡交易"),
                lost,
                Unit.PPM,
            ),
        ),
    )  # fmt: skip


def _kinds_table(drawn: list[Drawn]) -> Table:
    def share(each: Drawn, kind: Kind, m: int) -> float:
        return float(each.compared.volume_minor[kind, m] / max(_credit(each.compared, (m,)), 1))

    def lost(each: Drawn, m: int) -> float:
        taken = each.compared.from_minor[m].sum() + each.compared.crowded_out_minor[m]
        return float(taken / max(_credit(each.compared, (m,)), 1))

    return Table(
        Words("What a sale on credit is, without it", "一笔信用销售，若无信用会怎样"),
        (
            Column(Words("Market", "市场")),
            *(Column(title, Unit.SHARE) for title in KINDS.values()),
            Column(Words("lost to other markets, or undone", "流失到其他市场或取消"), Unit.SHARE),
        ),
        tuple(
            (
                MARKETS[market],
                *(ppm([share(each, kind, m) for each in drawn]) for kind in KINDS),
                ppm([lost(each, m) for each in drawn]),
            )
            for m, market in enumerate(PLACES)
        ),
    )


def _shops_table(drawn: list[Drawn]) -> Table:
    def cell(name: str, m: int, third: int) -> Interval:
        def of(each: Drawn) -> float:
            amounts = each.gained.left() if name == "left" else getattr(each.gained, name)
            return _of_100(amounts[m, third], each.gained.volume[m, third])

        return _each(drawn, of)

    names = {
        "sales": Words("sales gained, net", "净增销售"),
        "earned": Words("earned on them", "其毛利"),
        "paying": Words("more fees for being paid", "支付费用增加"),
        "mall": Words("more to the mall", "平台抽成增加"),
        "left": Words("left", "所余"),
    }
    return Table(
        Words("Shops, per ¥100 of their credit sales", "商户：每¥100信用销售"),
        (
            Column(Words("Market", "市场")),
            Column(Words("Shops", "商户")),
            *(Column(title, Unit.FEN) for title in names.values()),
        ),
        tuple(
            (MARKETS[market], title, *(cell(name, m, third) for name in names))
            for m, market in enumerate(PLACES)
            for third, title in enumerate(THIRDS)
        ),
    )


def _cards_table(drawn: list[Drawn]) -> Table:
    def share(each: Drawn, world: int, markets: tuple[int, ...]) -> float:
        sales = each.compared.by_tender_minor[world][:, list(markets)]
        return float(sales[1].sum() / max(int(sales.sum()), 1))

    def interchange(each: Drawn, world: int, markets: tuple[int, ...]) -> float:
        cards = int(each.compared.by_tender_minor[world, 1, list(markets)].sum())
        return 1_000 * cards * each.interchange_ppm / 1_000_000 / each.person_years

    groups = {
        Words("malls whose owners lend", "业主放贷的商城"): MALLS,
        **{MARKETS[PLACES[m]]: (m,) for m in (*MALLS, *ELSEWHERE)},
        Words("all markets", "全部市场"): tuple(range(len(PLACES))),
    }
    return Table(
        Words("Banks' cards", "银行信用卡"),
        (
            Column(Words("Market", "市场")),
            Column(Words("share of sales without", "无信用时占销售"), Unit.SHARE),
            Column(Words("with", "有信用时"), Unit.SHARE),
            Column(Words("interchange without, per 1,000 people and year", "无信用时交换费，每千人每年"), Unit.FEN),
            Column(Words("with", "有信用时"), Unit.FEN),
            Column(Words("lost", "失去"), Unit.PPM),
        ),
        tuple(
            (
                title,
                ppm([share(each, 0, markets) for each in drawn]),
                ppm([share(each, 1, markets) for each in drawn]),
                interval([interchange(each, 0, markets) for each in drawn]),
                interval([interchange(each, 1, markets) for each in drawn]),
                ppm([_lost_share(each, markets) for each in drawn]),
            )
            for title, markets in groups.items()
        ),
    )


def _short_chart(drawn: list[Drawn]) -> ByDays:
    def cell(kinds: tuple[Kind, ...], day: int) -> Interval:
        return _each(drawn, lambda each: _per_thousand(int(each.short_days[list(kinds), day].sum()), each))

    return ByDays(
        Words("Orders on credit without the cash for them", "没有现金的信用订单"),
        Words("days to pay day", "距发薪日天数"),
        Axis(Words("per 1,000 people and year", "每千人每年"), Unit.COUNT),
        tuple(_BARS),
        tuple(DayBin(day, tuple(cell(kinds, day) for kinds in _BARS.values())) for day in range(31)),
        marks=(Mark(0, Words("pay day", "发薪日")),),
    )


def _shops_chart(drawn: list[Drawn]) -> Bars:
    def cell(m: int, third: int) -> Interval:
        return _each(drawn, lambda each: _of_100(each.gained.left()[m, third], each.gained.volume[m, third]))

    return Bars(
        Words("Left to shops of each ¥100 sold on credit", "每¥100信用销售商户所余"),
        tuple(MARKETS[market] for market in PLACES),
        Axis(Words("of each ¥100", "每¥100"), Unit.FEN),
        tuple(
            BarSeries(title, tuple(cell(m, third) for m in range(len(PLACES)))) for third, title in enumerate(THIRDS)
        ),
    )


# ---------------------------------------------------------------- sentences


def _told(
    drawn: list[Drawn], verdict: Verdict, short_new: Interval, lost: Interval, lost_elsewhere: Interval
) -> tuple[Words, ...]:
    short = said(ppm([each.short_share for each in drawn]), Unit.SHARE)

    def between(first: int, last: int) -> Interval:
        return _each(drawn, lambda each: _per_thousand(int(each.short_days[:, first : last + 1].sum()), each))

    new, before, after = (
        said(short_new, Unit.COUNT),
        said(between(1, 10), Unit.COUNT),
        said(between(21, 30), Unit.COUNT),
    )
    left, gone, elsewhere = said(verdict.found, Unit.FEN), said(lost, Unit.PPM), said(lost_elsewhere, Unit.PPM)
    together = _each(drawn, lambda each: _of_100(_net(each.compared, ALI), _credit(each.compared, ALI)))
    alone = _each(drawn, lambda each: each.alone)
    shared, single = said(together, Unit.FEN), said(alone, Unit.FEN)
    losers = _losers(drawn)
    banks = said(_each(drawn, lambda each: 1_000 * each.banks / each.person_years), Unit.FEN)
    return (
        Words(
            f"Of all orders on credit, {short.en} are by people who have not the money at hand: {before.en} per 1,000 people "
            f"and year in the ten days before pay day, {after.en} in the ten days after it. {new.en} of them are new: "
            f"without credit they would never have been made.",
            f"全部信用订单中，{short.zh}来自手头没有这笔钱的人：每千人每年，发薪前十天{before.zh}单，发薪后十天{after.zh}单。"
            f"其中{new.zh}单是新增的：没有信用就不会有。",
        ),
        Words(
            f"Of each ¥100 sold on credit shops are left with {left.en} after goods and every fee; that they gain more than "
            f"they pay is {HOLDS[verdict.holds].en}. {losers.en} Where Ali alone lends, its malls' sales rise by {single.en} "
            f"for each ¥100 of credit sales; where all lend, by {shared.en}.",
            f"每¥100信用销售，扣除货本与各项费用后商户余{left.zh}；“商户所得多于所付”{HOLDS[verdict.holds].zh}。{losers.zh}"
            f"只有阿里放贷时，其商城每¥100信用销售净增{single.zh}；各家都放贷时为{shared.zh}。",
        ),
        Words(
            f"Banks lose {gone.en} of their card sales, and the interchange on them, in malls whose owners lend, and "
            f"{elsewhere.en} everywhere else. With interest, losses and funding counted too, their cards' result changes by "
            f"{banks.en} per 1,000 people and year.",
            f"在业主放贷的商城，银行失去{gone.zh}的卡交易及其交换费；在其他地方失去{elsewhere.zh}。"
            f"连同利息、坏账与资金成本，银行卡业务的损益变化为每千人每年{banks.zh}。",
        ),
    )


def _losers(drawn: list[Drawn]) -> Words:
    """Which shops only pay: those whose mean is below zero."""
    found = [
        (MARKETS[PLACES[m]], THIRDS[third])
        for m in range(len(PLACES))
        for third in range(len(THIRDS))
        if np.mean([_of_100(each.gained.left()[m, third], each.gained.volume[m, third]) for each in drawn]) < 0
    ]
    if not found:
        return Words("On the mean no third of any market's shops loses.", "平均而言，没有哪个市场的哪一类商户受损。")
    en = "; ".join(f"{market.en}, {third.en}" for market, third in found)
    zh = "；".join(f"{market.zh}{third.zh}" for market, third in found)
    return Words(f"On the mean these only pay: {en}.", f"平均而言只付不得的有：{zh}。")


THREE_BIRDS = Experiment(
    name="three-birds",
    title_en="Three birds: who gains at the checkout",
    title_zh="一石三鸟：结账处谁得利",
    run=run,
    asks_en="When malls lend at checkout, do people buy without cash, do shops gain more than they pay, are banks kept out?",
    asks_zh="商城在结账处放贷时，人们是否无现金也买、商户是否得大于付、银行是否被挡在门外？",
)
