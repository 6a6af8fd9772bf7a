"""`florin bank`: which bank the house speaks to, the files that go to it and come from it, and what it has not answered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from florin.app.house import DataOption, House, JsonOption, Refused, bank_in, entered, group, say, say_table
from florin.bank import BankFolder, FileBank, Mode, choose_bank, mode_of
from florin.engine import clock
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.queries.bank import bank_files, open_orders
from florin.store import StoreRefusal

app = group("The bank: its files, its statement, and where it and the books differ.")

_SAYS: dict[Mode, str] = {
    "prompt": "a simulated bank that answers at once and writes no files",
    "clock": "a simulated bank that lives by the clock and speaks by files",
    "files": "your own bank: carry its files from out/ and into in/",
}


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


def _files(house: House) -> FileBank:
    bank = bank_in(house)
    if not isinstance(bank, FileBank):
        raise NoFiles
    return bank


def _result(path: Path, result: Any) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"file": path.name, "refused": f"{result.name}: {result.sentence()}"}
    return {"file": path.name, "message": result.message, "message_id": result.message_id, "items": result.items}
