"""What an experiment is: a name, a title, a question, and a function from a seed and a size to a result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from florin.lab.result import Result


class Part(StrEnum):
    """Where it stands in the report."""

    QUESTION = "question"  # an experiment: something is asked of the model
    GROUND = "ground"  # what the answers stand on: calibration, parameters, sensitivity


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """people, months: how large each simulated world is, and how long it lasts. draws: how often the parameters are drawn.

    What is None is the experiment's own choice, which its result then states.
    """

    people: int | None = None
    months: int | None = None
    draws: int | None = None


class Progress(Protocol):
    """Told as the work goes on: how many of how many steps are done, and which one is next, in English."""

    def __call__(self, done: int, of: int, step: str = "") -> None: ...


class Run(Protocol):
    def __call__(self, *, seed: int, size: Size, progress: Progress) -> Result: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """run: the same seed and size give the same result. asks_en, asks_zh: the question, in a sentence.

    draws_min: of fewer there is no interval.
    """

    name: str
    title_en: str
    title_zh: str
    run: Run
    asks_en: str = ""
    asks_zh: str = ""
    part: Part = Part.QUESTION
    draws_min: int = 2


def unheard(done: int, of: int, step: str = "") -> None:
    """Progress that nobody watches."""
