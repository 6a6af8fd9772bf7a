"""`florin fold`: fold lines again from their first event, and say which would come out otherwise.

A difference is drift: it is reported and never posted by itself. It comes from a rule or a program's terms that were changed
under histories that were folded before, or from somebody's hand in the database. `--post` with a reason posts it, as an event
of each line; look at it with `--check` first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.progress import Progress

from florin.app.house import DataOption, House, JsonOption, entered, granted
from florin.credit.refold import RefoldLine
from florin.engine import Submission, clock
from florin.engine.drift import Drift, drift_of_all, drift_of_sample
from florin.store import StoreRefusal

SAMPLE = 1_000


def fold(
    data: DataOption = None,
    check: Annotated[bool, typer.Option("--check", help="Compare with what is stored; write nothing.")] = False,
    post: Annotated[bool, typer.Option("--post", help="Post what differs, line by line; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Who approved it and why, for the record.")] = "",
    sample: Annotated[int, typer.Option("--sample", min=1, help="How many lines, other ones each day.")] = SAMPLE,
    everything: Annotated[bool, typer.Option("--all", help="Every line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Refold lines from zero and compare. Exit code 1 when one differs and is not posted."""
    if post and (check or not reason.strip()):
        raise ReasonMissing
    with entered(data) as house, psycopg.connect(house.store.addresses.engine) as connection:
        lines = int(connection.execute("SELECT count(*) FROM line").fetchone()[0])  # type: ignore[index]
        if everything:
            with Progress(console=Console(stderr=True), transient=True, disable=as_json) as progress:
                task = progress.add_task("Folding", total=lines)
                found = list(drift_of_all(connection, lambda done: progress.advance(task, done)))
            folded = lines
        else:
            # A house that was never served has no clock yet, and no line.
            found = drift_of_sample(connection, sample, clock.read(connection).on.toordinal()) if lines else []
            folded = min(sample, lines)
        if post and found:
            _post(house, found, reason.strip())
    if as_json:
        answer = {"lines": lines, "folded": folded, "drift": [_document(one) for one in found], "posted": post}
        typer.echo(msgspec.json.encode(answer))
    else:
        typer.echo(_sentence(folded, lines, found, posted=post))
        for one in found[:50]:
            typer.echo(f"  {one.says()}")
    raise typer.Exit(1 if found and not post else 0)


class ReasonMissing(StoreRefusal):
    """Posting what differs is a decision that somebody stands for."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was posted: --post stands without --check and with a --reason.",
            'Look at `florin fold --check` first, then: florin fold --post --reason "approved by …: …"',
        )


def _post(house: House, found: Sequence[Drift], reason: str) -> None:
    with house.engine() as engine:
        granted(engine.execute([Submission(command=RefoldLine(line_id=one.line_id, reason=reason)) for one in found]))


def _sentence(folded: int, lines: int, found: list[Drift], *, posted: bool) -> str:
    of_all = "every line" if folded == lines else f"{folded:,} of {lines:,} lines"
    if not found:
        return f"No drift: {of_all} folded from zero, each as it is stored and posted."
    if posted:
        return f"Posted on {len(found):,} of {of_all}, each as an event of its line:"
    return f"Drift on {len(found):,} of {of_all}. Nothing was changed. What the fold would have otherwise:"


def _document(drift: Drift) -> dict[str, object]:
    entries = [
        {
            "rule": entry.rule.name,
            "amount_minor": -entry.amount_minor if entry.reversed else entry.amount_minor,
            "subject_id": str(entry.subject_id),
        }
        for entry in drift.entries
    ]
    return {"line_id": str(drift.line_id), "state": drift.state, "entries": entries}
