"""A merchant's pages: sales, settlement, and why a request of his program was refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from florin.pages.merchant.difference import first_difference
from pages.conftest import text_of
from pages_world import DIRECT_APP, ESCROW_APP

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
    ours = browser("teahouse")

    assert ours.get(f"/merchant/signatures/{theirs}").status_code == 404
    assert "sign_type" not in ours.read("/merchant/signatures")


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
