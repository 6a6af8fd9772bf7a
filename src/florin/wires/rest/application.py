"""The Litestar application of this wire: its routes made from the table of operations, nothing of a page or another wire.

Litestar finds the route and keeps its exceptions; the operations themselves are plain ASGI applications, because the parsing
and injection of a usual handler costs more than the payment's own share of this process.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from florin.engine import Engine
from florin.queries import ReadPool
from florin.wires.rest import documents
from florin.wires.rest.openapi import path_for_litestar
from florin.wires.rest.operations import OPERATIONS
from florin.wires.rest.problems import CONTENT_TYPE, Problem, Refuse, language_of
from florin.wires.rest.serve import Endpoint, House, Operation, Settings, encode


def create_app(engine: Engine, read_pool: ReadPool, settings: Settings) -> Litestar:
    """This wire alone, as an application. read_pool: of a role that may see API keys and payment codes (`florin_engine`)."""
    return Litestar(
        route_handlers=route_handlers(engine, read_pool, settings),
        exception_handlers={HTTPException: problem_response, Exception: problem_response},
        openapi_config=None,
    )


def route_handlers(engine: Engine, read_pool: ReadPool, settings: Settings) -> list[ASGIRouteHandler]:
    """The routes, for an application that serves other wires beside this one. See `create_app`."""
    house = House(engine=engine, reads=read_pool, settings=settings)
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in OPERATIONS:
        by_path[operation.path].append(operation)
    endpoints = [_route(path, Endpoint(operations, house)) for path, operations in by_path.items()]
    return [*endpoints, *documents.handlers()]


def problem_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What Litestar itself refuses (an unknown address, a broken Host) as a problem."""
    status = getattr(error, "status_code", 500)
    code = {404: "PathUnknown", 405: "MethodNotAllowed"}.get(status, "Unexpected" if status >= 500 else "RequestBroken")
    refuse = Refuse(code, allowed="GET", method=str(request.method)) if code == "MethodNotAllowed" else Refuse(code)
    problem: Problem = refuse.problem(language_of(request.headers.get("accept-language", "")), request.url.path)
    return Response(encode(problem), status_code=problem.status, media_type=CONTENT_TYPE.decode())


def _route(path: str, endpoint: Endpoint) -> ASGIRouteHandler:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await endpoint(scope, receive, send)

    return asgi(path_for_litestar(path), copy_scope=False)(serve)
