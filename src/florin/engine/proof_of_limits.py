"""What the proof asks of limits: that what a line's row says beside its sums, for the till, is what its sums consist of.

Few lines have particulars; the others are not looked at.
"""

from __future__ import annotations

from typing import LiteralString

from florin.credit.program import load_program, program_names
from florin.engine.proof_questions import Question

_UNCLEARED: LiteralString = """
    SELECT 'line ' || l.id || ' not cleared' AS what, u.held AS expected, l.uncleared_minor AS found
      FROM line l
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(coalesce((r ->> 'debt_minor')::bigint, 0)
                                   + coalesce((r ->> 'balance_minor')::bigint, 0)), 0)::bigint AS held
                 FROM jsonb_array_elements(l.particulars -> 'uncleared') r) u
     WHERE (l.uncleared_minor <> 0 OR l.particulars ? 'uncleared') AND u.held <> l.uncleared_minor
"""

# A line may have purchases of a time without sub-limits; what is outstanding by place is never more than there is in all.
_OUTSTANDING: LiteralString = """
    SELECT 'line ' || l.id || ' ' || x.what || ' by place' AS what, x.expected, x.found
      FROM line l
           CROSS JOIN LATERAL (
               SELECT coalesce(sum((o ->> 'reserved_minor')::bigint), 0)::bigint AS reserved,
                      coalesce(sum((o ->> 'owed_minor')::bigint), 0)::bigint AS owed
                 FROM jsonb_array_elements(l.particulars -> 'outstanding') o) o
           CROSS JOIN LATERAL (VALUES ('reserved', l.held_minor + l.committed_minor, o.reserved),
                                      ('owed', l.principal_minor, o.owed)) AS x(what, expected, found)
     WHERE l.particulars ? 'outstanding' AND x.found > x.expected
"""

# What purchases of the line's last such month keep, those given back or released taken off.
_MONTH_USED: LiteralString = """
    SELECT 'line ' || l.id || ' in the month of ' || (u -> 'counted' ->> 'month_on') AS what,
           coalesce(p.minor, 0) AS expected, (u ->> 'amount_minor')::bigint AS found
      FROM line l
           CROSS JOIN LATERAL jsonb_array_elements(l.particulars -> 'month_used') u
           LEFT JOIN (SELECT lane, line_id, particulars -> 'counted' AS counted,
                             sum(credit_authorized_minor - credit_released_minor - credit_refunded_minor)::bigint AS minor
                        FROM payment WHERE particulars IS NOT NULL AND particulars ? 'counted'
                    GROUP BY 1, 2, 3) p ON (p.lane, p.line_id, p.counted) = (l.lane, l.id, u -> 'counted')
     WHERE l.particulars ? 'month_used' AND coalesce(p.minor, 0) <> (u ->> 'amount_minor')::bigint
"""

# What lines of one person use together under programs of one group, beside the guard that says it.
_SHARED: LiteralString = """
    WITH grouped AS (
        SELECT l.lane, l.person_id, g.name AS exposure_group,
               sum(l.held_minor + l.committed_minor + l.principal_minor + l.uncleared_minor - l.credit_balance_minor)::bigint
                   AS exposure_minor
          FROM unnest(%(grouped_programs)s::text[], %(exposure_groups)s::text[]) AS g(program, name)
               JOIN line l ON l.program = g.program
      GROUP BY l.lane, l.person_id, g.name)
    SELECT 'what person ' || person_id || ' uses in ' || exposure_group AS what,
           coalesce(g.exposure_minor, 0) AS expected, coalesce(s.exposure_minor, 0) AS found
      FROM grouped g FULL JOIN shared_exposure s USING (lane, person_id, exposure_group)
     WHERE g.exposure_minor IS DISTINCT FROM s.exposure_minor
"""


def exposure_groups() -> dict[str, list[str]]:
    """Programs of a group and the group of each, side by side, as `_SHARED` takes them."""
    groups = {name: load_program(name).exposure_group for name in program_names()}
    grouped = sorted(name for name in groups if groups[name])
    return {"grouped_programs": grouped, "exposure_groups": [groups[name] for name in grouped]}


OF_LIMITS = (
    Question("uncleared", "each line's row holds what its repayments that have not cleared come to", _UNCLEARED),
    Question("outstanding", "what is outstanding by place is at most what each line's row says in all", _OUTSTANDING),
    Question("month used", "what counts against a cap of a month is what purchases of that month keep", _MONTH_USED),
    Question("shared", "what lines use of a limit that they share is what its guard says", _SHARED),
)
