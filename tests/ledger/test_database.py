"""The database's copy of the book: its chart, its posting table, and the view that unrolls entries into transfers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings

from conftest import FreshDatabase
from florin.engine.ids import lane_for
from florin.engine.lanes import LANES
from florin.engine.tables.event import EVENT, Recorded, chained_of
from florin.events import Captured
from florin.ledger import ACCOUNTS, POSTINGS, Entry, Owner, Rule, transfers_of
from florin.money.at import At
from florin.schema.sync import PostingChanged, sync
from ledger.test_postings import ENTRIES

DAY = date(2026, 3, 5)
LANE = lane_for("alice")
LINE, PERSON, MERCHANT = 11, 12, 13


@pytest.fixture(scope="module")
def owner(new_database) -> Iterator[psycopg.Connection[Any]]:
    with new_database() as database, psycopg.connect(database.owner) as connection:
        yield connection


_numbers = count((LANES.index(LANE) << 40) + 1)


def write(connection: psycopg.Connection[Any], entries: list[Entry]) -> int:
    """One event with these entries, as the engine writes it. Gives its id."""
    identifier = next(_numbers)
    event = Captured(
        value_on=DAY, payment_id=identifier, line_id=LINE, person_id=PERSON, merchant_id=MERCHANT,
        credit_minor=1, wallet_minor=0, mdr_minor=0,
    )  # fmt: skip
    recorded = Recorded(identifier, event, identifier & 0xFFFF, entries)
    row = chained_of(recorded, writer=1, batch=1, at=At(on=DAY, instant=datetime(2026, 3, 5, tzinfo=UTC))).row
    EVENT.insert(connection, [row])
    return identifier


def test_the_database_has_the_same_chart_of_accounts(owner):
    rows = owner.execute("SELECT code, name, book, owner, side, memo FROM account ORDER BY code").fetchall()

    assert rows == [(int(a), a.name, d.book.value, d.owner.value, d.side, d.memo) for a, d in sorted(ACCOUNTS.items())]


def test_the_database_has_the_same_posting_table(owner):
    rows = owner.execute("SELECT rule, leg, name, debit, credit FROM posting ORDER BY rule, leg").fetchall()

    assert rows == [
        (int(rule), n, rule.name, int(leg.debit), int(leg.credit))
        for rule, legs in sorted(POSTINGS.items())
        for n, leg in enumerate(legs)
    ]


@settings(max_examples=60, deadline=None)
@given(entries=ENTRIES)
def test_the_view_unrolls_an_event_into_the_transfers_that_the_code_says(owner, entries):
    identifier = write(owner, entries)

    rows = owner.execute(
        "SELECT debit, credit, amount_minor FROM transfer WHERE event_id = %s ORDER BY entry, leg", (identifier,)
    ).fetchall()
    subjects = owner.execute(
        "SELECT DISTINCT entry, subject_id FROM transfer WHERE event_id = %s ORDER BY entry", (identifier,)
    ).fetchall()
    owner.rollback()

    assert rows == [(int(t.debit), int(t.credit), t.amount_minor) for t in transfers_of(entries)]
    assert subjects == [(n, entry.subject_id or identifier) for n, entry in enumerate(entries, start=1)]


@settings(max_examples=40, deadline=None)
@given(entries=ENTRIES)
def test_the_posting_lines_give_each_owner_the_balance_on_the_accounts_own_side(owner, entries):
    identifier = write(owner, entries)
    owners = {
        Owner.LINE: LINE, Owner.PERSON: PERSON, Owner.MERCHANT: MERCHANT, Owner.PAYMENT: identifier, Owner.HOUSE: None,
    }  # fmt: skip
    expected: Counter[tuple[str, int | None]] = Counter()
    for one in entries:
        for debit, credit, amount in transfers_of([one]):
            for account, signed in ((debit, amount), (credit, -amount)):
                owner_of = owners | {Owner.CAMPAIGN: one.subject_id or identifier}
                expected[account.name, owner_of[ACCOUNTS[account].owner]] += signed * ACCOUNTS[account].side

    rows = owner.execute(
        "SELECT name, owner_id, sum(signed_minor)::bigint, sum(debit_minor - credit_minor)::bigint"
        "  FROM posting_line WHERE event_id = %s GROUP BY name, owner_id",
        (identifier,),
    ).fetchall()
    owner.rollback()

    assert {(name, owner_id): signed for name, owner_id, signed, _ in rows} == dict(expected)
    assert sum(difference for *_, difference in rows) == 0


@pytest.mark.parametrize(
    ("rules", "amounts", "subjects", "constraint"),
    [
        ("{29}", "{0}", None, "event_amounts_are_positive"),
        ("{29}", "{-5}", None, "event_amounts_are_positive"),
        ("{29,29}", "{5,0}", None, "event_amounts_are_positive"),
        ("{29,29}", "{5}", None, "event_entries_are_whole"),
        ("{29}", None, None, "event_entries_are_whole"),
        (None, "{5}", None, "event_entries_are_whole"),
        ("{29,29}", "{5,5}", "{1}", "event_entries_are_whole"),
    ],
)
def test_the_database_refuses_an_entry_that_is_not_a_whole_positive_amount(owner, rules, amounts, subjects, constraint):
    with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction():
        owner.execute(
            "INSERT INTO event (lane, kind, writer, id, batch, recorded_at, value_on, posted_on, rules, amounts, subjects)"
            " VALUES (%s, 2, 1, %s, 1, now(), %s, %s, %s, %s, %s)",
            (LANE, next(_numbers), DAY, DAY, rules, amounts, subjects),
        )

    assert refused.value.diag.constraint_name == constraint


def test_an_amount_that_is_missing_is_refused_too(owner):
    with pytest.raises(psycopg.errors.CheckViolation), owner.transaction():
        owner.execute(
            "INSERT INTO event (lane, kind, writer, id, batch, recorded_at, value_on, posted_on, rules, amounts)"
            " VALUES (%s, 2, 1, %s, 1, now(), %s, %s, '{29}', '{NULL}')",
            (LANE, next(_numbers), DAY, DAY),
        )


def test_syncing_again_changes_nothing(fresh_database: FreshDatabase):
    with psycopg.connect(fresh_database.owner) as owner:
        before = owner.execute("SELECT * FROM posting ORDER BY rule, leg").fetchall()

        sync(owner)

        assert owner.execute("SELECT * FROM posting ORDER BY rule, leg").fetchall() == before


def test_a_rule_that_moves_other_accounts_than_before_is_refused_by_name(fresh_database: FreshDatabase):
    with psycopg.connect(fresh_database.owner) as owner:
        owner.execute("UPDATE posting SET debit = 41 WHERE rule = %s", (Rule.TOP_UP,))

        with pytest.raises(PostingChanged, match=f"{int(Rule.TOP_UP)}, 0, 41"):
            sync(owner)
