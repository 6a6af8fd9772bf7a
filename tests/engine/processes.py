"""What a process of its own runs in a race: it must be importable there, so it stands apart from the tests."""

from __future__ import annotations

from typing import Any

from florin.engine import Engine, Submission


def execute(dsn: str, submissions: list[Submission], gate: Any, answers: Any) -> None:
    """Wait for the others at the gate, then execute all at once; gives (event id, replayed) of each."""
    with Engine(dsn) as engine:
        gate.wait(60)
        answers.put([(outcome.event_id, outcome.replayed) for outcome in engine.execute(submissions)])
