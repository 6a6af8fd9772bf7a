"""biz_content: its JSON to typed requests, one struct a method, with the refusal that explains what does not fit.

Field names, and which are required, are those of the official SDK's models. Every leaf becomes text first, whether a
client wrote `"12.34"` or `12.34` (python-alipay-sdk's own examples write numbers), so an amount never passes through a
float; an empty text and a null are the same as absent. Unknown fields are left alone. Two fields are refused rather
than left out, because a shop that sends them would lose money unnoticed: `royalty_info` and
`refund_royalty_parameters`.

Times are China time without a zone, whatever the clock of the machine that sent them.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from florin.money import AmountTextInvalid, parse_yuan
from florin.wires.alipay.answers import Problem, business, invalid

CHINA: Final = timezone(timedelta(hours=8))
AMOUNT_MINOR_MAX: Final = 10_000_000_000  # 100,000,000.00
GOODS_MAX: Final = 150
QR_CODE_EXPIRY: Final = timedelta(hours=2)  # opendocs open/05osuz
TILL_EXPIRY: Final = timedelta(hours=3)  # opendocs open/02ekfp
ORDER_EXPIRY: Final = timedelta(days=15)
EXPIRY_MIN: Final = timedelta(minutes=1)
EXPIRY_MAX: Final = timedelta(days=15)

Tender = Literal["wallet", "credit", "card"]
Document = dict[str, Any]

_TIME: Final = "%Y-%m-%d %H:%M:%S"
_ORDER_NUMBER: Final = re.compile(r"[0-9A-Za-z_\-.|*]{1,64}", re.ASCII)
_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_SPAN_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

# The payment channels that exist in this house, by the tender they are; debit cards and points are unknown here.
_CHANNELS: Final[dict[Tender, tuple[str, ...]]] = {
    "wallet": ("balance", "moneyFund"),
    "credit": ("pcredit", "pcreditpayInstallment"),
    "card": ("creditCard", "creditCardExpress", "creditCardCartoon"),
}

Text28 = Annotated[str, Meta(max_length=28)]
Text32 = Annotated[str, Meta(max_length=32)]
Text64 = Annotated[str, Meta(max_length=64)]
Text256 = Annotated[str, Meta(max_length=256)]
Text400 = Annotated[str, Meta(max_length=400)]
Text512 = Annotated[str, Meta(max_length=512)]


class Amount(int):
    """Minor units read from yuan text: 0.01 to 100,000,000.00, at most two decimals."""


class OrderNumber(str):
    """A merchant's own number: 1 to 64 letters, digits and `_-.|*`."""


class Expiry(str):
    """`timeout_express`: 1m to 15d in whole minutes, hours or days, or `1c` for the end of the day."""

    def after(self, asked_at: datetime) -> datetime:
        if self == "1c":
            return (asked_at.astimezone(CHINA) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return asked_at + _span_of(self)


class Moment(str):
    """`yyyy-MM-dd HH:mm:ss` in China time; seconds may be left out."""

    def instant(self) -> datetime:
        return china_instant(self)


class Channels(tuple[str, ...]):
    """`enable_pay_channels` and `disable_pay_channels`: names separated by commas."""

    __slots__ = ()


# What merchants may ask for (credit facts 1.1, from the interface's own notes).
INSTALLMENT_COUNTS: Final = ("3", "6", "12")


class ExtendParams(Struct, frozen=True, kw_only=True):
    """Installments, as merchants ask for them: how many, and the share of the fee that the seller bears (0 or 100).

    The same pair under its newer names `fq_*` is accepted; both pairs at once must agree.
    """

    hb_fq_num: Text28 | None = None
    hb_fq_seller_percent: Text28 | None = None
    fq_num: Text28 | None = None
    fq_seller_percent: Text28 | None = None
    sys_service_provider_id: Text64 | None = None
    royalty_freeze: Literal["true", "false"] = "false"

    def installments(self) -> int:
        """The count the merchant chose, 0 for none. This interface takes three counts, whatever a program offers beside."""
        text = _agreed("hb_fq_num", self.hb_fq_num, "fq_num", self.fq_num)
        if text is None:
            return 0
        if text not in INSTALLMENT_COUNTS:
            raise _bad("extend_params.hb_fq_num", f"分期数只能是 3、6 或 12: “{text}” is not 3, 6 or 12")
        return int(text)

    def seller_percent(self) -> int:
        text = _agreed("hb_fq_seller_percent", self.hb_fq_seller_percent, "fq_seller_percent", self.fq_seller_percent)
        if text not in (None, "0", "100"):
            raise _bad("extend_params.hb_fq_seller_percent", f"只能是 0 或 100: “{text}” is neither 0 nor 100")
        return int(text or 0)


class Order(Struct, frozen=True, kw_only=True):
    """What precreate, page.pay, wap.pay, app.pay, create and pay have in common: one order of one shop."""

    out_trade_no: OrderNumber
    total_amount: Amount
    subject: Text256
    body: Text400 | None = None
    product_code: Text64 | None = None
    timeout_express: Expiry | None = None
    time_expire: Moment | None = None
    qr_code_timeout_express: Expiry | None = None
    goods_detail: Annotated[list[dict[str, Any]], Meta(max_length=GOODS_MAX)] = []
    goods_type: Text28 | None = None
    extend_params: ExtendParams = ExtendParams()
    enable_pay_channels: Channels | None = None
    disable_pay_channels: Channels | None = None
    passback_params: Text512 | None = None
    seller_id: Text32 | None = None
    store_id: Text32 | None = None
    operator_id: Text28 | None = None
    terminal_id: Text32 | None = None
    royalty_info: Any = None

    def tenders(self) -> tuple[Tender, ...]:
        """What the shopper may pay with. Installments that the merchant chose leave credit alone. Raises Problem."""
        if self.enable_pay_channels and self.disable_pay_channels:
            raise _bad("disable_pay_channels", "不能与 enable_pay_channels 同时使用: send only one of them")
        if self.extend_params.installments():
            offered: list[Tender] = ["credit"] if self._allows("pcreditpayInstallment") else []
        else:
            offered = [tender for tender, channels in _CHANNELS.items() if any(map(self._allows, channels))]
        if not offered:
            raise _bad("enable_pay_channels", "没有可用的支付渠道: nothing is left to pay with (pcredit, balance)")
        return tuple(offered)

    def expires_at(self, asked_at: datetime, default: timedelta) -> datetime:
        """When the order can no longer be paid: time_expire, else timeout_express, else `default` after now; and no later
        than the code that names it, where that has a time of its own.
        """
        if self.time_expire is not None:
            order_ends = self.time_expire.instant()
        elif self.timeout_express is not None:
            order_ends = self.timeout_express.after(asked_at)
        else:
            order_ends = None
        code_ends = self.qr_code_timeout_express.after(asked_at) if self.qr_code_timeout_express else None
        given = [instant for instant in (order_ends, code_ends) if instant is not None]
        return min(given) if given else asked_at + default

    def _allows(self, channel: str) -> bool:
        names = {channel} if channel in _CHANNELS["wallet"] else {channel, "credit_group"}
        if self.enable_pay_channels:
            return not names.isdisjoint(self.enable_pay_channels)
        return not self.disable_pay_channels or names.isdisjoint(self.disable_pay_channels)


class Precreate(Order, frozen=True, kw_only=True):
    """alipay.trade.precreate: an order that a QR code names."""


class PagePay(Order, frozen=True, kw_only=True):
    """alipay.trade.page.pay: a browser comes with the order and is sent on to the cashier."""

    qr_pay_mode: Text28 | None = None
    quit_url: Text400 | None = None
    request_from_url: Text400 | None = None


class WapPay(PagePay, frozen=True, kw_only=True):
    """alipay.trade.wap.pay: as page.pay, on a phone."""


class AppPay(Order, frozen=True, kw_only=True):
    """alipay.trade.app.pay: the signed order string that an app hands to the wallet."""


class Create(Order, frozen=True, kw_only=True):
    """alipay.trade.create: an order for a known buyer, who pays it in the wallet."""

    buyer_id: Text28 | None = None
    buyer_open_id: Text64 | None = None
    buyer_logon_id: Text64 | None = None
    op_app_id: Text32 | None = None


class AgreementParams(Struct, frozen=True, kw_only=True):
    agreement_no: Text64


class Pay(Order, frozen=True, kw_only=True):
    """alipay.trade.pay: paid at a till with the code that the shopper shows, or out of what was frozen before."""

    scene: Text32 = "bar_code"
    auth_code: Text64 | None = None
    auth_no: Text64 | None = None
    auth_confirm_mode: Text32 | None = None
    agreement_params: AgreementParams | None = None


class _Named(Struct, frozen=True, kw_only=True):
    """A trade that exists: named by our number, or by the shop's. Ours wins when both come."""

    trade_no: Text64 | None = None
    out_trade_no: Text64 | None = None


class Query(_Named, frozen=True, kw_only=True):
    """alipay.trade.query"""

    query_options: list[str] = []


class RoyaltyPart(Struct, frozen=True, kw_only=True):
    """One receiver's part. trans_in_type: userId for a merchant's number or a person's, loginName for a person's name.

    With a refund, what comes back: trans_out has it, and trans_in is the shop's own.
    """

    trans_in: Text64 | None = None
    amount: Amount
    trans_in_type: Text28 | None = None
    trans_in_name: Text64 | None = None
    trans_out: Text64 | None = None
    trans_out_type: Text28 | None = None
    royalty_type: Text32 | None = None
    royalty_scene: Text64 | None = None
    desc: Annotated[str, Meta(max_length=1000)] | None = None


class Refund(_Named, frozen=True, kw_only=True):
    """alipay.trade.refund. out_request_no: absent, the refund is the whole trade's, under the order's own number."""

    refund_amount: Amount
    out_request_no: OrderNumber | None = None
    refund_reason: Text256 | None = None
    operator_id: Text32 | None = None
    store_id: Text32 | None = None
    terminal_id: Text32 | None = None
    query_options: list[str] = []
    refund_royalty_parameters: Annotated[list[RoyaltyPart], Meta(max_length=20)] = []


class RefundQuery(_Named, frozen=True, kw_only=True):
    """alipay.trade.fastpay.refund.query"""

    out_request_no: Text64
    query_options: list[str] = []


class Close(_Named, frozen=True, kw_only=True):
    """alipay.trade.close"""

    operator_id: Text32 | None = None


class Cancel(_Named, frozen=True, kw_only=True):
    """alipay.trade.cancel"""


class PayeeInfo(Struct, frozen=True, kw_only=True):
    """Who is to have a transfer. name: as the account has it, compared where it is given."""

    identity: Text64
    identity_type: Literal["ALIPAY_USER_ID", "ALIPAY_LOGON_ID", "ALIPAY_OPEN_ID"]
    name: Text64 | None = None


class FundTransfer(Struct, frozen=True, kw_only=True):
    """alipay.fund.trans.uni.transfer"""

    out_biz_no: OrderNumber
    trans_amount: Amount
    product_code: Text64
    payee_info: PayeeInfo
    biz_scene: Text64 | None = None
    order_title: Annotated[str, Meta(max_length=128)] | None = None
    remark: Annotated[str, Meta(max_length=200)] | None = None
    business_params: Any = None


class FundQuery(Struct, frozen=True, kw_only=True):
    """alipay.fund.trans.common.query"""

    out_biz_no: Text64 | None = None
    order_id: Text64 | None = None
    pay_fund_order_id: Text64 | None = None
    product_code: Text64 | None = None
    biz_scene: Text64 | None = None


class FundAccount(Struct, frozen=True, kw_only=True):
    """alipay.fund.account.query"""

    alipay_user_id: Text32 | None = None
    account_type: Text64 | None = None


class FreezeVoucher(Struct, frozen=True, kw_only=True):
    """alipay.fund.auth.order.voucher.create"""

    out_order_no: OrderNumber
    out_request_no: OrderNumber
    order_title: Annotated[str, Meta(max_length=100)]
    amount: Amount
    product_code: Text64 | None = None
    payee_user_id: Text32 | None = None
    payee_logon_id: Text64 | None = None
    pay_timeout: Expiry | None = None


class Freeze(FreezeVoucher, frozen=True, kw_only=True):
    """alipay.fund.auth.order.freeze: with the code that the shopper shows."""

    auth_code: Text64
    auth_code_type: Text32 | None = None


class FreezeNamed(Struct, frozen=True, kw_only=True):
    """alipay.fund.auth.operation.detail.query and .cancel: a freeze by our number or the shop's. Ours wins when both come."""

    auth_no: Text64 | None = None
    operation_id: Text64 | None = None
    out_order_no: Text64 | None = None
    out_request_no: Text64 | None = None
    remark: Annotated[str, Meta(max_length=100)] | None = None


class Unfreeze(Struct, frozen=True, kw_only=True):
    """alipay.fund.auth.order.unfreeze"""

    auth_no: Text64
    out_request_no: OrderNumber
    amount: Amount
    remark: Annotated[str, Meta(max_length=100)] | None = None


class BillQuery(Struct, frozen=True, kw_only=True):
    """alipay.data.dataservice.bill.downloadurl.query"""

    bill_type: Text28
    bill_date: Text28


class SettleExtend(Struct, frozen=True, kw_only=True):
    """royalty_finish: what is left is released, and nothing more is shared."""

    royalty_finish: Literal["true", "false"] = "false"


class OrderSettle(Struct, frozen=True, kw_only=True):
    """alipay.trade.order.settle"""

    out_request_no: OrderNumber
    trade_no: Text64
    royalty_parameters: Annotated[list[RoyaltyPart], Meta(max_length=50)] = []
    operator_id: Text64 | None = None
    extend_params: SettleExtend = SettleExtend()
    royalty_mode: Literal["sync", "async"] = "sync"


class SettleQuery(Struct, frozen=True, kw_only=True):
    """alipay.trade.order.settle.query: by our number, or by the shop's with the trade's."""

    settle_no: Text64 | None = None
    out_request_no: OrderNumber | None = None
    trade_no: Text64 | None = None


class OnsettleQuery(Struct, frozen=True, kw_only=True):
    """alipay.trade.order.onsettle.query"""

    trade_no: Text64


class RoyaltyEntity(Struct, frozen=True, kw_only=True):
    """With whom a shop may share, as of `RoyaltyPart`."""

    type: Text28
    account: Text64
    name: Text64 | None = None
    memo: Text64 | None = None
    login_name: Text64 | None = None
    bind_login_name: Text64 | None = None


class RoyaltyRelation(Struct, frozen=True, kw_only=True):
    """alipay.trade.royalty.relation.bind, and .unbind"""

    out_request_no: OrderNumber
    receiver_list: Annotated[list[RoyaltyEntity], Meta(min_length=1, max_length=20)]


class RoyaltyQuery(Struct, frozen=True, kw_only=True):
    """alipay.trade.royalty.relation.batchquery, and alipay.trade.royalty.rate.query"""

    out_request_no: OrderNumber
    page_num: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}\Z")] = "1"
    page_size: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,2}\Z")] = "20"


class OrderStatus(Struct, frozen=True, kw_only=True):
    """What the shop says became of it: kept to, given up, broken."""

    status: Literal["COMPLETE", "CLOSED", "VIOLATED"]


class OrderinfoSync(Struct, frozen=True, kw_only=True):
    """alipay.trade.orderinfo.sync"""

    trade_no: Text64
    out_request_no: OrderNumber
    biz_type: Literal["CREDIT_AUTH", "CREDIT_DEDUCT"]
    order_biz_info: OrderStatus
    orig_request_no: Text64 | None = None


class OauthToken(Struct, frozen=True, kw_only=True):
    """alipay.system.oauth.token; parameters of the request itself."""

    grant_type: Text28
    code: Text64 | None = None
    refresh_token: Text64 | None = None


class UserInfo(Struct, frozen=True, kw_only=True):
    """alipay.user.info.share; a parameter of the request itself."""

    auth_token: Text64


class CertificateDownload(Struct, frozen=True, kw_only=True):
    """alipay.open.app.alipaycert.download"""

    alipay_cert_sn: Text64


Named = Query | Refund | RefundQuery | Close | Cancel
Funds = FundTransfer | FundQuery | FundAccount | Freeze | FreezeVoucher | FreezeNamed | Unfreeze
Royalties = OrderSettle | SettleQuery | OnsettleQuery | RoyaltyRelation | RoyaltyQuery
Identity = OauthToken | UserInfo
Request = (
    Identity
    | OrderinfoSync
    | Royalties
    | Precreate
    | PagePay
    | WapPay
    | AppPay
    | Create
    | Pay
    | Named
    | Funds
    | BillQuery
    | CertificateDownload
)

REQUESTS: Final[dict[str, type[Request]]] = {
    "alipay.trade.precreate": Precreate,
    "alipay.trade.page.pay": PagePay,
    "alipay.trade.wap.pay": WapPay,
    "alipay.trade.app.pay": AppPay,
    "alipay.trade.create": Create,
    "alipay.trade.pay": Pay,
    "alipay.trade.query": Query,
    "alipay.trade.refund": Refund,
    "alipay.trade.fastpay.refund.query": RefundQuery,
    "alipay.trade.close": Close,
    "alipay.trade.cancel": Cancel,
    "alipay.trade.orderinfo.sync": OrderinfoSync,
    "alipay.fund.trans.uni.transfer": FundTransfer,
    "alipay.fund.trans.common.query": FundQuery,
    "alipay.fund.account.query": FundAccount,
    "alipay.fund.auth.order.freeze": Freeze,
    "alipay.fund.auth.order.voucher.create": FreezeVoucher,
    "alipay.fund.auth.order.unfreeze": Unfreeze,
    "alipay.fund.auth.operation.detail.query": FreezeNamed,
    "alipay.fund.auth.operation.cancel": FreezeNamed,
    "alipay.trade.order.settle": OrderSettle,
    "alipay.trade.order.settle.query": SettleQuery,
    "alipay.trade.order.onsettle.query": OnsettleQuery,
    "alipay.trade.royalty.relation.bind": RoyaltyRelation,
    "alipay.trade.royalty.relation.unbind": RoyaltyRelation,
    "alipay.trade.royalty.relation.batchquery": RoyaltyQuery,
    "alipay.trade.royalty.rate.query": RoyaltyQuery,
    "alipay.data.dataservice.bill.downloadurl.query": BillQuery,
    "alipay.open.app.alipaycert.download": CertificateDownload,
    "alipay.system.oauth.token": OauthToken,
    "alipay.user.info.share": UserInfo,
}
# Methods whose parameters stand beside `biz_content`, as clients send them.
BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "alipay.system.oauth.token": ("grant_type", "code", "refresh_token"),
    "alipay.user.info.share": ("auth_token",),
}


def read_request(method: str, biz_content: str | None) -> Request:
    """The typed request of a method. Raises Problem: 40002 for no JSON object or no method, 40004 for a field."""
    shape_of(method)
    return request_of(method, read_document(biz_content))


def shape_of(method: str) -> type[Request]:
    """What the method takes. Raises Problem for one that is not spoken here."""
    shape = REQUESTS.get(method)
    if shape is None:
        raise invalid("isv.invalid-method", f"不存在的方法名: “{method[:64]}” is not spoken here")
    return shape


def request_of(method: str, document: Document) -> Request:
    """As `read_request`, of a document that was read already; its leaves are text."""
    shape = shape_of(method)
    for name in ("extend_params", "goods_detail", "agreement_params", "payee_info", "order_biz_info"):
        if isinstance(document.get(name), str):
            document[name] = _loaded(document[name])  # older shops send these as JSON inside JSON
    if document.get("royalty_info"):
        sentence = "不支持: nobody would be paid his share with the order; freeze it, and use alipay.trade.order.settle"
        raise _bad("royalty_info", sentence)
    try:
        request = msgspec.convert(document, shape, dec_hook=_read_leaf)
    except msgspec.ValidationError as error:
        raise _explained(error) from None
    if isinstance(request, Named) and not (request.trade_no or request.out_trade_no):
        raise _bad("out_trade_no", "与 trade_no 不能同时为空: one of out_trade_no and trade_no is needed")
    if isinstance(request, Order):
        request.tenders()
        request.extend_params.seller_percent()
    return request


def china_instant(text: str) -> datetime:
    """An aware instant from `yyyy-MM-dd HH:mm[:ss]` in China time. Raises ValueError."""
    if len(text) not in (16, 19):
        raise ValueError(text)
    return datetime.strptime(text if len(text) == 19 else f"{text}:00", _TIME).replace(tzinfo=CHINA)


def china_text(instant: datetime) -> str:
    """`2026-03-05 18:00:00`: an aware instant as this protocol writes it."""
    return instant.astimezone(CHINA).strftime(_TIME)


def check_timestamp(text: str, *, wall_now: datetime, leeway: timedelta | None) -> None:
    """The request's own `timestamp`. leeway: how far off it may be, None for any distance. Raises Problem.

    SDKs send the local clock without its zone, so a machine on UTC is eight hours off and nothing is wrong with it: any
    distance is the default, a leeway is for those who want replays refused.
    """
    try:
        sent_at = china_instant(text)
    except ValueError:
        raise invalid("isv.invalid-timestamp", f"格式须为 yyyy-MM-dd HH:mm:ss: “{text[:40]}” is not") from None
    if leeway is not None and abs(sent_at - wall_now) > leeway:
        ours = china_text(wall_now)
        raise invalid("isv.invalid-timestamp", f"时间戳超出允许范围: sent {text}, it is {ours} China time (UTC+8) here")


def read_document(biz_content: str | None) -> Document:
    """A JSON object whose numbers are still text, without its empty members. Raises Problem."""
    if biz_content is None:
        raise invalid("isv.invalid-parameter", "缺少业务参数: biz_content is missing")
    document = _loaded(biz_content)
    if not isinstance(document, dict):
        raise invalid("isv.illegal-json", "biz_content 须为 JSON 对象: biz_content is not a JSON object")
    return document


def _loaded(text: str) -> Any:
    """JSON whose numbers are still text. Raises Problem."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        raise invalid("isv.illegal-json", "JSON 嵌套过深: biz_content is nested too deep") from None
    except json.JSONDecodeError as error:
        sentence = f"biz_content 不是合法的 JSON: {error.msg} at character {error.pos}"
        raise invalid("isv.illegal-json", sentence) from None
    except ValueError as error:
        raise invalid("isv.illegal-json", f"biz_content 不是合法的 JSON: {error}") from None


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without its empty members. Raises ValueError for a name that comes twice and for what is no text."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{twice[:40]}” comes twice")
    for name, value in pairs:
        if isinstance(value, str) and not _can_be_kept(value):
            raise ValueError(f"“{name[:40]}” has a character that is no text (U+0000 or half of a pair)")
    return {name: value for name, value in pairs if value is not None and value != ""}


def _can_be_kept(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not any(0xD800 <= ord(char) <= 0xDFFF for char in text))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


_decoder: Final = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_object_without_repeats
)


def _read_leaf(kind: type, value: Any) -> Any:
    """Leaves with a form of their own. Raises ValueError, which becomes the sentence that the developer reads."""
    if kind is Channels and isinstance(value, str):
        return Channels(name.strip() for name in value.split(",") if name.strip())
    if not isinstance(value, str):
        raise ValueError("须为文本: text is wanted here")
    if kind is Amount:
        return _read_amount(value)
    if kind is OrderNumber:
        if not _ORDER_NUMBER.fullmatch(value):
            raise ValueError("须为1到64位字母、数字或 _-.|*: only these, 1 to 64 of them")
        return OrderNumber(value)
    if kind is Expiry:
        return _read_expiry(value)
    if kind is Moment:
        try:
            china_instant(value)
        except ValueError:
            raise ValueError(f"须为 yyyy-MM-dd HH:mm:ss: “{value[:40]}” is not") from None
        return Moment(value)
    raise NotImplementedError(kind)


def _read_amount(text: str) -> Amount:
    try:
        amount_minor = parse_yuan(text)
    except AmountTextInvalid:
        raise ValueError(f"金额无效: “{text[:40]}” is not an amount in yuan with at most two decimals") from None
    if not 0 < amount_minor <= AMOUNT_MINOR_MAX:
        raise ValueError(f"金额须在 0.01 到 100000000.00 之间: {text} is outside")
    return Amount(amount_minor)


def _read_expiry(text: str) -> Expiry:
    wrong = ValueError(f"须为 1m 到 15d 或 1c: “{text[:40]}” is not 1m to 15d in whole m, h or d, nor 1c")
    if text != "1c" and not _SPAN.fullmatch(text):
        raise wrong
    if text != "1c" and not EXPIRY_MIN <= _span_of(text) <= EXPIRY_MAX:
        raise wrong
    return Expiry(text)


def _span_of(text: str) -> timedelta:
    return int(text[:-1]) * _SPAN_UNITS[text[-1]]


def _agreed(name: str, value: str | None, newer_name: str, newer: str | None) -> str | None:
    if value is not None and newer is not None and value != newer:
        raise _bad(f"extend_params.{name}", f"与 {newer_name} 不一致: {name}={value} but {newer_name}={newer}")
    return value if value is not None else newer


def _explained(error: msgspec.ValidationError) -> Problem:
    """msgspec's message as ours: the field's name, what is wrong, in both languages where we know it."""
    message, _, path = str(error).partition(" - at `")
    place = path.rstrip("`").removeprefix("$").removeprefix(".")
    absent = re.fullmatch("Object missing required field `(.*)`", message)
    if absent:
        name = ".".join(part for part in (place, absent.group(1)) if part)
        return _bad(name, "不能为空: it is required and is missing")
    return _bad(place or "biz_content", message)


def _bad(name: str, sentence: str) -> Problem:
    return business("INVALID_PARAMETER", f"参数无效 {name} {sentence}")
