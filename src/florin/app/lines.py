"""`florin line`: one line as of a day, what the owner says of it, relief for who cannot pay, and lines that the day close has
parked, because their own close failed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

import typer
from psycopg import Connection

from florin.app import relief
from florin.app.house import DataOption, JsonOption, entered, granted, group, say, say_table
from florin.app.merchants import amount_minor
from florin.app.relief import NoSuchLine
from florin.credit.line import LineState
from florin.credit.move_cycle import MoveCycle
from florin.credit.repayment_hold import ConfirmRepayment
from florin.engine import Submission, clock
from florin.engine.admin import ParkedLine, parked_lines, release_line
from florin.events import CycleMoved
from florin.events.refusals import yuan
from florin.money import yuan_text
from florin.queries import is_id
from florin.queries.as_of import DayOutOfRange, LineAsOf, line_as_of_day
from florin.store import StoreRefusal

app = group("One line as of a day; what the owner says of it; relief for who cannot pay; parked lines: list, release.")


class LineNotParked(StoreRefusal):
    def __init__(self, *, line_id: int) -> None:
        super().__init__(f"No line {line_id} is parked.", "See `florin line parked`.")


app.command()(relief.reage)
app.command()(relief.hardship)


class NoSuchDay(StoreRefusal):
    def __init__(self, wrong: DayOutOfRange) -> None:
        super().__init__(wrong.problem, wrong.fix)


@app.command()
def show(
    line_id: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, from `florin shopper list`.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As of the end of that day.")] = None,
    known: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="By what was known at the end of that day.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """A line as of a day, by the days on which things count and by what was known then; each is today when left out."""
    with entered(data) as house:
        try:
            today = clock.read(house.connection).on
        except LookupError:  # of a house that was never served, which has no line
            raise NoSuchLine(line_id=line_id) from None
        try:
            found = line_as_of_day(
                house.connection,
                line_id=line_id,
                on=on.date() if on else today,
                known_on=known.date() if known else today,
                today=today,
            )
        except DayOutOfRange as wrong:
            raise NoSuchDay(wrong) from None
    if found is None:
        raise NoSuchLine(line_id=line_id)
    say(as_json, _shown(found), *_told(found))


@app.command()
def confirm(
    line_id: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, from `florin shopper list`.")],
    amount: Annotated[str, typer.Option("--amount", help="Of the repayment, in yuan.")],
    reference: Annotated[str, typer.Option("--reference", help="The bank's own, of the repayment.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that the bank has confirmed a repayment that is held: its limit is free again at once."""
    command = ConfirmRepayment(line_id=line_id, amount_minor=amount_minor(amount), reference=reference)
    with entered(data) as house:
        with house.engine() as engine:
            granted(engine.execute([Submission(command=command)]))
        found = _line_today(house.connection, line_id)
    said = f"The repayment of {amount} ({reference}) has cleared."
    say(
        as_json,
        _shown(found),
        f"{said} {yuan(found.line.available_minor_on(found.on))} is available on line {line_id}.",
    )


@app.command()
def move(
    line_id: Annotated[int, typer.Argument(metavar="LINE", help="The line's number, from `florin shopper list`.")],
    cycle_day: Annotated[int, typer.Argument(metavar="DAY", help="Of the month, 1 to 31; 31 is its last day.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a line's bills on another day of the month, from the running cycle on; what is billed keeps its due day."""
    with entered(data) as house, house.engine() as engine:
        outcomes = engine.execute([Submission(command=MoveCycle(line_id=line_id, cycle_day=cycle_day))])
        granted(outcomes)
    moved = cast(CycleMoved, outcomes[0].event)
    due = f", due on day {moved.due_day}" if moved.due_day else ""
    document = {"line_id": str(line_id), "cycle_day": moved.cycle_day, "due_day": moved.due_day}
    say(as_json, document, f"Bills of line {line_id} are made on day {moved.cycle_day} of the month{due}.")


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


def _line_today(connection: Connection[Any], line_id: int) -> LineAsOf:
    today = clock.read(connection).on
    found = line_as_of_day(connection, line_id=line_id, on=today, known_on=today, today=today)
    assert found is not None, "the engine has just found it"
    return found


def _shown(found: LineAsOf) -> dict[str, Any]:
    line = found.line
    return {
        "line_id": str(line.id),
        "person_id": str(line.person_id),
        "program": line.program,
        "state": _state(found),
        "on": found.on,
        "known_on": found.known_on,
        "limit_minor": line.limit_minor,
        "available_minor": line.available_minor_on(found.on),
        "held_minor": line.held_minor,
        "committed_minor": line.committed_minor,
        "principal_minor": line.principal_minor,
        "fee_minor": line.fee_minor,
        "interest_minor": line.interest_minor,
        "penalty_minor": line.penalty_minor,
        "cost_minor": line.cost_minor,
        "payoff_minor": found.payoff.total_minor,
        "credit_balance_minor": line.credit_balance_minor,
        "uncleared_minor": line.uncleared_minor,
        "due_minor": line.due_minor,
        "due_on": line.due_on,
        "past_due_on": line.past_due_on,
    }


def _told(found: LineAsOf) -> list[str]:
    line = found.line
    amounts = (
        ("limit", line.limit_minor),
        ("available", line.available_minor_on(found.on)),
        ("reserved", line.held_minor),
        ("committed", line.committed_minor),
        ("principal", line.principal_minor),
        ("fees", line.fee_minor),
        ("interest", line.interest_minor),
        ("penalty", line.penalty_minor),
        ("costs", line.cost_minor),
        ("payoff", found.payoff.total_minor),
        ("credit balance", line.credit_balance_minor),
        ("not cleared", line.uncleared_minor),
        ("due", line.due_minor),
    )
    return [
        f"Line {line.id} ({line.program}, {_state(found)}) at the end of {found.on}, as known on {found.known_on}",
        *(f"  {name:<15}{yuan_text(minor):>14}" for name, minor in amounts),
        *([f"  pay by {line.due_on}"] if line.due_on else []),
        *([f"  past due since {line.past_due_on}"] if line.past_due_on else []),
        *(
            f"  {yuan_text(held.held_minor)} of the limit is back on {held.clears_on}, when {held.reference or 'a repayment'}"
            " has cleared"
            for held in line.particulars.uncleared
        ),
    ]


def _state(found: LineAsOf) -> str:
    if found.line.particulars.sold_to and found.line.state is LineState.CHARGED_OFF:
        return f"sold to {found.line.particulars.sold_to}"
    return found.line.state.name.lower().replace("_", "-")


def _when(mark: ParkedLine) -> str:
    return f"{mark.parked_at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"


def _document(mark: ParkedLine) -> dict[str, Any]:
    return {"line_id": str(mark.line_id), "reason": mark.reason, "parked_at": mark.parked_at}
