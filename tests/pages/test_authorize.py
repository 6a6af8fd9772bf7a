"""A shopper lets a shop know who she is: only a shop that asks from its own address, and only when she says so."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from florin.engine import admin

APP = 2021_0001_0000_0099
BACK = "https://shop.test/signed-in?from=us"


@pytest.fixture
def app(shop):
    admin.add_app(
        shop.connection, app_id=APP, merchant_id=1, name="front", wire="alipay", market="direct",
        notify_url="https://shop.test/notify",
    )  # fmt: skip
    shop.connection.commit()
    return shop


def link(**changes: str) -> str:
    asked = {"app_id": str(APP), "scope": "auth_user", "redirect_uri": BACK, "state": "s 1"}
    return f"/oauth2/publicAppAuthorize.htm?{urlencode(asked | changes)}"


def codes(shop) -> int:
    return int(shop.one("SELECT count(*) FROM oauth_code"))


def test_she_is_asked_first_and_her_code_is_good_once_for_that_app_alone(app, browser):
    alice = browser("alice")
    page = alice.get(link())

    assert page.status_code == 200
    assert "form-action 'self' https://shop.test;" in page.headers["Content-Security-Policy"]
    assert codes(app) == 0
    sent = alice.post(link())
    told = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert sent.headers["Location"].startswith("https://shop.test/signed-in?from=us&")
    assert (told["app_id"], told["scope"], told["state"]) == ([str(APP)], ["auth_user"], ["s 1"])
    code = told["auth_code"][0]
    assert app.one("SELECT count(*) FROM oauth_code WHERE position(convert_to(%s, 'UTF8') in digest) > 0", code) == 0
    assert app.engine.oauth_tokens_by_code(app_id=APP + 1, code=code) is None
    made = app.engine.oauth_tokens_by_code(app_id=APP, code=code)
    assert (made.person_id, made.scopes) == (app.people["Alice"], ("auth_user",))
    assert app.engine.oauth_tokens_by_code(app_id=APP, code=code) is None


def test_a_number_alone_is_told_without_asking_and_nobody_is_told_before_signing_in(app, browser):
    from django.test import Client

    sent = browser("alice").get(link(scope="auth_base"))
    stranger = Client(SERVER_NAME="127.0.0.1").get(link(scope="auth_base"))

    assert sent.headers["Location"].startswith("https://shop.test/")
    assert stranger.headers["Location"].startswith("/sign-in?next=/oauth2/publicAppAuthorize.htm")


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://elsewhere.test/signed-in"},
        {"redirect_uri": "https://shop.test:8443/signed-in"},
        {"redirect_uri": "https://shop.test@elsewhere.test/"},
        {"redirect_uri": "http://127.0.0.1:9/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"app_id": "1"},
        {"app_id": "x"},
        {"scope": "auth_everything"},
        {"scope": ""},
    ],
)
def test_a_link_that_is_not_the_apps_own_sends_nobody_anywhere(app, browser, changes):
    alice = browser("alice")

    assert [alice.get(link(**changes)).status_code, alice.post(link(**changes)).status_code] == [400, 400]
    assert codes(app) == 0


def test_the_page_speaks_both_languages(app, browser):
    assert "asks who you are" in browser("alice").read(link())
    assert "同意并前往商户" in browser("alice").read(f"{link()}&lang=zh")
