"""What the owner's program can do, on the real engine: people, lines, statements, repayments, agreements."""

from __future__ import annotations

from datetime import date

import pytest

from florin.credit.terms import SubLimit
from own_programs import own_programs
from wires.rest.house import RestHouse
from wires.rest.test_payments import problem
from world import DIRECT_APP


def joined(house: RestHouse, name: str) -> str:
    return house.owner.post("/v1/owner/persons", {"logon": name, "name": name.title()}, key=f"join-{name}").json()["id"]


def with_line(house: RestHouse, name: str, limit_minor: int) -> tuple[str, str]:
    """(person, line)"""
    person_id = joined(house, name)
    body = {"person_id": person_id, "limit_minor": limit_minor}
    return person_id, house.owner.post("/v1/owner/lines", body, key=f"line-{name}").json()["line_id"]


def test_a_person_joins_and_tops_up(house: RestHouse):
    person_id = joined(house, "alice")
    body = {"amount_minor": 50_000, "bank_reference": "B-1"}

    made = house.owner.post(f"/v1/owner/persons/{person_id}/top-ups", body, key="top-1")
    again = house.owner.post(f"/v1/owner/persons/{person_id}/top-ups", body, key="top-2")

    assert made.status_code == 201
    problem(again, 409, "AlreadyUsed")
    assert house.owner.get(f"/v1/owner/persons/{person_id}").json() == {
        "id": person_id,
        "name": "Alice",
        "logon": "alice",
        "wallet_balance_minor": 50_000,
        "line_id": None,
        "line_ids": [],
    }


def test_a_sign_in_name_is_one_persons(house: RestHouse):
    joined(house, "alice")

    again = house.owner.post("/v1/owner/persons", {"logon": "alice", "name": "Another"}, key="join-2")

    problem(again, 409, "AlreadyUsed")


def test_a_late_line_has_costs_and_no_case_and_is_charged_off(house: RestHouse):
    _, line_id = with_line(house, "late", 1_000_000)
    lines = f"/v1/owner/lines/{line_id}"

    cost = house.owner.post(f"{lines}/costs", {"amount_minor": 2_000, "reason": "letter"}, key="cost")
    case = house.owner.get(f"{lines}/case")
    called = house.owner.post(f"{lines}/case/contacts", {"channel": "call", "by": "chen"}, key="call")
    charged_off = house.owner.post(f"{lines}/charge-off", {"reason": "insolvent"}, key="off")

    problem(cost, 409, "CostRefused")
    problem(case, 409, "NoOpenCase")
    problem(called, 409, "NoOpenCase")
    problem(charged_off, 409, "NothingToChargeOff")
    assert house.owner.post(f"{lines}/charge-off", {"reason": "x", "mode": "half"}, key="half").status_code == 422


def test_a_line_that_was_charged_off_is_neither_frozen_nor_used_again(house: RestHouse):
    person_id, line_id = with_line(house, "late", 1_000_000)
    consent = {"person_id": person_id, "app_id": str(DIRECT_APP), "line_id": line_id, "limit_minor": 500_000}
    agreement = house.owner.post("/v1/owner/agreements", consent).json()
    charge = {"amount_minor": 120_000, "subject": "coat", "agreement_id": agreement["id"], "tender": "credit"}
    house.shop.post("/v1/payments", charge, key="coat")
    lines = f"/v1/owner/lines/{line_id}"

    charged_off = house.owner.post(f"{lines}/charge-off", {"reason": "insolvent"}, key="off")
    again = house.owner.post(f"{lines}/charge-off", {"reason": "insolvent"}, key="off-2")
    frozen = house.owner.post(f"{lines}/freeze", {"reason": "late"}, key="freeze")
    unfrozen = house.owner.post(f"{lines}/unfreeze", {"reason": "paid"}, key="unfreeze")
    bought = house.shop.post("/v1/payments", charge, key="coat-2")

    assert charged_off.status_code == 201, charged_off.text
    problem(again, 409, "NothingToChargeOff")
    problem(frozen, 409, "LineIsChargedOff")
    assert problem(unfrozen, 409, "LineIsChargedOff")["numbers"]["line_id"] == line_id
    problem(bought, 423, "LineNotOpen")
    assert house.owner.get(lines).json()["state"] == "charged-off"


def test_a_line_is_opened_within_the_terms(house: RestHouse):
    person_id = joined(house, "alice")

    opened = house.owner.post("/v1/owner/lines", {"person_id": person_id, "limit_minor": 1_000_000}, key="one")
    second = house.owner.post("/v1/owner/lines", {"person_id": person_id, "limit_minor": 1_000_000}, key="two")
    nobody = house.owner.post("/v1/owner/lines", {"person_id": "42", "limit_minor": 1_000_000}, key="three")
    unknown = house.owner.post(
        "/v1/owner/lines", {"person_id": person_id, "limit_minor": 1, "program": "nothing"}, key="four"
    )

    line_id = opened.json()["line_id"]
    assert (opened.status_code, opened.json()["what"], opened.json()["limit_minor"]) == (201, "opened", 1_000_000)
    assert second.status_code == 409, second.text
    problem(nobody, 404, "NotFound")
    assert problem(unknown, 422, "FieldsInvalid")["errors"][0]["field"] == "program"
    assert house.owner.get(f"/v1/owner/persons/{person_id}").json()["line_id"] == line_id


def test_a_line_shows_what_is_reserved_owed_and_available(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 19_900)
    house.sale("alice", 5_000, capture=False)
    line_id = house.world.line_ids["alice"]

    shown = house.owner.get(f"/v1/owner/lines/{line_id}").json()

    assert shown["person_id"] == str(house.world.people["alice"])
    assert {name: shown[f"{name}_minor"] for name in ("limit", "held", "committed", "owed", "payoff", "available")} == {
        "limit": 1_000_000,
        "held": 5_000,
        "committed": 0,
        "owed": 19_900,
        "payoff": 19_900,
        "available": 975_100,
    }
    assert (shown["state"], shown["as_of"], shown["due_on"]) == ("open", "2026-03-02", None)


def test_the_limit_is_set_and_the_line_frozen_each_once(house: RestHouse):
    _, line_id = with_line(house, "alice", 1_000_000)
    path = f"/v1/owner/lines/{line_id}"

    cut = house.owner.post(f"{path}/limit", {"limit_minor": 10_000, "reason": "asked"}, key="cut")
    again = house.owner.post(f"{path}/limit", {"limit_minor": 10_000, "reason": "asked"}, key="cut")
    frozen = house.owner.post(f"{path}/freeze", {"reason": "lost"}, key="freeze")
    twice = house.owner.post(f"{path}/freeze", {"reason": "lost"}, key="freeze-2")

    assert (again.json(), again.headers["idempotency-replayed"]) == (cut.json(), "true")
    assert (frozen.json()["what"], frozen.json()["reason"]) == ("frozen", "lost")
    problem(twice, 409, "LineAlreadyFrozen")
    line = house.owner.get(path).json()
    assert (line["state"], line["limit_minor"]) == ("frozen", 10_000)


def test_an_uplift_is_in_force_through_its_day_and_in_the_history(house: RestHouse):
    _, line_id = with_line(house, "alice", 1_000_000)
    path = f"/v1/owner/lines/{line_id}"
    body = {"amount_minor": 200_000, "until_on": "2026-03-05", "reason": "festival"}

    given = house.owner.post(f"{path}/uplifts", body, key="uplift")
    past = house.owner.post(f"{path}/uplifts", {**body, "until_on": "2026-03-01"}, key="past")
    during = house.owner.get(path).json()
    house.world.until(date(2026, 3, 6))
    after = house.owner.get(path).json()

    assert (given.status_code, given.json()["what"], given.json()["until_on"]) == (201, "uplift-given", "2026-03-05")
    problem(past, 422, "UpliftDaysOutOfRange")
    assert (during["limit_minor"], during["limit_in_force_minor"], during["available_minor"]) == (
        1_000_000, 1_200_000, 1_200_000,
    )  # fmt: skip
    assert during["uplifts"] == [{"amount_minor": 200_000, "until_on": "2026-03-05"}]
    assert (after["limit_in_force_minor"], after["uplifts"]) == (1_000_000, [])
    history = house.owner.get(f"{path}/limit-history").json()["items"]
    assert [(change["what"], change["reason"]) for change in history] == [
        ("uplift-ended", ""), ("uplift-given", "festival"), ("opened", ""),
    ]  # fmt: skip
    problem(house.owner.get("/v1/owner/lines/42/limit-history"), 404, "NotFound")


def test_autopay_takes_what_is_due_on_its_day_from_the_sources_in_order(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    house.sale("alice", 69_900)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}"

    chosen = house.owner.post(f"{path}/autopay", {"sources": ["wallet", "bank"]}, key="autopay")
    twice = house.owner.post(f"{path}/autopay", {"sources": ["wallet", "wallet"]}, key="twice")
    credit = house.owner.post(f"{path}/autopay", {"sources": ["credit"]}, key="credit")
    house.world.until(date(2026, 4, 10))

    assert (chosen.status_code, chosen.json()["sources"]) == (201, ["wallet", "bank"])
    problem(twice, 422, "SourceRepeated")
    problem(credit, 422, "FieldsInvalid")
    assert house.owner.get(path).json()["due_minor"] == 0
    assert house.world.wallet_minor("alice") == 100_000 - 69_900


def test_a_line_that_owes_is_closed_when_all_is_paid(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    house.sale("alice", 69_900)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}"

    now = house.owner.post(f"{path}/close", {"reason": "asked"}, key="now")
    later = house.owner.post(f"{path}/close", {"reason": "asked", "when_paid": True}, key="later")
    between = house.owner.get(path).json()["state"]
    house.owner.post(f"{path}/repayments", {"amount_minor": 69_900, "source": "wallet"}, key="repay")

    assert problem(now, 409, "StillOwed")["numbers"]["owed_minor"] == 69_900
    assert (later.status_code, later.json()["what"], between) == (201, "closing", "closing")
    assert house.owner.get(path).json()["state"] == "closed"


def test_a_bill_comes_is_paid_in_part_and_falls_past_due(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    house.sale("alice", 69_900)
    line_id = house.world.line_ids["alice"]
    path = f"/v1/owner/lines/{line_id}"
    house.world.until(date(2026, 4, 10))

    paid = house.owner.post(f"{path}/repayments", {"amount_minor": 5_000, "source": "wallet"}, key="repay")
    house.world.until(date(2026, 4, 20))
    line = house.owner.get(path).json()
    (statement,) = house.owner.get(f"{path}/statements").json()["items"]

    assert (paid.status_code, paid.json()["amount_minor"]) == (201, 5_000)
    assert (statement["image_minor"], statement["remaining_minor"], statement["past_due"]) == (69_900, 64_900, True)
    assert statement["lines"][0]["what"] == "purchase"
    alone = house.owner.get(f"{path}/statements/2026-04-01").json()
    assert {name: alone[name] for name in statement if name != "lines"} == {
        name: value for name, value in statement.items() if name != "lines"
    }
    assert (line["due_minor"], line["due_on"], line["past_due_on"], line["days_past_due"]) == (
        64_900,
        "2026-04-10",
        "2026-04-10",
        10,
    )
    assert line["payoff_minor"] == 64_900 + 325  # ten days at 0.05 % on 649.00: 3.245, half up


def test_a_statement_that_the_close_has_not_written_shows_and_nothing_is_written(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 69_900)
    line_id = house.world.line_ids["alice"]
    house.world.connection.execute("UPDATE clock SET business_on = '2026-04-05'")
    house.world.connection.commit()

    statements = house.owner.get(f"/v1/owner/lines/{line_id}/statements").json()["items"]
    line = house.owner.get(f"/v1/owner/lines/{line_id}").json()

    assert [(one["closes_on"], one["remaining_minor"]) for one in statements] == [("2026-04-01", 69_900)]
    assert (line["due_minor"], line["due_on"]) == (69_900, "2026-04-10")
    assert house.world.statements("alice") == []


def test_statements_come_in_pages(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 600_000, installments=12)
    house.world.until(date(2026, 6, 2))
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/statements"

    first = house.owner.get(path, limit=2).json()
    second = house.owner.get(path, limit=2, closes_before=first["next_closes_before"]).json()

    assert [one["closes_on"] for one in first["items"]] == ["2026-06-01", "2026-05-01"]
    assert ([one["closes_on"] for one in second["items"]], second["next_closes_before"]) == (["2026-04-01"], None)


def test_a_repayment_through_the_bank_names_the_banks_reference_once(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 10_000)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/repayments"
    body = {"amount_minor": 4_000, "source": "bank", "bank_reference": "B-7"}

    made = house.owner.post(path, body, key="one")
    again = house.owner.post(path, body, key="two")
    nameless = house.owner.post(path, {"amount_minor": 4_000, "source": "bank"}, key="three")

    assert made.status_code == 201
    problem(again, 409, "AlreadyUsed")
    assert problem(nameless, 422, "FieldsInvalid")["errors"][0]["field"] == "bank_reference"
    assert house.world.line("alice").principal_minor == 6_000


def test_the_wallet_is_not_asked_for_more_than_is_owed(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    house.sale("alice", 10_000)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/repayments"

    answer = house.owner.post(path, {"amount_minor": 10_001, "source": "wallet"}, key="one")

    assert problem(answer, 409, "RepaymentAboveOwed")["numbers"]["owed_minor"] == 10_000


def test_an_agreement_is_given_once_and_ended(house: RestHouse):
    person_id, line_id = with_line(house, "alice", 1_000_000)
    body = {"person_id": person_id, "app_id": "2", "line_id": line_id, "limit_minor": 50_000}
    sale = {"amount_minor": 100, "subject": "tea"}

    given = house.owner.post("/v1/owner/agreements", body).json()
    again = house.owner.post("/v1/owner/agreements", body).json()
    paid = house.shop.post("/v1/payments", {**sale, "agreement_id": given["id"]}, key="one")
    over = house.shop.post("/v1/payments", {**sale, "agreement_id": given["id"], "amount_minor": 50_001}, key="two")
    ended = house.owner.delete(f"/v1/owner/agreements/{given['id']}").json()
    after = house.shop.post("/v1/payments", {**sale, "agreement_id": given["id"]}, key="three")

    assert (again, paid.status_code, ended["state"]) == (given, 201, "ended")
    problem(over, 402, "AgreementLimitExceeded")
    problem(after, 402, "AgreementNotActive")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"app_id": "99"}, "app_id"), ({"line_id": "77"}, "line_id"), ({"limit_minor": 0}, "limit_minor")],
)
def test_an_agreement_with_what_is_not_there_is_refused(house: RestHouse, change, field):
    person_id, line_id = with_line(house, "alice", 1_000_000)
    body = {"person_id": person_id, "app_id": "2", "line_id": line_id, "limit_minor": 50_000, **change}

    answer = house.owner.post("/v1/owner/agreements", body)

    assert problem(answer, 422, "FieldsInvalid")["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "path",
    [
        "/v1/owner/persons/42",
        "/v1/owner/lines/42",
        "/v1/owner/lines/nonsense",
        "/v1/owner/lines/42/statements",
        "/v1/owner/lines/42/statements/2026-04-01",
    ],
)
def test_what_is_not_there_is_not_found(house: RestHouse, path):
    problem(house.owner.get(path), 404, "NotFound")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/owner/persons/42/top-ups", {"amount_minor": 1, "bank_reference": "B"}),
        ("/v1/owner/lines/42/limit", {"limit_minor": 1, "reason": "r"}),
        ("/v1/owner/lines/42/freeze", {"reason": "r"}),
        ("/v1/owner/lines/42/repayments", {"amount_minor": 1, "source": "wallet"}),
        ("/v1/owner/lines/99999999999999999999/freeze", {"reason": "r"}),
        ("/v1/owner/payments/42/receive", {"person_id": "42"}),
        ("/v1/owner/merchants/42/freeze", {}),
    ],
)
def test_nothing_is_done_to_what_is_not_there(house: RestHouse, path, body):
    problem(house.owner.post(path, body, key="one"), 404, "NotFound")


def test_a_date_that_is_none_names_the_part_of_the_path(house: RestHouse):
    answer = house.owner.get("/v1/owner/lines/42/statements/yesterday")

    assert problem(answer, 422, "FieldsInvalid")["errors"][0]["field"] == "closes_on"


def test_the_last_day_that_there_is_has_no_statement(house: RestHouse):
    person_id = house.world.person("last", limit_minor=100_000)
    line_id = house.owner.get(f"/v1/owner/persons/{person_id}").json()["line_id"]

    problem(house.owner.get(f"/v1/owner/lines/{line_id}/statements/9999-12-31"), 404, "NotFound")


def test_a_closed_merchant_is_not_opened_again(house: RestHouse):
    house.world.connection.execute("UPDATE merchant SET state = 'closed' WHERE id = 1")
    house.world.connection.commit()

    problem(house.owner.post("/v1/owner/merchants/1/unfreeze", {}), 409, "MerchantClosed")


def test_an_amount_is_explained_in_the_language_of_the_reader(house: RestHouse):
    house.world.person("alice", limit_minor=100_000)
    house.sale("alice", 19_900)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/explain"

    english = house.owner.get(path).json()
    chinese = house.owner.send("GET", path, params={"what": "available"}, headers={"accept-language": "zh"}).json()

    assert english["answer"]["text"] == "You owe ¥199.00 on 2 March 2026."
    (unbilled,) = english["answer"]["parts"]
    (tea,) = unbilled["parts"]
    (bought,) = tea["parts"]
    assert (tea["text"], bought["event"]["kind"], bought["rules"]) == (
        "tea, Tea House: ¥199.00",
        "Captured",
        ["DRAW_CREDIT"],
    )
    assert chinese["answer"]["text"] == "2026年3月2日您的可用额度为 ¥801.00。"


def test_a_question_that_cannot_be_answered_is_refused_with_those_that_can(house: RestHouse):
    house.world.person("alice", limit_minor=100_000)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/explain"

    unknown = problem(house.owner.get(path, what="everything"), 422, "FieldsInvalid")["errors"][0]
    missing = problem(house.owner.get(path, what="statement=2026-09"), 422, "FieldsInvalid")["errors"][0]

    assert unknown["field"] == missing["field"] == "what"
    assert "statement=2026-04" in unknown["fix"]
    problem(house.owner.get("/v1/owner/lines/42/explain"), 404, "NotFound")
    problem(house.owner.get("/v1/owner/payouts/42/explain"), 404, "NotFound")
    problem(house.shop.get(path), 403, "ScopeWrong")


# ── what counts on a day that is over ─────────────────────────────────────────────────────────────────────────────


def with_a_bill_of_march(house: RestHouse) -> str:
    """Alice bought for 1,000.00 in March and paid nothing by 20 April. Gives the path of her line."""
    house.world.person("alice", limit_minor=1_000_000)
    house.sale("alice", 100_000)
    house.world.until(date(2026, 4, 20))
    return f"/v1/owner/lines/{house.world.line_ids['alice']}"


def test_a_line_is_shown_as_it_was_known_then_and_as_it_is_known_now_to_have_been(house: RestHouse):
    path = with_a_bill_of_march(house)
    body = {"amount_minor": 100_000, "source": "bank", "bank_reference": "B-8", "value_on": "2026-04-08"}

    house.world.bank.book("safeguarded", 100_000, "B-8", house.world.today)
    made = house.owner.post(f"{path}/repayments", body, key="late")
    house.world.until(date(2026, 4, 22))
    then = house.owner.get(path, on="2026-04-15", known_on="2026-04-15").json()
    now = house.owner.get(path, on="2026-04-15").json()

    assert (made.status_code, made.json()["value_on"], made.json()["known_on"]) == (201, "2026-04-08", "2026-04-20")
    assert (then["owed_minor"], then["payoff_minor"], then["past_due_on"]) == (100_000, 100_250, "2026-04-10")
    assert (now["owed_minor"], now["payoff_minor"], now["past_due_on"]) == (0, 0, None)
    assert (now["as_of"], now["known_on"], then["known_on"]) == ("2026-04-15", "2026-04-22", "2026-04-15")
    assert house.owner.get(path, on="2026-04-22").json() == house.owner.get(path).json()


def test_what_was_reserved_and_committed_and_the_limit_are_of_that_day(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}"
    house.world.authorize("alice", 5_000)
    house.world.buy("alice", 7_000, app=1)
    house.world.until(date(2026, 3, 5))
    house.owner.post(f"{path}/limit", {"limit_minor": 500_000, "reason": "review"}, key="cut")

    first, second = (house.owner.get(path, on=on).json() for on in ("2026-03-02", "2026-03-05"))

    amounts = ("limit_minor", "held_minor", "committed_minor", "available_minor")
    assert [first[name] for name in amounts] == [1_000_000, 5_000, 7_000, 988_000]
    assert [second[name] for name in amounts] == [500_000, 5_000, 7_000, 488_000]
    assert second == house.owner.get(path).json()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"on": "2026-04-21"}, "on"),
        ({"on": "2026-03-01"}, "on"),
        ({"known_on": "2026-03-01"}, "known_on"),
        ({"on": "yesterday"}, "on"),
    ],
)
def test_a_day_that_the_line_has_not_is_refused_by_name(house: RestHouse, query, field):
    path = with_a_bill_of_march(house)

    answer = house.owner.get(path, **query)

    assert problem(answer, 422, "FieldsInvalid")["errors"][0]["field"] == field


def test_a_repayment_that_the_bank_took_back_is_owed_again_and_returned_once(house: RestHouse):
    path = with_a_bill_of_march(house)
    paid = {"amount_minor": 60_000, "source": "bank", "bank_reference": "B-9"}
    house.world.bank.book("safeguarded", 60_000, "B-9", house.world.today)
    house.owner.post(f"{path}/repayments", paid, key="paid")
    house.world.until(date(2026, 4, 25))
    returned = {"amount_minor": 60_000, "bank_reference": "B-9", "reason": "recalled"}

    made = house.owner.post(f"{path}/repayments/return", returned, key="return")
    replayed = house.owner.post(f"{path}/repayments/return", returned, key="return")
    again = house.owner.post(f"{path}/repayments/return", returned, key="again")

    shown = made.json()
    assert (made.status_code, shown["value_on"], shown["known_on"]) == (201, "2026-04-20", "2026-04-25")
    assert (replayed.json(), replayed.headers["idempotency-replayed"]) == (shown, "true")
    assert problem(again, 409, "NoSuchRepayment")["numbers"]["reference"] == "B-9"
    assert house.owner.get(path).json()["owed_minor"] == 100_000


def test_a_repayment_that_is_held_is_shown_and_the_owner_clears_it_once(house: RestHouse):
    with own_programs(held={"repayment_hold_days": 3}):
        house.world.person("carol", limit_minor=100_000, program="held")
        path = f"/v1/owner/lines/{house.world.line_ids['carol']}"
        house.world.buy("carol", 60_000)
        house.world.bank.book("safeguarded", 40_000, "B-9", house.world.today)
        paid = {"amount_minor": 40_000, "source": "bank", "bank_reference": "B-9"}
        house.owner.post(f"{path}/repayments", paid, key="paid")
        held = house.owner.get(path).json()
        said = {"amount_minor": 40_000, "bank_reference": "B-9"}

        closed = house.owner.post(f"{path}/close", {"reason": "asked"}, key="close")
        made = house.owner.post(f"{path}/repayments/confirm", said, key="confirm")
        replayed = house.owner.post(f"{path}/repayments/confirm", said, key="confirm")
        again = house.owner.post(f"{path}/repayments/confirm", said, key="again")
        after = house.owner.get(path).json()

    assert (held["owed_minor"], held["available_minor"], held["uncleared_minor"]) == (20_000, 40_000, 40_000)
    assert held["uncleared"] == [
        {
            "amount_minor": 40_000,
            "bank_reference": "B-9",
            "repaid_on": "2026-03-02",
            "clears_on": "2026-03-05",
            "held_minor": 40_000,
        }
    ]
    problem(closed, 409, "StillOwed")
    assert (made.status_code, made.json()["repaid_on"]) == (201, "2026-03-02")
    assert (replayed.json(), replayed.headers["idempotency-replayed"]) == (made.json(), "true")
    assert problem(again, 409, "NoRepaymentHeld")["numbers"]["reference"] == "B-9"
    assert (after["available_minor"], after["uncleared_minor"], after["uncleared"]) == (80_000, 0, [])


def test_what_comes_back_and_when_is_in_the_refusal_and_a_line_that_waits_is_not_closed(house: RestHouse):
    with own_programs(held={"repayment_hold_days": 3}):
        carol = house.world.person("carol", limit_minor=60_000, program="held")
        line_id = house.world.line_ids["carol"]
        house.world.buy("carol", 60_000)
        house.world.repay("carol", 60_000, "bank")
        consent = {"person_id": str(carol), "app_id": str(DIRECT_APP), "line_id": str(line_id), "limit_minor": 50_000}
        agreement = house.owner.post("/v1/owner/agreements", consent).json()
        charge = {"amount_minor": 500, "subject": "tea", "agreement_id": agreement["id"], "tender": "credit"}

        refused = house.shop.post("/v1/payments", charge, key="tea")
        closed = house.owner.post(f"/v1/owner/lines/{line_id}/close", {"reason": "asked"}, key="close")

    numbers = problem(refused, 402, "LimitNotBackYet")["numbers"]
    assert (numbers["back_minor"], numbers["back_on"], numbers["over_minor"]) == (60_000, "2026-03-05", 500)
    assert problem(closed, 409, "StillUncleared")["numbers"]["clears_on"] == "2026-03-05"


def test_a_merchant_is_placed_and_a_sub_limit_of_his_goods_is_shown_and_held(house: RestHouse):
    part = SubLimit(market="guest", channel="offline", limit_minor=10_000)
    with own_programs(parts={"sub_limits": (part,)}):
        carol = house.world.person("carol", limit_minor=100_000, program="parts")
        line_id = house.world.line_ids["carol"]
        consent = {"person_id": str(carol), "app_id": str(DIRECT_APP), "line_id": str(line_id), "limit_minor": 50_000}
        agreement = house.owner.post("/v1/owner/agreements", consent).json()
        charge = {"amount_minor": 8_000, "subject": "tea", "agreement_id": agreement["id"], "tender": "credit"}
        offline = {**charge, "channel": "offline"}

        placed = house.owner.post("/v1/owner/merchants/1/place", {"market": "guest"})
        bought = house.shop.post("/v1/payments", offline, key="till-1")
        refused = house.shop.post("/v1/payments", offline, key="till-2")
        online = house.shop.post("/v1/payments", charge, key="online")
        shown = house.owner.get(f"/v1/owner/lines/{line_id}").json()["sub_limits"]

    assert placed.json() == {"id": "1", "market": "guest", "category": "general", "state": "open"}
    problem(house.owner.post("/v1/owner/merchants/42/place", {"market": "guest"}), 404, "NotFound")
    assert (bought.status_code, online.status_code) == (201, 201)
    numbers = problem(refused, 402, "SubLimitExceeded")["numbers"]
    assert (numbers["market"], numbers["channel"], numbers["over_minor"]) == ("guest", "offline", 6_000)
    assert shown == [
        {
            "market": "guest",
            "category": "",
            "channel": "offline",
            "limit_minor": 10_000,
            "outstanding_minor": 8_000,
            "available_minor": 2_000,
        }
    ]


def test_what_lines_share_is_set_with_a_reason_shown_and_held(house: RestHouse):
    group = {"exposure_group": "house", "exposure_group_limit_minor": 50_000}
    with own_programs(card=group, loan=group):
        carol = house.world.person("carol", limit_minor=60_000, program="card")
        house.world.people["loan"] = carol
        loan = house.world.open_line("loan", "loan", 60_000)
        path = f"/v1/owner/persons/{carol}/shared-limits"
        consent = {"person_id": str(carol), "app_id": str(DIRECT_APP), "line_id": str(loan), "limit_minor": 60_000}
        agreement = house.owner.post("/v1/owner/agreements", consent).json()
        charge = {"amount_minor": 20_000, "subject": "tea", "agreement_id": agreement["id"], "tender": "credit"}
        house.world.buy("carol", 40_000)

        refused = house.shop.post("/v1/payments", charge, key="tea")
        said = {"group": "house", "limit_minor": 60_000, "reason": "income reviewed"}
        made = house.owner.post(path, said, key="share")
        replayed = house.owner.post(path, said, key="share")
        bought = house.shop.post("/v1/payments", charge, key="tea-2")
        nowhere = house.owner.post(path, {**said, "group": "garage"}, key="garage")
        house.owner.post(path, {"group": "house", "reason": "review over"}, key="back")
        shown = house.owner.get(path).json()

    numbers = problem(refused, 402, "SharedLimitExceeded")["numbers"]
    assert (numbers["group"], numbers["over_minor"], numbers["exposure_minor"]) == ("house", 10_000, 40_000)
    assert (made.status_code, made.json()["limit_minor"], replayed.json()) == (201, 60_000, made.json())
    assert bought.status_code == 201
    problem(nowhere, 409, "NoSharedLimit")
    assert shown["items"] == [{"group": "house", "limit_minor": None, "exposure_minor": 60_000}]
    assert [(each["limit_minor"], each["reason"]) for each in shown["changes"]] == [
        (None, "review over"), (60_000, "income reviewed"),
    ]  # fmt: skip


def test_a_bill_day_is_moved_once_a_cycle(house: RestHouse):
    _, line_id = with_line(house, "alice", 100_000)
    path = f"/v1/owner/lines/{line_id}/bill-day"

    moved = house.owner.post(path, {"cycle_day": 15}, key="move")
    again = house.owner.post(path, {"cycle_day": 20}, key="again")
    same = house.owner.post(path, {"cycle_day": 15}, key="same")
    never = house.owner.post(path, {"cycle_day": 32}, key="never")

    assert (moved.status_code, moved.json()["cycle_day"], moved.json()["due_day"]) == (201, 15, 24)
    problem(again, 409, "CycleMovedAlready")
    problem(same, 409, "CycleDayUnchanged")
    problem(never, 422, "FieldsInvalid")


@pytest.mark.parametrize(
    ("source", "value_on", "code"),
    [
        ("bank", "2026-04-21", "ValueDateImpossible"),
        ("bank", "2026-03-01", "ValueDateImpossible"),
        ("wallet", "2026-04-08", "WalletNotBackdated"),
    ],
)
def test_a_value_date_that_cannot_be_is_a_problem(house: RestHouse, source, value_on, code):
    path = with_a_bill_of_march(house)
    body = {"amount_minor": 100, "source": source, "value_on": value_on}

    answer = house.owner.post(
        f"{path}/repayments", body | ({"bank_reference": "B"} if source == "bank" else {}), key="1"
    )

    assert problem(answer, 422, code)["numbers"]["value_on"] == value_on


def test_a_statement_names_what_was_bought_where_and_when_and_is_a_pdf_too(house: RestHouse):
    house.world.person("alice", limit_minor=1_000_000, wallet_minor=100_000)
    house.sale("alice", 19_900)
    house.world.until(date(2026, 4, 2))
    house.world.repay("alice", 5_000)
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/statements/2026-04-01"

    shown = house.owner.get(path).json()
    by_name = house.owner.send("GET", f"{path}.pdf", headers={"accept-language": "zh"})
    by_header = house.owner.send("GET", path, headers={"accept": "application/pdf", "accept-language": "zh"})

    assert shown["lines"][0] | {"payment_id": ""} == {
        "what": "purchase",
        "amount_minor": 19_900,
        "payment_id": "",
        "subject": "tea",
        "merchant": "Tea House",
        "bought_on": "2026-03-02",
        "number": None,
        "count": None,
        "statement_closes_on": None,
        "lent_with": None,
    }
    assert (shown["image_minor"], shown["remaining_minor"]) == (19_900, 14_900)
    assert (shown["annualized_rate_percent"], shown["daily_rate_percent"]) == ("18.25", "0.0500")
    assert [(one["what"], one["counted_minor"]) for one in shown["received_since"]] == [("repaid", 5_000)]
    assert by_name.headers["content-type"] == "application/pdf"
    assert by_name.content.startswith(b"%PDF-")
    assert by_header.content == by_name.content


def test_a_partner_bank_funds_its_share_until_its_agreement_is_closed(house: RestHouse):
    body = {"partner": "Harbor Bank", "programs": ["huabei"], "share_ppm": 700_000, "cap_minor": 1_000_000}

    too_much = house.owner.post("/v1/owner/partners", {**body, "share_ppm": 700_001}, key="too-much")
    opened = house.owner.post("/v1/owner/partners", body, key="open")
    again = house.owner.post("/v1/owner/partners", body, key="open")
    path = f"/v1/owner/partners/{opened.json()['id']}"
    listed = house.owner.get("/v1/owner/partners").json()["items"]
    closed = house.owner.post(f"{path}/close", {"reason": "renewed"}, key="close")

    assert (too_much.status_code, too_much.json()["code"]) == (422, "OwnShareTooSmall")
    assert (opened.status_code, opened.json()["left_minor"], opened.json()["own_minor"]) == (201, 1_000_000, 0)
    assert (again.status_code, again.json()["id"]) == (201, opened.json()["id"])
    assert opened.json() in listed
    assert (closed.status_code, closed.json()["state"]) == (201, "closed")
    assert house.owner.get(path).json()["state"] == "closed"
    assert house.owner.get("/v1/owner/partners/7").status_code == 404


def test_a_campaign_is_opened_topped_up_recalled_and_closed(house: RestHouse):
    body = {"name": "Spring", "budget_minor": 100_00, "until_on": "2026-04-30", "amount_off_minor": 20_00}

    wrong = house.owner.post("/v1/owner/campaigns", {**body, "amount_off_minor": 0}, key="wrong")
    opened = house.owner.post("/v1/owner/campaigns", body, key="open")
    again = house.owner.post("/v1/owner/campaigns", body, key="open")
    path = f"/v1/owner/campaigns/{opened.json()['id']}"
    topped_up = house.owner.post(f"{path}/top-up", {"amount_minor": 50_00}, key="top-up")
    too_much = house.owner.post(f"{path}/recall", {"amount_minor": 150_01}, key="too-much")
    recalled = house.owner.post(f"{path}/recall", {"amount_minor": 100_00}, key="recall")
    closed = house.owner.post(f"{path}/close", {"reason": "over"}, key="close")

    assert (wrong.status_code, wrong.json()["code"]) == (422, "CampaignTermsInvalid")
    assert (opened.status_code, opened.json()["left_minor"], opened.json()["kind"]) == (201, 100_00, "coupon")
    assert (again.status_code, again.json()["id"]) == (201, opened.json()["id"])
    assert topped_up.json()["allotted_minor"] == 150_00
    assert (too_much.status_code, too_much.json()["code"]) == (409, "RecallExceedsBudget")
    assert recalled.json()["left_minor"] == 50_00
    assert (closed.status_code, closed.json()["state"]) == (201, "closed")
    assert house.owner.get(path).json() == closed.json()
    assert house.owner.get("/v1/owner/campaigns").json()["items"] == [closed.json()]
    assert house.owner.get("/v1/owner/campaigns/7").status_code == 404
