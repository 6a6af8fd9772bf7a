"""Drives `pay-py-kit`, a client of OpenAPI v3; run by the Python that has it. JSON in on stdin, JSON out on stdout.

Its address is a constant, so a transport sends its requests to the house. What it signs lacks two lines and its
timestamp is no count of milliseconds; asked to (`mends`), the transport signs anew what the client wrote, and all else
stays the client's.
"""

import asyncio
import base64
import json
import sys
import time

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from pay_kit.models import PaymentRequest, RefundRequest, WithdrawRequest
from pay_kit.providers.alipay import Alipay, AlipayConfig
from pay_kit.providers.crypto import load_private_key


def pem(one_line, label):
    lines = [one_line[at : at + 64] for at in range(0, len(one_line), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


class ToHouse(httpx.AsyncHTTPTransport):
    def __init__(self, order, key, mends):
        super().__init__()
        self.house, self.app_id, self.key, self.mends = httpx.URL(order["gateway"]), order["app_id"], key, mends

    async def handle_async_request(self, request):
        if self.mends:
            nonce = request.headers["authorization"].partition("nonce=")[2].partition(",")[0]
            auth = f"app_id={self.app_id},nonce={nonce},timestamp={int(time.time() * 1000)}"
            lines = [auth, request.method, request.url.raw_path.decode(), request.content.decode(), ""]
            signature = self.key.sign("\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
            request.headers["authorization"] = (
                f"ALIPAY-SHA256withRSA {auth},sign={base64.b64encode(signature).decode()}"
            )
        request.url = request.url.copy_with(scheme="http", host=self.house.host, port=self.house.port)
        return await super().handle_async_request(request)


async def run(client, call):
    biz = call["biz"]
    match call["do"]:
        case "pay":
            return await client.create_payment(PaymentRequest(**biz))
        case "page":
            return await client.create_page_payment(PaymentRequest(**biz), return_url="http://127.0.0.1:9/back")
        case "query":
            return await client.query_payment(**biz)
        case "close":
            return await client.close_payment(**biz)
        case "refund":
            return await client.refund(RefundRequest(**biz))
        case "withdraw":
            return await client.create_withdrawal(WithdrawRequest(**biz))
        case "query_withdrawal":
            return await client.query_withdrawal(**biz)
        case "balance":
            return await client.query_balance()
    raise ValueError(call["do"])


async def main():
    order = json.load(sys.stdin)
    private = pem(order["app_private_key"], "RSA PRIVATE KEY")
    config = AlipayConfig(
        app_id=order["app_id"],
        private_key=private,
        alipay_public_key=pem(order["platform_public_key"], "PUBLIC KEY"),
        notify_url="http://127.0.0.1:9/notify",
    )
    results = []
    for call in order["calls"]:
        transport = ToHouse(order, load_private_key(private), call.get("mends", True))
        async with Alipay(config, transport=transport) as client:
            try:
                answer = await run(client, call)
                results.append({"answer": None if answer is None else answer.model_dump(mode="json")})
            except Exception as error:  # noqa: BLE001  what a shop would see is the result
                results.append({"error": f"{type(error).__name__}: {getattr(error, 'error_code', '')} {error}"})
    json.dump(results, sys.stdout)


asyncio.run(main())
