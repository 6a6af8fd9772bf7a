"""Campaigns as their owner reads them: terms, what was allotted, what is spent and left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import tuple_row

from florin.campaigns.campaign import Campaign
from florin.engine import lane_of
from florin.engine.tables.campaign import campaign_of
from florin.queries import is_id

LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignView:
    """A campaign with the sums of its budget's slices. Minor units. used: its coupon, by the person who was asked about;
    borne: by its subsidy for her, in this year, where it has a cap.
    """

    campaign: Campaign
    allotted_minor: int
    spent_minor: int
    used: int = 0
    borne_minor: int = 0

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


def campaigns_of_merchant(connection: Connection[Any], *, merchant_id: int, limit: int = LIMIT) -> list[CampaignView]:
    """Those that the merchant bears himself, the newest first."""
    where = (
        f"{_CAMPAIGN} WHERE c.terms->>'sponsor' = 'merchant' AND c.terms->'merchants' @> to_jsonb(%(merchant_id)s::bigint)"
        " GROUP BY c.lane, c.id ORDER BY c.id DESC LIMIT %(limit)s"
    )
    return _views(connection, where, merchant_id=merchant_id, limit=limit)


def may_open_campaigns(connection: Connection[Any], *, merchant_id: int) -> bool:
    """Whether the owner lets him."""
    row = connection.execute("SELECT opens_campaigns FROM merchant WHERE id = %s", (merchant_id,)).fetchone()
    return row is not None and bool(row[0])


def campaign_by_id(connection: Connection[Any], *, campaign_id: int) -> CampaignView | None:
    """The campaign with this id; None when there is none."""
    if not is_id(campaign_id):
        return None
    where = f"{_CAMPAIGN} WHERE c.lane = %(lane)s AND c.id = %(id)s GROUP BY c.lane, c.id"
    found = _views(connection, where, lane=lane_of(campaign_id), id=campaign_id)
    return found[0] if found else None


def campaigns_for(connection: Connection[Any], *, person_id: int, on: date, limit: int = LIMIT) -> list[CampaignView]:
    """Every open campaign, the newest first, with what the person has had of it by a day."""
    parameters = {"person_lane": lane_of(person_id), "person_id": person_id, "year": on.year, "limit": limit}
    where = f"{_FOR_PERSON} WHERE c.state = 1 GROUP BY c.lane, c.id ORDER BY c.id DESC LIMIT %(limit)s"
    return _views(connection, where, **parameters)


def campaign_for(connection: Connection[Any], *, campaign_id: int, person_id: int, on: date) -> CampaignView | None:
    """One campaign, with what the person has had of it by a day; person_id 0: nobody's. None when there is none."""
    if not is_id(campaign_id):
        return None
    lanes = {"person_lane": lane_of(person_id), "lane": lane_of(campaign_id)}
    where = f"{_FOR_PERSON} WHERE c.lane = %(lane)s AND c.id = %(id)s GROUP BY c.lane, c.id"
    found = _views(connection, where, **lanes, person_id=person_id, year=on.year, id=campaign_id)
    return found[0] if found else None


_CAMPAIGN = """
    SELECT c.lane, c.state, c.low, c.id, c.name, c.name_zh, c.terms::text,
           sum(b.allotted_minor)::bigint AS allotted_minor, sum(b.spent_minor)::bigint AS spent_minor, 0 AS used,
           0::bigint AS borne_minor
      FROM campaign c JOIN campaign_budget b ON b.lane = c.lane AND b.id = c.id
"""
_FOR_PERSON = """
    SELECT c.lane, c.state, c.low, c.id, c.name, c.name_zh, c.terms::text,
           sum(b.allotted_minor)::bigint AS allotted_minor, sum(b.spent_minor)::bigint AS spent_minor,
           coalesce(max(u.used), 0) AS used, coalesce(max(u.borne_minor), 0) AS borne_minor
      FROM campaign c JOIN campaign_budget b ON b.lane = c.lane AND b.id = c.id
           LEFT JOIN campaign_use u ON u.lane = %(person_lane)s AND u.person_id = %(person_id)s AND u.campaign_id = c.id
                                   AND u.year = CASE WHEN c.terms ? 'person_year_minor_max' THEN %(year)s ELSE 0 END
"""


def _views(connection: Connection[Any], statement: str, **parameters: Any) -> list[CampaignView]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(statement, parameters).fetchall()
    return [
        CampaignView(
            campaign=campaign_of((*row, msgspec.json.decode(terms))),
            allotted_minor=allotted,
            spent_minor=spent,
            used=used,
            borne_minor=borne,
        )
        for *row, terms, allotted, spent, used, borne in rows
    ]
