"""A shop that listens: one process, answers every notify with success, and counts. It ends when it is told to."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable

import msgspec

from florin.bench.load import run_load

_RECEIVED_MAX = 65_536
_END_OF_HEADERS = b"\r\n\r\n"
# What both wires, and webhooks, take for success.
_SUCCESS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess"


class ListenerTask(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    port: int


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """How many notifies came."""

    notifies: int


def get_ready(task: ListenerTask) -> Callable[[], Heard]:
    listening = socket.create_server((task.host, task.port), backlog=1024)
    listening.setblocking(False)

    def work() -> Heard:
        poll = select.epoll()
        connections: dict[int, socket.socket] = {}
        partial: dict[int, bytes] = {}
        for each in (listening.fileno(), sys.stdin.fileno()):
            poll.register(each, select.EPOLLIN)
        notifies = 0
        while True:
            for number, _ in poll.poll():
                if number == sys.stdin.fileno():
                    return Heard(notifies=notifies)
                if number == listening.fileno():
                    connected, _ = listening.accept()
                    connections[connected.fileno()] = connected
                    poll.register(connected.fileno(), select.EPOLLIN)
                    continue
                received = connections[number].recv(_RECEIVED_MAX)
                message = partial.pop(number, b"") + received
                if not received:
                    poll.unregister(number)
                    connections.pop(number).close()
                elif _is_whole(message):
                    notifies += 1
                    connections[number].send(_SUCCESS)
                else:
                    partial[number] = message

    return work


def _is_whole(message: bytes) -> bool:
    headers = message.find(_END_OF_HEADERS)
    if headers < 0:
        return False
    head = message[:headers].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].partition(b"\r")[0]) if at >= 0 else 0
    return len(message) >= headers + len(_END_OF_HEADERS) + length


if __name__ == "__main__":
    run_load(ListenerTask, get_ready)
