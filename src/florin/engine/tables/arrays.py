"""Columns as PostgreSQL array literals.

A batch sends each table's rows as one array per column, unrolled by `unnest`. The literals are text: building them costs
less than adapting each value, their parameter type never varies, so each statement is prepared once. A JSON array in other
brackets is such a literal, and msgspec writes one faster than Python could; only what JSON escapes with a backslash differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def numbers(values: Sequence[Any]) -> str:
    """Integers, dates, aware datetimes, and texts without quote, backslash or control character; None is NULL."""
    return "{" + _encode(values)[1:-1].decode() + "}"


def texts(values: Sequence[str | None]) -> str:
    """Texts of any content."""
    literal = numbers(values)
    return quoted(values) if "\\" in literal else literal


def quoted(values: Sequence[str | None]) -> str:
    """As `texts`, for those that are sure to have quotes in them: documents."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
