"""The control endpoint: how verbs reach a running sandbox. HTTP on loopback, a token, one verb at a time.

POST /pay  {"out_trade_no": "T1"}    ->    200 {"paid": "199.00", …}  or  422 {"refusal": "NoLine", "sentence": "…"}
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import structlog

from florin.sandbox.remote import Answer, VerbRefused

BODY_BYTES_MAX = 64 * 1024

_log = structlog.get_logger(__name__)


Verb = Callable[..., Answer]


class ControlServer:
    """Serves verbs until closed. verbs: by name; each takes the fields of the request's body by keyword."""

    def __init__(self, verbs: Mapping[str, Verb]) -> None:
        self.token = secrets.token_urlsafe(24)
        self._turn = threading.Lock()
        self._verbs = dict(verbs)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="florin-control", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def do(self, verb: str, wanted: Mapping[str, Any]) -> tuple[int, Answer]:
        """(HTTP status, answer) of one verb; verbs take turns."""
        if verb not in self._verbs:
            return 404, VerbRefused("VerbUnknown", f"There is no verb {verb}.").answer()
        with self._turn:
            try:
                return 200, self._verbs[verb](**wanted)
            except VerbRefused as refused:
                return 422, refused.answer()
            except Exception as failure:  # noqa: BLE001 - whoever sent the verb is told, and the sandbox lives on
                _log.exception("a verb failed", verb=verb)
                return 500, VerbRefused("VerbFailed", f"{type(failure).__name__}: {failure}").answer()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        control = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(min(length, BODY_BYTES_MAX))
                given = self.headers.get("Authorization", "").removeprefix("Bearer ")
                # A page in a browser can send a request here, but not with this header.
                if not hmac.compare_digest(given.encode(), control.token.encode()):
                    self._answer(401, VerbRefused("TokenWrong", "The token is not this sandbox's.").answer())
                    return
                try:
                    wanted = json.loads(body or b"{}")
                except ValueError:
                    wanted = None
                if not isinstance(wanted, dict):
                    self._answer(400, VerbRefused("BodyNotJson", "The body is no JSON object.").answer())
                    return
                self._answer(*control.do(self.path.strip("/"), wanted))

            def _answer(self, status: int, answer: Answer) -> None:
                body = msgspec.json.encode(answer)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """A verb is not logged; what it does is."""

        return Handler
