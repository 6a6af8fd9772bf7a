"""Which account a PostgreSQL server may run under: never root, always one that exists.

PostgreSQL refuses uid 0, and it refuses a uid without an entry in the account database. When Florin itself runs as
root it therefore drops to an existing account that can reach the data folder. It creates no account and opens no
folder above the data folder: a wheel that does both has opened private homes to the world.
"""

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from florin.store.refusal import StoreRefusal

# An operator who wants the data under an account of its own creates "florin"; the others exist nearly everywhere.
_PREFERRED = ("florin", "nobody", "daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the server runs as. `switch` says that we are root and must become this account first."""

    name: str
    uid: int
    gid: int
    switch: bool

    def process_options(self) -> dict[str, Any]:
        """What `subprocess` needs to start a server program: the account, a neutral folder, our own environment."""
        # The caller's locale may not be installed, and its PG* variables must not reach the server.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        options: dict[str, Any] = {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL}
        if self.switch:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options

    def can_enter(self, folder: Path) -> bool:
        return self._succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])

    def can_run(self, program: Path) -> bool:
        return self._succeeds([str(program), "--version"])

    def _succeeds(self, command: list[str]) -> bool:
        options = self.process_options() | {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            return subprocess.run(command, timeout=30, check=False, **options).returncode == 0
        except OSError:  # not there, or not ours to run
            return False


class NoAccountForThisUser(StoreRefusal):
    def __init__(self, *, uid: int) -> None:
        super().__init__(
            f"The user id {uid} has no entry in the account database, and PostgreSQL refuses to run under it.",
            "Run Florin under a named account, or add an entry for this id to /etc/passwd.",
        )


class DataOwnedByAnotherAccount(StoreRefusal):
    def __init__(self, *, folder: Path, owner: str) -> None:
        super().__init__(
            f"The database in {folder} belongs to the account {owner}.",
            f"Run Florin as {owner} or as root, or choose another folder with FLORIN_DATA.",
        )


class DataFolderOutOfReach(StoreRefusal):
    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"Florin runs as root, PostgreSQL may not, and no ordinary account can enter {folder}.",
            "Choose a folder outside of private homes with FLORIN_DATA (for example /var/lib/florin), "
            "or run Florin as an ordinary user.",
        )


def server_account(*, data_dir: Path, cluster: Path) -> Account:
    """The account for the server of `cluster` (its files, if they exist, decide), which lies in `data_dir`."""
    uid = os.geteuid()
    if cluster.exists() and (owner := cluster.stat().st_uid) != uid:
        if uid != 0:
            raise DataOwnedByAnotherAccount(folder=cluster, owner=_name_of(owner))
        account = _account(_entry(owner), switch=True)
        if not account.can_enter(data_dir):
            raise DataFolderOutOfReach(folder=data_dir)
        return account
    if uid != 0:
        return _account(_entry(uid), switch=False)
    for account in _ordinary_accounts():
        if account.can_enter(data_dir):
            return account
    raise DataFolderOutOfReach(folder=data_dir)


def _ordinary_accounts() -> Iterator[Account]:
    everyone = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    names = [name for name in _PREFERRED if name in everyone]
    names += [name for name in everyone if name not in _PREFERRED]
    return (_account(everyone[name], switch=True) for name in names)


def _account(entry: pwd.struct_passwd, *, switch: bool) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, switch=switch)


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise NoAccountForThisUser(uid=uid) from None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"with the id {uid}"
