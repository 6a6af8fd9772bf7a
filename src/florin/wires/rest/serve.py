"""Serving one operation: who calls, with which key, with what body; then the operation; then its answer.

Everything of HTTP that the operations share is here, written to cost little: the headers are looked at once, the body is
decoded straight from its bytes, and a success is not logged. Nothing is read of a body before the caller is known.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal

import msgspec
import psycopg
import structlog
from litestar.types import Receive, Scope, Send
from psycopg_pool import PoolClosed, PoolTimeout

from florin.documents import Lender
from florin.engine import Engine
from florin.events.refusals import Language
from florin.queries import ReadPool
from florin.store import default_data_dir
from florin.wires.desk.heard import NoNotes, Notes
from florin.wires.keys import ApiKey, KnownApiKeys, hash_of, looks_like_api_key
from florin.wires.rest import fields
from florin.wires.rest.problems import (
    CONTENT_TYPE,
    RETRY_AFTER_S,
    Problem,
    Refuse,
    RefusedBy,
    language_of,
    problem_of,
)
from florin.wires.rest.show import CheckoutUrl

BODY_BYTES_MAX: Final = 1_048_576
# Read and dropped at most of a body that is not wanted.
DRAIN_BYTES_MAX: Final = 16_777_216
BODY_TIMEOUT_S: Final = 30.0
IDEMPOTENCY_KEY_LENGTH_MAX: Final = 255
# Only the latest calls' page shows it.
CALLER_GONE: Final = 499

_log = structlog.get_logger(__name__)

encode = msgspec.json.Encoder(decimal_format="string").encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """checkout_url: of a trade's id, where a shopper pays it. counter_url: what the printed code of a till says.

    lender: who lends, as statements name it. evidence: the folder of files that are shown in disputes.
    """

    checkout_url: CheckoutUrl
    counter_url: Callable[[int], str] = str
    lender: Lender = field(default_factory=Lender)
    evidence: Path = field(default_factory=lambda: default_data_dir() / "evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What operations work with. reads: of a role that may see API keys and payment codes. asked: keys being looked up."""

    engine: Engine
    reads: ReadPool
    settings: Settings
    keys: KnownApiKeys = field(default_factory=KnownApiKeys)
    notes: Notes = field(default_factory=NoNotes)
    asked: dict[bytes, asyncio.Future[ApiKey | None]] = field(default_factory=dict)

    async def find_key(self, text: str) -> ApiKey | None:
        """The live key of this text, remembered or looked up: once, however many requests with it wait."""
        key_hash = hash_of(text)
        if (known := self.keys.recall(key_hash)) is not None:
            return known
        asked = self.asked.get(key_hash)
        if asked is None:
            asked = asyncio.ensure_future(self.reads.ask_async(self.keys.find, text))
            self.asked[key_hash] = asked
            asked.add_done_callback(lambda _: self.asked.pop(key_hash, None))
        # One that goes away must not take the others' answer with it.
        return await asyncio.shield(asked)


class Call:
    """One request as an operation sees it. key: the caller's, of the scope that the operation asks for."""

    __slots__ = ("accepts", "house", "idempotency_key", "key", "language", "parts", "query")

    def __init__(
        self,
        house: House,
        key: ApiKey,
        idempotency_key: str,
        parts: Mapping[str, str],
        query: Any,
        language: Language,
        accepts: bytes = b"",
    ) -> None:
        self.house = house
        self.key = key
        self.idempotency_key = idempotency_key
        self.parts = parts
        self.query = query
        self.language = language
        self.accepts = accepts


class Answer(msgspec.Struct, frozen=True):
    """A success. body: any value that becomes JSON, or the bytes of another `content_type`. replayed: this is the stored
    answer of the key.
    """

    body: Any
    status: int = 200
    replayed: bool = False
    content_type: bytes = b"application/json"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A body without fields: `{}`, or no body at all."""


Run = Callable[[Call, Any], Awaitable[Answer]]
Needs = Literal["merchant", "owner", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. body, query: the structs it takes; answer: the one it gives, with `status`.

    bytes_max: of its body. idempotent: it needs an Idempotency-Key. refusals: by which names it may be refused; examples:
    bodies by what they are for. Both are for the document. long: it may take minutes, and is ended when its caller goes away.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    name: str
    summary: str
    needs: Needs
    run: Run
    answer: Any
    description: str = ""
    status: int = 200
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    bytes_max: int = BODY_BYTES_MAX
    idempotent: bool = False
    long: bool = False
    refusals: tuple[str, ...] = ()
    tag: str = "payments"
    examples: Mapping[str, Any] = field(default_factory=dict)


class Endpoint:
    """One path: its operations by method. An ASGI application."""

    def __init__(self, operations: list[Operation], house: House) -> None:
        self._house = house
        self._serving: dict[Any, _Serving] = {operation.method: _Serving(operation, house) for operation in operations}
        self._allowed = ", ".join(sorted({*self._serving, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        answered = await self._answered(scope, receive, send)
        app_id = scope.get("calling_app")
        if app_id is not None:
            asked = f"{scope['method']} {scope['path']}"  # type: ignore[typeddict-item]
            self._house.notes.note(app_id=app_id, wire="rest", asked=asked, answered=answered, began=began)  # type: ignore[arg-type]

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> str:
        """Answer; the status, and the problem's name where there is one."""
        serving = self._serving.get(scope["method"])  # type: ignore[typeddict-item]
        try:
            if serving is None:
                await drain(scope, receive)
                await self._other_method(scope, send)
                return ""
            answer = await serving.answer(scope, receive)
            headers = [(b"content-type", answer.content_type), (b"cache-control", b"no-store")]
            if answer.replayed:
                headers.append((b"idempotency-replayed", b"true"))
            is_json = answer.content_type == b"application/json"
            await respond(send, answer.status, headers, encode(answer.body) if is_json else answer.body)
            return str(answer.status)
        except Refuse as refuse:
            problem, more = refuse.problem(language(scope), scope["path"]), refuse.headers
        except RefusedBy as refused:
            problem = problem_of(refused.refusal, language(scope), scope["path"], **refused.numbers)
            more = ((b"idempotency-replayed", b"true"),) if refused.replayed else ()
        except (psycopg.OperationalError, PoolTimeout, PoolClosed) as failure:
            _log.warning("store unavailable", path=scope["path_template"], failure=type(failure).__name__)
            problem, more = Refuse("StoreUnavailable").problem(language(scope), scope["path"]), ()
        except Exception:  # noqa: BLE001 - the edge: whatever it is, the caller gets an answer and we a record
            _log.exception("request failed", method=scope["method"], path=scope["path_template"])  # type: ignore[typeddict-item]
            problem, more = Refuse("Unexpected").problem(language(scope), scope["path"]), ()
        await respond_problem(scope, send, problem, more)
        return f"{problem.status} {problem.code}"

    async def _other_method(self, scope: Scope, send: Send) -> None:
        allow = (b"allow", self._allowed.encode())
        method = scope["method"]  # type: ignore[typeddict-item]
        if method == "OPTIONS":
            await respond(send, 204, [allow], b"")
            return
        raise Refuse("MethodNotAllowed", allowed=self._allowed, method=method[:20], headers=(allow,))


_reader_of = cache(fields.Reader)  # of a struct once, however many applications a process makes


class _Serving:
    """An operation, with what is made once for it."""

    __slots__ = ("_house", "_operation", "_reader")

    def __init__(self, operation: Operation, house: House) -> None:
        self._operation = operation
        self._house = house
        self._reader = _reader_of(operation.body) if operation.body is not None else None

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        operation = self._operation
        try:
            headers = _headers(scope)
            key = await self._caller(headers.get(b"authorization"))
            scope["calling_app"] = key.app_id  # type: ignore[typeddict-unknown-key]
            idempotency_key = _idempotency_key(headers.get(b"idempotency-key")) if operation.idempotent else ""
            if self._reader is not None:
                _refuse_length_and_type(headers, operation.bytes_max)
        except Refuse:
            await drain(scope, receive)
            raise
        body: Any = None
        if self._reader is not None:
            raw = await _body(headers, receive, operation.bytes_max)
            body = self._reader.read(raw or b"{}" if operation.body is Nothing else raw)
        query = None
        if operation.query is not None:
            query = fields.read_query(scope["query_string"], operation.query)
        accepted = headers.get(b"accept-language", b"")
        reads: Language = language_of(accepted.decode("latin-1")) if b"zh" in accepted else "en"
        call = Call(self._house, key, idempotency_key, scope["path_params"], query, reads, headers.get(b"accept", b""))
        working = operation.run(call, body)
        return await (_while_waited_for(working, receive) if operation.long else working)

    async def _caller(self, authorization: bytes | None) -> ApiKey:
        """The key of the caller, remembered or looked up. Raises Refuse."""
        if authorization is None:
            raise Refuse("KeyMissing", headers=_BEARER)
        text = authorization[7:].decode("latin-1")
        if authorization[:7].lower() != b"bearer " or not looks_like_api_key(text):
            raise Refuse("KeyUnknown", headers=_BEARER)
        key = await self._house.find_key(text)
        if key is None:
            raise Refuse("KeyUnknown", headers=_BEARER)
        needs = self._operation.needs
        if needs not in (key.scope, "either"):
            raise Refuse("ScopeWrong", held=key.scope, needed=needs)
        if key.app_id is not None and key.app_state != "open":
            raise Refuse("AppClosed")
        return key


_BEARER = ((b"www-authenticate", b'Bearer realm="florin"'),)
_SINGLE = (b"authorization", b"idempotency-key", b"content-length", b"content-type", b"content-encoding")
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,%d}" % IDEMPOTENCY_KEY_LENGTH_MAX)


async def _while_waited_for(work: Awaitable[Answer], receive: Receive) -> Answer:
    """The answer; when the caller goes away before, what works on it is cancelled, and nobody reads what is answered."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else Answer({}, status=CALLER_GONE)
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    """Return when the caller is. The body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _headers(scope: Scope) -> dict[bytes, bytes]:
    pairs: Any = scope["headers"]
    headers: dict[bytes, bytes] = dict(pairs)
    if len(headers) < len(pairs):
        names = [name for name, _ in pairs]
        for name in _SINGLE:
            if names.count(name) > 1:
                raise Refuse("HeaderRepeated", header=name.decode())
    return headers


def _idempotency_key(value: bytes | None) -> str:
    if value is None:
        raise Refuse("IdempotencyKeyMissing")
    if not _VISIBLE.fullmatch(value):
        raise Refuse("IdempotencyKeyInvalid", length_max=IDEMPOTENCY_KEY_LENGTH_MAX)
    return value.decode("ascii")


def _refuse_length_and_type(headers: dict[bytes, bytes], bytes_max: int) -> None:
    """A body that says that it is too large, or that it is not JSON, is not read."""
    if not _is_json(headers):
        raise Refuse("ContentTypeWrong")
    length = headers.get(b"content-length")
    if length is not None and (not length.isdigit() or int(length[:20]) > bytes_max):
        raise Refuse("BodyTooLarge", bytes_max=bytes_max)


async def _body(headers: dict[bytes, bytes], receive: Receive, bytes_max: int) -> bytes:
    """The whole body. Raises Refuse when it is too large or too slow."""
    length = headers.get(b"content-length")
    message: Any = await receive()
    if message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        # A server may say that more follows when all that was announced is here; waiting for its empty end costs a turn.
        whole = not message.get("more_body", False) or (length is not None and len(body) == int(length))
        if whole and len(body) <= bytes_max:
            return body
    return await _long_body(message, receive, bytes_max)


async def _long_body(message: Any, receive: Receive, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                if message["type"] != "http.request":
                    raise Refuse("BodyBroken")
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > bytes_max:
                    chunks.clear()
                    await _drop(receive)
                    raise Refuse("BodyTooLarge", bytes_max=bytes_max)
                if not message.get("more_body", False):
                    return b"".join(chunks)
                message = await receive()
    except TimeoutError:
        raise Refuse("BodyTooSlow") from None


async def drain(scope: Scope, receive: Receive) -> None:
    """Read what was announced of a body, and keep nothing: so that who sends it hears the answer, not a broken line."""
    names = {name for name, value in scope["headers"] if value != b"0"}
    if names & {b"content-length", b"transfer-encoding"}:
        await _drop(receive)


async def _drop(receive: Receive) -> None:
    dropped = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while dropped <= DRAIN_BYTES_MAX:
                message: Any = await receive()
                dropped += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _is_json(headers: dict[bytes, bytes]) -> bool:
    content_type = headers.get(b"content-type", b"application/json")
    if content_type != b"application/json":
        kind, _, parameters = content_type.lower().partition(b";")
        if kind.strip() != b"application/json":
            return False
        if parameters.strip() and parameters.replace(b'"', b"").strip() not in (b"charset=utf-8", b"charset=utf8"):
            return False
    return headers.get(b"content-encoding", b"identity") == b"identity"


def language(scope: Scope) -> Language:
    """The language that the caller reads."""
    accepted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return language_of(accepted.decode("latin-1"))


async def respond_problem(
    scope: Scope, send: Send, problem: Problem, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer with a problem. A status that asks to try again says when."""
    spoken = language(scope).encode()
    all_headers = [
        (b"content-type", CONTENT_TYPE),
        (b"content-language", spoken),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    if problem.status == 503:
        all_headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    await respond(send, problem.status, all_headers, encode(problem))


async def respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
