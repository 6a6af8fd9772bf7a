"""A read pool asks and cannot write, from threads and from asyncio, also after its connections were cut."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg import errors

from conftest import FreshDatabase
from florin.engine import clock, lane_of
from florin.queries import ReadPool, is_id
from world import World


def test_nothing_can_be_written_through_it(reads: ReadPool):
    with pytest.raises(errors.ReadOnlySqlTransaction):
        reads.ask(lambda connection: connection.execute("UPDATE wallet SET balance_minor = 1"))


def test_many_questions_at_once_are_all_answered(reads: ReadPool, world: World):
    async def all_at_once() -> list[object]:
        return list(await asyncio.gather(*(reads.ask_async(clock.read) for _ in range(40))))

    answers = asyncio.run(all_at_once())

    assert {answer.on for answer in answers} == {world.today}  # type: ignore[attr-defined]


def test_a_question_that_takes_too_long_is_cut_off(reads: ReadPool):
    with reads.connection() as connection:
        connection.execute("SET statement_timeout = 50")

        with pytest.raises(errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(5)")


def test_it_goes_on_after_its_connections_were_cut(reads: ReadPool, fresh_database: FreshDatabase):
    reads.ask(clock.read)
    with psycopg.connect(fresh_database.superuser, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'florin-reads'"
        )

    assert reads.ask(clock.read)


@pytest.mark.parametrize("number", [0, -1, 128 << 40, 1 << 62, -(1 << 50)])
def test_a_number_outside_every_lane_is_no_id(number):
    assert not is_id(number)


def test_an_id_of_ours_is_one(world: World):
    assert is_id(world.engine.new_id(lane_of(1)))
