"""`florin claims`: what was charged off and may be sold, the sale of many lines by a file, tried first, and who bought them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from psycopg import Connection

from florin.app.house import DataOption, JsonOption, Refused, bank_in, entered, granted, group, say, say_table
from florin.app.merchants import amount_minor
from florin.credit.sell_claims import SellClaims, decide
from florin.credit.settle_buyer import NoSuchClaimBuyer, RecordBuyerPayment
from florin.engine import ClaimKind, NotFound, Submission, claim, clock, lane_for
from florin.events import ClaimsSold
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.queries import is_id
from florin.queries.claims import ClaimBuyer, ClaimRow, claim_buyer, claim_buyers, claims
from florin.queries.lines import line_by_id
from florin.store import StoreRefusal

app = group("Claims: what was charged off, selling it, and what its buyers pay.")

_COLUMNS = ("line_id", "price")
_CHUNK = 100


class FileUnreadable(StoreRefusal):
    def __init__(self, *, problem: str) -> None:
        super().__init__(problem, f"Give a CSV with the columns {', '.join(_COLUMNS)}; prices in yuan, as in 12.50.")


class NotAllSold(StoreRefusal):
    def __init__(self, *, refused: int, lines: int) -> None:
        super().__init__(
            f"{refused} of {lines} lines were refused.",
            "Mend these rows and run it again: what is sold stays sold, once.",
        )


class _Row(NamedTuple):
    line_id: int
    price_minor: int


class _Result(NamedTuple):
    row: _Row
    sold: ClaimsSold | None
    refusal: Refusal | None


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Lines with claims of ours: how much, and since when it is past due."""
    with entered(data) as house:
        found = claims(house.connection)
    say_table(
        as_json,
        [_listed(row) for row in found],
        ("line", "logon", "program", "past due since", "claimed"),
        [(str(r.line_id), r.logon, r.program, str(r.since_on), yuan_text(r.claimed_minor)) for r in found],
    )


@app.command()
def sell(
    file: Annotated[Path, typer.Argument(help="CSV with a heading: line_id,price.")],
    buyer: Annotated[str, typer.Option("--buyer", help="Who owns the claims from now on; customers read it.")],
    contact: Annotated[str, typer.Option("--contact", help="Where customers pay him; they read it.")],
    reference: Annotated[str, typer.Option("--reference", help="Of the sale; the same again sells nothing twice.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sold, and sell nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sell the claims of the lines in a file. A line that is refused is named; the others are sold."""
    rows = _read(file)
    commands = [
        SellClaims(line_id=row.line_id, buyer=buyer, contact=contact, price_minor=row.price_minor, reference=reference)
        for row in rows
    ]
    with entered(data) as house:
        decided: list[Any] = []
        if dry_run:
            decided = [_tried(house.connection, command) for command in commands]
        else:
            with house.engine() as engine:
                for start in range(0, len(commands), _CHUNK):
                    outcomes = engine.execute([_submission(each) for each in commands[start : start + _CHUNK]])
                    decided += [outcome.refusal or outcome.event for outcome in outcomes]
    results = [_result(row, each) for row, each in zip(rows, decided, strict=True)]
    _tell(results, dry_run=dry_run, as_json=as_json)
    refused = sum(result.refusal is not None for result in results)
    if refused:
        raise NotAllSold(refused=refused, lines=len(results))


@app.command()
def buyers(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Who bought claims: what each owes of the price, and what was passed on to him."""
    with entered(data) as house:
        found = claim_buyers(house.connection)
    say_table(
        as_json,
        [_buyer(each) for each in found],
        ("buyer", "lines", "sold", "price", "paid", "owes", "passed on"),
        [
            (
                each.buyer, str(each.lines),
                *map(yuan_text, (each.sold_minor, each.price_minor, each.paid_minor, each.owes_minor, each.passed_on_minor)),
            )
            for each in found
        ],
    )  # fmt: skip


@app.command()
def settle(
    buyer: Annotated[str, typer.Argument(help="Who bought the claims, as `florin claims buyers` names him.")],
    amount: Annotated[str, typer.Argument(help="What he has paid, in yuan.")],
    reference: Annotated[str, typer.Option("--reference", help="The bank's; one reference, one payment.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record what a buyer has paid to the lender's account. What is his of later money the day close pays him by itself."""
    minor = amount_minor(amount)
    with entered(data) as house:
        _known_buyer(house.connection, buyer)
        command = RecordBuyerPayment(
            lane=lane_for(f"buyer/{buyer}"), buyer=buyer, amount_minor=minor, bank_reference=reference
        )
        once = claim(ClaimKind.BANK, 0, reference, ("claim-buyer", buyer, minor))
        with house.engine() as engine:
            granted(engine.execute([Submission(command=command, claims=(once,))]))
        on = clock.read(house.connection).on
        bank_in(house).receive(amount_minor=minor, reference=reference, on=on, account="lender")
        view = _known_buyer(house.connection, buyer)
    said = f"{buyer} has paid ¥{yuan_text(view.paid_minor)} of ¥{yuan_text(view.price_minor + view.taken_back_minor)}"
    say(as_json, _buyer(view), f"{said}; ¥{yuan_text(view.owes_minor)} is left.")


def _read(file: Path) -> list[_Row]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            headings = tuple(reader.fieldnames or ())
            if headings != _COLUMNS:
                raise FileUnreadable(problem=f"{file.name} has the columns {', '.join(headings) or 'none'}.")
            rows = [_row(number, line) for number, line in enumerate(reader, start=2)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(problem=f"{file.name} cannot be read: {error}.") from error
    seen: set[int] = set()
    for number, row in enumerate(rows, start=2):
        if row.line_id in seen:
            raise FileUnreadable(problem=f"Row {number} names line {row.line_id} again.")
        seen.add(row.line_id)
    return rows


def _row(number: int, line: dict[str, Any]) -> _Row:
    text = (line["line_id"] or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20) or None in line or line["price"] is None:
        raise FileUnreadable(problem=f"Row {number} names no line and price: {', '.join(map(str, line.values()))}.")
    return _Row(int(text), amount_minor(line["price"].strip()))


def _tried(connection: Connection[Any], command: SellClaims) -> ClaimsSold | Refusal:
    """What the command would come to now; nothing is written."""
    at = clock.read(connection)
    view = line_by_id(connection, line_id=command.line_id, at=at) if is_id(command.line_id) else None
    if view is None:
        return NotFound(what="line", id=command.line_id)
    decided = decide(view.line, view.account, command, at, program=view.program)
    return decided if isinstance(decided, Refusal) else decided[0]


def _submission(command: SellClaims) -> Submission:
    key = f"sale/{command.reference}/{command.line_id}"
    return Submission(command=command, claims=(claim(ClaimKind.JOB, 0, key, command),), keeps_refusal=False)


def _result(row: _Row, decided: Any) -> _Result:
    if isinstance(decided, Refusal):
        return _Result(row, None, decided)
    assert isinstance(decided, ClaimsSold)
    return _Result(row, decided, None)


def _tell(results: Sequence[_Result], *, dry_run: bool, as_json: bool) -> None:
    sold = [result.sold for result in results if result.sold is not None]
    sold_minor, price_minor = sum(each.sold_minor for each in sold), sum(each.price_minor for each in sold)
    document = {
        "dry_run": dry_run,
        "sold_minor": sold_minor,
        "price_minor": price_minor,
        "lines": [_shown(result) for result in results],
    }
    share = f" ({price_minor / sold_minor:.2%} of it)" if sold_minor else ""
    verb = "would be sold" if dry_run else "sold"
    total = f"{len(sold)} lines {verb}: claims of ¥{yuan_text(sold_minor)} for ¥{yuan_text(price_minor)}{share}."
    refused = [f"  {r.row.line_id}: {r.refusal.name}. {r.refusal.sentence()}" for r in results if r.refusal is not None]
    say(as_json, document, total, *refused)


def _shown(result: _Result) -> dict[str, Any]:
    if result.sold is None:
        assert result.refusal is not None
        return {"line_id": str(result.row.line_id), "refused": result.refusal.name, "numbers": result.refusal.numbers()}
    return {
        "line_id": str(result.row.line_id),
        "sold_minor": result.sold.sold_minor,
        "price_minor": result.sold.price_minor,
    }


def _known_buyer(connection: Connection[Any], name: str) -> ClaimBuyer:
    found = claim_buyer(connection, name=name)
    if isinstance(found, NoSuchClaimBuyer):
        raise Refused(found)
    return found


def _buyer(each: ClaimBuyer) -> dict[str, Any]:
    return {**msgspec.to_builtins(each), "owes_minor": each.owes_minor}


def _listed(row: ClaimRow) -> dict[str, Any]:
    return {
        "line_id": str(row.line_id),
        "person_id": str(row.person_id),
        "logon": row.logon,
        "program": row.program,
        "since_on": row.since_on,
        "claimed_minor": row.claimed_minor,
    }
