"""What experiments share: a run for each draw of the parameters, and intervals over the draws."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec
import numpy as np

from florin.lab.arrays import Bits
from florin.lab.calibration import calibrated, kept
from florin.lab.experiments.experiment import Progress, Size
from florin.lab.lanes import run_lanes
from florin.lab.parameters import Parameters
from florin.lab.quantity import Interval
from florin.lab.result import ParametersUsed

_Found = TypeVar("_Found")

# Of draws kept by the calibration, the middle nine tenths.
_LOW, _HIGH = 0.05, 0.95


def each_draw(
    task: Callable[[Parameters, Bits, int], _Found], *, seed: int, size: Size, progress: Progress, step: str
) -> list[_Found]:
    """What a task makes of each draw that calibration kept, in their order. task: (parameters, people, seed)."""
    assert size.people and size.draws, "an experiment says how large it is"
    numbers = [np.array([number], dtype=np.uint64) for number in range(size.draws)]
    work = partial(_draw, task, size.people, seed)
    return run_lanes(work, numbers, progress=lambda done, of: progress(done, of, step))


def _draw(task: Callable[[Parameters, Bits, int], _Found], people: int, seed: int, number: Bits) -> _Found:
    # Other people for each draw: what an interval spans is chance, too.
    first = int(number[0]) * people
    ids = np.arange(first, first + people, dtype=np.uint64)
    return task(calibrated(int(number[0])), ids, seed)


def interval(values: Sequence[float]) -> Interval:
    """The mean, and the middle nine tenths of the draws, rounded; wide enough to hold the mean."""
    return about(float(np.mean(values)), values)


def about(mid: float, values: Sequence[float]) -> Interval:
    """As `interval`, about another middle than the mean of the draws: what they come to together."""
    low, high = np.quantile(values, [_LOW, _HIGH])
    whole = round(mid)
    return Interval(min(round(float(low)), whole), whole, max(round(float(high)), whole))


def ppm(values: Sequence[float]) -> Interval:
    """The interval of shares, in parts per million."""
    return interval([value * 1_000_000 for value in values])


def used() -> ParametersUsed:
    """The draws that calibration kept."""
    text = msgspec.json.encode(kept())
    return ParametersUsed(digest=hashlib.sha256(text).hexdigest()[:16])


def sized(size: Size, *, people: int, months: int, draws: int) -> Size:
    """A size with an experiment's own choice where none was made."""
    return Size(people=size.people or people, months=size.months or months, draws=size.draws or draws)
