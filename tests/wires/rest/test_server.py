"""Behind the real server: what a client hears that sends too much, too little, or nonsense over its socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from wires.rest.fakes import MERCHANT_KEY, FakeEngine, fake_app

GOOD = json.dumps({"amount_minor": 19_900, "subject": "tea"}).encode()
TEN_MEGABYTES = 10 * 1_048_576


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where a server answers, with an engine behind it that says yes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        chosen = free.getsockname()[1]
    server = Server(
        fake_app(FakeEngine()),
        address="127.0.0.1",
        port=chosen,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        log_level=LogLevels.critical,
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", chosen), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    yield chosen
    loop.call_soon_threadsafe(server.stop)
    thread.join(timeout=10)


def ask(port: int, body: Any, headers: dict[str, str], *, key: str | None = MERCHANT_KEY) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = {"content-type": "application/json", "idempotency-key": "one", **headers}
    if key is not None:
        sent["authorization"] = f"Bearer {key}"
    try:
        connection.request("POST", "/v1/payments", body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_good_request_is_answered_and_the_line_kept(port: int):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"authorization": f"Bearer {MERCHANT_KEY}", "content-type": "application/json"}

    for number in range(3):
        connection.request("POST", "/v1/payments", body=GOOD, headers={**headers, "idempotency-key": f"key-{number}"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["state"]) == (201, "waiting")
    connection.close()


def test_ten_megabytes_are_answered_413(port: int):
    status, shown = ask(port, b" " * TEN_MEGABYTES, {})

    assert (status, shown["code"]) == (413, "BodyTooLarge")


def test_ten_megabytes_in_chunks_are_answered_413(port: int):
    status, shown = ask(port, (b" " * 65_536 for _ in range(160)), {})

    assert (status, shown["code"]) == (413, "BodyTooLarge")


@pytest.mark.parametrize(
    ("headers", "key", "code"),
    [
        ({}, None, "KeyMissing"),
        ({}, "nonsense", "KeyUnknown"),
        ({"idempotency-key": "with blank"}, MERCHANT_KEY, "IdempotencyKeyInvalid"),
        ({"content-type": "text/plain"}, MERCHANT_KEY, "ContentTypeWrong"),
    ],
)
def test_ten_megabytes_with_another_fault_are_answered_too(port: int, headers, key, code):
    status, shown = ask(port, b" " * TEN_MEGABYTES, headers, key=key)

    assert shown["code"] == code
    assert 400 <= status < 500


def test_a_body_in_chunks_is_read_whole(port: int):
    status, shown = ask(port, iter([GOOD[:10], GOOD[10:]]), {})

    assert (status, shown["amount_minor"]) == (201, 19_900)


def test_a_client_that_sends_half_and_leaves_does_no_harm(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(
            b"POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + MERCHANT_KEY.encode() + b"\r\n"
            b"idempotency-key: half\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n" + GOOD
        )

    assert ask(port, GOOD, {})[0] == 201


def test_a_broken_chunk_is_a_problem_too(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(
            b"POST /v1/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + MERCHANT_KEY.encode() + b"\r\n"
            b"idempotency-key: broken\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"
        )
        answer = line.recv(4_000)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"BodyBroken" in answer


def test_what_is_no_http_is_refused_and_the_next_one_served(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        line.recv(1_000)

    assert ask(port, GOOD, {})[0] == 201
