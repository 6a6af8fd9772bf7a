"""Adverse actions: a reason of the list for each, read by the customer, kept in the month's record; and who lends is named."""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from app.operator import Operator
from conftest import FreshDatabase
from florin.credit.adverse import REASONS, REFUSALS, reason_of
from florin.credit.authorize import LineNotOpen
from florin.credit.decline import DeclineCredit
from florin.credit.freeze import FreezeLine
from florin.credit.limit import SetLimit
from florin.credit.open import OpenLine
from florin.documents import Lender
from florin.engine import lane_of
from florin.events.refusals import REFUSALS as KNOWN
from florin.wires.rest import Settings, create_app
from wires.rest.house import Client, RestHouse, checkout
from world import DIRECT_APP

PAGE = (Path(__file__).parents[3] / "docs/reference/adverse-actions.md").read_text(encoding="utf-8")


@pytest.fixture
def alice(house: RestHouse) -> str:
    house.world.person("alice", limit_minor=1_000_000)
    return f"/v1/owner/lines/{house.world.line_ids['alice']}"


def test_the_page_lists_each_reason_as_it_is_read():
    told = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)

    assert told == [(code, reason.en, reason.zh) for code, reason in REASONS.items()]


def test_every_refusal_of_credit_has_a_reason_of_the_list_and_stands_on_the_page():
    assert set(REFUSALS) <= KNOWN.keys()
    for name in REFUSALS:
        assert f"`{name}`" in PAGE
    for state in ("frozen", "closing", "closed", "charged-off"):
        assert reason_of(LineNotOpen(state=state, line_id=1)) in REASONS


def test_a_cut_a_freeze_and_a_decline_say_why_and_the_customer_reads_it(house: RestHouse, alice: str):
    person_id = house.world.people["alice"]
    house.owner.post(f"{alice}/limit", {"limit_minor": 2_000_000, "reason": "good"}, key="raise")
    house.owner.post(f"{alice}/limit", {"limit_minor": 500_000, "reason": "score 611", "code": "usage"}, key="cut")
    declined = house.owner.post(
        f"/v1/owner/persons/{person_id}/declines",
        {"program": "huabei", "line_id": alice.rpartition("/")[2], "amount_minor": 900_000, "code": "income"},
        key="decline",
    )
    assert (declined.status_code, declined.json()["reason"]) == (201, REASONS["income"].en)
    house.owner.post(f"{alice}/freeze", {"reason": "many orders", "code": "suspected-misuse"}, key="freeze")

    notices = house.owner.send("GET", f"{alice}/notices", headers={"accept-language": "zh"}).json()["items"]

    assert [(each["what"], each["code"], each["reason"]) for each in notices] == [
        ("frozen", "suspected-misuse", "疑似异常交易"),
        ("uplift-declined", "income", "收入不足或无法核实"),
        ("limit-cut", "usage", "账户使用情况"),
    ]
    assert notices[2]["amount_minor"] == 500_000
    house.world.assert_books_hold()


def test_a_closing_and_a_charge_off_say_why_and_stand_in_the_months_record(
    house: RestHouse, alice: str, fresh_database: FreshDatabase, tmp_path: Path
):
    world = house.world
    bob = f"/v1/owner/lines/{(world.person('bob', limit_minor=100_000), world.line_ids['bob'])[1]}"
    carol = f"/v1/owner/lines/{(world.person('carol', limit_minor=100_000), world.line_ids['carol'])[1]}"
    for name in ("alice", "carol"):
        world.buy(name, 50_000)
    unknown = house.owner.post(f"{bob}/close", {"reason": "x", "code": "zodiac"}, key="zodiac")
    house.owner.post(f"{bob}/close", {"reason": "two names", "code": "identity"}, key="close")
    house.owner.post(f"{carol}/close", {"reason": "score", "when_paid": True, "code": "credit-history"}, key="closing")
    house.owner.post(f"{alice}/charge-off", {"reason": "gone"}, key="off")

    told = {path: house.owner.get(f"{path}/notices").json()["items"] for path in (alice, bob, carol)}

    assert (unknown.status_code, unknown.json()["code"]) == (422, "ReasonUnknown")
    assert [(each[0]["what"], each[0]["code"]) for each in told.values()] == [
        ("charged-off", "past-due"),
        ("closed", "identity"),
        ("closing", "credit-history"),
    ]
    world.repay("carol", 50_000)
    assert [each["what"] for each in house.owner.get(f"{carol}/notices").json()["items"]] == ["closing"]
    world.until(date(2026, 4, 2))
    found = Operator(fresh_database, tmp_path).json("report", "adverse-actions", "2026-03")["actions"]
    assert [(each["action"], each["code"], each["words"]) for each in found] == [
        ("closed", "identity", "two names"),
        ("closing", "credit-history", "score"),
        ("charged-off", "past-due", "gone"),
    ]
    world.assert_books_hold()


def test_a_line_that_the_clock_charges_off_is_told_that_it_is_past_due(house: RestHouse, alice: str):
    house.world.buy("alice", 50_000)
    house.world.until(date(2026, 10, 20))

    newest = house.owner.get(f"{alice}/notices").json()["items"][0]

    assert (newest["what"], newest["code"], newest["reason"]) == ("charged-off", "past-due", REASONS["past-due"].en)


def test_a_line_and_a_plans_payoff_name_the_lender(house: RestHouse, alice: str, named: Client):
    bought = house.world.buy("alice", 120_000, installments=12)
    paid = {"name": "Lotus Consumer Finance", "hotline": "400 000"}

    line = named.get(alice).json()
    quoted = named.get(f"{alice}/plan-payoff", payment_id=str(bought.event.trade_id)).json()

    assert line["lender"] == quoted["lender"] == paid


def test_a_code_that_is_not_on_the_list_is_refused_and_so_is_somebody_elses_line(house: RestHouse, alice: str):
    unknown = house.owner.post(f"{alice}/freeze", {"reason": "x", "code": "zodiac"}, key="zodiac")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "ReasonUnknown")
    assert "credit-history" in unknown.json()["numbers"]["known"]
    bob = house.world.person("bob")
    of_another = house.owner.post(
        f"/v1/owner/persons/{bob}/declines",
        {"program": "huabei", "line_id": alice.rpartition("/")[2], "code": "income"},
        key="another",
    )
    assert (of_another.status_code, of_another.json()["code"]) == (422, "LineOfAnother")


def test_a_refused_purchase_names_its_principal_reason(house: RestHouse, alice: str):
    body = {"amount_minor": 2_000_000, "payer_id": str(house.world.people["alice"]), "subject": "Car"}
    refused = house.world.buy("alice", 2_000_000, app=DIRECT_APP)
    assert refused.refusal is not None
    assert reason_of(refused.refusal) == "limit-used"
    asked = house.owner.post(f"{alice}/limit", {"limit_minor": 10**11, "reason": "x"}, key="much")
    assert asked.json()["principal_reason"] == "limit-not-offered"
    assert "principal_reason" not in house.owner.post("/v1/owner/lines", body, key="broken").json()


def test_the_months_record_has_every_action_and_no_wish_of_her_own(
    house: RestHouse, fresh_database: FreshDatabase, tmp_path: Path
):
    world = house.world
    world.person("alice", limit_minor=1_000_000)
    world.person("bob")
    alice, bob = world.people["alice"], world.people["bob"]
    line_id = world.line_ids["alice"]
    world.do(DeclineCredit(person_id=bob, program="huabei", amount_minor=500_000, code="no-history", reason="no file"))
    world.do(SetLimit(line_id=line_id, limit_minor=900_000, reason="asked", code="own-request"))
    world.do(SetLimit(line_id=line_id, limit_minor=100_000, reason="score", code="credit-history"))
    world.buy("alice", 200_000, app=DIRECT_APP)
    world.do(FreezeLine(line_id=line_id, reason="theft"))
    world.buy("alice", 100, app=DIRECT_APP)
    world.until(date(2026, 4, 2))
    world.do(DeclineCredit(person_id=bob, program="huabei", code="income"))
    operator = Operator(fresh_database, tmp_path)

    found = operator.json("report", "adverse-actions", "2026-03")["actions"]

    assert [(each["action"], each["code"], each["person_id"], each["amount_minor"]) for each in found] == [
        ("line-declined", "no-history", str(bob), 500_000),
        ("limit-cut", "credit-history", str(alice), 100_000),
        ("purchase-refused", "limit-used", str(alice), 200_000),
        ("frozen", "other", str(alice), 0),
        ("purchase-refused", "account-frozen", str(alice), 0),
    ]
    assert {each["line_id"] for each in found} == {"", str(line_id)}
    assert (found[0]["words"], found[0]["reason_zh"]) == ("no file", "信用记录不足")
    rows = list(csv.DictReader(StringIO(operator("report", "adverse-actions", "2026-03", "--csv"))))
    assert [row["code"] for row in rows] == [each["code"] for each in found]
    assert "credit-history" in operator("report", "adverse-actions", "2026-03")
    assert len(operator.json("report", "adverse-actions", "2026-04")["actions"]) == 1
    world.assert_books_hold()


# ── who lends ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def named(house: RestHouse) -> Client:
    """The owner's client of a house that says who lends."""
    settings = Settings(checkout_url=checkout, lender=Lender(name="Lotus Consumer Finance", hotline="400 000"))
    app = create_app(house.world.engine, house.reads, settings)
    return Client(house.loop, app, house.owner.api_key)


def test_quotes_and_agreements_name_the_lender(house: RestHouse, alice: str, named: Client):
    quotes = named.get("/v1/quotes", amount_minor=100_000, program="huabei").json()
    agreement = named.post(
        "/v1/owner/agreements",
        {"person_id": str(house.world.people["alice"]), "app_id": str(DIRECT_APP), "limit_minor": 10_000},
    ).json()

    lender = {"name": "Lotus Consumer Finance", "hotline": "400 000"}
    assert quotes["lender"] == agreement["lender"] == lender
    assert house.owner.get("/v1/quotes", amount_minor=100_000).json()["lender"] == {"name": None, "hotline": None}


def test_quotes_and_statements_name_the_partner_bank_that_lends_its_share(house: RestHouse, alice: str, named: Client):
    partner = {"partner": "Harbor Bank", "programs": ["huabei"], "share_ppm": 700_000, "cap_minor": 100_000_000}
    none_yet = named.get("/v1/quotes", amount_minor=100_000, program="huabei").json()
    assert house.owner.post("/v1/owner/partners", partner, key="partner").status_code == 201
    harbor = {"partner": "Harbor Bank", "share_ppm": 700_000}

    quotes = named.get("/v1/quotes", amount_minor=100_000, program="huabei").json()
    other = named.get("/v1/quotes", amount_minor=100_000, program="fenfu").json()
    house.world.buy("alice", 100_000, app=DIRECT_APP)
    house.world.until(date(2026, 4, 2))
    path = f"/v1/owner/lines/{house.world.line_ids['alice']}/statements/2026-04-01"
    statement = named.get(path).json()

    assert (none_yet["partners"], other["partners"], quotes["partners"]) == ([], [], [harbor])
    assert (statement["lender"], statement["partners"]) == ("Lotus Consumer Finance", ["Harbor Bank"])
    assert [line["lent_with"] for line in statement["lines"]] == [harbor]
    assert named.get(f"{path}.pdf").content.startswith(b"%PDF-")


def test_a_conversion_names_the_lender_before_it_is_agreed(house: RestHouse, named: Client):
    person_id = house.world.person("bob")
    line_id = house.world.line_ids["bob"] = house.world.engine.new_id(lane_of(person_id))
    house.world.do(OpenLine(person_id=person_id, line_id=line_id, program="bank-card", limit_minor=1_000_000))
    order_id = house.world.buy("bob", 100_000, app=DIRECT_APP).event.trade_id

    quote = named.get(f"/v1/owner/lines/{line_id}/conversion", payment_id=str(order_id), installments=3).json()

    assert quote["lender"]["name"] == "Lotus Consumer Finance"
