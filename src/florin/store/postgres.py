"""Keep one PostgreSQL server alive on one data folder, and never leave one behind.

The server is our child: we notice when it dies and start it again, and it stops when we stop. It speaks only through
a socket in a private folder, so there is no port to collide and no password to lose. Commits reach the disk (fsync and
synchronous_commit are on). What is not done here: making roles, databases or tables, see `roles` and `migrate`.
"""

import atexit
import collections
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import structlog

from florin.store.account import Account, server_account
from florin.store.binaries import Binaries, find_binaries, reachable
from florin.store.folder import DataFolder, SupervisorLock, keep_from_forks, release_from_forks
from florin.store.locator import dsn_of
from florin.store.refusal import StoreRefusal

SUPERUSER = "postgres"

_RETRY_START_S = 15.0
_LOG_BYTES_MAX = 16_000_000
_CRASHES_MAX, _CRASHES_WITHIN_S = 10, 60.0
# After a crash, children of the dead server may hold its shared memory for a moment.
_PASSING_TROUBLE = ("pre-existing shared memory block", "is still in use", "already exists", "is being used by")
# Waits for the end of its input, which comes when the supervisor is gone, however it went; then asks the server, if it
# is still the one that this folder names, to stop.
_LIFE_LINE = 'read -r _; [ "$(head -n 1 "$2" 2>/dev/null)" = "$1" ] && kill -INT "$1"'

_log = structlog.get_logger(__name__)


class ServerDidNotStart(StoreRefusal):
    def __init__(self, *, log: Path, said: str) -> None:
        super().__init__(f"PostgreSQL did not start. It said: {said.strip() or 'nothing'}", f"The whole log is {log}.")


class ServerDidNotStop(StoreRefusal):
    def __init__(self, *, pid: int) -> None:
        super().__init__(f"PostgreSQL (process {pid}) did not stop when asked.", "See what holds it, then try again.")


class EmbeddedPostgres:
    """One PostgreSQL server on one data folder, as a context manager or by `start` and `stop`.

    settings: server settings beside or instead of ours, as on the server's command line. restart_after_crash: start
    the server again when it dies under us, until it has died ten times in a minute.
    Raises StoreRefusal, named after the reason.
    """

    def __init__(
        self,
        data_dir: Path,
        settings: Mapping[str, str] = MappingProxyType({}),
        *,
        start_timeout_s: float = 600,
        stop_timeout_s: float = 60,
        restart_after_crash: bool = True,
    ) -> None:
        self.folder = DataFolder(data_dir)
        self._settings = dict(settings)
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._restart_after_crash = restart_after_crash
        self._lock = SupervisorLock(self.folder)
        self._changing = threading.RLock()
        self._stopping = threading.Event()  # one per start, so that an old watcher cannot mistake the next start's
        self._process: subprocess.Popen[bytes] | None = None
        self._life_line: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None
        self._binaries: Binaries | None = None
        self._supervisor_pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, making its database files first where there are none; returns when it answers."""
        self.folder.create()
        self._lock.take()
        try:
            self._account = server_account(data_dir=self.folder.path, cluster=self.folder.cluster)
            self._binaries = reachable(find_binaries(cluster=self.folder.cluster), self._account)
            self._stop_orphan()
            if not self.folder.cluster.exists():
                self._initialize()
            self._shorten_log()
            self._launch()
        except BaseException:
            if (
                self._process is not None and self._process.poll() is None
            ):  # told to stop before its life line was there
                self._end(self._process)
            self._cut_life_line()
            self._process = None
            self._lock.release()
            raise
        self._supervisor_pid = os.getpid()
        atexit.register(self.stop)
        self._stopping = threading.Event()
        threading.Thread(target=self._watch, args=[self._stopping], name="florin-postgres", daemon=True).start()

    def stop(self) -> None:
        """Stop the server; its clients are cut off, what is committed stays. Harmless when it is not running."""
        if self._supervisor_pid != os.getpid():  # never started, or we are a fork of the supervisor
            return
        self._stopping.set()
        with self._changing:  # a restart under way is finished first
            atexit.unregister(self.stop)
            if self._process is not None and self._process.poll() is None:
                self._end(self._process)
            self._cut_life_line()
            self._process = None
            self._supervisor_pid = 0
            self._lock.release()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process id. It changes when the server is started again after a crash."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def major(self) -> int:
        return self._installed().major

    def dsn(self, role: str, database: str = "florin") -> str:
        """The address of `database` for `role`: a URL for psycopg and every PostgreSQL program."""
        return dsn_of(self.folder, role=role, database=database)

    def run_binary(self, name: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of this PostgreSQL (pg_dump, pgbench, ...) under our own account and wait for it.

        options: those of `subprocess.run`; output is captured as text and a failure raises CalledProcessError unless
        they say otherwise.
        """
        command = [str(self._installed().program(name)), *arguments]
        return subprocess.run(command, **{"check": True, "capture_output": True, "text": True} | options)

    # --- starting ---------------------------------------------------------------------------------------------------

    def _installed(self) -> Binaries:
        return self._binaries or find_binaries(cluster=self.folder.cluster)

    def _initialize(self) -> None:
        """Make the database files in a neighbor folder, renamed when complete: a start cut short leaves none behind."""
        assert self._account is not None
        assert self._binaries is not None
        unfinished = self.folder.cluster.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._account.switch:
            os.chown(unfinished, self._account.uid, self._account.gid)
        # The builtin locale is the same on every machine and sorts by code point; before 17 only libc has one.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        durable = [] if self._settings.get("fsync") != "off" else ["--no-sync"]
        locale = [*(builtin if self._binaries.major >= 17 else []), "--locale=C.UTF-8", "--encoding=UTF8"]
        command = [str(self._binaries.program("initdb")), "--pgdata", str(unfinished), "--username", SUPERUSER]
        done = subprocess.run(
            [*command, "--auth=trust", "--data-checksums", *durable, *locale],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **self._account.process_options(),
        )
        if done.returncode != 0:
            raise ServerDidNotStart(log=self.folder.log, said=done.stderr)
        unfinished.rename(self.folder.cluster)

    def _launch(self) -> None:
        """Start the server and wait until it answers, trying again while only leftovers of a crash are in the way."""
        assert self._account is not None
        deadline = time.monotonic() + _RETRY_START_S
        while True:
            process, said = self._try_to_launch()
            if process is not None:
                break
            if time.monotonic() > deadline or not any(trouble in said for trouble in _PASSING_TROUBLE):
                raise ServerDidNotStart(log=self.folder.log, said=said)
            time.sleep(0.2)
        self._process = process
        self._cut_life_line()
        self._life_line = subprocess.Popen(
            ["/bin/sh", "-c", _LIFE_LINE, "sh", str(process.pid), str(self._pid_file)],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **{**self._account.process_options(), "stdin": subprocess.PIPE},
        )
        assert self._life_line.stdin is not None
        keep_from_forks(self._life_line.stdin.fileno())

    def _try_to_launch(self) -> tuple[subprocess.Popen[bytes] | None, str]:
        """The server once it answers; or none, and the last thing it said."""
        assert self._account is not None
        assert self._binaries is not None
        sockets = self.folder.create_sockets(self._account)
        settings = _settings() | {"unix_socket_directories": str(sockets)} | self._settings
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.folder.log.open("ab") as log:
            said_from = log.tell()
            process = subprocess.Popen(
                [self._binaries.program("postgres"), "-D", self.folder.cluster, *arguments],
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
                stdout=log,
                stderr=log,
                **self._account.process_options(),
            )
        deadline = time.monotonic() + self._start_timeout_s
        try:
            while process.poll() is None and not self._answers(process.pid):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
        except BaseException:
            self._end(process)
            raise
        if process.poll() is None and self._answers(process.pid):
            return process, ""
        if process.poll() is None:
            self._end(process)
        with self.folder.log.open("rb") as log:
            log.seek(said_from)
            return None, log.read()[-2000:].decode(errors="replace")

    def _answers(self, pid: int) -> bool:
        """Whether the server `pid` has written that it is ready. A pid file of another process is a stale one."""
        lines = _lines(self._pid_file)
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    @property
    def _pid_file(self) -> Path:
        return self.folder.cluster / "postmaster.pid"

    def _shorten_log(self) -> None:
        if self.folder.log.exists() and self.folder.log.stat().st_size > _LOG_BYTES_MAX:
            self.folder.log.replace(self.folder.log.with_suffix(".log.1"))

    # --- watching, stopping -----------------------------------------------------------------------------------------

    def _watch(self, stopping: threading.Event) -> None:
        crashes: collections.deque[float] = collections.deque(maxlen=_CRASHES_MAX)
        while (process := self._process) is not None:
            code = process.wait()
            with self._changing:
                if stopping.is_set() or not self._restart_after_crash:
                    return
                crashes.append(time.monotonic())
                if len(crashes) == _CRASHES_MAX and crashes[-1] - crashes[0] < _CRASHES_WITHIN_S:
                    _log.error("postgres keeps dying, not started again", exit_code=code, log=str(self.folder.log))
                    return
                _log.warning("postgres died, starting it again", exit_code=code)
                try:
                    self._launch()
                except StoreRefusal as refusal:
                    _log.error("postgres could not be started again", reason=str(refusal))
                    return

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Fast shutdown, then an immediate one, which leaves recovery to the next start; never SIGKILL."""
        for sign, timeout_s in ((signal.SIGINT, self._stop_timeout_s), (signal.SIGQUIT, 10.0)):
            process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout_s)
                return
        raise ServerDidNotStop(pid=process.pid)

    def _stop_orphan(self) -> None:
        """Stop a server on our files whose supervisor died hard. We hold the lock, so no living one wants it."""
        if _pid_in(self._pid_file):
            stop_server_of(self.folder.cluster, timeout_s=self._stop_timeout_s)
            self._disown_pid_file()

    def _disown_pid_file(self) -> None:
        """Let a pid file that a dead server left name us instead of whoever has its number now.

        PostgreSQL refuses to start while a living process of its account bears that number, whatever it is; its own
        parent it knows to be none. The other lines stay: by them it sees whether children of the dead server live on.
        """
        lines = _lines(self._pid_file)
        if lines:
            self._pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    def _cut_life_line(self) -> None:
        if self._life_line is None:
            return
        assert self._life_line.stdin is not None
        self._life_line.kill()
        self._life_line.wait()
        release_from_forks(self._life_line.stdin.fileno())
        self._life_line.stdin.close()
        self._life_line = None


def stop_server_of(cluster: Path, *, timeout_s: float = 60) -> None:
    """Stop the server that works on these files, if one does. For the holder of the folder's lock. Raises ServerDidNotStop."""
    pid = _pid_in(cluster / "postmaster.pid")
    if not pid:
        return
    for sign, patience_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, 10.0)):
        deadline = time.monotonic() + patience_s
        if is_server_of(pid, cluster):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        while is_server_of(pid, cluster) and time.monotonic() < deadline:
            time.sleep(0.02)
    if is_server_of(pid, cluster):
        raise ServerDidNotStop(pid=pid)


def is_server_of(pid: int, cluster: Path) -> bool:
    """Whether the process is really a PostgreSQL at work on these files: ids are reused, pid files go stale.

    A process that is dead and not yet collected is none.
    """
    process = Path("/proc", str(pid))
    try:
        if process.exists():
            return (process / "exe").readlink().name.startswith("postgres") and (
                (process / "cwd").readlink() == cluster.resolve()
            )
        if Path("/proc/self").exists():
            return False
    except OSError:
        return False
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in listed.stdout and str(cluster) in listed.stdout


def _settings() -> dict[str, str]:
    """Our server settings. A figure stands here only because it was measured; the rest is PostgreSQL's own."""
    return {
        "listen_addresses": "",  # no TCP: the socket's folder is the only door
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "256MB",
        "dynamic_shared_memory_type": _shared_memory(),
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        # A checkpoint a minute logs each touched page whole, again and again: 55 instead of 65 µs of CPU a payment without.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",  # 61 instead of 277 MB of log for 12 s of pgbench, at the same rate
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
    }


def _shared_memory() -> str:
    """POSIX where /dev/shm has room for it; containers often have 64 MB or none, and files do as well."""
    try:
        space = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size only
    except OSError:
        return "posix" if not Path("/proc").exists() else "mmap"
    return "posix" if space.f_bavail * space.f_frsize >= 128_000_000 else "mmap"


def _pid_in(pid_file: Path) -> int:
    """The number that a pid file names; 0 where there is none, or where it is not a server's."""
    lines = _lines(pid_file)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
