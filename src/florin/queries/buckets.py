"""Debt by how long it is past due: today as the lines' rows say it, and how it moved since the months before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
from psycopg import Connection

from florin.credit.program import load_program
from florin.credit.provision import BUCKETS, bucketed
from florin.engine.provisioning import overdue_by_lane
from florin.events import ProvisionBucket


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """Of what was in the bucket before `bucket` at one month's run, the share that stands in `bucket` at the next one's:
    owed later divided by owed then. None when nothing was there.
    """

    from_on: date
    to_on: date
    bucket: str
    owed_before_minor: int
    owed_after_minor: int
    rate: Decimal | None


class BucketReport(msgspec.Struct, frozen=True, kw_only=True):
    """on: the business date. rolls: between monthly runs of the provision, the oldest first."""

    on: date
    buckets: tuple[ProvisionBucket, ...]
    rolls: tuple[Roll, ...]


_RUNS = """
    SELECT e.value_on, b->>'bucket' AS bucket, sum((b->>'owed_minor')::bigint)::bigint AS owed_minor
      FROM event e, json_array_elements(e.body->'buckets') b
     WHERE e.kind = 82 AND e.posted_on > %(after)s
  GROUP BY 1, 2
  ORDER BY 1, 2
     LIMIT 1000
"""
_LOOKED_BACK_DAYS = 400


def bucket_report(connection: Connection[Any], *, on: date) -> BucketReport:
    """All lines by program and bucket with the allowance that each should have, and the roll rates of a year."""
    overdue = [group for groups in overdue_by_lane(connection, on).values() for group in groups]
    buckets = bucketed(overdue, lambda program: load_program(program).terms_on(on))
    after = date.fromordinal(on.toordinal() - _LOOKED_BACK_DAYS)
    runs: dict[date, dict[str, int]] = {}
    for run_on, bucket, owed_minor in connection.execute(_RUNS, {"after": after}):
        runs.setdefault(run_on, {})[bucket] = owed_minor
    return BucketReport(on=on, buckets=buckets, rolls=tuple(_rolls(sorted(runs.items()))))


def _rolls(runs: Sequence[tuple[date, dict[str, int]]]) -> list[Roll]:
    names = [name for _, name in BUCKETS]
    return [
        Roll(
            from_on=from_on,
            to_on=to_on,
            bucket=bucket,
            owed_before_minor=before.get(earlier, 0),
            owed_after_minor=after.get(bucket, 0),
            rate=_share(after.get(bucket, 0), before.get(earlier, 0)),
        )
        for (from_on, before), (to_on, after) in pairwise(runs)
        for earlier, bucket in pairwise(names)
    ]


def _share(part_minor: int, whole_minor: int) -> Decimal | None:
    """Rounded to four digits, a hundredth of a percent."""
    return (Decimal(part_minor) / whole_minor).quantize(Decimal("0.0001")) if whole_minor else None
