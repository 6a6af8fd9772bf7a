"""A shop's notify address: keeps what it was told and answers what it is set to answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


class Listener:
    """A shop's notify address. `answers` are given in turn, the last of them for ever."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.answers: list[bytes] = [b"success"]
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
                charset = self.headers["Content-Type"].rpartition("charset=")[2]
                listener.told.append(dict(parse_qsl(body, encoding=charset, strict_parsing=True)))
                answer = listener.answers.pop(0) if len(listener.answers) > 1 else listener.answers[0]
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify?shop=7"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
