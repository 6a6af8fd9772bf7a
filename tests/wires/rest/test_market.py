"""Where credit may be spent, over REST: answers, changes tried and made, experiments, and what refusals cost."""

from __future__ import annotations

from florin.events import Place
from florin.market.checkout import OpenCheckout
from florin.payments.trade import NO_DETAIL
from florin.queries.answers import answers_of
from florin.queries.shopper import read_purse
from world import DIRECT_APP, SHOP

RULE = {
    "program": "huabei", "market": "jd", "channel": "guest", "answer": "cap", "cap_minor": 30_000,
    "reason_en": "Up to 300 yuan.", "reason_zh": "单笔最高300元。",
}  # fmt: skip


def look(world, name: str, trade_id: int, amount_minor: int) -> None:
    """As the cashier does: her lines are asked, and the checkout is kept."""
    purse = read_purse(world.connection, world.people[name])
    world.connection.commit()
    reference, place = world.engine.reference, Place(market="jd", category="books")
    asked = {"merchant_id": SHOP, "trade_id": trade_id, "tenders": NO_DETAIL.tenders}
    answers = answers_of(purse, reference, place, amount_minor, world.engine.at(), **asked)
    command = OpenCheckout(
        trade_id=trade_id, person_id=purse.wallet.id, merchant_id=SHOP, amount_minor=amount_minor, place=place,
        answers=tuple(each.recorded() for each in answers),
    )  # fmt: skip
    assert world.do(command).event


def test_a_change_is_tried_on_what_was_then_made_and_the_merchant_reads_what_refusals_cost(house):
    world = house.world
    world.person("gina", limit_minor=1_000_00, wallet_minor=1_000_00)
    world.take_in("ali", "jd", market="jd", category="books")
    for amount_minor, pays in ((200_00, True), (250_00, False), (900_00, False)):
        trade = world.ask(amount_minor, app=DIRECT_APP)
        look(world, "gina", trade, amount_minor)
        assert world.pay("gina", trade, amount_minor, seen=True).refusal, "Huabei is refused at JD"
        assert not pays or world.pay("gina", trade, 0, amount_minor).event
    path, asked = f"/v1/owner/persons/{world.people['gina']}/answers", {"merchant_id": SHOP, "amount_minor": 250_00}

    [answered] = house.owner.get(path, **asked).json()["items"]
    costs = house.shop.get("/v1/refused-checkouts", days=7).json()
    preview = house.owner.post("/v1/owner/ecosystems/ali/acceptance/preview", {"rules": [RULE]}).json()
    still = house.owner.get(path, **asked).json()["items"][0]["verdict"]
    made = house.owner.post("/v1/owner/ecosystems/ali/acceptance", {"rules": [RULE], "reason": "agreed"}, key="c1")
    [after] = house.owner.send("GET", path, params=asked, headers={"accept-language": "zh"}).json()["items"]

    assert (answered["verdict"], answered["refusal"], answered["ecosystem"], answered["version"]) == (
        "no", "NotAcceptedHere", "ali", 1,
    )  # fmt: skip
    assert costs["sessions"] == 3
    [cost] = costs["items"]
    assert (cost["refusal"], cost["sessions"], cost["paid"], cost["paid_minor"], cost["lost_minor"]) == (
        "NotAcceptedHere", 3, 1, 200_00, 1_150_00,
    )  # fmt: skip
    assert costs["at_till"] == [{"refusal": "NotAcceptedHere", "count": 3, "amount_minor": 1_350_00}]
    assert (preview["sessions"], preview["gained"], preview["gained_minor"]) == (3, 2, 450_00)
    assert preview["flipped"][0]["merchant_id"] == str(SHOP)
    assert still == "no", "a preview changes nothing"
    assert made.status_code == 201
    assert [rule["version"] for rule in made.json()["rules"] if rule["market"] == "jd"] == [2]
    assert (after["verdict"], after["cap_minor"], after["most_minor"], after["reason"]) == (
        "yes", 300_00, 300_00, "单笔最高300元。",
    )  # fmt: skip


def test_wrong_changes_are_refused_by_name(house):
    taken = house.owner.post("/v1/owner/ecosystems", {"toml": "ali"}, key="a1")
    assert (taken.status_code, taken.json()["programs"]) == (201, ["huabei"])
    path = "/v1/owner/ecosystems/{}/acceptance"

    again = house.owner.post("/v1/owner/ecosystems", {"toml": "ali"}, key="a2")
    wrong = house.owner.post("/v1/owner/ecosystems", {"toml": 'name = "x"'}, key="a3")
    assert (again.json()["code"], wrong.json()["code"]) == ("NothingNew", "FieldsInvalid")

    nobody = house.owner.post(path.format("nobody"), {"rules": [RULE], "reason": "x"}, key="n1")
    past = house.owner.post(path.format("ali"), {"rules": [RULE], "reason": "x", "from_on": "2020-01-01"}, key="n2")
    meets = house.owner.post(path.format("ali") + "/preview", {"rules": [RULE | {"channel": ""}]})
    unknown = house.owner.get(f"/v1/owner/persons/{SHOP}/answers", merchant_id=99, amount_minor=1)

    assert [(each.status_code, each.json()["code"]) for each in (nobody, past, meets, unknown)] == [
        (404, "NoSuchEcosystem"), (422, "AcceptanceIsPast"), (422, "EcosystemContradicts"), (404, "NotFound"),
    ]  # fmt: skip


def test_an_experiment_is_started_seen_and_ended(house):
    until = str(house.world.today.replace(day=28))

    started = house.owner.post(
        "/v1/owner/experiments", {"name": "spring", "share_ppm": 100_000, "until_on": until}, key="e1"
    )
    again = house.owner.post(
        "/v1/owner/experiments", {"name": "other", "share_ppm": 100_000, "until_on": until}, key="e2"
    )
    listed = house.owner.get("/v1/owner/experiments").json()["items"]
    ended = house.owner.post("/v1/owner/experiments/spring/end", {"reason": "enough"}, key="e3")

    assert started.status_code == 201, started.text
    assert (started.json()["runs"], started.json()["until_on"]) == (True, until)
    assert again.json()["code"] == "ExperimentRuns"
    assert [each["name"] for each in listed] == ["spring"]
    assert ended.json()["runs"] is False
    assert "salt" not in ended.text


def test_a_bank_card_is_a_tender_that_a_shop_names(house):
    world = house.world
    world.person("hedy", limit_minor=1_000_00)
    card = world.open_line("hedy", "bank-card", 2_000_00)

    def charge(tender: str) -> dict:
        code, _ = world.engine.issue_payment_code(world.people["hedy"], card)
        body = {"amount_minor": 150_00, "subject": "tea", "payment_code": code} | ({"tender": tender} if tender else {})
        return house.shop.post("/v1/payments", body, key=world.next_number("card-")).json()

    by_credit, by_card, by_any = charge("credit"), charge("card"), charge("")

    assert by_credit["code"] == "TenderNotAccepted"
    assert [each["tenders"][0]["tender"] for each in (by_card, by_any)] == ["card", "card"]
    again = house.shop.get(f"/v1/payments/{by_card['id']}").json()
    assert (again["tenders"][0]["tender"], again["tenders"][0]["paid_minor"]) == ("card", 150_00)
