"""What holds on every page: its headers, its number of queries, what its database role may do, and that it answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.hashers import check_password, make_password

import florin.pages
from florin.engine import lane_of
from florin.pages.engine import use_engine
from florin.payments.requests.ask import RequestRefund
from florin.queries.payments import Place
from pages.conftest import text_of
from pages_world import ESCROW_APP, to_pay, to_scan

PAGES = Path(florin.pages.__file__).parent
QUERIES_MAX = 5
OLDER = f"/merchant?before={Place(datetime(2026, 3, 1, tzinfo=UTC), 0).text()}"


@pytest.fixture
def addresses(shop) -> dict[str, list[str]]:
    """Every page, by who sees it, with something on it."""
    waiting = shop.order("Kettle", 29_900)
    paid = shop.order("Tea set", 19_900, app=ESCROW_APP)
    payment = shop.pay("Alice", paid, 19_900).event.payment_id
    asked = shop.engine.new_id(lane_of(payment))
    refund = {"request_id": asked, "payment_id": payment, "person_id": shop.people["Alice"]}
    assert shop.do(RequestRefund(**refund, amount_minor=100, reason="defective")).event
    failure = shop.one(
        "INSERT INTO signature_failure (app_id, request_line, expected_text, finding)"
        " VALUES (1, 'POST /gateway.do', 'a=b', 'unknown') RETURNING id"
    )
    return {
        "": ["/sign-in", "/sign-in?next=/pay/1", f"{to_scan(waiting)}.svg", to_pay(1), "/no-such-page"],
        "alice": [
            "/",
            "/orders",
            f"/orders/{payment}",
            f"/orders/{payment}/refund",
            "/bill",
            "/code",
            to_pay(waiting),
            to_pay(paid),
        ],
        "teahouse": [
            "/merchant/requests",
            f"/merchant/orders/{payment}",
            "/merchant",
            OLDER,
            "/merchant/settlement",
            "/merchant/terms",
            "/merchant/bills",
            "/merchant/integration",
            "/merchant/deliveries",
            "/merchant/calls",
            "/merchant/signatures",
            f"/merchant/signatures/{failure}",
        ],
    }


def test_a_number_that_is_no_trades_has_no_picture(browser):
    for number in ("9" * 4000, "9" * 5000):
        assert browser("").get(f"/q/{number}/AAAAAAAAAAAAAAAA.svg").status_code == 404


def test_every_page_forbids_all_but_its_own_files_and_is_kept_by_no_cache(addresses, browser):
    for who, paths in addresses.items():
        visitor = browser(who)
        for path in paths:
            answer = visitor.get(path)
            policy = answer["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert "http" not in policy, path
            assert answer["X-Frame-Options"] == "DENY", path
            assert answer["X-Content-Type-Options"] == "nosniff", path
            assert answer["Cache-Control"] in ("no-store", "public, max-age=86400"), path


def test_no_template_has_inline_script_or_style():
    forbidden = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)

    for template in (PAGES / "templates").rglob("*.html"):
        assert not forbidden.search(template.read_text(encoding="utf-8")), template.name


def test_passwords_and_pins_are_hashed_with_the_work_that_owasp_asks_of_servers():
    hashed = make_password("correct horse")

    assert hashed.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("correct horse", hashed)


def test_session_cookies_are_kept_from_scripts_and_from_other_sites(shop, browser):
    cookies = browser("alice").client.cookies

    for name in ("florin_session", "florin_form"):
        assert cookies[name]["httponly"]
        assert cookies[name]["samesite"] == "Lax"


def test_a_page_asks_at_most_five_questions_and_a_visitor_none(addresses, browser, queries):
    for who, paths in addresses.items():
        visitor = browser(who)
        for path in paths:
            with queries() as asked:
                visitor.get(path)
            assert len(asked) <= (QUERIES_MAX if who else 0), (path, asked)


MONEY = (
    "event", "claim", "trade", "payment", "line", "line_account", "statement", "wallet", "person", "merchant", "app",
    "merchant_balance", "sweep", "payout", "outbox", "agreement", "clock", "batch", "writer", "bank_line", "proof", "lane",
    "account", "posting", "signature_failure", "payment_code", "api_key", "platform_key",
)  # fmt: skip


@pytest.mark.parametrize("table", MONEY)
def test_the_pages_database_role_cannot_change_a_money_row(fresh_database, table):
    column = _last_column(fresh_database.owner, table)
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"INSERT INTO {table} DEFAULT VALUES",
        f"ALTER TABLE {table} ADD COLUMN mine text",
    ):
        with psycopg.connect(fresh_database.pages) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("table", ["platform_key", "api_key", "payment_code"])
def test_keys_and_payment_codes_are_hidden_from_the_pages_role(fresh_database, table):
    with psycopg.connect(fresh_database.pages) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT * FROM {table}")


def _last_column(dsn: str, table: str) -> str:
    """The first may be an identity, which nobody may set."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(f"SELECT * FROM {table} LIMIT 0").description[-1].name


class _Away:
    """An engine whose database is gone."""

    def __getattr__(self, name: str):
        raise psycopg.OperationalError("the connection is lost")


def test_while_the_engine_is_away_nobody_is_told_that_a_payment_failed(shop, browser):
    trade, alice = shop.order("Kettle", 29_900), browser("alice")
    use_engine(_Away())

    answer = alice.get(to_pay(trade))

    assert answer.status_code == 503
    assert "You will not be charged twice." in text_of(answer)
    assert answer["Retry-After"]


def test_static_files_are_kept_for_ever_under_a_name_that_changes_with_them(shop, browser):
    found = re.search(r"/static/\w+/florin\.css", browser().get("/sign-in").content.decode())[0]

    assert "immutable" in browser().get(found)["Cache-Control"]
    assert browser().get("/static/000000000000/florin.css").status_code == 404
    assert browser().get("/static/x/..%2f..%2fsettings.py").status_code == 404
