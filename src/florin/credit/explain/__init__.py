"""Explain: why a person owes what she owes, to the fen.

`trace` folds a line's events with the rules of today and keeps every step (`trace.py`). A question (`questions.py`) is
answered with parts that add up (`parts.py`): each amount back to its events, the terms that decided, the rule of the ledger
and the arithmetic. No rule is written here a second time; what an event did is the difference of two accounts that the fold
made. `tell` says it in words, in Chinese and in English.

>>> told = tell(explain(trace(records, program, on), question_of("statement=2026-04")), "en")
"""

from florin.credit.explain.lenders import agreements_of, funding_of
from florin.credit.explain.parts import EventRef, NothingToExplain, Part, Span, TermUsed
from florin.credit.explain.payouts import Window, payout
from florin.credit.explain.questions import ALONE, NAMING, Question, QuestionUnreadable, explain, question_of
from florin.credit.explain.tell import CampaignName, Item, Told, campaigns_of, items_of, lines_of, tell
from florin.credit.explain.trace import Record, Trace, trace

__all__ = [
    "ALONE",
    "NAMING",
    "CampaignName",
    "EventRef",
    "Item",
    "NothingToExplain",
    "Part",
    "Question",
    "QuestionUnreadable",
    "Record",
    "Span",
    "TermUsed",
    "Told",
    "Trace",
    "Window",
    "agreements_of",
    "campaigns_of",
    "explain",
    "funding_of",
    "items_of",
    "lines_of",
    "payout",
    "question_of",
    "tell",
    "trace",
]
