"""The Litestar application of this wire: its routes made from the table of operations, nothing of a page or another wire.

Litestar finds the route and keeps its exceptions; the operations themselves are plain ASGI applications, because the parsing
and injection of a usual handler costs more than the payment's own share of this process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from florin.engine import Engine
from florin.queries import ReadPool
from florin.wires.desk.heard import NoNotes, Notes
from florin.wires.keys import KnownApiKeys
from florin.wires.rest import documents
from florin.wires.rest.operations import OPERATIONS
from florin.wires.rest.problems import CONTENT_TYPE, Problem, Refuse, language_of
from florin.wires.rest.serve import Endpoint, House, Operation, Settings, drain, encode, language, respond_problem

_log = structlog.get_logger(__name__)


def create_app(
    engine: Engine,
    read_pool: ReadPool,
    settings: Settings,
    *,
    keys: KnownApiKeys | None = None,
    notes: Notes | None = None,
) -> Litestar:
    """This wire alone, as an application.

    read_pool: of a role that may see API keys and payment codes (`florin_engine`). keys: those seen lately, if shared.
    notes: where calls are noted.
    """
    return Litestar(
        route_handlers=route_handlers(engine, read_pool, settings, keys=keys, notes=notes),
        exception_handlers={HTTPException: problem_response, Exception: problem_response},
        openapi_config=None,
        logging_config=None,
    )


def route_handlers(
    engine: Engine,
    read_pool: ReadPool,
    settings: Settings,
    *,
    keys: KnownApiKeys | None = None,
    notes: Notes | None = None,
) -> list[ASGIRouteHandler]:
    """The routes, for an application that serves other wires beside this one. See `create_app`.

    Such an application also takes `problem_response` as its handler of exceptions.
    """
    house = House(
        engine=engine, reads=read_pool, settings=settings, keys=keys or KnownApiKeys(), notes=notes or NoNotes()
    )
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in OPERATIONS:
        by_path[operation.path].append(operation)
    endpoints = {path: Endpoint(operations, house) for path, operations in by_path.items()}
    plain = [_route(path, endpoint) for path, endpoint in endpoints.items() if "{" not in path]
    return [*plain, _mount("/v1", Paths("/v1", endpoints)), *documents.handlers()]


def problem_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What Litestar itself refuses (an unknown address, a broken Host) as a problem."""
    status = getattr(error, "status_code", 500)
    if status >= 500:
        _log.error("request failed", method=str(request.method), path=request.url.path, exc_info=error)
    code = {404: "PathUnknown", 405: "MethodNotAllowed"}.get(status, "Unexpected" if status >= 500 else "RequestBroken")
    refuse = Refuse(code, allowed="GET", method=str(request.method)) if code == "MethodNotAllowed" else Refuse(code)
    problem: Problem = refuse.problem(language_of(request.headers.get("accept-language", "")), request.url.path)
    return Response(encode(problem), status_code=problem.status, media_type=CONTENT_TYPE.decode())


class Paths:
    """Endpoints whose paths have parts, below one mount.

    Litestar 2.25 answers 500 for a plain ASGI route with path parameters (it looks for their types under the method, where
    only usual handlers leave them), so these few are told apart here.
    """

    def __init__(self, prefix: str, endpoints: Mapping[str, Endpoint]) -> None:
        self._prefix = prefix
        self._known = [(tuple(path.split("/")), path, endpoint) for path, endpoint in endpoints.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = self._prefix + scope["path"].rstrip("/")
        segments = scope["path"].split("/")
        for wanted, template, endpoint in self._known:
            if len(wanted) == len(segments) and (parts := _parts(wanted, segments)) is not None:
                scope["path_params"] = parts
                scope["path_template"] = template
                await endpoint(scope, receive, send)
                return
        await drain(scope, receive)
        await respond_problem(scope, send, Refuse("PathUnknown").problem(language(scope), scope["path"]))


def _parts(wanted: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    """What stands in the path's braces; None when the rest of the path is another."""
    parts: dict[str, str] = {}
    for pattern, segment in zip(wanted, segments, strict=True):
        if pattern.startswith("{"):
            parts[pattern[1:-1]] = segment
        elif pattern != segment:
            return None
    return parts


def _route(path: str, endpoint: Endpoint) -> ASGIRouteHandler:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)

    return asgi(path, copy_scope=False)(serve)


def _mount(prefix: str, paths: Paths) -> ASGIRouteHandler:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await paths(scope, receive, send)

    return asgi(prefix, is_mount=True, copy_scope=False)(serve)
