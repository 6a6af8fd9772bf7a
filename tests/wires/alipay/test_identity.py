"""system.oauth.token and user.info.share: a code becomes tokens once, and tokens say who she is to one app alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from florin.engine import oauth
from wires.alipay.house import DIRECT_SHOP, House, Shop


def code_of(house: House, shop: Shop, *scopes: str, name: str = "alice") -> str:
    return house.world.engine.issue_oauth_code(
        app_id=int(shop.app_id), person_id=house.world.people[name], scopes=scopes or ("auth_user",)
    )


def tokens(shop: Shop, **given: str) -> dict[str, Any]:
    return shop.call_beside("alipay.system.oauth.token", **given)


def test_a_code_is_good_once_and_a_refresh_token_ends_the_pair_before(house: House, shop: Shop):
    code, alice = code_of(house, shop), str(house.world.people["alice"])

    first = tokens(shop, grant_type="authorization_code", code=code)
    assert (first["code"], first["user_id"], first["expires_in"]) == ("10000", alice, "1296000"), first
    assert tokens(shop, grant_type="authorization_code", code=code)["sub_code"] == "isv.code-invalid"
    known = shop.call_beside("alipay.user.info.share", auth_token=first["access_token"])
    assert (known["code"], known["user_id"], known["nick_name"]) == ("10000", alice, "alice")
    second = tokens(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second["code"] == "10000"
    again = tokens(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again["sub_code"] == "isv.refresh-token-invalid"
    ended = shop.call_beside("alipay.user.info.share", auth_token=first["access_token"])
    assert (ended["code"], ended["sub_code"]) == ("20001", "aop.invalid-auth-token")
    kept = house.world.connection.execute("SELECT access_digest, refresh_digest FROM oauth_token").fetchall()
    secrets = [second["access_token"].encode(), second["refresh_token"].encode()]
    assert len(kept) == 1
    assert all(secret not in bytes(digest) for row in kept for digest in row for secret in secrets)


def test_another_app_and_a_narrower_scope_learn_nothing(house: House, shop: Shop):
    other = Shop(house, DIRECT_SHOP)
    code = code_of(house, shop)
    base = tokens(shop, grant_type="authorization_code", code=code_of(house, shop, "auth_base"))

    assert tokens(other, grant_type="authorization_code", code=code)["sub_code"] == "isv.code-invalid"
    made = tokens(shop, grant_type="authorization_code", code=code)
    stolen = other.call_beside("alipay.user.info.share", auth_token=made["access_token"])
    narrow = shop.call_beside("alipay.user.info.share", auth_token=base["access_token"])
    assert (stolen["sub_code"], narrow["sub_code"]) == ("aop.invalid-auth-token", "isv.insufficient-user-permissions")
    assert tokens(shop, grant_type="password")["sub_code"] == "isv.grant-type-invalid"
    assert tokens(shop, grant_type="authorization_code")["sub_code"] == "isv.missing-code"


def test_an_empty_content_beside_the_parameters_hides_none_of_them(house: House, shop: Shop):
    code = code_of(house, shop)
    asked = shop.request("alipay.system.oauth.token", {}, grant_type="authorization_code", code=code)

    assert shop.send(asked)["user_id"] == str(house.world.people["alice"])
    assert "grant_type" in tokens(shop)["sub_msg"]


def test_what_is_too_old_is_no_longer_good(house: House, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    for lives in ("CODE_LIVES", "ACCESS_LIVES", "REFRESH_LIVES"):
        monkeypatch.setattr(oauth, lives, timedelta(seconds=60 if lives == "CODE_LIVES" else 0))
    made = tokens(shop, grant_type="authorization_code", code=code_of(house, shop))
    monkeypatch.setattr(oauth, "CODE_LIVES", timedelta(0))

    assert tokens(shop, grant_type="authorization_code", code=code_of(house, shop))["sub_code"] == "isv.code-invalid"
    told = shop.call_beside("alipay.user.info.share", auth_token=made["access_token"])
    assert told["sub_code"] == "aop.invalid-auth-token"
    again = tokens(shop, grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert again["sub_code"] == "isv.refresh-token-invalid"
