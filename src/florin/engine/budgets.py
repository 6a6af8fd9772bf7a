"""Budgets: which slices of a campaign's budget a batch locks, so that nobody waits for one row and nobody overspends.

A budget is cut into slices, a row each. A batch takes the fullest *free* slice that has enough for all that it wants to spend:
two batches at once take two different ones. Only where no free slice has enough does it take all that are free. If these
have enough together, well; if they do not, and somebody else holds another one, the commands wait for the next round; and if
the batch holds them all, what is left is exact, and a coupon above it is refused by name. A batch without coupons asks
nothing here. Budgets are locked last, so who waits for one holds up nobody who waits for anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from psycopg import Connection

from florin.campaigns.budget import Budget, Slice
from florin.engine.ids import is_id, lane_of
from florin.engine.jobs import Job, Missing
from florin.engine.room import Room
from florin.engine.tables.arrays import numbers
from florin.engine.tables.campaign import slice_of
from florin.engine.tables.table import ALONE, Lock

_FULLEST = """
    SELECT b.lane, b.slice, b.id, b.allotted_minor, b.spent_minor
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[], %(wanted)s::bigint[]) AS k(lane, id, wanted)
           CROSS JOIN LATERAL (
               SELECT * FROM campaign_budget s
                WHERE s.lane = k.lane AND s.id = k.id AND s.allotted_minor - s.spent_minor >= k.wanted
             ORDER BY s.allotted_minor - s.spent_minor DESC, s.slice
                LIMIT 1 FOR UPDATE SKIP LOCKED) AS b
"""
_FREE = """
    SELECT t.lane, t.slice, t.id, t.allotted_minor, t.spent_minor
      FROM unnest(%(lanes)s::smallint[], %(ids)s::bigint[]) AS k(lane, id) JOIN campaign_budget t USING (lane, id)
  ORDER BY t.lane, t.id, t.slice
"""


def load_budgets(connection: Connection, room: Room, jobs: Sequence[Job], turn: int, lock: Lock) -> None:
    """Lock what these jobs want of campaigns' budgets; note on each job the campaign that it did not get."""
    wanted: Counter[int] = Counter()
    for job in jobs:
        for draw in job.needs[turn].budgets:
            wanted[draw.campaign_id] += draw.amount_minor
    campaigns = {i for i in wanted if is_id(i)} - room.budgets.keys()
    if campaigns and lock != ALONE:
        _keep(room, _locked(connection, _FULLEST, campaigns, wanted))
        campaigns -= room.budgets.keys()
    busy: set[int] = set()
    if campaigns:
        found = _locked(connection, f"{_FREE} {lock}", campaigns, wanted)
        for identifier, slices in list(found.items()):
            campaign = room.reference.campaigns.get(identifier)
            whole = campaign is not None and len(slices) == campaign.terms.slices
            if not whole and sum(slice.left_minor for slice in slices) < wanted[identifier]:
                del found[identifier]
        _keep(room, found)
        busy = {i for i in campaigns - found.keys() if i in room.reference.campaigns}
    for job in jobs:
        for draw in job.needs[turn].budgets:
            if draw.campaign_id not in room.budgets:
                job.missing.append(Missing("campaign", draw.campaign_id, draw.campaign_id in busy, room.budgets))


def _locked(
    connection: Connection, statement: str, campaigns: Iterable[int], wanted: Counter[int]
) -> dict[int, list[Slice]]:
    ordered = sorted(campaigns)
    parameters = {
        "lanes": numbers([lane_of(identifier) for identifier in ordered]),
        "ids": numbers(ordered),
        "wanted": numbers([wanted[identifier] for identifier in ordered]),
    }
    found: dict[int, list[Slice]] = {}
    for row in connection.cursor(binary=True).execute(statement, parameters, prepare=True):
        found.setdefault(row[2], []).append(slice_of(row))
    return found


def _keep(room: Room, found: dict[int, list[Slice]]) -> None:
    for identifier, slices in found.items():
        room.budgets[identifier] = Budget(id=identifier, lane=lane_of(identifier), slices=tuple(slices))
