"""fund.trans.uni.transfer, fund.trans.common.query and fund.account.query: a merchant gives money out of what is available.

The real gateway takes transfers in certificate mode alone; here either mode will do. A transfer is done or refused at once:
there is no DEALING. Codes of these methods stand without `ACQ.`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from florin.engine import ClaimKind, claim, lane_of
from florin.engine.tables.event import load_events
from florin.events import TransferReceived
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
from florin.wires.desk.trades import claimed, recorded

PRODUCT: Final = "TRANS_ACCOUNT_NO_PWD"
SCENE: Final = "DIRECT_TRANSFER"
_CODES: Final = {
    "TransferExceedsAvailable": "PAYER_BALANCE_NOT_ENOUGH",
    "MerchantFrozen": "PAYER_STATUS_ERROR",
    "PayoutsStopped": "PAYER_STATUS_ERROR",
    "KeyConflict": "INVALID_PARAMETER",
    "AmountNotPositive": "INVALID_PARAMETER",
}


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str


class TransferSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer. id: of its event."""

    id: int
    number: str
    amount_minor: int
    made_at: datetime
    merchant_id: int


def transfer(desk: Desk, call: Call, request: shapes.FundTransfer) -> Answered:
    """Give it now. The same number with the same transfer again answers as before."""
    _refuse_kind(request)
    payee = _payee(desk, request.payee_info)
    command = Transfer(
        merchant_id=desk.merchant.id,
        person_id=payee.id,
        amount_minor=int(request.trans_amount),
        number=str(request.out_biz_no),
        title=request.order_title or "",
    )
    content = {"amount": command.amount_minor, "payee": payee.id}
    once = claim(ClaimKind.TRANSFER, desk.app.id, command.number, content)
    outcome = desk.execute(command, once)
    if outcome.refusal is not None:
        code = _CODES.get(outcome.refusal.name)
        raise fund_problem(code, sentence_of(outcome.refusal)) if code else unknown_result()
    seen = desk.ask(_seen, outcome.event_id)
    assert seen is not None, "a transfer was just recorded"
    return success(**_fields(seen), trans_date=china_text(seen.made_at))


def query(desk: Desk, call: Call, request: shapes.FundQuery) -> Answered:
    """A transfer by the shop's number or ours; another app's is as absent as one that never was."""
    if not (request.out_biz_no or request.order_id or request.pay_fund_order_id):
        raise fund_problem("INVALID_PARAMETER", "参数无效 out_biz_no: one of out_biz_no and order_id is needed")
    seen = desk.ask(_find, desk.app.id, request)
    if seen is None:
        number = request.out_biz_no or request.order_id or request.pay_fund_order_id
        raise fund_problem("ORDER_NOT_EXIST", f"转账单据不存在: this app has made no transfer {number}")
    return success(**_fields(seen), trans_amount=yuan_text(seen.amount_minor), pay_date=china_text(seen.made_at))


def account(desk: Desk, call: Call, request: shapes.FundAccount) -> Answered:
    """What is swept and not paid out yet."""
    if request.account_type not in (None, "ACCTRANS_ACCOUNT"):
        sentence = f"参数无效 account_type: “{request.account_type[:30]}” is not ACCTRANS_ACCOUNT"
        raise fund_problem("INVALID_PARAMETER", sentence)
    if request.alipay_user_id not in (None, str(desk.merchant.id)):
        sentence = f"参数无效 alipay_user_id: this app asks for {desk.merchant.id}, not for {request.alipay_user_id}"
        raise fund_problem("INVALID_PARAMETER", sentence)
    available = desk.ask(read_available, lane=desk.merchant.lane, merchant_id=desk.merchant.id)
    return success(available_amount=yuan_text(available), freeze_amount="0.00")


def fund_problem(code: str, sentence: str) -> Problem:
    """40004 of a fund method: these codes have no prefix."""
    return Problem("40004", code, sentence)


def _refuse_kind(request: shapes.FundTransfer) -> None:
    if request.product_code != PRODUCT:
        raise fund_problem("INVALID_PARAMETER", f"参数无效 product_code: “{request.product_code}” is not {PRODUCT}")
    if request.biz_scene not in (None, SCENE):
        raise fund_problem("INVALID_PARAMETER", f"参数无效 biz_scene: “{request.biz_scene}” is not {SCENE}")


def _payee(desk: Desk, named: shapes.PayeeInfo) -> Payee:
    """The person who is to have it. Raises Problem: nobody has that name or number, or it is not hers."""
    if named.identity_type == "ALIPAY_LOGON_ID":
        found = desk.ask(_person, _BY_LOGON, {"logon": named.identity})
    else:
        identifier = int(named.identity) if named.identity.isascii() and named.identity.isdigit() else 0
        lane = lane_of(identifier) if len(named.identity) < 19 and is_id(identifier) else None
        found = None if lane is None else desk.ask(_person, _BY_ID, {"lane": lane, "id": identifier})
    if found is None:
        raise fund_problem("PAYEE_NOT_EXIST", f"收款账号不存在: nobody here is {named.identity[:64]}")
    if named.name is not None and named.name != found.name:
        sentence = "收款人姓名与账号不符: the account is another person's than `name` says"
        raise fund_problem("PAYEE_USER_INFO_ERROR", sentence)
    return found


_BY_ID: Final[LiteralString] = "SELECT id, name FROM person WHERE lane = %(lane)s AND id = %(id)s"
_BY_LOGON: Final[LiteralString] = "SELECT id, name FROM person WHERE logon = %(logon)s ORDER BY id LIMIT 1"


def _person(connection: Connection[Any], statement: LiteralString, parameters: dict[str, Any]) -> Payee | None:
    with connection.cursor(row_factory=class_row(Payee)) as cursor:
        return cursor.execute(statement, parameters).fetchone()


def _find(connection: Connection[Any], app_id: int, request: shapes.FundQuery) -> TransferSeen | None:
    if request.out_biz_no:
        event_id = claimed(connection, ClaimKind.TRANSFER, app_id, request.out_biz_no)
        return None if event_id is None else _seen(connection, event_id)
    text = request.order_id or request.pay_fund_order_id or ""
    identifier = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    seen = _seen(connection, identifier) if is_id(identifier) else None
    # Our number alone names no app: the claim of the shop's number, under this app, is what makes it this app's.
    if seen is None or claimed(connection, ClaimKind.TRANSFER, app_id, seen.number) != seen.id:
        return None
    return seen


def _seen(connection: Connection[Any], event_id: int) -> TransferSeen | None:
    event = load_events(connection, [event_id]).get(event_id)
    if not isinstance(event, TransferReceived):
        return None
    return TransferSeen(
        id=event_id,
        number=event.request_no,
        amount_minor=event.amount_minor,
        made_at=recorded(connection, event_id)[1],
        merchant_id=event.merchant_id,
    )


def _fields(seen: TransferSeen) -> dict[str, Leaf | None]:
    return {
        "out_biz_no": seen.number,
        "order_id": str(seen.id),
        "pay_fund_order_id": str(seen.id),
        "status": "SUCCESS",
    }
