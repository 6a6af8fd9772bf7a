"""Viability: firms that lend without a mall, by what they live on.

The same worlds in which ownership is asked after must find viable what is: a pay-later firm whose merchants pay 2.5 to 6 %
(K8, section 1 of the facts), and a bank with a card's interchange and interest. Then the question that they frame: what
becomes of a lender without a mall who gets 0.6 %.

Each firm is alone beside wallets (and, but for the bank, beside banks' cards), on the street and the web; merchants take it
who pass the tourist test.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits
from florin.lab.chart import Axis, Bars, BarSeries
from florin.lab.compare import compare
from florin.lab.experiments.drawing import each_draw, interval, ppm, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.telling import paragraphs, said
from florin.lab.merchants import brought_share, tourist_test
from florin.lab.parameters import Parameters
from florin.lab.quantity import Unit, Words
from florin.lab.result import Column, Finding, Result, Table
from florin.lab.simulate import Lane, simulate_lane
from florin.lab.surplus import account
from florin.lab.units import MILLION, OfVolume
from florin.lab.world import World, preset_world

LENDER = "huabei"
GUESTS = ("street", "web")

# K8, CFPB 2022, of purchases: what processing costs a pay-later firm, and what it loses; beside what the lab itself finds.
K8_PROCESSING, K8_LOSS = OfVolume(14_700), OfVolume(13_000)
FEES = (OfVolume(6_000), OfVolume(25_000), OfVolume(40_000), OfVolume(60_000))


class Firm(NamedTuple):
    """One firm's year, in fen of each ¥100 of its volume; accepted: the share of guests' merchants who take it."""

    income: float
    loss: float
    funding: float
    costs: float
    accepted: float
    volume: float

    @property
    def profit(self) -> float:
        return self.income + self.loss + self.funding + self.costs

    def at_losses_of(self, loss: OfVolume) -> float:
        """The profit if its losses were these."""
        return self.profit - self.loss - 10_000 * loss.ppm / MILLION


FIRMS = {
    "bank": Words("A bank: 0.45 % interchange, and interest", "银行：0.45%发卡行费加利息"),
    **{
        f"fee-{fee.ppm}": Words(
            f"A lender without a mall: {fee.ppm / 10_000:g} %", f"无商城的放贷方：{fee.ppm / 10_000:g}%"
        )
        for fee in FEES
    },
}


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> dict[str, Firm]:
    base = preset_world(parameters, months=months)
    found = {"bank": _bank(base, people, seed)}
    brought = _brought(base, people, seed)
    for fee in FEES:
        found[f"fee-{fee.ppm}"] = _pay_later(base, people, seed, fee, brought)
    return found


def _bank(base: World, people: Bits, seed: int) -> Firm:
    lane = simulate_lane(base.launch("bank-card"), people, seed)
    return _firm(lane, "bank-card", accepted=1.0, processing=OfVolume(0))


def _pay_later(base: World, people: Bits, seed: int, fee: OfVolume, brought: float) -> Firm:
    world = _guests(base, fee)
    willing = tourist_test(world, world.lender(LENDER), brought)
    lender = world.lender(LENDER)
    world = world.change(LENDER, accepted=lender.accepted * willing)
    guests = [world.market_at(market) for market in GUESTS]
    # What a lender in a wallet pays to move money; a pay-later firm by cards pays K8's.
    processing = K8_PROCESSING if fee.ppm > 6_000 else base.parameters.wallet_processing
    accepted = float(world.lender(LENDER).accepted[guests].mean())
    return _firm(simulate_lane(world, people, seed), LENDER, accepted=accepted, processing=processing)


def _firm(lane: Lane, name: str, *, accepted: float, processing: OfVolume) -> Firm:
    """The issuer's lines of one lender, less what moving the money costs it."""
    lent = lane.met.tender == 1 + lane.world.lender_at(name)
    volume = float(lane.met.price_minor[lent].sum())
    lines = account(lane)
    per = 10_000 / max(volume, 1.0)

    def of(*what: str) -> float:
        return per * sum(lines.what_minor("issuer", each, name) for each in what)

    return Firm(
        income=of("credit fee", "interchange", "network fee", "interest", "penalty", "installment fee", "recovery"),
        loss=of("loss"),
        funding=of("funding"),
        costs=of("serving purchases", "serving lines", "acquisition") - 10_000 * processing.ppm / MILLION,
        accepted=accepted,
        volume=volume,
    )


def _guests(base: World, fee: OfVolume) -> World:
    """One lender without a mall: it knows a wallet's payments, has no grip but its own, and is paid by guests' merchants."""
    world = base.launch("bank-card", LENDER)
    for market in world.markets:
        world = world.accept(LENDER, market, 1.0 if market in GUESTS else 0.0)
    lender = world.lender(LENDER)
    mdr_ppm = world.mdr_ppm.copy()
    # All that a merchant pays is the lender's fee.
    mdr_ppm[:, 1 + world.lender_at(LENDER)] = 0
    world = replace(world, mdr_ppm=mdr_ppm)
    return world.change(
        LENDER,
        group="others",
        credit_fee_ppm=np.full_like(lender.credit_fee_ppm, fee.ppm),
        noise=base.parameters.noise_wallet,
        enforcement=0.0,
    )


def _brought(base: World, people: Bits, seed: int) -> float:
    """What share of its sales merchants would not have had, where all guests took it."""
    having = simulate_lane(_guests(base, OfVolume(0)), people, seed)
    return brought_share(compare(having, simulate_lane(base.launch("bank-card"), people, seed)))


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """Each firm's year."""
    chosen = sized(size, people=5_000, months=13, draws=16)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="firms without a mall"
    )
    profits = {name: interval([each[name].profit for each in drawn]) for name in FIRMS}
    at_k8 = {name: interval([each[name].at_losses_of(K8_LOSS) for each in drawn]) for name in FIRMS if name != "bank"}
    columns = (
        ("Income", "收入", "income"),
        ("Losses", "坏账", "loss"),
        ("Funding", "资金", "funding"),
        ("Costs", "成本", "costs"),
        ("Profit", "利润", "profit"),
    )
    rows = tuple(
        (
            title,
            *(interval([getattr(each[name], field) for each in drawn]) for _, _, field in columns),
            at_k8.get(name),
            ppm([each[name].accepted for each in drawn]),
        )
        for name, title in FIRMS.items()
    )
    table = Table(
        Words("A year, of each ¥100 of its volume", "一年，每¥100交易额"),
        (
            Column(Words("Firm", "机构")),
            *(Column(Words(en, zh), Unit.FEN) for en, zh, _ in columns),
            Column(Words("Profit at American losses (1.30 %)", "按美国坏账（1.30%）的利润"), Unit.FEN),
            Column(Words("Merchants who take it", "受理商户"), Unit.SHARE),
        ),
        rows,
    )
    bars = Bars(
        Words("Profit of each ¥100 of volume", "每¥100交易额的利润"),
        tuple(FIRMS.values()),
        Axis(Words("of each ¥100", "每¥100"), Unit.FEN),
        (BarSeries(Words("at the losses of the lab", "按实验室坏账"), tuple(profits.values())),),
    )
    lives = {name: _lives([each[name].profit for each in drawn]) for name in FIRMS}
    told = {name: said(profit, Unit.FEN) for name, profit in profits.items()}
    american = said(at_k8["fee-40000"], Unit.FEN)
    return Result(
        name="viability",
        title_en="Viability: lending without a mall",
        title_zh="可行性：没有商城的放贷",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(table,),
        charts=(bars,),
        **paragraphs(
            Words(
                f"Of each ¥100 of volume a pay-later firm keeps {told['fee-25000'].en} at a fee of 2.5 % "
                f"({lives['fee-25000'].en}), {told['fee-40000'].en} at 4 % ({lives['fee-40000'].en}) and "
                f"{told['fee-60000'].en} at 6 % ({lives['fee-60000'].en}); with the losses of American firms, at 4 %, "
                f"{american.en}.",
                f"每¥100交易额：先买后付公司在费率2.5%时留下{told['fee-25000'].zh}（{lives['fee-25000'].zh}），"
                f"4%时{told['fee-40000'].zh}（{lives['fee-40000'].zh}），6%时{told['fee-60000'].zh}"
                f"（{lives['fee-60000'].zh}）；若坏账如美国同行，4%时为{american.zh}。",
            ),
            Words(
                f"A bank with interchange of 0.45 % and interest keeps {told['bank'].en}: {lives['bank'].en}. A lender without "
                f"a mall at 0.6 % keeps {told['fee-6000'].en} of its fee, installments and interest: {lives['fee-6000'].en}.",
                f"银行凭0.45%的交换费与利息留下{told['bank'].zh}：{lives['bank'].zh}。"
                f"费率0.6%而无商城者，手续费、分期与利息合计留下{told['fee-6000'].zh}：{lives['fee-6000'].zh}。",
            ),
        ),
        caveats=(
            Words(
                "Losses of the lab are those of Chinese lenders with a wallet's data; a firm that meets strangers loses "
                "more, which the column at American losses shows.",
                "实验室的坏账是拥有钱包数据的中国放贷方的水平；面对陌生人的公司损失更大，见“按美国坏账”一列。",
            ),
            Words("Growth, marketing and taxes are left out.", "未计增长、市场费用与税。"),
        ),
        findings=(
            Finding(
                Words("A pay-later firm at 4 %, of each ¥100", "先买后付公司，费率4%，每¥100"),
                Unit.FEN,
                profits["fee-40000"],
            ),
            Finding(Words("A bank, of each ¥100", "银行，每¥100"), Unit.FEN, profits["bank"]),
            Finding(Words("0.6 % without a mall, of each ¥100", "0.6%且无商城，每¥100"), Unit.FEN, profits["fee-6000"]),
        ),
    )


def _lives(profits: list[float]) -> Words:
    """In how many draws it earns more than it costs; who does so in nine of ten lives, who does not in nine of ten does not."""
    earns, draws = sum(profit > 0 for profit in profits), len(profits)
    if 10 * earns >= 9 * draws:
        return Words(f"it lives, in {earns} of {draws} draws", f"可以存活：{draws}组抽样中有{earns}组")
    if 10 * (draws - earns) >= 9 * draws:
        return Words(
            f"it does not live, in {draws - earns} of {draws} draws", f"无法存活：{draws}组抽样中有{draws - earns}组"
        )
    return Words(f"it lives in {earns} of {draws} draws", f"{draws}组抽样中有{earns}组可以存活")


VIABILITY = Experiment(
    name="viability",
    title_en="Viability: lending without a mall",
    title_zh="可行性：没有商城的放贷",
    run=run,
    asks_en="Can a pay-later firm, a bank, and a lender at 0.6 % live without a mall?",
    asks_zh="没有商城，先买后付公司、银行与0.6%费率的放贷方能否存活？",
)
