"""`florin bench pay --plans`: do a batch's statements still find their rows by index among ten million payments?

The danger is not a slow plan but a kept one: a statement that was prepared while its table was empty goes on as it was planned
then. So one engine, over one connection, does a tour of what shops and shoppers do, often enough for the server to keep its
plans; then the tables are filled behind its back; then the same connection does the tour again, before anybody has analyzed the
tables and after. The server itself tells every plan it ran (auto_explain). A scan of a large table is a failure, and so is an
index that is read from end to end or rows that are read only to be dropped.

The ten million are shaped like payments and written straight into the tables: they are weight, not books.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import psycopg
from psycopg import sql
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from florin.bench.house import LISTENER, Say, own_store
from florin.bench.tour import Tour
from florin.engine import Engine, clock
from florin.engine.admin import add_app, add_merchant
from florin.engine.ids import IdBlocks
from florin.engine.lanes import LANES
from florin.events import Captured, body_of
from florin.store import ENGINE, StoreRefusal, dsn_of
from florin.store.migrate import migrate
from florin.store.postgres import SUPERUSER

_LARGE = (
    "event",
    "claim",
    "trade",
    "payment",
    "line",
    "line_account",
    "wallet",
    "person",
    "agreement",
    "outbox",
    "statement",
)
_NAME = "plans"
_DIRECT, _ESCROW = 1, 2
_TOURS_BEFORE, _TOURS_AFTER = 8, 2
_ROWS_DROPPED_MAX = 1_000
_PAYMENTS_A_LINE = 100
_BYTES_A_PAYMENT = 3_000  # rows, indexes, and the log meanwhile
_FIRST_NUMBER = 10**9  # far above what the tours use
_SERVER = {
    "session_preload_libraries": "auto_explain",
    "autovacuum": "off",  # whether the tables are analyzed is what we vary
    "log_line_prefix": "%a|",
    "log_parameter_max_length": "0",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
_EXPLAIN = {
    "log_min_duration": "0",
    "log_format": "json",
    "log_analyze": "on",
    "log_timing": "off",
    "log_buffers": "on",
}


class NotEnoughRoom(StoreRefusal):
    def __init__(self, *, folder: Path, free: int, wanted: int) -> None:
        super().__init__(
            f"{folder} has {free / 1e9:.0f} GB free; so many payments take {wanted / 1e9:.0f} GB.",
            "Name another place with --folder, or fewer payments with --rows.",
        )


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One statement with one plan, over all its runs in one phase. reads: how it finds the rows of large tables.

    blocks: pages touched by a run, at most. wrong: why the plan will not do; empty when it will.
    """

    phase: str
    statement: str
    runs: int
    reads: tuple[str, ...]
    blocks: int
    duration_ms: float
    wrong: tuple[str, ...]


class Plans(msgspec.Struct, frozen=True, kw_only=True):
    """sizes: rows and bytes (indexes included) of the filled tables."""

    rows: int
    sizes: dict[str, tuple[int, int]]
    plans: tuple[Seen, ...]

    @property
    def holds(self) -> bool:
        return not any(seen.wrong for seen in self.plans)


def check(rows: int, *, parent: Path | None = None, say: Say = lambda text: None) -> Plans:
    """Tour, fill, tour, analyze, tour. Raises NotEnoughRoom."""
    with own_store(parent, _SERVER) as (store, _):
        free, wanted = shutil.disk_usage(store.folder.path).free, rows * _BYTES_A_PAYMENT
        if free < wanted:
            raise NotEnoughRoom(folder=store.folder.path, free=free, wanted=wanted)
        say("making the tables")
        migrate(store.addresses.owner)
        merchant_id = _add_merchant(store.addresses.engine)
        log = _Log(store.folder.log)
        with psycopg.connect(dsn_of(store.folder, role=SUPERUSER), autocommit=True) as superuser:
            _explain_everything(superuser)
            with Engine(store.addresses.engine, name=_NAME) as engine:
                tour = Tour(engine, merchant_id=merchant_id, direct_app=_DIRECT, escrow_app=_ESCROW)
                say(f"{_TOURS_BEFORE} tours on empty tables")
                for _ in range(_TOURS_BEFORE):
                    tour.run()
                _fill(superuser, rows, merchant_id, say)
                log.skip()
                say("tours, nothing analyzed since")
                seen = _tours(tour, log, "filled")
                say("analyze")
                superuser.execute("ANALYZE")
                log.skip()
                say("tours")
                seen += _tours(tour, log, "filled and analyzed")
            sizes = _sizes(superuser)
    return Plans(rows=rows, sizes=sizes, plans=tuple(seen))


def plans_view(found: Plans) -> RenderableType:
    """For people: a line for each statement and plan, the wrong ones in red."""
    table = Table(box=None, pad_edge=False)
    for name in ("tables are", "statement", "runs", "finds its rows by", "pages at most", "ms at most", ""):
        table.add_column(name, no_wrap=True)
    for seen in found.plans:
        table.add_row(
            seen.phase, seen.statement, str(seen.runs), "\n".join(seen.reads), f"{seen.blocks:,}", f"{seen.duration_ms:.1f}",
            "\n".join(seen.wrong) or "by index", style="red" if seen.wrong else "",
        )  # fmt: skip
    sizes = ", ".join(f"{name} {rows:,} rows {size / 1e9:.1f} GB" for name, (rows, size) in found.sizes.items())
    said = (
        "Every statement of a batch finds its rows by index."
        if found.holds
        else "Some statements do NOT use their indexes."
    )
    return Group(table, "", Text(sizes), Text(said, style="green" if found.holds else "bold red"))


# ── the tours and what the server says of them ────────────────────────────────────────────────────────────────────


def _add_merchant(engine_url: str) -> int:
    """One merchant with a direct app, whose sales are listened to, and an escrow app."""
    with psycopg.connect(engine_url, autocommit=True) as connection:
        clock.start(connection)
        merchant_id = add_merchant(connection, IdBlocks(connection), name="Merchant", mdr_ppm=6_000)
        for app_id, market, listener in ((_DIRECT, "direct", LISTENER), (_ESCROW, "escrow", "")):
            add_app(
                connection, app_id=app_id, merchant_id=merchant_id, name=market, wire="rest",
                market=cast(Literal["direct", "escrow"], market), notify_url=listener,
            )  # fmt: skip
    return merchant_id


def _explain_everything(superuser: psycopg.Connection[Any]) -> None:
    """Of the engine's role alone: the filling need not be told."""
    for name, value in _EXPLAIN.items():
        superuser.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(ENGINE), sql.Identifier("auto_explain", name), sql.Literal(value)
            )
        )


def _tours(tour: Tour, log: _Log, phase: str) -> list[Seen]:
    for _ in range(_TOURS_AFTER):
        tour.run()
    by_plan: dict[tuple[str, tuple[str, ...]], Seen] = {}
    for duration_ms, told in log.plans():
        one = _seen(phase, told, duration_ms)
        key = (one.statement, one.reads)
        other = by_plan.get(key)
        if other is not None:
            one = msgspec.structs.replace(
                one,
                runs=other.runs + 1,
                blocks=max(one.blocks, other.blocks),
                duration_ms=max(one.duration_ms, other.duration_ms),
                wrong=tuple(sorted({*one.wrong, *other.wrong})),
            )
        by_plan[key] = one
    return [by_plan[key] for key in sorted(by_plan)]


class _Log:
    """The server's log, from where we last looked: the plans that the committing connection ran."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_to = 0

    def skip(self) -> None:
        self._read_to = self._path.stat().st_size

    def plans(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """(duration in ms, plan). A message's further lines begin with a tab."""
        with self._path.open("rb") as log:
            log.seek(self._read_to)
            text = log.read().decode(errors="replace")
        self._read_to += len(text.encode())
        head, lines = "", []
        for line in [*text.splitlines(), ""]:
            if line.startswith("\t"):
                lines.append(line)
                continue
            if head.startswith(f"{_NAME}-engine|") and "  plan:" in head:
                yield float(head.partition("duration: ")[2].partition(" ms")[0]), json.loads("\n".join(lines))
            head, lines = line, []


def _seen(phase: str, told: dict[str, Any], duration_ms: float) -> Seen:
    reads, wrong = [], []
    for node in _nodes(told["Plan"]):
        read, complaint = _read_of(node)
        reads += read
        wrong += complaint
    plan = told["Plan"]
    return Seen(
        phase=phase,
        statement=_short(told["Query Text"]),
        runs=1,
        reads=tuple(reads),
        blocks=plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0),
        duration_ms=duration_ms,
        wrong=tuple(wrong),
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _read_of(node: dict[str, Any]) -> tuple[list[str], list[str]]:
    """(how this node reads a large table, what is wrong with it); of a bitmap, the node that reads the index speaks."""
    kind, table = node["Node Type"], node.get("Relation Name")
    if kind == "Bitmap Index Scan":
        table = next((name for name in _LARGE if node["Index Name"].startswith(f"{name}_")), None)
    if table not in _LARGE or kind in ("ModifyTable", "Bitmap Heap Scan"):
        return [], []
    read = [f"{kind}: {node['Index Name']}" if "Index Name" in node else f"{kind}: {table}"]
    if "Index Name" not in node:
        return read, [f"reads all of {table}"]
    if "Index Cond" not in node:
        return read, [f"reads {node['Index Name']} from end to end"]
    dropped = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
    return read, [f"drops {dropped:,.0f} rows of {table}"] if dropped > _ROWS_DROPPED_MAX else []


def _short(statement: str) -> str:
    """What it does to which table, and whether it locks."""
    words = " ".join(statement.split())
    for verb in ("INSERT INTO", "UPDATE", "DELETE FROM"):
        if words.startswith(verb):
            return f"{verb.split()[0].lower()} {words.removeprefix(verb).split()[0]}"
    table = words.rpartition(" JOIN " if " JOIN " in words else " FROM ")[2].split()[0]
    return f"read {table}" + (" and lock" if "FOR UPDATE" in words else "")


# ── the weight ────────────────────────────────────────────────────────────────────────────────────────────────────

# One statement a table and lane. Numbers run from `first` on; a line has a hundred payments, its events rise by one.
_WEIGHT: dict[str, sql.SQL] = {
    "line": sql.SQL("""
        INSERT INTO line (lane, state, sequence, id, person_id, limit_minor, principal_minor, opened_on, next_action_on,
                          program)
        SELECT %(lane)s, 1, 1 + %(each)s, %(base)s + n, %(base)s + n, 5000000, 100 * %(each)s, %(on)s, %(on)s, 'huabei'
          FROM generate_series(1, %(lines)s) AS n
    """),
    "line_account": sql.SQL("""
        INSERT INTO line_account (lane, line_id, sequence, account)
        SELECT %(lane)s, %(base)s + n, 1, '{}' FROM generate_series(1, %(lines)s) AS n
    """),
    "wallet": sql.SQL("""
        INSERT INTO wallet (lane, id) SELECT %(lane)s, %(base)s + n FROM generate_series(1, %(lines)s) AS n
    """),
    "person": sql.SQL("""
        INSERT INTO person (lane, id, name, logon)
        SELECT %(lane)s, %(base)s + n, 'Somebody', 'somebody-' || %(base)s + n FROM generate_series(1, %(lines)s) AS n
    """),
    "agreement": sql.SQL("""
        INSERT INTO agreement (lane, id, app_id, person_id, line_id, limit_minor)
        SELECT %(lane)s, %(base)s + n, 1, %(base)s + n, %(base)s + n, 1000000 FROM generate_series(1, %(lines)s) AS n
    """),
    "statement": sql.SQL("""
        INSERT INTO statement (lane, line_id, event_id, image_minor, minimum_minor, remaining_minor, minimum_left_minor,
                               opens_on, closes_on, due_on)
        SELECT %(lane)s, %(base)s + n, %(base)s + n, 100, 10, 0, 0, %(on)s - 31, %(on)s, %(on)s + 9
          FROM generate_series(1, %(lines)s) AS n
    """),
    "trade": sql.SQL("""
        INSERT INTO trade (lane, flow, state, id, app_id, merchant_id, amount_minor, payment_id, asked_at, out_trade_no,
                           subject)
        SELECT %(lane)s, 1, 2, %(base)s + n, 1, %(merchant)s, 100, %(base)s + n, now(), md5((%(base)s + n)::text),
               'Something'
          FROM generate_series(1, %(payments)s) AS n
    """),
    "payment": sql.SQL("""
        INSERT INTO payment (lane, state, flow, mdr_ppm, authorized_on, payable_on, id, trade_id, app_id, merchant_id,
                             person_id, line_id, credit_authorized_minor, credit_paid_minor, wallet_authorized_minor,
                             received_minor, mdr_minor, limit_effective_minor)
        SELECT %(lane)s, 3, 1, 6000, %(on)s, %(on)s, %(base)s + n, %(base)s + n, 1, %(merchant)s,
               %(base)s + 1 + n %% %(lines)s, %(base)s + 1 + n %% %(lines)s, 100, 100, 0, 100, 1, 5000000
          FROM generate_series(1, %(payments)s) AS n
    """),
    "event": sql.SQL("""
        INSERT INTO event (lane, kind, writer, id, trade_id, payment_id, line_id, person_id, merchant_id, batch, recorded_at,
                           sequence, value_on, posted_on, rules, amounts, body)
        SELECT %(lane)s, %(kind)s, 0, %(base)s + n, %(base)s + n, %(base)s + n, %(base)s + 1 + n %% %(lines)s,
               %(base)s + 1 + n %% %(lines)s, %(merchant)s, n, now(), 2 + n / %(lines)s, %(on)s, %(on)s, '{3,6}', '{100,1}',
               %(body)s
          FROM generate_series(1, %(payments)s) AS n
    """),
    "claim": sql.SQL("""
        INSERT INTO claim (lane, kind, event_id, digest, fingerprint)
        SELECT %(lane)s, 2, %(base)s + n, md5((%(base)s + n)::text)::uuid, md5(n::text)::uuid
          FROM generate_series(1, %(payments)s) AS n
    """),
    "outbox": sql.SQL("""
        INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, state, next_at, payload)
        SELECT %(lane)s, %(base)s + n, 1, %(base)s + n, 'rest', 'payment.paid', 'https://127.0.0.1:9/', 'delivered', now(), '{}'
          FROM generate_series(1, %(lines)s) AS n
    """),
}  # fmt: skip


def _fill(superuser: psycopg.Connection[Any], rows: int, merchant_id: int, say: Say) -> None:
    """rows: payments, spread evenly over the lanes; everything else in proportion."""
    payments = max(1, rows // len(LANES))
    body = json.dumps(body_of(Captured(value_on=date.min, credit_minor=100, wallet_minor=0, mdr_minor=1)))
    on = superuser.execute("SELECT business_on FROM clock").fetchone()
    assert on is not None
    shared = {
        "payments": payments, "lines": max(1, payments // _PAYMENTS_A_LINE), "each": _PAYMENTS_A_LINE, "on": on[0],
        "merchant": merchant_id, "kind": Captured.kind, "body": body,
    }  # fmt: skip
    superuser.execute("SET synchronous_commit = off")  # of the weight alone
    for name, statement in _WEIGHT.items():
        say(f"filling {name}")
        for place, lane in enumerate(LANES):
            if place and place % 32 == 0:
                say(f"filling {name}: {place / len(LANES):.0%}")
            superuser.execute(statement, shared | {"lane": lane, "base": (place << 40) + _FIRST_NUMBER})
    superuser.execute("CHECKPOINT")


_SIZES = """
    SELECT relname, reltuples::bigint, pg_total_relation_size(oid) FROM pg_class
     WHERE relname = ANY(%(names)s) AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


def _sizes(superuser: psycopg.Connection[Any]) -> dict[str, tuple[int, int]]:
    return {name: (rows, size) for name, rows, size in superuser.execute(_SIZES, {"names": list(_LARGE)})}
