"""What the answers stand on: each parameter as it was assumed and as the facts narrowed it, and each fact as it was reached.

Nothing is simulated here: `parameters.toml`, `calibration.toml` and the draws that calibration kept are told, in words of
`words.toml`. The size and the seed are those of the calibration, whatever is asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache

import msgspec

from florin.lab.calibration import Kept, calibrated, kept, targets
from florin.lab.chart import Target, Targets
from florin.lab.experiments.drawing import interval, ppm, used
from florin.lab.experiments.experiment import Experiment, Part, Progress, Size
from florin.lab.parameters import Uncertain, uncertain
from florin.lab.quantity import LANGUAGES, Cell, Interval, Unit, Words, written
from florin.lab.result import Column, Result, Table
from florin.lab.units import MILLION, OfBalance, OfVolume
from florin.presets import lab_text

GRADES = Words(
    "Grades: A law, regulator, peer-reviewed; B named press, research house; C anonymous pages; U unverified; X chosen by us; "
    "K a range that the facts narrowed.",
    "等级：A 法律、监管或同行评议；B 署名媒体或研究机构；C 匿名网页；U 未核实；X 自行设定；K 由事实收窄的区间。",
)
_BASES = {"volume": Words("of volume", "占交易额"), "balance": Words("of balance a year", "占余额，每年")}


class _Words(msgspec.Struct, frozen=True):
    parameters: dict[str, tuple[str, str, str]]
    sources: dict[str, tuple[str, str]]
    moments: dict[str, tuple[str, str]]


@cache
def _words() -> _Words:
    return msgspec.convert(tomllib.loads(lab_text("words")), _Words)


def parameters(*, seed: int, size: Size, progress: Progress) -> Result:
    """Every uncertain parameter: from the least by the likeliest to the greatest value, then over the draws that were kept."""
    found = kept()
    draws = [calibrated(number) for number in range(len(found.draws))]
    rows = tuple(_row(each, [_plain(getattr(draw, each.name)) for draw in draws]) for each in uncertain())
    narrowed = sum(each.grade == "K" for each in uncertain())
    return _result(
        "parameters",
        Words("Parameters", "参数"),
        tables=(
            Table(
                Words("What is assumed, and what the facts left of it", "假设，以及事实收窄之后"),
                (
                    Column(Words("parameter", "参数")),
                    Column(Words("likeliest (least … greatest)", "最可能（最小 … 最大）")),
                    Column(Words("mean of the kept draws (their middle nine tenths)", "保留抽样的均值（中间九成）")),
                    Column(Words("grade", "等级")),
                    Column(Words("source, or why", "来源或理由")),
                    Column(Words("name in the file", "文件中的名称")),
                ),
                rows,
            ),
        ),
        paragraphs=(
            Words(
                f"The model takes {len(rows)} numbers of which nobody knows the exact value; each is a triangular "
                f"distribution. The facts of the calibration narrowed {narrowed} of them on purpose; the others move freely "
                f"in every interval of this report.",
                f"模型用到 {len(rows)} 个无人确知的数，每个都是三角分布。"
                f"校准的事实有意收窄了其中 {narrowed} 个；其余的在本报告的每个区间里自由变动。",
            ),
            GRADES,
        ),
        caveat=Words(
            "Most ranges are our own choice (X) or unverified (U); an answer is worth what its weakest number is worth.",
            "多数区间是自行设定（X）或未经核实（U）；结论只值最弱的那个数。",
        ),
        found=found,
    )


def calibration(*, seed: int, size: Size, progress: Progress) -> Result:
    """Every fact that was aimed at, with the range that was allowed and what the kept draws reach."""
    found = kept()
    told = tuple(
        Target(
            title=Words(*_words().moments[each.moment]),
            unit=Unit.PPM,
            aimed=Interval(
                round(each.within[0] * MILLION), round(each.value * MILLION), round(each.within[1] * MILLION)
            ),
            reached=ppm(found.reached[each.moment]),
            source=f"{each.fact}, {each.grade}: {each.source}",
        )
        for each in targets()
    )
    title = Words("Facts aimed at, and what the model reaches", "校准目标与模型达到的值")
    rows = tuple((each.title, each.aimed, each.reached, each.source) for each in told)
    headings = (Column(Words("fact", "事实")), Column(Words("target (range allowed)", "目标（允许范围）"), Unit.PPM),
                Column(Words("reached", "达到"), Unit.PPM), Column(Words("source, with its grade", "来源与等级")))  # fmt: skip
    count, tried = len(found.draws), found.tried
    return _result(
        "calibration",
        Words("Calibration: what the facts allow", "校准：事实所允许的"),
        tables=(Table(title, headings, rows),),
        charts=(Targets(title, told),),
        paragraphs=(
            Words(
                f"Of {tried:,} draws of the parameters {count:,} give every fact within its range; these alone are behind the "
                f"intervals of this report. Each was tried on {found.people:,} people over {found.months} months.",
                f"在 {tried:,} 组参数抽样中，{count:,} 组使每个事实都落在允许范围内；本报告的区间只来自它们。"
                f"每组用 {found.people:,} 人、{found.months} 个月试算。",
            ),
        ),
        caveat=Words(
            "The lift of sales was measured at one German online shop, and stands here for shops of another country; the "
            "ranges are wide for that reason, and nothing says that they are wide enough.",
            "销售提升是在一家德国网店测得的，这里用来代表另一国的商店；范围因此放宽，但没有什么能保证已足够宽。",
        ),
        found=found,
    )


def said(name: str) -> Words:
    """A parameter as people call it."""
    en, zh, _ = _words().parameters[name]
    return Words(en, zh)


def _row(each: Uncertain, values: list[float]) -> tuple[Cell, ...]:
    en, zh, kind = _words().parameters[each.name]
    base = _base(getattr(calibrated(0), each.name))
    unit, scale = _shown_as(kind)
    assumed = Interval(*(round(each.number(place) * scale) for place in range(3)))
    return (
        Words(f"{en}, {base.en}", f"{zh}，{base.zh}") if base else Words(en, zh),
        _both(assumed, unit),
        _both(interval([value * scale for value in values]), unit),
        each.grade,
        Words(*_words().sources[each.name]),
        each.name,
    )


def _shown_as(kind: str) -> tuple[Unit, int]:
    """The unit of a kind of words.toml, and what a value is multiplied by to be an integer of it."""
    return {"share": (Unit.PPM, MILLION), "number": (Unit.RATIO, MILLION), "fen": (Unit.FEN, 1), "none": (Unit.PPM, 1)}[
        kind
    ]


def _base(value: object) -> Words | None:
    if isinstance(value, OfBalance):
        return _BASES["balance"]
    return _BASES["volume"] if isinstance(value, OfVolume) else None


def _plain(value: float | OfBalance | OfVolume) -> float:
    return value.ppm if isinstance(value, OfBalance | OfVolume) else value


def _both(value: Interval, unit: Unit) -> Words:
    return Words(*(written(value, unit, language) for language in LANGUAGES))


def _result(
    name: str, title: Words, *, tables: tuple[Table, ...], paragraphs: tuple[Words, ...], caveat: Words, found: Kept,
    charts: tuple[Targets, ...] = (),
) -> Result:  # fmt: skip
    return Result(
        name=name,
        title_en=title.en,
        title_zh=title.zh,
        seed=found.seed,
        people=found.people,
        months=found.months,
        draws=len(found.draws),
        parameters=used(),
        tables=tables,
        charts=charts,
        paragraphs_en=tuple(each.en for each in paragraphs),
        paragraphs_zh=tuple(each.zh for each in paragraphs),
        caveats=(caveat,),
    )


def _ground(run: Callable[..., Result], title: Words, asks: Words) -> Experiment:
    return Experiment(
        name=run.__name__,
        title_en=title.en,
        title_zh=title.zh,
        run=run,
        asks_en=asks.en,
        asks_zh=asks.zh,
        part=Part.GROUND,
    )


CALIBRATION = _ground(
    calibration,
    Words("Calibration: what the facts allow", "校准：事实所允许的"),
    Words("Does the model give what has been measured elsewhere?", "模型能否给出别处测得的数？"),
)
PARAMETERS = _ground(
    parameters,
    Words("Parameters", "参数"),
    Words("What is assumed, and how well is it known?", "假设了什么，有多可靠？"),
)
