"""`florin whatif`: a change tried on a house's own book, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.app.lab import PageNotWritten
from florin.app.whatif import ChangeUnusable, FileUnreadable, TooLarge
from world import World

HALVED = 'title = "Halved"\n[[limits]]\nprogram = "huabei"\nscale = 0.1\n'


@pytest.fixture
def operator(fresh_database: FreshDatabase, tmp_path: Path) -> Operator:
    with World(fresh_database.engine) as world:
        for name in ("alice", "bob", "carol"):
            world.person(name, limit_minor=200_000)
            world.buy(name, 60_000)
        world.until(date(2026, 4, 4))
        world.buy("alice", 20_000)
    return Operator(fresh_database, tmp_path)


def test_a_change_is_tried_told_and_written_as_a_page(operator: Operator, tmp_path: Path):
    file, page = tmp_path / "halved.toml", tmp_path / "halved.html"
    file.write_text(HALVED)

    said = operator("whatif", file, "--months", 2, "--draws", 2, "--html", page)
    again = operator.json("whatif", file, "--months", 2, "--draws", 2)
    twice = operator.json("whatif", file, "--months", 2, "--draws", 2)

    sales = next(each for each in again["totals"] if each["name"] == "sales")
    assert again == twice
    assert sales["today"]["low"] > sales["changed"]["high"]
    assert again["book"]["lines"] == 3
    for part in ("What if: Halved", "scale = 0.1", "People hurt", "Where the model fails", again["digest"][:12]):
        assert part in said
    assert "What if: Halved" in page.read_text()


def test_what_cannot_be_tried_is_refused_by_name(operator: Operator, tmp_path: Path):
    file = tmp_path / "change.toml"
    file.write_text('[[limits]]\nprogram = "huabey"\nscale = 0.5\n')

    unknown = operator.refused("whatif", file)
    missing = operator.refused("whatif", tmp_path / "none.toml")
    file.write_text(HALVED)
    nowhere = operator.refused("whatif", file, "--months", 99, "--html", tmp_path / "none" / "page.html")
    long = operator.refused("whatif", file, "--months", 99)

    assert isinstance(unknown, ChangeUnusable)
    assert "change.toml, line 2" in unknown.problem
    assert isinstance(missing, FileUnreadable)
    assert isinstance(long, TooLarge)
    assert isinstance(nowhere, PageNotWritten), "before the work, not after it"
