"""Bodies of profit sharing. An account is a merchant by his number, a person by her openid; names come encrypted to our key."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from florin.wires.wechatpay.shapes import Caller, Fen, Text32, Text64, Text80

ShareNumber = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}\Z")]
AccountType = Literal["MERCHANT_ID", "PERSONAL_OPENID", "PERSONAL_SUB_OPENID"]
Relation = Literal[
    "SERVICE_PROVIDER", "STORE", "STAFF", "STORE_OWNER", "PARTNER", "HEADQUARTER", "BRAND", "DISTRIBUTOR", "USER", "SUPPLIER",
    "CUSTOM",
]  # fmt: skip


class NewReceiver(Caller, frozen=True, kw_only=True):
    """profitsharing/receivers/add"""

    type: AccountType
    account: Text64
    name: str | None = None
    relation_type: Relation
    custom_relation: Annotated[str, Meta(max_length=10)] | None = None


class OldReceiver(Caller, frozen=True, kw_only=True):
    """profitsharing/receivers/delete"""

    type: AccountType
    account: Text64
    name: str | None = None


class Part(Struct, frozen=True, kw_only=True):
    type: AccountType
    account: Text64
    amount: Fen
    description: Text80
    name: str | None = None


Account = NewReceiver | OldReceiver | Part


class NewShare(Caller, frozen=True, kw_only=True):
    """profitsharing/orders. unfreeze_unsplit: what is left is released, and nothing more is shared."""

    transaction_id: Text32
    out_order_no: ShareNumber
    receivers: Annotated[tuple[Part, ...], Meta(max_length=50)] = ()
    unfreeze_unsplit: bool


class Unfreeze(Caller, frozen=True, kw_only=True):
    """profitsharing/orders/unfreeze"""

    transaction_id: Text32
    out_order_no: ShareNumber
    description: Text80


class ShareQuery(Caller, frozen=True, kw_only=True):
    """profitsharing/orders/{out_order_no}"""

    transaction_id: Text32 | None = None


class NewReturn(Caller, frozen=True, kw_only=True):
    """profitsharing/return-orders. order_id or out_order_no: of the sharing."""

    out_return_no: ShareNumber
    return_mchid: Text32
    amount: Fen
    description: Text80
    order_id: Text64 | None = None
    out_order_no: Text64 | None = None


class ReturnQuery(Caller, frozen=True, kw_only=True):
    """profitsharing/return-orders/{out_return_no}"""

    out_order_no: Text64 | None = None
