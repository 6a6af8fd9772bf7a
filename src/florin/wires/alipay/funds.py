"""fund.trans.uni.transfer, fund.trans.common.query and fund.account.query: a merchant gives money out of what is available.

The real gateway takes transfers in certificate mode alone; here either mode will do. A transfer is done or refused at once:
there is no DEALING. Codes of these methods stand without `ACQ.`.
"""

from __future__ import annotations

from typing import Final

from florin.engine import ClaimKind, claim
from florin.money import yuan_text
from florin.payments.transfer import Transfer
from florin.queries import is_id
from florin.queries.merchant import read_available
from florin.wires.alipay import shapes
from florin.wires.alipay.answers import Leaf, Problem, success
from florin.wires.alipay.call import Call
from florin.wires.alipay.desk import Answered, Desk
from florin.wires.alipay.refusals import sentence_of, unknown_result
from florin.wires.alipay.shapes import china_text
from florin.wires.desk.transfers import (
    Payee,
    TransferSeen,
    find_payee,
    find_payee_by_logon,
    find_transfer,
    transfer_of,
)

PRODUCT: Final = "TRANS_ACCOUNT_NO_PWD"
SCENE: Final = "DIRECT_TRANSFER"
_CODES: Final = {
    "TransferExceedsAvailable": "PAYER_BALANCE_NOT_ENOUGH",
    "MerchantFrozen": "PAYER_STATUS_ERROR",
    "PayoutsStopped": "PAYER_STATUS_ERROR",
    "KeyConflict": "INVALID_PARAMETER",
    "AmountNotPositive": "INVALID_PARAMETER",
}


async def transfer(desk: Desk, call: Call, request: shapes.FundTransfer) -> Answered:
    """Give it now. The same number with the same transfer again answers as before."""
    _refuse_kind(request)
    payee = await _payee(desk, request.payee_info)
    command = Transfer(
        merchant_id=desk.merchant.id,
        person_id=payee.id,
        amount_minor=int(request.trans_amount),
        number=str(request.out_biz_no),
        title=request.order_title or "",
    )
    content = {"amount": command.amount_minor, "payee": payee.id}
    once = claim(ClaimKind.TRANSFER, desk.app.id, command.number, content)
    outcome = await desk.execute(command, once)
    if outcome.refusal is not None:
        code = _CODES.get(outcome.refusal.name)
        raise fund_problem(code, sentence_of(outcome.refusal)) if code else unknown_result()
    seen = await desk.ask(transfer_of, outcome.event_id)
    assert seen is not None, "a transfer was just recorded"
    return success(**_fields(seen), trans_date=china_text(seen.made_at))


async def query(desk: Desk, call: Call, request: shapes.FundQuery) -> Answered:
    """A transfer by the shop's number or ours; another app's is as absent as one that never was."""
    if not (request.out_biz_no or request.order_id or request.pay_fund_order_id):
        raise fund_problem("INVALID_PARAMETER", "参数无效 out_biz_no: one of out_biz_no and order_id is needed")
    our_number = request.order_id or request.pay_fund_order_id
    seen = await desk.ask(find_transfer, app_id=desk.app.id, number=request.out_biz_no, id_text=our_number)
    if seen is None:
        number = request.out_biz_no or request.order_id or request.pay_fund_order_id
        raise fund_problem("ORDER_NOT_EXIST", f"转账单据不存在: this app has made no transfer {number}")
    return success(**_fields(seen), trans_amount=yuan_text(seen.amount_minor), pay_date=china_text(seen.made_at))


async def account(desk: Desk, call: Call, request: shapes.FundAccount) -> Answered:
    """What is swept and not paid out yet."""
    if request.account_type not in (None, "ACCTRANS_ACCOUNT"):
        sentence = f"参数无效 account_type: “{request.account_type[:30]}” is not ACCTRANS_ACCOUNT"
        raise fund_problem("INVALID_PARAMETER", sentence)
    if request.alipay_user_id not in (None, str(desk.merchant.id)):
        sentence = f"参数无效 alipay_user_id: this app asks for {desk.merchant.id}, not for {request.alipay_user_id}"
        raise fund_problem("INVALID_PARAMETER", sentence)
    available = await desk.ask(read_available, lane=desk.merchant.lane, merchant_id=desk.merchant.id)
    return success(available_amount=yuan_text(available), freeze_amount="0.00")


def fund_problem(code: str, sentence: str) -> Problem:
    """40004 of a fund method: these codes have no prefix."""
    return Problem("40004", code, sentence)


def _refuse_kind(request: shapes.FundTransfer) -> None:
    if request.product_code != PRODUCT:
        raise fund_problem("INVALID_PARAMETER", f"参数无效 product_code: “{request.product_code}” is not {PRODUCT}")
    if request.biz_scene not in (None, SCENE):
        raise fund_problem("INVALID_PARAMETER", f"参数无效 biz_scene: “{request.biz_scene}” is not {SCENE}")


async def _payee(desk: Desk, named: shapes.PayeeInfo) -> Payee:
    """The person who is to have it. Raises Problem: nobody has that name or number, or it is not hers."""
    if named.identity_type == "ALIPAY_LOGON_ID":
        found = await desk.ask(find_payee_by_logon, named.identity)
    else:
        identifier = int(named.identity) if named.identity.isascii() and named.identity.isdigit() else 0
        found = await desk.ask(find_payee, identifier) if len(named.identity) < 19 and is_id(identifier) else None
    if found is None:
        raise fund_problem("PAYEE_NOT_EXIST", f"收款账号不存在: nobody here is {named.identity[:64]}")
    if named.name is not None and named.name != found.name:
        sentence = "收款人姓名与账号不符: the account is another person's than `name` says"
        raise fund_problem("PAYEE_USER_INFO_ERROR", sentence)
    return found


def _fields(seen: TransferSeen) -> dict[str, Leaf | None]:
    return {
        "out_biz_no": seen.number,
        "order_id": str(seen.id),
        "pay_fund_order_id": str(seen.id),
        "status": "SUCCESS",
    }
