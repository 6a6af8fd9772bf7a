"""`florin whatif FILE`: a change of terms, limits or acceptance, tried on the live book before anybody decides.

It reads as the pages read, and writes nothing: no event, no row, no file but the page that is asked for.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from florin.app.house import DataOption, JsonOption, NotMigrated
from florin.app.lab import LanguageOption, check_writable, write_whole
from florin.app.lab import told as shown
from florin.lab.quantity import LANGUAGES
from florin.lab.whatif import ChangeInvalid, LiveBook, Outcome, WhatIfTooLarge, read_change, what_if
from florin.lab.whatif.told import page, told
from florin.queries.live_book import live_book
from florin.store import StoreRefusal
from florin.store.session import Store, open_house

_WIDTH_MAX, _WIDTH_WITHOUT_TERMINAL = 140, 120


class FileUnreadable(StoreRefusal):
    def __init__(self, *, file: Path, why: str) -> None:
        super().__init__(f"{file} cannot be read: {why}.", "Name a TOML file; docs/how-to/what-if.md shows one.")


class ChangeUnusable(StoreRefusal):
    def __init__(self, error: ChangeInvalid) -> None:
        count = len(error.problems)
        many = "this problem" if count == 1 else f"these {count} problems"
        super().__init__(str(error), f"Mend {many} and ask again; docs/how-to/what-if.md explains each part.")


class TooLarge(StoreRefusal):
    def __init__(self, error: WhatIfTooLarge) -> None:
        super().__init__(str(error), "Ask for what is possible; `florin whatif --help` shows how.")


def whatif(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The change, as TOML; docs/how-to/what-if.md shows one.")
    ],
    months: Annotated[int, typer.Option("--months", help="How many months are lived.")] = 12,
    draws: Annotated[
        int | None, typer.Option("--draws", help="How many draws of the parameters; else all that calibration kept.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal answers.")] = 1,
    language: Annotated[LanguageOption, typer.Option("--language", help="Of what is printed.")] = LanguageOption.EN,
    html: Annotated[Path | None, typer.Option("--html", help="Write it as a page, too.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """What would a change of terms, limits or acceptance bring: income, loss, and people hurt. Nothing is written."""
    began = time.monotonic()
    text = _read(file)
    if html is not None:
        check_writable(html)
    with open_house(data) as store:
        book = _book(store)
    taken_s = time.monotonic() - began
    outcome = _run(text, book, source=file.name, months=months, draws=draws, seed=seed)
    if html is not None:
        write_whole(html, page(outcome).encode())
        typer.echo(f"{html}: open it in a browser; it needs no server.", err=True)
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
        return
    console = Console(highlight=False, width=_width())
    console.print(shown(told(outcome), width=console.width, language=LANGUAGES[language is LanguageOption.ZH]))
    typer.echo(f"{taken_s:.1f} s to read the book, {time.monotonic() - began:.1f} s in all", err=True)


def _book(store: Store) -> LiveBook:
    """As the pages' role. Raises NotMigrated."""
    with psycopg.connect(store.addresses.pages) as connection:
        try:
            return live_book(connection)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            raise NotMigrated from None


def _run(text: str, book: LiveBook, *, source: str, months: int, draws: int | None, seed: int) -> Outcome:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    try:
        change = read_change(text, book, source=source)
        with bar:
            task = bar.add_task("lives", total=None)
            return what_if(
                book,
                change,
                months=months,
                draws=draws,
                seed=seed,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )
    except ChangeInvalid as error:
        raise ChangeUnusable(error) from None
    except WhatIfTooLarge as error:
        raise TooLarge(error) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileUnreadable(file=file, why=f"it is no text in UTF-8, {error.reason}") from None
    except OSError as error:
        raise FileUnreadable(file=file, why=error.strerror or "it cannot be opened") from None


def _width() -> int:
    return min(Console().width, _WIDTH_MAX) if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
