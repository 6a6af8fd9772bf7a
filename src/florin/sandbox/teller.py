"""The teller: how the story looks in a terminal, at 80 columns or 120, in color or without.

Everything is printed the moment it happened: the date and a headline, what was done, figures with a check mark, pictures.
A picture is a bar whose parts add up, as wide as there is room; without color its parts still differ by their texture.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from florin.events.refusals import yuan

_GUTTER = 14
_WIDTH_MAX = 112
_BODY_WIDTH_MIN = 44
_BILL_WIDTH_MAX = 60
_LABEL_WIDTH_MAX = 48
_VALUE_WIDTH = 16


class Part(NamedTuple):
    """One part of a bar: whose it is, how much, and how it is drawn."""

    who: str
    amount_minor: int
    style: str
    block: str = "█"


class BillLine(NamedTuple):
    what: str
    amount_minor: int


class Teller:
    """Tells on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(_BODY_WIDTH_MIN + _GUTTER, min(console.width, _WIDTH_MAX))

    @property
    def body_width(self) -> int:
        return self._width - _GUTTER

    def open(self, title: str, text: str) -> None:
        self._console.print(Panel(Text(text), title=f"[bold]{title}[/]", title_align="left", width=self._width))

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.print(Rule(f"[bold]{title}[/]", align="left", style="dim"), width=self._width)

    def day(self, on: date, headline: str) -> None:
        dated = Text(f"{on:%a} {on.day} {on:%B}", style="yellow")
        dated.truncate(_GUTTER - 1)
        dated.pad_right(_GUTTER - len(dated))
        self._console.print()
        self._console.print(dated.append(headline, style="bold"), width=self._width)

    def waiting(self, what: str) -> AbstractContextManager[Any]:
        """While something takes its time; nothing of it stays on the screen."""
        return self._console.status(f"[dim]{what} …[/]")

    def say(self, text: str, *, style: str = "") -> None:
        self._body(Text(text, style=style))

    def quote(self, text: str) -> None:
        """What a person reads on the screen."""
        self._body(Padding(Text(f"“{text}”", style="italic"), (0, 0, 0, 2)))

    def figure(self, what: str, shown: str) -> None:
        """An amount, or another fact, that was just compared with what it must be."""
        label_width = min(_LABEL_WIDTH_MAX, self.body_width - _VALUE_WIDTH - 4)
        label = Text(f"  {what}")
        label.truncate(label_width, overflow="ellipsis", pad=True)
        value = (f" {shown:>{_VALUE_WIDTH}} ", "bold")
        self._body(Text.assemble((label.plain, "cyan"), value, ("✓", "green")))

    def picture(self, caption: str, parts: Sequence[Part]) -> None:
        """A bar of parts with their legend. Parts of zero are left out."""
        self._body(_pictured(caption, [part for part in parts if part.amount_minor], self.body_width))

    def bill(self, title: str, lines: Sequence[BillLine], total: str) -> None:
        grid = Table.grid(expand=True)
        grid.add_column()
        grid.add_column(justify="right", no_wrap=True)
        for line in lines:
            grid.add_row(line.what, yuan(line.amount_minor))
        content = Group(grid, Rule(style="dim"), Text(total, style="bold"))
        width = min(self.body_width, _BILL_WIDTH_MAX)
        self._body(Panel(content, title=title, title_align="left", width=width))

    def table(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[int | str]]) -> None:
        """columns: (heading, style); the first is text, the others amounts, of which zero is a dash."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for number, (heading, style) in enumerate(columns):
            table.add_column(heading, justify="right" if number else "left", header_style=style, style=style)
        for row in rows:
            table.add_row(*("–" if cell == 0 else yuan(cell) if isinstance(cell, int) else cell for cell in row))
        self._body(table)

    def _body(self, what: RenderableType) -> None:
        self._console.print(Padding(what, (0, 0, 0, _GUTTER)), width=self._width)


class SilentTeller(Teller):
    """Tells nothing: for those who want the figures alone."""

    def __init__(self) -> None:
        super().__init__(Console(quiet=True))


def share_cells(amounts: Sequence[int], cells: int) -> list[int]:
    """Cells of a bar in proportion to amounts, all above zero: at least one each, and together `cells` if there is room."""
    total, room = sum(amounts), max(0, cells - len(amounts))
    shares = [1 + amount * room // total for amount in amounts]
    left_over = cells - sum(shares)
    for place in sorted(range(len(amounts)), key=lambda place: -amounts[place])[: max(0, left_over)]:
        shares[place] += 1
    return shares


def _pictured(caption: str, parts: Sequence[Part], width: int) -> RenderableType:
    cells = share_cells([part.amount_minor for part in parts], width - 2)
    bar = Text("▕", style="dim")
    for part, count in zip(parts, cells, strict=True):
        bar.append(part.block * count, style=part.style)
    bar.append("▏", style="dim")
    legend = Text()
    for part in parts:
        # No-break spaces: a name and its amount stay on one line.
        name = f"{part.who} {yuan(part.amount_minor)}".replace(" ", "\N{NO-BREAK SPACE}")
        legend.append(f"{part.block}\N{NO-BREAK SPACE}", style=part.style).append(name).append("   ")
    legend.rstrip()
    heading = Text(f"{caption} {yuan(sum(part.amount_minor for part in parts))}", style="dim")
    return Group(heading, bar, legend)
