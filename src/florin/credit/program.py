"""Programs from files: read a preset or an owner's own TOML, and say exactly what is wrong with it.

A file names the program and lists `[[versions]]`. The first version states all terms; a later one states what changes.
A problem names the file, the line, the field, the value and the fix. What terms may not say is `contradictions.py`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import structs

from florin.credit.contradictions import changes_refused, contradictions
from florin.credit.terms import Program, Terms, Version
from florin.presets import preset_names, preset_text

_OF_VERSION = ("from_on", "applies_to")
_OF_PROGRAM = ("name", "title_en", "title_zh", "currency", "versions")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_PATH = re.compile(r"(?P<field>\w*)(?:\[(?P<index>\d+)\])?(?:\.(?P<inner>\w+))?")
_SHOWN_MAX = 60
# So that a calendar's end and a number's length are no trouble of whoever computes with them.
YEAR_MAX = 2999
PLACES_MAX = 30
_EXPONENT_MAX = 999_999  # what arithmetic of decimals goes up to


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a file. version: from 1, 0 for the file's head; line: from 1, 0 when it has none;
    value: as written, or empty; fix: what to write instead.
    """

    source: str
    version: int = 0
    line: int = 0
    field: str = ""
    value: str = ""
    fix: str

    def text(self) -> str:
        """In one line, for a person."""
        version = f", version {self.version}" if self.version else ""
        line = f", line {self.line}" if self.line else ""
        said = f" is {self.value}" if self.value else ""
        return f"{self.source}{version}{line}: {f'`{self.field}`{said}: ' if self.field else ''}{self.fix}."


class ProgramInvalid(ValueError):
    """A program's file cannot be used. The text is all problems, a line each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text() for problem in problems))
        self.problems = tuple(problems)


# Programs that a house has added, by name; an addition of a preset's name stands before the preset.
_ADDED: dict[str, Program] = {}


def add_program(program: Program) -> None:
    """From now on `load_program` of its name gives this program, in this process."""
    _ADDED[program.name] = program


def program_names() -> tuple[str, ...]:
    """The presets and the programs that the house has added."""
    return tuple(sorted({*preset_names(), *_ADDED}))


def load_program(name_or_path: str | Path) -> Program:
    """A program that was added or a preset, by its name ("huabei"), or the program in a TOML file. Raises ProgramInvalid."""
    if isinstance(name_or_path, str):
        if name_or_path in _ADDED:
            return _ADDED[name_or_path]
        if name_or_path in preset_names():
            return _preset(name_or_path)
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProgramInvalid([Problem(source=path.name, fix=f"this is no text in UTF-8: {error.reason}")]) from error
    except OSError as error:
        known = ", ".join(preset_names())
        fix = f"there is no preset of this name and no file that can be read; presets are {known}"
        raise ProgramInvalid([Problem(source=str(name_or_path), fix=fix)]) from error
    return program_of(text, source=path.name)


@cache
def _preset(name: str) -> Program:
    return program_of(preset_text(name), source=f"{name}.toml")


def program_of(text: str, *, source: str) -> Program:
    """The program that a TOML text describes. source: what a problem calls the text. Raises ProgramInvalid."""
    try:
        table = tomllib.loads(text, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        said = str(error) if isinstance(error, _NotFinite) else f"this is no TOML: {error}"
        raise ProgramInvalid([Problem(source=source, line=int(found[1]) if found else 0, fix=said)]) from error
    problems = list(_head(table, text, source))
    tables = table.get("versions")
    versions: list[Version] = []
    if isinstance(tables, list) and tables and all(isinstance(each, dict) for each in tables):
        versions, wrong = _versions(tables, text, source)
        problems += wrong
    else:
        fix = "no list of versions: write [[versions]], then `from_on` and the terms"
        problems.append(Problem(source=source, fix=fix))
    if problems:
        raise ProgramInvalid(problems)
    return msgspec.convert({**table, "versions": versions}, Program)


def with_version(program: Program, stated: dict[str, Any], *, text: str, source: str, index: int) -> Program:
    """The program with one version more: `from_on`, and what changes of the newest version's terms.

    text, source: where it is stated, below the heading [[versions]] number `index` from 0. Raises ProgramInvalid.
    """
    versions, problems = _versions([stated], text, source, before=program.versions[-1], first=index)
    if problems:
        raise ProgramInvalid(problems)
    return structs.replace(program, versions=(*program.versions, *versions))


class _NotFinite(ValueError):
    pass


def _finite(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise _NotFinite(f"{text} is no number that terms could have")
    return number


def is_endless(number: Decimal) -> bool:
    """Whether writing it out would never end, as of 1e-400000000: terms are quoted, and made fractions of whole numbers."""
    return not -PLACES_MAX <= number.adjusted() <= _EXPONENT_MAX


def _endless(terms: Terms) -> Iterator[str]:
    """The fields with such a number."""
    for field, value in msgspec.to_builtins(terms, builtin_types=(Decimal, date)).items():
        if any(map(is_endless, _numbers(value))):
            yield field


def _numbers(value: Any) -> Iterator[Decimal]:
    """The decimals in a value, however deep."""
    if isinstance(value, Decimal):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)


def _head(table: dict[str, Any], text: str, source: str) -> Iterator[Problem]:
    for field in _OF_PROGRAM[:-1]:
        value = table.get(field)
        if not isinstance(value, str) or not value.strip():
            fix = "write it above the first [[versions]], as a text in quotes"
            yield Problem(source=source, line=_line(text, -1, field), field=field, value=_shown(value), fix=fix)
        elif field == "name" and not _NAME.fullmatch(value):
            fix = 'use small letters, digits and hyphens, as in "campus-card"'
            yield Problem(source=source, line=_line(text, -1, field), field=field, value=_shown(value), fix=fix)
        elif field == "currency" and not re.fullmatch(r"[A-Z]{3}", value):
            fix = 'write the three letters of ISO 4217, as in "CNY"'
            yield Problem(source=source, line=_line(text, -1, field), field=field, value=_shown(value), fix=fix)
    for field in table:
        if field not in _OF_PROGRAM:
            fix = f"there is no such field above [[versions]]{_meant(field, _OF_PROGRAM)}"
            yield Problem(source=source, line=_line(text, -1, field), field=field, fix=fix)


def _versions(
    tables: list[dict[str, Any]], text: str, source: str, *, before: Version | None = None, first: int = 0
) -> tuple[list[Version], list[Problem]]:
    """The versions, and what is wrong with them; a mistake is told once, in the first version that has it. before: the version
    that they come after. first: the place of their first heading in the text.
    """
    merged: dict[str, Any] = {"applies_to": "new_cycles"}
    if before is not None:
        stated = msgspec.to_builtins(before.terms, builtin_types=(Decimal, date))
        merged = {**stated, "applies_to": before.applies_to}
    versions: list[Version] = []
    problems: list[Problem] = []
    told: set[tuple[str, str]] = set()
    for index, table in enumerate(tables, start=first):
        merged = {**merged, **table}
        try:
            terms = {name: value for name, value in merged.items() if name not in _OF_VERSION}
            head = {name: merged[name] for name in _OF_VERSION if name in merged}
            version = msgspec.convert({**head, "terms": msgspec.convert(terms, Terms)}, Version)
        except msgspec.ValidationError as error:
            problems.append(_mistyped(error, merged, index, text, source))
            break
        if endless := list(_endless(version.terms)):
            fix = f"write a number of {PLACES_MAX} places or less"
            problems += [_problem(path, None, fix, index, text, source) for path in endless]
            break
        wrong = list(contradictions(version.terms))
        if version.from_on.year > YEAR_MAX:
            wrong.append(("from_on", f"write a day up to the end of {YEAR_MAX}"))
        earlier = versions[-1] if versions else before
        if earlier is not None:
            wrong += changes_refused(earlier.terms, version.terms)
            if version.from_on <= earlier.from_on:
                wrong.append(("from_on", "put versions in order of `from_on`, oldest first"))
        for path, fix in wrong:
            if (path, fix) not in told:
                told.add((path, fix))
                value = version.from_on if path == "from_on" else _value(version.terms, path)
                problems.append(_problem(path, value, fix, index, text, source))
        versions.append(version)
    return versions, problems


def _problem(path: str, value: Any, fix: str, index: int, text: str, source: str) -> Problem:
    line = _line(text, index, path)
    return Problem(source=source, version=index + 1, line=line, field=path, value=_shown(value), fix=fix)


def _mistyped(error: msgspec.ValidationError, merged: dict[str, Any], index: int, text: str, source: str) -> Problem:
    """A value of the wrong kind, a field that is missing, or one that no term has."""
    match = _WHERE.fullmatch(str(error))
    assert match is not None
    problem, path = match["problem"], (match["path"] or "").lstrip(".")
    if named := re.search(r"unknown field `(\w+)`", problem):
        path = f"{path}.{named[1]}".lstrip(".")
        fix = f"there is no such term{_meant(named[1], _fields_beside(path))}"
        return _problem(path, None, fix, index, text, source)
    if named := re.search(r"missing required field `(\w+)`", problem):
        path = f"{path}.{named[1]}".lstrip(".")
        return _problem(path, None, "it is missing: the first version states it", index, text, source)
    value = _value(merged, path)
    choices = _choices(path)
    fix = f"write one of {', '.join(choices)}" if choices else f"{problem[0].lower()}{problem[1:]}"
    return _problem(path, value, fix, index, text, source)


def _choices(path: str) -> list[str]:
    """The words that a field takes, if it takes only some."""
    match = _PATH.fullmatch(path)
    kind: Any = get_type_hints(Terms).get(match["field"]) if match else None
    kind = get_type_hints(Version).get(match["field"]) if match and kind is None else kind
    if match and match["index"]:
        kind = (get_args(kind) or (None,))[0]
    if match and match["inner"]:
        kind = get_type_hints(kind).get(match["inner"])
    return [f'"{word}"' for word in _words(kind)]


def _words(kind: Any) -> tuple[Any, ...]:
    if getattr(kind, "__origin__", None) is Literal:
        return get_args(kind)
    return ()


def _fields_beside(path: str) -> tuple[str, ...]:
    """Names of the fields among which a field stands."""
    match = _PATH.fullmatch(path)
    if match is None or not match["inner"]:
        return (*Terms.__struct_fields__, *_OF_VERSION)
    parts = get_args(get_type_hints(Terms)[match["field"]])
    return tuple(getattr(parts[0], "__struct_fields__", ())) if parts else ()


def _meant(field: str, known: Sequence[str]) -> str:
    close = get_close_matches(field, known, n=1)
    return f"; perhaps `{close[0]}`" if close else ""


def _value(holder: Any, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    found = _named(holder, match["field"])
    if match["index"] and isinstance(found, Sequence) and int(match["index"]) < len(found):
        found = found[int(match["index"])]
        return _named(found, match["inner"]) if match["inner"] else None
    return found


def _named(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)


def _shown(value: Any) -> str:
    """A value as a file would have it, cut when it is long; nothing for what is not there or is no plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value[:_SHOWN_MAX]}"'
    if isinstance(value, Decimal):
        return f"{value:f}"[:_SHOWN_MAX]
    if isinstance(value, int | date):
        return str(value)[:_SHOWN_MAX]
    if isinstance(value, tuple | list) and all(isinstance(each, str) for each in value):
        return f"[{', '.join(_shown(each) for each in value)}]"[:_SHOWN_MAX]
    return ""


def _line(text: str, version: int, path: str) -> int:
    """The line of a path in a version (-1: the file's head): of the field itself, else of the table it belongs to, else
    of the version's heading; 0 for a head that does not have it.
    """
    match = _PATH.match(path)
    assert match is not None
    field, index, inner = match["field"], int(match["index"] or 0), match["inner"]
    heading, lines = _part(text, version)
    tables = [at for at, line in lines if re.match(rf"\s*\[+\s*versions\.{re.escape(field)}\s*\]", line)]
    if tables:
        start = tables[min(index, len(tables) - 1)]
        until = next((at for at, line in lines if at > start and line.lstrip().startswith("[")), lines[-1][0] + 1)
        own = ((at, line) for at, line in lines if start < at < until)
        return next((at for at, line in own if inner and _states(line, inner)), start)
    stated = [at for at, line in lines if field and _states(line, field)]
    if not stated:
        return heading
    if match["index"]:
        members = [at for at, line in lines if at >= stated[0] for _ in range(_code(line).count("{"))]
        return members[index] if index < len(members) else stated[0]
    return stated[0]


def _part(text: str, version: int) -> tuple[int, list[tuple[int, str]]]:
    """The heading's line of a version, and its lines with their numbers."""
    heading, found, lines = 0, -1, []
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*versions\s*\]\]", line):
            found += 1
            heading = number if found == version else heading
        if found == version:
            lines.append((number, line))
    return heading, lines


def _states(line: str, field: str) -> bool:
    return re.match(rf"\s*\"?{re.escape(field)}\"?\s*[=.]", line) is not None


def _code(line: str) -> str:
    return line.split("#", 1)[0]
