"""The credit book of one program for many people at once: `florin.credit`, line by line to the fen, as arrays.

`book.py` is what the lab uses. Its people's state is in `state.py`: sums by person, and their open statements as one block
(`statements.py`); installments to come (`installments.py`) and claims (`claims.py`) are rows. What happens on a day is in
a file each: `closing.py`, `late.py`, `repaying.py`. `tables.py` asks a program's terms and rates for many statements at
once, and refuses by name the terms that it has no arithmetic for. docs/explanation/lab-book.md says how it is proven.
"""

from florin.lab.book.book import Book, DayIsOver, Due, NotAllowed
from florin.lab.book.diary import Action, Diary
from florin.lab.book.state import Sums
from florin.lab.book.tables import AmountsTooLarge, ProgramNotVectorized
from florin.lab.book.taking import AccountNotVectorized, unfit

__all__ = [
    "AccountNotVectorized",
    "Action",
    "AmountsTooLarge",
    "Book",
    "DayIsOver",
    "Diary",
    "Due",
    "NotAllowed",
    "ProgramNotVectorized",
    "Sums",
    "unfit",
]
