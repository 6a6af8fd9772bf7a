"""Studies: what somebody published, asked of the lab's people by the method that was used.

A study is a TOML file (`spec.py`, `load.py`; what is refused: `problems.py`): whose credit, among whom, changed for whom, and
what is looked at (`observables.py`).
Its people live in two worlds (`worlds.py`); the method sees one of them for each (`answer.py`); the answer stands beside
the model's own and beside what was published (`run.py`, `told.py`). Presets are in `florin.presets.studies`;
docs/explanation/lab-studies.md says what agrees.
"""

from florin.lab.study.load import load_study, seeded, sized, study_of
from florin.lab.study.observables import OBSERVABLES
from florin.lab.study.run import run_study
from florin.lab.study.spec import Study, StudyInvalid
from florin.lab.study.told import published_interval, used_at

__all__ = [
    "OBSERVABLES",
    "Study",
    "StudyInvalid",
    "load_study",
    "published_interval",
    "run_study",
    "seeded",
    "sized",
    "study_of",
    "used_at",
]
