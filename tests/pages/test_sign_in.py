"""Signing in: slowed when it fails, never led astray, and in the language that was chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from florin.pages.throttle import TRIES_FROM_ONE_ADDRESS, TRIES_IN_ALL, WINDOW, refuse_sign_in
from pages.conftest import text_of
from pages_world import PASSWORD


def test_the_wrong_password_and_an_unknown_name_are_answered_alike(shop, browser):
    wrong, unknown = browser().sign_in("alice", "wrong"), browser().sign_in("nobody", "wrong")

    assert wrong.status_code == unknown.status_code == 422
    assert "do not fit together" in text_of(wrong)
    assert text_of(wrong) == text_of(unknown)


def test_after_five_failures_even_the_right_password_waits(shop, browser):
    visitor = browser()
    for _ in range(TRIES_FROM_ONE_ADDRESS):
        visitor.sign_in("alice", "wrong")

    answer = visitor.sign_in("alice", PASSWORD)

    assert answer.status_code == 429
    assert "please try again after" in text_of(answer)
    assert browser().sign_in("bob").status_code == 302


def test_a_name_tried_from_many_addresses_is_slowed_too(shop):
    now = timezone.now()
    answers = [refuse_sign_in("alice", f"192.0.2.{number}", now=now) for number in range(TRIES_IN_ALL + 1)]

    assert answers[:TRIES_IN_ALL] == [None] * TRIES_IN_ALL
    assert answers[-1] == now + WINDOW
    assert refuse_sign_in("alice", "192.0.2.99", now=now + WINDOW + timedelta(seconds=1)) is None


def test_a_good_sign_in_forgets_earlier_slips(shop, browser):
    for _ in range(3):
        visitor = browser()
        for _ in range(TRIES_FROM_ONE_ADDRESS - 1):
            visitor.sign_in("alice", "wrong")
        assert visitor.sign_in("alice").status_code == 302


def test_a_name_that_no_database_can_hold_is_nobodys(shop, browser):
    assert browser().sign_in("nobody\0").status_code == 422


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"]
)
def test_no_address_leads_away_after_signing_in(shop, browser, address):
    assert browser().sign_in("alice", next=address)["Location"] == "/"


def test_a_merchants_person_comes_to_the_merchants_page(shop, browser):
    assert browser().sign_in("teahouse")["Location"] == "/merchant"


def test_signing_out_ends_the_session(shop, browser):
    alice = browser("alice")

    alice.post("/sign-out")

    assert alice.get("/")["Location"] == "/sign-in?next=/"


def test_a_chosen_language_is_remembered_and_comes_along_to_another_device(shop, browser):
    here = browser()
    here.get("/sign-in?lang=zh")
    here.sign_in("alice")
    assert "您好" in here.read("/")

    there = browser()
    there.sign_in("alice")

    assert "您好" in there.read("/")


@pytest.mark.parametrize(
    ("header", "spoken"),
    [
        ("de,zh;q=0.3", "登录"),
        ("en;q=0.2,zh-TW;q=0.8", "登录"),
        ("fr", "Sign in"),
        ("", "Sign in"),
        ("zh;q=x,en", "Sign in"),
    ],
)
def test_without_a_choice_the_browser_decides(shop, browser, header, spoken):
    assert spoken in browser(language=header).read("/sign-in")


def test_a_language_that_we_do_not_speak_is_not_chosen(shop, browser):
    assert "Sign in" in browser().read("/sign-in?lang=xx")
