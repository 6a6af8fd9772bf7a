"""A grid worked out beforehand: what the owner keeps of each ¥100, for every combination of a few settings.

The page moves its sliders over it: between the knots it interpolates along each axis. All is integers, so that the page can
carry some hundred thousand of them.
"""

from __future__ import annotations

from itertools import pairwise, product
from math import prod

from msgspec import Struct

from florin.lab.quantity import FigureInvalid, Unit, Words


class GridAxis(Struct, frozen=True):
    """A setting: its name in a preset, its title, the values that were worked out, in its unit."""

    name: str
    title: Words
    unit: Unit
    knots: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.knots) < 2 or any(left >= right for left, right in pairwise(self.knots)):
            raise FigureInvalid(f"The axis {self.name!r} of the grid needs two knots or more that rise.")


class GridPreset(Struct, frozen=True):
    """A place to begin from: a value for each axis, in order, within its knots."""

    name: str
    title: Words
    at: tuple[int, ...]


class GridPart(Struct, frozen=True):
    """A part of what is kept, in fen of each ¥100, income above zero and costs below; a value for each combination of knots.

    The last axis runs fastest, as in C.
    """

    title: Words
    fen: tuple[int, ...]


class Grid(Struct, frozen=True):
    """What is kept of each ¥100: the sum of its parts, in each combination of knots, to the fen; low and high are its
    interval.

    about: of each ¥100 of what. along: the axis that the curve is drawn over at first. Raises FigureInvalid.
    """

    about: Words
    axes: tuple[GridAxis, ...]
    presets: tuple[GridPreset, ...]
    parts: tuple[GridPart, ...]
    low_fen: tuple[int, ...]
    high_fen: tuple[int, ...]
    along: str

    def __post_init__(self) -> None:
        size = self.size
        for name, values in (
            *((part.title.en, part.fen) for part in self.parts),
            ("low", self.low_fen),
            ("high", self.high_fen),
        ):
            if len(values) != size:
                raise FigureInvalid(f"The part {name!r} of the grid has {len(values)} values, not {size}.")
        if self.along not in {axis.name for axis in self.axes}:
            raise FigureInvalid(f"The grid has no axis {self.along!r}.")
        for at, (low, kept, high) in enumerate(zip(self.low_fen, self.kept_fen(), self.high_fen, strict=True)):
            if not low <= kept <= high:
                raise FigureInvalid(f"What is kept at {at}, {kept} fen, is not between {low} and {high}.")
        for preset in self.presets:
            self._check(preset)

    @property
    def size(self) -> int:
        return prod(len(axis.knots) for axis in self.axes)

    def kept_fen(self) -> tuple[int, ...]:
        return tuple(sum(each) for each in zip(*(part.fen for part in self.parts), strict=True))

    def places(self) -> list[tuple[int, ...]]:
        """The knots of each value, in the order of the values: for who fills a grid."""
        return list(product(*(axis.knots for axis in self.axes)))

    def _check(self, preset: GridPreset) -> None:
        if len(preset.at) != len(self.axes):
            raise FigureInvalid(f"The preset {preset.name!r} has {len(preset.at)} values for {len(self.axes)} axes.")
        for value, axis in zip(preset.at, self.axes, strict=True):
            if not axis.knots[0] <= value <= axis.knots[-1]:
                raise FigureInvalid(f"The preset {preset.name!r} lies outside of {axis.name}: {value}.")
