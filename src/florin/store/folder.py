"""The data folder: what lies where, who holds it, and where its socket is.

One folder holds everything that a self-contained Florin must keep: the database, the master key, the log. Exactly one
process supervises it at a time; the others find the running server through the paths named here.
"""

import contextlib
import fcntl
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from florin.store.account import Account
from florin.store.refusal import StoreRefusal

SOCKET_NAME = ".s.PGSQL.5432"
# The kernel's room for the path of a socket, less the closing zero byte.
SOCKET_PATH_BYTES_MAX = 103 if sys.platform == "darwin" else 107


class DataFolderInUse(StoreRefusal):
    def __init__(self, *, folder: Path, supervisor: str) -> None:
        super().__init__(
            f"Another Florin (process {supervisor}) already supervises the database in {folder}.",
            "Stop it first, or choose another folder with FLORIN_DATA.",
        )


class SocketFolderNotOurs(StoreRefusal):
    def __init__(self, *, folder: Path) -> None:
        super().__init__(
            f"{folder}, where the database's socket belongs, was made by somebody else or is open to others.",
            "Remove it, or choose a data folder with a shorter path with FLORIN_DATA.",
        )


class DataFolder:
    """The paths inside one data folder. Making the object touches nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.cluster = self.path / "postgres"
        self.log = self.path / "postgres.log"
        self.lock = self.path / "postgres.lock"
        self.logins = self.path / "logins.json"

    @property
    def master_key(self) -> Path:
        """The key that opens what is sealed in the database: FLORIN_MASTER_KEY_FILE, else a file in this folder."""
        return Path(os.environ.get("FLORIN_MASTER_KEY_FILE") or self.path / "master.key")

    @property
    def sockets(self) -> Path:
        """The short private folder of the server's socket: inside the data folder where its path leaves room."""
        inside = self.path / "run"
        if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
            return inside
        # Every process must come to the same answer, whatever its temporary folder: so /tmp, and a name of the path.
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path("/tmp", f"florin-{digest}")  # noqa: S108 - checked to be ours before use

    def create(self) -> None:
        """Make the folder: private, but for root, whose server runs under another account that must pass through."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0 and self.path.stat().st_uid == 0:
            self.path.chmod(stat.S_IMODE(self.path.stat().st_mode) | 0o011)

    def create_sockets(self, account: Account) -> Path:
        """The socket folder, 0700 and the server account's: who can enter it is trusted without a password."""
        folder = self.sockets
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if account.switch:
                os.chown(folder, account.uid, account.gid)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or stat.S_IMODE(status.st_mode) & 0o077:
            raise SocketFolderNotOurs(folder=folder)
        return folder


def default_data_dir() -> Path:
    """FLORIN_DATA; else /var/lib/florin for root; else the user's own data folder."""
    if chosen := os.environ.get("FLORIN_DATA"):
        return Path(chosen)
    if os.geteuid() == 0:
        return Path("/var/lib/florin")
    shared = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(shared) / "florin"


def temporary_data_dir() -> tempfile.TemporaryDirectory[str]:
    """A short-pathed data folder that goes when its holder goes: for tests, the sandbox and benchmarks."""
    return tempfile.TemporaryDirectory(prefix="florin-", ignore_cleanup_errors=True)


class SupervisorLock:
    """Held by the one process that supervises a data folder; the kernel releases it however that process ends."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._descriptor = -1

    def take(self) -> None:
        """Raises DataFolderInUse when another process holds it."""
        descriptor = os.open(self._folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            supervisor = os.read(descriptor, 20).decode().strip() or "of unknown number"
            os.close(descriptor)
            raise DataFolderInUse(folder=self._folder.path, supervisor=supervisor) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        keep_from_forks(descriptor)

    def release(self) -> None:
        if self._descriptor >= 0:
            release_from_forks(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


def is_supervised(folder: DataFolder) -> bool:
    """Whether some process holds the lock now."""
    try:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


# A forked child (not a started program: those inherit nothing) shares our open files. Were it to keep the lock or the
# life line open, the database would look supervised after the supervisor's death.
_kept_from_forks: set[int] = set()


def keep_from_forks(descriptor: int) -> None:
    _kept_from_forks.add(descriptor)


def release_from_forks(descriptor: int) -> None:
    _kept_from_forks.discard(descriptor)


def _close_in_child() -> None:
    for descriptor in _kept_from_forks:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _kept_from_forks.clear()


os.register_at_fork(after_in_child=_close_in_child)
