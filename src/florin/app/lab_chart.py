"""The lab's charts in a terminal: block characters, an interval on every bar and line, readable without color too.

A series has a letter besides its color. Everything fits the width it is given, from 60 columns on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from florin.lab.chart import Axis, Bars, ByDays, Chart, Curve, Curves, Game, HeatMap, Mark, Targets, Waterfall
from florin.lab.quantity import Interval, Language, Unit, number, tick, ticks, written
from florin.money import MILLION

# Okabe and Ito's colors, which color-blind people tell apart; the page draws with the same.
COLORS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c8c8c")
_GAIN, _LOSS, _OPEN = "#0072b2", "#d55e00", "#8c8c8c"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LOWER_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a cell's dots, by row, then column
_ROWS = 14
_LABEL_SHARE = 3  # a label takes at most a third of the width

_Cell = tuple[str, str]  # a character and its style


def drawn(chart: Chart, *, width: int, language: Language = "en") -> RenderableType:
    """The chart as text of at most `width` columns."""
    drawing = _Drawing(width, language)
    body: RenderableType
    match chart:
        case Curves():
            body = drawing.curves(chart)
        case Bars():
            body = drawing.bars(chart)
        case HeatMap():
            body = drawing.heat_map(chart)
        case Waterfall():
            body = drawing.waterfall(chart)
        case ByDays():
            body = drawing.by_days(chart)
        case Game():
            body = drawing.game(chart)
        case Targets():
            body = drawing.targets(chart)
    return Group(Text(chart.title.of(language), style="bold"), body)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to places: `low` is at 0, `high` at `size`."""

    low: int
    high: int
    size: int

    def at(self, value: int) -> float:
        return (value - self.low) / (self.high - self.low) * self.size

    def cell(self, value: int) -> int:
        return min(max(int(self.at(value)), 0), self.size - 1)


def _scale(values: Iterable[int], size: int, *, with_zero: bool = True) -> _Scale:
    found = [*values, *((0,) if with_zero else ())]
    low, high = min(found), max(found)
    return _Scale(low, high if high > low else low + 1, size)


@dataclass(frozen=True, slots=True)
class _Row:
    """One bar to be: where it begins, where its value ends, and the ends of its interval, all on the value axis."""

    label: str
    begins: int
    ends: Interval
    shown: str
    color: str


@dataclass(frozen=True, slots=True)
class _Drawing:
    width: int
    language: Language

    def bars(self, chart: Bars) -> RenderableType:
        """Lying bars, a row for each value; parts of a stack stand below each other, each with its own interval."""
        lines: list[_Row | str] = []
        for at, category in enumerate(chart.categories):
            alone = len(chart.series) == 1
            if not alone:
                lines.append(category.of(self.language))
            for index, series in enumerate(chart.series):
                value = series.values[at]
                label = category.of(self.language) if alone else f"  {series.title.of(self.language)}"
                color = COLORS[0 if alone else index % len(COLORS)]
                lines.append(_Row(label, 0, value, written(value, chart.y.unit, self.language), color))
        return Group(*self._rows(lines), self._note(chart.y))

    def waterfall(self, chart: Waterfall) -> RenderableType:
        first, last = chart.first, chart.last
        unit = chart.y.unit
        lines: list[_Row | str] = [self._whole(first.title.of(self.language), first.value, unit)]
        reached = first.value.mid
        for step in chart.steps:
            value = step.value
            ends = Interval(reached + value.low, reached + value.mid, reached + value.high)
            color = _GAIN if value.mid >= 0 else _LOSS
            text = written(value, unit, self.language)
            lines.append(_Row(f"  {step.title.of(self.language)}", reached, ends, text, color))
            reached += value.mid
        lines.append(self._whole(last.title.of(self.language), last.value, unit))
        return Group(*self._rows(lines), self._note(chart.y))

    def _whole(self, label: str, value: Interval, unit: Unit) -> _Row:
        return _Row(label, 0, value, written(value, unit, self.language), _OPEN)

    def _rows(self, lines: list[_Row | str]) -> Iterator[Text]:
        rows = [line for line in lines if isinstance(line, _Row)]
        label_width = min(max(cell_len(row.label) for row in rows), self.width // _LABEL_SHARE)
        text_width = max(cell_len(row.shown) for row in rows)
        size = max(self.width - label_width - text_width - 3, 10)
        scale = _scale((end for row in rows for end in (row.begins, row.ends.low, row.ends.high)), size)
        for line in lines:
            if isinstance(line, str):
                yield Text(set_cell_size(line, min(cell_len(line), self.width)), style="bold dim")
                continue
            text = Text(_cut(line.label, label_width) + " ")
            text.append_text(_joined(_bar(line, scale)))
            yield text.append(" " + line.shown.rjust(text_width - cell_len(line.shown) + len(line.shown)))

    def _note(self, axis: Axis) -> Text:
        words = {"en": "├━─┤ the interval of the draws", "zh": "├━─┤ 各次抽样的区间"}[self.language]
        return Text(f"{axis.title.of(self.language)};  {words}", style="dim")

    def by_days(self, chart: ByDays) -> RenderableType:
        """Standing bars, a day each; one panel for each series, so that each has its interval."""
        parts: list[RenderableType] = []
        for index, title in enumerate(chart.series):
            if len(chart.series) > 1:
                parts.append(Text(title.of(self.language), style=f"bold {COLORS[index % len(COLORS)]}"))
            values = [each.values[index] for each in chart.bins]
            parts.extend(self._columns([each.day for each in chart.bins], values, chart, COLORS[index % len(COLORS)]))
        return Group(*parts, Text(f"{chart.x.of(self.language)};  {self._note(chart.y).plain}", style="dim"))

    def _columns(self, days: list[int], values: list[Interval], chart: ByDays, color: str) -> Iterator[Text]:
        rows = 9
        scale = _scale((end for value in values for end in (value.low, value.high)), rows * 8)
        shown = self._ticks(_Scale(scale.low, scale.high, rows), chart.y.unit)
        left = max(cell_len(text) for text in shown.values()) + 1
        slot = max((self.width - left - 1) // len(days), 1)
        bar = max(slot - 1, 1)
        for row in reversed(range(rows)):
            text = Text(shown.get(row, "").rjust(left) + "│", style="dim")
            for value in values:
                text.append_text(_joined(_column_cells(value, scale, row, bar, color)))
                text.append(" " * (slot - bar))
            yield text
        marked = {mark.at: mark.title.of(self.language) for mark in chart.marks}
        yield Text(" " * left + "└" + "─" * (slot * len(days)), style="dim")
        yield Text(" " * (left + 1) + _spread([(at * slot, str(day)) for at, day in enumerate(days)], slot * len(days)))
        if marked:
            places = [(at * slot, f"▲ {marked[day]}") for at, day in enumerate(days) if day in marked]
            yield Text(" " * (left + 1) + _spread(places, self.width - left - 1))

    def curves(self, chart: Curves) -> RenderableType:
        ends = [end for curve in chart.curves for point in curve.points for end in (point.y.low, point.y.high)]
        tall = _scale(ends, _ROWS * 4, with_zero=min(ends) < 0 or min(ends) < max(ends) // 2)
        shown = self._ticks(_Scale(tall.low, tall.high, _ROWS), chart.y.unit)
        left = max(cell_len(text) for text in shown.values())
        size = self.width - left - 3
        across = [point.x for curve in chart.curves for point in curve.points]
        wide = _scale([*across, *(mark.at for mark in chart.marks)], size, with_zero=False)
        field = _field(chart.curves, wide, tall, chart.marks)
        lines = []
        for row in reversed(range(_ROWS)):
            text = Text(shown.get(row, "").rjust(left) + (" ┤" if row in shown else " │"), style="dim")
            lines.append(text.append_text(_joined(field[row])))
        lines.append(Text(" " * left + " └" + "─" * size, style="dim"))
        places = ticks(wide.low, wide.high, max(size // 14, 3))
        below = [(wide.cell(place), tick(place, chart.x.unit, self.language)) for place in places]
        lines.append(Text(" " * (left + 2) + _spread(below, size, centered=True), style="dim"))
        named = [(wide.cell(mark.at), f"▲ {mark.title.of(self.language)}") for mark in sorted(chart.marks, key=_at)]
        for place, title in named:  # a line each: they may stand close
            lines.append(Text(" " * (left + 2) + _spread([(place, title)], size)))
        return Group(*lines, self._keys(chart.curves), self._axes(chart.x, chart.y))

    def _ticks(self, scale: _Scale, unit: Unit) -> dict[int, str]:
        """Round numbers at the rows where they lie."""
        return {scale.cell(value): tick(value, unit, self.language) for value in ticks(scale.low, scale.high, 5)}

    def _keys(self, curves: tuple[Curve, ...]) -> Text:
        band = {"en": "░ its interval", "zh": "░ 区间"}[self.language]
        keys = [f"{_letter(index)} {curve.title.of(self.language)}" for index, curve in enumerate(curves)]
        between = "   " if sum(cell_len(key) + 3 for key in (*keys, band)) <= self.width else "\n"
        text = Text()
        for index, key in enumerate(keys):
            text.append(key, style=COLORS[index % len(COLORS)]).append(between)
        return text.append(band, style="dim")

    def _axes(self, x: Axis, y: Axis) -> Text:
        return Text(f"↑ {y.title.of(self.language)};  → {x.title.of(self.language)}", style="dim")

    def heat_map(self, chart: HeatMap) -> RenderableType:
        """A cell says its sign in a character, its size in a color and, where there is room, in a number."""
        left = max(cell_len(tick(y, chart.y.unit, self.language)) for y in chart.ys) + 1
        slot = max(min((self.width - left) // len(chart.xs), 12), 3)
        largest = max(max(abs(cell.low), abs(cell.high)) for row in chart.cells for cell in row) or 1
        letters: dict[tuple[int, int], str] = {}
        for at, spot in enumerate(chart.spots):
            place = (_nearest(chart.xs, spot.x), _nearest(chart.ys, spot.y))
            letters[place] = letters.get(place, "") + _letter(at)
        lines: list[RenderableType] = []
        for row in reversed(range(len(chart.ys))):
            text = Text(tick(chart.ys[row], chart.y.unit, self.language).rjust(left - 1) + " ", style="dim")
            for column, cell in enumerate(chart.cells[row]):
                bare = number(abs(cell.mid), chart.value.unit, self.language).replace("¥", "")
                sign = ("" if cell.low > 0 or cell.high < 0 else "~") + ("−" if cell.mid < 0 else "+")
                mark = letters.get((column, row), "").rjust(1) + sign
                inside = bare if cell_len(mark + bare) < slot else ""
                text.append((mark + inside).ljust(slot)[:slot], style=_heat(cell.mid, largest))
            lines.append(text)
        below = [(at * slot + 1, tick(x, chart.x.unit, self.language)) for at, x in enumerate(chart.xs)]
        lines.append(Text(" " * left + _spread(below, slot * len(chart.xs)), style="dim"))
        lines.append(self._axes(chart.x, chart.y))
        told = {"en": "+ kept, − lost, ~ the interval spans zero", "zh": "＋ 有所得，− 有所失，~ 区间跨过零"}
        lines.append(Text(f"{chart.value.title.of(self.language)}:  {told[self.language]}", style="dim"))
        if chart.spots:
            table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
            for at, spot in enumerate(chart.spots):
                where = f"{tick(spot.x, chart.x.unit, self.language)} × {tick(spot.y, chart.y.unit, self.language)}"
                value = written(spot.value, chart.value.unit, self.language)
                table.add_row(_letter(at), spot.title.of(self.language), where, value)
            lines.append(table)
        return Group(*lines)

    def game(self, chart: Game) -> RenderableType:
        """A table: what each player does, what he gets, and in which share of the draws it is so."""
        table = Table(box=None, pad_edge=False)
        for player in chart.players:
            table.add_column(player.of(self.language), overflow="fold")
        table.add_column({"en": "in this share of the draws", "zh": "占各次抽样"}[self.language], overflow="fold")
        for each in chart.equilibria:
            cells = [
                Text(f"{does.of(self.language)}\n").append(
                    written(payoff, chart.payoff.unit, self.language), style="dim"
                )
                for does, payoff in zip(each.does, each.payoffs, strict=True)
            ]
            share = Text(f"{written(each.probability, Unit.SHARE, self.language)}\n")
            full = "█" * round(each.probability.mid * 12 / MILLION)
            table.add_row(*cells, share.append(full, style=COLORS[0]))
        return Group(table, Text(chart.payoff.title.of(self.language), style="dim"))

    def targets(self, chart: Targets) -> RenderableType:
        """Each target on a scale of its own: what was aimed at in gray, what was reached upon it."""
        rows = [
            (
                each,
                written(each.aimed, each.unit, self.language),
                written(each.reached, each.unit, self.language),
            )
            for each in chart.targets
        ]
        label_width = min(max(cell_len(row[0].title.of(self.language)) for row in rows), self.width // 2)
        lines: list[Text] = []
        for each, aimed, reached in rows:
            ends = (each.aimed.low, each.aimed.high, each.reached.low, each.reached.high)
            margin = max((max(ends) - min(ends)) // 4, 1)
            size = max(self.width - label_width - 2, 10)
            scale = _scale((min(ends) - margin, max(ends) + margin), size, with_zero=False)
            cells: list[_Cell] = [(" ", "")] * size
            for at in range(scale.cell(each.aimed.low), scale.cell(each.aimed.high) + 1):
                cells[at] = ("░", "dim")
            _whisk(cells, scale, each.reached, COLORS[0])
            cells[scale.cell(each.reached.mid)] = ("●", COLORS[0])
            lines.append(Text(_cut(each.title.of(self.language), label_width) + " ").append_text(_joined(cells)))
            told = {"en": f"aimed at {aimed}, reached {reached}", "zh": f"目标 {aimed}，达到 {reached}"}[self.language]
            lines.append(Text(f"  {told}", style="dim"))
        key = {"en": "░ aimed at   ├●┤ reached", "zh": "░ 目标   ├●┤ 达到"}[self.language]
        return Group(*lines, Text(key, style="dim"))


def _bar(row: _Row, scale: _Scale) -> list[_Cell]:
    """A lying bar from where it begins to its value, with its interval upon it, and a hair line at zero."""
    cells: list[_Cell] = [(" ", "")] * scale.size
    left, right = sorted((scale.at(row.begins), scale.at(row.ends.mid)))
    for at in range(scale.size):
        filled = min(right - at, 1.0) - max(left - at, 0.0)
        if filled <= 0:
            continue
        eighths = max(round(filled * 8), 1)
        if left - at > 0:  # the left end: what is filled stands at the right of the cell, drawn as its counterpart
            cells[at] = (_EIGHTHS[8 - eighths], f"reverse {row.color}") if eighths < 8 else ("█", row.color)
        else:
            cells[at] = (_EIGHTHS[eighths], row.color)
    zero = scale.cell(0)
    if cells[zero][0] == " ":
        cells[zero] = ("│", "dim")
    if not row.ends.is_sure:
        _whisk(cells, scale, row.ends, row.color)
    return cells


def _whisk(cells: list[_Cell], scale: _Scale, ends: Interval, color: str) -> None:
    """The interval as ├──┤; upon a bar in the bar's own color."""
    low, high = scale.cell(ends.low), scale.cell(ends.high)
    for at in range(low, high + 1):
        upon = cells[at][0] == "█"
        character = "┼" if low == high else "├" if at == low else "┤" if at == high else "━" if upon else "─"
        cells[at] = (character, f"white on {color}" if upon else "bold")


def _column_cells(value: Interval, scale: _Scale, row: int, bar: int, color: str) -> list[_Cell]:
    """One row of a standing bar: eighths up to its value, its interval in the middle."""
    base, top = sorted((scale.at(0), scale.at(value.mid)))
    filled = min(max(round(min(top - row * 8, 8) - max(base - row * 8, 0)), 0), 8)
    character = _LOWER_EIGHTHS[filled]
    cells: list[_Cell] = [(character, color)] * bar
    if not value.is_sure and scale.at(value.low) < (row + 1) * 8 and scale.at(value.high) > row * 8:
        cells[bar // 2] = ("│", f"white on {color}" if filled == 8 else "bold")
    return cells


def _field(curves: tuple[Curve, ...], wide: _Scale, tall: _Scale, marks: tuple[Mark, ...]) -> list[list[_Cell]]:
    """Rows of cells from below: bands, then marks, then lines in dots of an eighth of a cell, then letters at their ends."""
    field: list[list[_Cell]] = [[(" ", "")] * wide.size for _ in range(_ROWS)]
    rows = _Scale(tall.low, tall.high, _ROWS)
    if tall.low < 0 < tall.high:
        field[rows.cell(0)] = [("┈", "dim")] * wide.size
    for index, curve in enumerate(curves):
        for column in range(wide.cell(curve.points[0].x), wide.cell(curve.points[-1].x) + 1):
            x = wide.low + (column + 0.5) * (wide.high - wide.low) / wide.size
            low, high = _between(curve, x, _low), _between(curve, x, _high)
            for row in range(rows.cell(round(low)), rows.cell(round(high)) + 1):
                if high > low:
                    field[row][column] = ("░", COLORS[index % len(COLORS)])
    for mark in marks:
        for cells in field:
            cells[wide.cell(mark.at)] = ("┊", "dim")
    for index, curve in enumerate(curves):
        dots: dict[tuple[int, int], int] = {}
        for dot in range(int(wide.at(curve.points[0].x) * 2), min(int(wide.at(curve.points[-1].x) * 2), wide.size * 2)):
            x = wide.low + (dot + 0.5) * (wide.high - wide.low) / (wide.size * 2)
            up = tall.cell(round(_between(curve, x, _mid)))
            place = (up // 4, dot // 2)
            dots[place] = dots.get(place, 0) | _BRAILLE[3 - up % 4][dot % 2]
        for (row_at, column), bits in dots.items():
            field[row_at][column] = (chr(0x2800 + bits), f"bold {COLORS[index % len(COLORS)]}")
        last = curve.points[-1]
        field[rows.cell(last.y.mid)][wide.cell(last.x)] = (_letter(index), f"bold {COLORS[index % len(COLORS)]}")
    return field


def _between(curve: Curve, x: float, of: Callable[[Interval], int]) -> float:
    """The curve at x, straight between its points."""
    for left, right in zip(curve.points, curve.points[1:], strict=False):
        if x <= right.x:
            share = min(max((x - left.x) / (right.x - left.x), 0.0), 1.0)
            return of(left.y) + share * (of(right.y) - of(left.y))
    return of(curve.points[-1].y)


def _low(value: Interval) -> int:
    return value.low


def _mid(value: Interval) -> int:
    return value.mid


def _high(value: Interval) -> int:
    return value.high


def _at(mark: Mark) -> int:
    return mark.at


def _cut(text: str, width: int) -> str:
    """Filled up to the width; what is longer ends in dots."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _letter(index: int) -> str:
    return chr(ord("A") + index % 26)


def _nearest(values: tuple[int, ...], value: int) -> int:
    return min(range(len(values)), key=lambda at: abs(values[at] - value))


def _heat(value: int, largest: int) -> Style:
    """From white to blue above zero and to orange below, dark letters on light ground."""
    share = min(abs(value) / largest, 1.0) ** 0.7
    full = (0x4A, 0x9F, 0xD8) if value >= 0 else (0xE8, 0x8A, 0x3C)
    red, green, blue = (round(250 + (channel - 250) * share) for channel in full)
    return Style(color="#1a1a1a", bgcolor=f"#{red:02x}{green:02x}{blue:02x}")


def _joined(cells: list[_Cell]) -> Text:
    text = Text()
    for character, style in cells:
        text.append(character, style=style)
    return text


def _spread(places: list[tuple[int, str]], width: int, *, centered: bool = False) -> str:
    """Labels at their places along a line; one that would touch its neighbor is left out, one that would stick out moves in."""
    line = ""
    for place, label in places:
        begin = place - cell_len(label) // 2 if centered else place
        begin = max(min(begin, width - cell_len(label)), 0)
        if begin >= cell_len(line) + (1 if line else 0):
            line += " " * (begin - cell_len(line)) + label
    return line
