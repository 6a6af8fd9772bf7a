"""Bill files: the canonical one, and those in the wires' own forms."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha1

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from florin.documents.bills import alipay_zip, bill_csv, bill_json, fund_flow_bill, packed, trade_bill
from florin.documents.bills.alipay import DETAIL_COLUMNS, SUMMARY_COLUMNS
from florin.documents.bills.wechat import TRADE_COLUMNS
from florin.ledger import POSTINGS, Account, Rule
from florin.payments.earned import OWN_ACCOUNTS, Earned, earned
from florin.queries.bills import Bill, BillLine

ON, NEXT = date(2026, 3, 2), date(2026, 3, 3)
AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
TEA_HOUSE = 5
SOLD = BillLine(
    type="sale", event_id=11, at=AT, on=ON, merchant_id=TEA_HOUSE, trade_id=1, payment_id=2, person_id=7, app_id=3,
    order_number="tea-1", subject="Oolong, 2 boxes", store_id="bund", asked_at=AT, order_minor=120_00, refund_number="",
    reason="", plan_count=3, mdr_ppm=6_000, discount_minor=20_00,
    earned=Earned(credit_minor=70_00, wallet_minor=20_00, coupon_minor=10_00, fees={"payment": 60, "installments": 1_75}),
    balance_minor=147_65,
)  # fmt: skip
BACK = replace(
    SOLD, type="refund", event_id=12, refund_number="r1", reason="cold", discount_minor=0,
    earned=Earned(credit_minor=-30_00, fees={"payment": -18, "return": -5}), balance_minor=117_88,
)  # fmt: skip
PAID = replace(
    SOLD, type="payout", event_id=13, payout_id=13, trade_id=0, app_id=0, order_number="", subject="", store_id="",
    plan_count=0, discount_minor=0, earned=Earned(paid_out_minor=117_88), balance_minor=0,
)  # fmt: skip
BILL = Bill(
    merchant_id=TEA_HOUSE, name="Tea House", name_zh="茶馆", from_on=ON, before_on=NEXT, opening_minor=50_00,
    lines=[SOLD, BACK, PAID],
)  # fmt: skip


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_line_of_the_csv_has_the_columns_of_its_head_and_the_sums_are_those_of_its_lines():
    head, *rest = rows_of(bill_csv(BILL).content)
    lines = [dict(zip(head, row, strict=True)) for row in rest[:3]]

    assert [(line["type"], line["amount"], line["net"], line["balance"]) for line in lines] == [
        ("sale", "120.00", "97.65", "147.65"),
        ("refund", "-30.00", "-29.77", "117.88"),
        ("payout", "0.00", "-117.88", "0.00"),
    ]
    assert (lines[0]["own_discount"], lines[0]["fee_installments"], lines[1]["fee_other"]) == (
        "-20.00",
        "-1.75",
        "0.05",
    )
    assert rest[3:] == [
        [],
        ["sum", "lines", "amount", "fees", "net"],
        ["sale", "1", "120.00", "2.35", "97.65"],
        ["refund", "1", "-30.00", "-0.23", "-29.77"],
        ["payout", "1", "0.00", "0.00", "-117.88"],
        ["all", "3", "90.00", "2.12", "-50.00"],
        ["opening", "", "", "", "50.00"],
        ["closing", "", "", "", "0.00"],
    ]


def test_the_json_says_what_the_csv_says_and_names_every_fee():
    document = json.loads(bill_json(BILL).content)

    head, *rows = rows_of(bill_csv(BILL).content)
    for line, row in zip(document["lines"], rows, strict=False):
        assert {name: line[name] for name in head} == dict(zip(head, row, strict=True))
    assert document["lines"][1]["fees"] == {"payment": "-0.18", "return": "-0.05"}
    assert (document["opening"], document["closing"]) == ("50.00", "0.00")


def test_the_alipay_zip_holds_two_gbk_files_whose_rows_have_the_columns_that_programs_read():
    file = alipay_zip(BILL, seller_id="2088")

    with zipfile.ZipFile(io.BytesIO(file.content), metadata_encoding="gbk") as archive:
        detail, summary = (archive.read(name).decode("gbk").split("\r\n") for name in archive.namelist())
        assert archive.namelist() == ["20880156_20260302_业务明细.csv", "20880156_20260302_业务明细(汇总).csv"]
    assert detail[:3] == [
        "#支付宝业务明细查询",
        "#账号：[20880156]",
        "#起始日期：[2026年03月02日 00:00:00]   终止日期：[2026年03月03日 00:00:00]",
    ]
    sold, back = (dict(zip(DETAIL_COLUMNS.split(","), row.split(","), strict=True)) for row in detail[5:7])
    assert (sold["支付宝交易号"], sold["业务类型"], sold["完成时间"]) == ("1\t", "交易\t", "2026-03-02 17:05:00")
    assert (sold["订单金额（元）"], sold["商家实收（元）"], sold["商家优惠（元）"]) == ("120.00", "100.00", "20.00")
    assert (back["业务类型"], back["订单金额（元）"], back["服务费（元）"]) == ("退款\t", "-30.00", "0.23")
    all_stores = dict(zip(SUMMARY_COLUMNS.split(","), summary[6].split(","), strict=True))
    assert (all_stores["门店编号"], all_stores["交易订单总笔数"], all_stores["退款订单总笔数"]) == ("合计\t", "1", "1")
    assert (all_stores["商家实收（元）"], all_stores["服务费（元）"], all_stores["实收净额（元）"]) == (
        "70.00",
        "-2.12",
        "67.88",
    )


def test_a_wechat_bill_of_trades_quotes_each_value_and_ends_with_its_sums():
    rows = {
        kind: trade_bill(BILL, kind, mchid="1900").content.decode().split("\r\n")
        for kind in ("ALL", "SUCCESS", "REFUND")
    }

    for kind, listed in (("ALL", 2), ("SUCCESS", 1), ("REFUND", 1)):
        assert rows[kind][0] == TRADE_COLUMNS[kind]
        for row in rows[kind][1 : 1 + listed]:
            assert row.startswith("`")
            assert row.count(",`") == TRADE_COLUMNS[kind].count(",")
    sold, back = (
        dict(zip(TRADE_COLUMNS["ALL"].split(","), row[1:].split(",`"), strict=True)) for row in rows["ALL"][1:3]
    )
    assert (sold["应结订单金额"], sold["订单金额"], sold["手续费"], sold["费率"]) == (
        "100.00",
        "120.00",
        "2.35000",
        "0.60%",
    )
    assert (back["交易状态"], back["商户退款单号"], back["退款金额"]) == ("REFUND", "r1", "30.00")
    assert rows["ALL"][4] == "`2,`100.00,`30.00,`0.00,`2.12000,`120.00,`30.00"


def test_a_wechat_flow_of_funds_tells_the_trade_and_its_fee_apart_with_the_balance_after_each():
    head, *rows = fund_flow_bill(BILL, mchid="1900").content.decode().split("\r\n")

    flows = [dict(zip(head.split(","), row[1:].split(",`"), strict=True)) for row in rows[:5]]
    told = [(f["业务类型"], f["收支类型"], f["收支金额(元)"], f["账户结余(元)"]) for f in flows]
    assert told == [
        ("交易", "收入", "100.00", "150.00"),
        ("扣除交易手续费", "支出", "2.35", "147.65"),
        ("退款", "支出", "30.00", "117.65"),
        ("退还交易手续费", "收入", "0.23", "117.88"),
        ("提现", "支出", "117.88", "0.00"),
    ]
    assert rows[6] == "`5,`2,`100.23,`3,`150.23"


def test_the_same_bill_gives_the_same_bytes_and_the_hash_is_of_the_unpacked_file():
    file = trade_bill(BILL, mchid="1900")

    assert alipay_zip(BILL, seller_id="2088") == alipay_zip(BILL, seller_id="2088")
    assert packed(file) == packed(file)
    assert gzip.decompress(packed(file).content) == file.content
    assert file.sha1 == sha1(file.content).hexdigest()


@given(st.lists(st.tuples(st.sampled_from(sorted(Rule)), st.integers(1, 10**12), st.sampled_from((-1, 1))), max_size=8))
def test_what_an_event_brings_is_what_it_moves_in_the_merchants_accounts(entries):
    moved = 0
    for rule, amount_minor, sign in entries:
        for leg in POSTINGS[rule]:
            moved += sign * amount_minor * ((leg.credit in OWN_ACCOUNTS) - (leg.debit in OWN_ACCOUNTS))

    assert earned((sign * rule, amount) for rule, amount, sign in entries).net_minor == moved
    assert {Account.MERCHANT_PAYABLE, Account.MERCHANT_AVAILABLE} <= OWN_ACCOUNTS
