"""One person with several lines: the cashier says of each whether it pays here, and she pays with the one she chose."""

from __future__ import annotations

import re

import pytest
from msgspec import convert

from florin.events.market import AcceptanceRule, CheckoutOpened, LineAnswer
from florin.market.change import ChangeAcceptance
from pages_world import SHOP, to_pay

FOUR = ("baitiao-bill", "fenfu", "bank-card")


@pytest.fixture
def lines(shop) -> dict[str, int]:
    """Alice has Huabei with ¥10,000.00, and Baitiao, Fenfu and a card with ¥2,000.00 each. The shop is a restaurant."""
    lines = {"huabei": shop.line_ids["Alice"]}
    lines |= {program: shop.open_line("Alice", program, 2_000_00) for program in FOUR}
    shop.take_in("ali", "jd", "tencent", "bank", market="street", category="dining")
    return lines


def ways_of(page) -> list[str]:
    return re.findall(r'name="way" value="([^"]+)"', page.content.decode())


def test_each_line_says_whether_it_pays_here_up_to_how_much_and_why_not(shop, browser, lines):
    trade = shop.order("Dinner for two", 1_200_00, channel="offline")

    english, chinese = (browser("alice", language=language).read(to_pay(trade)) for language in ("en", "zh-CN"))

    for said in (
        "For small bills at restaurants. At most ¥500.00 a purchase; this one is ¥700.00 more.",
        "It can be used at JD only.",
        "Accepted here up to ¥3,000.00 a purchase.",
        "Credit card",
        "bears interest from the day of payment",
        "14.60%",
    ):
        assert said in english
    for said in (
        "单笔最高 ¥500.00，本次超出 ¥700.00",
        "白条仅限在京东使用",
        "单笔最高可付 ¥3,000.00",
        "自付款当日起计息",
    ):
        assert said in chinese
    offered = ways_of(browser("alice").get(to_pay(trade)))
    assert {way.partition("-")[0] for way in offered} == {
        f"credit.{lines['fenfu']}", f"credit.{lines['bank-card']}",
    }  # fmt: skip


def test_a_cap_of_a_month_is_shown_with_what_is_left_of_it(shop, browser, lines):
    rule = AcceptanceRule(
        program="huabei", category="dining", channel="offline", answer="yes", cap_month_minor=700_00,
        reason_en="A little.", reason_zh="少量。",
    )  # fmt: skip
    assert shop.do(ChangeAcceptance(ecosystem="ali", from_on=shop.today, rules=(rule,), reason="tried")).event
    line_id, alice = lines["huabei"], browser("alice")
    trade = shop.order("Breakfast", 200_00, channel="offline")
    alice.send_form(to_pay(trade), way=f"credit.{line_id}-0")
    assert shop.payment_id(trade)

    page = alice.read(to_pay(shop.order("Lunch", 100_00, channel="offline")))
    refused = browser("alice", language="zh-CN").read(to_pay(shop.order("Dinner", 600_00, channel="offline")))

    assert "Accepted here up to ¥700.00 a calendar month; ¥500.00 of it is left." in page
    assert "少量。每个自然月最高 ¥700.00，本月已用 ¥200.00，本次超出 ¥100.00。" in refused


def test_what_can_pay_comes_first_and_the_engine_refuses_what_the_cashier_refuses(shop, browser, lines):
    trade, alice = shop.order("Dinner", 400_00, channel="offline"), browser("alice")
    page = alice.read(to_pay(trade))
    assert page.index("Pay in parts") < page.index("Baitiao, one bill a month")

    refused = alice.send_form(to_pay(trade), way=f"credit.{lines['baitiao-bill']}-0")
    nobodys = alice.send_form(to_pay(trade), way="credit-0")

    assert refused.status_code == 422
    assert "It can be used at JD only." in refused.content.decode()
    assert nobodys.status_code == 422, "of several lines none is meant"
    assert shop.payment_id(trade) == 0


def test_she_pays_with_the_line_that_she_chose(shop, browser, lines):
    trade, alice = shop.order("Dinner", 400_00, channel="offline"), browser("alice")

    alice.send_form(to_pay(trade), way=f"credit.{lines['bank-card']}-0")

    assert shop.payment(shop.payment_id(trade)).line_id == lines["bank-card"]
    assert "Credit card" in alice.read(to_pay(trade))


def test_a_shop_that_takes_cards_only_shows_no_credit_of_an_ecosystem(shop, browser, lines):
    trade = shop.order("Dinner", 400_00, channel="offline", tenders=("wallet", "card"))

    page = browser("alice").get(to_pay(trade))

    assert {way.partition("-")[0] for way in ways_of(page)} == {f"credit.{lines['bank-card']}", "wallet"}
    assert "Pay in parts" not in page.content.decode()


def test_a_checkout_is_one_event_with_all_answers_however_often_she_looks(shop, browser, lines):
    trade, alice = shop.order("Dinner", 600_00, channel="offline", tenders=("wallet", "credit")), browser("alice")

    for _ in range(2):
        alice.get(to_pay(trade))
    browser("bob").get(to_pay(trade))

    rows = shop.connection.execute(
        "SELECT person_id, merchant_id, body FROM event WHERE kind = %s AND trade_id = %s ORDER BY recorded_at",
        (CheckoutOpened.kind, trade),
    ).fetchall()
    shop.connection.commit()
    assert [(person, merchant) for person, merchant, _ in rows] == [
        (shop.people["Alice"], SHOP),
        (shop.people["Bob"], SHOP),
    ]
    body = rows[0][2]
    answers = convert(body["answers"], tuple[LineAnswer, ...])
    assert (body["amount_minor"], body["market"], body["category"], body["sold"]) == (
        600_00,
        "street",
        "dining",
        "offline",
    )
    assert [(each.program, each.verdict, each.refusal, each.ecosystem, each.version) for each in answers] == [
        ("huabei", "cap", "AcceptanceCapExceeded", "ali", 1),
        ("baitiao-bill", "no", "NotAcceptedHere", "jd", 1),
        ("fenfu", "yes", "", "tencent", 1),
        ("bank-card", "no", "TenderNotAccepted", "bank", 1),
    ]
    assert "answers" not in rows[1][2]


def test_she_chooses_which_line_her_pages_show_and_a_form_is_about_the_line_it_showed(shop, browser, lines):
    shop.buy("Alice", 150_00, channel="offline")  # with the card, her newest line
    alice = browser("alice")
    card, huabei = lines["bank-card"], lines["huabei"]

    assert "Limit ¥10,000.00" in alice.read("/")
    assert "¥1,850.00" in alice.read(f"/?line={card}")
    shop.connection.execute("UPDATE line SET due_minor = 4200 WHERE id = %s", (lines["fenfu"],))
    shop.connection.commit()
    assert "Pay in parts ¥42.00 due" in alice.read("/"), "what is due on another line is seen from this one"
    bill = alice.get("/bill").content.decode()
    assert f'name="line" value="{card}"' in bill
    form = alice.form_key("/bill")
    alice.get(f"/?line={huabei}")
    alice.send_form("/bill", line=card, amount="150.00", key=form)

    owed = shop.one("SELECT principal_minor FROM line WHERE id = %s", card)
    assert owed == 0
    assert "Limit ¥10,000.00" in alice.read("/bill")
    assert alice.get(f"/?line={shop.people['Bob']}").status_code == 200


def test_her_payment_code_is_of_the_line_that_she_chose(shop, browser, lines):
    alice = browser("alice")

    alice.get(f"/code?line={lines['fenfu']}")

    assert shop.one("SELECT line_id FROM payment_code ORDER BY expires_at DESC LIMIT 1") == lines["fenfu"]


def test_the_merchant_reads_what_refusals_cost_him_and_not_what_is_the_matter_with_a_line(shop, browser, lines):
    lost, paid = shop.order("Banquet", 1_200_00, channel="offline"), shop.order("Soup", 40_00, channel="offline")
    alice = browser("alice")
    alice.get(to_pay(lost))
    alice.get(to_pay(paid))
    alice.send_form(to_pay(paid), way="wallet-0")

    english, chinese = (browser("teahouse", language=each).read("/merchant/refusals") for each in ("en", "zh-CN"))

    assert "¥1,200.00 2 checkouts, 2 in which a line could not pay: 1 paid another way, 1 not at all." in english
    assert "Not accepted here 2 checkouts, ¥1,240.00; 1 paid another way ¥1,200.00" in english
    assert "Pay later: above the most of one purchase" in english
    assert "共2次收银，其中2次有额度不可用" in chinese
    assert "花呗：超过单笔上限" in chinese


def test_a_card_is_a_tender_of_its_own_on_the_receipt_and_the_wires(shop, browser, lines):
    from florin.wires.alipay.words import bills_of

    trade = shop.order("Dinner", 400_00, channel="offline")
    browser("alice").send_form(to_pay(trade), way=f"credit.{lines['bank-card']}-0")

    payment = shop.payment(shop.payment_id(trade))
    assert payment.particulars.card
    assert bills_of(payment) == [("400.00", "BANKCARD")]
