"""The folder in which files are handed over: `bank/` in the data folder, which an SFTP job of the owner's may empty and fill.

    out/         what the bank is to be given; whoever has given it moves it to out/sent
    in/          what the bank has given
    taken/       what was taken of it;  refused/  what was not, with the reason beside it
    accounts.toml  the owner's name, his bank, and the numbers of his accounts; without it, the simulated bank's

A file appears under its name whole or not at all.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import NamedTuple, cast, get_args

from florin.bank.port import BankAccount
from florin.store import DataFolder, StoreRefusal, default_data_dir

SUFFIX = ".xml"


class BankAccountsUnreadable(StoreRefusal):
    def __init__(self, *, file: Path, problem: str) -> None:
        super().__init__(
            f"{file} is not what Florin reads: {problem}.",
            'Write  initiator = "…"  bank = "BIC"  and below [accounts] a number for each of '
            f"{', '.join(get_args(BankAccount))}.",
        )


class Accounts(NamedTuple):
    """initiator: in whose name we order. bank: its BIC. numbers: of our accounts, by what they are for."""

    initiator: str
    bank: str
    numbers: dict[str, str]

    def number_of(self, account: str) -> str:
        return self.numbers[account]

    def account_of(self, number: str) -> BankAccount | None:
        """Which of ours has this number; None for anybody else's."""
        found = next((account for account, own in self.numbers.items() if own == number), None)
        return cast("BankAccount | None", found)


SIMULATED = Accounts(
    "Florin", "SIMUCNBJ", {name: f"9558-{number:04d}" for number, name in enumerate(get_args(BankAccount))}
)


class BankFolder:
    """Making the object touches nothing."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path if path is not None else DataFolder(default_data_dir()).path / "bank"

    def accounts(self) -> Accounts:
        """Raises BankAccountsUnreadable."""
        file = self.path / "accounts.toml"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return SIMULATED
        try:
            given = tomllib.loads(text)
            numbers = {name: given["accounts"][name] for name in SIMULATED.numbers if name in given["accounts"]}
            accounts = Accounts(given["initiator"], given["bank"], numbers)
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
            raise BankAccountsUnreadable(file=file, problem=str(error)) from None
        wrong = [
            name
            for name in SIMULATED.numbers
            if not isinstance(number := numbers.get(name), str) or not 0 < len(number) <= 34
        ]
        if wrong or len(set(numbers.values())) != len(numbers):
            raise BankAccountsUnreadable(
                file=file, problem=f"an account's number is missing or there twice {wrong or ''}"
            )
        return accounts

    def put_out(self, name: str, content: bytes) -> Path:
        """What the bank is to be given. The same name again is written over: it is the same file."""
        return self._put("out", name, content)

    def put_in(self, name: str, content: bytes) -> Path:
        """What a bank gives; only the simulated one writes here."""
        return self._put("in", name, content)

    def waiting(self, where: str = "in") -> list[Path]:
        """Whole files, the oldest name first."""
        return sorted(path for path in (self.path / where).glob(f"*{SUFFIX}") if path.is_file())

    def move(self, file: Path, to: str) -> Path:
        """Out of the way, beside an earlier one of its name."""
        folder = self._made(to)
        target, number = folder / file.name, 1
        while target.exists():
            number += 1
            target = folder / f"{file.stem}.{number}{file.suffix}"
        file.replace(target)
        return target

    def refuse(self, file: Path, why: str) -> None:
        """Lay it aside with the reason."""
        target = self.move(file, "refused")
        target.with_suffix(".why.txt").write_text(f"{why}\n", encoding="utf-8")

    def _put(self, where: str, name: str, content: bytes) -> Path:
        target = self._made(where) / name
        half = target.with_suffix(".part")
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
        return target

    def _made(self, where: str) -> Path:
        folder = self.path / where
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder
