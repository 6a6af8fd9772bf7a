"""Stores and tills by the owner's program."""

from __future__ import annotations

from wires.rest.house import RestHouse
from wires.rest.test_payments import problem
from world import DIRECT_APP, SHOP

STORES = f"/v1/owner/merchants/{SHOP}/stores"


def test_a_store_gets_a_till_with_a_code_and_both_are_closed(house: RestHouse):
    made = house.owner.post(STORES, {"code": "west-lake", "name": "West Lake", "name_zh": "西湖店"})
    tilled = house.owner.post(f"{STORES}/west-lake/terminals", {"code": "3", "app_id": str(DIRECT_APP)})
    renamed = house.owner.post(STORES, {"code": "west-lake", "name": "Lakeside"})
    till_closed = house.owner.post(f"{STORES}/west-lake/terminals/3/close", {})
    closed = house.owner.post(f"{STORES}/west-lake/close", {})

    assert (made.status_code, made.json()["terminals"]) == (200, [])
    (till,) = tilled.json()["terminals"]
    assert (till["code"], till["app_id"], till["state"], till["counter_url"]) == (
        "3",
        str(DIRECT_APP),
        "open",
        till["id"],
    )
    assert renamed.json()["name"] == "Lakeside"
    assert till_closed.json()["terminals"][0]["state"] == "closed"
    assert closed.json()["state"] == "closed"
    assert [store["code"] for store in house.owner.get(STORES).json()["items"]] == ["west-lake"]


def test_what_is_not_there_or_not_the_merchants_is_refused_by_name(house: RestHouse):
    house.owner.post(STORES, {"code": "west-lake", "name": "West Lake"})

    problem(house.owner.post(f"{STORES}/nowhere/terminals", {"code": "3", "app_id": str(DIRECT_APP)}), 404, "NotFound")
    problem(house.owner.post(f"{STORES}/west-lake/terminals/9/close", {}), 404, "NotFound")
    problem(house.owner.get(f"/v1/owner/merchants/{SHOP + 7}/stores"), 404, "NotFound")
    refused = house.owner.post(f"{STORES}/west-lake/terminals", {"code": "3", "app_id": "7"})
    assert refused.json()["errors"][0]["field"] == "app_id"
    assert house.owner.post(STORES, {"code": "west lake", "name": "x"}).status_code == 422


def test_a_till_that_speaks_rest_says_where_it_sells(house: RestHouse):
    order = {"amount_minor": 800, "subject": "Tea", "channel": "offline", "store_id": "west-lake", "terminal_id": "3"}

    made = house.shop.post("/v1/payments", order, key="till-3")
    odd = house.shop.post("/v1/payments", {**order, "store_id": "west lake"}, key="till-4")

    detail = house.world.one("SELECT detail FROM trade")
    assert made.status_code == 201
    assert (detail["store_id"], detail["terminal_id"], detail["channel"]) == ("west-lake", "3", "offline")
    assert odd.json()["errors"][0]["field"] == "store_id"
