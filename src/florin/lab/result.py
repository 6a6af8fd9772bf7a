"""What every experiment gives back: tables, charts, a paragraph, where the model fails, and all that makes it again.

A result of the same seed, size and parameters is the same record, so how long it took is not part of it. It goes to JSON and
back without loss.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct

from florin.lab.chart import Chart
from florin.lab.grid import Grid
from florin.lab.quantity import LANGUAGES, Cell, FigureInvalid, Interval, Unit, Words, written

__all__ = [
    "Cell",
    "Changed",
    "Column",
    "FigureInvalid",
    "Finding",
    "Holds",
    "Interval",
    "ParametersUsed",
    "Result",
    "Table",
    "Unit",
    "Verdict",
    "Words",
    "from_json",
    "holds",
    "to_json",
]


class Column(Struct, frozen=True):
    title: Words
    unit: Unit = Unit.TEXT


class Table(Struct, frozen=True):
    """Rows of typed columns. A number in a column of text, or text among numbers, is refused (FigureInvalid)."""

    title: Words
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise FigureInvalid(f"A row of {self.title.en!r} has {len(row)} cells for {len(self.columns)} columns.")
            for cell, column in zip(row, self.columns, strict=True):
                if cell is not None and isinstance(cell, str | Words) != (column.unit is Unit.TEXT):
                    raise FigureInvalid(
                        f"{cell!r} is no {column.unit} for the column {column.title.en!r} of {self.title.en!r}."
                    )


class Changed(Struct, frozen=True):
    """A parameter that was not left as it comes."""

    name: str
    value: str
    default: str


class ParametersUsed(Struct, frozen=True):
    """digest: of all parameters, as hexadecimal; equal digests are equal parameters."""

    digest: str
    changed: tuple[Changed, ...] = ()


class Holds(StrEnum):
    """What the numbers say to a claim."""

    SUPPORTED = "supported"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class Verdict(Struct, frozen=True):
    """A claim of the argument, as a number that must lie above a threshold, and where it lies.

    `holds` is not stored: it follows from the numbers alone.
    """

    claim: Words
    measure: Words
    unit: Unit
    found: Interval
    threshold: int

    @property
    def holds(self) -> Holds:
        return holds(self.found, above=self.threshold)


def holds(found: Interval, *, above: int) -> Holds:
    """Supported if the whole interval lies above the threshold, rejected if the whole lies below; else undecided."""
    if found.low > above:
        return Holds.SUPPORTED
    return Holds.REJECTED if found.high < above else Holds.UNDECIDED


class Finding(Struct, frozen=True):
    """One number worth telling before all others."""

    title: Words
    unit: Unit
    value: Interval


class Result(Struct, frozen=True):
    """people, months: the size of each run; draws: runs, each with its own draw of the parameters.

    command: by which it is asked for again, when it is no experiment of the lab's; the parameters' digest is then of all that
    went in.

    paragraphs: what came out, in whole sentences with the numbers; caveats: where the model fails. Raises FigureInvalid:
    without a paragraph in both languages, or without a caveat, a result is not one.
    """

    name: str
    title_en: str
    title_zh: str
    seed: int
    people: int
    months: int
    draws: int
    parameters: ParametersUsed
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    paragraphs_en: tuple[str, ...]
    paragraphs_zh: tuple[str, ...]
    caveats: tuple[Words, ...]
    findings: tuple[Finding, ...] = ()
    verdict: Verdict | None = None
    grid: Grid | None = None
    command: str = ""

    def __post_init__(self) -> None:
        if not self.paragraphs_en or len(self.paragraphs_en) != len(self.paragraphs_zh):
            raise FigureInvalid(f"{self.name} needs paragraphs, as many in Chinese as in English.")
        if not self.caveats:
            raise FigureInvalid(f"{self.name} does not say where the model fails.")

    @property
    def title(self) -> Words:
        return Words(self.title_en, self.title_zh)

    @property
    def paragraphs(self) -> tuple[Words, ...]:
        return tuple(Words(en, zh) for en, zh in zip(self.paragraphs_en, self.paragraphs_zh, strict=True))


def to_json(result: Result) -> bytes:
    return msgspec.json.encode(result)


def from_json(text: bytes) -> Result:
    """Raises msgspec.ValidationError: not a result, or one that could not be shown."""
    return msgspec.json.decode(text, type=Result)


def table_lines(table: Table) -> list[tuple[tuple[str, str], ...]]:
    """Each row's cells as people read them, in English and in Chinese."""
    return [
        tuple(
            (written(cell, column.unit, LANGUAGES[0]), written(cell, column.unit, LANGUAGES[1]))
            for cell, column in zip(row, table.columns, strict=True)
        )
        for row in table.rows
    ]
