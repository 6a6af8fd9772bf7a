"""A diary: what some people of a book did, so that others can live it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

import numpy as np

from florin.events import FeePayer
from florin.lab.arrays import Flags, Index, Minor


class Action(NamedTuple):
    """One person's purchase or repayment. received_on: of a purchase that waits in escrow until then."""

    on: date
    what: Literal["buy", "repay"]
    person: int
    amount_minor: int
    received_on: date | None = None
    installments: int = 0
    fee_payer: FeePayer = "shopper"


class Diary:
    """Of the people named, in the order of what they do."""

    def __init__(self, people: Index, count: int) -> None:
        self._of: Flags = np.zeros(count, np.bool_)
        self._of[people] = True
        self._pages: list[tuple[Index, Minor, Action]] = []

    def note(self, people: Index, amounts_minor: Minor, action: Action) -> None:
        """action: what they all do; its person and amount are each one's own."""
        meant = self._of[people]
        if meant.any():
            self._pages.append((people[meant].copy(), amounts_minor[meant].copy(), action))

    def actions(self) -> Iterator[Action]:
        """One by one, in order."""
        for people, amounts, action in self._pages:
            for person, minor in zip(people.tolist(), amounts.tolist(), strict=True):
                yield action._replace(person=person, amount_minor=minor)
