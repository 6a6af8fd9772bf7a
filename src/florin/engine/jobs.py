"""Jobs: the submissions of a batch on their way, alone or in linked groups that are never split."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from florin.engine.actions import ACTIONS, Needs
from florin.engine.submission import Outcome, Submission


class Job:
    """One submission on its way: its place in the call, its first event's id, and its outcome when it has one."""

    __slots__ = (
        "action",
        "call",
        "command",
        "event_id",
        "group",
        "missing",
        "needs",
        "outcome",
        "submission",
        "twin_of",
    )

    def __init__(self, call: int, submission: Submission) -> None:
        self.call = call
        self.submission = submission
        self.command = submission.command
        self.action = ACTIONS[type(submission.command)]
        self.group = (call, submission.group) if submission.group else None
        self.event_id = 0
        self.begin()

    def begin(self) -> None:
        """As new: what a failed try has found out does not count."""
        self.needs: list[Needs] = []
        self.missing: list[Missing] = []
        self.twin_of: Job | None = None
        self.outcome: Outcome | None = None


class Missing(NamedTuple):
    """A row that was not given: `busy` when somebody else holds it, otherwise there is none so far. shelf: where it belongs."""

    table: str
    id: Any
    busy: bool
    shelf: dict[Any, Any]


def ready(jobs: Sequence[Job]) -> Sequence[Job]:
    """Those that wait for nobody: a busy row holds back its command, the whole linked group, and what the same call does to
    those rows later."""
    held = {unit(job) for job in jobs if any(row.busy for row in job.missing)}
    while held:
        before = len(held)
        kept_back: dict[int, set[Hashable]] = {}
        for job in jobs:
            rows = {identifier for needs in job.needs for field in needs for identifier in field}
            if unit(job) in held or rows & kept_back.get(job.call, _NO_ROWS):
                held.add(unit(job))
                kept_back.setdefault(job.call, set()).update(rows)
        if len(held) == before:
            break
    return [job for job in jobs if unit(job) not in held] if held else jobs


def unit(job: Job) -> Hashable:
    """What waits, or goes on, together: the linked group, or the command alone."""
    return job.group or id(job)


_NO_ROWS: set[Hashable] = set()


def by_group(jobs: Sequence[Job]) -> list[list[Job]]:
    """Linked groups together, at the place of their first member; every other job alone."""
    groups: dict[tuple[int, int], list[Job]] = {}
    ordered: list[list[Job]] = []
    for job in jobs:
        if job.group is None:
            ordered.append([job])
        elif job.group in groups:
            groups[job.group].append(job)
        else:
            groups[job.group] = [job]
            ordered.append(groups[job.group])
    return ordered


def halves(jobs: list[Job]) -> list[list[Job]]:
    """Two halves that split no linked group; one when there is nothing to split."""
    groups = by_group(jobs)
    middle = len(groups) // 2
    halves = [[job for group in part for job in group] for part in (groups[:middle], groups[middle:])]
    return [half for half in halves if half]
