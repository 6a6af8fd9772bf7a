"""The fixture that every other test stands on."""

import psycopg
import pytest


@pytest.mark.parametrize("role", ["owner", "engine", "pages"])
def test_a_fresh_database_answers_to_each_of_its_three_roles(fresh_database, role):
    with psycopg.connect(getattr(fresh_database, role)) as connection:
        who, where = connection.execute("SELECT current_user, current_database()").fetchone()

    assert (who, where) == (f"florin_{role}", fresh_database.name)


def test_two_databases_of_one_test_know_nothing_of_each_other(new_database):
    with new_database() as here, new_database() as there:
        with psycopg.connect(here.owner) as connection:
            connection.execute("CREATE TABLE only_here ()")

        with psycopg.connect(there.owner) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
