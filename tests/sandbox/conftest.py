"""One sandbox for the whole run, as an integrator starts it: a process, an environment file, verbs, and an SDK."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from typer.testing import CliRunner

from florin.sandbox.cli import app
from florin.sandbox.remote import read_environment
from sdk.sdks import HERE, Sdk, Shop

START_TIMEOUT_S = 120


@dataclass
class RunningSandbox:
    """`florin sandbox up`, and its verbs."""

    env_file: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return read_environment(self.env_file)

    def verb(self, *arguments: str) -> dict[str, Any]:
        """The answer of a verb that must succeed."""
        code, answer = self.tried(*arguments)
        assert code == 0, answer
        return answer

    def tried(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """(exit code, answer) of a verb."""
        result = CliRunner().invoke(app, [*arguments, "--env-file", str(self.env_file), "--json"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.output)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def start_sandbox(env_file: Path, *arguments: str) -> RunningSandbox:
    """Start one and wait until it says `ready`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "florin", "sandbox", "up", "--env-file", str(env_file), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    sandbox = RunningSandbox(env_file, process)
    assert process.stdout is not None
    ready = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            sandbox.said.append(line.rstrip())
            if line == "ready\n":
                ready.set()

    threading.Thread(target=listen, daemon=True).start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready.wait(0.05):
        assert process.poll() is None, "\n".join(sandbox.said)
        assert time.monotonic() < deadline, "\n".join(sandbox.said)
    return sandbox


@pytest.fixture(scope="session")
def only_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = start_sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.env", "--market", "escrow")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def sandbox(only_sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox as the last test left it: for a test with an order number of its own. Its app sells in escrow."""
    return only_sandbox


@pytest.fixture
def first_morning(only_sandbox: RunningSandbox) -> None:
    """Everything as at the start: for a test that counts on dates, limits or balances."""
    only_sandbox.verb("reset")


def children(pid: int) -> list[int]:
    """Living children; none of a process that has gone meanwhile."""
    try:
        return [
            int(each)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for each in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def descendants(pid: int) -> list[int]:
    found = children(pid)
    return found + [each for child in found for each in descendants(child)]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Notified:
    """The shop's listener: what it was told, in order, and what it answers."""

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.answer = b"success"
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.told.append(dict(parse_qsl(body.decode(), keep_blank_values=True)))
                self.send_response(200)
                self.send_header("Content-Length", str(len(listener.answer)))
                self.end_headers()
                self.wfile.write(listener.answer)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/notify"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def statuses(self) -> list[tuple[str, str]]:
        return [(each["out_trade_no"], each["trade_status"]) for each in self.told]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def notified() -> Iterator[Notified]:
    listener = Notified()
    yield listener
    listener.close()


@pytest.fixture
def tea_house(sandbox: RunningSandbox, notified: Notified, sdk_python: Callable[[str], Path]) -> Callable[..., Any]:
    """The shop: `tea_house("alipay.trade.query", out_trade_no="T1")`, through python-alipay-sdk, which checks our signature."""
    sdk = Sdk("python-alipay-sdk", sdk_python("alipay-fzlee"), HERE / "fzlee_driver.py", stays=True)
    shop = Shop(
        gateway=sandbox.env["GATEWAY_URL"],
        app_id=sandbox.env["APP_ID"],
        app_private_key=sandbox.env["APP_PRIVATE_KEY"],
        platform_public_key=sandbox.env["ALIPAY_PUBLIC_KEY"],
    )

    def call(method: str, **biz: Any) -> Any:
        return sdk.answer(shop, method=method, biz=biz, notify_url=notified.url)

    call.is_genuine = lambda form: sdk.run(shop, {"do": "check_notify", "form": form})[0]["answer"]  # type: ignore[attr-defined]
    call.ask = lambda number, amount, subject="Tea", **more: call(  # type: ignore[attr-defined]
        "alipay.trade.precreate", out_trade_no=number, total_amount=amount, subject=subject, **more
    )
    call.page = lambda method, biz, return_url: sdk.run(  # type: ignore[attr-defined]
        shop, {"do": "page", "method": method, "biz": biz, "return_url": return_url}
    )[0]["answer"]
    return call
