"""The few kinds of chart that the lab draws, as records: what is drawn, never how.

The terminal and the page draw the same record each in its own way. Whatever is estimated carries its interval, so that
neither can leave it out. Values are integers of the axis's unit.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from florin.lab.quantity import FigureInvalid, Interval, Unit, Words


class Axis(Struct, frozen=True):
    """What is measured along a side, and in which unit."""

    title: Words
    unit: Unit


class Mark(Struct, frozen=True):
    """A place worth a name on the numeric axis: the take rate of a house, the day of pay."""

    at: int
    title: Words


class Point(Struct, frozen=True):
    x: int
    y: Interval


class Curve(Struct, frozen=True):
    """One line with its band; the points rise in x."""

    title: Words
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 2 or any(left.x >= right.x for left, right in pairwise(self.points)):
            raise FigureInvalid(f"The curve {self.title.en!r} needs two points or more that rise in x.")


class Curves(Struct, frozen=True, tag="curves"):
    """Lines over a numeric axis, each with its band. marks: upright lines with a name."""

    title: Words
    x: Axis
    y: Axis
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if not self.curves:
            raise FigureInvalid(f"The chart {self.title.en!r} has no curve.")


class BarSeries(Struct, frozen=True):
    """One value for each category of the chart."""

    title: Words
    values: tuple[Interval, ...]


class Bars(Struct, frozen=True, tag="bars"):
    """Bars by category, side by side or, with `stacked`, one upon the other; then the interval is of each part."""

    title: Words
    categories: tuple[Words, ...]
    y: Axis
    series: tuple[BarSeries, ...]
    stacked: bool = False

    def __post_init__(self) -> None:
        if not self.series or any(len(each.values) != len(self.categories) for each in self.series):
            raise FigureInvalid(f"The bars {self.title.en!r} need one value for each category, and a series.")


class Spot(Struct, frozen=True):
    """A named place on a heat map, with what was computed right there (not read off the map)."""

    title: Words
    x: int
    y: int
    value: Interval


class HeatMap(Struct, frozen=True, tag="heat_map"):
    """A value over two numeric axes. cells: a row for each y, from the first; a value for each x.

    Where the value is zero runs the break-even line; the lines of the cells' lows and highs are its interval.
    """

    title: Words
    x: Axis
    y: Axis
    value: Axis
    xs: tuple[int, ...]
    ys: tuple[int, ...]
    cells: tuple[tuple[Interval, ...], ...]
    spots: tuple[Spot, ...] = ()

    def __post_init__(self) -> None:
        if len(self.cells) != len(self.ys) or any(len(row) != len(self.xs) for row in self.cells):
            raise FigureInvalid(f"The map {self.title.en!r} needs {len(self.ys)} rows of {len(self.xs)} cells.")
        for side in (self.xs, self.ys):
            if len(side) < 2 or any(left >= right for left, right in pairwise(side)):
                raise FigureInvalid(f"The axes of the map {self.title.en!r} need two values or more that rise.")


class Step(Struct, frozen=True):
    """A part of a difference. Positive: it adds to the end."""

    title: Words
    value: Interval


class Waterfall(Struct, frozen=True, tag="waterfall"):
    """From a first to a last by steps that sum to the difference exactly, as Shapley values do."""

    title: Words
    y: Axis
    first: Step
    steps: tuple[Step, ...]
    last: Step

    def __post_init__(self) -> None:
        reached = self.first.value.mid + sum(step.value.mid for step in self.steps)
        if reached != self.last.value.mid:
            raise FigureInvalid(f"The steps of {self.title.en!r} reach {reached}, not {self.last.value.mid}.")


class DayBin(Struct, frozen=True):
    """One value per series for one number of days."""

    day: int
    values: tuple[Interval, ...]


class ByDays(Struct, frozen=True, tag="by_days"):
    """A histogram by days before or after something, as purchases without cash in hand by days to pay day; stacked."""

    title: Words
    x: Words
    y: Axis
    series: tuple[Words, ...]
    bins: tuple[DayBin, ...]
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if not self.bins or any(len(each.values) != len(self.series) for each in self.bins):
            raise FigureInvalid(f"The histogram {self.title.en!r} needs days, each with one value for each series.")
        if any(left.day >= right.day for left, right in pairwise(self.bins)):
            raise FigureInvalid(f"The days of {self.title.en!r} do not rise.")


class Equilibrium(Struct, frozen=True):
    """What each player does, in the order of the players; in which share of the draws; what each gets then."""

    does: tuple[Words, ...]
    probability: Interval
    payoffs: tuple[Interval, ...]


class Game(Struct, frozen=True, tag="game"):
    """A game's equilibria, the most probable first. Probabilities in parts per million; payoffs in the unit of `payoff`."""

    title: Words
    players: tuple[Words, ...]
    payoff: Axis
    equilibria: tuple[Equilibrium, ...]

    def __post_init__(self) -> None:
        for each in self.equilibria:
            if not len(each.does) == len(each.payoffs) == len(self.players):
                raise FigureInvalid(f"An equilibrium of {self.title.en!r} needs an act and a payoff for each player.")


class Target(Struct, frozen=True):
    """A number that was aimed at, and what the model reached; `unit` is of both."""

    title: Words
    unit: Unit
    aimed: Interval
    reached: Interval
    source: str


class Targets(Struct, frozen=True, tag="targets"):
    """Calibration at a glance: each target with what was reached beside it, each on a scale of its own."""

    title: Words
    targets: tuple[Target, ...]


Chart = Curves | Bars | HeatMap | Waterfall | ByDays | Game | Targets
