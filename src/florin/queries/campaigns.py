"""Campaigns as their owner reads them: terms, what was allotted, what is spent and left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import tuple_row

from florin.campaigns.campaign import Campaign
from florin.engine import lane_of
from florin.engine.tables.campaign import campaign_of
from florin.queries import is_id

LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign with the sums of its budget's slices. Minor units."""

    campaign: Campaign
    allotted_minor: int
    spent_minor: int

    @property
    def left_minor(self) -> int:
        return self.allotted_minor - self.spent_minor

    @property
    def is_low(self) -> bool:
        """Whether less is left than the amount that is worth a word."""
        return self.left_minor < self.campaign.terms.warning_minor


def campaigns(connection: Connection[Any], *, limit: int = LIMIT) -> list[CampaignView]:
    """Every campaign, the newest first."""
    return _views(connection, f"{_CAMPAIGN} GROUP BY c.lane, c.id ORDER BY c.id DESC LIMIT %(limit)s", limit=limit)


def campaign_by_id(connection: Connection[Any], campaign_id: int) -> CampaignView | None:
    """The campaign with this id; None when there is none."""
    if not is_id(campaign_id):
        return None
    where = f"{_CAMPAIGN} WHERE c.lane = %(lane)s AND c.id = %(id)s GROUP BY c.lane, c.id"
    found = _views(connection, where, lane=lane_of(campaign_id), id=campaign_id)
    return found[0] if found else None


def coupons_for(connection: Connection[Any], *, person_id: int) -> dict[int, int]:
    """By campaign, how often the person has used its coupon."""
    parameters = {"lane": lane_of(person_id), "person_id": person_id, "limit": LIMIT}
    return dict(connection.execute(_USES, parameters).fetchall())


_CAMPAIGN = """
    SELECT c.lane, c.state, c.id, c.name, c.name_zh, c.terms,
           sum(b.allotted_minor)::bigint AS allotted_minor, sum(b.spent_minor)::bigint AS spent_minor
      FROM campaign c JOIN campaign_budget b ON b.lane = c.lane AND b.id = c.id
"""
_USES = """
    SELECT campaign_id, used FROM coupon_use
     WHERE lane = %(lane)s AND person_id = %(person_id)s
  ORDER BY campaign_id LIMIT %(limit)s
"""


def _views(connection: Connection[Any], statement: str, **parameters: Any) -> list[CampaignView]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(statement, parameters).fetchall()
    return [
        CampaignView(campaign=campaign_of(row), allotted_minor=allotted, spent_minor=spent)
        for *row, allotted, spent in rows
    ]
