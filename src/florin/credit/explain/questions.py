"""Questions in one line of text, the same for the command line, programs and pages: `owed`, `statement=2026-04`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from florin.credit.explain import available, happened, owed, refusals, statements
from florin.credit.explain.parts import NothingToExplain, Part, added
from florin.credit.explain.trace import Trace
from florin.credit.line import Line
from florin.credit.shared_limit import SharedExposure
from florin.events import Refused

What = Literal[
    "owed",
    "payoff",
    "available",
    "minimum",
    "interest",
    "penalty",
    "credit-balance",
    "statement",
    "line",
    "purchase",
    "event",
    "refusal",
    "payout",
]
# What may stand alone; and what names something after `=`.
ALONE: tuple[What, ...] = (
    "owed",
    "payoff",
    "available",
    "minimum",
    "interest",
    "penalty",
    "credit-balance",
    "statement",
    "refusal",
)
NAMING: dict[What, str] = {
    "minimum": "2026-04",
    "interest": "2026-04",
    "statement": "2026-04",
    "line": "2026-04/1",
    "purchase": "PAYMENT",
    "event": "ID",
    "refusal": "ID",
    "payout": "ID",
}
_BY_ID = ("purchase", "event", "refusal", "payout")
_QUESTION = re.compile(
    r"(?P<what>[a-z-]+)(=(?P<month>\d{4}-\d{2})(-(?P<day>\d{2}))?(/(?P<number>\d{1,4}))?|=(?P<id>\d{1,19}))?", re.ASCII
)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """month: of a statement's close, its first day; day: that close's own day, where two closes share a month. number: of
    a statement's line. id: of an event or a payment; 0 is the newest there is.
    """

    what: What
    month: date | None = None
    day: int = 0
    number: int = 0
    id: int = 0

    def text(self) -> str:
        """As it is written."""
        if self.id:
            return f"{self.what}={self.id}"
        if self.month is None:
            return self.what
        day = f"-{self.day:02d}" if self.day else ""
        number = f"/{self.number}" if self.number else ""
        return f"{self.what}={self.month:%Y-%m}{day}{number}"


class QuestionUnreadable(ValueError):
    """The text is no question that can be answered here."""

    def __init__(self, text: str) -> None:
        names = [*ALONE, *(f"{what}={example}" for what, example in NAMING.items())]
        super().__init__(f"There is no question {text[:60]!r}. Ask one of: {', '.join(names)}.")
        self.text = text


def question_of(text: str) -> Question:
    """The question that a text asks: "owed", "statement=2026-04", "line=2026-04/2", "event=123". Raises
    QuestionUnreadable.
    """
    match = _QUESTION.fullmatch(text)
    if match is None:
        raise QuestionUnreadable(text)
    what: Any = match["what"]
    named = match["month"] is not None or match["id"] is not None
    if what not in (NAMING if named else ALONE):
        raise QuestionUnreadable(text)
    if match["id"] is not None:
        if what not in _BY_ID:
            raise QuestionUnreadable(text)
        return Question(what=what, id=int(match["id"]))
    if match["month"] is None:
        return Question(what=what)
    if what in _BY_ID or (what == "line") != (match["number"] is not None):
        raise QuestionUnreadable(text)
    try:
        month = date.fromisoformat(f"{match['month']}-01")
        if match["day"]:
            date.fromisoformat(f"{match['month']}-{match['day']}")
    except ValueError:
        raise QuestionUnreadable(text) from None
    return Question(what=what, month=month, day=int(match["day"] or 0), number=int(match["number"] or 0))


def explain(
    trace: Trace,
    question: Question,
    *,
    line: Line | None = None,
    refused: Refused | None = None,
    shared: SharedExposure | None = None,
    others: Sequence[Trace] = (),
) -> Part:
    """The answer, as parts that add up. trace: of the line up to the day asked about.

    line: the line's row of that day, where it is at hand; shared: what it shares with others of hers, likewise. refused: the
    refusal asked about; the trace then ends with it, and so do the others', of lines that share a limit with this one. Raises
    NothingToExplain when the line has nothing of that name. A payout is a merchant's: `payouts.payout`.
    """
    match question.what:
        case "owed":
            return owed.owed(trace)
        case "payoff":
            return owed.payoff(trace)
        case "available":
            return available.available(trace, line, shared)
        case "minimum":
            return statements.minimum(trace, close_of(trace, question))
        case "interest" if question.month is None:
            return _with_charged(trace, "interest", owed.accrued_interest(trace))
        case "interest":
            return _interest_of(trace, close_of(trace, question))
        case "penalty":
            return _with_charged(trace, "penalty", owed.accrued_penalty(trace))
        case "credit-balance":
            return owed.credit_balance(trace)
        case "statement":
            return statements.statement(trace, close_of(trace, question))
        case "line":
            return statements.line(trace, close_of(trace, question), question.number)
        case "purchase":
            return happened.purchase(trace, question.id)
        case "event":
            return happened.happened(trace, question.id)
        case "refusal" if refused is not None:
            return refusals.refusal(trace, question.id, refused, others)
    raise NothingToExplain(question.text())


def close_of(trace: Trace, question: Question) -> date:
    """The close that a question names by its month, the newest when it names none. Raises NothingToExplain."""
    if question.month is None:
        return statements.newest(trace)
    named = (question.month.year, question.month.month)
    closes = [
        on for on in trace.statements if (on.year, on.month) == named and (not question.day or on.day == question.day)
    ]
    if not closes:
        known = [f"{question.what}={on:%Y-%m}" for on in sorted(trace.statements)[-12:]]
        raise NothingToExplain(question.text(), known)
    return closes[-1]


def _with_charged(trace: Trace, bucket: str, accrued: Part) -> Part:
    """What accrues today; beside it what was charged and is not paid."""
    charged = owed.charges(trace, bucket)
    return msgspec.structs.replace(accrued, notes=(*accrued.notes, charged)) if charged.amount_minor else accrued


def _interest_of(trace: Trace, closes_on: date) -> Part:
    """All the interest of one statement so far: what later statements charged of it, and what has accrued since."""
    charged = [
        statements.line(trace, close, number)
        for close, step in trace.statements.items()
        for number, line in enumerate(getattr(step.event, "lines", ()), start=1)
        if line.what == "interest" and line.statement_closes_on == closes_on
    ]
    statements.issued(trace, closes_on)
    accruing = [part for part in owed.accrued_interest(trace).parts if part.values.get("closes_on") == closes_on]
    return added("interest.whole", [*charged, *accruing], values={"closes_on": closes_on, "on": trace.on})
