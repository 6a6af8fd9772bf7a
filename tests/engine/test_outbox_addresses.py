"""Which addresses may be called, and that a call goes where the check looked."""

import asyncio
import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address

import pytest

from florin.engine.addresses import (
    AddressCarriesCredentials,
    AddressInvalid,
    AddressNotPublic,
    Destination,
    HostUnknown,
    check,
    refuse_url,
)
from florin.engine.caller import Caller, CallFailed

PUBLIC = "93.184.215.14"


def checked(url, *, allow_loopback=False, answers=()):
    async def resolve(host, port):
        return list(answers)

    return asyncio.run(check(url, allow_loopback=allow_loopback, resolve=resolve))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/notify",
        "file:///etc/passwd",
        "gopher://shop.example",
        "shop.example/notify",
        "http://",
        "http://shop.example:99999/",
        "http://shop.example:0/",
        "http://shop.example/ x",
        "http://shop.example/\r\nHost: other",
        "http://shop.example\\@127.0.0.1/",
        "http://127.0.0.1%2f@shop.example/",
        "http://" + "a" * 70 + ".example/",
        "http://shop.example/" + "a" * 3000,
    ],
)
def test_what_is_no_web_address_is_refused_as_such(url):
    assert isinstance(checked(url, answers=[PUBLIC]), AddressInvalid)


def test_an_address_with_a_password_is_refused_without_repeating_the_password():
    refusal = checked("http://shop:secret@shop.example/notify", answers=[PUBLIC])

    assert refusal == AddressCarriesCredentials(host="shop.example")
    assert "secret" not in refusal.sentence()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.9.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2002:0a00:0001::", "private"),
        ("169.254.10.10", "link-local"),
        ("fe80::1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("100.100.100.200", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("240.0.0.1", "reserved"),
    ],
)
def test_an_address_that_is_not_public_is_refused_by_its_kind(address, kind):
    by_name = checked("https://shop.example/notify", answers=[address])
    literal = checked(f"https://[{address}]/" if ":" in address else f"https://{address}/")

    assert by_name == AddressNotPublic(host="shop.example", address=str(ip_address(address)), kind=kind)
    assert isinstance(literal, AddressNotPublic)
    assert literal.kind == kind


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_odd_spellings_of_loopback_are_loopback(spelling):
    refusal = checked(f"http://{spelling}/notify", answers=[PUBLIC])

    assert isinstance(refusal, AddressNotPublic)
    assert refusal.kind == "loopback"


def test_one_private_address_among_public_ones_refuses_the_name():
    refusal = checked("http://shop.example/", answers=[PUBLIC, "10.0.0.1"])

    assert refusal == AddressNotPublic(host="shop.example", address="10.0.0.1", kind="private")


def test_a_host_without_an_address_is_refused():
    assert checked("http://shop.example/", answers=[]) == HostUnknown(host="shop.example")


def test_a_public_address_may_be_called_with_its_port_in_the_host_header():
    destination = checked("https://Shop.Example.:8443/notify", answers=[PUBLIC])

    assert isinstance(destination, Destination)
    assert (destination.addresses, destination.host_header) == ((PUBLIC,), "shop.example:8443")


def test_a_chinese_host_name_is_called_by_its_ascii_form():
    destination = checked("http://茶馆.example/notify", answers=[PUBLIC])

    assert isinstance(destination, Destination)
    assert destination.host_header == "xn--cl1ay07b.example"


def test_allowing_loopback_allows_nothing_else():
    assert isinstance(checked("http://localhost:9/", allow_loopback=True, answers=["::1", "127.0.0.1"]), Destination)
    assert isinstance(checked("http://shop.example/", allow_loopback=True, answers=["10.0.0.1"]), AddressNotPublic)
    assert isinstance(checked("http://169.254.169.254/", allow_loopback=True), AddressNotPublic)


def test_an_address_handed_in_to_be_kept_is_judged_by_its_form_alone():
    assert refuse_url("https://shop.example/notify") is None
    assert refuse_url("http://127.0.0.1:8000/notify") is None
    assert isinstance(refuse_url("http://10.0.0.1/notify"), AddressNotPublic)
    assert isinstance(refuse_url("notify"), AddressInvalid)


# ── the call itself ───────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def listener(answer, *, host="127.0.0.1"):
    """A raw server for one connection: what it read is in `seen`; `answer` gets the connection."""
    seen = []
    server = socket.create_server((host, 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            seen.append(connection.recv(65536))
            answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], seen
    finally:
        thread.join(timeout=5)
        server.close()


def post(url, *, timeout_s=2.0, answers=("127.0.0.1",)):
    async def resolve(host, port):
        return list(answers)

    async def call():
        destination = await check(url, allow_loopback=True, resolve=resolve)
        caller = Caller(timeout_s=timeout_s)
        try:
            return await caller.post(destination, {"Content-Type": "text/plain"}, b"hello")
        finally:
            await caller.close()

    return asyncio.run(call())


def says(raw):
    return lambda connection: connection.sendall(raw)


def test_the_connection_goes_to_the_checked_address_under_the_hosts_own_name():
    with listener(says(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")) as (port, seen):
        answer = post(f"http://shop.example:{port}/notify?a=1")

    assert (answer.status, answer.body) == (200, b"success")
    assert seen[0].startswith(b"POST /notify?a=1 HTTP/1.1\r\n")
    assert f"Host: shop.example:{port}\r\n".encode() in seen[0]


def test_the_next_checked_address_is_tried_when_nobody_listens_at_the_first():
    with listener(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as (port, _):
        answer = post(f"http://localhost:{port}/", answers=["127.77.77.77", "127.0.0.1"])

    assert answer.body == b"ok"


def test_a_redirect_is_an_answer_and_is_not_followed():
    with listener(says(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n")) as (port, _):
        answer = post(f"http://shop.example:{port}/")

    assert answer.status == 302


def test_an_answer_without_end_is_cut_off():
    def flood(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
        try:
            for _ in range(1000):
                connection.sendall(b"x" * 65536)
        except OSError:
            pass

    with listener(flood) as (port, _), pytest.raises(CallFailed, match="longer than"):
        post(f"http://shop.example:{port}/")


def test_an_answer_that_drips_is_ended_by_the_clock_of_the_whole_call():
    def drip(connection):
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(50):
                connection.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            pass

    began = time.monotonic()
    with listener(drip) as (port, _), pytest.raises(CallFailed, match="no answer within"):
        post(f"http://shop.example:{port}/", timeout_s=0.4)

    assert time.monotonic() - began < 4


def test_nobody_listening_and_a_broken_answer_each_have_their_name():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(CallFailed, match="no connection"):
            post(f"http://shop.example:{unused.getsockname()[1]}/")
    with listener(says(b"nonsense\r\n\r\n")) as (port, _), pytest.raises(CallFailed, match="broken answer"):
        post(f"http://shop.example:{port}/")


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with listener(says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as (port, _):
        assert post(f"http://shop.example:{port}/").status == 200


@contextmanager
def keeping_listener(connections):
    """A server that closes its first connection after two answers; `connections` counts the answers of each."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for answers in (2, 9):
            connection, _ = server.accept()
            with connection:
                connections.append(0)
                while connections[-1] < answers and connection.recv(65536):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")
                    connections[-1] += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        socket.create_connection(server.getsockname()).close()  # for one that is still waited for
        thread.join(timeout=5)
        server.close()


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_costs_no_message():
    async def resolve(host, port):
        return ["127.0.0.1"]

    async def call(port):
        destination = await check(f"http://shop.example:{port}/", allow_loopback=True, resolve=resolve)
        caller = Caller(timeout_s=2)
        try:
            return [(await caller.post(destination, {}, b"hello")).body for _ in range(4)]
        finally:
            await caller.close()

    connections = []
    with keeping_listener(connections) as port:
        answers = asyncio.run(call(port))

    assert answers == [b"success"] * 4
    assert connections == [2, 2]


def test_a_kept_connection_is_not_used_once_the_name_leads_elsewhere():
    async def call(port):
        caller = Caller(timeout_s=2)
        try:
            for answer in ("127.0.0.1", "127.88.88.88"):

                async def resolve(host, port, answer=answer):
                    return [answer]

                destination = await check(f"http://shop.example:{port}/", allow_loopback=True, resolve=resolve)
                await caller.post(destination, {}, b"hello")
        finally:
            await caller.close()

    with keeping_listener([]) as port, pytest.raises(CallFailed, match="no connection"):
        asyncio.run(call(port))


def test_an_answer_in_chunks_and_one_that_ends_with_the_connection_are_read_whole():
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsuc\r\n4\r\ncess\r\n0\r\n\r\n"
    for raw in (chunks, b"HTTP/1.0 200 OK\r\n\r\nsuccess"):
        with listener(says(raw)) as (port, _):
            assert post(f"http://shop.example:{port}/").body == b"success"
