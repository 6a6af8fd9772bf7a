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


def _kept_share(people: int, months: int, seed: int, parameters: Parameters) -> dict[str, float]:
    """Two results of one world: what Alibaba keeps of ¥100, and the lift of all sales in parts per hundred."""
    ids = np.arange(people, dtype=np.uint64)
    world = preset_world(parameters, months=months)
    having = simulate_lane(world.launch("bank-card", "huabei"), ids, seed)
    lacking = simulate_lane(world.launch("bank-card"), ids, seed)
    created = account(having) - account(lacking)
    lift = int(having.met.price_minor.sum()) / int(lacking.met.price_minor.sum()) - 1
    return {
        "kept": 100 * created.group_minor("ali", world) / max(created.whole_minor, 1),
        "lift": 100 * lift,
    }


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """What matters: Morris' screening of all parameters, then Sobol's total indices of the strongest. draws: trajectories."""
    chosen = sized(size, people=300, months=8, draws=6)
    assert chosen.people and chosen.months and chosen.draws
    model = of_parameters(partial(_kept_share, chosen.people, chosen.months, seed))
    found = sensitivity(
        model,
        lab_inputs(),
        seed=seed,
        keep=5,
        trajectories=chosen.draws,
        samples=16,
        heard=lambda done, of: progress(done, of, "worlds at other parameters"),
    )
    kept_by, lift_by = found.screened["kept"][:12], found.screened["lift"]
    lifts = {each.name: each for each in lift_by}
    rows = tuple(
        (
            each.name,
            _effect(each.strength, each.half_width),
            _effect(lifts[each.name].strength, lifts[each.name].half_width),
        )
        for each in kept_by
    )
    bars = Bars(
        Words("What moves what Alibaba keeps of ¥100 (Morris)", "影响阿里留存的参数（Morris法）"),
        tuple(said(each.name) for each in kept_by),
        Axis(Words("Mean absolute effect over a parameter's range", "参数全程的平均绝对影响"), Unit.FEN),
        (BarSeries(Words("effect", "影响"), tuple(_effect(each.strength, each.half_width) for each in kept_by)),),
    )
    total = Bars(
        Words("Share of its variance, with all others (Sobol)", "方差占比（Sobol总效应）"),
        tuple(said(each.name) for each in found.indices["kept"]),
        Axis(Words("Total index", "总效应指数"), Unit.PPM),
        (
            BarSeries(
                Words("total", "总效应"),
                tuple(_share(each.total, each.total_half_width) for each in found.indices["kept"]),
            ),
        ),
    )
    first = said(kept_by[0].name)
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
                    Column(Words("on what is kept of ¥100", "对¥100留存"), Unit.FEN),
                    Column(Words("on the lift of ¥100 of sales", "对每¥100销售的增幅"), Unit.FEN),
                ),
                rows,
            ),
        ),
        charts=(bars, total),
        paragraphs_en=(
            f"Of {len(found.screened['kept'])} parameters, moved over their whole ranges in {found.runs} pairs of worlds, "
            f"\u201c{first.en}\u201d moves most what Alibaba keeps of each ¥100 that its credit creates.",
        ),
        paragraphs_zh=(
            f"在{found.runs}对世界中让{len(found.screened['kept'])}个参数走遍各自区间，最能改变阿里每¥100留存的是“{first.zh}”。",
        ),
        caveats=(
            Words(
                "Ranges here are those of the file, not narrowed by calibration; the people are few, so weak ones are noise.",
                "此处区间取自参数文件，未经校准收窄；人数较少，弱参数的排序多为噪声。",
            ),
        ),
    )


def _effect(strength: float, half_width: float) -> Interval:
    """An effect in parts per hundred, as fen of ¥100."""
    mid, half = round(100 * strength), round(100 * half_width)
    return Interval(mid - half, mid, mid + half)


def _share(total: float, half_width: float) -> Interval:
    mid, half = round(MILLION * total), round(MILLION * half_width)
    return Interval(mid - half, mid, mid + half)


SENSITIVITY = Experiment(
    name="sensitivity",
    title_en="Sensitivity: which assumptions matter",
    title_zh="敏感性：哪些假设要紧",
    run=run,
    asks_en="Which assumptions move what the lender keeps, and by how much?",
    asks_zh="哪些假设最能改变放贷者的留存，改变多少？",
    part=Part.GROUND,
)
