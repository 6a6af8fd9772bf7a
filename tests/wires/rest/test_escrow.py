"""Parent orders, refund requests and disputes over REST, each by the party that may."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import pytest

from florin.engine import lane_of
from florin.payments.pay_parent import PayParent
from florin.payments.requests.ask import RequestRefund
from florin.payments.requests.dispute import OpenDispute
from wires.rest.house import RestHouse
from world import ESCROW_APP, SHOP

LAMPS = 12
LINES = [
    {"sku": "cup", "title": "cup", "quantity": 2, "unit_minor": 4_000, "amount_minor": 8_000},
    {"sku": "post", "title": "shipping", "quantity": 1, "unit_minor": 2_000, "amount_minor": 2_000},
]


@pytest.fixture
def mall(house: RestHouse) -> RestHouse:
    connection = house.world.connection
    connection.execute("UPDATE merchant SET market = 'taobao' WHERE id = %s", (SHOP,))
    connection.execute("UPDATE app SET mall = true WHERE id = %s", (ESCROW_APP,))
    connection.execute(
        "INSERT INTO merchant (id, lane, name, market, mdr_ppm) VALUES (%s, %s, 'Lamps', 'taobao', 6000)"
        " ON CONFLICT DO NOTHING",
        (LAMPS, lane_of(LAMPS)),
    )
    connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    connection.commit()
    return house


def order(number: str, amount_minor: int, **more: Any) -> dict[str, Any]:
    return {"order_number": number, "amount_minor": amount_minor, "subject": "things", **more}


def test_one_checkout_over_two_sellers_is_asked_once_paid_once_and_seen_on_both_levels(mall):
    world = mall.world
    world.person("dora", wallet_minor=500_00)
    orders = [order("P-1-1", 100_00, lines=LINES), order("P-1-2", 50_00, seller_id=str(LAMPS), goods="virtual")]
    body = {"order_number": "P-1", "orders": orders}

    asked = mall.market.post("/v1/parent-orders", body, key="parent-1")
    again = mall.market.post("/v1/parent-orders", body, key="parent-1")
    other = mall.market.post("/v1/parent-orders", {**body, "orders": orders[:1]}, key="parent-1")
    by_shop = mall.shop.get(f"/v1/parent-orders/{asked.json()['id']}")

    assert asked.status_code == 201, asked.text
    assert (again.status_code, again.json()) == (201, asked.json())
    assert (other.status_code, by_shop.status_code) == (409, 404)
    assert (asked.json()["state"], asked.json()["amount_minor"]) == ("waiting", 150_00)
    parent_id, lane = int(asked.json()["id"]), lane_of(world.people["dora"])
    assert asked.json()["checkout_url"] == f"https://pay.test/cashier/{parent_id}"
    ids = tuple(world.engine.new_id(lane) for _ in range(3))
    paid = PayParent(
        event_id=ids[0],
        parent_id=parent_id,
        payment_ids=ids[1:],
        person_id=world.people["dora"],
        wallet_minor=150_00,
    )
    assert world.do(paid).event

    seen = mall.market.get(f"/v1/parent-orders/{parent_id}").json()
    closed = mall.market.post(f"/v1/parent-orders/{parent_id}/close", key="close-parent-1")

    assert (seen["state"], seen["checkout_url"]) == ("paid", None)
    assert [(each["state"], each["paid_minor"]) for each in seen["orders"]] == [
        ("escrowed", 100_00),
        ("escrowed", 50_00),
    ]
    assert {each["parent_id"] for each in seen["orders"]} == {str(parent_id)}
    days = [each["confirm_on"] for each in seen["orders"]]
    assert days == ["2026-03-12", "2026-03-03"], "a parcel and something virtual"
    assert (closed.status_code, closed.json()["code"]) == (409, "TradeAlreadyPaid")


def test_a_parent_order_that_cannot_be_asked_is_not_there_and_one_that_is_closed_cannot_be_paid(mall):
    unknown = {"order_number": "P-2", "orders": [order("P-2-1", 1_00), order("P-2-2", 1_00, seller_id="99")]}
    wrong = {"order_number": "P-3", "orders": [order("P-3-1", 100_01, lines=LINES)]}

    refused = [mall.market.post("/v1/parent-orders", body, key=body["order_number"]) for body in (unknown, wrong)]
    good = mall.market.post("/v1/parent-orders", {**wrong, "orders": [order("P-3-1", 1_00)]}, key="P-3")
    closed = mall.market.post(f"/v1/parent-orders/{good.json()['id']}/close", key="close-P-3")

    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (404, "NotFound"),
        (422, "LinesDoNotAddUp"),
    ]
    assert good.status_code == 201, "a refused number is free again"
    assert (closed.status_code, closed.json()["state"]) == (201, "closed")


def test_a_seller_answers_a_request_and_the_owner_decides_what_was_disputed(mall):
    world = mall.world
    world.person("emil", wallet_minor=500_00)
    payment_id = world.buy("emil", 0, 100_00, app=ESCROW_APP).event.payment_id
    trade_id = world.payment(payment_id).trade_id
    parcel = {"carrier": "SF", "tracking_no": "SF1"}
    assert mall.market.post(f"/v1/payments/{trade_id}/shipments", parcel, key="ship-1").status_code == 201
    held = mall.market.post(f"/v1/payments/{trade_id}/extend", key="extend-1")
    assert (held.status_code, held.json()["code"]) == (409, "NothingAuthorized")
    request_id = world.engine.new_id(lane_of(payment_id))
    names = {"request_id": request_id, "payment_id": payment_id, "person_id": world.people["emil"]}
    assert world.do(RequestRefund(**names, amount_minor=60_00, reason="defective", note="chipped")).event

    path = f"/v1/refund-requests/{request_id}"
    listed = mall.market.get("/v1/refund-requests", state="open").json()["items"]
    refused = mall.market.post(f"{path}/answer", {"agree": False, "note": "it was whole"}, key="answer-1")
    assert world.do(OpenDispute(**names)).event
    said = mall.market.post(f"{path}/evidence", {"note": "packed well"}, key="evidence-1").json()
    waiting = mall.owner.get("/v1/owner/disputes").json()["items"]
    too_much = mall.owner.post(f"/v1/owner/disputes/{request_id}/decision", {"refund_minor": 60_01}, key="decide-0")
    decided = mall.owner.post(f"/v1/owner/disputes/{request_id}/decision", {"refund_minor": 20_00}, key="decide-1")

    assert [(each["id"], each["waits_for"], each["note"]) for each in listed] == [
        (str(request_id), "seller", "chipped")
    ]
    assert (refused.json()["state"], refused.json()["waits_for"]) == ("refused", "buyer")
    assert [(each["by"], each["note"]) for each in said["evidence"]] == [("seller", "packed well")]
    assert [each["id"] for each in waiting] == [str(request_id)]
    assert (too_much.status_code, too_much.json()["code"]) == (422, "DecisionOutOfRange")
    assert (decided.json()["state"], decided.json()["refunded_minor"]) == ("decided", 20_00)
    assert mall.owner.get("/v1/owner/disputes").json()["items"] == []
    shown = mall.market.get(f"/v1/payments/{trade_id}").json()
    assert (shown["refunded_minor"], shown["confirm_on"], shown["refund_request_id"]) == (20_00, "2026-03-12", None)
    assert mall.market.get("/v1/refund-requests/17").status_code == 404


def test_items_are_refunded_by_line_and_their_amount_is_said_when_it_does_not_fit(mall):
    world = mall.world
    world.person("fritz", wallet_minor=500_00)
    body = {"amount_minor": 100_00, "subject": "cups", "lines": LINES, "tender": "wallet"}
    sale = mall.shop.post("/v1/payments", {**body, "agreement_id": mall.agreement("fritz")}, key="items-1").json()
    path, cups = f"/v1/payments/{sale['id']}/refunds", [{"line": 1, "quantity": 1}]

    wrong = mall.shop.post(path, {"amount_minor": 41_00, "items": cups}, key="items-2")
    right = mall.shop.post(path, {"amount_minor": 38_00, "items": cups, "fee_minor": 2_00}, key="items-3")
    too_many = mall.shop.post(path, {"amount_minor": 1_00, "items": [{"line": 1, "quantity": 2}]}, key="items-4")

    assert (wrong.json()["code"], wrong.json()["numbers"]["items_minor"]) == ("RefundOfOtherItems", 40_00)
    assert right.status_code == 201, right.text
    assert (too_many.json()["code"], too_many.json()["numbers"]["left"]) == ("ItemsNotLeft", 1)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def file(content: bytes, name: str = "cup.png") -> dict[str, Any]:
    return {"file": {"name": name, "content": b64encode(content).decode()}}


def test_a_mall_asks_for_its_buyer_and_both_sides_files_are_seen_by_who_may(mall):
    world = mall.world
    world.person("fred", wallet_minor=500_00)
    payment_id = world.buy("fred", 0, 100_00, app=ESCROW_APP).event.payment_id
    trade_id = world.payment(payment_id).trade_id
    asking, body = f"/v1/payments/{trade_id}/refund-requests", {"amount_minor": 60_00, "reason": "defective"}

    unknown = mall.market.post(asking, {**body, "reason": "mood"}, key="ask-0")
    asked = mall.market.post(asking, body, key="ask-1")
    again = mall.market.post(asking, body, key="ask-1")
    twice = mall.market.post(asking, body, key="ask-2")
    stranger = mall.shop.post(asking, body, key="ask-3")

    assert [(each.status_code, each.json()["code"]) for each in (unknown, twice, stranger)] == [
        (422, "RequestReasonUnknown"), (409, "RequestOpen"), (404, "NotFound"),
    ]  # fmt: skip
    assert (asked.status_code, asked.json()["state"], again.json()["id"]) == (201, "asked", asked.json()["id"])
    assert world.payment(payment_id).confirm_on is None, "the clock stands still"
    path = f"/v1/refund-requests/{asked.json()['id']}"
    assert mall.market.post(f"{path}/answer", {"agree": False}, key="no").status_code == 201
    names = {"request_id": int(asked.json()["id"]), "payment_id": payment_id, "person_id": world.people["fred"]}
    assert world.do(OpenDispute(**names)).event

    wrong = mall.market.post(f"{path}/evidence", file(b"MZ" + bytes(9), "cup.exe"), key="e0")
    large = mall.market.post(f"{path}/evidence", file(PNG + bytes(5_000_000)), key="e1")
    larger = mall.market.post(f"{path}/evidence", file(PNG + bytes(5_600_000)), key="e2")
    nothing = mall.market.post(f"{path}/evidence", {}, key="e3")
    given = mall.market.post(f"{path}/evidence", {"note": "whole", **file(PNG)}, key="e4").json()

    assert [(each.status_code, each.json()["code"]) for each in (wrong, large, larger, nothing)] == [
        (422, "EvidenceRefused"), (422, "EvidenceRefused"), (413, "BodyTooLarge"), (422, "NothingShown"),
    ]  # fmt: skip
    [shown] = given["evidence"][0]["files"]
    assert (shown["name"], shown["type"], shown["size"]) == ("cup.png", "image/png", len(PNG))
    mine = mall.market.get(f"{path}/evidence/{shown['digest']}").json()
    owners = mall.owner.get(f"/v1/owner/disputes/{asked.json()['id']}/evidence/{shown['digest']}").json()
    assert b64decode(mine["content"]) == b64decode(owners["content"]) == PNG
    assert mall.market.get(f"{path}/evidence/{'0' * 64}").status_code == 404
