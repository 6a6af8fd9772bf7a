"""Provision: what the lender expects to lose of what is on the books, by how long it is past due.

Once a month, lane by lane: each bucket's debt times its rate is the allowance that should be there; the difference from
what is there is impairment. So a charge-off, which takes the allowance up, is made good by the next run. What is charged
off already is on the books no more and needs no allowance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec

from florin.credit.terms import Terms
from florin.events import ProvisionBucket, Provisioned
from florin.money.amounts import round_half_up
from florin.money.at import At

BUCKETS = ((0, "current"), (1, "1-29"), (30, "30-59"), (60, "60-89"), (90, "90-179"), (180, "180+"))


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of one program, so many days past due. owed: on the books, in minor units; claimed: charged off already."""

    program: str
    days: int
    lines: int
    owed_minor: int
    claimed_minor: int = 0


class Provision(msgspec.Struct, frozen=True, kw_only=True):
    """One lane's run. allowance_minor: what is there before it."""

    lane: int
    overdue: tuple[Overdue, ...]
    allowance_minor: int


def bucket_of(days: int) -> str:
    """The name of the bucket in which a debt so many days past due is."""
    return [name for from_days, name in BUCKETS if from_days <= max(0, days)][-1]


def bucketed(overdue: Sequence[Overdue], terms_of: Callable[[str], Terms]) -> tuple[ProvisionBucket, ...]:
    """By program and bucket, in that order, with the allowance of each, rounded half up.

    A rate may begin within a bucket: the allowance is that of the days, not of the bucket.
    """
    sums: dict[tuple[str, str], tuple[int, int, int, Fraction]] = {}
    for group in overdue:
        key = group.program, bucket_of(group.days)
        lines, owed, claimed, allowance = sums.get(key, (0, 0, 0, Fraction(0)))
        allowance += group.owed_minor * Fraction(terms_of(group.program).provision_rate(group.days))
        sums[key] = lines + group.lines, owed + group.owed_minor, claimed + group.claimed_minor, allowance
    order = [name for _, name in BUCKETS]
    return tuple(
        ProvisionBucket(
            program=program,
            bucket=bucket,
            lines=lines,
            owed_minor=owed,
            claimed_minor=claimed,
            allowance_minor=round_half_up(allowance),
        )
        for (program, bucket), (lines, owed, claimed, allowance) in sorted(
            sums.items(), key=lambda item: (item[0][0], order.index(item[0][1]))
        )
    )


def decide(command: Provision, at: At, terms_of: Callable[[str], Terms]) -> tuple[Provisioned]:
    """What the lane's allowance should be now, by bucket."""
    buckets = bucketed(command.overdue, terms_of)
    return (Provisioned(value_on=at.on, before_minor=command.allowance_minor, buckets=buckets),)
