"""Fees and shares by the owner's program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import FreshDatabase
from wires.rest.house import RestHouse
from world import SHOP, World


@pytest.fixture
def house(fresh_database: FreshDatabase) -> Iterator[RestHouse]:
    with World(fresh_database.engine, mdr_refunded=True) as world, RestHouse(world) as house:
        world.person("alice", limit_minor=50_000_00)
        yield house


def test_a_merchant_is_put_on_a_plan_and_each_fee_of_a_sale_is_read_with_who_has_it(house: RestHouse):
    assert [plan["name"] for plan in house.owner.get("/v1/owner/fee-plans").json()["items"]] == [
        "ali",
        "bank",
        "jd",
        "tencent",
    ]
    house.owner.post(f"/v1/owner/merchants/{SHOP}/place", {"market": "taobao"})
    assert house.owner.get(f"/v1/owner/merchants/{SHOP}/fees").json()["fees"][0]["rate_ppm"] == 6_000

    answer = house.owner.post(f"/v1/owner/merchants/{SHOP}/fees", {"plan": "ali"})

    assert (answer.status_code, answer.json()["plan"]) == (200, "ali")
    sale = house.sale("alice", 385_00)
    assert sale["merchant_fee_minor"] == 4_62
    assert house.shop.get(f"/v1/payments/{sale['id']}").json()["merchant_fee_minor"] == 4_62
    fees = house.owner.get(f"/v1/owner/payments/{sale['id']}/fees").json()["items"]
    assert [(fee["fee"], fee["amount_minor"]) for fee in fees] == [("credit_fee", 2_31), ("software_fee", 2_31)]
    shares = house.owner.get(f"/v1/owner/payments/{sale['id']}/shares").json()["shares"]
    assert {share["party"]: share["amount_minor"] for share in shares} == {
        "shopper": -385_00, "shop": 380_38, "lender": 2_31, "mall": 2_31,
    }  # fmt: skip
    today = house.owner.get("/v1/owner/shares", merchant_id=SHOP).json()
    assert (today["payments"], today["shares"]) == (1, shares)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (f"/v1/owner/merchants/{SHOP}/fees", {"plan": "nobody"}, 404, "FeePlanUnknown"),
        (f"/v1/owner/merchants/{SHOP}/fees", {"plan": "ali", "from_on": "2026-03-01"}, 422, "FeesBeginInThePast"),
        ("/v1/owner/merchants/77/fees", {"plan": "ali"}, 404, "NotFound"),
        ("/v1/owner/merchants/77/fees", None, 404, "NotFound"),
        ("/v1/owner/payments/77/fees", None, 404, "NotFound"),
        ("/v1/owner/payments/77/shares", None, 404, "NotFound"),
    ],
)
def test_what_is_not_there_or_not_possible_is_refused_by_name(house: RestHouse, path, body, status, code):
    answer = house.owner.get(path) if body is None else house.owner.post(path, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
