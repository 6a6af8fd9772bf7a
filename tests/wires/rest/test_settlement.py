"""Merchants by the owner's program: onboarded, settled by terms, held, paid out by four eyes; and what each reads himself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from conftest import FreshDatabase
from florin.engine import lane_for
from florin.payments.bank_break import FindBreak
from florin.wires.keys import create_api_key
from florin.wires.rest.operations.onboarding import _TEA
from wires.rest.house import RestHouse
from world import SHOP, START, World

OF_SHOP = f"/v1/owner/merchants/{SHOP}/settlement"
PLAN = "name = 'own'\ntitle_en = 'Own'\ntitle_zh = '自有'\n[[versions]]\nfrom_on = 2026-01-01\n"
PLAN += "fees = [{{ fee = 'mdr', rate = {rate} }}]\n"
DECIDED = {"by": "anna", "reason": "contract 18"}


@pytest.fixture
def house(fresh_database: FreshDatabase) -> Iterator[RestHouse]:
    with World(fresh_database.engine, negative_limit_minor=10_000) as world, RestHouse(world) as house:
        world.person("alice", wallet_minor=200_000)
        yield house


def test_a_merchant_applies_is_checked_refused_changed_approved_and_opened(house: RestHouse):
    draft = house.owner.post("/v1/owner/applications", {"name": "Jade Tea", "by": "anna"})
    again = house.owner.post("/v1/owner/applications", {"name": "Jade Tea", "by": "anna"})
    other = house.owner.post("/v1/owner/applications", _TEA)
    one = f"/v1/owner/applications/{draft.json()['id']}"
    early = house.owner.post(f"{one}/submit", {"by": "anna"})
    assert house.owner.post(f"{one}/change", {**_TEA, "account_name": "Lin"}).json()["missing"] == []
    submitted = house.owner.post(f"{one}/submit", {"by": "anna"}).json()
    failed = house.owner.post(f"{one}/approve", DECIDED)
    approved = house.owner.post(f"{one}/approve", {**DECIDED, "in_spite": True}).json()
    opened = house.owner.post(f"{one}/open", DECIDED).json()

    assert (draft.status_code, again.json()) == (201, draft.json())
    assert (other.status_code, other.json()["code"]) == (409, "MerchantNameInUse")
    assert (early.status_code, early.json()["code"]) == (422, "ApplicationIncomplete")
    checks = {finding["check"]: finding["passes"] for finding in submitted["findings"]}
    assert (checks["registration"], checks["account name"]) == (True, False)
    assert (failed.status_code, failed.json()["code"]) == (409, "ChecksFailed")
    assert (approved["state"], opened["state"]) == ("approved", "opened")
    assert [(step["state"], step["decided_by"]) for step in opened["steps"]][-2:] == [
        ("approved", "anna"),
        ("opened", "anna"),
    ]
    assert [each["id"] for each in house.owner.get("/v1/owner/applications").json()["items"]] == [draft.json()["id"]]
    assert house.shop.get("/v1/application").status_code == 404
    assert house.owner.post(f"{one}/refuse", DECIDED).json()["code"] == "ApplicationState"


def test_who_is_blocked_is_not_approved_until_he_is_off_the_list_and_goods_need_their_licence(house: RestHouse):
    one = f"/v1/owner/applications/{house.owner.post('/v1/owner/applications', _TEA).json()['id']}"
    house.owner.post("/v1/owner/blocked-parties", {"text": "jade tea co", "by": "risk", "reason": "fakes"})
    house.owner.post("/v1/owner/licences", {"category": "tea", "document": "food-licence"})
    submitted = house.owner.post(f"{one}/submit", {"by": "anna"}).json()
    blocked = house.owner.post(f"{one}/approve", {**DECIDED, "in_spite": True})
    assert house.owner.post("/v1/owner/blocked-parties/remove", {"text": "Jade Tea Co."}).json()["blocked"] is False

    approved = house.owner.post(f"{one}/approve", {**DECIDED, "in_spite": True})

    assert {each["check"] for each in submitted["findings"] if not each["passes"]} == {"blocked", "licence"}
    assert (blocked.status_code, blocked.json()["code"]) == (409, "ApplicantBlocked")
    assert approved.json()["state"] == "approved"


def test_terms_are_dated_and_cut_offs_begin_tomorrow(house: RestHouse):
    terms = {**DECIDED, "pays": "cut_off", "cut_offs": ["12:00", "18:30"], "payout_minor_min": 100}
    answer = house.owner.post(OF_SHOP, terms).json()
    today = house.owner.post(OF_SHOP, {**terms, "from_on": str(START)})
    falling = house.owner.post(OF_SHOP, {**terms, "cut_offs": ["12:00", "09:00"]})

    assert answer["terms"]["from_on"] is None
    [later] = answer["next_terms"]
    assert (later["from_on"], later["cut_offs"], later["pays"]) == ("2026-03-03", ["12:00", "18:30"], "cut_off")
    assert (today.status_code, today.json()["numbers"]["field"]) == (422, "from_on")
    assert (falling.status_code, falling.json()["numbers"]["field"]) == (422, "cut_offs")
    assert house.shop.get("/v1/settlement").json() == answer


def test_payouts_are_held_released_approved_by_two_and_told_back_to_their_trades(house: RestHouse):
    assert house.owner.post("/v1/owner/payout-policy", {"approvals": 2}).status_code == 200
    held = house.owner.post(f"{OF_SHOP}/hold", DECIDED, key="h1")
    house.world.buy("alice", wallet_minor=100_000)
    house.world.until(START + timedelta(days=1))
    assert house.owner.get("/v1/owner/payout-batches").json() == {"items": []}
    released = house.owner.post(f"{OF_SHOP}/release", DECIDED, key="h2")
    house.world.until(START + timedelta(days=2))
    day = f"/v1/owner/payout-batches/{START + timedelta(days=2)}"
    wrong = house.owner.post(f"{day}/approve", {"seen_minor": 1, "by": "anna"})
    first = house.owner.post(f"{day}/approve", {"seen_minor": 99_400, "by": "anna"}).json()
    same = house.owner.post(f"{day}/approve", {"seen_minor": 99_400, "by": "anna"}).json()
    second = house.owner.post(f"{day}/approve", {"seen_minor": 99_400, "by": "bob"}).json()
    [line] = house.owner.get(day).json()["items"]
    statement = house.owner.get(f"/v1/owner/payouts/{line['id']}/statement").json()

    assert held.json()["held_because"] == "contract 18"
    assert (released.status_code, released.json()["held_because"]) == (201, "")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "PayoutSumChanged")
    assert [each["waits"] for each in (first, same, second)] == [True, True, False]
    assert (statement["amount_minor"], statement["gross_minor"], statement["fees"]) == (
        99_400,
        100_000,
        {"payment": 600},
    )
    [trade] = statement["trades"]
    assert (trade["order_number"], trade["net_minor"]) == ("order-2", 99_400)
    assert house.shop.get(f"/v1/payouts/{line['id']}/statement").json() == statement
    [own] = house.shop.get("/v1/payouts").json()["items"]
    assert (own["id"], own["amount_minor"]) == (line["id"], 99_400)


def test_another_merchants_payout_is_not_there_and_what_is_owed_is_invoiced_and_paid_back(house: RestHouse):
    sale = house.world.buy("alice", wallet_minor=100_000)
    house.world.until(START + timedelta(days=1))
    payout_id = house.world.one("SELECT id FROM payout")
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO merchant (id, lane, name, mdr_ppm) SELECT 2, lane, 'Baker', 0 FROM merchant")
        connection.execute("INSERT INTO merchant_balance (lane, id) SELECT lane, id FROM merchant WHERE id = 2")
        connection.execute("INSERT INTO app (id, merchant_id, name, wire, market) VALUES (9, 2, 'b', 'rest', 'direct')")
        connection.execute("UPDATE clock SET reference_version = reference_version + 1")
        baker = house.client(create_api_key(connection, "merchant", 9))
    house.world.refund(sale.event_id, 9_000)

    assert baker.get(f"/v1/payouts/{payout_id}/statement").json()["code"] == "NotFound"
    invoiced = house.owner.post(f"{OF_SHOP}/invoice", {"due_on": "2026-04-30"}, key="i1")
    assert (invoiced.status_code, invoiced.json()["available_minor"]) == (201, -9_000)
    paid = house.owner.post(f"{OF_SHOP}/paid-back", {"amount_minor": 4_000, "bank_reference": "B-1"}, key="p1")
    again = house.owner.post(f"{OF_SHOP}/paid-back", {"amount_minor": 4_000, "bank_reference": "B-1"}, key="p2")
    assert (paid.json()["available_minor"], again.json()["code"]) == (-5_000, "AlreadyUsed")
    moved = house.owner.post(f"{OF_SHOP}/account", {"account": "CN-9", "by": "anna"}, key="a1")
    assert (moved.status_code, moved.json()["payout_account"]) == (201, "CN-9")


def test_a_charge_of_the_bank_is_booked_once_and_made_good(house: RestHouse):
    world = house.world
    world.bank.book("safeguarded", -500, "fee", world.today)
    for break_id, found_minor in ((lane := lane_for("safeguarded"), -500), (lane, 700)):
        command = FindBreak(
            break_id=world.engine.new_id(break_id), account="safeguarded", what="missing-with-us", reference="fee",
            entry_ref=f"fee{found_minor}", expected_minor=0, found_minor=found_minor, since_on=world.today,
        )  # fmt: skip
        assert world.do(command).event
    fee, other = world.connection.execute("SELECT id FROM bank_break ORDER BY found_minor").fetchall()
    said = {"by": "mei", "reason": "fee of March"}

    charged = house.owner.post(f"/v1/owner/bank/breaks/{fee[0]}/charge", said, key="c1")
    replayed = house.owner.post(f"/v1/owner/bank/breaks/{fee[0]}/charge", said, key="c1")
    again = house.owner.post(f"/v1/owner/bank/breaks/{fee[0]}/charge", said, key="c2")
    no_charge = house.owner.post(f"/v1/owner/bank/breaks/{other[0]}/charge", said, key="c3")

    assert (charged.status_code, charged.json()["state"]) == (201, "resolved")
    assert (replayed.status_code, replayed.headers["idempotency-replayed"]) == (201, "true")
    assert again.json()["code"] in ("BreakNotOpen", "AlreadyUsed")
    assert (no_charge.status_code, no_charge.json()["code"]) == (409, "BreakIsNoCharge")
    assert (world.balance("BANK_CHARGES"), world.balance("OWN_CASH")) == (500, -500)
    assert world.one("SELECT sum(amount_minor) FROM bank_line WHERE account = 'own'") == -500


def test_a_fee_plan_is_added_and_what_holds_is_never_replaced(house: RestHouse):
    toml = PLAN.format(rate=0.005)
    added = house.owner.post("/v1/owner/fee-plans", {"toml": toml})
    changed = house.owner.post("/v1/owner/fee-plans", {"toml": PLAN.format(rate=0.004)})
    broken = house.owner.post("/v1/owner/fee-plans", {"toml": "name = 1"})

    assert (added.status_code, added.json()["versions"]) == (200, ["2026-01-01"])
    assert (changed.status_code, changed.json()["code"]) == (409, "FeePlanInForce")
    assert (broken.status_code, broken.json()["errors"][0]["field"]) == (422, "toml")
    assert "own" in [plan["name"] for plan in house.owner.get("/v1/owner/fee-plans").json()["items"]]


def test_safeguarding_is_told_term_by_term_for_each_day_and_a_merchants_debt_is_a_claim(house: RestHouse):
    sale = house.world.buy("alice", wallet_minor=100_000)
    house.world.until(START + timedelta(days=1))
    house.world.refund(sale.event_id, 9_000)
    house.world.until(START + timedelta(days=2))

    found = house.owner.get("/v1/owner/safeguarding").json()["items"]
    none = house.owner.get("/v1/owner/safeguarding", from_on="0001-01-01", until_on="0001-01-02").json()["items"]

    assert [(day["proven_on"], day["holds"], day["excess_minor"]) for day in found] == [
        ("2026-03-04", True, 0),
        ("2026-03-03", True, 0),
    ]
    owed = {term["name"]: term["amount_minor"] for term in found[0]["owed"]}
    assert (owed["WALLET"], owed["PAYOUT_IN_TRANSIT"]) == (109_000, 99_400)
    assert (owed["MERCHANT_AVAILABLE"], owed["CLAIMS_ON_NEGATIVE_MERCHANTS"]) == (0, -9_000)
    assert sum(owed.values()) == found[0]["owed_minor"] == found[0]["covers_minor"]
    assert none == []
