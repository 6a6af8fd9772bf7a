"""A what-if in a process of its own: the book is read, lived twice, and what came of it goes back as one line.

Nice to others, on one core, read-only, and one at a time in a house: payments of the same machine come first. Run as a program
it reads one `Asked`, a line of its standard input, writes one answer, and ends with whoever asked, when that input is closed.
"""

from __future__ import annotations

import os
import sys
from threading import Thread

import msgspec
import psycopg

from florin.lab.whatif import ChangeInvalid, Outcome, WhatIfTooLarge, read_change, what_if
from florin.queries.live_book import BookTooLarge, live_book

# "what if": whoever holds it runs one.
_TURN = 0x77686174206966
_TAKE_TURN = "SELECT pg_try_advisory_lock(%(turn)s)"
_READ_ONLY = "-c default_transaction_read_only=on"
_NICE = 10


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """dsn: of a role that may read lines and events. change: as TOML. draws: None is all that calibration kept."""

    dsn: str
    change: str
    months: int
    draws: int | None
    seed: int
    lines_max: int


class Lived(msgspec.Struct, frozen=True, kw_only=True, tag="lived"):
    outcome: Outcome


class ChangeWrong(msgspec.Struct, frozen=True, kw_only=True, tag="change_wrong"):
    """(where, what is wrong with it) of each problem, in words."""

    problems: tuple[tuple[str, str], ...]


class SizeWrong(msgspec.Struct, frozen=True, kw_only=True, tag="size_wrong"):
    """field: months or draws; empty where it is the book."""

    field: str
    message: str


class BookWrong(msgspec.Struct, frozen=True, kw_only=True, tag="book_wrong"):
    """More lines than `most`."""

    lines: int
    most: int


class Away(msgspec.Struct, frozen=True, kw_only=True, tag="away"):
    """The database does not answer, or no longer."""


class Runs(msgspec.Struct, frozen=True, kw_only=True, tag="runs"):
    """Another one runs."""


Answer = Lived | ChangeWrong | SizeWrong | BookWrong | Away | Runs


def answer(asked: Asked) -> Answer:
    """What comes of it."""
    try:
        return _answer(asked)
    except psycopg.OperationalError:
        return Away()


def _answer(asked: Asked) -> Answer:
    with psycopg.connect(asked.dsn, autocommit=True, application_name="what-if", options=_READ_ONLY) as connection:
        if connection.execute(_TAKE_TURN, {"turn": _TURN}).fetchone() != (True,):
            return Runs()
        try:
            book = live_book(connection, lines_max=asked.lines_max)
            change = read_change(asked.change, book, source="toml")
            outcome = what_if(book, change, months=asked.months, draws=asked.draws, seed=asked.seed, processes=1)
        except BookTooLarge as error:
            return BookWrong(lines=error.lines, most=error.most)
        except ChangeInvalid as error:
            return ChangeWrong(
                problems=tuple((f"toml:{each.line}" if each.line else "toml", each.text()) for each in error.problems)
            )
        except WhatIfTooLarge as error:
            return SizeWrong(field=error.field, message=str(error))
    return Lived(outcome=outcome)


def main() -> None:
    """The answer goes to the standard output; all else that is printed goes where errors go."""
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Asked)
    Thread(target=_end_with_the_asker, daemon=True).start()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        os.nice(_NICE)
        answers.write(msgspec.json.encode(answer(asked)))


def _end_with_the_asker() -> None:
    while os.read(0, 1):  # nothing more is said; an end is
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
