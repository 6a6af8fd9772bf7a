"""Programs from files: read a preset or an owner's own TOML, and say exactly what is wrong with it.

A file names the program and lists `[[versions]]`. The first version states all terms; a later one states what changes.
An error names the file, the line, the field and the fix.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from florin.credit.terms import Program, Terms, Version
from florin.presets import preset_names, preset_text

_BUCKETS = {"cost", "penalty", "interest", "fee", "principal"}
_NOT_TERMS = ("from_on", "applies_to")
_WHERE = re.compile(r"(?P<problem>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)


class ProgramInvalid(ValueError):
    """A program's file cannot be used; the text names the file, the line, the field and the fix."""


def load_program(name_or_path: str | Path) -> Program:
    """A preset by its name ("huabei"), or the program in a TOML file. Raises ProgramInvalid."""
    if isinstance(name_or_path, str) and name_or_path in preset_names():
        return program_of(preset_text(name_or_path), source=f"{name_or_path}.toml")
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(preset_names())
        raise ProgramInvalid(f"There is no preset and no file {str(name_or_path)!r}. Presets: {known}.")
    return program_of(path.read_text(encoding="utf-8"), source=path.name)


def program_of(text: str, *, source: str) -> Program:
    """The program that a TOML text describes. source: what an error calls the text. Raises ProgramInvalid."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ProgramInvalid(f"{source}: this is no TOML: {error}.") from error
    if not isinstance(table.get("versions"), list) or not table["versions"]:
        raise ProgramInvalid(f"{source}: no list of versions: write [[versions]], then `from_on` and the terms.")
    versions = tuple(_versions(table.pop("versions"), text, source))
    try:
        return msgspec.convert({**table, "versions": versions}, Program)
    except msgspec.ValidationError as error:
        raise ProgramInvalid(f"{source}: {error}.") from error


def _versions(tables: list[dict[str, Any]], text: str, source: str) -> Iterator[Version]:
    merged: dict[str, Any] = {"applies_to": "new_cycles"}
    for index, table in enumerate(tables):
        before, merged = merged.get("from_on"), {**merged, **table}
        at = f"{source}, version {index + 1}"
        try:
            terms = {name: value for name, value in merged.items() if name not in _NOT_TERMS}
            head = {name: merged[name] for name in _NOT_TERMS if name in merged}
            version = msgspec.convert({**head, "terms": msgspec.convert(terms, Terms)}, Version)
        except msgspec.ValidationError as error:
            match = _WHERE.fullmatch(str(error))
            assert match is not None
            field = re.split(r"[.\[]", (match["path"] or "").lstrip("."))[0] or _named_in(match["problem"])
            raise ProgramInvalid(f"{at}{_line(text, index, field)}: {match['problem']}.") from error
        for field, fix in _wrong(version.terms):
            value = getattr(version.terms, field)
            raise ProgramInvalid(f"{at}{_line(text, index, field)}: `{field}` is {value}: {fix}.")
        if before is not None and version.from_on <= before:
            line = _line(text, index, "from_on")
            raise ProgramInvalid(f"{at}{line}: put versions in order of `from_on`, oldest first.")
        yield version


def _wrong(terms: Terms) -> Iterator[tuple[str, str]]:
    """Fields whose value makes no sense, with what to write instead."""
    if not 1 <= terms.cycle_day <= 31:
        yield "cycle_day", "choose a day of the month from 1 to 31; 31 means its last day"
    if terms.billing == "cycle" and (terms.due_day == 0) == (terms.due_days == 0):
        yield "due_day", "write either `due_day`, from 1 to 31, or `due_days`, so many days after the close"
    if not 0 <= terms.due_day <= 31:
        yield "due_day", "choose a day of the month from 1 to 31; 31 means its last day"
    if terms.draws_on != "receipt":
        yield "draws_on", 'write "receipt": a loan that begins while the money is still in escrow is not built yet'
    if not 0 <= terms.grace_days <= 27:
        yield "grace_days", "choose 0 to 27 days, so that grace ends before the next statement"
    if not 0 < terms.minimum_share <= 1:
        yield "minimum_share", "write a share above 0 and at most 1, as in 0.10 for 10 %"
    if not 0 <= terms.interest_daily_rate <= Decimal("0.01"):
        yield "interest_daily_rate", "write the daily rate as a share, as in 0.0005 for 0.05 % a day (at most 0.01)"
    for field in ("minimum_floor_minor", "full_payment_tolerance_minor", "over_limit_tolerance_minor"):
        if getattr(terms, field) < 0:
            yield field, "write an amount of minor units, zero or more"
    if not 0 <= terms.limit_minor_min <= terms.limit_minor_max:
        yield "limit_minor_min", "write an amount from zero up to `limit_minor_max`"
    if any(sorted(regime.order) != sorted(_BUCKETS) for regime in terms.waterfall):
        yield "waterfall", 'name each of "cost", "penalty", "interest", "fee" and "principal" once in `order`'
    starts = [regime.from_days_past_due for regime in terms.waterfall]
    if not starts or starts[0] != 0 or sorted(set(starts)) != starts:
        yield "waterfall", "begin with `from_days_past_due = 0`, then rising"
    counts = [offer.count for offer in terms.installments]
    if len(set(counts)) < len(counts) or any(not 2 <= count <= 60 for count in counts):
        yield "installments", "offer each count once, from 2 to 60"
    if any(not 0 <= offer.fee_rate < 1 for offer in terms.installments):
        yield "installments", "write each `fee_rate` as a share of the principal, as in 0.075 for 7.5 %"
    if "other" not in terms.auto_confirm_days or any(days < 0 for days in terms.auto_confirm_days.values()):
        yield "auto_confirm_days", "give days, zero or more, and an entry `other` for goods not listed"


def _named_in(problem: str) -> str:
    named = re.search(r"`(\w+)`", problem)
    return named[1] if named else ""


def _line(text: str, version: int, field: str) -> str:
    """`, line 23` of a field in the given version, or of the version's heading when the field is not written there."""
    heading, found = 0, -1
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[versions\]\]", line):
            heading, found = (number, found + 1) if found < version else (heading, found + 1)
        if found == version and field and re.match(rf"\s*(\[+versions\.)?{re.escape(field)}\b", line):
            return f", line {number}"
    return f", line {heading}" if heading else ""
