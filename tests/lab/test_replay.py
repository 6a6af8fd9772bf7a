"""What people did in the lab's book is done again through the engine, and its ledger says the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from conftest import FreshDatabase
from florin.bench.replay import ProgramNotReplayed, live, measure, replay, result_of


def test_the_ledger_has_the_income_and_loss_of_the_book_to_the_fen(fresh_database: FreshDatabase) -> None:
    """Two months of a card, in which some pay late; `florin bench replay` does it for more people and longer."""
    book, limits, actions, until = live("bank-card", people=25, months=2)

    found = replay(fresh_database.engine, "bank-card", limits, until - timedelta(days=61), actions, until)

    assert found == result_of(book)
    assert min(found.interest, found.penalty, found.fee, found.deferred, found.principal) > 0
    assert {action.what for action in actions if action.installments or action.received_on} == {"buy"}


@pytest.mark.parametrize(("program", "says"), [("baitiao-order", "days of its own"), ("nosuch", "presets are")])
def test_a_program_that_the_book_does_not_have_is_refused_by_name(program: str, says: str) -> None:
    with pytest.raises(ProgramNotReplayed, match=says):
        measure(program, 3, 1, parent=None, say=lambda text: None)
