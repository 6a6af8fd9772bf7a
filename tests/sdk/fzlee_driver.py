"""Drives `python-alipay-sdk` (fzlee); run by the Python that has it. Takes an order a line, as JSON; answers a line."""

import json
import sys

from alipay import AliPay, DCAliPay


def pem(one_line, label):
    lines = [one_line[at : at + 64] for at in range(0, len(one_line), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def run(client, gateway, call):
    urls = {name: call[name] for name in ("notify_url", "return_url") if call.get(name)}
    if call["do"] == "execute":
        return client.server_api(call["method"], call.get("biz"), **urls, **call.get("beside", {}))
    if call["do"] == "page":
        return gateway + "?" + client.client_api(call["method"], call["biz"], **urls)
    if call["do"] == "order_string":
        return client.client_api(call["method"], call["biz"], **urls)
    if call["do"] == "check_notify":
        form = dict(call["form"])
        return client.verify(form, form.pop("sign"))
    raise ValueError(call["do"])


def main():
    for line in sys.stdin:
        print(json.dumps(carry_out(json.loads(line))), flush=True)


def carry_out(order):
    common = {
        "appid": order["app_id"],
        "app_private_key_string": pem(order["app_private_key"], "RSA PRIVATE KEY"),
        "sign_type": order["sign_type"],
    }
    if order["app_cert"]:
        client = DCAliPay(
            app_public_key_cert_string=order["app_cert"],
            alipay_public_key_cert_string=order["alipay_cert"],
            alipay_root_cert_string=order["alipay_root_cert"],
            **common,
        )
    else:
        client = AliPay(alipay_public_key_string=pem(order["platform_public_key"], "PUBLIC KEY"), **common)
    client._gateway = order["gateway"]  # there is no setting for it; real applications do the same
    results = []
    for call in order["calls"]:
        try:
            results.append({"answer": run(client, order["gateway"], call)})
        except Exception as error:  # noqa: BLE001  what a shop would see is the result
            results.append({"error": f"{type(error).__name__}: {error}"})
    return results


if __name__ == "__main__":
    main()
