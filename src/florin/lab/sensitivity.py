"""Global sensitivity: how much of a result each assumption makes, all of them moving at once.

First *screening* (Morris 1991): a few steps a parameter sort those that matter from those that do not. Then *Sobol indices*
of those that do: the share of the result's variance that a parameter makes by itself (first order) and with all others
(total). Both come with the half width of their interval, by resampling. Sampling and indices are SALib's (the extra `lab`,
imported when first asked for, since it brings pandas); this module says over what, and of what.

A result is any function from values by name to numbers by name: `of_parameters` makes one of a function of the lab's
`Parameters`, whose values are then drawn from the distributions of parameters.toml by their quantiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from florin.lab.arrays import Real
from florin.lab.parameters import Parameters, parameters_at, uncertain

Scalars = Mapping[str, float]
Model = Callable[[dict[str, float]], Scalars]
Heard = Callable[[int, int], None]

TRAJECTORIES = 20
SAMPLES = 256
CONFIDENCE = 0.95
# A quantile of 0 or 1 is an end of a triangular distribution, which nearly never comes.
_QUANTILE_LOW, _QUANTILE_HIGH = 0.01, 0.99
_LEVELS = 4
_RESAMPLES = 200


class SensitivityInvalid(ValueError):
    """A question about sensitivity that cannot be asked: says which part, and what would do."""


class ExtraMissing(RuntimeError):
    """A library of the extra `lab` is not installed: SALib, or scipy."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not known: its name and where it lies, evenly. Raises SensitivityInvalid: low < high."""

    name: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise SensitivityInvalid(f"{self.name} lies between {self.low:g} and {self.high:g}: nothing could vary")


class Screened(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter's elementary effects on one result, in the result's unit over the parameter's whole range.

    mean: signed; strength: of their absolute values, what ranks; half_width: of its interval; spread: the deviation of the
    effects, large where the parameter bends or acts through others.
    """

    name: str
    mean: float
    strength: float
    half_width: float
    spread: float


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter's shares of one result's variance: by itself, and with all others; each with its interval's half width."""

    name: str
    first: float
    first_half_width: float
    total: float
    total_half_width: float


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """Screening of all inputs, strongest first, and the indices of those that were kept, by result."""

    screened: dict[str, tuple[Screened, ...]]
    indices: dict[str, tuple[Index, ...]]
    runs: int


def of_parameters(measure: Callable[[Parameters], Scalars]) -> Model:
    """The model of a function of the lab's parameters: values are quantiles; what is not named is at its likeliest."""

    def model(values: dict[str, float]) -> Scalars:
        return measure(parameters_at(values))

    return model


def lab_inputs(names: Sequence[str] | None = None) -> tuple[Input, ...]:
    """The lab's uncertain parameters, or those named, as quantiles. Raises SensitivityInvalid for a name there is not."""
    known = {each.name: each for each in uncertain()}
    unknown = sorted(set(names or ()) - set(known))
    if unknown:
        raise SensitivityInvalid(
            f"there is no uncertain parameter {unknown[0]!r}; there are {', '.join(sorted(known))}"
        )
    chosen = known if names is None else {name: known[name] for name in names}
    moving = (name for name, each in chosen.items() if each.number(0) < each.number(2))
    return tuple(Input(name=name, low=_QUANTILE_LOW, high=_QUANTILE_HIGH) for name in moving)


def sensitivity(
    model: Model,
    inputs: Sequence[Input],
    *,
    seed: int,
    keep: int = 8,
    trajectories: int = TRAJECTORIES,
    samples: int = SAMPLES,
    confidence: float = CONFIDENCE,
    heard: Heard | None = None,
) -> Sensitivity:
    """Screen all inputs, keep those that are among the `keep` strongest for any result, and give their Sobol indices.

    In all trajectories · (inputs + 1) + samples · (kept + 2) runs of the model. samples: a power of two. heard: is told
    (done, of). Inputs that are not kept are left out of the second part, so they stay at what the model takes for granted.
    Raises SensitivityInvalid, ExtraMissing.
    """
    screened = screen(model, inputs, seed=seed, trajectories=trajectories, confidence=confidence, heard=heard)
    strongest = {each.name for ranking in screened.values() for each in ranking[:keep] if each.strength > 0}
    kept = [each for each in inputs if each.name in strongest]
    indices = sobol(model, kept, seed=seed, samples=samples, confidence=confidence, heard=heard) if kept else {}
    runs = trajectories * (len(inputs) + 1) + (samples * (len(kept) + 2) if kept else 0)
    return Sensitivity(screened=screened, indices=indices, runs=runs)


def screen(
    model: Model,
    inputs: Sequence[Input],
    *,
    seed: int,
    trajectories: int = TRAJECTORIES,
    confidence: float = CONFIDENCE,
    heard: Heard | None = None,
) -> dict[str, tuple[Screened, ...]]:
    """Morris screening: for each result the inputs by strength, strongest first. trajectories: two at least."""
    _check(inputs)
    if trajectories < 2:
        raise SensitivityInvalid(
            f"{trajectories} trajectories have no interval; take 2 at least, better {TRAJECTORIES}"
        )
    sample, analyze = _salib("sample.morris", "analyze.morris")
    problem = _problem(inputs)
    points = sample.sample(problem, trajectories, num_levels=_LEVELS, seed=seed)
    found = {}
    for name, results in _run(model, inputs, points, heard).items():
        effects = analyze.analyze(
            problem, points, results, num_levels=_LEVELS, conf_level=confidence, num_resamples=_RESAMPLES, seed=seed
        )
        ranking = [
            Screened(
                name=each.name,
                mean=float(effects["mu"][place]),
                strength=float(effects["mu_star"][place]),
                half_width=_number(effects["mu_star_conf"][place]),
                spread=float(effects["sigma"][place]),
            )
            for place, each in enumerate(inputs)
        ]
        found[name] = tuple(sorted(ranking, key=lambda each: -each.strength))
    return found


def sobol(
    model: Model,
    inputs: Sequence[Input],
    *,
    seed: int,
    samples: int = SAMPLES,
    confidence: float = CONFIDENCE,
    heard: Heard | None = None,
) -> dict[str, tuple[Index, ...]]:
    """Sobol indices of first order and in total (Saltelli 2010, Jansen 1999): for each result the inputs, by their total.

    samples: a power of two, for the sequence is even only then. A result that never moves has indices of zero.
    """
    _check(inputs)
    if samples < 2 or samples & (samples - 1):
        raise SensitivityInvalid(f"{samples} samples are no power of two; take {SAMPLES}, or twice as many")
    sample, analyze = _salib("sample.sobol", "analyze.sobol")
    problem = _problem(inputs)
    points = sample.sample(problem, samples, calc_second_order=False, seed=seed)
    found = {}
    for name, results in _run(model, inputs, points, heard).items():
        if results.min() == results.max():
            found[name] = tuple(
                Index(name=each.name, first=0, first_half_width=0, total=0, total_half_width=0) for each in inputs
            )
            continue
        shares = analyze.analyze(
            problem, results, calc_second_order=False, conf_level=confidence, num_resamples=_RESAMPLES, seed=seed
        )
        ranking = [
            Index(
                name=each.name,
                first=float(shares["S1"][place]),
                first_half_width=_number(shares["S1_conf"][place]),
                total=float(shares["ST"][place]),
                total_half_width=_number(shares["ST_conf"][place]),
            )
            for place, each in enumerate(inputs)
        ]
        found[name] = tuple(sorted(ranking, key=lambda each: -each.total))
    return found


def _run(model: Model, inputs: Sequence[Input], points: Real, heard: Heard | None) -> dict[str, Real]:
    """The model at every point: numbers by result. Raises SensitivityInvalid where a result is missing or not finite."""
    names = [each.name for each in inputs]
    rows: list[Scalars] = []
    for point in points:
        rows.append(model(dict(zip(names, point.tolist(), strict=True))))
        if heard is not None:
            heard(len(rows), len(points))
    found: dict[str, Real] = {}
    for name in rows[0]:
        if any(name not in row for row in rows):
            raise SensitivityInvalid(f"the result {name!r} is there for some values and not for others")
        column = np.array([row[name] for row in rows], dtype=np.float64)
        if not np.isfinite(column).all():
            raise SensitivityInvalid(f"the result {name!r} is no finite number in some of {len(rows)} runs")
        found[name] = column
    return found


def _check(inputs: Sequence[Input]) -> None:
    names = [each.name for each in inputs]
    if not names:
        raise SensitivityInvalid("nothing is uncertain: give at least one input")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SensitivityInvalid(f"{twice[0]!r} is given twice")


def _problem(inputs: Sequence[Input]) -> dict[str, Any]:
    return {
        "num_vars": len(inputs),
        "names": [each.name for each in inputs],
        "bounds": [[each.low, each.high] for each in inputs],
    }


def _number(half_width: float) -> float:
    return float(half_width) if np.isfinite(half_width) else 0.0


def _salib(*modules: str) -> tuple[Any, ...]:
    from importlib import import_module

    try:
        return tuple(import_module(f"SALib.{module}") for module in modules)
    except ImportError as error:
        raise ExtraMissing("SALib is not installed: install Florin with its extra `lab`") from error
