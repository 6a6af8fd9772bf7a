"""The load on a shop's wire: payments at a till, each with a payment code of its own, signed beforehand as an SDK signs.

Sockets, loop and latencies are those of `http_load.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from florin.bench.http_load import timed
from florin.bench.load import Sample, run_load
from florin.wires.alipay.signing import request_signing_bytes
from florin.wires.alipay.signing import sign as sign_alipay
from florin.wires.keys.forms import read_private_key
from florin.wires.wechatpay.signing import request_message
from florin.wires.wechatpay.signing import sign as sign_wechat

Wire = Literal["alipay", "wechatpay"]

_CHINA = ZoneInfo("Asia/Shanghai")
_PAID = {"alipay": b'"code":"10000"', "wechatpay": b'"trade_state":"SUCCESS"'}


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop must know to sell on a wire. serial_no, appid: of the WeChat wire alone."""

    wire: Wire
    app_id: str
    private_key: str
    appid: str = ""
    serial_no: str = ""


class WireTask(msgspec.Struct, frozen=True, kw_only=True):
    """codes_file: payment codes, one a line, one for each request. run: makes the order numbers its own.

    notify_url: where payments are told; empty, nowhere.
    """

    till: Till
    codes_file: str
    host: str
    port: int
    sockets: int
    seconds: float
    notify_url: str
    run: str


def get_ready(task: WireTask) -> Callable[[], Sample]:
    codes = Path(task.codes_file).read_text().split()
    make = {"alipay": _alipay, "wechatpay": _wechat}[task.till.wire]
    began = time.process_time()
    requests = list(make(task, codes))
    prepared_us = (time.process_time() - began) / len(requests) * 1e6
    paid = _PAID[task.till.wire]
    return timed(task, requests, prepared_us, wanted=lambda answer: paid in answer)


def _alipay(task: WireTask, codes: list[str]) -> Iterator[bytes]:
    """alipay.trade.pay, as the official SDK sends it: all but the content in the query."""
    key = read_private_key(task.till.private_key)
    common = {
        "app_id": task.till.app_id,
        "method": "alipay.trade.pay",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": datetime.now(_CHINA).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        **({"notify_url": task.notify_url} if task.notify_url else {}),
    }
    for number, code in enumerate(codes):
        order = {
            "out_trade_no": f"{task.run}-{number}",
            "total_amount": f"{1 + number % 50}.00",
            "subject": "Benchmark",
            "scene": "bar_code",
            "auth_code": code,
        }
        content = msgspec.json.encode(order)
        named = [(name, value.encode()) for name, value in common.items()] + [("biz_content", content)]
        query = urlencode({**common, "sign": sign_alipay(request_signing_bytes(named), key=key, sign_type="RSA2")})
        body = urlencode({"biz_content": content}).encode()
        head = (
            f"POST /gateway.do?{query} HTTP/1.1\r\nHost: {task.host}:{task.port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded;charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def _wechat(task: WireTask, codes: list[str]) -> Iterator[bytes]:
    """POST /v3/pay/transactions/codepay."""
    key, path = read_private_key(task.till.private_key), "/v3/pay/transactions/codepay"
    timestamp = str(int(time.time()))
    for number, code in enumerate(codes):
        order = {
            "appid": task.till.appid,
            "mchid": task.till.app_id,
            "description": "Benchmark",
            "out_trade_no": f"{task.run}-{number}",
            **({"notify_url": task.notify_url} if task.notify_url else {}),
            "amount": {"total": (1 + number % 50) * 100, "currency": "CNY"},
            "payer": {"auth_code": code},
            "scene_info": {"store_info": {"id": "1"}},
        }
        body, nonce = msgspec.json.encode(order), f"{task.run}{number:024d}"[-32:]
        message = request_message(method="POST", target=path.encode(), timestamp=timestamp, nonce=nonce, body=body)
        authorization = (
            f'mchid="{task.till.app_id}",nonce_str="{nonce}",signature="{sign_wechat(message, key)}",'
            f'timestamp="{timestamp}",serial_no="{task.till.serial_no}"'
        )
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {task.host}:{task.port}\r\nAccept: application/json\r\n"
            f"Authorization: WECHATPAY2-SHA256-RSA2048 {authorization}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


if __name__ == "__main__":
    run_load(WireTask, get_ready)
