"""`florin serve` as an operator starts it: everything answers, a killed part comes back, and nothing stays behind."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from app.serving import Serving, descendants, is_alive, served
from florin.store import temporary_data_dir


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=20, trust_env=False)


def wait_for_answer(url: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while True:
        try:
            return get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with temporary_data_dir() as folder, served(folder, "--proxy", "127.0.0.1:0") as serving:
        yield serving


def test_wires_and_pages_answer(serving):
    gateway = get(f"{serving.api}/gateway.do?method=alipay.trade.query")
    rest = get(f"{serving.api}/v1/payments")
    page = get(f"{serving.pages}/sign-in")

    assert (gateway.status_code, gateway.json()["alipay_trade_query_response"]["code"]) == (200, "40001")
    assert (rest.status_code, rest.headers["content-type"]) == (401, "application/problem+json")
    assert page.status_code == 200


def test_two_wires_share_v3_and_each_answers_below_its_own_part(serving):
    own = httpx.post(f"{serving.api}/v3/alipay/trade/query", json={})
    other = httpx.get(f"{serving.api}/v3/certificates")

    assert (own.status_code, own.json()["code"]) == (401, "missing-signature")
    assert (other.status_code, other.json()["code"]) == (401, "SIGN_ERROR")


def test_the_proxy_leads_to_the_wires_by_the_gateways_own_name(serving):
    proxy, certificate = re.search(r"proxy +(\S+).*?must trust (\S+)", serving.said, re.DOTALL).groups()
    trusting = ssl.create_default_context(cafile=certificate)

    answer = httpx.get(
        "https://openapi.alipay.com/gateway.do?method=alipay.trade.query",
        proxy=proxy,
        verify=trusting,
        timeout=20,
        trust_env=False,
    )

    assert answer.json()["alipay_trade_query_response"]["code"] == "40001"


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        (["--proxy", "0.0.0.0:0"], "does not listen at 0.0.0.0"),
        (["--tls", "127.0.0.1:0"], "comes with the proxy"),
    ],
)
def test_a_proxy_in_public_or_a_tls_door_alone_is_refused_before_anything_starts(tmp_path, options, refusal):
    done = subprocess.run(
        [sys.executable, "-m", "florin", "serve", "--api", "127.0.0.1:0", "--pages", "127.0.0.1:0", *options],
        env={**os.environ, "FLORIN_DATA": str(tmp_path / "data"), "FLORIN_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert refusal in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_second_one_on_the_same_port_is_told_so(serving):
    with temporary_data_dir() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "florin", "serve", "--api", serving.api.removeprefix("http://")],
            env={**os.environ, "FLORIN_DATA": folder, "FLORIN_DATABASE_URL": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert "another program has it" in done.stderr


@pytest.mark.chaos
@pytest.mark.parametrize("module", ["florin.app.api", "florin.app.pages"])
def test_a_killed_part_comes_back_at_the_same_address(serving, module):
    address = serving.api if module == "florin.app.api" else serving.pages
    killed = serving.child(module)

    os.kill(killed, signal.SIGKILL)

    deadline = time.monotonic() + 30
    while serving.child(module) in (0, killed):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert wait_for_answer(f"{address}/").status_code < 500


@pytest.mark.chaos
def test_a_killed_database_comes_back_and_everything_goes_on(serving):
    worker = serving.child("florin.app.worker")

    os.kill(serving.database(), signal.SIGKILL)

    deadline = time.monotonic() + 60
    while "isv.invalid-app-id" not in (
        answer := get(f"{serving.api}/gateway.do?method=alipay.trade.query&app_id=1").text
    ):
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    assert wait_for_answer(f"{serving.pages}/sign-in").status_code == 200
    assert serving.child("florin.app.worker") == worker


def test_it_ends_when_told_to_and_leaves_no_process(serving):
    family = descendants(serving.process.pid)

    serving.process.send_signal(signal.SIGTERM)
    code = serving.process.wait(timeout=60)

    assert code == 0
    assert family
    assert not [pid for pid in family if is_alive(pid)]


@pytest.mark.chaos
@pytest.mark.parametrize("after_s", [0.3, 0.9, 1.8])
def test_told_to_stop_while_it_starts_it_leaves_nothing_either(after_s):
    with temporary_data_dir() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "florin", "serve", "--api", "127.0.0.1:0", "--pages", "127.0.0.1:0"],
            env={**os.environ, "FLORIN_DATA": folder, "FLORIN_DATABASE_URL": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(after_s)
        family = descendants(process.pid)

        process.terminate()
        process.wait(timeout=60)

        deadline = time.monotonic() + 20
        while [pid for pid in family if is_alive(pid)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
