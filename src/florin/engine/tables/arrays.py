"""Columns as PostgreSQL array literals.

A batch sends each table's rows as one array per column, unrolled by `unnest`. The literals are text: building them costs
less than adapting each value, their parameter type never varies, so each statement is prepared once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def numbers(values: Iterable[Any]) -> str:
    """Integers, booleans as 0/1, dates, or digits in hexadecimal; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Texts of any content."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def times(values: Iterable[Any]) -> str:
    """Aware datetimes; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.isoformat()}"' for value in values]) + "}"


def nested(values: Iterable[str | None]) -> str:
    """Array literals within an array of text, for columns that are arrays themselves."""
    return "{" + ",".join(["NULL" if value is None else f'"{value}"' for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
