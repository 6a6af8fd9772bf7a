"""The engine: commands in, outcomes out, and every cent written once.

`Engine.execute` takes submissions and gives one outcome each, in order. Inside it a batch is claimed, loaded once, ruled in
memory, written once and committed (`batch.py`); what each command needs and which pure rule it runs is one table
(`actions`); rows go to SQL and back in `tables/`. Beside the batch live the clock (`clock.py`), the day close
(`close_day.py`) and the outbox (`outbox.py`). Nothing outside this package writes a money table.
"""

from florin.engine.engine import Engine
from florin.engine.ids import lane_for, lane_of
from florin.engine.submission import (
    AlreadyUsed,
    Busy,
    Claim,
    ClaimKind,
    GroupRefused,
    GuardRefused,
    KeyConflict,
    NotFound,
    Outcome,
    Submission,
    claim,
    fingerprint,
)

__all__ = [
    "AlreadyUsed",
    "Busy",
    "Claim",
    "ClaimKind",
    "Engine",
    "GroupRefused",
    "GuardRefused",
    "KeyConflict",
    "NotFound",
    "Outcome",
    "Submission",
    "claim",
    "fingerprint",
    "lane_for",
    "lane_of",
]
