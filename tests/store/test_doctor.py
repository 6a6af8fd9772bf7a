"""The doctor: sees what is wrong, says how to mend it, touches nothing."""

import psycopg
import pytest

from florin.store import DataFolder, doctor, open_store
from florin.store.doctor import Health, examine
from small_server import SMALL


def wrong(findings):
    return {finding.subject: finding for finding in findings if finding.health is Health.WRONG}


def change(address, statement):
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def look(address, check):
    with psycopg.connect(address, autocommit=True) as connection:
        return check(connection)


def test_a_new_house_is_healthy(furnished_dir):
    findings = list(examine(DataFolder(furnished_dir)))

    assert wrong(findings) == {}
    assert {"Python", "PostgreSQL", "disk", "socket", "supervisor", "durability", "roles", "grants", "schema"} <= {
        finding.subject for finding in findings
    }


def test_a_folder_without_a_database_is_left_alone(data_dir):
    assert wrong(examine(DataFolder(data_dir))) == {}
    assert list(data_dir.iterdir()) == []


def test_a_database_without_its_tables_is_told_to_migrate(data_dir):
    with open_store(data_dir, SMALL):
        findings = wrong(examine(DataFolder(data_dir)))

    assert findings["schema"].mend == "Run `florin migrate`."


def test_folders_and_keys_that_others_may_read_are_found(furnished_dir):
    DataFolder(furnished_dir).master_key.write_bytes(b"sesame")
    DataFolder(furnished_dir).master_key.chmod(0o644)
    furnished_dir.chmod(0o755)

    findings = wrong(examine(DataFolder(furnished_dir)))

    assert findings["data folder"].mend.startswith("chmod go-rw")
    assert findings["master key"].mend.startswith("chmod 600")


def test_a_grant_that_lets_the_pages_write_money_is_found(fresh_database):
    change(fresh_database.owner, "GRANT UPDATE ON payment TO florin_pages")
    change(fresh_database.owner, "GRANT DELETE ON event TO florin_engine")

    finding = look(fresh_database.owner, doctor.check_grants)

    assert finding.health is Health.WRONG
    assert "florin_pages may write payment" in finding.seen
    assert "florin_engine may change event" in finding.seen


def test_a_login_that_may_too_much_is_found(postgres_server, fresh_database):
    change(fresh_database.superuser, "ALTER ROLE florin_pages CREATEDB")
    try:
        assert look(fresh_database.owner, doctor.check_roles).health is Health.WRONG
    finally:
        change(fresh_database.superuser, "ALTER ROLE florin_pages NOCREATEDB")
    assert look(fresh_database.owner, doctor.check_roles).health is Health.OK


def test_a_server_that_may_lose_payments_is_found(fresh_database):
    finding = look(fresh_database.owner, doctor.check_durability)  # the tests' own server has fsync off

    assert finding.health is Health.WRONG
    assert "fsync" in finding.seen


def test_a_business_day_left_behind_is_found(fresh_database):
    change(
        fresh_database.owner,
        "INSERT INTO clock (business_on, closed_through) VALUES (now()::date - 5, now()::date - 6)"
        " ON CONFLICT (only_row) DO UPDATE SET business_on = excluded.business_on",
    )

    assert "5 days behind" in look(fresh_database.owner, doctor.check_clock).seen


def test_a_clock_that_was_moved_ahead_is_not_behind(fresh_database):
    change(
        fresh_database.owner,
        "INSERT INTO clock (business_on, offset_s, closed_through)"
        " VALUES (now()::date + 30, 30 * 86400, now()::date + 29)",
    )

    assert look(fresh_database.owner, doctor.check_clock).health is Health.OK


def test_a_parked_account_is_told_with_its_reason(fresh_database):
    change(
        fresh_database.owner,
        "INSERT INTO parked_line (lane, line_id, reason, parked_at) VALUES (0, 1, 'the bill did not add up', now())",
    )

    finding = look(fresh_database.owner, doctor.check_parked)

    assert finding.health is Health.WRONG
    assert "the bill did not add up" in finding.seen
    assert "florin line release" in finding.mend


def test_a_window_that_could_not_be_swept_is_told_with_its_merchant_and_its_reason(fresh_database):
    change(
        fresh_database.owner,
        "INSERT INTO parked_window (lane, merchant_id, window_on, amount_minor, reason, parked_at)"
        " VALUES (0, 7, '2026-03-05', 99400, 'NotFound merchant_balance', now())",
    )

    finding = look(fresh_database.owner, doctor.check_parked_windows)

    assert finding.health is Health.WRONG
    assert "merchant 7 (unknown), 2026-03-05, because: NotFound merchant_balance" in finding.seen


@pytest.mark.parametrize(
    ("state", "age", "health"),
    [
        ("waiting", "2 hours", Health.WRONG),
        ("waiting", "1 minute", Health.OK),
        ("given-up", "2 days", Health.NOTE),
        ("delivered", "2 days", Health.OK),
    ],
)
def test_messages_that_wait_too_long_are_found(fresh_database, state, age, health):
    change(
        fresh_database.owner,
        "INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, state, next_at, payload)"
        f" VALUES (0, 1, 1, 1, 'rest', 'payment', 'http://shop.example', '{state}', now() - interval '{age}', '{{}}')",
    )

    assert look(fresh_database.owner, doctor.check_outbox).health is health


def test_a_day_whose_books_do_not_agree_is_found(fresh_database):
    change(
        fresh_database.owner,
        "INSERT INTO proof (proven_on, holds, report, proven_at) VALUES ('2026-03-31', false, '{}', now())",
    )

    assert look(fresh_database.owner, doctor.check_proof).mend.startswith("Run `florin prove`")
