"""fund-app/mch-transfer, and the older transfer/batches: a merchant gives people money out of what is available to him.

It is in her wallet when it is answered: nobody has to confirm it, so a transfer is SUCCESS or was never made. A name that comes
is encrypted to one of our keys, and must be hers. A batch is given whole or not at all.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from florin.engine import ClaimKind, Submission, claim
from florin.payments.transfer import Transfer
from florin.wires.desk.transfers import Payee, TransferSeen, find_payee, find_transfer, transfer_of
from florin.wires.wechatpay import shapes
from florin.wires.wechatpay.answers import Answered, Problem, parameter_wrong
from florin.wires.wechatpay.desk import Desk, first_refusal
from florin.wires.wechatpay.names import appid_of, openid_of, person_id_of
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.shapes import china_text


async def transfer(desk: Desk, request: shapes.NewTransfer) -> Answered:
    """Give it now. The same number with the same transfer again answers as before."""
    check_appid(desk, request.appid)
    payee = await _payee(desk, request)
    command = Transfer(
        merchant_id=desk.merchant.id,
        person_id=payee.id,
        amount_minor=request.transfer_amount,
        number=request.out_bill_no,
        title=request.transfer_remark,
    )
    content = {"amount": command.amount_minor, "payee": payee.id}
    outcome = await desk.execute(command, claim(ClaimKind.TRANSFER, desk.app.id, command.number, content))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "transfer")
    seen = await desk.ask(transfer_of, outcome.event_id)
    assert seen is not None, "a transfer was just recorded"
    fields = {**_numbers(seen), "create_time": china_text(seen.made_at), "state": "SUCCESS"}
    return Answered(document=fields)


async def query(desk: Desk, request: shapes.Caller, out_bill_no: str) -> Answered:
    return _told(desk, await desk.ask(find_transfer, app_id=desk.app.id, number=out_bill_no), out_bill_no)


async def query_by_id(desk: Desk, request: shapes.Caller, transfer_bill_no: str) -> Answered:
    return _told(desk, await desk.ask(find_transfer, app_id=desk.app.id, id_text=transfer_bill_no), transfer_bill_no)


async def cancel(desk: Desk, request: shapes.Caller, out_bill_no: str) -> Answered:
    """What is in her wallet cannot be taken back. Raises Problem, always."""
    if await desk.ask(find_transfer, app_id=desk.app.id, number=out_bill_no) is None:
        raise absent(out_bill_no)
    raise business("INVALID_REQUEST", "转账已成功，不能撤销：the transfer is done, it cannot be cancelled")


async def batch(desk: Desk, request: shapes.NewBatch) -> Answered:
    """Give all of them now, or none. The same number with the same batch again answers as before."""
    check_appid(desk, request.appid)
    details = request.transfer_detail_list
    total_minor = sum(each.transfer_amount for each in details)
    if (request.total_num, request.total_amount) != (len(details), total_minor):
        sentence = f"总笔数或总金额与明细不符: the details are {len(details)}, of {total_minor} fen together"
        raise parameter_wrong("/total_amount", sentence, value=f"{request.total_num}, {request.total_amount}")
    submissions = [await _submission(desk, request, place) for place in range(len(details))]
    outcomes = await desk.engine.execute_async(submissions)
    if (refusal := first_refusal(outcomes)) is not None:
        raise problem_of(refusal, "transfer")
    first = await desk.ask(transfer_of, outcomes[0].event_id)
    assert first is not None, "a transfer was just recorded"
    fields = {
        "out_batch_no": request.out_batch_no,
        "batch_id": str(first.id),
        "create_time": china_text(first.made_at),
        "batch_status": "FINISHED",
    }
    return Answered(document=fields)


async def detail(desk: Desk, request: shapes.Caller, out_batch_no: str, out_detail_no: str) -> Answered:
    """One of a batch, by both numbers."""
    seen = await desk.ask(find_transfer, app_id=desk.app.id, number=detail_number(out_batch_no, out_detail_no))
    whole = await desk.ask(find_transfer, app_id=desk.app.id, number=detail_number(out_batch_no))
    if seen is None or whole is None:
        raise absent(f"{out_batch_no}/{out_detail_no}")
    return Answered(document=detail_fields(desk, seen, whole))


def detail_fields(desk: Desk, seen: TransferSeen, whole: TransferSeen) -> dict[str, Any]:
    """One of a batch. whole: its first, which stands for all of it."""
    out_batch_no, _, out_detail_no = seen.number.partition("/")
    made = china_text(seen.made_at)
    return {
        "mchid": str(desk.app.id),
        "appid": appid_of(desk.app.id),
        "out_batch_no": out_batch_no,
        "batch_id": str(whole.id),
        "out_detail_no": out_detail_no,
        "detail_id": str(seen.id),
        "detail_status": "SUCCESS",
        "transfer_amount": seen.amount_minor,
        "transfer_remark": seen.title,
        "openid": openid_of(seen.person_id),
        "initiate_time": made,
        "update_time": made,
    }


async def _submission(desk: Desk, request: shapes.NewBatch, place: int) -> Submission:
    """One of a batch; the first of them carries the batch's own number, which stands for all of it."""
    named = request.transfer_detail_list[place]
    payee = await _payee(desk, named, f"/transfer_detail_list/{place}")
    number = detail_number(request.out_batch_no, named.out_detail_no)
    command = Transfer(
        merchant_id=desk.merchant.id,
        person_id=payee.id,
        amount_minor=named.transfer_amount,
        number=number,
        title=named.transfer_remark,
        batch_name=request.batch_name if place == 0 else "",
        batch_remark=request.batch_remark if place == 0 else "",
    )
    content = {"amount": command.amount_minor, "payee": payee.id}
    claims = [claim(ClaimKind.TRANSFER, desk.app.id, number, content)]
    if place == 0:
        whole = [(each.out_detail_no, each.transfer_amount, each.openid) for each in request.transfer_detail_list]
        claims.insert(0, claim(ClaimKind.TRANSFER, desk.app.id, detail_number(request.out_batch_no), whole))
    return Submission(command=command, claims=tuple(claims), group=1, keeps_refusal=False)


def detail_number(out_batch_no: str, out_detail_no: str = "") -> str:
    """A number of its own kind: that of a single transfer has no slash. Without a detail: the batch itself."""
    return f"{out_batch_no}/{out_detail_no}"


def check_appid(desk: Desk, appid: str | None) -> None:
    if appid != desk.client.appid:
        sentence = f"appid 与商户号不匹配：merchant {desk.client.mchid} has the appid {desk.client.appid}"
        raise business("APPID_MCHID_NOT_MATCH", sentence)


async def _payee(desk: Desk, named: shapes.NewTransfer | shapes.BatchDetail, where: str = "") -> Payee:
    """Who is to have it. Raises Problem: nobody has that openid, or it is another person's than the name says."""
    person_id = person_id_of(named.openid)
    payee = await desk.ask(find_payee, person_id) if person_id is not None else None
    if payee is None:
        raise parameter_wrong(f"{where}/openid", "无效的openid: nobody here has this openid", value=named.openid)
    if named.user_name is not None and await opened(desk, named.user_name, f"{where}/user_name") != payee.name:
        sentence = "收款用户姓名与微信不符: the openid is another person's than user_name says"
        raise parameter_wrong(f"{where}/user_name", sentence)
    return payee


async def opened(desk: Desk, ciphertext: str, where: str) -> str:
    """What the client encrypted to one of our keys (RSA-OAEP with SHA-1, as the protocol has it). Raises Problem."""
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - the protocol's choice
    for key in await asyncio.to_thread(desk.clients.ours, desk.client.app_id):
        try:
            sealed = base64.b64decode(ciphertext, validate=True)
            return (await asyncio.to_thread(key.private.decrypt, sealed, oaep)).decode()
        except (ValueError, binascii.Error):
            continue
    sentence = "敏感信息解密失败: no key of ours opens it; encrypt to the key that Wechatpay-Serial names"
    raise parameter_wrong(where, sentence)


def _told(desk: Desk, seen: TransferSeen | None, number: str) -> Answered:
    if seen is None:
        raise absent(number)
    made = china_text(seen.made_at)
    fields = {
        "mch_id": str(desk.app.id),
        "appid": appid_of(desk.app.id),
        **_numbers(seen),
        "state": "SUCCESS",
        "transfer_amount": seen.amount_minor,
        "transfer_remark": seen.title,
        "openid": openid_of(seen.person_id),
        "create_time": made,
        "update_time": made,
    }
    return Answered(document=fields)


def _numbers(seen: TransferSeen) -> dict[str, str]:
    return {"out_bill_no": seen.number, "transfer_bill_no": str(seen.id)}


def absent(number: str) -> Problem:
    return business("RESOURCE_NOT_EXISTS", f"转账单不存在：this merchant has made no transfer {number[:64]}")
