"""An operator's command in the house: the store opened, the engine when it is needed, answers as text or as JSON.

Every command goes this way, beside a Florin that serves and without one. What it asks for in secret comes from the terminal,
twice each, or from standard input, a line each; never from the command line, which other people on the machine can read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import psycopg
import typer
from psycopg import Connection
from rich.console import Console
from rich.table import Table

from florin.bank import Bank, BankFolder, bank_of
from florin.engine import Engine, GroupRefused, Outcome, clock
from florin.engine.reference import load_reference
from florin.events.refusals import Refusal
from florin.store import StoreRefusal
from florin.store.session import Store, open_house

DataOption = Annotated[
    Path | None, typer.Option("--data", envvar="FLORIN_DATA", help="The data folder; else the usual place.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer for programs.")]

PASSWORD_LETTERS_MIN, PASSWORD_LETTERS_MAX = 8, 1_000
PIN_DIGITS = 6
_WIDTH_WITHOUT_TERMINAL = 240


class NotMigrated(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "The database has not the tables of this version.",
            "Run `florin migrate`, or `florin serve`, which does it too.",
        )


class Refused(StoreRefusal):
    """The engine said no: its refusal's name, and its sentence."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"Refused: {refusal.name}.", refusal.sentence())
        self.refusal = refusal


class SecretMissing(StoreRefusal):
    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"No {what} came on standard input.", "Write each secret on a line of its own, or run it on a terminal."
        )


class PasswordUnusable(StoreRefusal):
    def __init__(self, *, letters: int) -> None:
        super().__init__(
            f"A password of {letters} letters is not taken.",
            f"Choose one of {PASSWORD_LETTERS_MIN} to {PASSWORD_LETTERS_MAX} letters.",
        )


class PinUnusable(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(f"This is no PIN: it must be {PIN_DIGITS} digits.", "Choose six digits.")


def group(about: str) -> typer.Typer:
    """A command with commands below it."""
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An open house. connection: of the engine's role, in autocommit."""

    store: Store
    connection: Connection[Any]

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine of our own; a house that was never served gets its clock first."""
        clock.start(self.connection)
        with Engine(self.store.addresses.engine, name="operator") as engine:
            yield engine


def bank_in(house: House) -> Bank:
    """The house's bank, whichever was chosen."""
    return bank_of(house.connection, BankFolder(house.store.folder.path / "bank"))


@contextmanager
def entered(data_dir: Path | None) -> Iterator[House]:
    """The house in this folder. Raises NoHouseHere, NotMigrated."""
    with open_house(data_dir) as store, psycopg.connect(store.addresses.engine, autocommit=True) as connection:
        try:
            load_reference(connection, 0)  # the house's own programs
            yield House(store=store, connection=connection)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            raise NotMigrated from None


def granted(outcomes: Sequence[Outcome]) -> None:
    """Raises Refused with the refusal that is a reason of its own, if there is one."""
    refusals = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    for refusal in sorted(refusals, key=lambda refusal: isinstance(refusal, GroupRefused)):
        raise Refused(refusal)


def ask_password(whose: str) -> str:
    """Raises SecretMissing, PasswordUnusable."""
    password = _ask(f"password for {whose}")
    if not PASSWORD_LETTERS_MIN <= len(password) <= PASSWORD_LETTERS_MAX:
        raise PasswordUnusable(letters=len(password))
    return password


def ask_pin(whose: str) -> str:
    """Raises SecretMissing, PinUnusable."""
    pin = _ask(f"PIN for {whose}, {PIN_DIGITS} digits")
    if not (len(pin) == PIN_DIGITS and pin.isascii() and pin.isdigit()):
        raise PinUnusable
    return pin


def say(as_json: bool, document: Any, *lines: str) -> None:
    """The answer: the document for programs, or lines for people."""
    typer.echo(msgspec.json.encode(document).decode() if as_json else "\n".join(lines))


def say_table(as_json: bool, documents: Sequence[Any], headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A list: documents for programs, a row each for people."""
    if as_json:
        typer.echo(msgspec.json.encode(documents).decode())
        return
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")  # a number that is cut off is of no use
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL).print(table)


def _ask(what: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"{what[0].upper()}{what[1:]}", hide_input=True, confirmation_prompt=True, err=True))
    line = sys.stdin.readline()
    if not line:
        raise SecretMissing(what=what)
    return line.rstrip("\r\n")
