"""Several shops in one checkout; the clock, refund requests and disputes, as both sides read and do them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from florin.credit.plans import quote
from florin.engine import ClaimKind, Submission, admin, claim, lane_for, lane_of
from florin.payments.ask import Ask
from florin.payments.items import OrderLine
from florin.payments.parent import AskParent
from florin.payments.requests.terms import know_own_terms
from florin.payments.ship import Ship
from florin.payments.trade import Flow, TradeDetail
from florin.presets import escrow_text
from pages_world import ESCROW_APP, SHOP, PagesWorld, to_pay

LAMPS = 12
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
CUPS = (
    OrderLine(sku="cup", title="Tea cup", quantity=2, unit_minor=40_00, amount_minor=80_00),
    OrderLine(sku="post", title="Shipping", quantity=1, unit_minor=20_00, amount_minor=20_00),
)


def parent_order(shop: PagesWorld, tea_minor: int = 100_00, lantern_minor: int = 50_00) -> tuple[int, list[int]]:
    """A checkout over the tea house and a lamp shop; (parent, trades)."""
    shop.connection.execute("UPDATE merchant SET market = 'taobao' WHERE id = %s", (SHOP,))
    shop.connection.execute("UPDATE app SET mall = true WHERE id = %s", (ESCROW_APP,))
    shop.connection.execute(
        "INSERT INTO merchant (id, lane, name, name_zh, market, mdr_ppm)"
        " VALUES (%s, %s, 'Lantern Lane', '灯笼巷', 'taobao', 6000)",
        (LAMPS, lane_of(LAMPS)),
    )
    shop.connection.execute("UPDATE clock SET reference_version = reference_version + 1")
    shop.connection.commit()
    parent_id = shop.engine.new_id(lane_for("C-1"))
    asks = [
        Ask(
            trade_id=shop.engine.new_id(lane_for(number)),
            app_id=ESCROW_APP,
            merchant_id=seller,
            out_trade_no=number,
            amount_minor=amount,
            subject=subject,
            flow=Flow.ESCROW,
            detail=TradeDetail(parent_id=parent_id),
        )
        for number, seller, subject, amount in (
            ("C-1-1", SHOP, "Longjing tea", tea_minor),
            ("C-1-2", LAMPS, "Lantern", lantern_minor),
        )
    ]
    trades = tuple(ask.trade_id for ask in asks)
    held = AskParent(parent_id=parent_id, app_id=ESCROW_APP, out_trade_no="C-1", trade_ids=trades)
    outcomes = shop.engine.execute(
        [
            *(Submission(command=a, claims=(claim(ClaimKind.ORDER, 1, a.out_trade_no),), group=1) for a in asks),
            Submission(command=held, group=1),
        ]
    )
    assert [outcome.refusal for outcome in outcomes] == [None] * 3
    return parent_id, list(trades)


def test_orders_of_two_shops_are_paid_on_one_page_and_none_of_them_alone(shop, browser):
    parent_id, trades = parent_order(shop)
    alice, bob = browser("alice"), browser("bob")

    shown = alice.read(to_pay(parent_id))
    assert all(part in shown for part in ("¥150.00", "Longjing tea", "Lantern Lane", "¥50.00"))
    assert "part of a checkout over several shops" in alice.read(to_pay(trades[0]))
    assert "12 installments" not in shown, "the lantern is too small for twelve"
    assert alice.get(f"/pay/{parent_id}/made-up").status_code == 404
    assert "credit line" in bob.read(to_pay(parent_id))
    paid = alice.send_form(to_pay(parent_id), way="credit-0")

    assert paid.status_code == 302, paid.content.decode()
    receipt = alice.read(to_pay(parent_id))
    assert "¥150.00 Paid" in receipt
    assert "order by order" in receipt
    opened = shop.connection.execute(
        "SELECT trade_id, merchant_id, body->'amount_minor' FROM event WHERE kind = 212 AND person_id = %s ORDER BY 2",
        (shop.people["Alice"],),
    ).fetchall()
    shop.connection.commit()
    assert opened == [(trades[0], SHOP, 100_00), (trades[1], LAMPS, 50_00)], "a checkout of each shop's order"
    assert shop.line("Alice").committed_minor == 150_00
    closed = bob.read(to_pay(parent_id))
    assert "already paid" in closed
    assert "¥150.00" not in closed


def test_installments_over_two_shops_are_their_plans_added_up_and_a_coupon_is_taken_off_the_whole(shop, browser):
    parent_id, trades = parent_order(shop, 4_000_00, 2_000_00)
    campaign = shop.campaign(1_000_00, name="Spring")
    alice = browser("alice")
    page = alice.get(to_pay(parent_id)).content.decode()
    coupon = re.search(r'name="coupon" value="([^"]+)"', page)[1]
    assert coupon == f"{campaign}-2000"
    read, lent_minor = alice.read(to_pay(parent_id)), (3_986_67, 1_993_33)
    plans = [quote(minor, 12, shop.engine.reference.terms("huabei", shop.today)) for minor in lent_minor]
    together = sum(each.total_minor for each in plans)

    assert f"12 × ¥{sum(each.per_period_minor for each in plans) / 100:,.2f}" in read
    assert f"¥{together / 100:,.2f}" in read
    assert "left to pay ¥5,980.00" in read
    paid = alice.send_form(to_pay(parent_id), way="credit-12", coupon=coupon)

    assert paid.status_code == 302, paid.content.decode()
    payments = [shop.payment(shop.payment_id(trade)) for trade in trades]
    assert [(each.credit_paid_minor, each.coupon_paid_minor) for each in payments] == [
        (3_986_67, 13_33),
        (1_993_33, 6_67),
    ]
    owed = sum(each.credit_paid_minor + each.plan.shopper_fee_minor for each in payments)
    assert owed == together, "what she was shown is what she owes"


def bought(shop: PagesWorld, **detail: Any) -> int:
    trade_id = shop.order("Tea set", 100_00, app=ESCROW_APP, lines=CUPS, **detail)
    return int(shop.pay("Alice", trade_id, 0, 100_00).event.payment_id)


def test_the_clock_says_whom_the_money_waits_for_and_may_be_put_off_once(shop, browser):
    payment_id, alice = bought(shop), browser("alice")

    before = alice.read(f"/orders/{payment_id}")
    alice.post(f"/orders/{payment_id}/extend", key=alice.form_key(f"/orders/{payment_id}"))
    after = alice.read(f"/orders/{payment_id}")

    assert "or on 12 March 2026 if you do nothing" in before
    assert "Wait 3 days longer" in before
    assert "or on 15 March 2026 if you do nothing" in after
    assert "days longer" not in after
    assert browser("bob").get(f"/orders/{payment_id}/refund").status_code == 404


def test_a_clock_that_starts_with_the_parcel_says_so_until_it_is_sent(shop, browser):
    own = escrow_text().replace("from_on = 2000-01-01", f"from_on = {shop.today}")
    own = own.replace('other = "paid"', 'other = "shipped"')
    assert admin.add_escrow_terms(shop.connection, own, shop.today, shop.today)
    shop.connection.commit()
    try:
        payment_id, alice = bought(shop), browser("alice")
        page, listed = alice.read(f"/orders/{payment_id}"), alice.read("/orders")
        receipt = alice.read(to_pay(shop.payment(payment_id).trade_id))

        assert "Once the shop says that it was sent you have 10 days" in page
        assert "Confirm receipt" in page
        assert "confirmed on" not in page + listed
        assert "nothing is decided by itself before it was sent" in receipt
        ship = Ship(payment_id=payment_id, merchant_id=SHOP, carrier="SF", tracking_no="SF1")
        assert shop.do(ship).event
        assert "or on 12 March 2026 if you do nothing" in alice.read(f"/orders/{payment_id}")
    finally:
        know_own_terms(())


def test_what_is_reserved_says_until_when(shop, browser):
    payment_id = shop.authorize("Alice", 0, 50_00).event.payment_id

    shown = browser("alice").read(f"/orders/{payment_id}")

    assert "¥50.00 is reserved until" in shown
    assert "Ask for a refund" not in shown


def test_a_request_goes_from_hand_to_hand_until_it_is_disputed_with_a_picture(shop, browser, tmp_path):
    payment_id, alice, tea_house = bought(shop), browser("alice"), browser("teahouse")
    page = f"/orders/{payment_id}/refund"

    assert "At most ¥100.00" in alice.read(page)
    unreadable = alice.send_form(page, do="ask", reason="defective", amount="lots")
    asked = alice.send_form(page, do="ask", reason="defective", note="chipped", **{"line-1": "1"})
    assert (unreadable.status_code, asked.status_code) == (422, 302)
    waiting = alice.read(page)
    assert all(part in waiting for part in ("Waiting for the shop", "¥40.00", "Tea cup × 1", "chipped"))
    assert "The clock stands still" in alice.read(f"/orders/{payment_id}")
    assert "Confirm receipt" not in alice.read(f"/orders/{payment_id}")

    desk = f"/merchant/orders/{payment_id}"
    assert "Tea set" in tea_house.read("/merchant/requests")
    assert "Agree and refund ¥40.00" in tea_house.read(desk)
    assert tea_house.send_form(desk, do="refuse", note="it was whole").status_code == 302
    assert "it was whole" in alice.read(page)
    assert alice.send_form(page, do="dispute", note="it was not").status_code == 302

    with override_settings(EVIDENCE_FOLDER=tmp_path):
        fake = SimpleUploadedFile("cup.png", b"<script>alert(1)</script>", content_type="image/png")
        refused = alice.send_form(page, do="show", files=fake)
        picture = SimpleUploadedFile("cup.png", PNG, content_type="text/html")
        shown = alice.send_form(page, do="show", note="see the rim", files=picture)
        assert (refused.status_code, shown.status_code) == (422, 302), shown.content.decode()
        digest = next(path.name for path in tmp_path.rglob("*") if path.is_file())
        seen = tea_house.get(f"{desk}/files/{digest}")
        assert (seen.content, seen["Content-Type"]) == (PNG, "image/png")
        assert seen["Content-Disposition"].startswith("attachment")
        assert tea_house.get(f"{desk}/files/{'0' * 64}").status_code == 404
        assert browser("bob").get(f"{page}/files/{digest}").status_code == 404
    assert "see the rim" in tea_house.read(desk)

    withdrawn = alice.send_form(page, do="withdraw")
    assert withdrawn.status_code == 302
    assert "or on 12 March 2026" in alice.read(f"/orders/{payment_id}")


def test_goods_go_back_and_the_shop_keeps_what_it_may(shop, browser):
    payment_id, alice, tea_house = bought(shop), browser("alice"), browser("teahouse", language="zh")
    page = f"/orders/{payment_id}/refund"
    assert alice.send_form(page, do="ask", reason="changed_mind", sort="return", amount="100.00").status_code == 302
    desk = f"/merchant/orders/{payment_id}"

    too_much = tea_house.send_form(desk, do="agree", fee="31")
    assert too_much.status_code == 422
    assert tea_house.send_form(desk, do="agree", fee="8.00").status_code == 302
    assert "待寄回" in tea_house.read(desk)
    assert alice.send_form(page, do="send", carrier="SF", tracking_no="SF1").status_code == 302
    assert "已收到退货，退款¥92.00" in tea_house.read(desk)
    assert tea_house.send_form(desk, do="agree").status_code == 302

    assert "¥92.00 was given back" in alice.read(page)
    assert shop.wallet_minor("Alice") == 500_00 - 8_00


@pytest.mark.parametrize("path", ["/orders/17/refund", "/merchant/orders/17"])
def test_a_number_that_is_nobodys_is_not_found(shop, browser, path):
    assert browser("alice" if path.startswith("/orders") else "teahouse").get(path).status_code == 404
