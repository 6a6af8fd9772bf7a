"""After every migration: the chart of accounts, the posting table and the grants are what the code says they are.

Accounts and postings are code (`florin.ledger`); the database holds a copy so that the view `transfer` can unroll entries.
A rule that is in use must not change what it moves; a changed posting is a new rule.
"""

from __future__ import annotations

from pathlib import Path

from psycopg import Connection

from florin.ledger import ACCOUNTS, POSTINGS

_GRANTS = Path(__file__).parent / "sql" / "grants.sql"

_ACCOUNT = """
    INSERT INTO account (code, name, book, owner, side, memo) VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name
"""
_POSTING = """
    INSERT INTO posting (rule, leg, name, debit, credit) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (rule, leg) DO UPDATE SET name = excluded.name
"""


class PostingChanged(Exception):
    """A rule in the code moves other accounts than the same rule in this database: make it a new rule."""


def sync(owner: Connection) -> None:
    """Write accounts, postings and grants as the owner; running it twice changes nothing. Raises PostingChanged."""
    with owner.cursor() as cursor:
        cursor.executemany(
            _ACCOUNT,
            [(code, code.name, d.book.value, d.owner.value, d.side, d.memo) for code, d in ACCOUNTS.items()],
        )
        rows = [
            (rule, n, rule.name, leg.debit, leg.credit) for rule, legs in POSTINGS.items() for n, leg in enumerate(legs)
        ]
        cursor.executemany(_POSTING, rows)
        stored = cursor.execute(
            "SELECT rule, leg, debit, credit FROM posting ORDER BY rule, leg LIMIT 10000"
        ).fetchall()
        wanted = sorted((int(rule), n, int(debit), int(credit)) for rule, n, _, debit, credit in rows)
        if [tuple(row) for row in stored] != wanted:
            changed = sorted(set(map(tuple, stored)) ^ set(wanted))
            raise PostingChanged(f"these postings differ from the database's: {changed}")
        cursor.execute(_GRANTS.read_text(encoding="utf-8"))
