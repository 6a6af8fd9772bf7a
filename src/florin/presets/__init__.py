"""Programs of well-known ecosystems, as data: one TOML file each, every number with its source and its grade.

Grades: A law, regulator, official document; B named press; C anonymous pages; U from general knowledge, unverified;
X chosen or computed by us. A new program is a file, not a fork; so is a new ecosystem, in `ecosystems/`, and a plan of
fees, in `fees/`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def preset_names() -> tuple[str, ...]:
    """The names that `preset_text` knows, sorted."""
    return tuple(sorted(f.name.removesuffix(".toml") for f in files(__name__).iterdir() if f.name.endswith(".toml")))


def preset_text(name: str) -> str:
    """The TOML text of a preset. Raises KeyError for a name that is not in `preset_names`."""
    if name not in preset_names():
        raise KeyError(name)
    return files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


@cache
def ecosystem_names() -> tuple[str, ...]:
    """The names that `ecosystem_text` knows, sorted."""
    found = (files(__name__) / "ecosystems").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in found if f.name.endswith(".toml")))


def ecosystem_text(name: str) -> str:
    """The TOML text of an ecosystem. Raises KeyError for a name that is not in `ecosystem_names`."""
    if name not in ecosystem_names():
        raise KeyError(name)
    return (files(__name__) / "ecosystems" / f"{name}.toml").read_text(encoding="utf-8")


def escrow_text() -> str:
    """The TOML text of the terms of escrow."""
    return files(__name__).joinpath("escrow", "terms.toml").read_text(encoding="utf-8")


@cache
def fee_preset_names() -> tuple[str, ...]:
    """The names that `fee_preset_text` knows, sorted."""
    folder = files(__name__).joinpath("fees")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def fee_preset_text(name: str) -> str:
    """The TOML text of a fee plan. Raises KeyError for a name that is not in `fee_preset_names`."""
    if name not in fee_preset_names():
        raise KeyError(name)
    return files(__name__).joinpath("fees", f"{name}.toml").read_text(encoding="utf-8")


@cache
def lab_names() -> tuple[str, ...]:
    """The names that `lab_text` knows, sorted."""
    folder = files(__name__).joinpath("lab")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def lab_text(name: str) -> str:
    """The TOML text of what the lab assumes. Raises KeyError for a name that is not in `lab_names`."""
    if name not in lab_names():
        raise KeyError(name)
    return files(__name__).joinpath("lab", f"{name}.toml").read_text(encoding="utf-8")


@cache
def study_names() -> tuple[str, ...]:
    """The names that `study_text` knows, sorted."""
    folder = files(__name__).joinpath("studies")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def study_text(name: str) -> str:
    """The TOML text of a study. Raises KeyError for a name that is not in `study_names`."""
    if name not in study_names():
        raise KeyError(name)
    return files(__name__).joinpath("studies", f"{name}.toml").read_text(encoding="utf-8")
