"""What is wrong with a field and what to send instead, in JSON's own words: integer, string, array, object.

msgspec says it in Python's (`int`, `str`), which an integrator in another language need not know. A type whose form is
worth a word of its own says it in its `Meta`, as `extra={"fix": …}`; for all others the fix is made of their bounds.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec


def told(problem: str, *, strict: bool = True) -> str:
    """msgspec's sentence in JSON's words. strict: of a body; of a query all values are text, which is no news."""
    for pattern, words in _SENTENCES:
        if match := pattern.fullmatch(problem):
            parts = match.groupdict()
            if "wanted" in parts:
                parts["wanted"] = _any_of(parts["wanted"])
            if "got" in parts:
                parts["got"] = f", not {_any_of(parts['got'])}" if strict else ""
            if "many" in parts:
                parts["many"] += f" {_UNITS[parts['what']]}" + ("" if parts["many"] == "1" else "s")
            sentence = words.format(**parts)
            return sentence[0].upper() + sentence[1:]
    return f"{_QUOTED.sub(lambda match: _any_of(match[1]), problem).rstrip('.')}."


def wish(wanted: Any, name: str = "") -> str:
    """What a field of this type takes, in a few words; empty when there is nothing to say. name: of the field."""
    if isinstance(wanted, UnionType) or get_origin(wanted) is Union:
        return next((found for part in get_args(wanted) if (found := wish(part, name))), "")
    if get_origin(wanted) is Literal:
        return f"Send one of: {', '.join(map(str, get_args(wanted)))}."
    meta = next((item for item in getattr(wanted, "__metadata__", ()) if isinstance(item, msgspec.Meta)), None)
    base = getattr(wanted, "__origin__", wanted) if meta is not None else wanted
    if meta is not None and meta.extra is not None and "fix" in meta.extra:
        return str(meta.extra["fix"])
    if isinstance(base, UnionType) or get_origin(base) in (Union, Literal):
        return wish(base, name)
    if get_origin(base) in (tuple, list):
        return _array_wish(base, meta)
    if base is str and meta is not None and meta.max_length is not None:
        return f"Send a string of {_span(meta)} characters, without control characters."
    if base is int:
        minor = ", in minor units (¥199.00 is 19900)" if name.endswith("_minor") else ""
        return f"Send an integer{_bounds(meta)}, without quotes{minor}."
    if isinstance(base, type) and issubclass(base, msgspec.Struct):
        needed = [field.encode_name for field in msgspec.structs.fields(base) if field.required]
        return f"Send an object with {', '.join(needed)}." if needed else "Send an object."
    return _PLAIN.get(base, "")


def _bounds(meta: msgspec.Meta | None) -> str:
    if meta is None or meta.ge is None:
        return ""
    return f" of at least {meta.ge}" if meta.le is None else f" from {meta.ge} to {meta.le}"


def _array_wish(base: Any, meta: msgspec.Meta | None) -> str:
    item = get_args(base)[0]
    how_many = "" if meta is None else f" of {_span(meta)}"
    if get_origin(item) is Literal:
        return f"Send an array{how_many} of: {', '.join(map(str, get_args(item)))}."
    return f"Send an array{how_many} objects." if item is msgspec.Raw else f"Send an array{how_many} items."


def _span(meta: msgspec.Meta) -> str:
    return f"{meta.min_length} to {meta.max_length}" if meta.min_length else f"at most {meta.max_length}"


_PLAIN: dict[Any, str] = {
    bool: "Send true or false.",
    str: "Send a string.",
    bytes: "Send a string of base64.",
    datetime: 'Send a time with its zone, as in "2026-03-05T20:00:00+08:00".',
    date: 'Send a date, as in "2026-04-01".',
}
_WORDS = {
    "int": "an integer",
    "float": "a number with decimals",
    "str": "a string",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
    "datetime": "a string with a time",
    "date": "a string with a date",
}
_UNITS = {"str": "character", "array": "item"}
_SENTENCES = [
    (re.compile(pattern, re.DOTALL), words)
    for pattern, words in (
        (r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`", "{wanted} is expected{got}."),
        (r"Expected `int` >= (?P<bound>\S+)", "it must be at least {bound}."),
        (r"Expected `int` <= (?P<bound>\S+)", "it may be at most {bound}."),
        (r"Expected `(?P<what>str|array)` of length >= (?P<many>\d+)", "it must have at least {many}."),
        (r"Expected `(?P<what>str|array)` of length <= (?P<many>\d+)", "it may have at most {many}."),
        (r"Expected `str` matching regex .*", "the string has a form that is not taken here."),
        (r"Invalid enum value (?P<value>.*)", "{value} is not one of the values that are known."),
        (r"Invalid RFC3339 encoded datetime", "a time as RFC 3339 writes it is expected."),
        (r"Invalid RFC3339 encoded date", "a date as RFC 3339 writes it is expected."),
        (r"Expected `datetime` with a timezone component", "the time does not say its zone."),
    )
]
_QUOTED = re.compile(r"`([^`]+)`")


def _any_of(types: str) -> str:
    """`datetime | null` in words: a string with a time, or null."""
    return " or ".join(_WORDS.get(part.strip(), part.strip()) for part in types.split("|"))
