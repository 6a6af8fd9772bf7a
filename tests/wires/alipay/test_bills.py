"""Bills over the wire: a link to a published day, good for a while and for nothing else."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wires.alipay.house import DIRECT_SHOP, House, Shop

METHOD = "alipay.data.dataservice.bill.downloadurl.query"


def asked(shop: Shop, day: object, bill_type: str = "trade") -> dict[str, Any]:
    return shop.call(METHOD, bill_type=bill_type, bill_date=str(day))


def fetched(house: House, url: str, **changed: str) -> Any:
    query = dict(parse_qsl(urlsplit(url).query)) | changed
    return asyncio.run(house.gateway.bill(lambda name: query.get(name, "")))


def sold_yesterday(house: House) -> Any:
    """The day on which alice bought tea for 12.00 of the direct app, closed since."""
    shop = Shop(house, DIRECT_SHOP)
    code = house.code_of("alice")
    order = {"out_trade_no": "tea-1", "total_amount": "12.00", "subject": "茶", "scene": "bar_code", "auth_code": code}
    assert shop.call("alipay.trade.pay", **order)["code"] == "10000"
    sold_on = house.world.today
    house.world.until(sold_on + timedelta(days=1))
    return sold_on


def test_a_published_day_is_a_zip_of_what_this_app_sold(house: House):
    sold_on = sold_yesterday(house)
    shop = Shop(house, DIRECT_SHOP)

    link = asked(shop, sold_on)["bill_download_url"]
    month = asked(shop, f"{sold_on:%Y-%m}")
    file = fetched(house, link)

    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode("gbk")
    assert link.startswith("http://api.test/gateway.do/bill?")
    assert "tea-1" in text
    assert "12.00" in text
    assert month["sub_code"] == "isp.bill_not_exist"  # the month is not over


def test_the_bill_of_funds_lists_the_sale_and_its_fee_with_what_is_owed_after_each(house: House):
    sold_on = sold_yesterday(house)
    shop = Shop(house, DIRECT_SHOP)

    file = fetched(house, asked(shop, sold_on, "signcustomer")["bill_download_url"])

    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        one_by_one, sums = (archive.read(name).decode("gbk").splitlines() for name in archive.namelist())
    rows = [line.replace("\t", "").split(",") for line in one_by_one if not line.startswith("#")]
    assert [(row[6], row[7], row[8], row[10]) for row in rows[1:]] == [
        ("12.00", "0.00", "12.00", "交易"), ("0.00", "-0.07", "11.93", "扣除交易手续费"),
    ]  # fmt: skip
    assert sums[-2] == "合计,1,12.00,1,-0.07,11.93"
    assert fetched(house, asked(shop, sold_on)["bill_download_url"], type="signcustomer") is None


def test_a_link_is_good_for_what_it_names_and_for_a_while(house: House):
    sold_on = sold_yesterday(house)
    link = asked(Shop(house, DIRECT_SHOP), sold_on)["bill_download_url"]
    wall_now = house.gateway.wall_now

    assert fetched(house, link, app="7") is None
    assert fetched(house, link, until="99999999999") is None
    assert fetched(house, link, key="") is None
    assert fetched(house, "http://x/?") is None
    house.gateway.wall_now = lambda: wall_now() + timedelta(minutes=6)
    assert fetched(house, link) is None


def test_what_is_not_published_or_another_apps_or_no_day_is_refused_by_name(house: House, shop: Shop):
    sold_on = sold_yesterday(house)

    assert asked(shop, sold_on)["sub_code"] == "isp.bill_not_exist"  # the escrow app sold nothing
    assert asked(Shop(house, DIRECT_SHOP), house.world.today)["sub_code"] == "isp.bill_not_exist"
    assert asked(shop, "5 March")["sub_code"] == "ACQ.INVALID_PARAMETER"
    assert asked(shop, sold_on, "settlementMerge")["sub_code"] == "ACQ.INVALID_PARAMETER"
