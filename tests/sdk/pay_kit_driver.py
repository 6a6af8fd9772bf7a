"""Drives `pay-py-kit` on the WeChat wire, in public-key mode; run by the Python that has it.

JSON in on stdin, JSON out on stdout. Its address is a constant, so a transport sends its requests to the house; what it
writes and signs stays the client's own.
"""

import asyncio
import json
import sys

import httpx
from pay_kit.models import PaymentRequest, RefundRequest, WithdrawRequest
from pay_kit.providers.wechat import WechatPay, WechatPayConfig


def pem(one_line, label):
    lines = [one_line[at : at + 64] for at in range(0, len(one_line), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


class ToHouse(httpx.AsyncHTTPTransport):
    def __init__(self, gateway):
        super().__init__()
        self.house = httpx.URL(gateway)

    async def handle_async_request(self, request):
        request.url = request.url.copy_with(scheme="http", host=self.house.host, port=self.house.port)
        return await super().handle_async_request(request)


async def run(client, call):
    given = call.get("given", {})
    match call["do"]:
        case "native":
            return await client.create_payment(PaymentRequest(**given))
        case "jsapi":
            openid = given.pop("openid")
            return await client.create_jsapi_payment(PaymentRequest(**given), openid=openid)
        case "query":
            return await client.query_payment(**given)
        case "close":
            return await client.close_payment(**given)
        case "refund":
            return await client.refund(RefundRequest(**given))
        case "query_refund":
            return await client.query_refund(**given)
        case "check_notify":
            return await client.verify_callback(call["headers"], call["body"].encode())
        case "withdraw":
            return await client.create_withdrawal(WithdrawRequest(**given))
        case "query_withdrawal":
            return await client.query_withdrawal(**given)
        case "balance":
            return await client.query_balance()
    raise ValueError(call["do"])


async def main():
    order = json.load(sys.stdin)
    config = WechatPayConfig(
        appid=order["appid"],
        mch_id=order["mchid"],
        private_key=pem(order["private_key"], "PRIVATE KEY"),
        cert_serial_no=order["serial_no"],
        wechat_public_key=pem(order["public_key"], "PUBLIC KEY"),
        wechat_public_key_id=order["public_key_id"],
        apiv3_key=order["apiv3_key"],
        notify_url=order["notify_url"],
    )
    results = []
    async with WechatPay(config, transport=ToHouse(order["gateway"])) as client:
        for call in order["calls"]:
            try:
                answer = await run(client, call)
                results.append({"answer": None if answer is None else answer.model_dump(mode="json")})
            except Exception as error:  # noqa: BLE001  what a shop would see is the result
                results.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(results, sys.stdout)


asyncio.run(main())
