"""Running a study: the method once, the model over draws of the parameters, and with each driver at its ends."""

from __future__ import annotations

from florin.lab.calibration import calibrated
from florin.lab.estimators import NotEstimable
from florin.lab.experiments.experiment import Progress, unheard
from florin.lab.parameters import Parameters, ParametersInvalid, likeliest, parameters_at
from florin.lab.result import Result
from florin.lab.study.answer import answer
from florin.lab.study.spec import Study, StudyInvalid
from florin.lab.study.told import HIGH, LOW, Driver, told
from florin.lab.study.worlds import everybody

DRAW_PEOPLE = 8_192
DRIVER_PEOPLE = 4_096


def run_study(study: Study, *, processes: int = 1, progress: Progress = unheard) -> Result:
    """Run a study. The same study gives the same result. Raises NotEstimable, StudyInvalid."""
    parameters = _with_overrides(study, likeliest())
    steps = 1 + study.draws + 2 * len(study.drivers)
    progress(0, steps, study.name)
    found = answer(study, everybody(study, parameters, processes=processes))
    over_draws = []
    for number in range(study.draws):
        progress(1 + number, steps, f"draw {number + 1}")
        these = _with_overrides(study, calibrated(number))
        over_draws.append(_known(study, these, DRAW_PEOPLE, processes))
    drivers = []
    for number, name in enumerate(study.drivers):
        progress(1 + study.draws + 2 * number, steps, name)
        drivers.append(_driver(study, name, processes))
    progress(steps, steps)
    return told(study, parameters, found, [each for each in over_draws if each is not None], drivers)


def _with_overrides(study: Study, parameters: Parameters) -> Parameters:
    try:
        return parameters.with_(**study.parameters)
    except ParametersInvalid as error:
        raise StudyInvalid([f"{study.name}: [parameters] {error}"]) from error


def _known(study: Study, parameters: Parameters, people_max: int, processes: int) -> float | None:
    """The model's own answer with other parameters, which moves by them alone; where it has none, the method's. None where they
    leave nothing to estimate.
    """
    people = min(study.population.people, people_max)
    try:
        found = answer(study, everybody(study, parameters, people=people, processes=processes))
    except NotEstimable:
        return None
    return found.estimate.value if found.in_the_model is None else found.in_the_model


def _driver(study: Study, name: str, processes: int) -> Driver:
    low, high = (
        _known(study, _with_overrides(study, parameters_at({name: quantile})), DRIVER_PEOPLE, processes)
        for quantile in (LOW, HIGH)
    )
    return Driver(name=name, at_low=low, at_high=high)
