"""The numbers of a chart as tables: what is read instead of it, by people and by machines that read to them."""

from __future__ import annotations

from florin.lab.chart import Bars, ByDays, Chart, Curves, Game, HeatMap, Targets, Waterfall
from florin.lab.quantity import LANGUAGES, Cell, Unit, Words, tick, written
from florin.lab.result import Column, Table


def tables_of(chart: Chart) -> list[Table]:
    """Every number of the chart, each with its interval."""
    match chart:
        case Curves():
            return [_curves(chart)]
        case Bars():
            values = [Column(each.title, chart.y.unit) for each in chart.series]
            rows = [_row(category, *(each.values[at] for each in chart.series))
                    for at, category in enumerate(chart.categories)]  # fmt: skip
            return [_table(chart.title, [Column(chart.y.title), *values], rows)]
        case HeatMap():
            return _heat_map(chart)
        case Waterfall():
            steps = [_row(each.title, each.value) for each in (chart.first, *chart.steps, chart.last)]
            return [_table(chart.title, [Column(Words("part", "项目")), Column(chart.y.title, chart.y.unit)], steps)]
        case ByDays():
            columns = [Column(chart.x, Unit.DAYS), *(Column(title, chart.y.unit) for title in chart.series)]
            return [_table(chart.title, columns, [_row(each.day, *each.values) for each in chart.bins])]
        case Game():
            return [_game(chart)]
        case Targets():
            return [_targets(chart)]


def _table(title: Words, columns: list[Column], rows: list[tuple[Cell, ...]]) -> Table:
    return Table(title, tuple(columns), tuple(rows))


def _row(*cells: Cell) -> tuple[Cell, ...]:
    return cells


def _curves(chart: Curves) -> Table:
    curves = [{point.x: point.y for point in curve.points} for curve in chart.curves]
    xs = sorted({x for points in curves for x in points})
    columns = [Column(chart.x.title, chart.x.unit), *(Column(curve.title, chart.y.unit) for curve in chart.curves)]
    return _table(chart.title, columns, [_row(x, *(points.get(x) for points in curves)) for x in xs])


def _heat_map(chart: HeatMap) -> list[Table]:
    spots = [_row(spot.title, spot.x, spot.y, spot.value) for spot in chart.spots]
    places = [Column(chart.x.title, chart.x.unit), Column(chart.y.title, chart.y.unit)]
    named = [Column(Words("who", "谁")), *places, Column(chart.value.title, chart.value.unit)]
    unit = chart.x.unit
    across = [Column(Words(tick(x, unit, "en"), tick(x, unit, "zh")), chart.value.unit) for x in chart.xs]
    cells = [_row(y, *row) for y, row in zip(chart.ys, chart.cells, strict=True)]
    corner = Words(f"{chart.y.title.en} ↓, {chart.x.title.en} →", f"{chart.y.title.zh} ↓，{chart.x.title.zh} →")
    whole = _table(chart.value.title, [Column(corner, chart.y.unit), *across], cells)
    return [_table(chart.title, named, spots), whole] if spots else [whole]


def _game(chart: Game) -> Table:
    columns = []
    for player in chart.players:
        columns += [Column(player), Column(chart.payoff.title, chart.payoff.unit)]
    rows = []
    for each in chart.equilibria:
        pairs = zip(each.does, each.payoffs, strict=True)
        rows.append(_row(*(cell for pair in pairs for cell in pair), each.probability))
    return _table(chart.title, [*columns, Column(Words("share of the draws", "占抽样"), Unit.SHARE)], rows)


def _targets(chart: Targets) -> Table:
    """Targets have units of their own, so their numbers are written here."""
    headings = (("target", "目标"), ("aimed at", "目标值"), ("reached", "达到"), ("source", "来源"))
    rows = []
    for each in chart.targets:
        aimed, reached = (Words(*(written(value, each.unit, language) for language in LANGUAGES))
                          for value in (each.aimed, each.reached))  # fmt: skip
        rows.append(_row(each.title, aimed, reached, each.source))
    return _table(chart.title, [Column(Words(*heading)) for heading in headings], rows)
