"""The demo after its story: what it prints is enough to sell through a shop of one's own, and it leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from florin.sandbox.cli import app
from florin.sandbox.remote import read_environment
from sdk.sdks import HERE, Sdk, Shop


@pytest.fixture
def demo(tmp_path: Path, sdk_python: Any) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running demo, and what it said until it waited for Ctrl-C."""
    sdk_python("alipay-official")
    process = subprocess.Popen(
        [sys.executable, "-m", "florin", "demo"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
        start_new_session=True,
    )
    said: list[str] = []
    told = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip())
            if line.strip().startswith("drive it"):
                told.set()
        told.set()

    listening = threading.Thread(target=listen)
    listening.start()
    try:
        assert told.wait(240)
        yield process, said
    finally:
        process.kill()
        process.wait()
        listening.join()


def _told(said: list[str], name: str) -> str:
    return next(line.strip().removeprefix(name).strip() for line in said if line.strip().startswith(f"{name}  "))


@pytest.mark.sdk
def test_somebody_elses_shop_sells_at_the_demo_with_what_it_printed(demo, sdk_python):
    process, said = demo
    env_file = Path(_told(said, "drive it").split()[-1])
    env = read_environment(env_file)
    sdk = Sdk("python-alipay-sdk", sdk_python("alipay-fzlee"), HERE / "fzlee_driver.py", stays=True)
    shop = Shop(
        gateway=env["GATEWAY_URL"],
        app_id=env["APP_ID"],
        app_private_key=env["APP_PRIVATE_KEY"],
        platform_public_key=env["ALIPAY_PUBLIC_KEY"],
    )

    order = {"out_trade_no": "MINE-1", "total_amount": "12.00", "subject": "Mine"}
    asked = sdk.answer(shop, method="alipay.trade.precreate", biz=order, notify_url="http://127.0.0.1:9/")
    paid = CliRunner().invoke(app, ["pay", "MINE-1", "--env-file", str(env_file)])
    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=60)

    assert asked["code"] == "10000"
    assert paid.output.startswith("Mine, ¥12.00, order MINE-1: paid.")
    assert _told(said, "app").split()[0] == env["APP_ID"]
    assert _told(said, "gateway").split()[0] == env["GATEWAY_URL"]
    assert str(env_file) in _told(said, "keys")
    assert _told(said, "into a shell") == f"set -a; . {env_file}; set +a"
    assert code == 0
    assert not env_file.parent.exists()
    assert not Path(env["SANDBOX_FOLDER"]).exists()


@pytest.mark.sdk
def test_two_demos_stand_beside_each_other_and_a_killed_one_is_swept(demo, sdk_python):
    process, said = demo
    folder = Path(_told(said, "drive it").split()[-1]).parent

    beside = subprocess.run(
        [sys.executable, "-m", "florin", "demo", "--tour", "--json"], capture_output=True, timeout=240, check=False
    )
    lived = folder.is_dir()
    process.kill()
    process.wait()
    after = subprocess.run(
        [sys.executable, "-m", "florin", "demo", "--tour", "--json"], capture_output=True, timeout=240, check=False
    )

    assert (beside.returncode, after.returncode) == (0, 0)
    assert lived
    assert not folder.exists()
