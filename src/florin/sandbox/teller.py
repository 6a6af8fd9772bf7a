"""The teller: how the story looks in a terminal, at 80 columns or 120, in color or without.

A day is a block: the date on the left, on the right what happened, the figures with a check mark, and a picture. Pictures
adapt to the width; every one is a bar whose parts add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from florin.events.refusals import yuan

_DATE_WIDTH = 11
_WIDTH_MAX = 108
_BODY_WIDTH_MIN = 40


class Part(NamedTuple):
    """One part of a bar: whose it is, how much, and in which style."""

    who: str
    amount_minor: int
    style: str
    block: str = "█"


class BillLine(NamedTuple):
    what: str
    amount_minor: int


class Teller:
    """Tells on a console. Call `day` first, then what happened on it; `end_of_day` prints it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(_BODY_WIDTH_MIN + _DATE_WIDTH, min(console.width, _WIDTH_MAX))
        self._on: date | None = None
        self._title = ""
        self._body: list[RenderableType] = []
        self._figures: list[tuple[str, str]] = []

    @property
    def body_width(self) -> int:
        return self._width - _DATE_WIDTH - 2

    def open(self, title: str, text: str) -> None:
        self._console.print(Panel(Text(text), title=f"[bold]{title}[/]", title_align="left", width=self._width))

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.print(Rule(f"[bold]{title}[/]", align="left", style="dim"), width=self._width)

    def day(self, on: date, title: str) -> None:
        """Begin a day; the one before is printed."""
        self.end_of_day()
        self._on, self._title = on, title

    def say(self, text: str, *, style: str = "") -> None:
        self._flush_figures()
        self._body.append(Text(text, style=style))

    def quote(self, text: str) -> None:
        """What a person reads on the screen."""
        self._flush_figures()
        self._body.append(Padding(Text(f"“{text}”", style="italic"), (0, 0, 0, 2)))

    def figure(self, what: str, shown: str) -> None:
        """An amount that was just compared with what it must be."""
        self._figures.append((what, shown))

    def picture(self, caption: str, parts: Sequence[Part]) -> None:
        """A bar of parts and their legend. Parts of zero are left out."""
        self._flush_figures()
        self._body.append(_pictured(caption, [part for part in parts if part.amount_minor], self.body_width))

    def bill(self, title: str, lines: Sequence[BillLine], total: str) -> None:
        self._flush_figures()
        table = Table.grid(expand=True)
        table.add_column()
        table.add_column(justify="right")
        for line in lines:
            table.add_row(line.what, yuan(line.amount_minor))
        panel = Panel(
            Group(table, Rule(style="dim"), Text(total, style="bold")),
            title=title,
            title_align="left",
            width=min(self.body_width, 64),
        )
        self._body.append(panel)

    def end_of_day(self) -> None:
        if self._on is None:
            return
        self._flush_figures()
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=_DATE_WIDTH, style="bold yellow", no_wrap=True)
        grid.add_column(width=self.body_width)
        grid.add_row(_date_of(self._on), Group(Text(self._title, style="bold"), *self._body))
        self._console.print()
        self._console.print(grid)
        self._on, self._body = None, []

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under headings, the first column to the left and the others to the right."""
        table = Table(box=None, pad_edge=False, header_style="dim")
        for number, column in enumerate(columns):
            table.add_column(column, justify="left" if number == 0 else "right")
        for row in rows:
            table.add_row(*row)
        self._console.print(Padding(table, (0, 0, 0, _DATE_WIDTH + 2)))

    def _flush_figures(self) -> None:
        if not self._figures:
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=max(24, min(46, self.body_width - 24)))
        grid.add_column(justify="right", width=16, no_wrap=True)
        grid.add_column(width=1, style="green")
        for what, shown in self._figures:
            grid.add_row(Text(what, style="cyan"), Text(shown, style="bold"), "✓")
        self._body.append(Padding(grid, (0, 0, 0, 2)))
        self._figures = []


class SilentTeller(Teller):
    """Tells nothing: for those who want the figures alone."""

    def __init__(self) -> None:
        super().__init__(Console(quiet=True))


def _date_of(on: date) -> Text:
    return Text.assemble((f"{on.day} {on:%B}", "bold yellow"), "\n", (f"{on:%A}", "dim"))


def _pictured(caption: str, parts: Sequence[Part], width: int) -> RenderableType:
    total_minor = sum(part.amount_minor for part in parts)
    cells = share_cells([part.amount_minor for part in parts], width - 2)
    bar = Text("▕", style="dim")
    for part, count in zip(parts, cells, strict=True):
        bar.append(part.block * count, style=part.style)
    bar.append("▏", style="dim")
    legend = Text()
    for part in parts:
        legend.append(f"{part.block} ", style=part.style)
        legend.append(f"{part.who} {yuan(part.amount_minor)}   ".replace(" ", "\N{NO-BREAK SPACE}").rstrip())
        legend.append("   ")
    heading = Text(f"{caption} {yuan(total_minor)}", style="dim")
    return Group(heading, bar, legend)


def share_cells(amounts: Sequence[int], cells: int) -> list[int]:
    """Cells of a bar in proportion to amounts, each at least one; they add up to `cells` while there is room for all."""
    total = sum(amounts)
    if not amounts or total == 0:
        return [0] * len(amounts)
    shares = [max(1, amount * cells // total) for amount in amounts]
    largest = shares.index(max(shares))
    shares[largest] = max(1, shares[largest] + cells - sum(shares))
    return shares
