"""profitsharing: an order's money is frozen, and its merchant gives others their parts.

Parts are where they belong when the call is answered: an order is FINISHED, a part SUCCESS, or the call was refused and nothing
was given. A sharing's number is the merchant's own over all of his orders, and so is a return's.
"""

from __future__ import annotations

from typing import Any

from florin.engine import ClaimKind, claim
from florin.events import SharePart
from florin.payments.payment import Payment
from florin.payments.sharing.give_back import ReturnShare
from florin.payments.sharing.receivers import AddReceiver, RemoveReceiver
from florin.payments.sharing.share import Share
from florin.wires.desk.shares import ReturnSeen, ShareSeen, find_return, find_share, share_of
from florin.wires.desk.trades import standing_of
from florin.wires.desk.transfers import find_payee
from florin.wires.wechatpay import shapes, sharing_shapes
from florin.wires.wechatpay.answers import Answered, Problem, parameter_wrong
from florin.wires.wechatpay.desk import Desk
from florin.wires.wechatpay.existing import found
from florin.wires.wechatpay.names import app_id_of, openid_of, person_id_of
from florin.wires.wechatpay.refusals import business, problem_of
from florin.wires.wechatpay.shapes import china_text
from florin.wires.wechatpay.transfers import check_appid, opened

RELEASED = "解冻给分账方"


async def add_receiver(desk: Desk, request: sharing_shapes.NewReceiver) -> Answered:
    """Whom the merchant may share with. One who was added is as good as added."""
    check_appid(desk, request.appid)
    if request.relation_type == "CUSTOM" and request.custom_relation is None:
        raise parameter_wrong("/custom_relation", "必填: relation_type CUSTOM says which one")
    app_id, receiver_id = await _receiver(desk, request)
    relation = request.custom_relation if request.relation_type == "CUSTOM" else request.relation_type
    command = AddReceiver(merchant_id=desk.merchant.id, app_id=app_id, receiver_id=receiver_id, relation=relation or "")
    outcome = await desk.execute(command)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "share")
    fields = {
        **_sub_mchid(desk),
        "type": request.type,
        "account": request.account,
        "name": request.name,
        "relation_type": request.relation_type,
        "custom_relation": request.custom_relation,
    }
    return Answered(document=fields)


async def delete_receiver(desk: Desk, request: sharing_shapes.OldReceiver) -> Answered:
    check_appid(desk, request.appid)
    app_id, receiver_id = await _receiver(desk, request)
    outcome = await desk.execute(RemoveReceiver(merchant_id=desk.merchant.id, app_id=app_id, receiver_id=receiver_id))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "share")
    return Answered(document={**_sub_mchid(desk), "type": request.type, "account": request.account})


async def share(desk: Desk, request: sharing_shapes.NewShare) -> Answered:
    """Give each his part now, all of them or none. The same number with the same parts again answers as before."""
    check_appid(desk, request.appid)
    parts = []
    for place, part in enumerate(request.receivers):
        app_id, receiver_id = await _receiver(desk, part, f"/receivers/{place}")
        parts.append(
            SharePart(app_id=app_id, receiver_id=receiver_id, amount_minor=part.amount, title=part.description)
        )
    return await _given(
        desk, request.transaction_id, request.out_order_no, tuple(parts), finish=request.unfreeze_unsplit
    )


async def unfreeze(desk: Desk, request: sharing_shapes.Unfreeze) -> Answered:
    """What is left is the merchant's own again, and nothing more of the order is shared."""
    return await _given(desk, request.transaction_id, request.out_order_no, (), finish=True)


async def query(desk: Desk, request: sharing_shapes.ShareQuery, out_order_no: str) -> Answered:
    seen = await desk.ask(find_share, app_id=desk.app.id, number=out_order_no)
    if seen is None or request.transaction_id not in (None, str(seen.given.trade_id)):
        raise business("RESOURCE_NOT_EXISTS", f"分账单不存在：this merchant has no sharing {out_order_no[:64]}")
    return Answered(document=share_fields(desk, seen))


async def amounts(desk: Desk, request: shapes.Caller, transaction_id: str) -> Answered:
    """What of an order is left to be shared."""
    payment = await _payment(desk, transaction_id)
    sharing = payment.particulars.sharing
    unsplit = 0 if sharing is None else sharing.frozen_minor
    return Answered(document={"transaction_id": transaction_id, "unsplit_amount": unsplit})


async def ratio(desk: Desk, request: shapes.Caller, sub_mchid: str) -> Answered:
    """The most of an order that others may have, in parts per ten thousand: of the caller, or of a merchant he calls for."""
    app_id = app_id_of(sub_mchid)
    seller = desk.clients.known(app_id) if app_id is not None else None
    if seller is None or desk.client.app_id not in (seller.app_id, seller.provider_id):
        raise business("NO_AUTH", f"与子商户无绑定关系：{desk.client.mchid} may not call for merchant {sub_mchid[:32]}")
    merchant = desk.reference.merchants[seller.merchant_id]
    terms = merchant.settlement_on(desk.on)
    return Answered(document={"sub_mchid": sub_mchid, "max_ratio": terms.share_ppm_max // 100})


async def give_back(desk: Desk, request: sharing_shapes.NewReturn) -> Answered:
    """A receiving merchant's part comes back, all or some. The same number with the same return again answers as before."""
    if not (request.order_id or request.out_order_no):
        raise parameter_wrong("/out_order_no", "与 order_id 二选一: one of the two is needed")
    seen = await desk.ask(
        find_share, app_id=desk.app.id, number=request.out_order_no or "", id_text=request.order_id or ""
    )
    if seen is None:
        number = (request.out_order_no or request.order_id or "")[:64]
        raise business("RESOURCE_NOT_EXISTS", f"分账单不存在：this merchant has no sharing {number}")
    app_id = app_id_of(request.return_mchid) or 0
    app = desk.reference.apps.get(app_id)
    if app is None:
        sentence = "回退商户号不存在: no merchant of this number is registered here"
        raise parameter_wrong("/return_mchid", sentence, value=request.return_mchid)
    command = ReturnShare(
        payment_id=seen.given.payment_id,
        merchant_id=desk.merchant.id,
        receiver_id=app.merchant_id,
        app_id=app_id,
        order_no=seen.given.order_no,
        return_no=request.out_return_no,
        amount_minor=request.amount,
        title=request.description,
    )
    content = {"order": seen.id, "from": app_id, "amount": request.amount}
    once = claim(ClaimKind.SHARE_RETURN, desk.app.id, request.out_return_no, content)
    outcome = await desk.execute(command, once)
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "share")
    returned = await desk.ask(find_return, app_id=desk.app.id, number=request.out_return_no)
    assert returned is not None, "a return was just recorded"
    return Answered(document=return_fields(desk, returned))


async def query_return(desk: Desk, request: sharing_shapes.ReturnQuery, out_return_no: str) -> Answered:
    seen = await desk.ask(find_return, app_id=desk.app.id, number=out_return_no)
    if seen is None or request.out_order_no not in (None, seen.returned.order_no):
        raise business("RESOURCE_NOT_EXISTS", f"回退单不存在：this merchant has no return {out_return_no[:64]}")
    return Answered(document=return_fields(desk, seen))


def share_fields(desk: Desk, seen: ShareSeen) -> dict[str, Any]:
    """All that a sharing answers; what was released is a part of the merchant's own."""
    given, made = seen.given, china_text(seen.made_at)
    told = [(*account_of(part.app_id, part.receiver_id), part.amount_minor, part.title) for part in given.parts]
    if given.released_minor:
        told.append(("MERCHANT_ID", str(desk.app.id), given.released_minor, RELEASED))
    return {
        **_sub_mchid(desk),
        "transaction_id": str(given.trade_id),
        "out_order_no": given.order_no,
        "order_id": str(seen.id),
        "state": "FINISHED",
        "receivers": [
            {
                "type": kind,
                "account": account,
                "amount": amount,
                "description": text,
                "result": "SUCCESS",
                "detail_id": f"{seen.id}{place:02d}",
                "create_time": made,
                "finish_time": made,
            }
            for place, (kind, account, amount, text) in enumerate(told)
        ],
    }


def return_fields(desk: Desk, seen: ReturnSeen) -> dict[str, Any]:
    returned, made = seen.returned, china_text(seen.made_at)
    return {
        **_sub_mchid(desk),
        "order_id": str(seen.order_id),
        "out_order_no": returned.order_no,
        "out_return_no": returned.return_no,
        "return_id": str(seen.id),
        "return_mchid": str(returned.from_app_id),
        "amount": returned.amount_minor,
        "description": returned.title,
        "result": "SUCCESS",
        "create_time": made,
        "finish_time": made,
    }


def account_of(app_id: int, receiver_id: int) -> tuple[str, str]:
    """(type, account) of a receiver."""
    return ("MERCHANT_ID", str(app_id)) if app_id else ("PERSONAL_OPENID", openid_of(receiver_id))


async def _given(
    desk: Desk, transaction_id: str, number: str, parts: tuple[SharePart, ...], *, finish: bool
) -> Answered:
    payment = await _payment(desk, transaction_id)
    command = Share(payment_id=payment.id, merchant_id=desk.merchant.id, order_no=number, parts=parts, finish=finish)
    content = {"payment": payment.id, "parts": parts, "finish": finish}
    outcome = await desk.execute(command, claim(ClaimKind.SHARE, desk.app.id, number, content))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "share")
    seen = await desk.ask(share_of, outcome.event_id)
    assert seen is not None, "a sharing was just recorded"
    return Answered(document=share_fields(desk, seen))


async def _payment(desk: Desk, transaction_id: str) -> Payment:
    """The payment of the seller's order. Raises Problem for one that nobody has paid."""
    trade = (await found(desk, transaction_id=transaction_id)).trade
    standing = await desk.ask(standing_of, trade.id)
    if standing is None or standing.payment is None:
        raise business("INVALID_REQUEST", f"订单未支付，不能分账：order {trade.out_trade_no} is not paid")
    return standing.payment


async def _receiver(desk: Desk, named: sharing_shapes.Account, where: str = "") -> tuple[int, int]:
    """(app, merchant) or (0, person) of an account. Raises Problem: there is none, or its name is another."""
    if named.type == "MERCHANT_ID":
        app_id = app_id_of(named.account) or 0
        app = desk.reference.apps.get(app_id)
        if app is None:
            raise _no_account(named, where)
        merchant = desk.reference.merchants[app.merchant_id]
        await _check_name(desk, named, {merchant.name, merchant.name_zh}, where)
        return app_id, merchant.id
    person_id = person_id_of(named.account)
    payee = await desk.ask(find_payee, person_id) if person_id is not None else None
    if payee is None:
        raise _no_account(named, where)
    await _check_name(desk, named, {payee.name}, where)
    return 0, payee.id


def _no_account(named: sharing_shapes.Account, where: str) -> Problem:
    sentence = "分账接收方账号不存在: nobody here has this account"
    return parameter_wrong(f"{where}/account", sentence, value=named.account)


async def _check_name(desk: Desk, named: sharing_shapes.Account, names: set[str], where: str) -> None:
    if named.name is not None and await opened(desk, named.name, f"{where}/name") not in names:
        sentence = "分账接收方姓名或全称不符: the account is another's than the name says"
        raise parameter_wrong(f"{where}/name", sentence)


def _sub_mchid(desk: Desk) -> dict[str, str]:
    return {"sub_mchid": str(desk.app.id)} if desk.provider_id else {}
