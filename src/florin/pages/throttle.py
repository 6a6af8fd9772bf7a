"""Failed sign-ins are slowed: five tries for one name from one address, fifty for one name, in a quarter of an hour.

A try is counted before the password is looked at. The second limit stops many addresses from trying one name; it is
wide, because it is also how a stranger could keep its owner out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from django.db import connection

WINDOW = timedelta(minutes=15)
TRIES_FROM_ONE_ADDRESS = 5
TRIES_IN_ALL = 50

_SPEND_TRIES = """
    INSERT INTO pages_sign_in_throttle AS t (key, failures, until)
    SELECT key, 1, %(until)s FROM unnest(%(keys)s::text[]) AS k(key) ORDER BY key
    ON CONFLICT (key) DO UPDATE
       SET failures = CASE WHEN t.until <= %(now)s THEN 1 ELSE t.failures + 1 END,
           until = CASE WHEN t.until <= %(now)s THEN excluded.until ELSE t.until END
 RETURNING key, failures, until
"""
_FORGET = "DELETE FROM pages_sign_in_throttle WHERE key = %(key)s OR until < %(long_ago)s"
_FORGET_SESSIONS = "DELETE FROM django_session WHERE expire_date < %(now)s"


def refuse_sign_in(logon: str, address: str, *, now: datetime) -> datetime | None:
    """Count a try; the time from which another one is allowed when there were too many, else None. now: wall time."""
    limits = {_key(logon, address): TRIES_FROM_ONE_ADDRESS, _key(logon): TRIES_IN_ALL}
    with connection.cursor() as cursor:
        cursor.execute(_SPEND_TRIES, {"keys": list(limits), "now": now, "until": now + WINDOW})
        waits: list[datetime] = [until for key, failures, until in cursor.fetchall() if failures > limits[key]]
    return max(waits, default=None)


def forget_tries(logon: str, address: str, *, now: datetime) -> None:
    """After a good sign-in; also clears tries and sessions that are long over, since nobody else does."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"key": _key(logon, address), "long_ago": now - timedelta(days=1)})
        cursor.execute(_FORGET_SESSIONS, {"now": now})


def _key(*parts: str) -> str:
    """Names and addresses of strangers are not kept, their hash is enough."""
    return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
