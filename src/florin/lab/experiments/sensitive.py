"""Which assumptions matter: every parameter moved over its whole range, and what that does to the argument's main number."""

from __future__ import annotations

from functools import partial

import numpy as np

from florin.lab.chart import Axis, Bars, BarSeries
from florin.lab.experiments.drawing import sized, used
from florin.lab.experiments.experiment import Experiment, Part, Progress, Size
from florin.lab.experiments.grounds import said
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval, Unit, Words
from florin.lab.result import Column, Result, Table
from florin.lab.sensitivity import lab_inputs, of_parameters, sensitivity
from florin.lab.simulate import simulate_lane
from florin.lab.surplus import account
from florin.lab.units import MILLION
from florin.lab.world import preset_world


def _launched(people: int, months: int, seed: int, parameters: Parameters) -> dict[str, float]:
    """Two results of one launch: what it brings Alibaba, in yuan a person and year, and the lift of all sales, in percent.

    Not the share that Alibaba keeps of what is created: where hardly anything is, a quotient says nothing, and one such world
    would hide all others.
    """
    ids = np.arange(people, dtype=np.uint64)
    world = preset_world(parameters, months=months)
    having = simulate_lane(world.launch("bank-card", "huabei"), ids, seed)
    lacking = simulate_lane(world.launch("bank-card"), ids, seed)
    created = account(having) - account(lacking)
    lift = int(having.met.price_minor.sum()) / int(lacking.met.price_minor.sum()) - 1
    return {"gained": created.group_minor("ali", world) * 12 / months / people / 100, "lift": 100 * lift}


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """What matters: Morris' screening of all parameters, then Sobol's total indices of the strongest. draws: trajectories."""
    chosen = sized(size, people=300, months=8, draws=6)
    assert chosen.people and chosen.months and chosen.draws
    model = of_parameters(partial(_launched, chosen.people, chosen.months, seed))
    found = sensitivity(
        model,
        lab_inputs(),
        seed=seed,
        keep=5,
        trajectories=chosen.draws,
        samples=32,
        heard=lambda done, of: progress(done, of, "worlds at other parameters"),
    )
    gained_by, lift_by = found.screened["gained"][:12], found.screened["lift"]
    lifts = {each.name: each for each in lift_by}
    rows = tuple(
        (
            said(each.name),
            _effect(each.strength, each.half_width, 100),
            _effect(lifts[each.name].strength, lifts[each.name].half_width, 10_000),
        )
        for each in gained_by
    )
    bars = Bars(
        Words("What moves what lending brings Alibaba (Morris)", "影响阿里放贷所得的参数（Morris法）"),
        tuple(said(each.name) for each in gained_by),
        Axis(Words("mean effect, either way, a person and year", "平均绝对影响，每人每年"), Unit.FEN),
        (
            BarSeries(
                Words("effect", "影响"), tuple(_effect(each.strength, each.half_width, 100) for each in gained_by)
            ),
        ),
    )
    total = Bars(
        Words("Share of its variance, with all others (Sobol)", "方差占比（Sobol总效应）"),
        tuple(said(each.name) for each in found.indices["gained"]),
        Axis(Words("Total index", "总效应指数"), Unit.PPM),
        (
            BarSeries(
                Words("total", "总效应"),
                tuple(_share(each.total, each.total_half_width) for each in found.indices["gained"]),
            ),
        ),
    )
    first = said(gained_by[0].name)
    return Result(
        name="sensitivity",
        title_en="Sensitivity: which assumptions matter",
        title_zh="敏感性：哪些假设要紧",
        seed=seed,
        people=chosen.people,
        months=chosen.months,
        draws=chosen.draws,
        parameters=used(),
        tables=(
            Table(
                Words("The strongest twelve", "最强的十二个"),
                (
                    Column(Words("Parameter", "参数")),
                    Column(Words("on what it brings Alibaba, a person and year", "对阿里所得，每人每年"), Unit.FEN),
                    Column(Words("on the lift of all sales", "对全部销售的提升"), Unit.PPM),
                ),
                rows,
            ),
        ),
        charts=(bars, total),
        paragraphs_en=(
            f"Of {len(found.screened['gained'])} parameters, moved over their whole ranges in {found.runs} pairs of worlds, "
            f"\u201c{first.en}\u201d moves most what lending brings Alibaba.",
        ),
        paragraphs_zh=(
            f"在{found.runs}对世界中让{len(found.screened['gained'])}个参数走遍各自区间，最能改变阿里放贷所得的是“{first.zh}”。",
        ),
        caveats=(
            Words(
                "Ranges here are those of the file, not narrowed by calibration; the people are few, so weak ones are noise.",
                "此处区间取自参数文件，未经校准收窄；人数较少，弱参数的排序多为噪声。",
            ),
        ),
    )


def _effect(strength: float, half_width: float, scale: int) -> Interval:
    """An effect in whole units, so many to one; it has no sign, so it is not below zero."""
    mid, half = round(scale * strength), round(scale * half_width)
    return Interval(max(mid - half, 0), mid, mid + half)


def _share(total: float, half_width: float) -> Interval:
    mid, half = round(MILLION * total), round(MILLION * half_width)
    return Interval(mid - half, mid, mid + half)


SENSITIVITY = Experiment(
    name="sensitivity",
    title_en="Sensitivity: which assumptions matter",
    title_zh="敏感性：哪些假设要紧",
    run=run,
    asks_en="Which assumptions move what lending brings its group, and by how much?",
    asks_zh="哪些假设最能改变放贷集团的所得，改变多少？",
    part=Part.GROUND,
)
