"""Drives `wechatpayv3`, its signature checks on; run by the Python that has it. JSON in on stdin, JSON out on stdout.

It has no setting for the gateway: a property of its class takes the place of what its constructor sets.
"""

import json
import sys

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core


def client_of(order):
    Core._gate_way = property(lambda core: order["gateway"], lambda core, given: None)
    key_mode = order["public_key_id"] and {
        "public_key": order["public_key"],
        "public_key_id": order["public_key_id"],
    }
    return WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=order["mchid"],
        private_key=order["private_key"],
        cert_serial_no=order["serial_no"],
        appid=order["appid"],
        apiv3_key=order["apiv3_key"],
        notify_url=order["notify_url"],
        **(key_mode or {}),
    )


def run(client, call):
    do, given = call["do"], call.get("given", {})
    if do == "check_notify":
        return client.callback(call["headers"], call["body"])
    if do in ("native", "h5", "codepay"):
        code, message = client.pay(pay_type=getattr(WeChatPayType, do.upper()), **given)
    else:
        code, message = getattr(client, do)(**given)
    if isinstance(message, bytes):
        message = message.decode()
    return {"code": code, "message": json.loads(message) if message else {}}


def main():
    order = json.load(sys.stdin)
    client = client_of(order)
    results = []
    for call in order["calls"]:
        try:
            results.append({"answer": run(client, call)})
        except Exception as error:  # noqa: BLE001  what a shop would see is the result
            results.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
