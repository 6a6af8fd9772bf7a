"""A Django shop with django-alipay2, its gateway set in the database and nothing else: to the cashier, told, refunded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from florin.app.certificates import certificates_of
from florin.engine.outbox import deliver_due
from florin.wires.alipay.renderer import AlipayRenderer
from florin.wires.keys import forms as keys
from florin.wires.keys import load_master_key
from sdk.sdks import HERE, Sdk
from sdk.served import Served
from wires.alipay.house import ESCROW_SHOP
from wires.alipay.listener import Listener
from world import SHOP

pytestmark = pytest.mark.sdk


@pytest.fixture(scope="module")
def plugin(sdk_python: Callable[[str], Path]) -> Sdk:
    return Sdk("django-alipay2", sdk_python("alipay-django"), HERE / "django_driver.py")


def certified(open_house: Served) -> dict[str, str]:
    house = open_house.house
    made = certificates_of(
        house.world.connection,
        app_id=ESCROW_SHOP,
        merchant="tea house",
        public_key=keys.public_key_base64(house.key.public_key()),
        master=load_master_key(house.folder / "master.key"),
    )
    house.world.connection.commit()
    house.apps._signing_keys._known.clear()
    return {"app_cert": made.app, "alipay_cert": made.alipay, "alipay_root_cert": made.root}


@pytest.mark.parametrize("mode", ["key", "certificate"])
def test_a_django_shop_sells_is_told_and_refunds(mode: str, plugin: Sdk, open_house: Served, listener: Listener):
    house, number = open_house.house, f"django-{mode}"
    shop = open_house.shop(**(certified(open_house) if mode == "certificate" else {}))
    notify_at = "{0.scheme}://{0.netloc}".format(urlsplit(listener.url))
    redirect = {
        "do": "redirect",
        "out_trade_no": number,
        "subject": "茶具",
        "total_amount": "199.00",
        "notify_at": notify_at,
    }
    address = plugin.run(shop, redirect)[0]["answer"]

    page = httpx.get(address, headers={"accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"].startswith("http://pages.test/")
    assert house.pay("alice", number).event is not None
    with psycopg.connect(house.world.dsn, autocommit=True) as connection:
        deliver_due(connection, {"alipay": AlipayRenderer(house.apps)}, house.world.engine.at().instant)
    told = next(form for form in listener.told if form["out_trade_no"] == number)
    notified, forged, refunded, funds, given = plugin.run(
        shop,
        {"do": "notified", "form": told},
        {"do": "notified", "form": {**told, "total_amount": "0.01", "out_trade_no": "x"}},
        {"do": "refund", "out_trade_no": number, "number": "r1", "amount": "60.00"},
        {"do": "funds", "pid": str(SHOP)},
        {"do": "transfer", "pid": str(house.world.people["alice"]), "number": f"t-{mode}", "amount": "1.00"},
    )

    assert notified["answer"] == {"said": "success", "status": "TRADE_SUCCESS"}
    assert forged["answer"]["said"] == "failed"
    assert (funds["answer"]["available_amount"], given["answer"]["sub_code"]) == ("0.00", "PAYER_BALANCE_NOT_ENOUGH")
    assert (refunded["answer"]["fund_change"], refunded["answer"]["refund_fee"]) == ("Y", "60.00")
