"""The bill in Alipay's form: a zip of two CSV files in GBK, what was sold and given back one by one, and its sums by store.

Names, order and heads of the columns are those that programs in public use read, compared with captures of real files in
public repositories [web]; a tabulator stands behind numbers, so that a sheet does not round them, and comes with the real
thing. What this house has no word for is 0.00 or empty. Amounts are yuan; of a refund below zero.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Final

from florin.documents.bills.file import BillFile, asked_time, cell, days_of, local_time, yuan
from florin.documents.bills.flows import Flow, flows_of
from florin.queries.bills import Bill, BillLine

DETAIL_COLUMNS: Final = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
SUMMARY_COLUMNS: Final = (
    "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,"
    "卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
)
FUND_COLUMNS: Final = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,"
    "交易渠道,业务类型,备注"
)
FUND_SUM_COLUMNS: Final = "类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）"


def alipay_zip(bill: Bill, *, seller_id: str) -> BillFile:
    """seller_id: the merchant's number as the wire knows him. The files inside are named with it and the day."""
    lines = bill.of_type("sale", "refund", "refund-reversed")
    head = _head(bill, seller_id)
    return _zipped(bill, seller_id, "", "业务", _detail(head, lines), _summary(head, lines))


def funds_zip(bill: Bill, *, seller_id: str) -> BillFile:
    """All that moved what the merchant is owed (`signcustomer`), each with what he is owed after it; and sums by business."""
    flows = [flow for line in bill.lines for flow in flows_of(line)]
    head = _head(bill, seller_id)
    return _zipped(bill, seller_id, "_账务", "账务", _funds(head, flows), _fund_sums(head, flows))


def _head(bill: Bill, seller_id: str) -> str:
    """The first two lines of each file."""
    return (
        f"#账号：[{seller_id}0156]\r\n#起始日期：[{_moment(bill.from_on)}]   终止日期：[{_moment(bill.before_on)}]\r\n"
    )


def _zipped(bill: Bill, seller_id: str, ending: str, kind: str, detail: str, sums: str) -> BillFile:
    """Two files in one, in GBK. ending: of the name around them; kind: of theirs."""
    stem = f"{seller_id}0156_{days_of(bill)}"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, text in ((f"{stem}_{kind}明细.csv", detail), (f"{stem}_{kind}明细(汇总).csv", sums)):
            archive.writestr(_member(name, bill), text.encode("gbk", errors="replace"))
    return BillFile(name=f"{stem}{ending}.csv.zip", content_type="application/zip", content=made.getvalue())


def _funds(head: str, flows: list[Flow]) -> str:
    rule = "#-----------------------------------------账务明细列表"
    came = [minor for *_, minor, _ in flows if minor > 0]
    went = [minor for *_, minor, _ in flows if minor < 0]
    return (
        f"#支付宝账务明细查询\r\n{head}{rule}----------------------------------------\r\n{FUND_COLUMNS}\r\n"
        + "".join([_fund_row(*flow) for flow in flows])
        + f"{rule}结束------------------------------------\r\n"
        f"#支出合计：{len(went)}笔，共{yuan(sum(went))}元\r\n#收入合计：{len(came)}笔，共{yuan(sum(came))}元\r\n"
    )


def _fund_row(line: BillLine, business: str, kind: str, amount_minor: int, balance_minor: int) -> str:
    number = line.trade_id or line.payout_id or line.event_id
    return (
        f"{line.event_id}\t,{number}\t,{cell(line.order_number)}\t,{cell(line.subject)},{local_time(line)},\t,"
        f"{yuan(max(amount_minor, 0))},{yuan(min(amount_minor, 0))},{yuan(balance_minor)},,{kind},"
        f"{cell(line.reason or line.refund_number or line.reference)}\r\n"
    )


def _fund_sums(head: str, flows: list[Flow]) -> str:
    kinds: dict[str, list[int]] = {}
    for _, _, kind, minor, _ in flows:
        kinds.setdefault(kind, []).append(minor)
    rule = "#-----------------------------------------账务汇总列表"
    rows = [_fund_sum_row(kind, minors) for kind, minors in kinds.items()]
    total = _fund_sum_row("合计", [minor for *_, minor, _ in flows])
    return (
        f"#支付宝账务汇总查询\r\n{head}{rule}----------------------------------------\r\n{FUND_SUM_COLUMNS}\r\n"
        + "".join([*rows, total])
        + f"{rule}结束------------------------------------\r\n"
    )


def _fund_sum_row(kind: str, minors: list[int]) -> str:
    came, went = [minor for minor in minors if minor > 0], [minor for minor in minors if minor < 0]
    return f"{kind},{len(came)},{yuan(sum(came))},{len(went)},{yuan(sum(went))},{yuan(sum(minors))}\r\n"


class _GbkName(zipfile.ZipInfo):
    """A member whose name is GBK without the flag of UTF-8, as the real files have it; readers decode it themselves."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name that zipfile asks for
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


def _member(name: str, bill: Bill) -> zipfile.ZipInfo:
    """Dated by the day after the bill's last: the same bill gives the same bytes."""
    on = bill.before_on
    member = _GbkName(name, date_time=(on.year, on.month, on.day, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def _detail(head: str, lines: list[BillLine]) -> str:
    rule = "#-----------------------------------------业务明细列表"
    return (
        f"#支付宝业务明细查询\r\n{head}{rule}----------------------------------------\r\n{DETAIL_COLUMNS}\r\n"
        + "".join([_detail_row(line) for line in lines])
        + f"{rule}结束------------------------------------\r\n{_totals(lines)}"
    )


def _totals(lines: Iterable[BillLine]) -> str:
    sold = [line for line in lines if line.type == "sale"]
    back = [line for line in lines if line.type != "sale"]
    return "".join(
        f"#{label}合计：{len(of_type)}笔，商家实收共{yuan(sum(line.earned.received_minor for line in of_type))}元，"
        f"商家优惠共{yuan(sum(line.discount_minor for line in of_type))}元\r\n"
        for label, of_type in (("交易", sold), ("退款", back))
    )


def _detail_row(line: BillLine) -> str:
    earned = line.earned
    return (
        f"{line.trade_id}\t,{cell(line.order_number)}\t,{_KIND[line.type]}\t,{cell(line.subject)},{asked_time(line)},"
        f"{local_time(line)},{cell(line.store_id)}\t,\t,\t,\t,\t,{yuan(line.amount_minor)},"
        f"{yuan(earned.received_minor)},0.00,0.00,{yuan(earned.coupon_minor)},{yuan(line.discount_minor)},"
        f"0.00,,0.00\t,0.00,{cell(line.refund_number)}\t,{yuan(-earned.fees_minor)},0.00,{cell(line.reason)}\r\n"
    )


def _summary(head: str, lines: list[BillLine]) -> str:
    stores: dict[str, list[BillLine]] = {}
    for line in lines:
        stores.setdefault(line.store_id, []).append(line)
    rule = "#-----------------------------------------业务汇总列表"
    rows = [_summary_row(cell(store), of_store) for store, of_store in sorted(stores.items())]
    return (
        f"#支付宝业务汇总查询\r\n{head}{rule}----------------------------------------\r\n{SUMMARY_COLUMNS}\r\n"
        + "".join([*rows, _summary_row("合计", lines)])
        + f"{rule}结束------------------------------------\r\n"
    )


def _summary_row(store: str, lines: list[BillLine]) -> str:
    sold = sum(line.type == "sale" for line in lines)
    received, fees = (
        sum(line.earned.received_minor for line in lines),
        sum(line.earned.fees_minor for line in lines),
    )
    amounts = (
        sum(line.amount_minor for line in lines), received, sum(line.earned.coupon_minor for line in lines),
        sum(line.discount_minor for line in lines), 0, -fees, 0, received - fees,
    )  # fmt: skip
    return f"{store}\t,\t,{sold},{len(lines) - sold},{','.join(map(yuan, amounts))}\r\n"


def _moment(on: object) -> str:
    return f"{on:%Y年%m月%d日} 00:00:00"


_KIND: Final = {"sale": "交易", "refund": "退款", "refund-reversed": "退款撤销"}
