"""A line is shown as of today and left as it is."""

from __future__ import annotations

from datetime import date

from florin.engine import clock
from florin.queries import ReadPool
from florin.queries.lines import LineView, line_by_id, line_of_person
from florin.queries.statements import statement_of, statements_of
from world import World


def seen(reads: ReadPool, world: World, name: str) -> LineView:
    def question(connection):
        return line_by_id(connection, line_id=world.line_ids[name], at=clock.read(connection))

    view = reads.ask(question)
    assert view is not None
    return view


def test_a_line_on_which_nothing_is_due_is_the_row_itself(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 5_000)

    view = seen(reads, world, "alice")

    assert view.line == world.line("alice")
    assert view.steps == ()


def test_what_the_clock_would_do_shows_before_it_is_written_and_is_the_same_after(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)
    world.buy("alice", 50_000)
    world.until(date(2026, 3, 30))
    before = world.line("alice")
    world.connection.execute("UPDATE clock SET business_on = '2026-04-12'")
    world.connection.commit()

    view = seen(reads, world, "alice")

    assert world.line("alice") == before
    assert (view.line.due_minor, view.line.due_on) == (50_000, date(2026, 4, 10))
    assert view.line.past_due_on == date(2026, 4, 10)
    assert view.payoff.total_minor == 50_000 + 50  # two days at 0.05 % on 500.00
    world.connection.execute("UPDATE clock SET business_on = '2026-03-30'")
    world.connection.commit()
    world.until(date(2026, 4, 12))
    assert world.line("alice") == view.line


def test_a_person_has_the_latest_line_that_is_open(reads: ReadPool, world: World):
    person_id = world.person("alice", limit_minor=100_000)
    world.person("bob")

    def question(connection, person):
        return line_of_person(connection, person_id=person, at=clock.read(connection))

    assert reads.ask(question, person_id).line.id == world.line_ids["alice"]
    assert reads.ask(question, world.people["bob"]) is None
    assert reads.ask(question, 0) is None


def test_a_statement_keeps_its_image_and_shows_what_remains(pages_reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000, wallet_minor=50_000)
    world.buy("alice", 12_000)
    world.until(date(2026, 4, 3))
    world.repay("alice", 5_000)

    def question(connection):
        return statements_of(connection, line_id=world.line_ids["alice"], at=clock.read(connection))

    (march,) = pages_reads.ask(question)

    assert (march.image_minor, march.remaining_minor, march.closes_on) == (12_000, 7_000, date(2026, 4, 1))
    assert sum(line.amount_minor for line in march.lines) == 12_000


def test_there_is_no_statement_where_there_was_no_close(reads: ReadPool, world: World):
    world.person("alice", limit_minor=100_000)

    def question(connection):
        at = clock.read(connection)
        line_id = world.line_ids["alice"]
        return (
            statements_of(connection, line_id=line_id, at=at),
            statement_of(connection, line_id=line_id, closes_on=date(2026, 4, 1), at=at),
            statements_of(connection, line_id=1, at=at),
        )

    assert reads.ask(question) == ([], None, None)
