"""When something happens: the two clocks that every decision is given.

Nothing in the rules asks what time it is; the engine reads the platform's clock inside its transaction and hands both
readings in.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class At(msgspec.Struct, frozen=True, kw_only=True):
    """on: the platform's business date, which dates every posting. instant: business time, aware, UTC, for deadlines.

    cut: the last of the day's cut-offs, in minutes after midnight; 0 before the first. It tells the windows of a day apart.
    """

    on: date
    instant: datetime
    cut: int = 0
