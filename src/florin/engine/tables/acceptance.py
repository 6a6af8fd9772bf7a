"""Where programs are accepted and who is held out: rows that are only added, and what they say together."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import tuple_row

from florin.engine.tables.table import Table, day, integer, json, text
from florin.events.market import AcceptanceVersion, Market
from florin.market.acceptance import Acceptance
from florin.market.ecosystem import Ecosystem
from florin.market.holdout import Experiment

ACCEPTANCE_VERSION = Table(
    "acceptance_version",
    [integer("revision"), integer("number"), day("from_on"), text("ecosystem"), json("head", None), json("version")],
    key=("revision", "ecosystem"),
)
EXPERIMENT = Table(
    "experiment",
    [integer("number"), integer("share_ppm"), integer("limit_cut_ppm"), day("opens_on"), day("closes_on"), text("name"),
     text("unit"), json("programs"), text("salt")],
    key=("number", "name"),
)  # fmt: skip
EXPERIMENT_END = Table("experiment_end", [text("name"), day("ended_on")], key=("name", "ended_on"))
ACCEPTANCE_TABLES = {ACCEPTANCE_VERSION, EXPERIMENT, EXPERIMENT_END}

_VERSIONS = """
    SELECT revision, ecosystem, head::text, version::text FROM acceptance_version ORDER BY revision LIMIT 100000
"""
_EXPERIMENTS = """
    SELECT x.name, x.unit, x.share_ppm, x.limit_cut_ppm, x.programs::text, x.opens_on,
           least(x.closes_on, coalesce(e.ended_on, x.closes_on)), x.salt, x.number
      FROM experiment x LEFT JOIN experiment_end e USING (name)
  ORDER BY x.name
     LIMIT 10000
"""

_encode = msgspec.json.Encoder().encode


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What an ecosystem has beside its versions."""

    title_en: str
    title_zh: str
    programs: tuple[str, ...]
    markets: tuple[Market, ...]


def version_row(
    revision: int, ecosystem: str, number: int, version: AcceptanceVersion, head: Head | None = None
) -> tuple[Any, ...]:
    kept = None if head is None else _encode(head).decode()
    return (revision, number, version.from_on, ecosystem, kept, _encode(version).decode())


def experiment_row(number: int, experiment: Experiment) -> tuple[Any, ...]:
    return (
        number, experiment.share_ppm, experiment.limit_cut_ppm, experiment.opens_on, experiment.closes_on, experiment.name,
        experiment.unit, _encode(experiment.programs).decode(), experiment.salt.hex(),
    )  # fmt: skip


def load_ecosystems(connection: Connection[Any]) -> tuple[list[Ecosystem], int]:
    """The ecosystems that the owner has stated, and how often something was."""
    heads: dict[str, Head] = {}
    versions: dict[str, list[AcceptanceVersion]] = {}
    revision = 0
    with connection.cursor(row_factory=tuple_row) as cursor:
        for revision, name, head, version in cursor.execute(_VERSIONS).fetchall():  # noqa: B007 - the last one counts
            versions.setdefault(name, []).append(msgspec.json.decode(version, type=AcceptanceVersion))
            if head is not None:
                heads[name] = msgspec.json.decode(head, type=Head)
    ecosystems = [
        Ecosystem(name=name, versions=tuple(stated), **{field: getattr(heads[name], field) for field in _OF_HEAD})
        for name, stated in versions.items()
    ]
    return ecosystems, revision


def load_acceptance(connection: Connection[Any]) -> Acceptance:
    """All that the owner has stated, and who is held out."""
    ecosystems, revision = load_ecosystems(connection)
    with connection.cursor(row_factory=tuple_row) as cursor:
        experiments = [
            Experiment(
                name=name, unit=unit, share_ppm=share, limit_cut_ppm=cut, opens_on=opens_on, closes_on=closes_on,
                programs=msgspec.json.decode(programs, type=tuple[str, ...]), salt=bytes.fromhex(salt), number=number,
            )
            for name, unit, share, cut, programs, opens_on, closes_on, salt, number in cursor.execute(_EXPERIMENTS)
        ]  # fmt: skip
    return Acceptance(ecosystems, experiments, revision)


_OF_HEAD = Head.__struct_fields__
