"""Bills over REST: an app's part for its own key, all of a merchant for the owner, and of published days alone."""

from __future__ import annotations

from datetime import timedelta

import psycopg

from florin.engine.admin import allow_campaigns
from wires.rest.house import RestHouse
from world import SHOP, START


def test_an_app_gets_its_own_part_of_a_day_and_the_owner_all_of_the_merchants(house: RestHouse):
    house.world.person("alice", wallet_minor=100_000)
    house.sale("alice", 20_000, tender="wallet")
    house.world.buy("alice", wallet_minor=5_000)
    waiting = house.shop.get(f"/v1/bills/{START}")
    house.world.until(START + timedelta(days=1))
    whole = f"/v1/owner/merchants/{SHOP}/bills/{START}"

    mine, other = (client.get(f"/v1/bills/{START}").json() for client in (house.shop, house.market))
    all_of_it = house.owner.get(whole).json()

    assert (waiting.status_code, waiting.json()["code"]) == (409, "BillNotPublished")
    assert [line["amount"] for line in mine["lines"]] == ["200.00", "50.00"]
    assert (mine["closing"], other["lines"], other["closing"]) == ("248.50", [], "0.00")
    assert all_of_it["closing"] == "248.50"
    assert house.owner.get(whole, form="alipay").headers["content-type"] == "application/zip"
    assert house.owner.get(whole, form="wechat-flow").text.startswith("记账时间,")
    assert house.owner.get(f"/v1/owner/merchants/42/bills/{START}").status_code == 404
    assert house.owner.get(f"/v1/owner/merchants/{SHOP}/bills/today").status_code == 422
    assert house.owner.get(whole, form="xml").status_code == 422


def test_a_shop_opens_a_campaign_of_its_own_only_where_the_owner_lets_it(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    wanted = {
        "name": "Autumn", "budget_minor": 100_000, "until_on": "2026-12-31", "amount_off_minor": 2_000,
        "threshold_minor": 10_000, "warning_minor": 99_000,
    }  # fmt: skip
    refused = house.shop.post("/v1/campaigns", wanted, key="a")
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        assert allow_campaigns(connection, SHOP, allowed=True)

    opened = house.shop.post("/v1/campaigns", wanted, key="a")
    house.world.buy_with_coupon("alice", int(opened.json()["id"]), credit_minor=18_000)
    [listed] = house.market.get("/v1/campaigns").json()["items"]

    assert (refused.status_code, refused.json()["code"]) == (403, "CampaignsNotAllowed")
    assert (opened.status_code, opened.json()["sponsor"], opened.json()["merchant_ids"]) == (
        201,
        "merchant",
        [str(SHOP)],
    )
    assert (listed["spent_minor"], listed["left_minor"], listed["is_low"]) == (2_000, 98_000, True)
    house.world.assert_books_hold()
