"""`florin shopper`: who buys here: add with a line and a login, list, and what an operator changes: PIN, limit, freeze."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Connection

from florin.app.house import (
    DataOption,
    JsonOption,
    ask_password,
    ask_pin,
    entered,
    granted,
    group,
    say,
    say_table,
)
from florin.app.logins import LogonTaken, make_shopper_login, refuse_logon, set_password, set_pin
from florin.app.merchants import amount_minor
from florin.credit.freeze import FreezeLine, UnfreezeLine
from florin.credit.limit import SetLimit
from florin.credit.line import LineState
from florin.credit.open import OpenLine
from florin.credit.program import program_names
from florin.credit.shared_limit import SetSharedLimit
from florin.engine import ClaimKind, Engine, Submission, claim, lane_for, lane_of
from florin.events.refusals import yuan
from florin.queries.directory import ShopperRow, shopper_by_logon, shoppers
from florin.queries.shared_limits import shared_limits
from florin.store import StoreRefusal
from florin.wallet.join import Join

app = group("Shoppers: add, list, PIN and password, limit, freeze.")

_LISTED_MAX = 100
_REASON = "by the operator"

LogonArgument = Annotated[str, typer.Argument(metavar="LOGON", help="The name she signs in with.")]
ProgramOption = Annotated[str, typer.Option("--program", help="The terms of the line.")]
WhichProgram = Annotated[str | None, typer.Option("--program", help="Which of her lines, if she has several.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="For the record, in words.")]
CodeOption = Annotated[
    str, typer.Option("--code", help="Why, as she reads it: a code of docs/reference/adverse-actions.md.")
]


class NoSuchShopper(StoreRefusal):
    def __init__(self, *, logon: str) -> None:
        super().__init__(f"Nobody has joined as {logon[:80]}.", "See `florin shopper list --find PART`.")


class NameMissing(StoreRefusal):
    def __init__(self) -> None:
        super().__init__("A shopper needs a name.", "Give --name.")


class ProgramUnknown(StoreRefusal):
    def __init__(self, *, program: str) -> None:
        super().__init__(f"There is no program {program[:80]}.", f"Choose one of: {', '.join(program_names())}.")


class NoLine(StoreRefusal):
    def __init__(self, *, logon: str, program: str | None) -> None:
        under = f" under {program}" if program is not None else ""
        super().__init__(
            f"{logon} has no credit line{under}.", f"Open one: florin shopper line {logon} --limit 10000.00"
        )


class SeveralLines(StoreRefusal):
    def __init__(self, *, logon: str, programs: list[str]) -> None:
        super().__init__(f"{logon} has {len(programs)} lines.", f"Say which, with --program: {', '.join(programs)}.")


@app.command()
def add(
    logon: LogonArgument,
    name: Annotated[str, typer.Option("--name", help="Her own name.")],
    limit: Annotated[str | None, typer.Option("--limit", help="Open a line with this limit, in yuan.")] = None,
    program: ProgramOption = "huabei",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a shopper with a wallet, a login, and a line if --limit is given. Password, then PIN, are asked for.

    Somebody who joined before by another way, and cannot sign in yet, gets a login, and a line if --limit is given.
    """
    limit_minor = None if limit is None else amount_minor(limit)
    if not name.strip():
        raise NameMissing
    with entered(data) as house:
        _refuse_program(program)
        refuse_logon(house.connection, logon)
        before = shopper_by_logon(house.connection, logon)
        password, pin = ask_password(logon), ask_pin(logon)
        with house.engine() as engine:
            if before:
                person_id = before[0].person_id
                if limit_minor is not None:
                    _open_line(engine, person_id, program, limit_minor)
            else:
                person_id = _join(engine, logon, name.strip(), program, limit_minor)
        make_shopper_login(house.store, logon=logon, password=password, pin=pin, person_id=person_id)
        rows = shopper_by_logon(house.connection, logon)
    said = (
        f"{rows[0].name} joined before, and may sign in as {logon} now" if before else f"{name} may sign in as {logon}"
    )
    lines = [f" She has {yuan(row.limit_minor or 0)} to buy with under {row.program}." for row in rows if row.line_id]
    say(as_json, [_document(row) for row in rows], f"{said}.{''.join(lines)}")


@app.command("list")
def list_(
    find: Annotated[str, typer.Option("--find", help="A part of the name, her own or the one she signs in with.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shoppers by sign-in name, a row for each line; a hundred at most."""
    with entered(data) as house:
        found = shoppers(house.connection, find=find, limit=_LISTED_MAX + 1)
    say_table(
        as_json,
        [_document(row) for row in found[:_LISTED_MAX]],
        ("signs in as", "name", "person", "wallet", "line", "program", "limit", "used", "state"),
        [
            (
                row.logon if row.has_login else f"{row.logon} (no login)", row.name, str(row.person_id),
                yuan(row.wallet_minor), str(row.line_id or ""), row.program or "",
                yuan(row.limit_minor) if row.limit_minor is not None else "",
                yuan(row.exposure_minor) if row.exposure_minor is not None else "", _state(row),
            )
            for row in found[:_LISTED_MAX]
        ],
    )  # fmt: skip
    if len(found) > _LISTED_MAX:
        typer.echo(f"These are the first {_LISTED_MAX}: --find PART shows others.", err=True)


@app.command()
def pin(logon: LogonArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Set a new PIN, which is asked for, and end the lock that wrong ones left."""
    with entered(data) as house:
        person_id = _rows(house.connection, logon)[0].person_id
        set_pin(house.store, logon=logon, person_id=person_id, pin=ask_pin(logon))
    say(as_json, {"logon": logon, "person_id": str(person_id)}, f"{logon} has a new PIN, and it is not locked.")


@app.command()
def password(logon: LogonArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Set a new password, which is asked for; she is signed out everywhere."""
    with entered(data) as house:
        person_id = _rows(house.connection, logon)[0].person_id
        set_password(house.store, logon=logon, person_id=person_id, password=ask_password(logon))
    told = f"{logon} has a new password, and is signed out everywhere."
    say(as_json, {"logon": logon, "person_id": str(person_id)}, told)


@app.command()
def line(
    logon: LogonArgument,
    limit: Annotated[str, typer.Option("--limit", help="In yuan.")],
    program: ProgramOption = "huabei",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open a line for somebody who has none under that program, or whose former one is closed."""
    limit_minor = amount_minor(limit)
    with entered(data) as house:
        _refuse_program(program)
        person_id = _rows(house.connection, logon)[0].person_id
        with house.engine() as engine:
            _open_line(engine, person_id, program, limit_minor)
        row = _line(house.connection, logon, program)
    say(as_json, _document(row), f"{row.name} has {yuan(limit_minor)} to buy with under {program}: line {row.line_id}.")


@app.command()
def limit(
    logon: LogonArgument,
    amount: Annotated[str, typer.Argument(help="The new limit in yuan; 0 leaves the line for repayment only.")],
    reason: ReasonOption = _REASON,
    code: CodeOption = "other",
    program: WhichProgram = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set another limit. What is owed stays owed, even above it."""
    limit_minor = amount_minor(amount)
    before, row = _changed(
        data,
        logon,
        program,
        lambda line_id: SetLimit(line_id=line_id, limit_minor=limit_minor, reason=reason, code=code),
    )
    said = f"{row.name} has a limit of {yuan(limit_minor)} now, before {yuan(before.limit_minor or 0)}."
    say(as_json, _document(row), said + f" {yuan(row.exposure_minor or 0)} of it is used.")


@app.command()
def share(
    logon: LogonArgument,
    group_name: Annotated[str, typer.Argument(metavar="GROUP", help="As programs name it in exposure_group.")],
    amount: Annotated[str, typer.Argument(help="In yuan, what her lines in it may come to together; or: terms")],
    reason: ReasonOption = _REASON,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set what her lines under programs of one group may come to together; `terms` gives it back to the terms."""
    limit_minor = None if amount == "terms" else amount_minor(amount)
    with entered(data) as house:
        person_id = _rows(house.connection, logon)[0].person_id
        command = SetSharedLimit(person_id=person_id, group=group_name, limit_minor=limit_minor, reason=reason)
        with house.engine() as engine:
            granted(engine.execute([Submission(command=command)]))
        found = next(each for each in shared_limits(house.connection, person_id=person_id) if each.group == group_name)
    most = "what the terms say" if limit_minor is None else yuan(limit_minor)
    said = f"{logon} may use {most} on all lines of {group_name} together. {yuan(found.exposure_minor)} of it is used."
    say(as_json, found, said)


@app.command()
def freeze(
    logon: LogonArgument,
    reason: ReasonOption = _REASON,
    code: CodeOption = "other",
    program: WhichProgram = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Nothing new is bought on the line; what is owed is billed and repaid as ever."""
    _, row = _changed(data, logon, program, lambda line_id: FreezeLine(line_id=line_id, reason=reason, code=code))
    say(as_json, _document(row), f"The line of {row.name} is frozen. `florin shopper unfreeze {logon}` ends it.")


@app.command()
def unfreeze(
    logon: LogonArgument,
    reason: ReasonOption = _REASON,
    program: WhichProgram = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the line be used again."""
    _, row = _changed(data, logon, program, lambda line_id: UnfreezeLine(line_id=line_id, reason=reason))
    say(as_json, _document(row), f"The line of {row.name} can be used again.")


def _join(engine: Engine, logon: str, name: str, program: str, limit_minor: int | None) -> int:
    """The new person's id. Person and line stand or fall together: a limit that is refused leaves nobody behind."""
    lane = lane_for(f"person/{logon}")
    person_id = engine.new_id(lane)
    once = (claim(ClaimKind.LOGON, 0, logon),)
    join = Submission(
        command=Join(person_id=person_id, logon=logon, name=name), claims=once, keeps_refusal=False, group=1
    )
    if limit_minor is None:
        submissions = [join]
    else:
        opening = OpenLine(person_id=person_id, line_id=engine.new_id(lane), program=program, limit_minor=limit_minor)
        submissions = [join, Submission(command=opening, group=1)]
    outcomes = engine.execute(submissions)
    if outcomes[0].replayed:  # somebody was faster
        raise LogonTaken(logon=logon, by="a shopper who joined just now", remedy="Choose another name, or look again.")
    granted(outcomes)
    return person_id


def _open_line(engine: Engine, person_id: int, program: str, limit_minor: int) -> None:
    command = OpenLine(
        person_id=person_id, line_id=engine.new_id(lane_of(person_id)), program=program, limit_minor=limit_minor
    )
    granted(engine.execute([Submission(command=command)]))


def _changed(
    data: Path | None, logon: str, program: str | None, command: Callable[[int], Any]
) -> tuple[ShopperRow, ShopperRow]:
    """Her line before and after the command for its id. Raises NoSuchShopper, NoLine, SeveralLines, Refused."""
    with entered(data) as house:
        before = _line(house.connection, logon, program)
        assert before.line_id is not None, "a row with a line was asked for"
        with house.engine() as engine:
            granted(engine.execute([Submission(command=command(before.line_id))]))
        return before, _line(house.connection, logon, before.program)


def _refuse_program(program: str) -> None:
    if program not in program_names():
        raise ProgramUnknown(program=program)


def _rows(connection: Connection[Any], logon: str) -> list[ShopperRow]:
    """One a line, or one without a line. Raises NoSuchShopper."""
    rows = shopper_by_logon(connection, logon)
    if not rows:
        raise NoSuchShopper(logon=logon)
    return rows


def _line(connection: Connection[Any], logon: str, program: str | None) -> ShopperRow:
    """Her line, under that program if one is named. Raises NoSuchShopper, NoLine, SeveralLines."""
    found = [row for row in _rows(connection, logon) if row.line_id is not None and program in (None, row.program)]
    if not found:
        raise NoLine(logon=logon, program=program)
    if len(found) > 1:
        raise SeveralLines(logon=logon, programs=[row.program or "" for row in found])
    return found[0]


def _state(row: ShopperRow) -> str:
    if row.state is None:
        return ""
    return "parked" if row.parked else LineState(row.state).name.lower()


def _document(row: ShopperRow) -> dict[str, Any]:
    line = {
        "id": str(row.line_id), "program": row.program, "state": LineState(row.state).name.lower(),
        "limit_minor": row.limit_minor, "exposure_minor": row.exposure_minor, "parked": row.parked,
    } if row.state is not None else None  # fmt: skip
    return {
        "logon": row.logon, "name": row.name, "person_id": str(row.person_id), "wallet_minor": row.wallet_minor,
        "has_login": row.has_login, "line": line,
    }  # fmt: skip
