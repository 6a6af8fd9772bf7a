"""The load on the wire: one process, so many kept-alive sockets, requests made beforehand, answers read and counted.

Each socket sends its next request when it has its answer. The client does as little as a client can: it finds the end of the
headers, the length of the body and the status. An answer other than the wanted one ends the run.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from florin.bench.house import MERCHANTS, Population
from florin.bench.load import Sample, run_load

_AMOUNT_MINOR_MAX = 5_000
_TIMEOUT_S = 30.0
_RECEIVED_MAX = 65_536
_END_OF_HEADERS = b"\r\n\r\n"
_CREATED = b"HTTP/1.1 201"


class HttpTask(msgspec.Struct, frozen=True, kw_only=True):
    """requests_max: made beforehand; the run ends when they are used up, or after `seconds`."""

    population_file: str
    host: str
    port: int
    sockets: int
    seconds: float
    requests_max: int
    seed: int


class UnexpectedAnswer(RuntimeError):
    """The wire said something other than that it was paid, or nothing."""


def get_ready(task: HttpTask) -> Callable[[], Sample]:
    population = msgspec.json.decode(Path(task.population_file).read_bytes(), type=Population)
    began = time.process_time()
    requests = list(_requests(population, task))
    prepared_us = (time.process_time() - began) / len(requests) * 1e6
    return timed(task, requests, prepared_us, wanted=lambda answer: answer.startswith(_CREATED))


class Aimed(Protocol):
    """What a task of this kind says of where, how widely and how long."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def sockets(self) -> int: ...
    @property
    def seconds(self) -> float: ...


def timed(
    task: Aimed, requests: Sequence[bytes], prepared_us: float, *, wanted: Callable[[bytes], bool]
) -> Callable[[], Sample]:
    """Connected and warm, and the work that is measured. The first eight requests of each socket are the warm-up.

    wanted: whether an answer, with its headers, says what every answer must.
    """
    warm_up = task.sockets * 8
    sockets = [_connect(task) for _ in range(task.sockets)]
    _drive(sockets, iter(requests[:warm_up]), wanted, seconds=_TIMEOUT_S)

    def work() -> Sample:
        cpu_began, began = time.process_time(), time.monotonic()
        latencies = _drive(sockets, iter(requests[warm_up:]), wanted, seconds=task.seconds)
        ended, cpu_ended = time.monotonic(), time.process_time()
        return Sample(
            payments=len(latencies),
            began_s=began,
            ended_s=ended,
            latencies_us=sorted(latencies),
            cpu_s=cpu_ended - cpu_began,
            prepared_us=prepared_us,
        )

    return work


def _requests(population: Population, task: HttpTask) -> Iterator[bytes]:
    """POST /v1/payments with an agreement: payers drawn uniformly, half of the sales at the big merchant."""
    draw = random.Random(task.seed)  # noqa: S311 - a draw of shoppers, not a secret
    heads = {
        app_id: (
            f"POST /v1/payments HTTP/1.1\r\nHost: {task.host}:{task.port}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nIdempotency-Key: "
        )
        for app_id, key in population.api_keys.items()
        if app_id <= MERCHANTS
    }
    for _ in range(task.requests_max):
        shopper = draw.choice(population.shoppers)
        by_big = draw.random() < 0.5
        body = msgspec.json.encode(
            {
                "amount_minor": draw.randint(100, _AMOUNT_MINOR_MAX),
                "subject": "Benchmark",
                "agreement_id": str(shopper.agreements[0 if by_big else 1]),
                "capture": True,
            }
        )
        head = heads[1 if by_big else shopper.other_app]
        yield f"{head}{draw.getrandbits(128):032x}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _connect(task: Aimed) -> socket.socket:
    connected = socket.create_connection((task.host, task.port), timeout=_TIMEOUT_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setblocking(False)
    return connected


def _drive(
    sockets: list[socket.socket], requests: Iterator[bytes], wanted: Callable[[bytes], bool], *, seconds: float
) -> list[int]:
    """Keep every socket at work until the time or the requests are over; returns each answer's latency in microseconds."""
    clock = time.perf_counter_ns
    latencies: list[int] = []
    waiting: dict[int, tuple[socket.socket, int]] = {}
    partial: dict[int, bytes] = {}
    poll = select.epoll()
    for each in sockets:
        request = next(requests, None)
        if request is not None:
            poll.register(each.fileno(), select.EPOLLIN)
            waiting[each.fileno()] = (each, clock())
            each.send(request)
    ends = clock() + int(seconds * 1e9)
    while waiting:
        ready = poll.poll(_TIMEOUT_S)
        if not ready:
            raise UnexpectedAnswer(f"no answer within {_TIMEOUT_S:g} s")
        for number, _ in ready:
            connected, sent = waiting[number]
            received = connected.recv(_RECEIVED_MAX)
            if not received:
                raise UnexpectedAnswer("the server has closed the connection")
            answer = partial.pop(number, b"") + received
            if not _is_whole(answer):
                partial[number] = answer
                continue
            now = clock()
            if not wanted(answer):
                raise UnexpectedAnswer(answer.decode(errors="replace"))
            latencies.append((now - sent) // 1_000)
            request = next(requests, None) if now < ends else None
            if request is None:
                poll.unregister(number)
                del waiting[number]
            else:
                waiting[number] = (connected, now)
                connected.send(request)
    poll.close()
    return latencies


def _is_whole(answer: bytes) -> bool:
    headers = answer.find(_END_OF_HEADERS)
    if headers < 0:
        return False
    at = answer.find(b"content-length: ", 0, headers)
    if at < 0:
        raise UnexpectedAnswer(answer.decode(errors="replace"))
    length = int(answer[at + 16 : answer.index(b"\r", at)])
    return len(answer) >= headers + len(_END_OF_HEADERS) + length


if __name__ == "__main__":
    run_load(HttpTask, get_ready)
