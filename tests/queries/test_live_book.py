"""The live book as a what-if takes it: read in one snapshot by a role that may write nothing."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine import clock
from florin.lab.whatif import read_change, what_if
from florin.queries.lines import line_by_id
from florin.queries.live_book import BookTooLarge, live_book
from world import World

_EVENTS = "SELECT count(*), max(id), (SELECT sum(limit_minor) FROM line) FROM event"


@pytest.fixture
def lived(world: World) -> World:
    world.person("alice", limit_minor=400_000, wallet_minor=500_000)
    world.person("bob", limit_minor=100_000)
    world.person("carol", limit_minor=100_000)
    world.buy("alice", 60_000, installments=3)
    world.buy("bob", 30_000)
    world.until(date(2026, 4, 8))
    world.repay("alice", world.line("alice").due_minor)
    world.until(date(2026, 4, 20))
    world.buy("alice", 12_000)
    return world


def test_the_book_is_what_the_lines_are_on_the_business_date(fresh_database: FreshDatabase, lived: World):
    with psycopg.connect(fresh_database.pages, autocommit=True) as connection:
        book = live_book(connection)
        at = clock.read(connection)
        views = {line.id: line_by_id(connection, line_id=line.id, at=at) for line in book.portfolios[0].lines}

    (portfolio,) = book.portfolios
    assert book.on == date(2026, 4, 20)
    assert {line.id: line for line in portfolio.lines} == {line_id: view.line for line_id, view in views.items()}
    assert portfolio.unpacked() == [views[line.id].account for line in portfolio.lines]
    place = [line.id for line in portfolio.lines].index(lived.line_ids["alice"])
    history = portfolio.history.of([place])
    assert history.amount_minor.tolist() == [60_000, 12_000]
    assert history.count.tolist() == [3, 0]
    assert (history.bills[0], history.missed[0], history.carried[0]) == (1, 0, 0)
    late = portfolio.history.of([[line.id for line in portfolio.lines].index(lived.line_ids["bob"])])
    assert (late.bills[0], late.missed[0]) == (1, 1)


def test_a_what_if_writes_nothing(fresh_database: FreshDatabase, lived: World):
    with psycopg.connect(fresh_database.engine, autocommit=True) as connection:
        before = connection.execute(_EVENTS).fetchone()
        book = live_book(connection)
        outcome = what_if(
            book,
            read_change('[[limits]]\nprogram = "huabei"\nscale = 0', book, source="change.toml"),
            months=3,
            draws=2,
            processes=1,
        )
        after = connection.execute(_EVENTS).fetchone()

    sales = next(each for each in outcome.totals if each.name == "sales")
    assert before == after
    assert sales.today.mid > 0 == sales.changed.mid
    assert live_book_digest(fresh_database) == book.digest()


def test_a_book_above_the_most_is_refused_before_it_is_read(fresh_database: FreshDatabase, lived: World):
    with psycopg.connect(fresh_database.pages) as connection, pytest.raises(BookTooLarge) as refused:
        live_book(connection, lines_max=2)

    assert (refused.value.lines, refused.value.most) == (3, 2)


def live_book_digest(fresh_database: FreshDatabase) -> str:
    with psycopg.connect(fresh_database.pages, autocommit=True) as connection:
        return live_book(connection).digest()
