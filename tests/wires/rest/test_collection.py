"""Lines that are late, by the owner's program: pauses, what customers were told, and what the owner's systems are told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from florin.credit.charge_off import ChargeOff
from florin.engine.admin import remove_owner_endpoint, set_owner_endpoint
from florin.engine.clock import ZONE
from florin.engine.fall_due import watch_budgets
from wires.rest.house import RestHouse
from wires.rest.test_webhooks import rendered
from world import DIRECT_APP

SECRET = b"a secret of the owner"


def owing(house: RestHouse) -> str:
    """Alice, who bought for 1,000.00 on 5 March and pays nothing; her line."""
    house.world.person("alice", limit_minor=1_000_000)
    house.world.until(date(2026, 3, 5))
    house.world.buy("alice", 100_000, app=DIRECT_APP)
    return f"/v1/owner/lines/{house.world.line_ids['alice']}"


def listen(house: RestHouse) -> None:
    set_owner_endpoint(house.world.connection, url="https://core.test/told", secret=SECRET)
    house.world.connection.commit()


def test_the_owners_systems_are_told_of_a_reminder_within_contact_hours(house: RestHouse):
    listen(house)
    owing(house)
    house.world.until(date(2026, 4, 7))

    (waiting,) = house.world.connection.execute("SELECT topic, url, app_id, next_at FROM outbox").fetchall()
    assert waiting[:3] == ("line.reminded", "https://core.test/told", 0)
    now = datetime.now(UTC)
    house.world.connection.execute("UPDATE outbox SET next_at = %s", (now,))
    house.world.connection.commit()

    (sent,) = rendered(house)
    told = json.loads(sent.body)
    assert sent.url == "https://core.test/told"
    assert sent.headers["webhook-signature"].startswith("v1,")
    assert told["type"] == "line.reminded"
    assert told["data"]["line_id"] == str(house.world.line_ids["alice"])
    event = told["data"]["event"]
    assert (event["text"], event["channel"], event["due_on"], event["due_minor"]) == (
        "due_soon",
        "message",
        "2026-04-10",
        100_000,
    )


def test_a_reminder_made_at_midnight_waits_for_eight_o_clock(house: RestHouse):
    listen(house)
    owing(house)
    house.world.until(date(2026, 4, 7))

    row = house.world.connection.execute(
        "SELECT o.next_at, e.recorded_at FROM outbox o JOIN event e ON e.lane = o.lane AND e.id = o.event_id"
    ).fetchone()
    assert row is not None
    next_at, recorded_at = (each.astimezone(ZONE) for each in row)
    assert 8 <= next_at.hour < 21
    assert next_at == recorded_at if 8 <= recorded_at.hour < 21 else next_at.minute == 0


def test_what_happens_to_late_lines_is_told_and_nothing_where_nobody_listens(house: RestHouse):
    listen(house)
    path = owing(house)
    house.world.until(date(2026, 4, 12))
    house.owner.post(f"{path}/pause", {"until_on": "2026-04-20", "reason": "ill"}, key="pause")
    house.world.do(ChargeOff(line_id=house.world.line_ids["alice"], reason="insolvent"))
    told = house.world.connection.execute(
        "SELECT o.topic FROM outbox o JOIN event e ON e.lane = o.lane AND e.id = o.event_id ORDER BY e.sequence"
    )
    topics = [row[0] for row in told]
    assert topics == [
        "line.reminded", "line.past_due", "line.reminded", "line.collection_paused", "line.charged_off",
    ]  # fmt: skip

    assert remove_owner_endpoint(house.world.connection) == "https://core.test/told"
    house.world.connection.commit()
    house.world.person("bob", limit_minor=1_000_000)
    house.world.buy("bob", 100_000, app=DIRECT_APP)
    house.world.do(ChargeOff(line_id=house.world.line_ids["bob"], reason="insolvent"))

    count = house.world.connection.execute("SELECT count(*) FROM outbox").fetchone()
    assert count == (len(topics),)
    assert house.owner.get("/v1/owner/webhook").json()["url"] is None
    house.world.assert_books_hold()


def test_collection_is_paused_and_goes_on_again(house: RestHouse):
    path = owing(house)
    house.world.until(date(2026, 4, 12))

    paused = house.owner.post(f"{path}/pause", {"until_on": "2026-05-20", "reason": "ill"}, key="pause")
    assert (paused.status_code, paused.json()["what"]) == (201, "paused")
    too_long = house.owner.post(f"{path}/pause", {"until_on": "2027-05-20", "reason": "ill"}, key="longer")
    assert (too_long.status_code, too_long.json()["code"]) == (422, "PauseOutOfRange")
    house.world.until(date(2026, 4, 20))
    assert [notice["text"] for notice in house.owner.get(f"{path}/notices").json()["items"]] == ["past_due", "due_soon"]

    resumed = house.owner.post(f"{path}/resume", {"reason": "well again"}, key="resume")
    assert (resumed.status_code, resumed.json()["what"]) == (201, "resumed")
    again = house.owner.post(f"{path}/resume", {"reason": "well again"}, key="again")
    assert (again.status_code, again.json()["code"]) == (409, "NotPaused")
    house.world.until(date(2026, 4, 21))

    newest = house.owner.get(f"{path}/notices").json()["items"][0]
    assert (newest["text"], newest["value_on"], newest["due_minor"]) == ("urgent", "2026-04-21", 100_000)
    house.world.assert_books_hold()


def test_what_was_charged_off_is_sold_and_the_customer_is_told_whom_to_pay(house: RestHouse):
    path = owing(house)
    house.world.until(date(2026, 6, 1))
    sale = {"buyer": "Blue River", "contact": "tel 400", "price_minor": 5_000, "reference": "2026-06"}
    early = house.owner.post(f"{path}/sale", sale, key="early")
    assert (early.status_code, early.json()["code"]) == (409, "NoClaimToSell")
    house.world.do(ChargeOff(line_id=house.world.line_ids["alice"], reason="insolvent"))
    dear = house.owner.post(f"{path}/sale", {**sale, "price_minor": 200_000}, key="dear")
    assert (dear.status_code, dear.json()["code"]) == (422, "SalePriceOutOfRange")

    sold = house.owner.post(f"{path}/sale", sale, key="sale")

    assert (sold.status_code, sold.json()["sold_minor"], sold.json()["price_minor"]) == (201, 102_600, 5_000)
    assert house.owner.get(path).json()["state"] == "sold"
    refused = house.owner.post(
        f"{path}/repayments", {"amount_minor": 100, "source": "bank", "bank_reference": "b"}, key="repay"
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "ClaimIsSold")
    assert refused.json()["numbers"]["contact"] == "tel 400"

    (buyer,) = house.owner.get("/v1/owner/claim-buyers").json()["items"]
    assert (buyer["buyer"], buyer["price_minor"], buyer["owes_minor"]) == ("Blue River", 5_000, 5_000)
    price = {"buyer": "Blue River", "amount_minor": 5_000, "bank_reference": "B-1"}
    paid = house.owner.post("/v1/owner/claim-buyers/payments", price, key="price")
    again = house.owner.post("/v1/owner/claim-buyers/payments", price, key="price")
    assert (paid.status_code, paid.json()["paid_minor"], paid.json()["owes_minor"]) == (201, 5_000, 0)
    assert again.json() == paid.json()
    twice = house.owner.post("/v1/owner/claim-buyers/payments", price, key="twice")
    assert (twice.status_code, twice.json()["code"]) == (409, "AlreadyUsed")
    nobody = house.owner.post("/v1/owner/claim-buyers/payments", {**price, "buyer": "Red River"}, key="nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "NoSuchClaimBuyer")
    house.world.assert_books_hold()


def test_a_refund_is_taken_back_by_its_number_and_owed_again(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    sale = house.sale("alice", 10_000)
    house.shop.post(f"/v1/payments/{sale['id']}/refunds", {"amount_minor": 4_000, "refund_number": "r1"}, key="back")
    path = f"/v1/owner/payments/{sale['id']}/refunds/reverse"
    unknown = house.owner.post(path, {"refund_number": "r9", "reason": "won"}, key="unknown")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "NoSuchRefund")
    ahead = house.owner.post(path, {"refund_number": "r1", "reason": "won", "value_on": "2026-03-03"}, key="ahead")
    assert (ahead.status_code, ahead.json()["code"]) == (422, "ReversalDateImpossible")

    taken_back = house.owner.post(path, {"refund_number": "r1", "reason": "won"}, key="won")

    assert (taken_back.status_code, taken_back.json()["credit_minor"]) == (201, 4_000)
    assert house.shop.get(f"/v1/payments/{sale['id']}").json()["refunded_minor"] == 0
    again = house.owner.post(path, {"refund_number": "r1", "reason": "won"}, key="again")
    assert (again.status_code, again.json()["code"]) == (409, "RefundReversedAlready")
    line = house.owner.get(f"/v1/owner/lines/{house.world.line_ids['alice']}").json()
    assert line["owed_minor"] == 10_000
    house.world.assert_books_hold()


def test_the_notices_of_a_line_that_does_not_exist_are_not_found(house: RestHouse):
    assert house.owner.get("/v1/owner/lines/7/notices").json()["code"] == "NotFound"


def test_the_owners_systems_are_told_when_a_campaign_runs_low(house: RestHouse):
    listen(house)
    house.world.person("alice", limit_minor=1_000_000)
    campaign_id = house.world.campaign(100_00, warning_minor=90_00, name="Spring")
    assert house.world.buy_with_coupon("alice", campaign_id, 80_00).refusal is None
    for _ in range(2):
        watch_budgets(house.world.engine, house.world.connection)

    (sent,) = rendered(house)

    told = json.loads(sent.body)
    assert (sent.url, told["type"], list(told["data"])) == ("https://core.test/told", "campaign.low", ["event"])
    event = told["data"]["event"]
    assert (event["campaign_id"], event["name"]) == (str(campaign_id), "Spring")
    assert (event["left_minor"], event["warning_minor"]) == (80_00, 90_00)
    assert sent.headers["webhook-signature"].startswith("v1,")
