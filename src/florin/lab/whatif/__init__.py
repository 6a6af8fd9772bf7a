"""What if: a change of terms, limits or acceptance, tried on a live book before anybody decides.

`read_change` reads the change and refuses nonsense by name; `what_if` lives the coming months of the book twice, once under
today's terms and once under the change, with the same people and the same luck, and says what differs; `told` puts it into
words, tables and charts. Nothing is written: the book comes in as records (`live.py`), from `florin.queries.live_book`.

What people are like is in `habits.py`, what they want in `wants.py`, what becomes of it in `life.py`, by the rules of
`florin.lab.book`, which are the engine's to the fen.
"""

from florin.lab.whatif.change import Change, ChangeInvalid, no_change, read_change
from florin.lab.whatif.live import LiveBook
from florin.lab.whatif.outcome import Outcome, what_if
from florin.lab.whatif.run import MONTHS_MAX, WhatIfTooLarge

__all__ = [
    "MONTHS_MAX",
    "Change",
    "ChangeInvalid",
    "LiveBook",
    "Outcome",
    "WhatIfTooLarge",
    "no_change",
    "read_change",
    "what_if",
]
