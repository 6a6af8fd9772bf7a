"""Did not follow: why the largest messenger, long, did not lend, if lending at checkout is so good a business.

The launch game says who launches; the gap between Alibaba's launch and Tencent's is then taken apart, and Tencent is given
a mall, bought (JD's) or built (on the web's shops), to see whether it would have followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from florin.lab.arrays import Bits
from florin.lab.chart import Axis, Bars, BarSeries, Equilibrium, Step, Waterfall
from florin.lab.chart import Game as GameChart
from florin.lab.experiments.drawing import about, each_draw, interval, sized, used
from florin.lab.experiments.experiment import Experiment, Progress, Size
from florin.lab.experiments.gap import PARTS, Gap, gap
from florin.lab.experiments.launching import PLAYERS, Game, Move, Profile, play, present_value
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Finding, Holds, Result, Table, Verdict
from florin.lab.simulate import simulate_lane
from florin.lab.surplus import account
from florin.lab.units import MILLION
from florin.lab.world import World, preset_world

NAMES = {"ali": Words("Alibaba", "阿里巴巴"), "jd": Words("JD", "京东"), "tencent": Words("Tencent", "腾讯")}
MALLS = {
    "none": Words("as it was: no mall", "原状：没有商城"),
    "bought": Words("with JD's mall, bought", "买下京东商城"),
    "built": Words("with a mall of its own, built", "自建商城"),
}
# What of the gap is there by owning the place of sale, and by nothing else.
OWNERSHIP = ("take", "cards")


class Drawn(NamedTuple):
    game: Game
    gap: Gap
    launch: dict[str, float]  # Tencent's present value of launching, by mall


def _draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Drawn:
    return Drawn(
        play(parameters, people, seed, months=months),
        gap(parameters, people, seed, months=months),
        {mall: _launch_value(parameters, people, seed, months, mall) for mall in MALLS},
    )


def with_mall(world: World, mall: str) -> World:
    """The world in which Tencent owns JD's mall, or has made one of the web's shops with Tmall's prices; or none."""
    if mall == "bought":
        return world.own("jd", "tencent").accept("fenfu", "jd", 1.0)
    if mall == "built":
        web, tmall = world.market_at("web"), world.market_at("tmall")
        commission, software, ads = world.commission_ppm.copy(), world.software_ppm.copy(), world.ads_ppm.copy()
        commission[web], software[web], ads[web] = commission[tmall], software[tmall], ads[tmall]
        owned = world.own("web", "tencent").accept("fenfu", "web", 1.0)
        return replace(owned, commission_ppm=commission, software_ppm=software, ads_ppm=ads)
    return world


def _launch_value(parameters: Parameters, people: Bits, seed: int, months: int, mall: str) -> float:
    """What launching is worth to Tencent, fen a person, when it has that mall anyway."""
    world = with_mall(preset_world(parameters, months=months), mall)
    having = account(simulate_lane(world.launch("bank-card", "fenfu"), people, seed))
    lacking = account(simulate_lane(world.launch("bank-card"), people, seed))
    yearly = (having - lacking).group_minor("tencent", world) * 12 / months / len(people)
    return present_value(parameters, yearly) - parameters.launch_cost_minor


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The game, the gap and the mall that Tencent has not."""
    chosen = sized(size, people=800, months=12, draws=10)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(
        partial(_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="draws of the game"
    )
    game, waterfall, malls = _game(drawn), _waterfall(drawn), _malls(drawn)
    verdict = Verdict(
        claim=Words(
            "Owning the place of sale is the main reason why Alibaba lent and Tencent did not.",
            "拥有销售场景，是阿里放贷而腾讯没有跟进的主要原因。",
        ),
        measure=Words(
            "share of the gap that is take on own sales and card costs avoided",
            "自有销售抽成与所省卡成本在差距中的占比",
        ),
        unit=Unit.PPM,
        found=_of_the_gap([each.gap for each in drawn], *OWNERSHIP),
        threshold=MILLION // 2,
    )
    launches = _launching(drawn)
    return Result(
        name="did-not-follow",
        title_en="Did not follow: why the messenger did not lend",
        title_zh="没有跟进：社交巨头为何迟迟不放贷",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(_launch_table(launches), _parts_table(drawn), _mall_table(drawn)),
        charts=(game, waterfall, malls),
        paragraphs_en=_told_en(verdict, launches, drawn),
        paragraphs_zh=_told_zh(verdict, launches, drawn),
        caveats=(
            Words(
                "Who launches first, promises and retaliation by price or take are left out; so are regulators, and what else "
                "the same engineers could have built.",
                "未考虑先行者、承诺与价格或抽成的报复；也未考虑监管，以及同一批工程师本可做的其他事情。",
            ),
            Words(
                "The fees that a lender charges in its own malls are counted as fees for paying, though only the owner may set "
                "them there: ownership in a wider sense is larger than the share that is judged here.",
                "放贷方在自有商城收取的费用计为支付手续费，尽管只有业主才能在那里定价：广义的“拥有”大于此处评判的份额。",
            ),
            Words(
                "Both firms fund at the same rate, because no fact says otherwise; so funding sets nobody apart.",
                "两家资金成本相同，因为没有事实表明不同；因此资金成本不构成差异。",
            ),
        ),
        findings=(
            Finding(Words("Tencent launches in equilibrium", "均衡中腾讯放贷"), Unit.SHARE, launches["tencent"]),
            Finding(Words("Alibaba launches in equilibrium", "均衡中阿里放贷"), Unit.SHARE, launches["ali"]),
        ),
        verdict=verdict,
    )


def _of_the_gap(found: Sequence[Gap], *names: str) -> Interval:
    """What these parts are of the gap, in parts per million: of all draws together; the interval is of each draw's own.

    A draw in which the two hardly differ has no share to speak of, and would throw a mean of shares far away.
    """
    parts = [sum(each.parts[name] for name in names) for each in found]
    gaps = [_difference(each) for each in found]
    each_own = [MILLION * part / whole for part, whole in zip(parts, gaps, strict=True)]
    return about(MILLION * sum(parts) / sum(gaps), each_own)


def _difference(found: Gap) -> float:
    gap_minor = found.ali - found.tencent
    return gap_minor if abs(gap_minor) > 1e-9 else 1e-9


def _weights(game: Game) -> dict[Profile, float]:
    """A draw's equilibria, alike; none where there is none in pure strategies."""
    found = game.equilibria()
    return {profile: 1 / len(found) for profile in found}


def _launching(drawn: list[Drawn]) -> dict[str, Interval]:
    """The share of draws in whose equilibrium each player launches, with Wilson's interval for a share of so few draws."""
    found = {}
    for place, player in enumerate(PLAYERS):
        shares = [sum(w for p, w in _weights(each.game).items() if p[place].launches) for each in drawn]
        found[player] = _wilson(sum(shares), len(drawn))
    return found


def _wilson(hits: float, of: int) -> Interval:
    """A share with its 90 % score interval (Wilson 1927), in parts per million."""
    z, share = 1.645, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)))
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Interval(round(min(low, share) * MILLION), round(share * MILLION), round(max(high, share) * MILLION))


def _game(drawn: list[Drawn]) -> GameChart:
    often: Counter[Profile] = Counter()
    for each in drawn:
        for profile, weight in _weights(each.game).items():
            often[profile] += weight  # type: ignore[assignment]
    equilibria = tuple(
        Equilibrium(
            does=tuple(_does(player, move) for player, move in zip(PLAYERS, profile, strict=True)),
            probability=_wilson(weight, len(drawn)),
            payoffs=tuple(interval([each.game.payoffs[profile][place] for each in drawn]) for place in range(3)),
        )
        for profile, weight in often.most_common(6)
    )
    return GameChart(
        Words("Equilibria", "均衡"),
        tuple(NAMES[player] for player in PLAYERS),
        Axis(Words("Present value a person", "人均现值"), Unit.FEN),
        equilibria,
    )


def _does(player: str, move: Move) -> Words:
    lends = Words("lends", "放贷") if move.launches else Words("does not lend", "不放贷")
    if player == "tencent":
        return lends
    accepts = Words("accepts rivals", "受理对手") if move.accepts else Words("accepts no rival", "不受理对手")
    return Words(f"{lends.en}, {accepts.en}", f"{lends.zh}，{accepts.zh}")


def _waterfall(drawn: list[Drawn]) -> Waterfall:
    ali, tencent = interval([each.gap.ali for each in drawn]), interval([each.gap.tencent for each in drawn])
    steps = [interval([each.gap.parts[name] for each in drawn]) for name in PARTS]
    # Means of parts sum to the mean of the gap but for the rounding of each, which goes to the largest.
    odd = ali.mid - tencent.mid - sum(step.mid for step in steps)
    largest = max(range(len(steps)), key=lambda place: abs(steps[place].mid))
    mended = steps[largest].mid + odd
    steps[largest] = Interval(min(steps[largest].low, mended), mended, max(steps[largest].high, mended))
    return Waterfall(
        Words("From Tencent's launch to Alibaba's, a person and year", "从腾讯到阿里：人均每年"),
        Axis(Words("A person and year", "人均每年"), Unit.FEN),
        Step(NAMES["tencent"], tencent),
        tuple(Step(title, step) for title, step in zip(PARTS.values(), steps, strict=True)),
        Step(NAMES["ali"], ali),
    )


def _malls(drawn: list[Drawn]) -> Bars:
    return Bars(
        Words("What launching is worth to Tencent", "放贷对腾讯的价值"),
        tuple(MALLS.values()),
        Axis(Words("Present value a person", "人均现值"), Unit.FEN),
        (
            BarSeries(
                Words("of five years, less the cost of launching", "五年现值，已减去上线成本"),
                tuple(interval([each.launch[mall] for each in drawn]) for mall in MALLS),
            ),
        ),
    )


def _launch_table(launches: dict[str, Interval]) -> Table:
    return Table(
        Words("Who lends in equilibrium", "均衡中谁放贷"),
        (Column(Words("Group", "集团")), Column(Words("share of draws", "抽样占比"), Unit.SHARE)),
        tuple((NAMES[player], launches[player]) for player in PLAYERS),
    )


def _parts_table(drawn: list[Drawn]) -> Table:
    rows = tuple(
        (
            title,
            interval([each.gap.parts[name] for each in drawn]),
            _of_the_gap([each.gap for each in drawn], name),
        )
        for name, title in PARTS.items()
    )
    return Table(
        Words("What sets the two apart (Shapley values)", "两家差距的分解（沙普利值）"),
        (
            Column(Words("Part", "部分")),
            Column(Words("a person and year", "人均每年"), Unit.FEN),
            Column(Words("of the gap", "占差距"), Unit.PPM),
        ),
        rows,
    )


def _mall_table(drawn: list[Drawn]) -> Table:
    return Table(
        Words("Tencent with a mall", "拥有商城的腾讯"),
        (
            Column(Words("Tencent", "腾讯")),
            Column(Words("launching is worth, a person", "放贷的人均价值"), Unit.FEN),
            Column(Words("share of draws in which it pays", "划算的抽样占比"), Unit.SHARE),
        ),
        tuple(
            (
                title,
                interval([each.launch[mall] for each in drawn]),
                _wilson(sum(each.launch[mall] > 0 for each in drawn), len(drawn)),
            )
            for mall, title in MALLS.items()
        ),
    )


_HOLDS_ZH = {Holds.SUPPORTED: "成立", Holds.REJECTED: "不成立", Holds.UNDECIDED: "未决"}


def _told_en(verdict: Verdict, launches: dict[str, Interval], drawn: list[Drawn]) -> tuple[str, ...]:
    share = {player: f"{each.mid / 1e4:.0f} %" for player, each in launches.items()}
    low, mid, high = (f"{each / 1e4:.0f} %" for each in (verdict.found.low, verdict.found.mid, verdict.found.high))
    worth = _worth(drawn)
    return (
        f"In equilibrium Alibaba lends in {share['ali']}, JD in {share['jd']} and Tencent in {share['tencent']} of "
        f"{len(drawn)} draws of the parameters. Take on own sales and card costs avoided make {mid} of the gap between "
        f"Alibaba's launch and Tencent's ({low} to {high}): that ownership is the main reason is {verdict.holds.value}.",
        f"Launching is worth {worth['none']} a person to Tencent as it was, {worth['bought']} with JD's mall bought and "
        f"{worth['built']} with one built: present values of five years, less the cost of launching.",
    )


def _told_zh(verdict: Verdict, launches: dict[str, Interval], drawn: list[Drawn]) -> tuple[str, ...]:
    share = {player: f"{each.mid / 1e4:.0f}%" for player, each in launches.items()}
    low, mid, high = (f"{each / 1e4:.0f}%" for each in (verdict.found.low, verdict.found.mid, verdict.found.high))
    worth = _worth(drawn)
    return (
        f"在{len(drawn)}组参数抽样中，均衡时放贷的占比：阿里{share['ali']}，京东{share['jd']}，腾讯{share['tencent']}。"
        f"自有销售抽成与所省卡成本占两家差距的{mid}（{low}至{high}）：“拥有场景是主因”{_HOLDS_ZH[verdict.holds]}。",
        f"放贷对腾讯的人均价值：原状{worth['none']}，买下京东商城{worth['bought']}，自建商城{worth['built']}；"
        "为五年现值，已减去上线成本。",
    )


def _worth(drawn: list[Drawn]) -> dict[str, str]:
    """What launching is worth to Tencent with each mall, mean over the draws, in yuan."""
    return {mall: f"¥{np.mean([each.launch[mall] for each in drawn]) / 100:.2f}" for mall in MALLS}


DID_NOT_FOLLOW = Experiment(
    name="did-not-follow",
    title_en="Did not follow: why the messenger did not lend",
    title_zh="没有跟进：社交巨头为何迟迟不放贷",
    run=run,
    asks_en="Who lends when all may, what sets Alibaba's launch apart from Tencent's, and would a mall have changed it?",
    asks_zh="人人都可放贷时谁会放贷？阿里与腾讯的差距由什么构成？有了商城又会如何？",
)
