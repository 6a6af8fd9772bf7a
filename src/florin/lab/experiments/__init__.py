"""The experiments, in the order of the argument. Each lives in a file of its own and is entered here."""

from __future__ import annotations

from florin.lab.experiments.did_not_follow import DID_NOT_FOLLOW
from florin.lab.experiments.eleven import ELEVEN
from florin.lab.experiments.experiment import Experiment, Part, Progress, Run, Size, unheard
from florin.lab.experiments.free_credit import FREE_CREDIT
from florin.lab.experiments.fulcrum import FULCRUM
from florin.lab.experiments.grounds import CALIBRATION, PARAMETERS
from florin.lab.experiments.null_world import NULL_WORLD
from florin.lab.experiments.published import STUDIES
from florin.lab.experiments.sensitive import SENSITIVITY
from florin.lab.experiments.terms import TERMS
from florin.lab.experiments.three_birds import THREE_BIRDS
from florin.lab.experiments.viability import VIABILITY

__all__ = ["EXPERIMENTS", "Experiment", "Part", "Progress", "Run", "Size", "unheard"]

_QUESTIONS = (THREE_BIRDS, FULCRUM, DID_NOT_FOLLOW, FREE_CREDIT, TERMS, ELEVEN, VIABILITY)
_GROUNDS = (CALIBRATION, STUDIES, PARAMETERS, SENSITIVITY, NULL_WORLD)
EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in (*_QUESTIONS, *_GROUNDS)}
