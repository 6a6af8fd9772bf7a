"""Plans by the owner's program: quotes, a purchase that goes into installments, a plan that is paid off."""

from __future__ import annotations

from datetime import date

from wires.rest.house import RestHouse
from wires.rest.test_owner import joined
from wires.rest.test_payments import problem
from world import DIRECT_APP


def with_purchase(house: RestHouse) -> tuple[str, str]:
    """(line, purchase) of a shopper with 5,000.00 in the wallet who bought for 1,200.00 on a bank card's line."""
    person_id = joined(house, "alice")
    house.world.bank.book("safeguarded", 500_000, "B-1", house.world.today)
    house.owner.post(
        f"/v1/owner/persons/{person_id}/top-ups", {"amount_minor": 500_000, "bank_reference": "B-1"}, key="top-up"
    )
    body = {"person_id": person_id, "limit_minor": 2_000_000, "program": "bank-card"}
    line_id = house.owner.post("/v1/owner/lines", body, key="line").json()["line_id"]
    agreement = house.owner.post(
        "/v1/owner/agreements",
        {"person_id": person_id, "app_id": str(DIRECT_APP), "line_id": line_id, "limit_minor": 500_000},
    ).json()
    charge = {"amount_minor": 120_000, "subject": "coat", "agreement_id": agreement["id"], "tender": "card"}
    bought = house.shop.post("/v1/payments", charge, key="coat")
    assert bought.status_code == 201
    return line_id, bought.json()["id"]


def test_a_purchase_goes_into_installments_as_quoted_and_the_plan_is_paid_off_as_quoted(house: RestHouse):
    line_id, payment_id = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"

    quote = house.owner.get(f"{path}/conversion", payment_id=payment_id, installments=12).json()
    made = house.owner.post(f"{path}/conversions", {"payment_id": payment_id, "installments": 12}, key="c-1")
    again = house.owner.post(f"{path}/conversions", {"payment_id": payment_id, "installments": 12}, key="c-2")
    payoff = house.owner.get(f"{path}/plan-payoff", payment_id=payment_id).json()
    order = {"payment_id": payment_id, "amount_minor": payoff["total_minor"], "source": "wallet"}
    paid = house.owner.post(f"{path}/plan-payoffs", order, key="p-1")

    assert (quote["amount_minor"], quote["payable_now_minor"], quote["offer"]["fee_minor"]) == (120_000, 0, 10_368)
    assert made.status_code == 201
    assert made.json()["installments"] == {"count": 12, "fee_minor": 10_368, "fee_payer": "shopper"}
    problem(again, 409, "NothingToConvert")
    assert (payoff["principal_minor"], payoff["fee_minor"], payoff["total_minor"]) == (120_000, 10_368, 130_368)
    assert (paid.status_code, paid.json()["amount_minor"]) == (201, 130_368)
    assert house.owner.get(path).json()["owed_minor"] == 0


def test_a_payoff_of_another_amount_is_refused_with_the_one_it_takes(house: RestHouse):
    line_id, payment_id = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"
    house.owner.post(f"{path}/conversions", {"payment_id": payment_id, "installments": 3}, key="c-1")
    order = {"payment_id": payment_id, "amount_minor": 120_000, "source": "wallet"}

    refused = house.owner.post(f"{path}/plan-payoffs", order, key="p-1")

    problem(refused, 409, "PlanPayoffChanged")
    assert refused.json()["numbers"]["total_minor"] == 122_592


def test_a_part_of_a_bill_goes_into_installments_once_and_what_stays_is_due_as_it_was(house: RestHouse):
    line_id, _ = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"
    house.world.until(date(2026, 4, 2))
    part = {"closes_on": "2026-04-01", "amount_minor": 90_000, "installments": 3}

    quote = house.owner.get(f"{path}/conversion", **part).json()
    most = house.owner.get(f"{path}/conversion", closes_on="2026-04-01", installments=3).json()
    made = house.owner.post(f"{path}/conversions", part, key="c-1")
    same = house.owner.post(f"{path}/conversions", part, key="c-1")
    again = house.owner.post(f"{path}/conversions", part, key="c-2")
    payoff = house.owner.get(f"{path}/plan-payoff", closes_on="2026-04-01").json()

    assert (quote["most_minor"], quote["payable_now_minor"], quote["due_on"]) == (108_000, 30_000, "2026-04-20")
    assert (most["amount_minor"], most["least_minor"], most["most_minor"]) == (108_000, 60_000, 108_000)
    assert (made.status_code, made.json()["closes_on"], made.json()["amount_minor"]) == (201, "2026-04-01", 90_000)
    assert (same.json(), same.headers["idempotency-replayed"]) == (made.json(), "true")
    problem(again, 409, "AlreadyConverted")
    assert (payoff["payment_id"], payoff["principal_minor"], payoff["fee_minor"]) == (None, 90_000, 1_944)
    assert house.owner.get(path).json()["due_minor"] == 30_000


def test_what_cannot_go_into_installments_is_refused_by_name_before_and_when_it_is_asked_for(house: RestHouse):
    line_id, payment_id = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"
    house.world.until(date(2026, 4, 2))
    refused = [
        (409, "ConversionAboveShare", {"closes_on": "2026-04-01", "amount_minor": 108_001, "installments": 3}),
        (409, "NothingToConvert", {"closes_on": "2026-03-01", "amount_minor": 90_000, "installments": 3}),
        (422, "ConversionTooSmall", {"closes_on": "2026-04-01", "amount_minor": 59_999, "installments": 3}),
        (422, "CountNotOffered", {"payment_id": payment_id, "installments": 5}),
    ]

    for number, (status, code, asked) in enumerate(refused):
        problem(house.owner.get(f"{path}/conversion", **asked), status, code)
        problem(house.owner.post(f"{path}/conversions", asked, key=f"c-{number}"), status, code)

    problem(house.owner.get(f"{path}/plan-payoff", payment_id=payment_id), 409, "NoPlanToPayOff")


def test_a_purchase_or_a_bill_must_be_named_and_only_one_of_them(house: RestHouse):
    line_id, payment_id = with_purchase(house)

    both = house.owner.get(f"/v1/owner/lines/{line_id}/plan-payoff", payment_id=payment_id, closes_on="2026-04-01")
    neither = house.owner.get(f"/v1/owner/lines/{line_id}/plan-payoff")

    assert (both.status_code, neither.status_code) == (422, 422)


def test_a_payment_has_one_id_and_one_of_another_line_is_not_found(house: RestHouse):
    line_id, payment_id = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"
    inner = str(house.world.one("SELECT id FROM payment"))
    made = house.owner.post(f"{path}/conversions", {"payment_id": payment_id, "installments": 3}, key="c-1").json()
    house.world.until(date(2026, 4, 2))

    payoff = house.owner.get(f"{path}/plan-payoff", payment_id=payment_id).json()
    document = house.owner.get(f"{path}/statements/2026-04-01").json()

    assert inner != payment_id
    problem(house.owner.get(f"{path}/plan-payoff", payment_id=inner), 404, "NotFound")
    problem(house.owner.get(f"{path}/conversion", payment_id="7", installments=3), 404, "NotFound")
    assert made["payment_id"] == payoff["payment_id"] == document["lines"][0]["payment_id"] == payment_id


def test_a_payoff_is_quoted_day_by_day_and_paying_one_days_amount_on_that_day_leaves_nothing(house: RestHouse):
    line_id, _ = with_purchase(house)
    path = f"/v1/owner/lines/{line_id}"
    house.world.until(date(2026, 4, 25))

    quoted = house.owner.get(f"{path}/payoff", through_on="2026-05-05").json()
    again = house.owner.get(f"{path}/payoff", through_on="2026-05-05").json()
    too_far = house.owner.get(f"{path}/payoff", through_on="2026-08-05")
    house.world.until(date(2026, 5, 3))
    amounts = {day["on"]: day["total_minor"] for day in quoted["days"]}
    order = {"amount_minor": amounts["2026-05-03"], "source": "wallet"}
    paid = house.owner.post(f"{path}/repayments", order, key="p-1")

    assert quoted == again
    assert (quoted["as_of"], quoted["good_through_on"], len(amounts)) == ("2026-04-25", "2026-04-25", 11)
    assert amounts["2026-04-25"] == quoted["total_minor"] < amounts["2026-05-03"]
    problem(too_far, 422, "FieldsInvalid")
    assert paid.status_code == 201
    line = house.owner.get(path).json()
    assert (line["payoff_minor"], line["owed_minor"], line["credit_balance_minor"]) == (0, 0, 0)
