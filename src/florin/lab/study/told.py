"""What a study is told as: the method's answer, the model's own, what was published, and what in the model drives it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from florin.lab.chart import Axis, Bars, BarSeries, Chart
from florin.lab.estimators import Estimate
from florin.lab.parameters import Parameters, Uncertain, likeliest, uncertain
from florin.lab.quantity import Interval, Unit, Words, written
from florin.lab.result import Changed, Column, Finding, ParametersUsed, Result, Table
from florin.lab.study.answer import Answer
from florin.lab.study.observables import OBSERVABLES, Kind
from florin.lab.study.spec import Study, in_percent_of, share_or_number

MILLION = 1_000_000
# What is believed of a parameter, and what draws give, from the tenth to the ninetieth hundredth.
LOW, HIGH = 0.1, 0.9


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the model with one parameter at the low and at the high end of what is believed; None: not estimable."""

    name: str
    at_low: float | None
    at_high: float | None

    @property
    def swing(self) -> float:
        return 0.0 if self.at_low is None or self.at_high is None else self.at_high - self.at_low


def unit_of(study: Study) -> Unit:
    """What the answer counts."""
    in_percent = in_percent_of(study)
    return Unit.FEN if in_percent is None else Unit.PPM if in_percent else Unit.RATIO


def _scaled(value: float, unit: Unit) -> int:
    return round(value) if unit is Unit.FEN else round(value * MILLION)


def _interval(estimate: Estimate, unit: Unit) -> Interval:
    low, mid, high = (_scaled(value, unit) for value in (estimate.low, estimate.value, estimate.high))
    return Interval(low, mid, high)


def _sure(value: float | None, unit: Unit) -> Interval | None:
    return None if value is None else Interval.sure(_scaled(value, unit))


def published_interval(study: Study) -> Interval | None:
    """The published figure, in the answer's unit; its ends where they are known."""
    if study.published is None:
        return None
    unit, given = unit_of(study), study.published
    value, low, high = (
        None if text is None else _scaled(share_or_number(text)[0], unit)
        for text in (given.value, given.low, given.high)
    )
    if low is None or high is None:
        assert value is not None, "the specification was checked"
        return Interval.sure(value)
    return Interval(low, (low + high) // 2 if value is None else value, high)


def agrees(found: Interval, published: Interval) -> bool:
    """Whether the published figure lies inside what was found; of two intervals, whether they have a part in common."""
    return found.low <= published.high and published.low <= found.high


def told(
    study: Study, parameters: Parameters, found: Answer, over_draws: Sequence[float], drivers: Sequence[Driver]
) -> Result:
    """The answer at `parameters`, beside the model's over draws of them, and what drives it."""
    unit = unit_of(study)
    seen, published = _interval(found.estimate, unit), published_interval(study)
    spread = _spread(over_draws, unit)
    tables = [_answers(study, found, unit, spread, published), *_alibis(study, found, unit)]
    if drivers:
        tables.append(_drivers(drivers, unit))
    english, chinese = _paragraph(study, found, seen, spread, published, unit)
    population = study.population
    return Result(
        name=study.name,
        title_en=study.title_en,
        title_zh=study.title_zh,
        seed=population.seed,
        people=population.people,
        months=population.months,
        draws=1 + study.draws,
        parameters=used_at(parameters, study.parameters),
        tables=tuple(tables),
        charts=_chart(study, found, unit, published, spread),
        paragraphs_en=(english, *((study.note_en,) if study.note_en else ())),
        paragraphs_zh=(chinese, *((study.note_zh or study.note_en,) if study.note_en else ())),
        caveats=_caveats(study),
        findings=(Finding(_what(study), unit, seen),),
    )


def used_at(parameters: Parameters, changed: Mapping[str, float] | None = None) -> ParametersUsed:
    """The parameters of a run that is not over draws, with those that were given by hand."""
    digest = hashlib.sha256(msgspec.json.encode(parameters)).hexdigest()
    by_hand = sorted((changed or {}).items())
    return ParametersUsed(
        digest, tuple(Changed(name, f"{value:g}", f"{getattr(likeliest(), name):g}") for name, value in by_hand)
    )


def _spread(values: Sequence[float], unit: Unit) -> Interval | None:
    """From the tenth to the ninetieth hundredth of the draws, through their median."""
    if len(values) < 2:
        return None
    ordered = sorted(values)
    low, mid, high = (ordered[round(share * (len(ordered) - 1))] for share in (LOW, 0.5, HIGH))
    return Interval(_scaled(low, unit), _scaled(mid, unit), _scaled(high, unit))


_MEASURES = {
    "lift": ("lift of {}", "{}的提升幅度"),
    "difference": ("difference of {}", "{}的差额"),
    "level": ("{}", "{}"),
    "elasticity": ("elasticity of {} to {}", "{}对{}的弹性"),
    "slope": ("{}, per unit of {}", "{}，按{}每增加一单位计"),
}


def _what(study: Study) -> Words:
    shown = OBSERVABLES[study.observable.name]
    english, chinese = _MEASURES[study.measure]
    other = OBSERVABLES.get(study.observable.cause or study.observable.per or "")
    return Words(
        english.format(shown.title_en, other.title_en if other else ""),
        chinese.format(shown.title_zh, other.title_zh if other else ""),
    )


_METHODS = {
    "holdout": Words("a lot: treated against held out", "随机试验：实验组对照留置组"),
    "discontinuity": Words("a cut in the score: robust, bias-corrected", "分数断点：稳健的偏差校正估计"),
    "matching": Words("matching, then difference of differences", "匹配后双重差分"),
    "elasticity": Words("regression", "回归"),
    "level": Words("mean", "均值"),
}


def _answers(study: Study, found: Answer, unit: Unit, spread: Interval | None, published: Interval | None) -> Table:
    columns = (
        Column(Words("how", "方法")),
        Column(_what(study), unit),
        Column(Words("rows", "样本行数"), Unit.COUNT),
        Column(Words("clusters", "聚类数"), Unit.COUNT),
    )
    estimate = found.estimate
    rows: list[tuple[Words, Interval | None, int | None, int | None]] = [
        (_METHODS[study.design], _interval(estimate, unit), estimate.n, estimate.clusters)
    ]
    if found.in_the_model is not None:
        known = Words("the model itself, the same people both ways", "模型真值：同一批人的两种世界")
        rows.append((known, _sure(found.in_the_model, unit), None, None))
    if spread is not None:
        over = Words(
            f"the model, over {study.draws} draws of the parameters, 80 %",
            f"模型真值：参数抽取{study.draws}次，80%区间",
        )
        rows.append((over, spread, None, None))
    if published is not None and study.published is not None:
        rows.append(
            (
                Words(f"published ({study.published.grade})", f"已发表（{study.published.grade}级）"),
                published,
                None,
                None,
            )
        )
    return Table(Words("What was found", "结果"), columns, tuple(rows))


def _alibis(study: Study, found: Answer, unit: Unit) -> list[Table]:
    """What speaks for or against the method on these people."""
    rows: list[tuple[Words, Interval | None]] = []
    if found.density is not None:
        rows.append((
            Words("people just above the cut, against just below (log)", "断点上下密度之比（对数）"),
            _interval(found.density.log_ratio, Unit.RATIO),
        ))  # fmt: skip
    if found.bandwidths is not None:
        rows.append((Words("bandwidth of the line", "带宽"), _sure(found.bandwidths.line, Unit.RATIO)))
    if found.first_stage_f is not None:
        rows.append(
            (Words("strength of the lot as an instrument, F", "工具变量强度 F"), _sure(found.first_stage_f, Unit.RATIO))
        )
    rows += [
        (
            Words(f"{each.covariate}: apart before, deviations", f"{each.covariate}：匹配前标准化差"),
            _sure(each.before, Unit.RATIO),
        )
        for each in found.balance
    ]
    rows += [
        (
            Words(f"{each.covariate}: apart after, deviations", f"{each.covariate}：匹配后标准化差"),
            _sure(each.after, Unit.RATIO),
        )
        for each in found.balance
    ]
    if found.unmatched:
        rows.append(
            (Words("treated whom nobody resembles", "未匹配的处理组人数"), Interval.sure(found.unmatched * MILLION))
        )
    if found.dropped:
        rows.append(
            (
                Words("rows without a logarithm, left out", "因无对数而剔除的行数"),
                Interval.sure(found.dropped * MILLION),
            )
        )
    tables = []
    if rows:
        columns = (Column(Words("check", "检验")), Column(Words("found", "结果"), Unit.RATIO))
        tables.append(Table(Words("What speaks for the method", "方法的检验"), columns, tuple(rows)))
    if found.placebos:
        columns = (Column(Words("cut", "断点"), Unit.RATIO), Column(Words("jump", "跳跃"), _placebo_unit(study, unit)))
        placebos = tuple(
            (round(each.cut * MILLION), _interval(each.jump, _placebo_unit(study, unit))) for each in found.placebos
        )
        tables.append(Table(Words("Cuts where nothing changes", "安慰剂断点"), columns, placebos))
    return tables


def _placebo_unit(study: Study, unit: Unit) -> Unit:
    """A jump is in the observable's own unit, whatever the measure is."""
    shown = OBSERVABLES[study.observable.name]
    return Unit.FEN if shown.is_money else Unit.PPM if shown.is_share else Unit.RATIO


def _drivers(drivers: Sequence[Driver], unit: Unit) -> Table:
    ranked = sorted(drivers, key=lambda each: -abs(each.swing))
    believed = {each.name: each for each in uncertain()}
    columns = (
        Column(Words("parameter", "参数")),
        Column(Words("from", "由")),
        Column(Words("to", "至")),
        Column(Words("answer at the low end", "低端结果"), unit),
        Column(Words("answer at the high end", "高端结果"), unit),
    )
    rows = tuple(
        (
            each.name,
            _at(believed[each.name], LOW),
            _at(believed[each.name], HIGH),
            _sure(each.at_low, unit),
            _sure(each.at_high, unit),
        )
        for each in ranked
    )
    return Table(Words("What in the model drives it, strongest first", "模型中的驱动因素（由强到弱）"), columns, rows)


def _at(parameter: Uncertain, quantile: float) -> str:
    """A parameter's value: a rate in percent, another as it is."""
    value = parameter.at(quantile)
    return f"{value / 10_000:.3g} %" if isinstance(parameter.values[1], str) else f"{value:.3g}"


def _paragraph(
    study: Study, found: Answer, seen: Interval, spread: Interval | None, published: Interval | None, unit: Unit
) -> tuple[str, str]:
    what = _what(study)
    english = f"The study's own method finds, of {found.estimate.n:,} rows: {what.en} {written(seen, unit, 'en')}."
    chinese = f"按该研究自身的方法，在{found.estimate.n:,}行样本中测得{what.zh}：{written(seen, unit, 'zh')}。"
    if found.in_the_model is not None:
        known = _sure(found.in_the_model, unit)
        inside = found.estimate.covers(found.in_the_model)
        english += (
            f" In the model itself, the same people both ways, it is {written(known, unit, 'en')}: "
            f"{'inside' if inside else 'outside'} the method's interval."
        )
        chinese += f"模型真值为{written(known, unit, 'zh')}，{'在' if inside else '不在'}该方法的区间内。"
    if published is not None and study.published is not None:
        within = agrees(seen, published)
        english += (
            f" Published is {written(published, unit, 'en')} ({study.published.source}), which lies "
            f"{'inside' if within else 'outside'} that interval"
        )
        chinese += (
            f"已发表的数值为{written(published, unit, 'zh')}（{study.published.source}），"
            f"{'在' if within else '不在'}该区间内"
        )
        if spread is not None:
            wide = agrees(spread, published)
            english += f", and {'inside' if wide else 'outside'} that of the draws, {written(spread, unit, 'en')}"
            chinese += f"，{'在' if wide else '不在'}参数抽取的区间内（{written(spread, unit, 'zh')}）"
        english, chinese = english + ".", chinese + "。"
    return english, chinese


def _chart(
    study: Study, found: Answer, unit: Unit, published: Interval | None, spread: Interval | None
) -> tuple[Chart, ...]:
    bars = [(Words("the method", "该方法"), _interval(found.estimate, unit))]
    if found.in_the_model is not None:
        bars.append((Words("the model", "模型真值"), Interval.sure(_scaled(found.in_the_model, unit))))
    if spread is not None:
        bars.append((Words("draws", "参数抽取"), spread))
    if published is not None:
        bars.append((Words("published", "已发表"), published))
    if len(bars) < 2:
        return ()
    series = BarSeries(_what(study), tuple(value for _, value in bars))
    return (
        Bars(
            Words(study.title_en, study.title_zh), tuple(name for name, _ in bars), Axis(_what(study), unit), (series,)
        ),
    )


def _caveats(study: Study) -> tuple[Words, ...]:
    said = [
        Words(
            "People, prices and limits are the lab's, of one country; what is compared is a share or a ratio, never money.",
            "人群、价格与额度均为实验室设定，且属同一国家；可比的是比例与比率，而非金额。",
        )
    ]
    shown = OBSERVABLES[study.observable.name]
    if study.arm is not None:
        said.append(
            Words(
                "Nobody in the lab changes what another does: no word of mouth, no queue, no price that follows demand.",
                "实验室中的人互不影响：没有口碑、没有排队，价格也不随需求变动。",
            )
        )
    if study.design == "matching":
        said.append(
            Words(
                "Before the window nobody had this credit; in it, people have had it since the first day of the simulation.",
                "窗口期之前无人使用该信用；窗口期内，人们自模拟首日起即已拥有。",
            )
        )
    if study.arm is not None and study.arm.drawn_by == "merchant":
        said.append(
            Words(
                "A visit is seen as if all merchants of the market were as the one visited and took nothing from each other.",
                "每次访问均视同该市场全部商户与被访商户相同：不含商户之间的相互争夺。",
            )
        )
    if shown.kind in (Kind.ORDER, Kind.NEED):
        said.append(
            Words(
                "An order of the lab is one need: that somebody puts a second thing in the basket cannot happen.",
                "实验室的一单即一项需求：不会出现同一购物篮中添加第二件商品的情形。",
            )
        )
    return tuple(said)
