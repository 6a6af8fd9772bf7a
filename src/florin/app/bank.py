"""`florin bank`: which bank the house speaks to, the files that go to it and come from it, and what it has not answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from florin.app.house import DataOption, House, JsonOption, Refused, bank_in, entered, granted, group, say, say_table
from florin.bank import BankFolder, FileBank, Mode, choose_bank, mode_of, reconcile
from florin.bank.reconcile import (
    allocate_to_line,
    allocate_to_wallet,
    break_by_id,
    may_be_charge,
    receipt_by_id,
    resolve_as_charge,
    send_back,
)
from florin.engine import NotFound, Submission, clock
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.payments.bank_break import AssignBreak, BankBreak, ResolveBreak
from florin.payments.reconcile import BREAK_KINDS, business_days
from florin.queries import is_id
from florin.queries.bank import BreakRow, bank_files, bank_holidays, breaks, open_orders, open_receipts
from florin.store import StoreRefusal
from florin.wallet.receipt import Receipt

app = group("The bank: its files, its statement, and where it and the books differ.")

_SAYS: dict[Mode, str] = {
    "prompt": "a simulated bank that answers at once and writes no files",
    "clock": "a simulated bank that lives by the clock and speaks by files",
    "files": "your own bank: carry its files from out/ and into in/",
}


_KINDS = {
    "missing-at-bank": "Missing at the bank: we ordered it, the statement does not show it",
    "missing-with-us": "Missing with us: the statement shows it, we know nothing of it",
    "amount-differs": "Another amount than we ordered",
    "duplicate": "Shown once more than we ordered",
}
_BREAK_HEADINGS = ("break", "account", "reference", "ours", "the bank's", "since", "age", "owner")

BreakArgument = Annotated[int, typer.Argument(metavar="BREAK", help="Its number, as `florin bank breaks` gives it.")]
ReceiptArgument = Annotated[
    int, typer.Argument(metavar="RECEIPT", help="Its number, as `florin bank receipts` gives it.")
]
ByOption = Annotated[str, typer.Option("--by", help="Who says so; else the account that you are signed in with.")]


class NoCharge(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "This break is no charge: a charge takes money out of the safeguarded account, and nothing of ours was expected.",
            "Resolve it with --resolve WHY, once the bank has mended it.",
        )


class NoFiles(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            "The prompt simulated bank has no files.", "Choose another: `florin bank use clock` or `files`."
        )


class FileMissing(StoreRefusal):
    def __init__(self, *, file: Path) -> None:
        super().__init__(f"There is no file {file}.", "Name the file that the bank has sent.")


@app.command()
def use(
    mode: Annotated[str, typer.Argument(help="prompt, clock or files.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the bank, or say which it is. Another is chosen when this one has answered everything."""
    chosen: Mode | None = mode if mode in _SAYS else None
    if mode and chosen is None:
        raise StoreRefusal(f"There is no bank {mode!r}.", f"Choose one of {', '.join(_SAYS)}.")
    with entered(data) as house:
        if chosen is not None:
            choose_bank(house.connection, chosen)
        current = mode_of(house.connection)
        folder = BankFolder(house.store.folder.path / "bank")
        accounts = folder.accounts()
    lines = [f"The bank is {_SAYS[current]}."]
    if current != "prompt":
        lines += [f"  files     {folder.path}", *(f"  {name:<12}{number}" for name, number in accounts.numbers.items())]
    say(as_json, {"mode": current, "folder": str(folder.path), "accounts": accounts.numbers}, *lines)


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Files to and from the bank, the newest first."""
    with entered(data) as house:
        found = bank_files(house.connection)
    say_table(
        as_json,
        found,
        ("", "message", "id", "on", "items", "sum", "state", "file"),
        [
            (
                {"out": "to", "in": "from"}[row.direction], row.message[:8], row.message_id, str(row.posted_on),
                str(row.items), yuan_text(row.amount_minor) if row.amount_minor else "", row.state,
                f"{row.name}  {row.note}".strip(),
            )
            for row in found
        ],
    )  # fmt: skip


@app.command()
def orders(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What the bank was asked for and has not answered, the oldest first."""
    with entered(data) as house:
        found = open_orders(house.connection)
    say_table(
        as_json,
        found,
        ("asked", "kind", "amount", "reference", "to or from", "state"),
        [
            (str(row.asked_on), row.kind, yuan_text(row.amount_minor), row.reference, row.party, row.state)
            for row in found
        ],
    )


@app.command()
def send(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Put what is ordered into files now. By itself that happens once a day, after the day close has paid out."""
    with entered(data) as house:
        written = _files(house).send(clock.read(house.connection).on)
    names = [str(path) for path in written]
    say(as_json, {"files": names}, *(names or ["Nothing is to be sent."]))


@app.command()
def take(
    file: Annotated[Path | None, typer.Argument(help="The bank's file; else all that lie in in/.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take files of the bank. One that is refused has no effect; the others are taken."""
    with entered(data) as house:
        bank, on = _files(house), clock.read(house.connection).on
        if file is not None:
            if not file.is_file():
                raise FileMissing(file=file)
            BankFolder(house.store.folder.path / "bank").put_in(file.name, file.read_bytes())
        results = bank.take_waiting(on)
    documents = [_result(path, result) for path, result in results]
    lines = [f"{row['file']}: {row.get('refused') or str(row['items']) + ' items'}" for row in documents]
    refusals = [result for _, result in results if isinstance(result, Refusal)]
    if refusals and len(results) == 1:
        raise Refused(refusals[0])
    say(as_json, documents, *(lines or ["No file waits."]))
    if refusals:
        raise typer.Exit(1)


@app.command("reconcile")
def reconcile_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Compare each account with the bank's statement now. By itself that happens after every day close."""
    with entered(data) as house, house.engine() as engine:
        done = reconcile(engine, house.connection, on=clock.read(house.connection).on)
        left = breaks(house.connection)
    if not done and not as_json:
        typer.echo("There is nothing to compare: the bank is prompt, or has sent nothing yet.")
        return
    say_table(
        as_json,
        [{**each._asdict(), "open": sum(one.account == each.account for one in left)} for each in done],
        ("account", "stated through", "in transit", "matched now", "breaks now", "resolved now", "open breaks"),
        [
            (
                each.account, str(each.stated_through or "–"), str(each.in_transit), str(each.matched), str(each.found),
                str(each.resolved), str(sum(one.account == each.account for one in left)),
            )
            for each in done
        ],
    )  # fmt: skip


@app.command("breaks")
def breaks_(
    resolved: Annotated[bool, typer.Option("--resolved", help="Those that are explained.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Where the bank and the books differ: what, since how many business days, and who looks into it."""
    with entered(data) as house:
        found, day = breaks(house.connection, resolved=resolved), _today(house)
    if as_json:
        say(True, [break_document(row, day) for row in found])
        return
    if not found:
        typer.echo("No break was resolved yet." if resolved else "The bank and the books agree.")
        return
    for kind in BREAK_KINDS:
        of_kind = [row for row in found if row.what == kind]
        if of_kind:
            typer.echo(f"{_KINDS[kind]}")
            say_table(False, [], _BREAK_HEADINGS, [_break_cells(row, day) for row in of_kind])
            typer.echo("")
    if not resolved:
        lacking = sum(min(row.found_minor - row.expected_minor, 0) for row in found if row.account == "safeguarded")
        if lacking:
            typer.echo(
                f"The safeguarded account shows ¥{yuan_text(-lacking)} less than it should; payouts wait until it is explained."
            )


@app.command("break")
def break_(
    break_id: BreakArgument,
    to: Annotated[str, typer.Option("--to", help="Who looks into it from now on.")] = "",
    note: Annotated[str, typer.Option("--note", help="What is known of it.")] = "",
    resolve: Annotated[str, typer.Option("--resolve", help="It is explained: why.")] = "",
    charge: Annotated[
        bool, typer.Option("--charge", help="The bank took a charge; make it good from the own account.")
    ] = False,
    by: ByOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """One break: show it, give it to somebody, note what is known, or resolve it."""
    with entered(data) as house:
        found, day = _known_break(house, break_id), _today(house)
        with house.engine() as engine:
            if to or note:
                command = AssignBreak(break_id=break_id, to=to or found.owner or by or getuser(), note=note)
                granted(engine.execute([Submission(command=command, keeps_refusal=False)]))
            if charge:
                if not may_be_charge(found):
                    raise NoCharge
                why = resolve or "a charge of the bank"
                bank = bank_in(house)
                granted(
                    [
                        resolve_as_charge(
                            engine, house.connection, bank, found, by=by or getuser(), reason=why, on=day.on
                        )
                    ]
                )
            elif resolve:
                command_ = ResolveBreak(break_id=break_id, by=by or getuser(), reason=resolve)
                granted(engine.execute([Submission(command=command_, keeps_refusal=False)]))
        row = next(
            one for one in (*breaks(house.connection), *breaks(house.connection, resolved=True)) if one.id == break_id
        )
    lines = [f"{_KINDS[row.what]} on {row.account}, {age(row, day)} business days, {row.state}."]
    lines += [
        f"  {name:<12}{value}" for name, value in zip(_BREAK_HEADINGS, _break_cells(row, day), strict=True) if value
    ]
    lines += [f"  note        {line}" for line in row.note.splitlines()]
    if row.state == "resolved":
        lines.append(f"  resolved    on {row.resolved_on} by {row.resolved_by}: {row.reason}")
    say(as_json, break_document(row, day), *lines)


@app.command("receipts")
def receipts_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Money that came and fits nothing, the oldest first."""
    with entered(data) as house:
        found, day = open_receipts(house.connection), _today(house)
    say_table(
        as_json,
        [{**asdict(row), "id": str(row.id), "age": day.age(row.booked_on)} for row in found],
        ("receipt", "amount", "came on", "age", "from", "account", "words", "state"),
        [
            (
                str(row.id), yuan_text(row.amount_minor), str(row.booked_on), f"{day.age(row.booked_on)} d",
                row.party, row.party_account, row.text, row.state,
            )
            for row in found
        ],
    )  # fmt: skip


@app.command()
def allocate(
    receipt_id: ReceiptArgument,
    wallet: Annotated[
        str, typer.Option("--wallet", help="It tops up this shopper's wallet: her logon or number.")
    ] = "",
    line: Annotated[
        int, typer.Option("--line", help="It repays this line, from the day on which the bank had it.")
    ] = 0,
    reason: Annotated[str, typer.Option("--reason", help="How you know.")] = "",
    by: ByOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """It is known whose the money is: book it as his."""
    if bool(wallet) == bool(line):
        raise StoreRefusal("Name one: --wallet or --line.", "florin bank allocate 123 --wallet alice")
    with entered(data) as house, house.engine() as engine:
        receipt = _known_receipt(house, receipt_id)
        who, why = by or getuser(), reason
        if line:
            on = clock.read(house.connection).on
            done = allocate_to_line(engine, house.connection, receipt, line_id=line, by=who, reason=why, on=on)
        else:
            person_id = _person(house, wallet)
            done = allocate_to_wallet(engine, house.connection, receipt, person_id=person_id, by=who, reason=why)
        granted([done])
    to = f"line {line}" if line else f"the wallet of {wallet}"
    say(as_json, {"receipt_id": str(receipt_id), "to": to}, f"¥{yuan_text(receipt.amount_minor)} is {to}'s.")


@app.command("send-back")
def send_back_(
    receipt_id: ReceiptArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    by: ByOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the money back to the account that it came from."""
    with entered(data) as house, house.engine() as engine:
        receipt = _known_receipt(house, receipt_id)
        granted([send_back(engine, house.connection, receipt, by=by or getuser(), reason=reason)])
    said = f"¥{yuan_text(receipt.amount_minor)} goes back to {receipt.party or receipt.party_account}."
    say(as_json, {"receipt_id": str(receipt_id), "account": receipt.party_account}, said)


class Today(NamedTuple):
    """The business date, and the days on which banks do not work, or do though it is a weekend."""

    on: date
    holidays: Mapping[date, bool]

    def age(self, since_on: date, until_on: date | None = None) -> int:
        """Business days since, until a day or today."""
        return business_days(since_on, until_on or self.on, self.holidays)


def _today(house: House) -> Today:
    return Today(clock.read(house.connection).on, bank_holidays(house.connection))


def age(row: BreakRow, day: Today) -> int:
    """Business days since the older side, until it was resolved or today."""
    return day.age(row.since_on, row.resolved_on)


def break_document(row: BreakRow, day: Today) -> dict[str, Any]:
    return {**asdict(row), "id": str(row.id), "age": age(row, day)}


def _break_cells(row: BreakRow, day: Today) -> tuple[str, ...]:
    return (
        str(row.id), row.account, row.reference or row.entry_ref, _signed(row.expected_minor), _signed(row.found_minor),
        str(row.since_on), f"{age(row, day)} d", row.owner or "nobody yet",
    )  # fmt: skip


def _signed(minor: int) -> str:
    return "" if minor == 0 else f"{'-' if minor < 0 else ''}{yuan_text(abs(minor))}"


def _known_break(house: House, break_id: int) -> BankBreak:
    found = break_by_id(house.connection, break_id) if is_id(break_id) else None
    if found is None:
        raise Refused(NotFound(what="bank_break", id=break_id))
    return found


def _known_receipt(house: House, receipt_id: int) -> Receipt:
    found = receipt_by_id(house.connection, receipt_id) if is_id(receipt_id) else None
    if found is None:
        raise Refused(NotFound(what="receipt", id=receipt_id))
    return found


def _person(house: House, who: str) -> int:
    row = house.connection.execute(
        "SELECT id FROM person WHERE logon = %(who)s OR id::text = %(who)s", {"who": who}
    ).fetchone()
    if row is None:
        raise StoreRefusal(f"There is no shopper {who!r}.", "`florin shopper list` names them.")
    return int(row[0])


def _files(house: House) -> FileBank:
    bank = bank_in(house)
    if not isinstance(bank, FileBank):
        raise NoFiles
    return bank


def _result(path: Path, result: Any) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"file": path.name, "refused": f"{result.name}: {result.sentence()}"}
    return {"file": path.name, "message": result.message, "message_id": result.message_id, "items": result.items}
