"""The proxy: SDKs' own hosts answered on this machine, for no other name and for nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from florin.app.listening import Address
from florin.app.proxy import GATEWAY_HOSTS, Authority, AuthorityUnreadable, Proxy, ProxyInPublic
from florin.sandbox.proxying import ProxyThread


class Echo(BaseHTTPRequestHandler):
    """The wires of these tests: says what came, byte for byte."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        said = f"{self.path} {self.headers['host']} ".encode() + body
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def wires() -> Iterator[Address]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Address("127.0.0.1", server.server_port)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def proxy(wires, tmp_path_factory) -> Iterator[ProxyThread]:
    with ProxyThread(tmp_path_factory.mktemp("house"), wires=wires) as proxy:
        yield proxy


def shop(proxy: ProxyThread) -> httpx.Client:
    trusting = ssl.create_default_context(cafile=str(proxy.authority.certificate))
    return httpx.Client(proxy=proxy.address.url, verify=trusting, trust_env=False, timeout=10)


def answer_of(proxy: ProxyThread, request: bytes) -> bytes:
    with socket.create_connection((proxy.address.host, proxy.address.port), timeout=10) as connection:
        connection.sendall(request)
        said = b""
        while chunk := connection.recv(4096):
            said += chunk
        return said


@pytest.mark.parametrize("host", GATEWAY_HOSTS)
def test_a_request_for_a_gateway_reaches_the_wires_as_it_was_sent(proxy, host):
    with shop(proxy) as client:
        answers = [client.post(f"https://{host}/v3/pay?x=%2F", content=b"\xe8\x8a\xb1 1").content for _ in range(2)]

    assert answers == [f"/v3/pay?x=%2F {host} ".encode() + b"\xe8\x8a\xb1 1"] * 2


def test_large_bodies_pass_whole(proxy):
    body = bytes(range(256)) * 8_000

    with shop(proxy) as client:
        said = client.post("https://api.mch.weixin.qq.com/upload", content=body).content

    assert said.endswith(body)


@pytest.mark.parametrize(
    "target", ["example.com:443", "api.mch.weixin.qq.com:22", "api.mch.weixin.qq.com.evil.test:443", "127.0.0.1:22"]
)
def test_no_other_host_or_port_is_tunneled(proxy, target):
    said = answer_of(proxy, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())

    assert said.startswith(b"HTTP/1.1 403 ")
    assert b"HostNotServed" in said
    assert b"NO_PROXY" in said


def test_a_plain_request_for_another_host_is_not_passed_on(proxy):
    said = answer_of(proxy, b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("junk", [b"\x16\x03\x01 not http\r\n\r\n", b"x" * 40_000, b"CONNECT\r\n\r\n", b"\r\n\r\n"])
def test_what_is_no_request_ends_the_connection_and_nothing_else(proxy, junk):
    with contextlib.suppress(ConnectionError):
        answer_of(proxy, junk)

    with shop(proxy) as client:
        assert client.post("https://openapi.alipay.com/", content=b"still here").status_code == 200


def test_the_authority_can_sign_for_nothing_but_the_gateways(proxy, tmp_path):
    """Whoever stole its key could still not stand for anybody's bank: a program that trusts it refuses such a name."""
    ca = x509.load_pem_x509_certificate(proxy.authority.certificate.read_bytes())
    ca_key = load_pem_private_key((proxy.authority.folder / "ca.key").read_bytes(), password=None)
    key = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bank.example")]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ca.not_valid_before_utc)
        .not_valid_after(ca.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example")]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    trusting = ssl.create_default_context(cafile=str(proxy.authority.certificate))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*_files(tmp_path, forged, key))
    incoming, outgoing = (ssl.MemoryBIO(), ssl.MemoryBIO()), (ssl.MemoryBIO(), ssl.MemoryBIO())
    server = serving.wrap_bio(*incoming, server_side=True)
    client = trusting.wrap_bio(*outgoing, server_hostname="bank.example")

    for side, from_bio, to_bio in ((client, outgoing[1], incoming[0]), (server, incoming[1], outgoing[0])):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
        to_bio.write(from_bio.read())
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        client.do_handshake()


def _files(folder, certificate, key) -> tuple[str, str]:
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_its_key_is_its_owners_alone_and_stays_the_same(tmp_path):
    authority = Authority(tmp_path)
    authority.ready()
    made = authority.certificate.read_bytes()

    Authority(tmp_path).ready()

    assert authority.certificate.read_bytes() == made
    assert stat.S_IMODE((authority.folder / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    assert sorted(file.name for file in authority.folder.iterdir()) == ["ca.key", "ca.pem"]


def test_a_key_of_another_certificate_is_refused_by_name(tmp_path):
    authority, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    authority.ready()
    other.ready()
    (authority.folder / "ca.key").write_bytes((other.folder / "ca.key").read_bytes())

    with pytest.raises(AuthorityUnreadable):
        authority.ready()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "shop.example"])
def test_it_refuses_to_listen_where_other_machines_see_it(tmp_path, wires, host):
    with pytest.raises(ProxyInPublic):
        Proxy(Authority(tmp_path), wires=wires, proxy_at=Address(host, 0))


def test_a_name_sent_here_by_the_hosts_file_is_answered_over_tls_itself(tmp_path, wires):
    async def ask() -> bytes:
        authority = Authority(tmp_path)
        proxy = Proxy(authority, wires=wires, proxy_at=Address("127.0.0.1", 0), tls_at=_free())
        await proxy.start()
        try:
            trusting = ssl.create_default_context(cafile=str(authority.certificate))
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", proxy.tls_at.port, ssl=trusting, server_hostname="api.mch.weixin.qq.com"
            )
            writer.write(b"POST /v3 HTTP/1.1\r\nHost: api.mch.weixin.qq.com\r\nContent-Length: 2\r\n\r\nhi")
            said = await reader.readuntil(b"hi")
            writer.close()
            return said
        finally:
            await proxy.stop()

    assert asyncio.run(ask()).endswith(b"/v3 api.mch.weixin.qq.com hi")


def _free() -> Address:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return Address("127.0.0.1", tried.getsockname()[1])


def test_an_authority_that_is_older_than_a_name_goes_on_for_the_others(wires, tmp_path, monkeypatch):
    older = tuple(host for host in GATEWAY_HOSTS if host != "openauth.alipay.com")
    with monkeypatch.context() as then:
        then.setattr("florin.app.proxy.authority.GATEWAY_HOSTS", older)
        Authority(tmp_path).ready()

    with ProxyThread(tmp_path, wires=wires) as proxy, shop(proxy) as client:
        assert client.post("https://openapi.alipay.com/", content=b"still here").status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            client.post("https://openauth.alipay.com/", content=b"x")
