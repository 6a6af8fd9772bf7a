"""Drives the official `alipay-sdk-python`; run by the Python that has it. Takes an order a line, as JSON; answers a line.

It shares the name `alipay` with python-alipay-sdk, so it lives in an environment of its own and nothing of ours is
imported.
"""

import importlib
import json
import sys

from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa


def class_name(method):
    return "".join(part.capitalize() for part in method.split("."))


def request_of(call):
    name = class_name(call["method"])
    request = getattr(importlib.import_module(f"alipay.aop.api.request.{name}Request"), f"{name}Request")()
    if "biz" in call:
        model = getattr(importlib.import_module(f"alipay.aop.api.domain.{name}Model"), f"{name}Model")
        request.biz_model = model.from_alipay_dict(call["biz"])
    for parameter, value in call.get("beside", {}).items():
        if hasattr(request, parameter):
            setattr(request, parameter, value)
        else:  # auth_token has no attribute of its own
            request.add_other_text_param(parameter, value)
    request.notify_url = call.get("notify_url")
    request.return_url = call.get("return_url")
    return request


def response_of(call, content):
    """What a shop reads: the response object's own attributes, and whether it counts as a success."""
    name = class_name(call["method"])
    response = getattr(importlib.import_module(f"alipay.aop.api.response.{name}Response"), f"{name}Response")()
    response.parse_response_content(content)
    fields = json.loads(content)
    read = {field: getattr(response, field, value) for field, value in fields.items()}
    return {**fields, **read, "is_success": response.is_success()}


def run(client, config, call):
    if call["do"] == "execute":
        return response_of(call, client.execute(request_of(call)))
    if call["do"] == "page":
        return client.page_execute(request_of(call), http_method=call.get("http_method", "GET"))
    if call["do"] == "order_string":
        return client.sdk_execute(request_of(call))
    if call["do"] == "check_notify":
        form = dict(call["form"])
        signature = form.pop("sign")
        form.pop("sign_type")
        return verify_with_rsa(config.alipay_public_key, get_sign_content(form).encode(config.charset), signature)
    raise ValueError(call["do"])


def main():
    for line in sys.stdin:
        print(json.dumps(carry_out(json.loads(line)), default=lambda model: model.to_alipay_dict()), flush=True)


def carry_out(order):
    config = AlipayClientConfig()
    config.server_url = order["gateway"]
    config.app_id = order["app_id"]
    config.app_private_key = order["app_private_key"]
    config.alipay_public_key = order["platform_public_key"]
    config.charset = order["charset"]
    config.sign_type = order["sign_type"]
    client = DefaultAlipayClient(config)
    results = []
    for call in order["calls"]:
        try:
            results.append({"answer": run(client, config, call)})
        except Exception as error:  # noqa: BLE001  what a shop would see is the result
            results.append({"error": f"{type(error).__name__}: {error}"})
    return results


if __name__ == "__main__":
    main()
