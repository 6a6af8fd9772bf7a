"""The experiments, in the order of the argument. Each lives in a file of its own and is entered here."""

from __future__ import annotations

from florin.lab.experiments.did_not_follow import DID_NOT_FOLLOW
from florin.lab.experiments.experiment import Experiment, Part, Progress, Run, Size, unheard
from florin.lab.experiments.fulcrum import FULCRUM
from florin.lab.experiments.grounds import CALIBRATION, PARAMETERS

__all__ = ["EXPERIMENTS", "Experiment", "Part", "Progress", "Run", "Size", "unheard"]

EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in (FULCRUM, DID_NOT_FOLLOW, CALIBRATION, PARAMETERS)}
