"""What a merchant's systems were told, as he reads it: his own, each try, and never a secret."""

from __future__ import annotations

import pytest

from world import DIRECT_APP, SHOP


@pytest.fixture
def tries(shop):
    """One message that was heard at the second try, and one that was given up; and another merchant's."""
    shop.one(
        "INSERT INTO webhook_endpoint (merchant_id, url, topics, secret, old_secret, old_until)"
        " VALUES (%s, 'https://shop.test/told', '{payment.paid}', 'very-secret', 'older-secret', now() + interval '1 hour')"
        " RETURNING id",
        SHOP,
    )
    for number, (state, app_id) in enumerate(
        (("delivered", -1), ("given-up", DIRECT_APP), ("delivered", 4242)), start=1
    ):
        shop.one(
            "INSERT INTO outbox (lane, id, app_id, event_id, wire, topic, url, state, next_at, payload)"
            " VALUES (1, %s, %s, 7, 'rest', 'payment.paid', 'https://shop.test/told', %s, now(), '{}') RETURNING id",
            number,
            app_id,
            state,
        )
    for app_id, message, attempt, status, heard, answer in (
        (-1, 1, 1, 503, False, "503 we are resting"),
        (-1, 1, 2, 200, True, "200 ok"),
        (DIRECT_APP, 2, 7, 0, False, "no connection"),
        (4242, 3, 1, 200, True, "200 theirs"),
    ):
        shop.one(
            "INSERT INTO webhook_attempt (app_id, lane, message_id, attempt, attempted_at, status, latency_ms, heard, answer)"
            " VALUES (%s, 1, %s, %s, now() - make_interval(mins => 60 - %s), %s, 41, %s, %s) RETURNING attempt",
            app_id,
            message,
            attempt,
            attempt,
            status,
            heard,
            answer,
        )


@pytest.mark.usefixtures("tries")
def test_a_merchant_reads_what_became_of_each_try_and_no_secret(browser):
    english, chinese = (
        browser("teahouse").read("/merchant/deliveries"),
        browser("teahouse").read("/merchant/deliveries?lang=zh"),
    )

    assert "payment.paid https://shop.test/told" in english
    assert "try 2 · 200 · 41 ms Heard" in english
    assert "try 1 · 503 · 41 ms 503 we are resting Heard later" in english
    assert "try 7 · 41 ms no connection Given up" in english
    assert "two secrets until" in english
    assert "第2次 · 200 · 41 ms 已送达" in chinese
    for page in (english, chinese):
        assert "secret" not in page.replace("two secrets until", "")
        assert "theirs" not in page
    assert "/merchant/deliveries" in browser("teahouse").get("/merchant/integration").content.decode()


def test_a_merchant_who_was_told_nothing_reads_so_and_a_shopper_may_not(shop, browser):
    assert "Nothing was told to your systems yet." in browser("teahouse").read("/merchant/deliveries")
    assert browser("alice").get("/merchant/deliveries").status_code == 403
