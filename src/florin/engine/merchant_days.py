"""Merchants' days: what each is owed at the end of a day, written once, when the day is over.

A bill opens with one and closes with the next. It is the sum of what the events of the day moved in his accounts, on top of
the day before; nothing of a day that is over can change any more.
"""

from __future__ import annotations

from datetime import date

from psycopg import Connection

from florin.payments.earned import EFFECTS

_RECORD = """
    WITH moved AS (
        SELECT e.merchant_id, e.posted_on, sum(sign(x.rule) * f.sign * x.amount)::bigint AS change_minor
          FROM event e
               CROSS JOIN LATERAL unnest(e.rules, e.amounts) AS x(rule, amount)
               JOIN unnest(%(rules)s::smallint[], %(signs)s::smallint[]) AS f(rule, sign) ON f.rule = abs(x.rule)
         WHERE e.posted_on > %(since_on)s AND e.posted_on < %(on)s AND e.merchant_id IS NOT NULL
      GROUP BY 1, 2)
    INSERT INTO merchant_day (merchant_id, ended_on, closing_minor)
    SELECT m.merchant_id, m.posted_on,
           coalesce(before.closing_minor, 0) + sum(m.change_minor) OVER (PARTITION BY m.merchant_id ORDER BY m.posted_on)
      FROM moved m
           LEFT JOIN LATERAL (SELECT d.closing_minor FROM merchant_day d
                               WHERE d.merchant_id = m.merchant_id AND d.ended_on <= %(since_on)s
                            ORDER BY d.ended_on DESC LIMIT 1) before ON true
        ON CONFLICT DO NOTHING
"""


def record_merchant_days(connection: Connection, *, since_on: date, on: date) -> None:
    """Write the ends of the days between `since_on`, the last closed one, and `on`, the business date; both are left out."""
    rules, signs = list(EFFECTS), [sign for sign, _ in EFFECTS.values()]
    connection.execute(_RECORD, {"rules": rules, "signs": signs, "since_on": since_on, "on": on})
    connection.commit()
