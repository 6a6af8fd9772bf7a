"""trade.order.settle and trade.royalty.*: an order's money is frozen, and its shop gives others their parts.

An order asked with `extend_params.royalty_freeze` is frozen when it becomes the merchant's; `royalty_finish` releases what is
left. One profit sharing with that of the WeChat wire: the same commands. A part is there when the call is answered, so `async`
is answered as `sync`.
"""

from __future__ import annotations

from collections.abc import Sequence

from florin.engine import Claim, ClaimKind, Outcome, Submission, claim
from florin.events import SharePart
from florin.events.refusals import Refusal
from florin.money import yuan_text
from florin.payments.payment import Payment
from florin.payments.refund import Refund
from florin.payments.sharing.give_back import ReturnShare
from florin.payments.sharing.receivers import AddReceiver, RemoveReceiver
from florin.payments.sharing.share import Share
from florin.payments.sharing.state import Given, Receiver
from florin.queries import is_id
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Leaf, business, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.refusals import problem_of
from florin.wires.alipay.shapes import china_text
from florin.wires.desk.shares import ShareSeen, find_share, receivers_of_merchant
from florin.wires.desk.trades import find_trade
from florin.wires.desk.transfers import Payee, find_payee, find_payee_by_logon


async def settle(desk: Desk, call: Call, request: shapes.OrderSettle) -> Answered:
    """Give each his part now, all of them or none. The same number with the same parts again answers as before."""
    payment = await _payment(desk, request.trade_no)
    parts = tuple([await _part(desk, named, place) for place, named in enumerate(request.royalty_parameters)])
    finish = request.extend_params.royalty_finish == "true"
    command = Share(
        payment_id=payment.id,
        merchant_id=desk.merchant.id,
        order_no=str(request.out_request_no),
        parts=parts,
        finish=finish,
    )
    content = {"payment": payment.id, "parts": parts, "finish": finish}
    outcome = await desk.execute(command, claim(ClaimKind.SHARE, desk.app.id, command.order_no, content))
    if outcome.refusal is not None:
        raise problem_of(outcome.refusal, "share")
    return success(trade_no=request.trade_no, settle_no=str(outcome.event_id))


async def refunded(
    desk: Desk, payment: Payment, parts: Sequence[shapes.RoyaltyPart], command: Refund, once: Claim
) -> Outcome:
    """A refund, and before it others' parts that come back for it: all of it, or nothing. Raises Problem."""
    returns: list[ReturnShare] = []
    for place, named in enumerate(parts):
        returns += await _returns(
            desk, payment, named, f"refund_royalty_parameters[{place}]", command.request_no, returns
        )
    submissions = [
        Submission(
            command=each,
            claims=(claim(ClaimKind.SHARE_RETURN, desk.app.id, each.return_no, each.amount_minor),),
            group=1,
            keeps_refusal=False,
        )
        for each in returns
    ]
    submissions.append(Submission(command=command, claims=(once,), group=1, keeps_refusal=False))
    *before, outcome = await desk.engine.execute_async(submissions)
    own = next((each.refusal for each in before if each.refusal and each.refusal.name != "GroupRefused"), None)
    if own is not None:
        raise problem_of(own, "share")
    return outcome


async def query(desk: Desk, call: Call, request: shapes.SettleQuery) -> Answered:
    """A settlement by our number, or by the shop's."""
    if not (request.settle_no or request.out_request_no):
        raise business("INVALID_PARAMETER", "参数无效 settle_no: one of settle_no and out_request_no is needed")
    seen = await desk.ask(
        find_share, app_id=desk.app.id, number=str(request.out_request_no or ""), id_text=request.settle_no or ""
    )
    if seen is None or request.trade_no not in (None, str(seen.given.trade_id)):
        raise business("TRADE_NOT_EXIST", "分账单不存在: this app has made no settlement under that number")
    return success(
        out_request_no=seen.given.order_no,
        operation_dt=china_text(seen.made_at),
        royalty_detail_list=_details(desk, seen),
    )


async def unsettled(desk: Desk, call: Call, request: shapes.OnsettleQuery) -> Answered:
    """What of an order is left to be shared."""
    sharing = (await _payment(desk, request.trade_no)).particulars.sharing
    return success(unsettled_amount=yuan_text(0 if sharing is None else sharing.frozen_minor))


async def bind(desk: Desk, call: Call, request: shapes.RoyaltyRelation) -> Answered:
    """Whom the shop may share with; all of them, or none. Who is bound already stays so."""
    await _related(desk, [await _added(desk, entity, place) for place, entity in enumerate(request.receiver_list)])
    return success(result_code="SUCCESS")


async def unbind(desk: Desk, call: Call, request: shapes.RoyaltyRelation) -> Answered:
    named = [
        await _receiver(desk, entity.account, entity.type, f"receiver_list[{place}]")
        for place, entity in enumerate(request.receiver_list)
    ]
    commands = [
        RemoveReceiver(merchant_id=desk.merchant.id, app_id=each.app_id, receiver_id=each.receiver_id) for each in named
    ]
    await _related(desk, commands)
    return success(result_code="SUCCESS")


async def relations(desk: Desk, call: Call, request: shapes.RoyaltyQuery) -> Answered:
    """Those who are bound, page by page; bound by another wire's number of a merchant, he is told by his own."""
    bound = (await desk.ask(receivers_of_merchant, desk.merchant.id)).receivers
    number, size = int(request.page_num), min(int(request.page_size), 100)
    shown = bound[(number - 1) * size : number * size]
    return success(
        result_code="SUCCESS",
        receiver_list=[
            {"type": "userId", "account": str(each.receiver_id), "name": await _name(desk, each), "memo": each.relation}
            for each in shown
        ],
        total_record_num=str(len(bound)),
        total_page_num=str(-(-len(bound) // size)),
        current_page_num=str(number),
        current_page_size=str(size),
    )


async def rate(desk: Desk, call: Call, request: shapes.RoyaltyQuery) -> Answered:
    """The most of an order that others may have, in whole percent."""
    terms = desk.merchant.settlement_on(desk.on)
    return success(user_id=str(desk.merchant.id), max_ratio=str(terms.share_ppm_max // 10_000))


async def _returns(
    desk: Desk, payment: Payment, named: shapes.RoyaltyPart, where: str, request_no: str, before: Sequence[ReturnShare]
) -> list[ReturnShare]:
    """One receiver's part of a refund, out of what he was given: the oldest first. before: what else comes back."""
    if named.trans_out is None:
        raise business("INVALID_PARAMETER", f"参数无效 {where}.trans_out 不能为空: say whose part comes back")
    if named.trans_in not in (None, str(desk.merchant.id)):
        sentence = f"参数无效 {where}.trans_in: it comes back to {desk.merchant.id}, not to {named.trans_in}"
        raise business("INVALID_PARAMETER", sentence)
    receiver = await _receiver(desk, named.trans_out, named.trans_out_type or "userId", where)
    if not receiver.app_id:
        raise business("ROYALTY_RECEIVER_INVALID", f"分账退回仅支持商户 {where}: what a person was given is hers")
    sharing, left_minor = payment.particulars.sharing, int(named.amount)
    returns: list[ReturnShare] = []
    for given in () if sharing is None else sharing.given:
        if not given.app_id or given.receiver_id != receiver.receiver_id:
            continue
        asked_minor = sum(each.amount_minor for each in before if _is_of(each, given))
        amount_minor = min(left_minor, given.left_minor - asked_minor)
        if amount_minor <= 0:
            continue
        left_minor -= amount_minor
        returns.append(
            ReturnShare(
                payment_id=payment.id,
                merchant_id=desk.merchant.id,
                receiver_id=given.receiver_id,
                app_id=given.app_id,
                order_no=given.order_no,
                return_no=f"{payment.trade_id}/{request_no}/{len(before) + len(returns)}",
                amount_minor=amount_minor,
                title=named.desc or "",
            )
        )
    if left_minor:
        sentence = f"分账退回金额超出 {where}: {yuan_text(left_minor)} more than {named.trans_out} has of this trade"
        raise business("ALLOC_AMOUNT_VALIDATE_ERROR", sentence)
    return returns


def _is_of(returned: ReturnShare, given: Given) -> bool:
    return (returned.order_no, returned.app_id, returned.receiver_id) == (
        given.order_no,
        given.app_id,
        given.receiver_id,
    )


async def _payment(desk: Desk, trade_no: str) -> Payment:
    """The payment of the app's trade. Raises Problem for one that nobody has paid."""
    standing = await desk.ask(find_trade, app_id=desk.app.id, trade_no=trade_no, out_trade_no=None)
    if standing is None:
        raise business("TRADE_NOT_EXIST", f"交易不存在: this app has no trade {trade_no}")
    if standing.payment is None:
        raise business("TRADE_STATUS_ERROR", f"交易未支付，不能分账: trade {trade_no} is not paid")
    return standing.payment


async def _part(desk: Desk, named: shapes.RoyaltyPart, place: int) -> SharePart:
    where = f"royalty_parameters[{place}]"
    if named.royalty_type not in (None, "transfer"):
        sentence = f"参数无效 {where}.royalty_type: “{named.royalty_type}” is not transfer"
        raise business("INVALID_PARAMETER", sentence)
    if named.trans_out not in (None, str(desk.merchant.id)):
        sentence = f"参数无效 {where}.trans_out: this app shares for {desk.merchant.id}, not for {named.trans_out}"
        raise business("INVALID_PARAMETER", sentence)
    if named.trans_in is None:
        raise business("INVALID_PARAMETER", f"参数无效 {where}.trans_in 不能为空: say who receives this part")
    receiver = await _receiver(desk, named.trans_in, named.trans_in_type or "userId", where, name=named.trans_in_name)
    return SharePart(
        app_id=receiver.app_id,
        receiver_id=receiver.receiver_id,
        amount_minor=int(named.amount),
        title=named.desc or "",
    )


async def _receiver(desk: Desk, account: str, kind: str, where: str, *, name: str | None = None) -> Receiver:
    """Who is meant: a merchant by his number, a person by hers or her name. Raises Problem."""
    if kind not in ("userId", "loginName", "openId"):
        raise business("INVALID_PARAMETER", f"参数无效 {where}: “{kind[:28]}” is not userId, loginName or openId")
    identifier = int(account) if account.isascii() and account.isdigit() and len(account) < 19 else 0
    merchant = desk.reference.merchants.get(identifier) if kind == "userId" else None
    if merchant is not None:
        names, receiver = {merchant.name, merchant.name_zh}, Receiver(receiver_id=merchant.id, app_id=merchant.id)
    else:
        person: Payee | None = None
        if kind == "loginName":
            person = await desk.ask(find_payee_by_logon, account)
        elif is_id(identifier):
            person = await desk.ask(find_payee, identifier)
        if person is None:
            raise business("ROYALTY_RECEIVER_INVALID", f"分账收入方不存在 {where}: nobody here is {account}")
        names, receiver = {person.name}, Receiver(receiver_id=person.id)
    if name is not None and name not in names:
        raise business("ROYALTY_RECEIVER_INVALID", f"分账收入方姓名不符 {where}: the account is another's")
    return receiver


async def _added(desk: Desk, entity: shapes.RoyaltyEntity, place: int) -> AddReceiver:
    receiver = await _receiver(desk, entity.account, entity.type, f"receiver_list[{place}]", name=entity.name)
    return AddReceiver(
        merchant_id=desk.merchant.id,
        app_id=receiver.app_id,
        receiver_id=receiver.receiver_id,
        relation=entity.memo or "",
    )


async def _related(desk: Desk, commands: list[AddReceiver] | list[RemoveReceiver]) -> None:
    """All of them, or none. Raises Problem."""
    outcomes = await desk.engine.execute_async([Submission(command=command, group=1) for command in commands])
    refusals: list[Refusal] = [outcome.refusal for outcome in outcomes if outcome.refusal is not None]
    if refusals:
        own = [refusal for refusal in refusals if refusal.name != "GroupRefused"]
        raise problem_of((own or refusals)[0], "share")


async def _name(desk: Desk, receiver: Receiver) -> str | None:
    if receiver.app_id:
        return desk.reference.merchants[receiver.receiver_id].name
    person = await desk.ask(find_payee, receiver.receiver_id)
    return None if person is None else person.name


def _details(desk: Desk, seen: ShareSeen) -> list[Leaf]:
    """Each part; what was released is told as the shop's own."""
    given, made, own = seen.given, china_text(seen.made_at), str(desk.merchant.id)
    parts = list(given.parts)
    if given.released_minor:
        parts.append(SharePart(receiver_id=desk.merchant.id, amount_minor=given.released_minor))
    return [
        {
            "operation_type": "transfer",
            "execute_dt": made,
            "trans_out": own,
            "trans_out_type": "userId",
            "trans_in": str(part.receiver_id),
            "trans_in_type": "userId",
            "amount": yuan_text(part.amount_minor),
            "state": "SUCCESS",
            "detail_id": f"{seen.id}{place:02d}",
        }
        for place, part in enumerate(parts)
    ]
