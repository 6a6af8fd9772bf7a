"""What an explanation looks like on a page: sentences in steps, the deeper ones folded away, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from florin.credit.explain import Question, Told
from florin.queries.explain import Explained

# What a shopper may ask here. A payout is a merchant's business.
SHOPPER_ASKS: Final = (
    "owed", "payoff", "available", "minimum", "interest", "penalty", "credit-balance", "statement", "line", "purchase",
    "event", "refusal",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One part in words, and those below it. note: it stands beside the sum."""

    text: str
    note: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    name: str
    value: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """answer: the sentence that says it all. terms: those that decided; events: what they are booked as."""

    answer: str
    steps: tuple[Step, ...]
    terms: tuple[Term, ...]
    events: tuple[str, ...]


def why_of(found: Explained) -> Why:
    terms: dict[str, Term] = {}
    events: dict[str, None] = {}
    _collect(found.answer, terms, events)
    return Why(
        answer=found.answer.text,
        steps=_steps(found.answer),
        terms=tuple(terms[name] for name in sorted(terms)),
        events=tuple(events),
    )


def back_of(question: Question) -> str:
    """Where she came from, as far as the question tells."""
    if question.what == "purchase":
        return f"/orders/{question.id}"
    return "/" if question.what in ("available", "owed", "refusal") else "/bill"


def _steps(told: Told) -> tuple[Step, ...]:
    parts = [Step(text=part.text, note=False, steps=_steps(part)) for part in told.parts]
    notes = [Step(text=note.text, note=True, steps=_steps(note)) for note in told.notes]
    return (*parts, *notes)


def _collect(told: Told, terms: dict[str, Term], events: dict[str, None]) -> None:
    for term in told.terms:
        terms[term.name] = Term(name=term.name, value=term.value, since=term.from_on.isoformat())
    if told.event is not None and told.event.id:
        events[f"{told.event.value_on} {told.event.kind} {told.event.id}"] = None
    for one in (*told.parts, *told.notes):
        _collect(one, terms, events)
