"""The three SDKs of this protocol, each run as a program in its own environment, all spoken to alike."""

from __future__ import annotations

import json
import random
import select
import socket
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TIMEOUT_S = 60


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What an SDK is configured with, in the forms in which `florin sandbox` writes it. With certificates, in that mode."""

    gateway: str
    app_id: str
    app_private_key: str
    platform_public_key: str
    charset: str = "utf-8"
    sign_type: str = "RSA2"
    app_cert: str = ""
    alipay_cert: str = ""
    alipay_root_cert: str = ""
    aes_key: str = ""


@dataclass(frozen=True)
class Sdk:
    """name: of its package. needs_port_80: it cannot be given a port, so it can only be served on 80.

    stays: its driver takes an order a line and waits for the next: to start it costs more than what most tests ask.
    """

    name: str
    program: Path
    driver: Path
    needs_port_80: bool = False
    stays: bool = False

    def run(self, shop: Shop, *calls: dict[str, Any]) -> list[dict[str, Any]]:
        """One result a call: {"answer": …}, or {"error": …} with what the SDK raised."""
        order = json.dumps({**vars(shop), "calls": calls})
        results: list[dict[str, Any]] = json.loads(self._asked(order) if self.stays else self._run(order))
        return results

    def _asked(self, order: str) -> str:
        driver = _staying(self.program, self.driver)
        assert driver.stdin is not None
        assert driver.stdout is not None
        driver.stdin.write(order + "\n")
        driver.stdin.flush()
        assert select.select([driver.stdout], [], [], TIMEOUT_S)[0], f"{self.name} did not answer"
        answer = driver.stdout.readline()
        assert answer, f"{self.name} ended"
        return answer

    def _run(self, order: str) -> str:
        done = subprocess.run(
            [self.program, self.driver],
            input=order,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            cwd=self.driver.parent,
            check=False,
        )
        assert done.returncode == 0, f"{self.name} failed to start:\n{done.stderr[-2000:]}"
        return done.stdout

    def answer(self, shop: Shop, **call: Any) -> Any:
        """The answer to one call; whatever the SDK raises fails the test with its words."""
        result = self.run(shop, {"do": "execute", **call})[0]
        assert "answer" in result, f"{self.name} raised {result['error']}"
        return result["answer"]


@cache
def _staying(program: Path, driver: Path) -> subprocess.Popen[str]:
    """Ends with its input, and so with us."""
    return subprocess.Popen(
        [program, driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=driver.parent
    )


def free_address(port: int) -> tuple[str, int] | None:
    """A loopback address with this port free (0: any); None when we may not bind it, as 80 for an ordinary user."""
    for host in _loopback_hosts(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except PermissionError:
                return None
            except OSError:
                continue
            return host, probe.getsockname()[1]
    return None


def _loopback_hosts(port: int) -> list[str]:
    """127.0.0.1 for a port of our choice; for a fixed one, addresses that another running copy has hardly taken."""
    if port == 0:
        return ["127.0.0.1"]
    numbers = random.SystemRandom()
    return [".".join(["127", *(str(numbers.randint(2, 254)) for _ in range(3))]) for _ in range(20)]
