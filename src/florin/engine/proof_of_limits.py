"""What the proof asks of limits: that what a line's row says beside its sums, for the till, is what its sums consist of.

Few lines have particulars; the others are not looked at.
"""

from __future__ import annotations

from typing import LiteralString

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

OF_LIMITS = (
    Question("uncleared", "each line's row holds what its repayments that have not cleared come to", _UNCLEARED),
    Question("outstanding", "what is outstanding by place is at most what each line's row says in all", _OUTSTANDING),
)
