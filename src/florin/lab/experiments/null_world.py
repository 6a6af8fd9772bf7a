"""The null world: malls that take nothing, and lenders whom owning one makes neither better informed nor better obeyed.

If the lab found that ownership matters here, it would find it anywhere.
"""

from __future__ import annotations

from functools import partial

from florin.lab.arrays import Bits
from florin.lab.chart import Axis, Curve, Curves, Point
from florin.lab.experiments.drawing import about, each_draw, sized, used
from florin.lab.experiments.experiment import Experiment, Part, Progress, Size
from florin.lab.experiments.fulcrum import FREE, OWNED, kept
from florin.lab.experiments.sliders import BREADTHS, Worlds, together, worlds
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Result, Verdict
from florin.lab.units import MILLION, OfVolume

NO_TAKE = OfVolume(0)


def _null_draw(months: int, parameters: Parameters, people: Bits, seed: int) -> Worlds:
    return worlds(parameters, people, seed, months=months, free_days=(FREE,), alike=True)


def _at(found: Worlds, breadth: float, owned: float) -> float:
    return kept(found, breadth=breadth, owned=owned, take=NO_TAKE)


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """The curve of ownership where it cannot matter: malls take nothing, and owning betters neither grip nor eye."""
    chosen = sized(size, people=600, months=12, draws=6)
    assert chosen.people and chosen.months and chosen.draws
    drawn = each_draw(partial(_null_draw, chosen.months), seed=seed, size=chosen, progress=progress, step="null worlds")
    pooled = together(drawn)
    rows = {
        breadth: [about(_at(pooled, breadth, owned), [_at(each, breadth, owned) for each in drawn]) for owned in OWNED]
        for breadth in BREADTHS
    }
    steps = [abs(_at(each, breadth, 1.0) - _at(each, breadth, 0.0)) for each in drawn for breadth in BREADTHS]
    slope = round(max(steps))
    return Result(
        name="null-world",
        title_en="The null world: where owning cannot matter",
        title_zh="零世界：拥有与否无关紧要之处",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(),
        charts=(
            Curves(
                Words("Kept of ¥100, by ownership", "每¥100留存，按自有占比"),
                Axis(Words("Own share of accepting sales", "自有场景占比"), Unit.SHARE),
                Axis(Words("Kept of each ¥100", "每¥100留存"), Unit.FEN),
                tuple(
                    Curve(
                        Words(f"accepted by {round(b * 100)} %", f"{round(b * 100)}%受理"),
                        tuple(Point(round(o * MILLION), cell) for o, cell in zip(OWNED, cells, strict=True)),
                    )
                    for b, cells in rows.items()
                ),
            ),
        ),
        paragraphs_en=(
            f"With a take rate of zero and equal losses the curves are flat: from owning nothing to owning all, what is kept "
            f"of ¥100 moves by at most {slope} fen in {len(steps)} curves.",
        ),
        paragraphs_zh=(
            f"平台抽成为零、坏账相同时，曲线是平的：从零自有到全自有，{len(steps)}条曲线中每¥100留存最多变动{slope}分。",
        ),
        caveats=(
            Words(
                "It shows that the slope of the map comes from what owning is said to bring, not that it brings it.",
                "它只说明图中的斜率来自“拥有”所被赋予的作用，并不证明拥有真有此作用。",
            ),
        ),
        verdict=Verdict(
            claim=Words(
                "Where owning cannot matter, the lab finds that it does not.",
                "在拥有无关紧要之处，实验室也说它无关紧要。",
            ),
            measure=Words("one fen, less the greatest step of a curve, of ¥100", "一分减去曲线的最大变动（每¥100）"),
            unit=Unit.FEN,
            found=Interval.sure(1 - slope),
            threshold=0,
        ),
    )


NULL_WORLD = Experiment(
    name="null-world",
    title_en="The null world: where owning cannot matter",
    title_zh="零世界：拥有与否无关紧要之处",
    run=run,
    asks_en="Is the curve of ownership flat where ownership cannot matter?",
    asks_zh="在拥有无关紧要之处，曲线是否是平的？",
    part=Part.GROUND,
)
