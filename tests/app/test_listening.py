"""Addresses and ports: what is reserved is ours, and what another has is refused by name."""

from __future__ import annotations

import socket

import pytest

from florin.app.listening import Address, AddressMalformed, AddressTaken, Reservation, wait_until_listening

HERE = Address("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("text", "address", "url"),
    [
        ("127.0.0.1:8001", Address("127.0.0.1", 8001), "http://127.0.0.1:8001"),
        ("127.1.2.3:80", Address("127.1.2.3", 80), "http://127.1.2.3"),
        (":8001", Address("0.0.0.0", 8001), "http://127.0.0.1:8001"),
        ("[::1]:8001", Address("::1", 8001), "http://[::1]:8001"),
    ],
)
def test_an_address_is_read_as_it_is_written(text, address, url):
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address
    assert address.url == url


@pytest.mark.parametrize("text", ["127.0.0.1", "8001", "localhost:", "localhost:http", "localhost:70000", "a:-1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressMalformed):
        Address.parse(text)


def test_port_zero_becomes_a_free_port():
    reservation = Reservation(HERE)

    assert reservation.address.port > 1024
    reservation.release()


def test_a_reserved_port_is_refused_to_others_and_to_a_second_of_us():
    reservation = Reservation(HERE)

    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind((reservation.address.host, reservation.address.port))
    with pytest.raises(AddressTaken, match="another program has it"):
        Reservation(reservation.address)
    reservation.release()
    Reservation(reservation.address).release()


def test_a_port_that_another_listens_at_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(AddressTaken, match="another program has it"):
        Reservation(Address("127.0.0.1", other.getsockname()[1]))


def test_our_own_server_may_listen_at_the_reserved_port():
    reservation = Reservation(HERE)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind((reservation.address.host, reservation.address.port))
        assert not wait_until_listening(reservation.address, timeout_s=0.1)
        server.listen()

        assert wait_until_listening(reservation.address, timeout_s=5)
    reservation.release()
