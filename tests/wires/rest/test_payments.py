"""What a merchant's program can do, on the real engine: ask, charge, capture, void, refund, look; and what it is refused."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from florin.engine import clock
from florin.wires.keys import create_api_key
from wires.rest.house import RestHouse
from world import DIRECT_APP, ESCROW_APP


def problem(answer, status: int, code: str) -> dict:
    """The problem that an answer must be."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    assert body["type"].startswith("/problems/")
    assert all(body[name] for name in ("detail", "title", "instance"))
    return body


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_with_amount_and_subject_waits_at_the_checkout(house: RestHouse):
    answer = house.shop.post("/v1/payments", {"amount_minor": 19_900, "subject": "tea set"}, key="one")

    shown = answer.json()
    assert answer.status_code == 201
    assert shown["state"] == "waiting"
    assert shown["checkout_url"] == f"https://pay.test/cashier/{shown['id']}"
    assert (shown["order_number"], shown["amount_minor"], shown["currency"]) == ("one", 19_900, "CNY")
    assert isinstance(shown["id"], str)


def test_an_order_is_paid_by_whoever_is_shown_it(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    asked = house.market.post("/v1/payments", {"amount_minor": 19_900, "subject": "tea set"}, key="one").json()

    house.world.pay("alice", int(asked["id"]), 19_900)

    shown = house.market.get(f"/v1/payments/{asked['id']}").json()
    assert (shown["state"], shown["flow"], shown["paid_minor"]) == ("escrowed", "escrow", 19_900)
    assert shown["payer_id"] == str(house.world.people["alice"])
    assert shown["checkout_url"] is None


@pytest.mark.parametrize("field", [{"tender": "credit"}, {"capture": True}, {"capture": False}])
def test_a_charge_without_a_payer_is_refused_and_the_field_named(house: RestHouse, field):
    answer = house.shop.post("/v1/payments", {"amount_minor": 19_900, "subject": "tea set", **field}, key="one")

    refused = problem(answer, 422, "FieldsInvalid")
    assert refused["errors"][0]["field"] == "agreement_id"
    assert "payment_code" in refused["errors"][0]["fix"]


def test_a_checkout_that_expires_shows_it_and_cannot_be_in_the_past(house: RestHouse):
    now = clock.read(house.world.connection).instant
    body = {"amount_minor": 100, "subject": "tea", "expires_at": (now + timedelta(minutes=5)).isoformat()}

    waiting = house.shop.post("/v1/payments", body, key="one").json()
    late = house.shop.post("/v1/payments", {**body, "expires_at": (now - timedelta(1)).isoformat()}, key="two")

    assert waiting["state"] == "waiting"
    problem(late, 422, "ExpiryPassed")
    clock.shift(house.world.connection, 600)
    assert house.shop.get(f"/v1/payments/{waiting['id']}").json()["state"] == "expired"


# ── charging ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_charge_by_agreement_is_owed_at_once(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)

    shown = house.sale("alice", 19_900, order_number="A-1")

    assert (shown["state"], shown["paid_minor"], shown["merchant_fee_minor"]) == ("captured", 19_900, 119)
    assert shown["tenders"] == [
        {
            "tender": "credit",
            "authorized_minor": 19_900,
            "paid_minor": 19_900,
            "released_minor": 0,
            "refunded_minor": 0,
        }
    ]
    assert house.world.line("alice").principal_minor == 19_900


def test_the_answer_of_a_charge_and_a_later_look_say_the_same(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    made = house.sale("alice", 600_000, installments=12, fee_payer="merchant")

    seen = house.shop.get(f"/v1/payments/{made['id']}").json()

    assert seen.pop("created_at")
    assert seen == made
    assert made["installments"] == {"count": 12, "fee_minor": 45_000, "fee_payer": "merchant"}


def test_a_charge_from_the_wallet(house: RestHouse):
    house.world.person("bob", wallet_minor=50_000)

    shown = house.sale("bob", 19_900, tender="wallet")

    assert shown["tenders"][0]["tender"] == "wallet"
    assert house.world.wallet_minor("bob") == 30_100


def test_a_payment_code_is_good_for_one_order(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    code, _ = house.world.engine.issue_payment_code(house.world.people["alice"], house.world.line_ids["alice"])
    body = {"amount_minor": 19_900, "subject": "tea", "payment_code": code}

    first = house.shop.post("/v1/payments", body, key="one")
    again = house.shop.post("/v1/payments", body, key="two")

    assert first.json()["state"] == "captured"
    problem(again, 409, "AlreadyUsed")
    assert house.world.line("alice").principal_minor == 19_900


def test_a_retry_gets_its_answer_after_the_code_has_expired(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    code, _ = house.world.engine.issue_payment_code(house.world.people["alice"], house.world.line_ids["alice"])
    body = {"amount_minor": 19_900, "subject": "tea", "payment_code": code}
    first = house.shop.post("/v1/payments", body, key="one")

    clock.shift(house.world.connection, 3_600)
    again = house.shop.post("/v1/payments", body, key="one")
    late = house.shop.post("/v1/payments", body, key="two")

    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert problem(late, 422, "FieldsInvalid")["errors"][0]["field"] == "payment_code"


def test_an_agreement_of_another_app_or_none_is_no_agreement(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    others = house.agreement("alice", app=ESCROW_APP)

    for number, agreement_id in enumerate((others, "123456789", "9999999999999999999")):
        body = {"amount_minor": 100, "subject": "tea", "agreement_id": agreement_id}
        answer = house.shop.post("/v1/payments", body, key=f"try-{number}")
        assert 400 <= answer.status_code < 500, answer.text
    assert house.world.line("alice").principal_minor == 0


def test_a_purchase_above_the_limit_is_refused_in_the_readers_language(house: RestHouse):
    house.world.person("alice", limit_minor=380_100)
    body = {"amount_minor": 500_000, "subject": "camera", "agreement_id": house.agreement("alice")}

    english = house.shop.post("/v1/payments", body, key="one")
    chinese = house.shop.post("/v1/payments", body, key="two", accept_language="zh-CN,zh;q=0.9,en;q=0.5")

    refused = problem(english, 402, "CreditLimitExceeded")
    assert refused["detail"].startswith("This purchase is ¥1,199.00 over your available credit.")
    assert refused["numbers"]["over_minor"] == 119_900
    assert refused["numbers"]["line_id"] == str(house.world.line_ids["alice"])
    assert problem(chinese, 402, "CreditLimitExceeded")["detail"].startswith("这笔消费超出您的可用额度")
    assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh")


def test_a_frozen_line_and_a_frozen_merchant_are_locked(house: RestHouse):
    house.world.person("alice", limit_minor=380_100)
    body = {"amount_minor": 100, "subject": "tea", "agreement_id": house.agreement("alice")}
    line_id = house.world.line_ids["alice"]

    house.owner.post(f"/v1/owner/lines/{line_id}/freeze", {"reason": "lost phone"}, key="freeze")
    by_line = house.shop.post("/v1/payments", body, key="one")
    house.owner.post(f"/v1/owner/lines/{line_id}/unfreeze", {"reason": "found"}, key="unfreeze")
    house.owner.post("/v1/owner/merchants/1/freeze", {})
    by_merchant = house.shop.post("/v1/payments", body, key="two")
    house.owner.post("/v1/owner/merchants/1/unfreeze", {})

    problem(by_line, 423, "LineNotOpen")
    problem(by_merchant, 423, "MerchantFrozen")
    assert house.shop.post("/v1/payments", body, key="three").status_code == 201


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_repeated_request_has_the_same_answer_and_is_done_once(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    body = {"amount_minor": 19_900, "subject": "tea", "agreement_id": house.agreement("alice"), "order_number": "A-1"}

    first = house.shop.post("/v1/payments", body, key="one")
    payment = first.json()
    house.shop.post(f"/v1/payments/{payment['id']}/refunds", {"amount_minor": 900}, key="back")
    again = house.shop.post("/v1/payments", dict(reversed(body.items())), key="one")

    assert again.status_code == 201
    assert again.json() == payment
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert house.world.line("alice").principal_minor == 19_000


def test_a_refusal_is_the_stored_answer_of_its_key(house: RestHouse):
    house.world.person("alice", limit_minor=10_000)
    body = {"amount_minor": 19_900, "subject": "tea", "agreement_id": house.agreement("alice"), "order_number": "A-1"}
    line_id = house.world.line_ids["alice"]

    first = house.shop.post("/v1/payments", body, key="one")
    house.owner.post(f"/v1/owner/lines/{line_id}/limit", {"limit_minor": 50_000, "reason": "raise"}, key="limit")
    again = house.shop.post("/v1/payments", body, key="one")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


def test_a_refused_order_may_be_tried_again_under_a_new_key(house: RestHouse):
    house.world.person("alice", limit_minor=10_000)
    body = {"amount_minor": 19_900, "subject": "tea", "agreement_id": house.agreement("alice"), "order_number": "A-1"}
    line_id = house.world.line_ids["alice"]

    house.shop.post("/v1/payments", body, key="one")
    house.owner.post(f"/v1/owner/lines/{line_id}/limit", {"limit_minor": 50_000, "reason": "raise"}, key="limit")
    again = house.shop.post("/v1/payments", body, key="two")

    assert again.status_code == 201, again.text


def test_the_same_key_for_something_else_is_a_conflict(house: RestHouse):
    body = {"amount_minor": 19_900, "subject": "tea"}
    made = house.shop.post("/v1/payments", body, key="one").json()

    other_amount = house.shop.post("/v1/payments", {**body, "amount_minor": 1}, key="one")
    other_operation = house.shop.post(f"/v1/payments/{made['id']}/void", {}, key="one")
    other_app = house.market.post("/v1/payments", body, key="one")

    problem(other_amount, 409, "KeyConflict")
    problem(other_operation, 409, "KeyConflict")
    assert other_app.status_code == 201


def test_an_order_number_is_good_for_one_payment_which_the_refusal_names(house: RestHouse):
    body = {"amount_minor": 19_900, "subject": "tea", "order_number": "A-1"}
    made = house.shop.post("/v1/payments", body, key="one").json()

    again = house.shop.post("/v1/payments", body, key="two")

    assert problem(again, 409, "AlreadyUsed")["numbers"]["payment_id"] == made["id"]
    assert house.shop.get("/v1/payments", order_number="A-1").json()["items"][0]["id"] == made["id"]


def test_paying_twice_at_the_same_instant_pays_once(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    body = {"amount_minor": 19_900, "subject": "tea", "agreement_id": house.agreement("alice")}

    same_key = house.shop.post_together([("/v1/payments", body, "one")] * 8)
    same_order = house.shop.post_together(
        [("/v1/payments", {**body, "order_number": "A-1"}, f"try-{n}") for n in range(8)]
    )

    assert {answer.status_code for answer in same_key} == {201}
    assert len({answer.text for answer in same_key}) == 1
    assert sorted(answer.status_code for answer in same_order) == [201, *[409] * 7]
    assert house.world.line("alice").principal_minor == 2 * 19_900


# ── what becomes of it ────────────────────────────────────────────────────────────────────────────────────────────


def test_two_refunds_of_60_on_100_at_the_same_instant_exactly_one_succeeds(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    payment = house.sale("alice", 10_000)
    path = f"/v1/payments/{payment['id']}/refunds"

    answers = house.shop.post_together(
        [(path, {"amount_minor": 6_000}, "back-1"), (path, {"amount_minor": 6_000}, "back-2")]
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = problem(next(a for a in answers if a.status_code == 409), 409, "RefundExceedsPayment")
    assert refused["numbers"] == {"requested_minor": 6_000, "refundable_minor": 4_000, "over_minor": 2_000}
    assert house.shop.get(f"/v1/payments/{payment['id']}").json()["refunded_minor"] == 6_000
    house.world.assert_books_hold()


def test_refunds_are_listed_and_a_refund_number_is_good_for_one(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    payment = house.sale("alice", 10_000)
    path = f"/v1/payments/{payment['id']}/refunds"

    made = house.shop.post(path, {"amount_minor": 6_000, "refund_number": "R-1", "reason": "broken"}, key="back-1")
    again = house.shop.post(path, {"amount_minor": 6_000, "refund_number": "R-1"}, key="back-2")

    problem(again, 409, "AlreadyUsed")
    assert house.shop.get(path).json() == {"items": [made.json()]}
    assert (made.json()["refund_number"], made.json()["reason"]) == ("R-1", "broken")


def test_an_authorization_is_captured_in_parts_and_the_rest_voided(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    payment = house.sale("alice", 10_000, capture=False)
    path = f"/v1/payments/{payment['id']}"

    first = house.shop.post(f"{path}/capture", {"amount_minor": 3_000}, key="c1").json()
    too_much = house.shop.post(f"{path}/capture", {"amount_minor": 8_000}, key="c2")
    second = house.shop.post(f"{path}/capture", {"amount_minor": 2_000}, key="c3").json()
    released = house.shop.post(f"{path}/void", {}, key="v1").json()

    assert (payment["state"], payment["open_minor"], payment["flow"]) == ("authorized", 10_000, "manual")
    assert (first["amount_minor"], second["amount_minor"]) == (3_000, 2_000)
    assert problem(too_much, 409, "CaptureExceedsAuthorization")["numbers"]["open_minor"] == 7_000
    assert released["released_minor"] == 5_000
    assert house.shop.get(path).json()["paid_minor"] == 5_000
    assert (house.world.line("alice").held_minor, house.world.line("alice").principal_minor) == (0, 5_000)
    house.world.assert_books_hold()


def test_a_captured_payment_is_not_voided_but_told_to_be_refunded(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    sold = house.sale("alice", 10_000)
    held = house.sale("alice", 10_000, capture=False)
    house.shop.post(f"/v1/payments/{held['id']}/capture", {"amount_minor": 3_000}, key="c1")
    released = house.shop.post(f"/v1/payments/{held['id']}/void", {}, key="v1")

    refused = house.shop.post(f"/v1/payments/{sold['id']}/void", {}, key="v2")

    shown = problem(refused, 409, "AlreadyCaptured")
    assert shown["detail"] == "There is nothing left to release: the payment is captured. Refund it instead."
    assert shown["numbers"] == {"state": "captured"}
    again = house.shop.post(f"/v1/payments/{held['id']}/void", {}, key="v1")
    assert (again.status_code, again.content) == (201, released.content)
    problem(house.shop.post(f"/v1/payments/{held['id']}/void", {}, key="v3"), 409, "AlreadyCaptured")


def test_a_part_too_small_for_the_plan_that_was_reserved_is_not_captured(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    payment = house.sale("alice", 20_000, capture=False, installments=12)
    path = f"/v1/payments/{payment['id']}/capture"

    small = house.shop.post(path, {"amount_minor": 9_999}, key="c1")
    enough = house.shop.post(path, {"amount_minor": 10_000}, key="c2")

    assert problem(small, 402, "PlanNotOffered")["numbers"] == {"count": 12, "amount_minor": 9_999}
    assert enough.status_code == 201


def test_an_empty_capture_takes_all(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    payment = house.sale("alice", 10_000, capture=False)

    taken = house.shop.post(f"/v1/payments/{payment['id']}/capture", {}, key="c1").json()

    assert taken["amount_minor"] == 10_000


def test_voiding_an_order_that_nobody_has_paid_closes_it(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    asked = house.shop.post("/v1/payments", {"amount_minor": 100, "subject": "tea"}, key="one").json()
    path = f"/v1/payments/{asked['id']}"

    before = house.shop.post(f"{path}/refunds", {"amount_minor": 100}, key="back")
    closed = house.shop.post(f"{path}/void", {}, key="void")
    again = house.shop.post(f"{path}/void", {}, key="void")
    paid = house.world.pay("alice", int(asked["id"]), 100)

    problem(before, 409, "NotPaid")
    assert (closed.status_code, closed.json()["released_minor"]) == (201, 0)
    assert (again.json(), again.headers["idempotency-replayed"]) == (closed.json(), "true")
    assert paid.refusal.name == "TradeNotOpen"
    assert house.shop.get(path).json()["state"] == "closed"


def test_the_buyer_confirms_receipt_and_nobody_else(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    house.world.person("bob")
    trade_id = house.world.ask(19_900, app=ESCROW_APP)
    house.world.pay("alice", trade_id, 19_900)
    path = f"/v1/owner/payments/{trade_id}/receive"

    stranger = house.owner.post(path, {"person_id": str(house.world.people["bob"])}, key="r1")
    merchant = house.market.post(path, {"person_id": str(house.world.people["alice"])}, key="r1")
    buyer = house.owner.post(path, {"person_id": str(house.world.people["alice"])}, key="r2")

    problem(stranger, 403, "NotYourPayment")
    problem(merchant, 403, "ScopeWrong")
    assert (buyer.status_code, buyer.json()["merchant_fee_minor"]) == (201, 119)
    assert house.market.get(f"/v1/payments/{trade_id}").json()["state"] == "captured"


# ── batches ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_of_a_thousand_has_a_thousand_outcomes_in_order(house: RestHouse):
    house.world.person("alice", limit_minor=100_000)
    agreement = house.agreement("alice")
    items = [
        {"idempotency_key": f"item-{n}", "amount_minor": 100 + n % 7, "subject": "tea", "agreement_id": agreement}
        for n in range(1_000)
    ]

    answer = house.shop.post("/v1/payments/batch", {"items": items})
    again = house.shop.post("/v1/payments/batch", {"items": items})

    outcomes = answer.json()["outcomes"]
    paid = [(item, one) for item, one in zip(items, outcomes, strict=True) if one["status"] == 201]
    assert answer.status_code == 200
    assert all(one["payment"]["amount_minor"] == item["amount_minor"] for item, one in paid)
    assert {one["status"] for one in outcomes} == {201, 402}
    assert house.world.line("alice").principal_minor == sum(item["amount_minor"] for item, _ in paid) <= 100_000
    repeated = again.json()["outcomes"]
    assert all(one["replayed"] for one in repeated)
    assert [one.get("payment") for one in repeated] == [one.get("payment") for one in outcomes]


def test_the_items_of_a_batch_stand_alone(house: RestHouse):
    house.world.person("alice", limit_minor=100_000)
    agreement = house.agreement("alice")
    code, _ = house.world.engine.issue_payment_code(house.world.people["alice"], house.world.line_ids["alice"])
    good = {"amount_minor": 100, "subject": "tea", "agreement_id": agreement}
    items = [
        {**good, "idempotency_key": "a"},
        {**good, "idempotency_key": "b", "amount_minor": 1.5},
        {"amount_minor": 100, "subject": "tea", "idempotency_key": "c"},
        {**good, "idempotency_key": "a"},
        {**good, "idempotency_key": "a", "amount_minor": 200},
        {**good, "idempotency_key": "d", "amount_minor": 9_999_999},
        {"amount_minor": 100, "subject": "tea", "idempotency_key": "e", "payment_code": code},
        {"amount_minor": 100, "subject": "tea", "idempotency_key": "f", "payment_code": "000"},
        {"amount_minor": 100, "subject": "tea", "capture": True, "idempotency_key": "g"},
        good,
        "nonsense",
    ]

    outcomes = house.shop.post("/v1/payments/batch", {"items": items}).json()["outcomes"]

    assert [one["status"] for one in outcomes] == [201, 422, 201, 201, 409, 402, 201, 422, 422, 422, 422]
    assert outcomes[1]["problem"]["errors"][0]["field"] == "items[1].amount_minor"
    assert outcomes[9]["problem"]["errors"][0]["field"] == "items[9].idempotency_key"
    assert outcomes[3]["payment"] == outcomes[0]["payment"]
    assert outcomes[4]["problem"]["instance"] == "/v1/payments/batch#4"
    assert house.world.line("alice").principal_minor == 200


def test_a_key_has_the_same_answer_alone_and_in_a_batch(house: RestHouse):
    order = {"amount_minor": 100, "subject": "tea", "order_number": "A-1"}
    alone = house.shop.post("/v1/payments", order, key="one").json()

    batch = house.shop.post("/v1/payments/batch", {"items": [{**order, "idempotency_key": "one"}]}).json()

    assert batch["outcomes"] == [{"status": 201, "payment": alone, "replayed": True}]


@pytest.mark.parametrize("count", [0, 1_001])
def test_a_batch_has_1_to_1000_items(house: RestHouse, count):
    answer = house.shop.post("/v1/payments/batch", {"items": [{}] * count})

    assert problem(answer, 422, "FieldsInvalid")["errors"][0]["field"] == "items"


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_apps_payment_does_not_exist(house: RestHouse):
    asked = house.shop.post("/v1/payments", {"amount_minor": 100, "subject": "tea"}, key="one").json()
    path = f"/v1/payments/{asked['id']}"

    for answer in (
        house.market.get(path),
        house.market.get(f"{path}/refunds"),
        house.market.post(f"{path}/void", {}, key="void"),
        house.market.post(f"{path}/capture", {}, key="capture"),
        house.market.post(f"{path}/refunds", {"amount_minor": 1}, key="refund"),
    ):
        problem(answer, 404, "NotFound")
    assert house.market.get("/v1/payments").json()["items"] == []
    assert house.market.get("/v1/payments", order_number="one").json()["items"] == []


def test_a_list_is_of_the_keys_app_by_whichever_key_of_it_and_of_no_other_app_of_the_merchant(house: RestHouse):
    asked = house.shop.post("/v1/payments", {"amount_minor": 100, "subject": "tea"}, key="one").json()
    at_market = house.market.post("/v1/payments", {"amount_minor": 100, "subject": "pot"}, key="one").json()
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        second_key = house.client(create_api_key(connection, "merchant", DIRECT_APP))

    listed = [[item["id"] for item in who.get("/v1/payments").json()["items"]] for who in (second_key, house.market)]

    assert listed == [[asked["id"]], [at_market["id"]]]


@pytest.mark.parametrize("identifier", ["0", "1", "-1", "abc", "9" * 30, "٣", "1e3", "%00", "2.0"])
def test_an_id_that_is_nobodys_is_not_found(house: RestHouse, identifier):
    problem(house.shop.get(f"/v1/payments/{identifier}"), 404, "NotFound")


def test_pages_are_complete_and_stable_while_orders_come_in(house: RestHouse):
    made = [
        house.shop.post("/v1/payments", {"amount_minor": n + 1, "subject": "tea"}, key=f"order-{n}").json()["id"]
        for n in range(23)
    ]
    house.market.post("/v1/payments", {"amount_minor": 1, "subject": "another app's"}, key="x")

    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = house.shop.get("/v1/payments", limit=5, **({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
        house.shop.post("/v1/payments", {"amount_minor": 1, "subject": "later"}, key=f"later-{pages}")

    assert seen == made[::-1]
    assert pages == 5


def test_orders_of_long_ago_are_on_the_last_pages(house: RestHouse):
    for n, seconds in enumerate((0, 3_600 * 5, 86_400 * 30, 86_400 * 400)):
        clock.shift(house.world.connection, seconds)
        house.shop.post("/v1/payments", {"amount_minor": n + 1, "subject": "tea"}, key=f"order-{n}")

    whole = house.shop.get("/v1/payments", limit=10).json()
    first = house.shop.get("/v1/payments", limit=2).json()
    second = house.shop.get("/v1/payments", limit=2, cursor=first["next_cursor"]).json()

    assert [item["amount_minor"] for item in whole["items"]] == [4, 3, 2, 1]
    assert [item["amount_minor"] for item in first["items"] + second["items"]] == [4, 3, 2, 1]
    assert (whole["next_cursor"], second["next_cursor"]) == (None, None)


def test_a_list_between_two_times_is_half_open(house: RestHouse):
    times = []
    for n in range(4):
        shown = house.shop.post("/v1/payments", {"amount_minor": n + 1, "subject": "tea"}, key=f"order-{n}").json()
        times.append(house.shop.get(f"/v1/payments/{shown['id']}").json()["created_at"])
        clock.shift(house.world.connection, 60)

    found = house.shop.get("/v1/payments", created_from=times[1], created_before=times[3]).json()

    assert [item["amount_minor"] for item in found["items"]] == [3, 2]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "nonsense"}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": 101}, "limit"),
        ({"colour": "red"}, "colour"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"created_from": "2026-03-01T00:00:00"}, "created_from"),
    ],
)
def test_a_query_that_cannot_be_understood_names_the_field(house: RestHouse, query, field):
    refused = problem(house.shop.get("/v1/payments", **query), 422, "FieldsInvalid")

    assert refused["errors"][0]["field"] == field


def test_quotes_show_every_plan_with_its_rate(house: RestHouse):
    quotes = house.shop.get("/v1/quotes", amount_minor=600_000).json()

    twelve = next(offer for offer in quotes["offers"] if offer["count"] == 12)
    assert [offer["count"] for offer in quotes["offers"]] == [3, 6, 12]
    assert (twelve["fee_minor"], twelve["total_minor"], twelve["per_period_minor"]) == (45_000, 645_000, 53_750)
    assert sum(twelve["installments_minor"]) == twelve["total_minor"]
    assert float(twelve["annualized_rate_percent"]) > 13


def test_an_app_reads_where_it_is_told_what_happened(house: RestHouse):
    assert house.shop.get("/v1/webhooks").json()["url"] is None

    house.world.connection.execute("UPDATE app SET notify_url = 'https://shop.test/told' WHERE id = %s", [DIRECT_APP])
    house.world.connection.commit()

    assert house.shop.get("/v1/webhooks").json()["url"] == "https://shop.test/told"


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_key_and_a_wrong_key_are_told_how_to_do_better(house: RestHouse):
    none = house.stranger.get("/v1/payments")
    wrong = house.client("flk_live_" + "a" * 8 + "_" + "b" * 43).get("/v1/payments")
    nonsense = house.client("nonsense").get("/v1/payments")

    problem(none, 401, "KeyMissing")
    for answer in (wrong, nonsense):
        problem(answer, 401, "KeyUnknown")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_merchants_key_opens_no_owners_door_and_the_other_way_round(house: RestHouse):
    problem(house.shop.get("/v1/owner/persons/1"), 403, "ScopeWrong")
    problem(house.owner.get("/v1/payments"), 403, "ScopeWrong")


def test_the_key_of_a_closed_app_is_refused(house: RestHouse):
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        key = create_api_key(connection, "merchant", DIRECT_APP)
        connection.execute("UPDATE app SET state = 'closed' WHERE id = %s", [DIRECT_APP])

    problem(house.client(key).get("/v1/payments"), 403, "AppClosed")


def test_a_refund_counts_on_the_day_on_which_the_goods_came_back(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    sold = house.sale("alice", 100_000)
    house.world.until(date(2026, 4, 3))
    house.world.connection.execute("UPDATE merchant_balance SET negative_limit_minor = 1000000")
    house.world.connection.commit()
    path = f"/v1/payments/{sold['id']}/refunds"

    early = house.shop.post(path, {"amount_minor": 40_000, "value_on": "2026-03-01"}, key="early")
    made = house.shop.post(path, {"amount_minor": 40_000, "value_on": "2026-03-20"}, key="made")

    assert problem(early, 422, "RefundDateImpossible")["numbers"]["first_on"] == "2026-03-02"
    assert (made.status_code, made.json()["refunded_on"]) == (201, "2026-03-20")
    assert house.world.line("alice").due_minor == 60_000


def test_a_charge_takes_a_coupon_off_and_its_refund_brings_it_back(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    campaign_id = str(house.world.campaign(100_00, refund_order="proportional"))

    shown = house.sale("alice", 100_00, campaign_id=campaign_id, coupon_minor=20_00)
    refunded = house.shop.post(f"/v1/payments/{shown['id']}/refunds", {"amount_minor": 50_00}, key="half")
    seen = house.shop.get(f"/v1/payments/{shown['id']}").json()

    of_coupon = {"tender": "coupon", "campaign_id": campaign_id, "sponsor": "mall", "authorized_minor": 20_00}
    assert of_coupon.items() <= shown["tenders"][1].items()
    assert (shown["amount_minor"], shown["paid_minor"], shown["merchant_fee_minor"]) == (100_00, 100_00, 60)
    assert (refunded.json()["credit_minor"], refunded.json()["coupon_minor"]) == (40_00, 10_00)
    assert seen["tenders"][1]["refunded_minor"] == 10_00


def test_a_coupon_that_runs_out_is_answered_by_name_with_what_is_left(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    coupon = {"campaign_id": str(house.world.campaign(30_00)), "coupon_minor": 20_00}
    house.sale("alice", 100_00, **coupon)
    body = {"amount_minor": 100_00, "subject": "tea", "agreement_id": house.agreement("alice")}

    refused = house.shop.post("/v1/payments", {**body, **coupon}, key="second")
    lone = house.shop.post("/v1/payments", {**body, "coupon_minor": 20_00}, key="lone")
    without = house.shop.post("/v1/payments", body, key="without")

    assert (refused.status_code, refused.json()["code"]) == (409, "CampaignBudgetSpent")
    assert "¥10.00 left" in refused.json()["detail"]
    assert (lone.status_code, lone.json()["errors"][0]["field"]) == (422, "coupon_minor")
    assert without.status_code == 201


def test_a_charge_with_a_subsidized_fee_costs_what_the_quote_said(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    point = {"kind": "rate_subsidy", "yearly_rate_ppm": 10_000, "sponsor": "state", "person_year_minor_max": 10_00}
    subsidy_id, agreement_id = str(house.world.campaign(1_000_00, **point)), house.agreement("alice")
    asked = {"amount_minor": 1_200_00, "subsidy_id": subsidy_id, "agreement_id": agreement_id}
    body = {"amount_minor": 1_200_00, "subject": "tea", "agreement_id": agreement_id, "installments": 12}

    plain = house.shop.get("/v1/quotes", amount_minor=1_200_00).json()["offers"][-1]
    offer = house.shop.get("/v1/quotes", **asked).json()["offers"][-1]
    lone = house.shop.post("/v1/payments", {**body, "subsidy_minor": 6_50}, key="lone")
    paid = house.shop.post("/v1/payments", {**body, "subsidy_id": subsidy_id, "subsidy_minor": 6_50}, key="paid")
    left = house.shop.get("/v1/quotes", **asked).json()["offers"][-1]
    again = house.shop.post("/v1/payments", {**body, "subsidy_id": subsidy_id, "subsidy_minor": 6_50}, key="again")

    assert (offer["count"], offer["subsidy_minor"], plain.get("subsidy_minor")) == (12, 6_50, None)
    assert offer["total_minor"] == plain["total_minor"] - 6_50 == 1_200_00 + offer["fee_minor"] - 6_50
    assert float(offer["annualized_rate_percent"]) < float(plain["annualized_rate_percent"])
    assert (lone.status_code, lone.json()["errors"][0]["field"]) == (422, "subsidy_minor")
    assert paid.status_code == 201
    assert house.world.line("alice").fee_minor == offer["fee_minor"] - 6_50
    assert left["subsidy_minor"] == 3_50
    assert (again.status_code, again.json()["code"]) == (409, "SubsidyCapSpent")
    assert "¥3.50 of yours is left" in again.json()["detail"]


def test_a_quote_with_a_campaign_that_is_not_there_or_over_is_refused(house: RestHouse):
    later = house.world.campaign(1_00, kind="fee_subsidy", share_ppm=1, opens_on=house.world.today + timedelta(1))

    unknown = house.shop.get("/v1/quotes", amount_minor=1_200_00, subsidy_id="7")
    early = house.shop.get("/v1/quotes", amount_minor=1_200_00, subsidy_id=str(later))
    stranger = house.shop.get("/v1/quotes", amount_minor=1_200_00, subsidy_id=str(later), agreement_id="7")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "NotFound")
    assert (early.status_code, early.json()["code"]) == (409, "CampaignNotRunning")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "NotFound")
