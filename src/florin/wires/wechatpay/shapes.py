"""Bodies: their JSON to typed requests, with the refusal that names the field that does not fit.

Amounts are whole fen, times carry their zone. An empty text and a null are the same as absent; unknown fields are left
alone.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from florin.wires.wechatpay.answers import Problem, parameter_wrong

CHINA: Final = timezone(timedelta(hours=8))
AMOUNT_MINOR_MAX: Final = 10_000_000_000  # 100,000,000.00
ORDER_EXPIRY: Final = timedelta(days=7)
NOTIFY_URL_LENGTH_MAX: Final = 255
SUBJECT_LENGTH_MAX: Final = 127
BATCH_DETAILS_MAX: Final = 200  # X, our choice: the real one takes 1,000; one batch is one transaction here

OrderNumber = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*]{6,32}\Z")]
RefundNumber = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}\Z")]
Fen = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX)]
Text32 = Annotated[str, Meta(max_length=32)]
Text64 = Annotated[str, Meta(max_length=64)]
Text80 = Annotated[str, Meta(max_length=80)]
Text128 = Annotated[str, Meta(max_length=128)]
Text255 = Annotated[str, Meta(max_length=NOTIFY_URL_LENGTH_MAX)]

Shape = TypeVar("Shape")


class Amount(Struct, frozen=True, kw_only=True):
    total: Fen
    currency: str = "CNY"


class Payer(Struct, frozen=True, kw_only=True):
    """openid: of the seller's own appid; sp_openid and sub_openid when a service provider calls. auth_code: shown at a till."""

    openid: Text128 | None = None
    sp_openid: Text128 | None = None
    sub_openid: Text128 | None = None
    auth_code: Text32 | None = None


class StoreInfo(Struct, frozen=True, kw_only=True):
    id: Text32 | None = None
    out_id: Text32 | None = None


class SceneInfo(Struct, frozen=True, kw_only=True):
    payer_client_ip: Text64 | None = None
    device_id: Text32 | None = None
    device_ip: Text64 | None = None
    store_info: StoreInfo | None = None
    h5_info: dict[str, Any] | None = None


class SettleInfo(Struct, frozen=True, kw_only=True):
    profit_sharing: bool = False


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls for whom: a merchant for himself, or a service provider for a merchant of his."""

    appid: Text32 | None = None
    mchid: Text32 | None = None
    sp_appid: Text32 | None = None
    sp_mchid: Text32 | None = None
    sub_appid: Text32 | None = None
    sub_mchid: Text32 | None = None


class SubsidyPlan(Struct, frozen=True, kw_only=True):
    """Of so many installments the merchant bears the whole fee (100), or nothing of it (0)."""

    subsidy_installment_num: Literal[3, 6, 12]
    subsidy_percent: Literal[0, 100]


class SubsidyDetail(Struct, frozen=True, kw_only=True):
    """subsidy_period_type: PERIOD for installments; DAILY, interest by the day, is not borne by merchants here."""

    subsidy_period_type: Literal["PERIOD"]
    subsidy_plan: list[SubsidyPlan]


class SubsidyInfo(Struct, frozen=True, kw_only=True):
    subsidy_detail: list[SubsidyDetail] = []

    def merchant_bears(self) -> tuple[int, ...]:
        """The counts of which the merchant bears the fee, the smallest first. Raises Problem for a count said twice."""
        plans = [plan for detail in self.subsidy_detail for plan in detail.subsidy_plan]
        counts = [plan.subsidy_installment_num for plan in plans]
        if len(set(counts)) < len(counts):
            raise parameter_wrong("/subsidy_info", "期数重复: a number of installments comes twice")
        return tuple(sorted(plan.subsidy_installment_num for plan in plans if plan.subsidy_percent == 100))


class Order(Caller, frozen=True, kw_only=True):
    """native, jsapi, app, h5 and codepay, of both kinds of caller. notify_url: needed but for codepay."""

    description: Annotated[str, Meta(max_length=SUBJECT_LENGTH_MAX)]
    out_trade_no: OrderNumber
    amount: Amount
    notify_url: Text255 | None = None
    payer: Payer = Payer()
    scene_info: SceneInfo = SceneInfo()
    time_expire: str | None = None
    attach: Text128 | None = None
    goods_tag: Text32 | None = None
    detail: dict[str, Any] | None = None
    settle_info: SettleInfo = SettleInfo()
    support_fapiao: bool = False
    subsidy_info: SubsidyInfo = SubsidyInfo()

    def expires_at(self, asked_at: datetime) -> datetime:
        """When the order can no longer be paid: `time_expire`, or seven days from now. Raises Problem."""
        if self.time_expire is None:
            return asked_at + ORDER_EXPIRY
        return moment_of(self.time_expire, "/time_expire")


class Close(Caller, frozen=True, kw_only=True):
    """…/out-trade-no/{out_trade_no}/close, and /reverse"""


class BillQuery(Caller, frozen=True, kw_only=True):
    """bill/tradebill, bill/fundflowbill, and what they name."""

    bill_date: str | None = None
    bill_type: str | None = None
    account_type: str | None = None
    tar_type: str | None = None
    token: str | None = None


class TotalAmount(Struct, frozen=True, kw_only=True):
    total_amount: Fen
    currency: Literal["CNY"] = "CNY"


class SubOrderNamed(Struct, frozen=True, kw_only=True):
    """An order of several. sub_mchid: the seller, where mchid is his service provider's."""

    mchid: Text32
    out_trade_no: OrderNumber
    sub_mchid: Text32 | None = None


class SubOrder(SubOrderNamed, frozen=True, kw_only=True):
    amount: TotalAmount
    description: Annotated[str, Meta(max_length=SUBJECT_LENGTH_MAX)]
    attach: Text128 | None = None
    settle_info: SettleInfo = SettleInfo()


class Combined(Caller, frozen=True, kw_only=True):
    """combine-transactions/{native, jsapi, app, h5}"""

    combine_appid: Text32
    combine_mchid: Text32
    combine_out_trade_no: OrderNumber
    sub_orders: Annotated[list[SubOrder], Meta(min_length=1, max_length=50)]
    notify_url: Text255
    scene_info: SceneInfo = SceneInfo()
    combine_payer_info: Payer = Payer()
    time_expire: str | None = None

    def expires_at(self, asked_at: datetime) -> datetime:
        """As of a single order. Raises Problem."""
        return asked_at + ORDER_EXPIRY if self.time_expire is None else moment_of(self.time_expire, "/time_expire")


class CombinedClose(Caller, frozen=True, kw_only=True):
    """combine-transactions/out-trade-no/{combine_out_trade_no}/close"""

    combine_appid: Text32
    sub_orders: list[SubOrderNamed]


class NewTransfer(Caller, frozen=True, kw_only=True):
    """fund-app/mch-transfer/transfer-bills. transfer_remark: what she reads. user_name: encrypted to one of our keys."""

    out_bill_no: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}\Z")]
    openid: Text128
    transfer_amount: Fen
    transfer_remark: Text32
    transfer_scene_id: Text64
    user_name: str | None = None
    notify_url: Text255 | None = None
    user_recv_perception: str | None = None
    transfer_scene_report_infos: list[dict[str, Any]] = []


class BatchDetail(Struct, frozen=True, kw_only=True):
    out_detail_no: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}\Z")]
    transfer_amount: Fen
    transfer_remark: Text32
    openid: Text128
    user_name: str | None = None


class NewBatch(Caller, frozen=True, kw_only=True):
    """transfer/batches: the older way, several at once."""

    out_batch_no: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}\Z")]
    batch_name: Text32
    batch_remark: Text32
    total_amount: Fen
    total_num: int
    transfer_detail_list: Annotated[list[BatchDetail], Meta(min_length=1, max_length=BATCH_DETAILS_MAX)]
    transfer_scene_id: Text64 | None = None
    notify_url: Text255 | None = None


class RefundAmount(Struct, frozen=True, kw_only=True):
    """total: of the order, and must be it."""

    refund: Fen
    total: Fen
    currency: str = "CNY"


class Refund(Caller, frozen=True, kw_only=True):
    """refund/domestic/refunds"""

    out_refund_no: RefundNumber
    amount: RefundAmount
    transaction_id: Text32 | None = None
    out_trade_no: Text32 | None = None
    reason: Text80 | None = None
    notify_url: Text255 | None = None
    funds_account: str | None = None
    goods_detail: list[dict[str, Any]] | None = None


def read_body(body: bytes, shape: type[Shape]) -> Shape:
    """The typed request. Raises Problem: PARAM_ERROR for no JSON object, or for a field by its pointer."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise parameter_wrong("body", f"请求体不是合法的 JSON: {error}") from None
    if not isinstance(document, dict):
        raise parameter_wrong("body", "请求体须为 JSON 对象: the body is not a JSON object")
    try:
        request = msgspec.convert(_without_empties(document, ""), shape)
    except msgspec.ValidationError as error:
        raise _explained(error, document) from None
    amount = getattr(request, "amount", None)
    if amount is not None and getattr(amount, "currency", "CNY") != "CNY":
        raise parameter_wrong("/amount/currency", "只支持 CNY: only CNY is traded here", value=amount.currency)
    return request


def moment_of(text: str, where: str) -> datetime:
    """An instant from RFC 3339. Raises Problem for one without its zone, and for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or len(text) < 19:
        sentence = "须为 RFC 3339 格式: 2026-03-05T18:00:00+08:00 is one, with its zone"
        raise parameter_wrong(where, sentence, value=text)
    return moment


def china_text(instant: datetime) -> str:
    """`2026-03-05T18:00:00+08:00`."""
    return instant.astimezone(CHINA).isoformat(timespec="seconds")


def check_url(text: str, where: str) -> None:
    """An http(s) address with a host and without a query, as this protocol wants it. Raises Problem."""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or not text.isprintable() or " " in text:
        raise parameter_wrong(where, "须为 http 或 https 地址: it is not an http or https address", value=text)
    if parts.query or parts.fragment:
        raise parameter_wrong(where, "不能携带参数: it carries a query, which a notify_url may not", value=text)


def _without_empties(value: Any, where: str) -> Any:
    """What is null or empty text is absent. Raises Problem for text that cannot be kept."""
    if isinstance(value, dict):
        cleaned = {name: _without_empties(each, f"{where}/{name}") for name, each in value.items()}
        return {name: each for name, each in cleaned.items() if each is not None and each != ""}
    if isinstance(value, list):
        return [_without_empties(each, f"{where}/{place}") for place, each in enumerate(value)]
    if isinstance(value, str) and "\x00" in value:
        raise parameter_wrong(where, "含有非法字符: it has a character that is no text (U+0000)")
    return value


def _explained(error: msgspec.ValidationError, document: dict[str, Any]) -> Problem:
    """msgspec's message as this protocol's: a JSON pointer, what is wrong, and the value that came."""
    message, _, path = str(error).partition(" - at `")
    names = re.findall(r"[^.\[\]`$]+", path)
    absent = re.fullmatch("Object missing required field `(.*)`", message)
    if absent:
        return parameter_wrong("/" + "/".join([*names, absent.group(1)]), "必填: it is required and is missing")
    value: Any = document
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    shown = "" if value is None else str(value)
    return parameter_wrong("/" + "/".join(names), f"格式不符: {message}", value=shown)
