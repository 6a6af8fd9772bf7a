"""transfer/batches, asked for afterwards: a batch by its number or ours, with its details page by page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from florin.wires.desk.transfers import TransferSeen, find_transfer, transfer_of, transfers_of_batch
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.names import app_id_of, appid_of
from florin.wires.wechatpay.shapes import china_text
from florin.wires.wechatpay.transfers import absent, detail_fields, detail_number


class BatchQuery(shapes.Caller, frozen=True, kw_only=True):
    """detail_status: all that were made are SUCCESS, so of FAIL there is none."""

    need_query_detail: bool = False
    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    detail_status: Literal["ALL", "SUCCESS", "FAIL"] = "ALL"


async def query(desk: Desk, request: BatchQuery, out_batch_no: str) -> Answered:
    whole = await desk.ask(find_transfer, app_id=desk.app.id, number=detail_number(out_batch_no))
    if whole is None:
        raise absent(out_batch_no)
    return await _told(desk, request, whole)


async def query_by_id(desk: Desk, request: BatchQuery, batch_id: str) -> Answered:
    return await _told(desk, request, await _whole(desk, batch_id))


async def detail(desk: Desk, request: shapes.Caller, batch_id: str, detail_id: str) -> Answered:
    """One of a batch, by our numbers of both."""
    whole = await _whole(desk, batch_id)
    number = app_id_of(detail_id) or 0
    seen = next((each for each in await desk.ask(transfers_of_batch, whole) if each.id == number), None)
    if seen is None:
        raise absent(f"{batch_id}/{detail_id}")
    return Answered(document=detail_fields(desk, seen, whole))


async def _whole(desk: Desk, batch_id: str) -> TransferSeen:
    """The first of a batch, whose id is the batch's. Raises Problem for another app's, or for what is no batch."""
    number = app_id_of(batch_id) or 0
    seen = await desk.ask(transfer_of, number) if number else None
    first = None
    if seen is not None and "/" in seen.number:
        out_batch_no = seen.number.partition("/")[0]
        first = await desk.ask(find_transfer, app_id=desk.app.id, number=detail_number(out_batch_no))
    if seen is None or first is None or first.id != seen.id:
        raise absent(batch_id)
    return first


async def _told(desk: Desk, request: BatchQuery, whole: TransferSeen) -> Answered:
    given = await desk.ask(transfers_of_batch, whole)
    made, total_minor = china_text(whole.made_at), sum(each.amount_minor for each in given)
    fields: dict[str, Any] = {
        "transfer_batch": {
            "mchid": str(desk.app.id),
            "out_batch_no": whole.number.partition("/")[0],
            "batch_id": str(whole.id),
            "appid": appid_of(desk.app.id),
            "batch_status": "FINISHED",
            "batch_type": "API",
            "batch_name": whole.batch_name,
            "batch_remark": whole.batch_remark,
            "total_amount": total_minor,
            "total_num": len(given),
            "create_time": made,
            "update_time": made,
            "success_amount": total_minor,
            "success_num": len(given),
            "fail_amount": 0,
            "fail_num": 0,
        }
    }
    if request.need_query_detail:
        asked = [] if request.detail_status == "FAIL" else given[request.offset : request.offset + request.limit]
        fields |= {
            "offset": request.offset,
            "limit": request.limit,
            "transfer_detail_list": [
                {
                    "detail_id": str(each.id),
                    "out_detail_no": each.number.partition("/")[2],
                    "detail_status": "SUCCESS",
                }
                for each in asked
            ],
        }
    return Answered(document=fields)
