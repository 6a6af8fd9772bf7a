"""Wrong signatures, kept for the merchant's page: what was expected, what was signed instead where it could be told,
and why.

Anybody who knows an app's number can send wrong signatures, so at most one a second and app is kept, and the newest 200
of each; every one is answered and logged.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import psycopg
import structlog

from florin.wires.desk.findings import PAUSED, Finding, shown

TEXT_KEPT_MAX: Final = 16_384
PAUSE_S: Final = 1.0
KEPT_MAX: Final = 200

# A payment code pays for two minutes: no log holds a whole one.
_PAYMENT_CODE: Final = re.compile(r'("auth_code"\s*:\s*"?\d{4})\d+')

log = structlog.get_logger(__name__)

_INSERT = """
    INSERT INTO signature_failure (app_id, received_at, request_line, expected_text, received_text, finding)
    VALUES (%(app_id)s, %(received_at)s, %(request_line)s, %(expected)s, %(received)s, %(finding)s)
"""
_TRIM = """
    DELETE FROM signature_failure
     WHERE app_id = %(app_id)s
       AND id <= (SELECT id FROM signature_failure WHERE app_id = %(app_id)s ORDER BY id DESC OFFSET %(kept)s LIMIT 1)
"""


class SignatureWrong(Protocol):
    """expected: the bytes that should have been signed."""

    expected: bytes
    finding: Finding


class SignatureFailures:
    """Writes them down. dsn: of a role that may insert into signature_failure. Safe for threads."""

    def __init__(self, dsn: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._dsn = dsn
        self._clock = clock
        self._lock = threading.Lock()
        self._kept_at: dict[int, float] = {}

    def keep(self, wrong: SignatureWrong, *, app_id: int, request_line: str, received_at: datetime) -> None:
        """Log it, and keep it, its reason as a line in Chinese and one in English: unless one of this app was kept just now,
        or nobody looked for a reason. A database that is away loses it, not the answer.
        """
        finding = wrong.finding
        log.warning(
            "signature does not fit",
            app_id=app_id,
            mistakes=[str(mistake) for mistake in finding.mistakes],
            expected=_PAYMENT_CODE.sub(r"\1****", shown(wrong.expected)),
        )
        if finding is PAUSED or not self._may_keep(app_id):
            return
        row = {
            "app_id": app_id,
            "received_at": received_at,
            "request_line": request_line,
            "expected": _text(wrong.expected),
            "received": "" if finding.signed is None else _text(finding.signed),
            "finding": f"{finding.zh}\n{_as_title(finding.en)}",
        }
        try:
            with psycopg.connect(self._dsn, autocommit=True, connect_timeout=2) as connection:
                connection.execute(_INSERT, row)
                connection.execute(_TRIM, {"app_id": app_id, "kept": KEPT_MAX})
        except psycopg.Error as error:
            log.warning("signature failure was not kept", app_id=app_id, failure=str(error).strip())

    def _may_keep(self, app_id: int) -> bool:
        with self._lock:
            now = self._clock()
            if now - self._kept_at.get(app_id, -PAUSE_S) < PAUSE_S:
                return False
            self._kept_at[app_id] = now
            return True


def _as_title(sentence: str) -> str:
    """With a capital letter, unless it begins with the name of a parameter."""
    first = sentence.partition(" ")[0]
    return sentence if "_" in first or first == "sign" else sentence[0].upper() + sentence[1:]


def _text(signed: bytes) -> str:
    """As text that PostgreSQL takes."""
    return shown(signed, limit=TEXT_KEPT_MAX).replace("\x00", "\\x00")
