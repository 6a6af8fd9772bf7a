"""Relief by the owner's program: each preview says what the command then does, and refusals have names and numbers."""

from __future__ import annotations

from datetime import date

from wires.rest.house import RestHouse
from wires.rest.test_payments import problem
from wires.rest.test_plans import with_purchase


def late(house: RestHouse) -> str:
    line_id, _ = with_purchase(house)
    house.world.until(date(2026, 6, 25))
    return f"/v1/owner/lines/{line_id}"


def test_a_hardship_plan_is_agreed_as_previewed_and_the_line_says_so(house: RestHouse):
    path = late(house)
    asked = {"installments": 12, "waive_penalty": True}

    said = house.owner.get(f"{path}/hardship-plan", installments=12, waive_penalty="true").json()
    made = house.owner.post(f"{path}/hardship-plans", asked | {"reason": "lost her work"}, key="h-1")
    again = house.owner.post(f"{path}/hardship-plans", asked | {"reason": "lost her work"}, key="h-1")
    twice = house.owner.post(f"{path}/hardship-plans", asked | {"reason": "again"}, key="h-2")

    assert (said["principal_minor"], said["yearly_rate_percent"], len(said["installments"])) == (120_000, "6.00", 12)
    assert said["yearly_rate_before_percent"] == "18.25"
    assert said["waived_penalty_minor"] > 0
    assert sum(part["total_minor"] for part in said["installments"]) == said["total_minor"]
    assert made.status_code == 201
    for field in ("principal_minor", "charges_minor", "interest_minor"):
        assert made.json()[field] == said[field]
    assert (again.json(), again.headers["idempotency-replayed"]) == (made.json(), "true")
    problem(twice, 409, "HardshipRuns")
    line = house.owner.get(path).json()
    assert (line["state"], line["past_due_on"], line["due_minor"]) == ("hardship", None, 0)
    assert line["owed_minor"] == said["total_minor"]


def test_a_hardship_plan_ends_early_by_agreement_and_the_line_is_open_again(house: RestHouse):
    path = late(house)
    none_runs = house.owner.post(f"{path}/hardship-plan-ends", {"reason": "too early"}, key="e-0")
    house.owner.post(f"{path}/hardship-plans", {"installments": 12, "reason": "lost her work"}, key="h-1")
    owed_minor = house.owner.get(path).json()["owed_minor"]

    ended = house.owner.post(f"{path}/hardship-plan-ends", {"reason": "works again"}, key="e-1")
    again = house.owner.post(f"{path}/hardship-plan-ends", {"reason": "works again"}, key="e-1")

    problem(none_runs, 409, "NoHardshipPlan")
    assert ended.status_code == 201
    assert (ended.json()["rest"], ended.json()["rest_minor"]) == ("due_at_once", owed_minor)
    assert (again.json(), again.headers["idempotency-replayed"]) == (ended.json(), "true")
    line = house.owner.get(path).json()
    assert line["state"] == "open"
    assert line["owed_minor"] < owed_minor
    house.world.assert_books_hold()


def test_a_late_line_is_brought_current_as_previewed(house: RestHouse):
    path = late(house)
    problem(house.owner.get(f"{path}/re-age"), 409, "ReAgeTooLittlePaid")
    refused = house.owner.post(f"{path}/re-ages", {"reason": "asked"}, key="r-0")
    problem(refused, 409, "ReAgeTooLittlePaid")
    short_minor = refused.json()["numbers"]["short_minor"]
    house.owner.post(f"{path}/repayments", {"amount_minor": short_minor, "source": "wallet"}, key="pay")

    said = house.owner.get(f"{path}/re-age").json()
    made = house.owner.post(f"{path}/re-ages", {"reason": "pays again"}, key="r-1")
    twice = house.owner.post(f"{path}/re-ages", {"reason": "pays again"}, key="r-2")

    assert said["days_past_due"] > 0
    assert said["next_minimum_minor"] < said["next_minimum_before_minor"]
    assert (made.status_code, made.json()["arrears_minor"]) == (201, said["arrears_minor"])
    problem(twice, 409, "NothingPastDue")
    line = house.owner.get(path).json()
    assert (line["past_due_on"], line["days_past_due"]) == (None, 0)


def test_counts_that_are_no_hardship_plan_are_refused_with_those_that_are(house: RestHouse):
    path = late(house)

    refused = house.owner.get(f"{path}/hardship-plan", installments=5)

    problem(refused, 422, "HardshipNotOffered")
    assert refused.json()["numbers"]["offered"] == "12, 24, 36, 60"
