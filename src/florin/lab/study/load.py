"""Reading a study: from a preset or a file, at its own size or another.

Everything that cannot be is refused with the field, what was written there and what is known; all that is wrong comes at once.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from florin.lab.study.problems import field_first, problems_of, unknown_fields
from florin.lab.study.spec import Study, StudyInvalid
from florin.presets import study_names, study_text


def load_study(name_or_path: str) -> Study:
    """A preset by its name, or a TOML file. Raises StudyInvalid."""
    if name_or_path in study_names():
        return study_of(study_text(name_or_path), source=f"{name_or_path}.toml")
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(study_names())
        raise StudyInvalid(
            [f"{path.name}: no study of this name and no file that can be read; there are {known}"]
        ) from error
    return study_of(text, source=path.name)


def study_of(text: str, *, source: str) -> Study:
    """The study that a TOML text specifies. source: what a problem calls the text. Raises StudyInvalid."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudyInvalid([f"{source}: this is no TOML: {error}"]) from error
    unknown = list(unknown_fields(table))
    if unknown:
        raise StudyInvalid([f"{source}: {each}" for each in unknown])
    try:
        study = msgspec.convert(table, Study)
    except msgspec.ValidationError as error:
        raise StudyInvalid([f"{source}: {field_first(str(error))}"]) from error
    problems = [f"{source}: {problem}" for problem in problems_of(study)]
    if problems:
        raise StudyInvalid(problems)
    return study


def sized(study: Study, *, people: int | None = None, draws: int | None = None, drivers: bool = True) -> Study:
    """The same study of another size, None keeps its own; without its drivers if they are not asked. Raises StudyInvalid."""
    population = study.population if people is None else msgspec.structs.replace(study.population, people=people)
    changed = msgspec.structs.replace(
        study,
        population=population,
        draws=study.draws if draws is None else draws,
        drivers=study.drivers if drivers else (),
    )
    problems = [f"{study.name}: {problem}" for problem in problems_of(changed)]
    if problems:
        raise StudyInvalid(problems)
    return changed


def seeded(study: Study, seed: int, *, people: int, draws: int = 0) -> Study:
    """The same study on other people, without drivers."""
    population = msgspec.structs.replace(study.population, seed=seed, people=people)
    return msgspec.structs.replace(study, population=population, draws=draws, drivers=())
