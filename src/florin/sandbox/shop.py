"""A shop: a program of its own that sells through a vendor's unmodified SDK, and hears what it is told.

Run by the Python that has the SDK, so nothing of Florin is imported here. Told what to do by JSON lines on standard input,
it answers with JSON lines; meanwhile it listens for notifies at a loopback address, has the SDK verify each, and says
`success` only to those that are genuine.

    python -I shop.py official|fzlee
    {"storefronts": {"market": {"gateway": …, "app_id": …, "app_private_key": …, "platform_public_key": …}}}
    {"do": "call", "storefront": "market", "method": "alipay.trade.precreate", "biz": {…}}
    {"do": "notifies"}
"""

import importlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

Fields = dict[str, Any]


class OfficialSdk:
    """alipay-sdk-python. It takes no address with a port."""

    def __init__(self, settings: Fields) -> None:
        from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
        from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
        from alipay.aop.api.util import SignatureUtils

        self._signatures = SignatureUtils
        self._config = AlipayClientConfig()
        self._config.server_url = settings["gateway"]
        self._config.app_id = settings["app_id"]
        self._config.app_private_key = settings["app_private_key"]
        self._config.alipay_public_key = settings["platform_public_key"]
        self._client = DefaultAlipayClient(self._config)

    def call(self, method: str, biz: Fields, notify_url: str) -> Fields:
        name = "".join(part.capitalize() for part in method.split("."))
        model = getattr(importlib.import_module(f"alipay.aop.api.domain.{name}Model"), f"{name}Model")
        request = getattr(importlib.import_module(f"alipay.aop.api.request.{name}Request"), f"{name}Request")()
        request.biz_model = model.from_alipay_dict(biz)
        request.notify_url = notify_url
        answer: Fields = json.loads(self._client.execute(request))
        return answer

    def is_genuine(self, form: dict[str, str]) -> bool:
        signed = {name: value for name, value in form.items() if name not in ("sign", "sign_type")}
        text = self._signatures.get_sign_content(signed).encode(form["charset"])
        return bool(self._signatures.verify_with_rsa(self._config.alipay_public_key, text, form["sign"]))


class FzleeSdk:
    """python-alipay-sdk. It has no setting for the gateway's address; real applications set it as here."""

    def __init__(self, settings: Fields) -> None:
        from alipay import AliPay

        self._client = AliPay(
            appid=settings["app_id"],
            app_private_key_string=_pem(settings["app_private_key"], "RSA PRIVATE KEY"),
            alipay_public_key_string=_pem(settings["platform_public_key"], "PUBLIC KEY"),
            sign_type="RSA2",
        )
        self._client._gateway = settings["gateway"]

    def call(self, method: str, biz: Fields, notify_url: str) -> Fields:
        answer: Fields = self._client.server_api(method, biz, notify_url=notify_url)
        return answer

    def is_genuine(self, form: dict[str, str]) -> bool:
        signed = dict(form)
        return bool(self._client.verify(signed, signed.pop("sign")))


class Notifies:
    """What the shop was told, each with whether the SDK found the signature good."""

    def __init__(self, storefronts: dict[str, Any]) -> None:
        self.heard: list[Fields] = []
        notifies = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                form = dict(parse_qsl(body.decode(), keep_blank_values=True))
                storefront = storefronts.get(self.path.strip("/"))
                genuine = storefront is not None and storefront.is_genuine(form)
                notifies.heard.append({"genuine": genuine, "form": form})
                answer = b"success" if genuine else b"failure"
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                """The story is told elsewhere."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def _pem(base64_line: str, label: str) -> str:
    lines = [base64_line[start : start + 64] for start in range(0, len(base64_line), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])


def main() -> None:
    sdk: Any = {"official": OfficialSdk, "fzlee": FzleeSdk}[sys.argv[1]]
    order = json.loads(sys.stdin.readline())
    storefronts = {name: sdk(settings) for name, settings in order["storefronts"].items()}
    notifies = Notifies(storefronts)
    print(json.dumps({"notify_url": notifies.url}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "notifies":
                answer: Any = notifies.heard
            else:
                name = order["storefront"]
                answer = storefronts[name].call(order["method"], order["biz"], f"{notifies.url}/{name}")
        except Exception as error:  # noqa: BLE001 - what the SDK raised is what the shop's programmer would see
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
        else:
            print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    main()
