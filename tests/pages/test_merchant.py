"""A merchant's pages: sales, settlement, and why a request of his program was refused."""

from __future__ import annotations

import base64
import html
import re
from datetime import date, datetime, time, timedelta

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.engine.admin import set_settlement_terms
from florin.pages import hooks
from florin.pages.merchant.difference import first_difference
from florin.pages.merchant.page import standing_of, window_of
from florin.payments.hold_payouts import HoldPayouts
from florin.payments.onboarding import Application
from florin.payments.settlement_terms import SettlementTerms
from florin.queries.merchant import Window
from florin.queries.settlement import SettlementView
from pages.conftest import text_of
from pages_world import DIRECT_APP, ESCROW_APP
from world import SHOP

EXPECTED = "app_id=2021&charset=utf-8&sign_type=RSA2&timestamp=2026-03-05 10:00:00"


def test_sales_show_their_state_their_fees_and_their_refunds(shop, browser):
    shop.order("Kettle", 29_900)
    shop.pay("Alice", shop.order("Tea set", 19_900, app=ESCROW_APP), 19_900)
    coat = shop.pay("Alice", shop.order("Coat", 38_000), 38_000).event.payment_id
    shop.refund(coat, 8_000)
    phone = shop.order("Phone", 300_000, installments=12, fee_payer="merchant")
    shop.pay("Alice", phone, 300_000)

    page = browser("teahouse").read("/merchant")

    assert "Waiting for payment ¥299.00" in page
    assert "Paid, awaiting receipt ¥199.00" in page
    assert "Paid ¥380.00 ¥2.28 ¥80.00" in page
    assert "Paid 12 installments ¥3,000.00 ¥243.00" in page


def _ask_at(shop, subject: str, moment: datetime) -> int:
    """An order, as if it had been asked for then."""
    trade = shop.order(subject, 1_000)
    shop.connection.execute("UPDATE trade SET asked_at = %s WHERE id = %s", (moment, trade))
    shop.connection.commit()
    return trade


def _older(page: str) -> str:
    found = re.search(r'pager-next" href="([^"]+)"', page)
    return found[1] if found else ""


def test_older_sales_are_paged_to_the_very_first_each_once(shop, browser):
    now = shop.engine.at().instant
    subjects = [f"Order no. {number:03}." for number in range(130)]
    for number, subject in enumerate(subjects):
        _ask_at(shop, subject, now - timedelta(days=number // 2 * 12))  # pairs of one moment, over four years
    merchant, path, read = browser("teahouse"), "/merchant", []

    for _ in range(10):
        page = merchant.get(path).content.decode()
        read.append(re.findall(r"Order no. \d{3}\.", page))
        if not (path := _older(page)):
            break

    assert path == ""
    assert sorted(subject for part in read for subject in part) == subjects
    assert [len(part) for part in read] == [6, 50, 50, 24]  # the first page holds the last 31 days


def test_a_full_first_page_goes_on_where_it_ends(shop, browser):
    now = shop.engine.at().instant
    for number in range(60):
        _ask_at(shop, f"Order no. {number:03}.", now - timedelta(minutes=number // 3))
    merchant = browser("teahouse")

    first = merchant.get("/merchant").content.decode()
    second = merchant.get(_older(first)).content.decode()

    numbers = [set(re.findall(r"Order no. \d{3}\.", page)) for page in (first, second)]
    assert (len(numbers[0]), len(numbers[1]), numbers[0] & numbers[1]) == (50, 10, set())
    assert _older(second) == ""
    assert "The newest sales" in second


def test_a_merchant_without_older_sales_is_told_so(shop, browser):
    merchant = browser("teahouse")

    answer = merchant.read(_older(merchant.get("/merchant").content.decode()))

    assert "There are no older sales." in answer


def _cursor(*parts) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(parts)).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%00",
        "茶",
        _cursor("0001-01-01T00:00:00Z", 1),
        _cursor("2026-03-05T00:00:00", 1),
        _cursor("2026-03-05T00:00:00Z", 2**63),
        _cursor("2026-03-05T00:00:00Z", -1),
    ],
)
def test_a_place_that_we_never_gave_is_not_found(shop, browser, cursor):
    assert browser("teahouse").get(f"/merchant?before={cursor}").status_code == 404


def test_older_sales_of_another_merchant_do_not_show(shop, browser):
    _ask_at(shop, "Ours", shop.engine.at().instant - timedelta(days=100))
    shop.connection.execute("UPDATE trade SET merchant_id = 9")
    shop.connection.commit()
    merchant = browser("teahouse")

    assert "Ours" not in merchant.read(_older(merchant.get("/merchant").content.decode()))


def test_an_integrator_finds_what_to_set_app_by_app(shop, browser):
    hooks.tell_gateways_with(lambda app: hooks.Gateway(address=f"https://api.test/{app.id}", public_key=f"KEY{app.id}"))

    page = browser("teahouse").read("/merchant/integration")
    zh = browser("teahouse", language="zh").read("/merchant/integration")
    hooks.tell_gateways_with(lambda app: hooks.Gateway())

    for app, market in ((DIRECT_APP, "Paid at once"), (ESCROW_APP, "Paid when the buyer confirms receipt")):
        assert f"App number {app} Gateway address https://api.test/{app} Market {market}" in page
        assert f"KEY{app}" in page
    assert "应用编号" in zh


def test_each_app_has_code_ready_for_the_sdks_of_its_wire(shop, browser):
    shop.connection.execute("UPDATE app SET wire = 'alipay' WHERE id = %s", (DIRECT_APP,))
    shop.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    shop.connection.commit()
    hooks.tell_gateways_with(
        lambda app: hooks.Gateway(address=f"https://api.test/{app.id}/gateway.do", public_key=f"KEY{app.id}")
    )

    page = html.unescape(browser("teahouse").get("/merchant/integration").content.decode())
    hooks.tell_gateways_with(lambda app: hooks.Gateway())

    for package in ("python-alipay-sdk", "alipay-sdk-python", "Node · alipay-sdk"):
        assert package in page
    assert f'shop._gateway = "https://api.test/{DIRECT_APP}/gateway.do"' in page
    assert f'appid="{DIRECT_APP}"' in page
    assert "«" not in page
    for code in re.findall(r"<pre class=\"wire program\"[^>]*>(.*?)</pre>", page, re.DOTALL):
        if code.startswith("import"):
            compile(code, "snippet", "exec")


def test_an_app_shows_where_it_is_notified_and_that_it_is_closed(shop, browser):
    shop.connection.execute(
        "UPDATE app SET notify_url = 'https://shop.test/hook', state = 'closed' WHERE id = %s", (DIRECT_APP,)
    )
    shop.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    shop.connection.commit()

    page = browser("teahouse").read("/merchant/integration")

    assert "We notify https://shop.test/hook State Closed" in page


def test_settlement_says_nothing_of_ever_when_only_the_last_month_was_empty(shop, browser):
    shop.pay("Alice", shop.order("Tea set", 19_900), 19_900)
    shop.until(date(2026, 4, 10))

    page = browser("teahouse").read("/merchant/settlement")

    assert "Payout of 3 March 2026" in page
    assert "Nothing was made available in the last month." in page
    assert "yet" not in page


def test_a_day_that_is_closed_has_its_bill_in_every_form_for_its_own_merchant_alone(shop, browser):
    shop.pay("Alice", shop.order("Tea set", 19_900), 19_900)
    merchant = browser("teahouse")
    assert "There is no bill of the last month." in merchant.read("/merchant/bills")
    shop.until(date(2026, 3, 3))

    page = merchant.get("/merchant/bills").content.decode()

    files = re.findall(r'href="(/merchant/bills/[^"]+)"', page)
    assert files == [
        f"/merchant/bills/2026-03-02/{form}" for form in ("csv", "json", "alipay", "wechat-trades", "wechat-flow")
    ]
    assert "Tea set" in merchant.get(files[0]).content.decode("utf-8-sig")
    assert all(merchant.get(file).status_code == 200 for file in files)
    for wrong in ("2026-03-03/csv", "2026-03-02/xml", "9999-12-31/csv", "yesterday/csv"):
        assert merchant.get(f"/merchant/bills/{wrong}").status_code == 404
    assert browser("alice").get(files[0]).status_code in (302, 403)


def test_settlement_shows_what_each_day_brought_and_what_was_paid_out(shop, browser):
    shop.pay("Alice", shop.order("Tea set", 19_900), 19_900)
    shop.until(date(2026, 3, 3))

    page = browser("teahouse").read("/merchant/settlement")

    assert "Sales of 2 March 2026 net of fees and refunds +¥197.81" in page
    assert "Payout of 3 March 2026 ¥197.81 On its way" in page
    assert "Available ¥0.00" in page


@pytest.fixture
def failure(shop) -> int:
    """A refused request of the tea house's own app."""
    return _failure(shop, DIRECT_APP)


def _failure(shop, app_id: int) -> int:
    return shop.one(
        "INSERT INTO signature_failure (app_id, request_line, expected_text, finding) VALUES (%s, %s, %s, %s) RETURNING id",
        app_id,
        "POST /gateway.do",
        EXPECTED,
        "sign_type was left out of the signed string",
    )


def test_a_refused_signature_is_listed_with_its_reason(failure, browser):
    page = browser("teahouse").read("/merchant/signatures")

    assert "sign_type was left out of the signed string POST /gateway.do Tea House web shop" in page


def test_a_reason_is_read_in_one_language(shop, browser):
    both = "待签名字符串缺少 sign_type\nsign_type was left out of the signed string"
    number = shop.one(
        "INSERT INTO signature_failure (app_id, request_line, expected_text, finding)"
        " VALUES (%s, 'POST', %s, %s) RETURNING id",
        DIRECT_APP,
        EXPECTED,
        both,
    )

    for path in ("/merchant/signatures", f"/merchant/signatures/{number}"):
        english, chinese = (browser("teahouse", language=language).read(path) for language in ("en", "zh"))
        assert "sign_type was left out" in english
        assert "缺少" not in english
        assert "待签名字符串缺少 sign_type" in chinese
        assert "left out" not in chinese


def test_the_string_to_sign_is_shown_and_the_first_difference_is_found(failure, browser):
    shown = browser("teahouse")
    assert EXPECTED in shown.read(f"/merchant/signatures/{failure}")

    answer = shown.post(f"/merchant/signatures/{failure}", pasted=EXPECTED.replace("&sign_type=RSA2", ""))

    assert f"The first difference is at character {EXPECTED.index('sign_type') + 1}." in text_of(answer)
    assert "<mark>s</mark>ign_type=RSA2" in answer.content.decode()
    assert "<mark>t</mark>imestamp" in answer.content.decode()


def test_the_same_string_means_another_key(failure, browser):
    answer = browser("teahouse").post(f"/merchant/signatures/{failure}", pasted=EXPECTED + "\r\n")

    assert "the private key is not the one" in text_of(answer)


def test_another_merchants_requests_are_not_found(shop, browser):
    shop.connection.execute("INSERT INTO merchant (id, lane, name, mdr_ppm) VALUES (9, 298, 'Rival', 6000)")
    shop.connection.execute(
        "INSERT INTO app (id, merchant_id, name, wire, market) VALUES (9, 9, 'rival', 'rest', 'direct')"
    )
    shop.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    shop.connection.commit()
    theirs = _failure(shop, 9)
    _call(shop, 9, "GET /v1/theirs", "200")
    ours = browser("teahouse")

    assert "theirs" not in ours.read("/merchant/calls") + ours.read("/merchant/calls?app=9")
    assert ours.get(f"/merchant/signatures/{theirs}").status_code == 404
    assert "sign_type" not in ours.read("/merchant/signatures")


def _call(shop, app_id: int, asked: str, answered: str, took_us: int = 8_400) -> None:
    shop.connection.execute(
        "INSERT INTO wire_call (app_id, received_at, wire, asked, answered, took_us)"
        " VALUES (%s, '2026-03-02 04:05:06.789Z', 'rest', %s, %s, %s)",
        (app_id, asked, answered, took_us),
    )
    shop.connection.commit()


def test_the_last_calls_are_listed_with_their_answers_and_what_they_took(shop, browser):
    _call(shop, DIRECT_APP, "POST /v1/payments", "201")
    _call(shop, DIRECT_APP, "GET /v1/payments/7", "404 NotFound", took_us=1_200)
    merchant = browser("teahouse")

    page, refused = merchant.read("/merchant/calls"), merchant.read("/merchant/calls?refused=1")
    other = merchant.read(f"/merchant/calls?app={ESCROW_APP}")

    assert "POST /v1/payments Tea House web shop · REST 12:05:06.789 · 8.4 ms 201" in page
    assert "2 calls, 1 refused. Half of them took 4.8 ms at most, the slowest 8.4 ms" in page
    assert "404 NotFound" in refused
    assert "8.4 ms 201" not in refused
    assert "No calls to show." in other
    assert "最近调用" in browser("teahouse", language="zh").read("/merchant/calls")


def test_a_shopper_is_no_merchant_and_a_merchant_no_shopper(shop, browser):
    for who, path in (("alice", "/merchant"), ("teahouse", "/orders"), ("teahouse", "/bill")):
        answer = browser(who).get(path)
        assert answer.status_code == 403
        assert "another kind of account" in text_of(answer)


def test_the_front_door_leads_a_merchant_to_his_own_pages(shop, browser):
    answer = browser("teahouse").get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/merchant")


@given(st.text(), st.text())
def test_two_strings_are_the_same_up_to_their_first_difference(expected, pasted):
    difference = first_difference(expected, pasted)

    if difference is None:
        assert pasted.rstrip("\r\n") == expected.rstrip("\r\n")
    else:
        at = difference.position - 1
        assert expected[:at] == pasted[:at]
        assert expected[at : at + 1] != pasted[at : at + 1] or pasted.endswith(("\n", "\r"))


@pytest.mark.parametrize(
    ("pasted", "here"), [("a\u00a0b", "⟨U+00A0⟩"), ("a\tb", "⟨U+0009⟩"), ("a\u200bb", "⟨U+200B⟩"), ("a", "")]
)
def test_what_does_not_show_is_named(pasted, here):
    assert first_difference("a b", pasted).pasted.here == here


def test_a_merchant_reads_when_he_is_paid_why_payouts_wait_and_what_his_application_lacks(shop, browser):
    terms = SettlementTerms(from_on=date(2026, 3, 2), pays="weekly", weekday=4, reserve_ppm=50_000, reserve_days=90)
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        set_settlement_terms(connection, SHOP, terms, by="anna", reason="new")
        connection.execute(
            "INSERT INTO merchant_application (merchant_id, body) VALUES (%s, %s)",
            (SHOP, msgspec.json.encode(Application(name="Tea", legal_name="Tea Co.")).decode()),
        )
    shop.do(HoldPayouts(merchant_id=SHOP, reason="looked at", by="risk"))
    merchant = browser("teahouse")

    page = merchant.read("/merchant/settlement") + merchant.read("/merchant/terms")
    in_chinese = browser("teahouse", language="zh")
    zh = in_chinese.read("/merchant/settlement") + in_chinese.read("/merchant/terms")

    assert "Paid out every Friday" in page
    assert "Kept in reserve ¥0.00 · 5" in page
    assert "of each day for 90 days" in page
    assert "Payouts wait looked at" in page
    assert "Still missing its registration number, its representative" in page
    assert "the business registration, the representative's identity card" in page
    assert "每周五" in zh
    assert "还缺少 统一社会信用代码、法定代表人" in zh


def test_a_merchant_with_cut_offs_reads_when_his_sales_are_available_and_of_which_part_of_the_day():
    terms = SettlementTerms(from_on=date(2026, 3, 2), cut_offs=(time(12), time(18, 30)), pays="cut_off")
    view = SettlementView(
        merchant_id=SHOP, name="Tea", state="open", payout_account="", terms=terms, next_terms=[], available_minor=0,
        reserve_minor=0, negative_limit_minor=0, payouts=0, held_because="",
    )  # fmt: skip
    noon = Window(window_on=date(2026, 3, 5), window_until=12 * 60, amount_minor=10_000)

    assert standing_of(view, "en") == (
        ("Sales are available at", "12:00 · 18:30 · end of day"),
        ("Paid out", "at each of these times, the same day"),
    )
    assert standing_of(view, "zh")[0] == ("销售款到账时点", "12:00 · 18:30 · 日终")
    assert "until 12:00" in window_of(noon, "en").title
