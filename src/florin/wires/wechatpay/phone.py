"""Where a signed prepay_id opens the cashier: what a shop's page or app hands to the messenger on a phone.

A page signs appId, timeStamp, nonceStr and package (`prepay_id=…`), an app signs appid, timestamp, noncestr and prepayid,
each ended by a line feed, with the key that signs the merchant's calls. Whoever brings such a set here is sent on to the
cashier, if the signature is the one of the merchant who made the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from psycopg import Connection

from florin.queries import ReadPool
from florin.queries.parents import read_parent
from florin.wires.desk.findings import shown
from florin.wires.desk.trades import standing_of
from florin.wires.keys import CashierAddresses
from florin.wires.wechatpay.answers import Problem
from florin.wires.wechatpay.call import HttpRequest
from florin.wires.wechatpay.clients import Clients
from florin.wires.wechatpay.gateway import HttpAnswer
from florin.wires.wechatpay.names import trade_of_prepay_id
from florin.wires.wechatpay.refusals import business
from florin.wires.wechatpay.signing import verify
from florin.wires.wechatpay.words import PROVIDER, PROVIDER_SUB_APPID

PATH: Final = "/wechatpay/phone"
_PREFIX: Final = "prepay_id="


class Phone:
    """The messenger's part, as far as a shop can see it."""

    def __init__(self, *, reads: ReadPool, clients: Clients, cashier: CashierAddresses) -> None:
        self._reads = reads
        self._clients = clients
        self._cashier = cashier

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """302 to the cashier, for GET and POST alike; else 400 and the reason."""
        fields = dict(parse_qsl((request.query + b"&" + request.body).decode("utf-8", "replace")))
        try:
            location = self._cashier.page(self._trade_of(fields))
        except Problem as problem:
            text = {"Content-Type": "text/plain; charset=utf-8"}
            return HttpAnswer(status=400, headers=text, body=f"{problem.code} {problem.message}\n".encode())
        return HttpAnswer(status=302, headers={"Location": location}, body=b"")

    def _trade_of(self, fields: Mapping[str, str]) -> int:
        signed, signature, prepay_id = _signed(fields)
        named = trade_of_prepay_id(prepay_id)
        if named is None or not self._cashier.fits(*named):
            raise business("PARAM_ERROR", "prepay_id 无效：this prepay_id is none of ours")
        maker_id, sub_appid = self._reads.ask(_maker_of, named[0])
        maker = self._clients.find(maker_id)
        appids = {maker.appid, sub_appid} if maker is not None else set()
        appid = fields.get("appId") or fields.get("appid") or ""
        if maker is None or appid not in appids:
            raise business("APPID_MCHID_NOT_MATCH", f"appId 与下单的不一致：the order was not made for {appid[:32]}")
        if not any(verify(signed, signature, key) for key in maker.keys.values()):
            expected = shown(signed, limit=512).replace("\n", "\\n")
            raise business("SIGN_ERROR", f"支付签名错误，待签名串应为：the string that must be signed is {expected}")
        return named[0]


def _maker_of(connection: Connection[Any], order_id: int) -> tuple[int, str]:
    """(who asked for an order, or for several as one; the appid of his merchant where that may sign too)."""
    standing = standing_of(connection, order_id)
    if standing is None:
        parent = read_parent(connection, order_id)
        return (parent.app_id, "") if parent is not None else (0, "")
    extra = standing.trade.detail.extra
    return int(extra.get(PROVIDER) or standing.trade.app_id), str(extra.get(PROVIDER_SUB_APPID, ""))


def _signed(fields: Mapping[str, str]) -> tuple[bytes, str, str]:
    """(what must have been signed, the signature, the prepay_id). Raises Problem."""
    if "paySign" in fields:
        names, signature = ("appId", "timeStamp", "nonceStr", "package"), fields["paySign"]
        prepay_id = fields.get("package", "").removeprefix(_PREFIX)
    else:
        names, signature = ("appid", "timestamp", "noncestr", "prepayid"), fields.get("sign", "")
        prepay_id = fields.get("prepayid", "")
    missing = [name for name in names if not fields.get(name)]
    if missing or not signature:
        wanted = ", ".join(missing or ["paySign or sign"])
        raise business("PARAM_ERROR", f"缺少字段 {wanted}：missing")
    return "".join(f"{fields[name]}\n" for name in names).encode(), signature, prepay_id
