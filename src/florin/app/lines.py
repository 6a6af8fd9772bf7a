"""`florin line`: lines that the day close has parked, because their own close failed: list them, and let it try again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from florin.app.house import DataOption, JsonOption, entered, group, say, say_table
from florin.engine import clock
from florin.engine.admin import ParkedLine, parked_lines, release_line
from florin.queries import is_id
from florin.store import StoreRefusal

app = group("Lines that the day close has parked: list, release.")


class LineNotParked(StoreRefusal):
    def __init__(self, *, line_id: int) -> None:
        super().__init__(f"No line {line_id} is parked.", "See `florin line parked`.")


@app.command()
def parked(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every parked line and why, the oldest first: nothing is billed on it until it is released."""
    with entered(data) as house:
        found = parked_lines(house.connection)
    say_table(
        as_json,
        [_document(each) for each in found],
        ("line", "parked", "because"),
        [(str(each.line_id), _when(each), each.reason) for each in found],
    )


@app.command()
def release(
    line_id: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, from `florin line parked`.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the next day close try a parked line again. Mend what it was parked for first, or it is parked again."""
    with entered(data) as house:
        mark = release_line(house.connection, line_id) if is_id(line_id) else None
    if mark is None:
        raise LineNotParked(line_id=line_id)
    say(
        as_json,
        _document(mark),
        f"Line {mark.line_id} was parked on {_when(mark)}, because: {mark.reason}",
        "It is released: the next day close tries it again, and parks it again if that fails.",
    )


def _when(mark: ParkedLine) -> str:
    return f"{mark.parked_at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"


def _document(mark: ParkedLine) -> dict[str, Any]:
    return {"line_id": str(mark.line_id), "reason": mark.reason, "parked_at": mark.parked_at}
