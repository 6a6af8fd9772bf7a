"""Partner banks: their agreements, what is owed to each, and what has passed between lender and partner so far."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from psycopg import Connection
from psycopg.rows import class_row

from florin.credit.funding import partner_share_ppm_max
from florin.credit.terms import Program
from florin.engine import lane_of
from florin.ledger import Rule
from florin.queries import is_id


class PartnerView(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement, and its loans as they are now. share, servicing: parts per million. lent: the principal of all its loans;
    owed: what of it is owed, charged off or not; partner: the partner's part of that, which the cap counts; charged_off: of
    that part.
    """

    id: int
    partner: str
    state: Literal["open", "closed"]
    programs: list[str]
    share_ppm: int
    servicing_ppm: int
    cap_minor: int
    from_on: date
    until_on: date | None
    loans: int
    lent_minor: int
    owed_minor: int
    partner_minor: int
    charged_off_minor: int

    @property
    def own_minor(self) -> int:
        """What of these loans is the lender's own."""
        return self.owed_minor - self.partner_minor

    @property
    def left_minor(self) -> int:
        """What the cap leaves; below zero after a repayment came back."""
        return self.cap_minor - self.partner_minor


class JointLender(msgspec.Struct, frozen=True, kw_only=True):
    """A partner bank, and its share of a loan that it lends beside the house: parts per million."""

    partner: str
    share_ppm: int


class PartnerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What has passed with a partner since the agreement began. funded: principal it paid in; repaid: passed back to it;
    income: its part of fees, interest and penalties; servicing: kept of that; recovered: on what was charged off, and its part
    of the price of sold claims; written_off: its loss. to_settle: due to the partner by the next close; below zero, from it.
    """

    agreement: PartnerView
    funded_minor: int
    repaid_minor: int
    income_minor: int
    servicing_minor: int
    recovered_minor: int
    written_off_minor: int
    to_settle_minor: int


_AGREEMENTS = """
    SELECT a.id, a.partner, a.state, a.programs, a.share_ppm, a.servicing_ppm, a.cap_minor, a.from_on, a.until_on,
           count(j.id) AS loans, coalesce(sum(j.lent_minor), 0)::bigint AS lent_minor,
           coalesce(sum(j.owed_minor), 0)::bigint AS owed_minor, coalesce(sum(j.partner_minor), 0)::bigint AS partner_minor,
           coalesce(sum(j.charged_off_minor), 0)::bigint AS charged_off_minor
      FROM funding_agreement a LEFT JOIN joint_loan j ON j.agreement_id = a.id
     WHERE (%(id)s = 0 OR (a.lane = %(lane)s AND a.id = %(id)s))
  GROUP BY a.lane, a.id
  ORDER BY a.from_on DESC, a.partner, a.id
     LIMIT 1000
"""
_IN_FORCE = """
    SELECT partner, share_ppm FROM funding_agreement
     WHERE state = 'open' AND programs ? %(program)s AND from_on <= %(on)s AND coalesce(until_on, 'infinity') >= %(on)s
  ORDER BY from_on, partner, id
     LIMIT 100
"""
_LENT_WITH = """
    SELECT a.partner, j.share_ppm
      FROM joint_loan j JOIN funding_agreement a ON a.id = j.agreement_id
     WHERE j.lane = %(lane)s AND j.id = %(payment_id)s
"""
# Every entry of the lines that have joint loans, by the loan it is about.
_MOVED = """
    SELECT j.agreement_id, abs(x.rule) AS rule, sum(sign(x.rule) * x.amount)::bigint AS amount_minor
      FROM joint_loan j
           JOIN event e ON e.lane = j.lane AND e.line_id = j.line_id AND e.sequence > 0
           CROSS JOIN LATERAL unnest(e.rules, e.amounts, e.subjects) AS x(rule, amount, subject)
     WHERE abs(x.rule) = ANY (%(rules)s) AND coalesce(x.subject, e.payment_id) = j.id
  GROUP BY 1, 2
  ORDER BY 1, 2
     LIMIT 100000
"""
_SETTLED = """
    SELECT (e.body->>'agreement_id')::bigint,
           sum((e.body->>'lender_pays_minor')::bigint - (e.body->>'partner_pays_minor')::bigint)::bigint
      FROM event e WHERE e.kind = 182
  GROUP BY 1
  ORDER BY 1
     LIMIT 1000
"""
_MOVING = (
    Rule.FUND_LOAN, Rule.SHARE_PRINCIPAL, Rule.SHARE_INCOME, Rule.CHARGE_SERVICING, Rule.SHARE_RECOVERY,
    Rule.SHARE_SALE_PRICE, Rule.CHARGE_OFF_SHARE,
)  # fmt: skip


def partners(connection: Connection[Any]) -> list[PartnerView]:
    """Every agreement, the newest first."""
    return _agreements(connection, 0)


def partner_by_id(connection: Connection[Any], *, agreement_id: int) -> PartnerView | None:
    """The agreement with this id; None when there is none."""
    found = _agreements(connection, agreement_id) if is_id(agreement_id) else []
    return found[0] if found else None


def lenders_in_force(connection: Connection[Any], *, program: Program, on: date) -> list[JointLender]:
    """Who may lend a share of a loan that begins on a day under a program, in the order in which they are asked. Whether one
    does depends on what its cap leaves then.
    """
    most_ppm = partner_share_ppm_max(program.terms_on(on))
    with connection.cursor(row_factory=class_row(JointLender)) as cursor:
        found = cursor.execute(_IN_FORCE, {"program": program.name, "on": on}).fetchall()
    return [replace(lender, share_ppm=min(lender.share_ppm, most_ppm)) for lender in found if most_ppm]


def lent_with(connection: Connection[Any], *, payment_id: int) -> JointLender | None:
    """Who lent a share of a purchase beside the house; None where nobody did."""
    with connection.cursor(row_factory=class_row(JointLender)) as cursor:
        return cursor.execute(_LENT_WITH, {"lane": lane_of(payment_id), "payment_id": payment_id}).fetchone()


def partner_report(connection: Connection[Any]) -> list[PartnerReport]:
    """All agreements with what has passed under each. Reads every event of the lines that have joint loans."""
    moved: dict[int, dict[int, int]] = {}
    for agreement_id, rule, minor in connection.execute(_MOVED, {"rules": [int(rule) for rule in _MOVING]}):
        moved.setdefault(agreement_id, {})[rule] = minor
    settled: dict[int, int] = dict(connection.execute(_SETTLED).fetchall())
    return [_report(view, moved.get(view.id, {}), settled.get(view.id, 0)) for view in partners(connection)]


def _report(view: PartnerView, moved: dict[int, int], settled_minor: int) -> PartnerReport:
    """settled: what the lender has paid, less what it was paid."""
    funded, repaid, income, servicing, recovered, price, written_off = (moved.get(rule, 0) for rule in _MOVING)
    return PartnerReport(
        agreement=view,
        funded_minor=funded,
        repaid_minor=repaid,
        income_minor=income,
        servicing_minor=servicing,
        recovered_minor=recovered + price,
        written_off_minor=written_off,
        to_settle_minor=repaid + income + recovered + price - funded - servicing - settled_minor,
    )


def _agreements(connection: Connection[Any], agreement_id: int) -> list[PartnerView]:
    asked = {"id": agreement_id, "lane": lane_of(agreement_id) if agreement_id else 0}
    with connection.cursor(row_factory=class_row(PartnerView)) as cursor:
        return cursor.execute(_AGREEMENTS, asked).fetchall()
