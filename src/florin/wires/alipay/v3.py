"""OpenAPI v3: the methods of `/gateway.do` as paths below `/v3/alipay/`, with JSON bodies and HTTP's own statuses.

`POST /v3/alipay/trade/query` does what `alipay.trade.query` does: one trade core, two fronts. An answer is signed in its
headers over time, nonce and body. A success is the object alone; a refusal is a 4xx or 5xx with `code` (the sub_code without
its prefix), `message` and `links`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final

import structlog

from florin.wires.alipay.answers import Content, Problem, invalid, json_text
from florin.wires.alipay.apps import WIRE
from florin.wires.alipay.call import Call, CallingApp
from florin.wires.alipay.certificates import named_root
from florin.wires.alipay.desk import Caller, Redirect
from florin.wires.alipay.encryption import seal
from florin.wires.alipay.gateway import Gateway
from florin.wires.alipay.parameters import body_too_large_sentence
from florin.wires.alipay.refusals import unknown_result
from florin.wires.alipay.signing import to_sign
from florin.wires.alipay.v3_call import Authorization, V3Request, read_authorization, read_v3_call

log = structlog.get_logger(__name__)

WAITING: Final = 202  # 10003: accepted, and waiting for the buyer
_STATUS: Final = {
    "20000": 500,
    "20001": 401,
    "40001": 400,
    "40002": 400,
    "40003": 403,
    "40004": 400,
    "40005": 429,
    "40006": 403,
}
# Who is calling is not known: HTTP has a status for that.
_UNKNOWN_CALLER: Final = frozenset({
    "isv.invalid-signature", "isv.missing-signature", "isv.invalid-signature-type", "isv.invalid-app-id", "isv.missing-app-id",
    "isv.app-cert-not-exist", "isv.invalid-alipay-root-cert-sn", "isv.missing-app-cert-sn", "isv.missing-alipay-root-cert-sn",
    "isv.illegal-timestamp", "isv.invalid-timestamp",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class V3Answer:
    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str]


class GatewayV3:
    """Answers requests, in the event loop, through the same gateway as `/gateway.do`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def answer(self, request: V3Request) -> V3Answer:
        """The answer to anything that comes below `/v3/alipay/`. Never raises."""
        began = perf_counter()
        app: CallingApp | None = None
        try:
            authorization = read_authorization(request.authorization)
            caller = await self._gateway.caller(authorization.app_id)
            app = caller.app
            if request.oversized:
                raise invalid("isv.invalid-parameter", body_too_large_sentence(request.oversized))
            content = await self._serve(request, authorization, caller)
            status = WAITING if content.get("code") == "10003" else 200
            self._note(app, request, str(status), began)
            return await self._signed(status, _success(content), request, app, sealed=bool(request.encrypt_type))
        except Problem as problem:
            if app is not None and problem.code == "40004":  # what is refused before the signature has another code
                self._note(app, request, f"{_STATUS[problem.code]} {problem.sub_code}", began)
            return await self._refused(problem, request, app)
        except Exception:  # the one place where a mistake of ours still has to be answered in the wire's own form
            log.exception("a call failed", method=request.method)
            return await self._refused(unknown_result(), request, app)

    async def _serve(self, request: V3Request, authorization: Authorization, caller: Caller) -> Content:
        gateway, app_id = self._gateway, int(caller.app.app_id)

        def call(may_diagnose: Callable[[], bool]) -> Call:
            return read_v3_call(
                request,
                authorization,
                caller.app,
                wall_now=gateway.wall_now(),
                other_keys=gateway.keys_of_others(app_id),
                may_diagnose=may_diagnose,
            )

        line = f"{request.http_method} {request.target}"
        answered = await gateway.served(await gateway.read(call, app_id, request_line=line), caller)
        if isinstance(answered, Redirect):
            # A browser is to be sent there; two names, because clients ask for either.
            return {"code": "10000", "page_redirection_data": answered.url, "pay_url": answered.url}
        if answered.get("code") not in ("10000", "10003"):
            raise Problem(str(answered["code"]), str(answered["sub_code"]), str(answered["sub_msg"]))
        return answered

    def _note(self, app: CallingApp, request: V3Request, answered: str, began: float) -> None:
        asked = f"{request.http_method} {request.target.partition('?')[0]}"
        self._gateway.notes.note(app_id=int(app.app_id), wire=WIRE, asked=asked, answered=answered, began=began)

    async def _refused(self, problem: Problem, request: V3Request, app: CallingApp | None) -> V3Answer:
        status = 401 if problem.sub_code in _UNKNOWN_CALLER else _STATUS[problem.code]
        if problem.sub_code == "isv.invalid-method":
            status = 404
        code = problem.sub_code.partition(".")[2] or problem.sub_code
        body = json.dumps({"code": code, "message": problem.sub_msg, "links": []}, ensure_ascii=False)
        return await self._signed(status, body, request, app, sealed=False)

    async def _signed(
        self, status: int, body: str, request: V3Request, app: CallingApp | None, *, sealed: bool
    ) -> V3Answer:
        """sealed: whether the body is encrypted as the request was."""
        is_sealed = sealed and app is not None
        text = seal(body.encode(), app.aes_key) if is_sealed and app is not None else body
        headers = {"alipay-trace-id": secrets.token_hex(16)}
        if app is not None:
            stamp, nonce = str(int(self._gateway.wall_now().timestamp() * 1000)), secrets.token_hex(16)
            signed = f"{stamp}\n{nonce}\n{text}\n".encode()
            headers |= {
                "alipay-timestamp": stamp,
                "alipay-nonce": nonce,
                "alipay-signature": await self._gateway.sign(to_sign(signed, key=app.platform_key, sign_type="RSA2")),
            }
            if request.root_number and app.authorities:
                root = named_root(app.authorities, request.root_number) or app.authorities[0]
                headers["alipay-sn"] = root.number_of(app.platform_key.public_key())
        content_type = "text/plain; charset=utf-8" if is_sealed else "application/json; charset=utf-8"
        return V3Answer(status=status, content_type=content_type, body=text.encode(), headers=headers)


def _success(content: Content) -> str:
    """The object without what HTTP says already."""
    return json_text({name: value for name, value in content.items() if name not in ("code", "msg")})
