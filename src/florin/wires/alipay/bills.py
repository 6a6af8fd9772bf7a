"""data.dataservice.bill.downloadurl.query: a link to a published day or month, as a zip of GBK CSVs.

`trade` is what the app sold, `signcustomer` all that moved what its merchant is owed, whichever app it came by.

The link is good for a few minutes of wall time. The file behind it is made of events that never change, so it is the same
whenever it is fetched.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from psycopg import Connection

from florin.documents.bills import BillFile, alipay_zip, funds_zip
from florin.queries.bills import NotPublished, of_app, read_bill
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Problem, business, success
from florin.wires.alipay.bill_links import Period
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk

LINK_LIVES: Final = timedelta(minutes=5)  # X: ours; the real one is said to live for half a minute


async def download_url(desk: Desk, call: Call, request: shapes.BillQuery) -> Answered:
    if request.bill_type not in ("trade", "signcustomer"):
        sentence = f"账单类型无效: “{request.bill_type[:30]}” is not trade or signcustomer"
        raise business("INVALID_PARAMETER", f"参数无效 bill_type {sentence}")
    from_on, before_on = _days(request.bill_date)
    period = Period(app_id=desk.app.id, from_on=from_on, before_on=before_on, bill_type=request.bill_type)
    if await desk.ask(bill_of, period, desk.merchant.id) is None:
        raise _no_bill(request.bill_date)
    return success(bill_download_url=desk.settings.bills.link(period, desk.wall_now + LINK_LIVES))


def bill_of(connection: Connection[Any], period: Period, merchant_id: int) -> BillFile | None:
    """The file of a published period on which there is something to list; else None."""
    try:
        bill = read_bill(connection, merchant_id=merchant_id, from_on=period.from_on, before_on=period.before_on)
    except NotPublished:
        return None
    if period.bill_type == "signcustomer":
        return funds_zip(bill, seller_id=str(merchant_id)) if bill is not None and bill.lines else None
    part = None if bill is None else of_app(bill, period.app_id)
    return alipay_zip(part, seller_id=str(merchant_id)) if part is not None and part.lines else None


def _days(text: str) -> tuple[date, date]:
    """[from, before) of `2026-03-05` or `2026-03`. Raises Problem."""
    try:
        if len(text) == 7:
            first = date.fromisoformat(f"{text}-01")
            return first, (first + timedelta(days=31)).replace(day=1)
        if len(text) != 10:
            raise ValueError(text)
        on = date.fromisoformat(text)
        return on, on + timedelta(days=1)
    except (ValueError, OverflowError):
        sentence = f"参数无效 bill_date 须为 yyyy-MM-dd 或 yyyy-MM: “{text[:20]}” is neither a day nor a month"
        raise business("INVALID_PARAMETER", sentence) from None


def _no_bill(text: str) -> Problem:
    sentence = f"账单不存在: nothing was sold then, or {text} is not closed and proven yet; ask again the day after"
    return Problem("40004", "isp.bill_not_exist", sentence)
