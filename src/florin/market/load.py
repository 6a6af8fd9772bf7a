"""Ecosystems from files: read a preset or an owner's own TOML, and say exactly what is wrong with it.

A problem names the file, the line, the field, the value and the fix. What an ecosystem may not say is `contradictions.py`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from florin.credit.program import Problem
from florin.market.contradictions import contradictions
from florin.market.ecosystem import Ecosystem
from florin.presets import ecosystem_names, ecosystem_text

_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"(?P<field>\w+)(?:\[(?P<index>\d+)\])?")
_SHOWN_MAX = 60
# Fields whose members stand below a heading of their own, [[versions.rules]].
_TABLES = ("markets", "versions", "rules")


class EcosystemInvalid(ValueError):
    """An ecosystem's file cannot be used. The text is all problems, a line each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.text() for problem in problems))
        self.problems = tuple(problems)


def load_ecosystem(name_or_path: str | Path) -> Ecosystem:
    """A preset by its name ("ali"), or the ecosystem in a TOML file. Raises EcosystemInvalid."""
    if isinstance(name_or_path, str) and name_or_path in ecosystem_names():
        return _preset(name_or_path)
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise EcosystemInvalid([Problem(source=path.name, fix=f"this is no text in UTF-8: {error.reason}")]) from error
    except OSError as error:
        fix = (
            f"there is no preset of this name and no file that can be read; presets are {', '.join(ecosystem_names())}"
        )
        raise EcosystemInvalid([Problem(source=str(name_or_path), fix=fix)]) from error
    return ecosystem_of(text, source=path.name)


@cache
def _preset(name: str) -> Ecosystem:
    return ecosystem_of(ecosystem_text(name), source=f"{name}.toml")


def ecosystem_of(text: str, *, source: str) -> Ecosystem:
    """The ecosystem that a TOML text describes. source: what a problem calls the text. Raises EcosystemInvalid."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        problem = Problem(source=source, line=int(found[1]) if found else 0, fix=f"this is no TOML: {error}")
        raise EcosystemInvalid([problem]) from error
    try:
        ecosystem = msgspec.convert(table, _File).ecosystem()
    except msgspec.ValidationError as error:
        raise EcosystemInvalid([_mistyped(error, table, text, source)]) from error
    problems = [_problem(path, fix, table, text, source) for path, fix in contradictions(ecosystem)]
    in_order = [version.from_on for version in ecosystem.versions]
    problems += [
        _problem(f"versions[{index}].from_on", "put versions in order of `from_on`, oldest first", table, text, source)
        for index in range(1, len(in_order))
        if in_order[index] <= in_order[index - 1]
    ]
    if problems:
        raise EcosystemInvalid(problems)
    return ecosystem


class _File(Ecosystem, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a file has it: nothing else may stand in it."""

    def ecosystem(self) -> Ecosystem:
        return Ecosystem(**{name: getattr(self, name) for name in Ecosystem.__struct_fields__})


def _mistyped(error: msgspec.ValidationError, table: dict[str, Any], text: str, source: str) -> Problem:
    match = _WHERE.fullmatch(str(error))
    assert match is not None
    problem, path = match["problem"], match["path"] or ""
    if named := re.search(r"(unknown|missing required) field `(\w+)`", problem):
        path = f"{path}.{named[2]}".lstrip(".")
        fix = "there is no such field" if named[1] == "unknown" else "it is missing"
        return _problem(path, fix, table, text, source)
    return _problem(path, f"{problem[:1].lower()}{problem[1:]}", table, text, source)


def _problem(path: str, fix: str, table: dict[str, Any], text: str, source: str) -> Problem:
    steps = list(_STEP.finditer(path))
    version = next((int(step["index"]) + 1 for step in steps if step["field"] == "versions" and step["index"]), 0)
    return Problem(
        source=source,
        version=version,
        line=_line(text, path),
        field=steps[-1]["field"] if steps else "",
        value=_shown(_value(table, path)),
        fix=fix,
    )


def _value(table: Any, path: str) -> Any:
    """What stands at a path of the file; None where nothing does."""
    found = table
    for step in _STEP.finditer(path):
        found = found.get(step["field"]) if isinstance(found, dict) else None
        if step["index"] is not None:
            index = int(step["index"])
            found = found[index] if isinstance(found, list) and index < len(found) else None
    return found


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'[:_SHOWN_MAX]
    return "" if value is None or isinstance(value, dict | list) else str(value)[:_SHOWN_MAX]


def _line(text: str, path: str) -> int:
    """The line of a field, else of the table that it belongs to; 0 for what stands nowhere."""
    lines = text.splitlines()
    start, heading = 0, ""
    field = ""
    for step in _STEP.finditer(path):
        field = step["field"]
        if field in _TABLES and step["index"] is not None:
            heading = f"{heading}.{field}".lstrip(".")
            start = _heading(lines, heading, int(step["index"]), start)
            field = ""
    if not field:
        return start
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.lstrip().startswith("["):
            break
        if re.match(rf"\s*\"?{re.escape(field)}\"?\s*=", line):
            return number
    return start


def _heading(lines: list[str], heading: str, index: int, start: int) -> int:
    """The line of the index-th [[heading]] below a line."""
    found = -1
    for number, line in enumerate(lines[start:], start=start + 1):
        if re.match(rf"\s*\[\[\s*{re.escape(heading)}\s*\]\]", line):
            found += 1
            if found == index:
                return number
    return start
