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

OF_LIMITS = (
    Question("uncleared", "each line's row holds what its repayments that have not cleared come to", _UNCLEARED),
)
