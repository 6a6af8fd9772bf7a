"""`florin escrow`: the terms of escrow, the preset's and the house's own: the clock, deadlines, what files may be shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from florin.app.house import DataOption, JsonOption, entered, group, say
from florin.engine import admin, clock
from florin.engine.reference import know_escrow_terms
from florin.payments.requests.terms import EscrowTerms, EscrowTermsInvalid, escrow_terms, versions_of
from florin.presets import escrow_text
from florin.store import StoreRefusal

app = group("The terms of escrow: check a file, add it, show those in force.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file, as `florin escrow show` prints one.")]


class EscrowFileUnusable(StoreRefusal):
    def __init__(self, *, file: Path, because: str) -> None:
        super().__init__(
            f"{file} cannot be used: {because}.", "Mend it and check again; `florin escrow show` prints one."
        )


class EscrowTermsPast(StoreRefusal):
    def __init__(self, *, from_on: str, today: str) -> None:
        super().__init__(
            f"The version of {from_on} would begin on a day that is over: it is {today}.",
            "Let it begin today or later.",
        )


class EscrowDayTaken(StoreRefusal):
    def __init__(self, *, from_on: str) -> None:
        super().__init__(
            f"There are terms from {from_on} already, and what is stated stays.", "Choose a later day for the change."
        )


@app.command()
def check(file: FileArgument, as_json: JsonOption = False) -> None:
    """Say whether a file of terms can be used; if not, what is wrong, and exit code 1."""
    versions, _ = _read(file)
    days = ", ".join(str(version.from_on) for version in versions)
    say(
        as_json,
        {"ok": True, "versions": [version.from_on for version in versions]},
        f"{file} can be used: from {days}.",
    )


@app.command()
def add(file: FileArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """State the house's own terms, from their days on; each begins today or later, and says all of them."""
    versions, source = _read(file)
    with entered(data) as house:
        clock.start(house.connection)
        today = clock.read(house.connection).on
        past = next((version for version in versions if version.from_on < today), None)
        if past is not None:
            raise EscrowTermsPast(from_on=str(past.from_on), today=str(today))
        first_on = min(version.from_on for version in versions)
        if not admin.add_escrow_terms(house.connection, source, first_on, today):
            raise EscrowDayTaken(from_on=str(first_on))
    say(
        as_json,
        {"ok": True, "versions": [version.from_on for version in versions]},
        f"From {first_on} these are the terms of escrow. What was asked before keeps the deadlines that it was given.",
    )


@app.command()
def show(
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Those of that day; else of today.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """The terms in force on a day, as the file that stated them: to read, and to begin one of your own."""
    with entered(data) as house:
        clock.start(house.connection)
        know_escrow_terms(house.connection)
        terms = escrow_terms(on.date() if on else clock.read(house.connection).on)
        rows = house.connection.execute("SELECT source FROM escrow_version ORDER BY from_on LIMIT 1000").fetchall()
    stated = next((source for (source,) in rows[::-1] if terms in versions_of(source)), escrow_text())
    say(as_json, msgspec.to_builtins(terms), stated)


def _read(file: Path) -> tuple[tuple[EscrowTerms, ...], str]:
    """Raises EscrowFileUnusable."""
    try:
        source = file.read_text(encoding="utf-8")
        return versions_of(source), source
    except (OSError, UnicodeDecodeError, EscrowTermsInvalid) as error:
        raise EscrowFileUnusable(file=file, because=str(error).rstrip(".")) from None
