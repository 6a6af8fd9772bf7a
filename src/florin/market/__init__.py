"""Markets: where credit may be spent, and why not elsewhere.

An *ecosystem* is data (`ecosystem.py`, its files in `florin.presets.ecosystems`): the credit programs it lends by, the markets
it owns, and rules that say of a program at a sale *yes*, *no* or *up to a cap*, with the reason that the shopper reads. Which
rule speaks is `acceptance.py`; who is held out of credit to measure it, `holdout.py`. `answer.py` puts both before the line's
own rules: it is what the till asks, and what whoever shows a price asks beforehand. Nothing here knows of a trade.
"""

from florin.market.acceptance import (
    ANYWHERE,
    Acceptance,
    AcceptanceCapExceeded,
    AcceptanceMonthCapExceeded,
    NotAcceptedHere,
    Ruling,
)
from florin.market.answer import Answer, answer, refuse_line
from florin.market.ecosystem import Ecosystem

__all__ = [
    "ANYWHERE",
    "Acceptance",
    "AcceptanceCapExceeded",
    "AcceptanceMonthCapExceeded",
    "Answer",
    "Ecosystem",
    "NotAcceptedHere",
    "Ruling",
    "answer",
    "refuse_line",
]
