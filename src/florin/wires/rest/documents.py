"""Pages of this wire that need no key: the OpenAPI document, a page to browse it, and what each problem means.

The page comes whole from this server: its script is vendored, and a strict policy keeps it from asking anybody else.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from typing import Any, Final

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from florin.wires.rest.openapi import document
from florin.wires.rest.problems import Refuse, explained
from florin.wires.rest.serve import encode, language, respond, respond_problem

_SCRIPT: Final = "rapidoc-min.js"
_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Florin: the merchant's and the owner's API</title>
<script type="module" src="/docs/rapidoc-min.js"></script>
</head>
<body>
<rapi-doc spec-url="/v1/openapi.json" load-fonts="false" regular-font="system-ui, sans-serif"
 mono-font="ui-monospace, monospace" theme="light" primary-color="#9c6b00" render-style="read" schema-style="table"
 show-header="false" allow-spec-url-load="false" allow-spec-file-load="false" allow-server-selection="false"
 persist-auth="false" update-route="true" sort-endpoints-by="none" show-method-in-nav-bar="as-colored-text">
</rapi-doc>
<noscript>Without scripts, read <a href="/v1/openapi.json">the OpenAPI document</a>.</noscript>
</body>
</html>
"""


def handlers() -> list[ASGIRouteHandler]:
    """The routes of these pages."""
    return [
        _document("/v1/openapi.json", b"application/json", lambda: encode(document())),
        _document("/docs", b"text/html; charset=utf-8", _PAGE.encode, ((b"content-security-policy", _POLICY),)),
        asgi(f"/docs/{_SCRIPT}", copy_scope=False)(_script),
        asgi("/problems", is_mount=True, copy_scope=False)(_problem),
    ]


def _document(
    path: str, content_type: bytes, make: Any, more: tuple[tuple[bytes, bytes], ...] = ()
) -> ASGIRouteHandler:
    made = cache(make)

    async def show(scope: Scope, receive: Receive, send: Send) -> None:
        if await _refused_method(scope, send):
            return
        headers = [(b"content-type", content_type), (b"x-content-type-options", b"nosniff"), *more]
        await respond(send, 200, headers, made())

    return asgi(path, copy_scope=False)(show)


async def _script(scope: Scope, receive: Receive, send: Send) -> None:
    if await _refused_method(scope, send):
        return
    accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
    packed = _packed_script()
    headers = [(b"content-type", b"text/javascript; charset=utf-8"), (b"vary", b"accept-encoding")]
    if b"gzip" in accepted:
        await respond(send, 200, [*headers, (b"content-encoding", b"gzip")], packed)
    else:
        await respond(send, 200, headers, gzip.decompress(packed))


async def _problem(scope: Scope, receive: Receive, send: Send) -> None:
    if await _refused_method(scope, send):
        return
    found = explained().get(scope["path"].strip("/"))
    if found is None:
        await respond_problem(
            scope, send, Refuse("PathUnknown").problem(language(scope), f"/problems{scope['path'].rstrip('/')}")
        )
        return
    await respond(send, 200, [(b"content-type", b"application/json")], encode(found))


async def _refused_method(scope: Scope, send: Send) -> bool:
    method: Any = scope["method"]  # type: ignore[typeddict-item]
    if method in ("GET", "HEAD"):
        return False
    refuse = Refuse("MethodNotAllowed", allowed="GET", method=method[:20])
    await respond_problem(scope, send, refuse.problem("en", scope["path"]), ((b"allow", b"GET"),))
    return True


@cache
def _packed_script() -> bytes:
    return files("florin.wires.rest").joinpath("vendor", f"{_SCRIPT}.gz").read_bytes()
