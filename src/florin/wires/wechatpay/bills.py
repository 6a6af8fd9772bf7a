"""Bills: of trades, of the flow of funds and of profit sharing, asked for by date, then downloaded from where the answer says.

The address begins with the origin that the client itself used, because wechatpayv3 cuts it off again. The download is signed by
the client like every call, so the address needs no secret: it only names the bill.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, cast
from urllib.parse import urlencode

from msgspec.structs import replace
from psycopg import Connection

from florin.documents.bills import BillFile, fund_flow_bill, packed, trade_bill
from florin.documents.bills.wechat import TradeBillType
from florin.documents.bills.wechat_sharing import sharing_bill
from florin.engine import lane_of
from florin.engine.tables.table import READ
from florin.engine.tables.trade import TRADE, trade_of
from florin.queries.bills import Bill, BillLine, NotPublished, read_bill
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered, parameter_wrong
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.names import appid_of, openid_of
from florin.wires.wechatpay.refusals import business
from florin.wires.wechatpay.sharing_bills import sharing_lines
from florin.wires.wechatpay.words import trade_type

DOWNLOAD_PATH: Final = "/v3/billdownload/file"
_TRADES: Final = ("ALL", "SUCCESS", "REFUND")
_FLOW: Final = "FLOW"
_SHARING: Final = "SHARING"
_TOKEN: Final = re.compile(r"([A-Z]+)\.(\d{4}-\d{2}-\d{2})\.(GZIP)?")


async def trades(desk: Desk, request: shapes.BillQuery) -> Answered:
    kind = request.bill_type or "ALL"
    if kind not in _TRADES:
        raise parameter_wrong(
            "bill_type", "须为 ALL、SUCCESS 或 REFUND: it is none of them", location="query", value=kind
        )
    return await _named(desk, request, kind)


async def flow(desk: Desk, request: shapes.BillQuery) -> Answered:
    """All that moved what the merchant is owed. There is one account: BASIC."""
    if request.account_type not in (None, "BASIC"):
        sentence = "只有 BASIC 账户: BASIC is the only account here"
        raise parameter_wrong("account_type", sentence, location="query", value=request.account_type or "")
    return await _named(desk, request, _FLOW)


async def sharing(desk: Desk, request: shapes.BillQuery) -> Answered:
    """What was given of the merchant's orders, released and returned."""
    return await _named(desk, request, _SHARING)


async def download(desk: Desk, request: shapes.BillQuery) -> Answered:
    """The file itself, packed where it was asked for packed."""
    found = _TOKEN.fullmatch(request.token or "")
    if found is None or found[1] not in (*_TRADES, _FLOW, _SHARING):
        raise parameter_wrong("token", "无效的 token: it is none of ours", location="query", value=request.token or "")
    file = await _file(desk, found[1], _day_of(found[2], "token"))
    if found[3]:
        file = await asyncio.to_thread(packed, file)
    return Answered(raw=file.content, content_type=file.content_type)


async def _named(desk: Desk, request: shapes.BillQuery, kind: str) -> Answered:
    if request.tar_type not in (None, "GZIP"):
        raise parameter_wrong(
            "tar_type", "只支持 GZIP: GZIP, or nothing", location="query", value=request.tar_type or ""
        )
    if request.bill_date is None:
        raise parameter_wrong("bill_date", "必填: it is required and is missing", location="query")
    day = _day_of(request.bill_date, "bill_date")
    file = await _file(desk, kind, day)
    query: dict[str, str] = {"token": f"{kind}.{day}.{request.tar_type or ''}"}
    if desk.provider_id:
        query["sub_mchid"] = str(desk.app.id)
    url = f"{desk.origin}{DOWNLOAD_PATH}?{urlencode(query)}"
    return Answered(document={"hash_type": "SHA1", "hash_value": file.sha1, "download_url": url})


async def _file(desk: Desk, kind: str, day: date) -> BillFile:
    """Raises Problem for a day that is not published, or on which nothing happened."""
    try:
        bill, doors = await desk.ask(_bill_of, merchant_id=desk.merchant.id, app_id=desk.app.id, kind=kind, day=day)
    except NotPublished as unpublished:
        through = f"published through {unpublished.through_on}" if unpublished.through_on else "none is published yet"
        sentence = f"账单生成中，请稍后再试：the bill of {day} is not ready, {through}"
        raise business("STATEMENT_CREATING", sentence) from None
    lines = (
        await desk.ask(sharing_lines, merchant_id=desk.merchant.id, app_id=desk.app.id, on=day)
        if kind == _SHARING
        else []
    )
    if not (lines or (bill.lines and kind != _SHARING)):
        raise business("NO_STATEMENT_EXIST", f"账单文件不存在：nothing of this merchant moved on {day}")
    if kind == _SHARING:
        caller = desk.client.mchid
        return await asyncio.to_thread(sharing_bill, lines, mchid=str(desk.app.id), caller=caller, on=day)
    return await asyncio.to_thread(_written, desk, kind, bill, doors)


def _written(desk: Desk, kind: str, bill: Bill, doors: Mapping[int, str]) -> BillFile:
    """doors: by which each trade was asked. A large one takes its time: not for the event loop."""
    if kind == _FLOW:
        return fund_flow_bill(bill, mchid=str(desk.app.id))
    return trade_bill(
        bill,
        cast(TradeBillType, kind),
        mchid=str(desk.app.id),
        appid_of=lambda line: appid_of(line.app_id),
        openid_of=lambda line: openid_of(line.person_id),
        trade_type_of=lambda line: doors.get(line.trade_id, "NATIVE"),
    )


def _bill_of(
    connection: Connection[Any], *, merchant_id: int, app_id: int, kind: str, day: date
) -> tuple[Bill, Mapping[int, str]]:
    """The bill of a day, and by which door each trade was asked. A bill of trades is this merchant number's alone."""
    bill = read_bill(connection, merchant_id=merchant_id, from_on=day, before_on=day + timedelta(days=1))
    assert bill is not None, "an app has its merchant"
    if kind in (_FLOW, _SHARING):
        return bill, {}
    lines = [line for line in bill.lines if line.app_id == app_id and _is_listed(line, kind)]
    keys = [(lane_of(trade_id), trade_id) for trade_id in sorted({line.trade_id for line in lines})]
    trades_of = [trade_of(row) for row in TRADE.load(connection, keys, READ)] if keys else []
    return replace(bill, lines=lines), {trade.id: trade_type(trade) for trade in trades_of}


def _is_listed(line: BillLine, kind: str) -> bool:
    listed = {
        "ALL": ("sale", "refund", "refund-reversed"),
        "SUCCESS": ("sale", "refund-reversed"),
        "REFUND": ("refund",),
    }
    return line.type in listed[kind]


def _day_of(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == 10 else _no_day()
    except ValueError:
        raise parameter_wrong(where, "格式须为 yyyy-MM-dd: it is not", location="query", value=text) from None


def _no_day() -> date:
    raise ValueError
