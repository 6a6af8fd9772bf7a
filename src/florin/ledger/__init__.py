"""The book: accounts and transfers; every cent in the house.

An account belongs to one legal entity's book and to one owner (a line, a person, a merchant, a payment, or the house). A
transfer moves one amount from one account to another of the same book, in one currency and one lane, so it cannot be
unbalanced. What each cause moves stands in one table, `postings.py`; nothing else in the house names two accounts.

Events are stored with their entries: pairs of (rule, amount). The database view `transfer` unrolls them into transfers by
the same table, so one row tells what was agreed and what it moved.
"""

from florin.ledger.accounts import ACCOUNTS, Account, Book, Owner
from florin.ledger.parties import PARTY_OF, Party, gains_of
from florin.ledger.postings import POSTINGS, Entry, Leg, Rule, transfers_of

__all__ = [
    "ACCOUNTS",
    "PARTY_OF",
    "POSTINGS",
    "Account",
    "Book",
    "Entry",
    "Leg",
    "Owner",
    "Party",
    "Rule",
    "gains_of",
    "transfers_of",
]
