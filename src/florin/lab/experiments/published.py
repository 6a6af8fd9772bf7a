"""What others published, beside what the lab gives when asked by their own methods: every study that comes with Florin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from florin.lab.chart import Axis, Bars, BarSeries, Chart
from florin.lab.experiments.experiment import Experiment, Part, Progress, Size
from florin.lab.parameters import likeliest
from florin.lab.quantity import LANGUAGES, Cell, Interval, Unit, Words, written
from florin.lab.result import Column, Result, Table
from florin.lab.sensitivity import ExtraMissing
from florin.presets import study_names

if TYPE_CHECKING:
    from florin.lab.study import Study
    from florin.lab.study.spec import Measure

_PEOPLE, _TIMES_AT_A_CUT = 12_000, 3
_INSIDE, _OUTSIDE = Words("inside", "在区间内"), Words("outside", "不在区间内")
_TOO_WIDE = Words("too wide to tell", "区间过宽，无法判断")
# Where nothing is what was published, an interval of a tenth on either side is narrow.
_AROUND_ZERO = 100_000


def run(*, seed: int, size: Size, progress: Progress) -> Result:
    """All studies with a published figure, without drivers. people: of each, three times as many at a cut. draws: of the
    parameters, none below two. Raises ExtraMissing.
    """
    try:
        from florin.lab.estimators import NotEstimable
        from florin.lab.study import load_study, run_study, seeded, used_at
    except ModuleNotFoundError as error:
        raise ExtraMissing("scipy is not installed: install Florin with its extra `lab`") from error

    studies = [study for study in map(load_study, study_names()) if study.published is not None]
    people, draws = size.people or _PEOPLE, size.draws or 1
    rows: list[tuple[Cell, ...]] = []
    shown: list[_Compared] = []
    lie: list[Words] = []
    missed: list[Words] = []
    known = 0
    for number, study in enumerate(studies):
        progress(number, len(studies), study.name)
        most = people * (_TIMES_AT_A_CUT if study.design == "discontinuity" else 1)
        asked = seeded(study, seed, people=min(most, study.population.people), draws=draws if draws > 1 else 0)
        title = Words(study.title_en, study.title_zh)
        try:
            found = run_study(asked)
        except NotEstimable:
            rows.append((title, *(None for _ in _COLUMNS[1:])))
            continue
        unit, seen, published = found.findings[0].unit, found.findings[0].value, _published(study)
        lie.append(_lies(published, seen))
        truth = _row(found, "the model itself")
        shown.append(_Compared(title, study.measure, unit, published, seen, truth))
        if truth is not None:
            known += 1
            missed += [title] if _lies(truth, seen) is _OUTSIDE else []
        rows.append((title, _shown(published, unit), _shown(seen, unit), _shown(truth, unit),
                     _shown(_row(found, "the model, over"), unit), lie[-1], _source(study)))  # fmt: skip
    agreeing, wide = (sum(each is which for each in lie) for which in (_INSIDE, _TOO_WIDE))
    progress(len(studies), len(studies))
    return Result(
        name="studies",
        title_en="Published findings, by their own methods",
        title_zh="已发表的结论：以其自身的方法检验",
        seed=seed,
        people=people,
        months=max(study.population.months for study in studies),
        draws=draws,
        parameters=used_at(likeliest()),
        tables=(Table(Words("Every study that comes with Florin", "随附的全部研究"), _COLUMNS, tuple(rows)),),
        charts=_charts(shown),
        paragraphs_en=(
            f"Of {len(lie)} published figures {agreeing} lie inside the interval that the same method gives on the lab's "
            f"people, {wide} in one that is too wide to tell, and {len(lie) - agreeing - wide} outside.",
            f"The model knows its own answer of {known} of these studies; the method's interval misses it in "
            f"{len(missed)}{': ' if missed else ''}{'; '.join(each.en for each in missed)}.",
        ),
        paragraphs_zh=(
            f"{len(lie)} 个已发表的数值中，有 {agreeing} 个落在同一方法用于实验室人群所得的区间内，"
            f"{wide} 个的区间过宽而无法判断，{len(lie) - agreeing - wide} 个在区间之外。",
            f"其中 {known} 项研究的真值为模型所知；方法的区间未能包含真值的有 {len(missed)} 项"
            f"{'：' if missed else ''}{'；'.join(each.zh for each in missed)}。",
        ),
        caveats=(
            Words(
                "The calibration aimed at the facts of Ant and JD, and of one merchant's sales and orders, too, so that these "
                "agree says little; at the others it did not.",
                "蚂蚁、京东以及单一商户销售与订单的事实也是校准的目标，吻合并不说明多少；其余的则不是。",
            ),
            Words(
                "But for the column of draws, parameters are at their likeliest values: an interval is a sample's, and not of "
                "what is assumed.",
                "除“参数抽取”一列外，参数取最可能值：区间只反映抽样，不反映假设的不确定。",
            ),
        ),
    )


_COLUMNS = (
    Column(Words("study", "研究")),
    Column(Words("published", "已发表")),
    Column(Words("the same method in the lab", "同一方法，实验室")),
    Column(Words("the model itself", "模型真值")),
    Column(Words("over draws", "参数抽取")),
    Column(Words("published lies", "已发表数值")),
    Column(Words("source, with its grade", "来源与等级")),
)


class _Compared(NamedTuple):
    title: Words
    measure: Measure
    unit: Unit
    published: Interval
    seen: Interval
    truth: Interval | None


def _charts(shown: Sequence[_Compared]) -> tuple[Chart, ...]:
    """Bars for each kind of answer, since shares of a per cent and lifts of thirty have no axis in common."""
    charts = []
    for title, measures in _KINDS:
        of_kind = [each for each in shown if each.measure in measures]
        if not of_kind:
            continue
        series = [
            BarSeries(Words("published", "已发表"), tuple(each.published for each in of_kind)),
            BarSeries(Words("the same method in the lab", "同一方法，实验室"), tuple(each.seen for each in of_kind)),
        ]
        truths = tuple(each.truth for each in of_kind if each.truth is not None)
        if len(truths) == len(of_kind):
            series.append(BarSeries(Words("the model itself", "模型真值"), truths))
        axis = Axis(title, of_kind[0].unit)
        charts.append(Bars(title, tuple(each.title for each in of_kind), axis, tuple(series)))
    return tuple(charts)


_KINDS: tuple[tuple[Words, tuple[str, ...]], ...] = (
    (Words("What credit adds", "信用带来的提升"), ("lift",)),
    (Words("Slopes and elasticities", "斜率与弹性"), ("slope", "elasticity")),
    (Words("Who pays late, and what is lost", "逾期与损失"), ("level",)),
)


def _published(study: Study) -> Interval:
    from florin.lab.study import published_interval

    found = published_interval(study)
    assert found is not None, "these studies have a figure"
    return found


def _source(study: Study) -> str:
    assert study.published is not None, "these studies have a figure"
    return f"{study.published.source} ({study.published.grade})"


def _lies(published: Interval, seen: Interval) -> Words:
    """An interval wider than twice the figure holds it whatever is true."""
    if seen.high < published.low or published.high < seen.low:
        return _OUTSIDE
    return _TOO_WIDE if seen.high - seen.low > 2 * (abs(published.mid) or _AROUND_ZERO) else _INSIDE


def _row(found: Result, how: str) -> Interval | None:
    """One of a study's answers, by how it was found; None where there is none of this kind."""
    for row in found.tables[0].rows:
        if isinstance(row[0], Words) and row[0].en.startswith(how) and isinstance(row[1], Interval):
            return row[1]
    return None


def _shown(value: Interval | None, unit: Unit) -> Words | None:
    if value is None:
        return None
    english, chinese = (written(value, unit, language) for language in LANGUAGES)
    return Words(english, chinese)


STUDIES = Experiment(
    name="studies",
    title_en="Published findings, by their own methods",
    title_zh="已发表的结论：以其自身的方法检验",
    run=run,
    asks_en="Does the lab give what studies found, when it is asked in the way that they asked?",
    asks_zh="用各研究自己的方法提问，实验室能否得出它们的结论？",
    part=Part.GROUND,
    draws_min=1,  # intervals are the samples'
)
